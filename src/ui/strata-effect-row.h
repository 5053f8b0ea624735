/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "image/strata-plan.h"

G_BEGIN_DECLS

GtkWidget *strata_effect_row_new (const StrataEffect *effect);

G_END_DECLS
