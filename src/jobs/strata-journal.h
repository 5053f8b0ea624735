/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "plan/strata-plan.h"

G_BEGIN_DECLS

/**
 * StrataStepMark:
 *
 * What the journal knows of one step.
 */
typedef enum
{
  STRATA_STEP_UNTOUCHED,
  STRATA_STEP_BEGUN, /* its start is written, its end is not: the host has to be asked */
  STRATA_STEP_DONE,
} StrataStepMark;

/* One file per job: the plan, then a line per thing that happened. Everything that matters is on the
 * disk before the next thing is done. Worker threads only. */
typedef struct _StrataJournal StrataJournal;

/* of a journal's file, behind the job's id */
#define STRATA_JOURNAL_SUFFIX ".journal"

char *strata_journal_get_default_dir (void);
StrataJournal *strata_journal_create (const char *dir,
                                      const char *id,
                                      const char *uri,
                                      JsonObject *host,
                                      StrataPlan *plan,
                                      GError **error);
/* removes what is left of those that never had a plan */
void strata_journal_sweep (const char *dir);
/* BUSY while a living process works on it */
StrataJournal *strata_journal_open (const char *dir, const char *id, GError **error);
StrataJournal *strata_journal_open_damaged (const char *dir, const char *id, GError **error);
/* read, and not kept from others */
StrataJournal *strata_journal_peek (const char *dir, const char *id, GError **error);
void strata_journal_close (StrataJournal *self);
/* the job is over, nothing is left to do */
void strata_journal_remove (StrataJournal *self);

gboolean strata_journal_begin_step (StrataJournal *self,
                                    guint index,
                                    JsonObject *results,
                                    GError **error);
gboolean strata_journal_end_step (StrataJournal *self,
                                  guint index,
                                  JsonObject *results,
                                  GError **error);
/* the step failed and left nothing, or was taken back */
gboolean strata_journal_clear_step (StrataJournal *self,
                                    guint index,
                                    JsonObject *results,
                                    GError **error);
gboolean strata_journal_sync (StrataJournal *self, GError **error);

const char *strata_journal_get_id (StrataJournal *self);
const char *strata_journal_get_uri (StrataJournal *self);
const char *strata_journal_get_started (StrataJournal *self);
gint64 strata_journal_get_version (StrataJournal *self);
/* (nullable) */
JsonObject *strata_journal_get_host (StrataJournal *self);
/* (nullable): what keeps it from being resumed or rolled back */
const GError *strata_journal_get_damage (StrataJournal *self);
/* NULL only if it is damaged */
StrataPlan *strata_journal_get_plan (StrataJournal *self);
JsonObject *strata_journal_get_results (StrataJournal *self);
StrataStepMark strata_journal_get_mark (StrataJournal *self, guint index);
/* whether no forward-only step was begun */
gboolean strata_journal_can_roll_back (StrataJournal *self);
/* the first step that is not done */
guint strata_journal_get_position (StrataJournal *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataJournal, strata_journal_close)

G_END_DECLS
