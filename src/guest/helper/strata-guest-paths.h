/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <guestfs.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

gboolean   strata_guest_path_exists  (guestfs_h         *g,
                                      const char        *path);
gboolean   strata_guest_path_is_file (guestfs_h         *g,
                                      const char        *path);
gint64     strata_guest_path_size    (guestfs_h         *g,
                                      const char        *path);
char      *strata_guest_path_read    (guestfs_h         *g,
                                      const char        *path);
GPtrArray *strata_guest_paths_glob   (guestfs_h         *g,
                                      const char *const *patterns);
JsonArray *strata_guest_paths_to_json (GPtrArray        *paths);
void       strata_guest_set_text     (JsonObject        *object,
                                      const char        *member,
                                      const char        *text);

G_END_DECLS
