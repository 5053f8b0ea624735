/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/graph and src/plan only: which images are layers of one disk of a domain, through all its snapshots. A disk's name in the guest,
 * `vdb`, is no answer to that: a disk is detached, another one gets its name, or it is given another name itself.
 */

#pragma once

#include "strata-layers.h"

G_BEGIN_DECLS

typedef struct _StrataLineage StrataLineage;

StrataLineage *strata_lineage_new (StrataGraph *graph, const StrataDomainFacts *domain);
void strata_lineage_free (StrataLineage *self);
/* from now on both are one disk */
void strata_lineage_join (StrataLineage *self, const char *a, const char *b);
gboolean strata_lineage_is_one (StrataLineage *self, const char *a, const char *b);
gboolean strata_lineage_is_current (StrataLineage *self, StrataLayers *layers, const char *path);
gboolean strata_lineage_is_torn (StrataLineage *self, StrataLayers *layers);
/* (element-type StrataHolder) (transfer container) */
GPtrArray *strata_lineage_find_disks (StrataLineage *self,
                                      StrataLayers *layers,
                                      const char *path,
                                      const char *target);
StrataHolder *strata_lineage_find_disk (StrataLineage *self,
                                       StrataLayers *layers,
                                       const char *path,
                                       const char *target);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLineage, strata_lineage_free)

G_END_DECLS
