/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-window.h"

G_BEGIN_DECLS

/* asks what becomes of the work that is under way when WINDOW is closed */
void strata_close_dialog_ask (StrataWindow *window);

G_END_DECLS
