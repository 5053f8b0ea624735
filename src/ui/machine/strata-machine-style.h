/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/strata-machine.h"

G_BEGIN_DECLS

/* How machines look wherever they are shown: their icon, and the style of their state. */
char  *strata_machine_style_get_icon_name     (const char        *os_id,
                                               gboolean           is_template);
char **strata_machine_style_get_state_classes (StrataDomainState  state);

G_END_DECLS
