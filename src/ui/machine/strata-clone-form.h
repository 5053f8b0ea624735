/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"
#include "ui/job/strata-request-form.h"

G_BEGIN_DECLS

/* What a new machine made of a snapshot is called, and what it stands on. */
#define STRATA_TYPE_CLONE_FORM (strata_clone_form_get_type ())

G_DECLARE_FINAL_TYPE (StrataCloneForm, strata_clone_form, STRATA, CLONE_FORM, StrataRequestForm)

StrataRequestForm *strata_clone_form_new (StrataHost    *host,
                                          StrataMachine *machine,
                                          const char    *snapshot);

G_END_DECLS
