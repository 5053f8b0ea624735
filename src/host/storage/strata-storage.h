/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "xml/strata-volume-xml.h"

G_BEGIN_DECLS

/* Volumes, by their paths. A folder that belongs to no pool gets a transient pool of type dir for the
 * length of the call. Blocking; worker threads only. */

/* SPEC->name is taken from PATH. Fails with EXISTS if something is there, NO_SPACE when full. */
gboolean strata_storage_create (StrataConnection *connection,
                                const char *path,
                                const StrataVolumeXml *spec,
                                GError **error);
/* whether two names are names of one image; (nullable) both, and no name is none */
gboolean strata_storage_is_same (StrataConnection *connection, const char *path, const char *other);
gboolean strata_storage_is_among (StrataConnection *connection,
                                  const char *const *paths,
                                  const char *path);
/* fine if it is not there any more */
gboolean strata_storage_delete (StrataConnection *connection, const char *path, GError **error);
gboolean strata_storage_delete_link (StrataConnection *connection,
                                     const char *link,
                                     const char *path,
                                     GError **error);
/* refreshes the pool first, so that what is said is true now; NOT_FOUND if nothing is there */
StrataImage *strata_storage_read_image (StrataConnection *connection, const char *path, GError **error);
gboolean strata_storage_exists (StrataConnection *connection,
                                const char *path,
                                gboolean *exists,
                                GError **error);
gboolean strata_storage_require_absent (StrataConnection *connection,
                                        const char *path,
                                        GError **error);
/* (transfer full) (nullable): its size on the disk and when it was last written, to be compared with another such; NULL
 * without an error if nothing is there or the host can't say */
char *strata_storage_get_stamp (StrataConnection *connection, const char *path, GError **error);
/* whether PATH is still that file's own name, and not another's by a link that came to be, and IDENTITY (nullable) still the
 * file's; TRUE where the client can't tell */
gboolean strata_storage_is_still (StrataConnection *connection,
                                  const char *path,
                                  const char *identity);
/* (transfer full) (nullable): what tells the file itself, which no link leads to, from another that gets its name */
char *strata_storage_get_file_id (StrataConnection *connection, const char *path);
/* seconds since 1970 */
gboolean strata_storage_get_birth (StrataConnection *connection, const char *path, gint64 *birth);
/* bytes free where PATH is or would be */
gboolean strata_storage_get_available (StrataConnection *connection,
                                       const char *path,
                                       guint64 *bytes,
                                       GError **error);
/* ERROR: that QEMU failed to write to PATH, and it doesn't say why; becomes NO_SPACE where that can be seen */
void strata_storage_explain_failure (StrataConnection *connection,
                                     const char *path,
                                     GError **error);
/* permission bits; on a host whose files the client owns. UNSUPPORTED where it does not */
gboolean strata_storage_set_mode (StrataConnection *connection,
                                  const char *path,
                                  guint mode,
                                  GError **error);
gboolean strata_storage_get_mode (StrataConnection *connection,
                                  const char *path,
                                  guint *mode,
                                  GError **error);
gboolean strata_storage_require_removable (StrataConnection *connection,
                                           const char *path,
                                           GError **error);
/* small files (UEFI variables): the client's own in a session, the daemon's elsewhere; refuses an existing TO */
gboolean strata_storage_copy_small (StrataConnection *connection,
                                    const char *from,
                                    const char *to,
                                    GError **error);
gboolean strata_storage_find_small (StrataConnection *connection,
                                    const char *path,
                                    gboolean *there,
                                    gboolean *regular,
                                    GError **error);
gboolean strata_storage_delete_small (StrataConnection *connection,
                                      const char *path,
                                      GError **error);
char *strata_storage_get_small_id (StrataConnection *connection, const char *path);

G_END_DECLS
