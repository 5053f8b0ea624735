/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For strata-plan-snapshot-delete*.c */

#pragma once

#include "strata-planner-private.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_FATE_GONE,   /* the image isn't there */
  STRATA_FATE_FREE,   /* nobody else needs it: it goes */
  STRATA_FATE_SHARED, /* somebody else has it as his own: it stays, and is his */
  STRATA_FATE_MERGE,  /* one image stands on it */
  STRATA_FATE_RETAIN, /* it stays, for those who stand on it */
  STRATA_FATE_STAYS,  /* it stays with what stands on it: a disk that the domain hasn't any more */
} StrataFate;

/* What becomes of one disk of a snapshot. */
typedef struct
{
  char *image;
  StrataFate fate;
  StrataMerging merging;
  char *why; /* (nullable): of RETAIN; of STAYS a sentence that says it */
} StrataSentence;

/* strata-plan-snapshot-fate.c: (element-type StrataSentence) */
GPtrArray *strata_planner_judge (StrataPlanner *self,
                                 StrataDomainFacts *domain,
                                 const StrataSnapshotFacts *snapshot);
const StrataSentence *strata_sentences_find (GPtrArray *sentences, StrataFate fate);

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
