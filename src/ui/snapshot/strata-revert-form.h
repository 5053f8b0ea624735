/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"
#include "ui/job/strata-request-form.h"

G_BEGIN_DECLS

/* What becomes of the present state when a machine goes back, and how the machine is afterwards. */
#define STRATA_TYPE_REVERT_FORM (strata_revert_form_get_type ())

G_DECLARE_FINAL_TYPE (StrataRevertForm, strata_revert_form, STRATA, REVERT_FORM, StrataRequestForm)

StrataRequestForm *strata_revert_form_new (StrataMachine *machine,
                                           const char    *snapshot);

G_END_DECLS
