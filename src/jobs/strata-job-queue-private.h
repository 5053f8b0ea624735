/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-job-queue.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* set once at construction: any thread */
const char *strata_job_queue_get_journal_dir (StrataJobQueue *self);
StrataJob *strata_job_queue_add_journal (StrataJobQueue *self,
                                         StrataConnection *connection,
                                         StrataJournal *journal,
                                         gboolean resume);

G_END_DECLS
