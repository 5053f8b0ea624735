/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For strata-plan-snapshot-delete*.c */

#pragma once

#include "strata-planner-private.h"

G_BEGIN_DECLS

/* strata-plan-snapshot-delete-internal.c */
gboolean strata_planner_delete_internal (StrataPlanner *self,
                                         StrataDomainFacts *domain,
                                         const StrataSnapshotFacts *snapshot,
                                         GError **error);

/* strata-plan-snapshot-delete.c */
gboolean strata_planner_remove_merged (StrataPlanner *self,
                                       const StrataMerging *merging,
                                       GError **error);

G_END_DECLS
