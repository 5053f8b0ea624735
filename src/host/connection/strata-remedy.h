/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void strata_remedy_add (GError *error, const char *uri);
gboolean strata_remedy_is_member (void);
char *strata_remedy_dup_start_command (const char *root);
char *strata_remedy_dup_install_command (const char *systems);

G_END_DECLS
