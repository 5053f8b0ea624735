/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-transfer.h"
#include "strata-qcow2.h"

G_BEGIN_DECLS

/* The internal snapshots of a qcow2 image, by their names. Blocking; worker threads only. All but the
 * first look into the file itself, and are UNSUPPORTED where this computer can't. */

/* FALSE for one that has no qcow2 header. Sets IMAGE->tags if it has any, or IMAGE->tags_unknown where their names can't be seen from here; VOLUME (nullable): the image, where the client may not see the file */
gboolean strata_image_tags_fill (StrataConnection *connection,
                                 StrataImage *image,
                                 virStorageVolPtr volume);
/* PATH: what IMAGE stands on, as the header means it */
void strata_image_set_backing (StrataConnection *connection, StrataImage *image, const char *path);
gboolean strata_image_take_header (StrataConnection *connection,
                                   StrataImage *image,
                                   const StrataQcow2 *header,
                                   int fd);
/* whether the client may do MODE, as of access(), with the file at PATH; else UNSUPPORTED, or NOT_FOUND */
gboolean strata_image_tags_check_access (StrataConnection *connection,
                                         const char *path,
                                         int mode,
                                         GError **error);
/* empty for a format that has none */
GStrv strata_image_tags_list (StrataConnection *connection,
                              const char *path,
                              const char *format,
                              GCancellable *cancellable,
                              GError **error);
char *strata_image_tags_get_stamp (StrataConnection *connection,
                                   const char *path,
                                   const char *tag,
                                   GError **error);
/* that TAGS of the image at PATH has TAG once, or not at all: qemu-img and libvirt delete the first of a name, and another
 * program may have made one more since the plan; else CHANGED */
gboolean strata_image_tags_require_single (const char *path,
                                           GStrv tags,
                                           const char *tag,
                                           GError **error);
/* no process may have the image open; fine if there is no such tag */
gboolean strata_image_tags_delete (StrataConnection *connection,
                                   const char *path,
                                   const char *format,
                                   const char *tag,
                                   GCancellable *cancellable,
                                   GError **error);
/* every tag but TAG, which has to be there */
gboolean strata_image_tags_keep (StrataConnection *connection,
                                 const char *path,
                                 const char *format,
                                 const char *tag,
                                 GCancellable *cancellable,
                                 GError **error);
/* A new flat image TO, mode 0600, of what a guest saw in the qcow2 image FROM at TAG, also of what FROM is too small for by now. FROM
 * may be in use. On cancel or failure nothing is left at TO. */
gboolean strata_image_tags_convert (StrataConnection *connection,
                                    const char *from,
                                    const char *tag,
                                    const char *to,
                                    const char *to_format,
                                    const StrataTransfer *transfer,
                                    GError **error);

G_END_DECLS
