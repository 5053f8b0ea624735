/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

gboolean strata_guest_member_invalid (const char *member,
                                      GError    **error);
gboolean strata_guest_member_string  (JsonObject *object,
                                      const char *member,
                                      char      **value,
                                      GError    **error);
gboolean strata_guest_member_boolean (JsonObject *object,
                                      const char *member,
                                      gboolean   *value,
                                      GError    **error);
gboolean strata_guest_member_array   (JsonObject *object,
                                      const char *member,
                                      JsonArray **value,
                                      GError    **error);
gboolean strata_guest_member_strings (JsonObject *object,
                                      const char *member,
                                      char     ***value,
                                      GError    **error);

G_END_DECLS
