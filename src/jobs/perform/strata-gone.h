/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-perform.h"

G_BEGIN_DECLS

/* What another client removed for good while a job was at work: nothing is left to do with it. What is only away, with its storage,
 * or by a name, is still needed: that is REFUSED. Blocking; worker threads only. */

/* before the first step: where what it needs is, by which its going is told from its storage's */
void strata_gone_note (StrataJob *job, StrataPlan *plan, JsonObject *before);
/* PATH: an image that a step merges, or tells of a merge */
gboolean strata_gone_find_image (StrataConnection *connection,
                                 JsonObject *notes,
                                 const char *path,
                                 gboolean *gone,
                                 GError **error);
/* PREVIOUS: the definition that the machine had before the job */
gboolean strata_gone_find_machine (StrataConnection *connection,
                                   JsonObject *notes,
                                   const char *uuid,
                                   const char *previous,
                                   gboolean *gone,
                                   GError **error);

G_END_DECLS
