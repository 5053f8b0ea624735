/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/strata-connection.h"

G_BEGIN_DECLS

/* The disk of a VM whose layers are to be merged, as it is now. On the stack, all zeroes at first. Blocking;
 * worker threads only. */
typedef struct
{
  StrataConnection *connection; /* the caller's */
  StrataDomainFacts *facts;
  const StrataDiskXml *disk; /* of @facts */
  gboolean active;
  GStrv layers; /* canonical paths; what the VM writes to, or would, first */
} StrataMergeSubject;

void strata_merge_subject_clear (StrataMergeSubject *self);
/* may be called again */
gboolean strata_merge_subject_look (StrataMergeSubject *self,
                                    StrataConnection *connection,
                                    const char *uuid,
                                    const char *target,
                                    GError **error);
gboolean strata_merge_subject_has (const StrataMergeSubject *self, const char *path);
/* BUSY if it is not PATH that the VM writes to */
gboolean strata_merge_subject_check_top (const StrataMergeSubject *self,
                                         const char *path,
                                         GError **error);
/* ERROR: what a merge under the VM failed with. TRUE, and ERROR is clear, if that was because the VM is off
 * now; SELF was looked at again then. */
gboolean strata_merge_subject_went_off (StrataMergeSubject *self,
                                        StrataConnection *connection,
                                        GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataMergeSubject, strata_merge_subject_clear)

G_END_DECLS
