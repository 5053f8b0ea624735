/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-step-kind.h"
#include "strata-perform.h"

G_BEGIN_DECLS

/**
 * StrataMetadataState:
 * @STRATA_METADATA_AS_BEFORE: the step was not done, or is undone
 * @STRATA_METADATA_AS_LEFT: nothing has changed it since the step
 * @STRATA_METADATA_GONE: another client has deleted it since, or what it was renamed to
 * @STRATA_METADATA_CHANGED: it is the same snapshot, and another client has changed what is written down of it
 * @STRATA_METADATA_ANOTHER: another snapshot has its name by now
 *
 * What the host says of the snapshot of a step that was begun.
 */
typedef enum
{
  STRATA_METADATA_AS_BEFORE,
  STRATA_METADATA_AS_LEFT,
  STRATA_METADATA_GONE,
  STRATA_METADATA_CHANGED,
  STRATA_METADATA_ANOTHER,
} StrataMetadataState;

typedef enum
{
  STRATA_METADATA_UNDO_NOTHING,
  STRATA_METADATA_UNDO_DEFINE,
  STRATA_METADATA_UNDO_DELETE,
} StrataMetadataUndoKind;

/**
 * StrataMetadataUndo:
 * @xml: (nullable): what is to be written down of the snapshot
 * @seen: (nullable): the document in the place of which @xml comes
 *
 * What undoing a step does with what libvirt knows of its snapshot.
 */
typedef struct
{
  StrataMetadataState state;
  StrataMetadataUndoKind kind;
  char *xml;
  char *seen;
} StrataMetadataUndo;

/* of a step that makes, defines or forgets a snapshot; RESULTS: (nullable); DOMAIN: (nullable): as it is now; any thread */
void strata_metadata_undo_init (StrataMetadataUndo *self,
                                StrataStepKind kind,
                                JsonObject *args,
                                JsonObject *results,
                                const StrataDomainFacts *domain);
void strata_metadata_undo_clear (StrataMetadataUndo *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataMetadataUndo, strata_metadata_undo_clear)

/* to the person, where undoing leaves the snapshot as it is; nothing for the first two */
void strata_metadata_tell_left (StrataStepContext *context,
                                StrataMetadataState state,
                                const char *name);

/* Whether A and B, two documents of a snapshot, say the same of it, but for its name and, unless PARENT, its parent; what B
 * doesn't say of where the domain went from there it may have lost. */
gboolean strata_metadata_is_same (const StrataSnapshotFacts *a,
                                  const StrataSnapshotFacts *b,
                                  gboolean parent);

/* Around what changes documents. Worker threads only. The first: (transfer full) (element-type utf8): the snapshots of the
 * step's domain that are still as the job left them; the second notes how they, and NAME: (nullable), are left now. */
GPtrArray *strata_metadata_note_begin (StrataStepContext *context);
void strata_metadata_note_end (StrataStepContext *context, GPtrArray *names, const char *name);
/* before a step: what is known of its snapshot won't be true any more; after one that failed: libvirt has dropped it */
void strata_metadata_note_unknown (StrataStepContext *context);
void strata_metadata_note_dropped (StrataStepContext *context);

G_END_DECLS
