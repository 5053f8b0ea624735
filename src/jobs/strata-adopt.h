/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-journal.h"

G_BEGIN_DECLS

typedef struct _StrataJob StrataJob;

/* Whether what is left of a job may be done now. Worker threads only. */
gboolean strata_adopt_check_forward (StrataConnection *connection,
                                     StrataJournal *journal,
                                     GCancellable *cancellable,
                                     GError **error);
/* whether what was done may be undone; AT_ONCE: by the process that did it, which had the lock all the time */
gboolean strata_adopt_check_back (StrataConnection *connection,
                                  StrataJournal *journal,
                                  gboolean at_once,
                                  GCancellable *cancellable,
                                  GError **error);

gboolean strata_adopt_check_removal (StrataConnection *connection,
                                     StrataJournal *journal,
                                     guint index,
                                     gboolean at_once,
                                     GError **error);
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
                                  StrataPlan *plan,
                                  const gboolean *done,
                                  GError **error);

/* before a UUID, in the results: the inactive definition when the step began, and as the job wrote it */
#define STRATA_NOTE_DEFINITION_BEFORE "definition-before:"
#define STRATA_NOTE_DEFINITION        "definition:"

/* What the checks need to know of a step: written before it acts and after. */
void strata_adopt_note_begin (StrataJob *job, StrataPlan *plan, guint index);
void strata_adopt_note_end (StrataJob *job, StrataPlan *plan, guint index);
/* one that an earlier process began, and that was found done */
void strata_adopt_note_found (StrataJob *job, StrataPlan *plan, guint index);

G_END_DECLS
