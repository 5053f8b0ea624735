/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* Where a disk is looked for: among those that QEMU has open, and in the definition that the VM is started from. */
typedef enum
{
  STRATA_MERGE_LIVE = 1 << 0,
  STRATA_MERGE_DEFINED = 1 << 1,
} StrataMergeWhere;

/* The disk of a VM whose layers are to be merged, as it is now, wherever it is attached. On the stack, all zeroes at first.
 * Blocking; worker threads only. */
typedef struct
{
  StrataConnection *connection; /* the caller's */
  StrataDomainFacts *facts;
  const StrataDiskXml *disk; /* of @facts; NULL: the VM has no such disk */
  gboolean active;           /* QEMU has @disk open */
  GStrv layers;              /* canonical paths; what the VM writes to, or would, first */
} StrataMergeTarget;

void strata_merge_target_clear (StrataMergeTarget *self);
/* may be called again */
gboolean strata_merge_target_query (StrataMergeTarget *self,
                                    StrataConnection *connection,
                                    const char *uuid,
                                    const char *image,
                                    StrataMergeWhere which,
                                    GError **error);
/* BUSY if it is not PATH that the VM writes to */
gboolean strata_merge_target_check_top (const StrataMergeTarget *self,
                                        const char *path,
                                        GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataMergeTarget, strata_merge_target_clear)

G_END_DECLS
