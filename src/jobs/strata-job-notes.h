/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-job.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* In the place of an image's stamp: the host could not be asked for it, so that it counts as another one than any. */
#define STRATA_STAMP_UNKNOWN "?"

/* What a note begins with, and what follows: an image's path, and the note is its stamp as the job left it */
#define STRATA_NOTE_IMAGE "image:"
/* as it was when a guest was about to be started on it, or its memory brought back beside it */
#define STRATA_NOTE_IMAGE_BEFORE "image-before:"
/* a UUID: the inactive definition when the step began, and as the job wrote it */
#define STRATA_NOTE_DEFINITION_BEFORE "definition-before:"
#define STRATA_NOTE_DEFINITION        "definition:"

/* Worker threads only. */
void strata_job_notes_begin (StrataJob *job, StrataPlan *plan, guint index);
void strata_job_notes_end (StrataJob *job, StrataPlan *plan, guint index);
/* one that an earlier process began, and that was found done */
void strata_job_notes_found (StrataJob *job, StrataPlan *plan, guint index);

const char *strata_job_notes_get (StrataJournal *journal, const char *kind, const char *name);
gboolean strata_job_notes_has (StrataJournal *journal, const char *kind, const char *name);
gboolean strata_job_notes_is_written (StrataConnection *connection,
                                      StrataJournal *journal,
                                      const char *kind,
                                      const char *path,
                                      gboolean *written,
                                      GError **error);
/* (transfer full): the stamp of the image PATH, "" where there is none */
char *strata_job_notes_get_stamp (StrataConnection *connection, const char *path);
gint64 strata_job_notes_get_begun (StrataJournal *journal, StrataStep *step);

/* What they are about: (nullable): the image that STEP makes and that undoing it removes */
const char *strata_job_notes_get_made (StrataStep *step);
/* (element-type utf8): the disks that the plan defines for UUID, as a set */
GHashTable *strata_job_notes_get_disks (StrataPlan *plan, const char *uuid);
gboolean strata_job_notes_is_disk_of (StrataPlan *plan, const char *uuid, const char *path);
/* whether PATH is an overlay of the state that is left, which goes in the end */
gboolean strata_job_notes_is_left (StrataPlan *plan, const char *path);

G_END_DECLS
