/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "jobs/strata-job-queue.h"

G_BEGIN_DECLS

/* What the jobs of a queue do to layers of disks at the moment. Main thread. Signal "changed". */
#define STRATA_TYPE_LAYER_WORK (strata_layer_work_get_type ())

G_DECLARE_FINAL_TYPE (StrataLayerWork, strata_layer_work, STRATA, LAYER_WORK, GObject)

StrataLayerWork *strata_layer_work_new  (StrataJobQueue  *queue);
/* (transfer none) (nullable): the job that merges the image PATH of the domain UUID into its neighbour now, or lets it take
 * up what is below it */
StrataJob       *strata_layer_work_find (StrataLayerWork *self,
                                         const char      *uuid,
                                         const char      *path);

G_END_DECLS
