/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void strata_test_janitor_start       (const char *uri);
void strata_test_janitor_own_folder  (const char *path);
void strata_test_janitor_own_process (GPid        pid);

G_END_DECLS
