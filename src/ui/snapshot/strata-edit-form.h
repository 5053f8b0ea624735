/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"
#include "ui/job/strata-request-form.h"

G_BEGIN_DECLS

/* A snapshot's name and description. */
#define STRATA_TYPE_EDIT_FORM (strata_edit_form_get_type ())

G_DECLARE_FINAL_TYPE (StrataEditForm, strata_edit_form, STRATA, EDIT_FORM, StrataRequestForm)

StrataRequestForm *strata_edit_form_new (StrataMachine *machine,
                                         const char    *snapshot);

G_END_DECLS
