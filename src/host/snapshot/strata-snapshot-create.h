/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-transfer.h"
#include "plan/strata-request.h"

G_BEGIN_DECLS

/* Making a snapshot, and taking it back. Blocking; worker threads only. */

/**
 * StrataSnapshotOverlay:
 * @target: the disk, `vda`
 * @overlay: the overlay that it gets
 * @base: what it is on before, which is frozen
 * @base_format: (nullable): its format, where that is known
 *
 * A disk of an external snapshot.
 */
typedef struct
{
  char *target;
  char *overlay;
  char *base;
  char *base_format;
} StrataSnapshotOverlay;

StrataSnapshotOverlay *strata_snapshot_overlay_new (const char *target,
                                                    const char *overlay,
                                                    const char *base,
                                                    const char *base_format);
void strata_snapshot_overlay_free (StrataSnapshotOverlay *self);

/**
 * StrataSnapshotParams:
 * @xml: the document it is created from
 * @previous: the domain's inactive definition before
 * @overlays: (element-type StrataSnapshotOverlay): empty for an internal one
 * @images: (nullable): the images that get an internal one
 * @memory_file: (nullable): where the memory goes
 * @screenshot: (nullable): where a picture of the screen goes, if there is one to be had
 * @kind: any but AUTO
 * @quiesce: the guest's file systems are frozen meanwhile, by its agent
 * @halt: the guest, whose memory is kept, is stopped with that
 *
 * A snapshot to be made, and all that is needed to take it back. Nothing is owned.
 */
typedef struct
{
  const char *uuid;
  const char *name;
  const char *xml;
  const char *previous;
  GPtrArray *overlays;
  GStrv images;
  const char *memory_file;
  const char *screenshot;
  StrataSnapshotKind kind;
  gboolean quiesce;
  gboolean halt;
} StrataSnapshotParams;

/* fails with EXISTS if anything is in the way */
gboolean strata_snapshot_check_params (StrataConnection *connection,
                                       const StrataSnapshotParams *params,
                                       GError **error);
/* TRANSFER is told in another thread while memory is saved, and that can be cancelled. */
gboolean strata_snapshot_create (StrataConnection *connection,
                                 const StrataSnapshotParams *params,
                                 const StrataTransfer *transfer,
                                 GError **error);
/* whether a creation that failed has left something to undo */
gboolean strata_snapshot_is_left (StrataConnection *connection, const StrataSnapshotParams *params);
/* The domain is as if the snapshot had never been made, but for what was written since, which stays. */
gboolean strata_snapshot_undo (StrataConnection *connection,
                               const StrataSnapshotParams *params,
                               GError **error);
/* REFUSED where that would delete an overlay that was written to, and isn't merged into what it stands on by that */
gboolean strata_snapshot_check_undo (StrataConnection *connection,
                                     const StrataSnapshotParams *params,
                                     GError **error);
/* whether ITEM shows nothing that isn't in what it stands on */
gboolean strata_snapshot_is_unwritten (StrataConnection *connection,
                                       const StrataSnapshotParams *params,
                                       const StrataSnapshotOverlay *item);
/* for one whose maker was killed before he thawed the guest; fine if it is not frozen, or off */
gboolean strata_snapshot_thaw (StrataConnection *connection, const char *uuid, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSnapshotOverlay, strata_snapshot_overlay_free)

G_END_DECLS
