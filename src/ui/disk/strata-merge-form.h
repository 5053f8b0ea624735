/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"
#include "ui/job/strata-request-form.h"

G_BEGIN_DECLS

/* Which way the layers of a deleted snapshot merge. */
#define STRATA_TYPE_MERGE_FORM (strata_merge_form_get_type ())

G_DECLARE_FINAL_TYPE (StrataMergeForm, strata_merge_form, STRATA, MERGE_FORM, StrataRequestForm)

StrataRequestForm *strata_merge_form_new (StrataMachine *machine,
                                          const char    *snapshot);

G_END_DECLS
