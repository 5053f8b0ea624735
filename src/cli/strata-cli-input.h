/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *strata_cli_read_file (const char *path, gsize limit, GError **error);

G_END_DECLS
