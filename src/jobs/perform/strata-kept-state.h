/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-perform.h"

G_BEGIN_DECLS

/* The state of a running guest that a job keeps in a snapshot before it stops the guest. All in the job's worker thread. */

/* a snapshot is about to be taken, or was: of which run of the guest */
void strata_kept_state_note_before (StrataStepContext *context);
void strata_kept_state_note_taken (StrataStepContext *context);
/* (out) STOP: the step of the plan that stops the machine that CONTEXT keeps */
gboolean strata_kept_state_find_stop (StrataStepContext *context, StrataStepContext *stop);
/* before the stop: that nothing was done since the state was kept that would be in neither */
gboolean strata_kept_state_require_last (StrataStepContext *context, GError **error);
/* the guest was stopped: how it left what it wrote to since */
void strata_kept_state_note_stopped (StrataStepContext *context);
/* says that the guest, which goes on, may shut down yet */
void strata_kept_state_tell_asked (StrataStepContext *context);
/* says that it is off, though the job didn't stop it, or has brought it back already */
void strata_kept_state_tell_off (StrataStepContext *context);
/* undoing that: the guest goes on from the snapshot; where there is none with its memory, it is started anew, and that is said */
gboolean strata_kept_state_bring_back (StrataStepContext *context, GError **error);
/* a guest that the job stopped starts on its disks as they are; where another domain reads them by now it stays off, and that is
 * said */
gboolean strata_kept_state_start_again (StrataStepContext *context,
                                        gboolean *started,
                                        GError **error);
/* undoing a snapshot with which the guest was stopped, before it came to the stop itself: the guest goes on from it */
gboolean strata_kept_state_wake (StrataStepContext *context, GError **error);
/* undoing the snapshot: whether its memory is that of a guest that runs still; if not, that it stays is said */
gboolean strata_kept_state_may_go (StrataStepContext *context, gboolean *may_go, GError **error);

G_END_DECLS
