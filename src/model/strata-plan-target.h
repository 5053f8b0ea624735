/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-request.h"
#include "strata-machine.h"

G_BEGIN_DECLS

/* What a request is about, as it was when a person asked: by it is told that it is not there any more. Main thread. */
typedef struct _StrataPlanTarget StrataPlanTarget;

/* SNAPSHOT: (nullable): of MACHINE; ID: (nullable): which one of that name */
StrataPlanTarget *strata_plan_target_new (StrataMachine *machine,
                                          const char *snapshot,
                                          const char *id);
void strata_plan_target_free (StrataPlanTarget *self);
const char *strata_plan_target_get_uuid (StrataPlanTarget *self);
/* (transfer full) (nullable): “s1” was deleted meanwhile, or NULL; NOW: (nullable): the machine of that UUID now */
char *strata_plan_target_describe_loss (StrataPlanTarget *self, StrataMachine *now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPlanTarget, strata_plan_target_free)

G_END_DECLS
