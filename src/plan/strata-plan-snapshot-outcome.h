/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For strata-plan-snapshot-delete*.c */

#pragma once

#include "strata-planner-private.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_OUTCOME_GONE,   /* the image isn't there */
  STRATA_OUTCOME_FREE,   /* no other holder needs it: it goes */
  STRATA_OUTCOME_SHARED, /* another holder has it as its own: it stays, and is that one's */
  STRATA_OUTCOME_MERGE,  /* one image stands on it */
  STRATA_OUTCOME_RETAIN, /* it stays, for those who stand on it */
  STRATA_OUTCOME_STAYS,  /* it stays with what stands on it: a disk that the domain hasn't any more */
} StrataOutcomeKind;

/* What becomes of one disk of a snapshot. */
typedef struct
{
  char *image;
  StrataOutcomeKind kind;
  StrataMerging merging;
  char *why; /* (nullable): of RETAIN; of STAYS a sentence that says it */
} StrataOutcome;

/* strata-plan-snapshot-kind.c: (element-type StrataOutcome) */
GPtrArray *strata_planner_judge (StrataPlanner *self,
                                 StrataDomainFacts *domain,
                                 const StrataSnapshotFacts *snapshot);
const StrataOutcome *strata_outcomes_find (GPtrArray *outcomes, StrataOutcomeKind kind);

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
