/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For the law's own files only: what it has before it, and the parts of it. */

#pragma once

#include "strata-step-apply.h"
#include "strata-plan.h"
#include "strata-writers.h"

G_BEGIN_DECLS

typedef struct
{
  StrataGraph *graph;
  StrataPlan *plan;
  GPtrArray *unknown;     /* StrataImage: those that may stand on anything */
  StrataLayers *first;    /* the host before the plan */
  StrataLayers *layers;   /* the host after the steps so far */
  StrataWriters *writers; /* of FIRST */
  /* StrataHolderKey -> what it read first, for those who read nothing before the plan */
  GHashTable *later;
  const gboolean *done; /* (nullable): of which steps nothing is left to do */
  GHashTable *lineages; /* (nullable): until it is asked for; path -> Absence */
  gboolean without_deletions; /* of files, which are left out where they may not be done */
} StrataVerification;

/* strata-law.c */
gboolean strata_law_is_about (const StrataStep *step, const char *key, const char *value);
/* (nullable): what the snapshots of UUID name after STEP instead of PATH */
const char *strata_law_get_move (const StrataStep *step, const char *uuid, const char *path);
/* an image that a begun plan has made is the plan's own until it is named by a definition */
gboolean strata_law_is_own (StrataVerification *self,
                            const StrataStep *step,
                            const StrataImage *image);
gboolean strata_law_is_made (StrataVerification *self, const StrataHolderKey *key);
gboolean strata_law_is_discarded (StrataVerification *self, const StrataHolderKey *key);

/* strata-law-seen.c: unknown is never nothing */
GPtrArray *strata_law_collect_unknown (StrataGraph *graph);
/* UNSEEN, of which nothing is known, keeps PATH from being changed. */
void strata_law_refuse_unseen (StrataGraph *graph,
                               const StrataImage *unseen,
                               const char *path,
                               GError **error);
gboolean strata_law_require_seen (StrataVerification *self, StrataStep *step, GError **error);
gboolean strata_law_require_same_base (StrataVerification *self, const StrataStep *step, GError **error);
gboolean strata_law_require_files_kept (StrataVerification *self, StrataStep *step, GError **error);

/* strata-law-absent.c: images that are named, and not there */
gboolean strata_law_require_no_absence (StrataVerification *self,
                                        const StrataStep *step,
                                        const StrataImage *image,
                                        GError **error);

/* strata-law-tags.c: internal snapshots of one name */
gboolean strata_law_require_no_foreign_tag (StrataVerification *self,
                                            const StrataStep *step,
                                            GError **error);

G_END_DECLS
