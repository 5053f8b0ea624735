/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* The way back from a return that kept the present state: return to what was kept, and delete that snapshot. */
#define STRATA_TYPE_REVERT_UNDO (strata_revert_undo_get_type ())

G_DECLARE_FINAL_TYPE (StrataRevertUndo, strata_revert_undo, STRATA, REVERT_UNDO, GObject)

/* JOB is a return of the machine UUID that keeps the present state as the snapshot KEPT */
void              strata_revert_undo_offer (StrataJobQueue   *queue,
                                            StrataHost       *host,
                                            StrataJob        *job,
                                            const char       *uuid,
                                            const char       *kept);
/* what was offered for JOB, or NULL */
StrataRevertUndo *strata_revert_undo_find  (StrataJob        *job);
void              strata_revert_undo_run   (StrataRevertUndo *self,
                                            GtkWidget        *parent);

G_END_DECLS
