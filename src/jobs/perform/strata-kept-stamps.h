/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-snapshot-params.h"

G_BEGIN_DECLS

/* KEPT: the step that kept the guest's state, and stopped it */
void strata_kept_stamps_note (StrataStepContext *kept);
/* CHANGED where an image was written to since, or that can't be told */
gboolean strata_kept_stamps_require (StrataStepContext *context,
                                     StrataStepContext *kept,
                                     GError **error);
/* the same, of what is there; KNOWN: (inout): else whether that could be told */
gboolean strata_kept_stamps_agree (StrataStepContext *context,
                                   const StrataSnapshotParams *params,
                                   gboolean *known);

G_END_DECLS
