/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* A job that is gone on with, or taken back; AT_ONCE: by the process that did it, which had the lock all the time. Worker threads
 * only. */
typedef struct
{
  StrataConnection *connection;
  StrataJournal *journal;
  StrataPlan *plan;
  gboolean at_once;
} StrataAdoption;

/* of a step that is done now, by this process or for one that was killed */
gboolean strata_adopt_check_power (StrataConnection *connection,
                                   StrataJournal *journal,
                                   guint index,
                                   GError **error);
gboolean strata_adopt_check_made (StrataConnection *connection,
                                  StrataJournal *journal,
                                  guint index,
                                  GError **error);
gboolean strata_adopt_check_left (StrataConnection *connection,
                                  StrataJournal *journal,
                                  guint index,
                                  GError **error);
gboolean strata_adopt_check_kept (StrataGraph *graph,
                                  StrataJournal *journal,
                                  const gboolean *done,
                                  GError **error);

/* of a step before anything is gone on with, or taken back; HINT: (nullable) */
gboolean strata_adopt_check_not_started (const StrataAdoption *self,
                                         StrataStep *step,
                                         const char *hint,
                                         GError **error);
gboolean strata_adopt_check_unsaved (const StrataAdoption *self, StrataStep *step, GError **error);
gboolean strata_adopt_check_own_file (const StrataAdoption *self, guint index, GError **error);
gboolean strata_adopt_check_own_snapshot (const StrataAdoption *self,
                                          guint index,
                                          gboolean backwards,
                                          GError **error);

/* to the graph that the law is asked of: images that neither a pool nor a definition names yet */
void strata_adopt_add_images (const StrataAdoption *self, StrataGraph *graph);

G_END_DECLS
