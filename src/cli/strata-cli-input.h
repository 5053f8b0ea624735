/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Upper limits, in bytes, of the small files that a command line may name. */
#define STRATA_CLI_MAX_XML    (4 * 1024 * 1024)
#define STRATA_CLI_MAX_SCRIPT (256 * 1024)
#define STRATA_CLI_MAX_KEYS   (64 * 1024)

char    *strata_cli_read_file     (const char  *path,
                                   gsize        limit,
                                   GError     **error);
GStrv    strata_cli_read_keys     (GStrv        paths,
                                   GError     **error);
char    *strata_cli_hash_password (const char  *path,
                                   GError     **error);
char    *strata_cli_read_script   (const char  *path,
                                   GError     **error);
gboolean strata_cli_split_words   (const char  *list,
                                   GStrv       *words,
                                   GError     **error);

G_END_DECLS
