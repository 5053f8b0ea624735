/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "plan/strata-request.h"

G_BEGIN_DECLS

/* What the user chooses before a plan is made, above the plan itself. Signals: "changed" (another plan is wanted),
 * "activated" (Enter in one of its fields). */
#define STRATA_TYPE_REQUEST_FORM (strata_request_form_get_type ())

G_DECLARE_DERIVABLE_TYPE (StrataRequestForm, strata_request_form, STRATA, REQUEST_FORM, AdwBin)

struct _StrataRequestFormClass
{
  AdwBinClass parent_class;

  /* (transfer full) (nullable): NULL while the form is not complete; it says itself what is missing */
  StrataRequest *(*make_request) (StrataRequestForm *self);
};

StrataRequest *strata_request_form_make_request (StrataRequestForm *self);
/* for the forms */
void           strata_request_form_changed      (StrataRequestForm *self);
void           strata_request_form_activate     (StrataRequestForm *self);

G_END_DECLS
