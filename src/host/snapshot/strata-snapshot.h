/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What is done to the snapshots of one domain. Blocking; worker threads only. */

gboolean strata_snapshot_exists (StrataConnection *connection,
                                 const char *uuid,
                                 const char *name,
                                 gboolean *exists,
                                 GError **error);
/* with secrets, so that it can be defined again */
char *strata_snapshot_get_xml (StrataConnection *connection,
                               const char *uuid,
                               const char *name,
                               GError **error);
/* NULL if there is none */
gboolean strata_snapshot_get_current (StrataConnection *connection,
                                      const char *uuid,
                                      char **name,
                                      GError **error);

/* Metadata only. Replaces what libvirt knows of the snapshot, or tells it of one. CURRENT makes it the current
 * one; one that is current already stays so. */
gboolean strata_snapshot_define (StrataConnection *connection,
                                 const char *uuid,
                                 const char *xml,
                                 const char *seen,
                                 gboolean current,
                                 GError **error);
/* with its own document, as libvirt has it */
gboolean strata_snapshot_set_current (StrataConnection *connection,
                                      const char *uuid,
                                      const char *name,
                                      GError **error);
/* fine if it is not there any more */
gboolean strata_snapshot_delete_metadata (StrataConnection *connection,
                                          const char *uuid,
                                          const char *name,
                                          GError **error);
/* whether the host keeps <revertDisks> */
gboolean strata_snapshot_keeps_revert_disks (StrataConnection *connection);

/* NOT_FOUND if it is gone, REFUSED if another one has the name; ID: (nullable) */
gboolean strata_snapshot_check_id (StrataConnection *connection,
                                   const char *uuid,
                                   const char *name,
                                   const char *id,
                                   GError **error);

G_END_DECLS
