/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *strata_guest_lines_take (GString    *pending);
void  strata_guest_lines_send (int         socket,
                               const char *text);

G_END_DECLS
