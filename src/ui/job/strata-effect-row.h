/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "plan/strata-plan.h"

G_BEGIN_DECLS

/**
 * StrataEffectRowMark:
 * @STRATA_EFFECT_ROW_PLAIN: as it was when the person read it
 * @STRATA_EFFECT_ROW_NEW: it was not there then
 * @STRATA_EFFECT_ROW_GONE: it was, and won't happen any more
 */
typedef enum
{
  STRATA_EFFECT_ROW_PLAIN,
  STRATA_EFFECT_ROW_NEW,
  STRATA_EFFECT_ROW_GONE,
} StrataEffectRowMark;

GtkWidget *strata_effect_row_new (const StrataEffect *effect, StrataEffectRowMark mark);

G_END_DECLS
