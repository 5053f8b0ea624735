/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/shell/strata-window.h"

G_BEGIN_DECLS

/* Looks for unfinished jobs whenever a window's host is connected, and shows them if there are any. */
#define STRATA_TYPE_RECOVERY (strata_recovery_get_type ())

G_DECLARE_FINAL_TYPE (StrataRecovery, strata_recovery, STRATA, RECOVERY, GObject)

StrataRecovery *strata_recovery_new (StrataWindow *window);
/* somebody asked: says so, too, if there are none */
void strata_recovery_show (StrataRecovery *self);

G_END_DECLS
