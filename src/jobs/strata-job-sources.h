/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-job.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* Whether what a job copies, puts a machine on or goes back to is still what it was when the job came to it. Worker threads only. */
void strata_job_sources_note_begin (StrataJob *job, StrataPlan *plan, guint index);
void strata_job_sources_note_end (StrataJob *job, StrataPlan *plan, guint index);
gboolean strata_job_sources_check (StrataConnection *connection,
                                   StrataJournal *journal,
                                   guint index,
                                   GError **error);
gboolean strata_job_sources_check_done (StrataConnection *connection,
                                        StrataJournal *journal,
                                        guint index,
                                        GError **error);
gboolean strata_job_sources_adopt (StrataConnection *connection,
                                   StrataJournal *journal,
                                   GError **error);

G_END_DECLS
