/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-job.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* What other clients wrote to the images that a job is about to let go of, or has merged away. Worker threads only. */
void strata_job_stamps_note_begin (StrataJob *job, StrataPlan *plan, guint index);
void strata_job_stamps_note_end (StrataJob *job, StrataPlan *plan, guint index);
gboolean strata_job_stamps_check (StrataConnection *connection,
                                  StrataJournal *journal,
                                  guint index,
                                  GError **error);
gboolean strata_job_stamps_adopt (StrataConnection *connection,
                                  StrataJournal *journal,
                                  GError **error);

G_END_DECLS
