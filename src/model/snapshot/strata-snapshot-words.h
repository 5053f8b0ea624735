/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-snapshot-node.h"

G_BEGIN_DECLS

/* "You are here", or its name */
const char *strata_snapshot_words_for_title      (const StrataSnapshotNodeStyle *look);
/* "Disk and memory" */
const char *strata_snapshot_words_for_kind       (StrataSnapshotNodeKind        kind);
/* the line under the name besides the kind; (nullable) */
char       *strata_snapshot_words_for_detail     (const StrataSnapshotNodeStyle *look);
/* "1.2 GB", "+340 MB" of what was written since; (nullable) */
char       *strata_snapshot_words_for_bytes      (const StrataSnapshotNodeStyle *look);
/* "Today 14:03", "3 Nov"; NOW is now. (nullable) */
char       *strata_snapshot_words_for_time       (gint64                        created,
                                                  GDateTime                    *now);
/* to the second, with the year; (nullable) */
char       *strata_snapshot_words_for_exact_time (gint64                        created);
/* "shutoff" and the like, as a person says it; (nullable) */
const char *strata_snapshot_words_for_state      (const char                   *state);
/* what a screen reader says of the row */
char       *strata_snapshot_words_for_row        (const StrataSnapshotNodeStyle *look,
                                                  GDateTime                    *now);

G_END_DECLS
