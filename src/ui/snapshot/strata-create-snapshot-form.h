/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"
#include "ui/job/strata-request-form.h"

G_BEGIN_DECLS

/* What a snapshot is to be like. */
#define STRATA_TYPE_CREATE_SNAPSHOT_FORM (strata_create_snapshot_form_get_type ())

G_DECLARE_FINAL_TYPE (StrataCreateSnapshotForm, strata_create_snapshot_form, STRATA, CREATE_SNAPSHOT_FORM, StrataRequestForm)

StrataRequestForm *strata_create_snapshot_form_new (StrataHost    *host,
                                                    StrataMachine *machine);

G_END_DECLS
