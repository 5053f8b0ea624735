/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/disk/strata-disk-stack.h"
#include "model/strata-host.h"
#include "strata-layer-work.h"

G_BEGIN_DECLS

/* One disk of a machine with its layers, as strata. */
#define STRATA_TYPE_LAYER_GROUP (strata_layer_group_get_type ())

G_DECLARE_FINAL_TYPE (StrataLayerGroup, strata_layer_group, STRATA, LAYER_GROUP, AdwPreferencesGroup)

GtkWidget       *strata_layer_group_new       (StrataHost       *host,
                                               StrataJobQueue   *queue,
                                               StrataMachine    *machine);
/* shows STACK, as GRAPH has it; rows of an equal one stay */
void             strata_layer_group_set_stack (StrataLayerGroup *self,
                                               StrataDiskStack  *stack,
                                               StrataGraph      *graph);
/* what is done to which layer now */
void             strata_layer_group_follow    (StrataLayerGroup *self,
                                               StrataLayerWork  *work);

G_END_DECLS
