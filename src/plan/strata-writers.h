/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which domain may write where a holder was promised its bytes. */

#pragma once

#include "graph/strata-layers.h"
#include "strata-plan.h"

G_BEGIN_DECLS

/* An index of a simulated host as it is then */
typedef struct
{
  StrataGraph *graph;
  StrataLayers *layers;
  GHashTable *
      disks; /* path -> GPtrArray of StrataHolder: the domains' disks that are that image, and not read-only */
  GHashTable *frozen; /* path -> how many snapshots froze it */
} StrataWriters;

StrataWriters *strata_writers_new (StrataGraph *graph, StrataLayers *layers);
void strata_writers_free (StrataWriters *self);
/* (nullable): a domain's disk that writes to PATH, or to something below it; EXCEPT: (nullable): a domain that may, by its
 * UUID; GIVEN_UP: (nullable): a plan whose
 * own disks may; IMAGE: (out) (nullable): to which */
StrataHolder *strata_writers_find_below (StrataWriters *self,
                                        const char *path,
                                        const char *except,
                                        StrataPlan *discarding,
                                        const char **image);
/* (nullable): another domain's disk that writes to what DISK of DOMAIN stands on; IMAGE: (out) (nullable): where */
StrataHolder *strata_writers_find_under (StrataWriters *self,
                                        const StrataDomainFacts *domain,
                                        const StrataDiskXml *disk,
                                        const char **image);
/* (nullable): another domain whose disk is an image of DOMAIN's, where one of the two writes to it; IMAGE: (out) (nullable) */
StrataHolder *strata_writers_find_other (StrataWriters *self,
                                        const StrataDomainFacts *domain,
                                        const char **image);
/* (nullable) (transfer full): why an external snapshot doesn't hold what it froze any more, in words; LOST: (out) (nullable): FALSE
 * where another domain could write there, and may not have done so */
char *strata_writers_find_stale (StrataWriters *self,
                                 const StrataDomainFacts *domain,
                                 const StrataSnapshotFacts *snapshot,
                                 gboolean *lost);
/* (transfer full): what to do about one that may not hold it any more, and may still */
char *strata_writers_get_stale_hint (StrataWriters *self,
                                     const StrataDomainFacts *domain,
                                     const StrataSnapshotFacts *snapshot);
/* whether AFTER has a writer below a holder that BEFORE did not have so; a holder that the plan gives up does
 * not count, and a disk that it gives up only counts once the plan is over (LAST). CHANGED: what strata_layers_find_changed()
 * says of the two */
gboolean strata_layers_find_overwritten (StrataLayers *before,
                                         StrataLayers *after,
                                         StrataPlan *plan,
                                         GHashTable *changed,
                                         gboolean last,
                                         const StrataHolder **wronged,
                                         const StrataHolder **writer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWriters, strata_writers_free)

G_END_DECLS
