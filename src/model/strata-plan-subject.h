/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-request.h"
#include "strata-machine.h"

G_BEGIN_DECLS

/* What a request is about, as it was when a person asked: by it is told that it is not there any more. Main thread. */
typedef struct _StrataPlanSubject StrataPlanSubject;

/* SNAPSHOT: (nullable): of MACHINE; ID: (nullable): which one of that name */
StrataPlanSubject *strata_plan_subject_new (StrataMachine *machine,
                                            const char *snapshot,
                                            const char *id);
void strata_plan_subject_free (StrataPlanSubject *self);
const char *strata_plan_subject_get_uuid (StrataPlanSubject *self);
/* (transfer full) (nullable): “s1” was deleted meanwhile, or NULL; NOW: (nullable): the machine of that UUID now */
char *strata_plan_subject_describe_loss (StrataPlanSubject *self, StrataMachine *now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPlanSubject, strata_plan_subject_free)

G_END_DECLS
