/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/shell/strata-application.h"

G_BEGIN_DECLS

/* Make Template…: convert or copy, what sealing removes, the plan. */
#define STRATA_TYPE_MAKE_TEMPLATE_DIALOG (strata_make_template_dialog_get_type ())

G_DECLARE_FINAL_TYPE (StrataMakeTemplateDialog, strata_make_template_dialog, STRATA, MAKE_TEMPLATE_DIALOG, AdwDialog)

AdwDialog *strata_make_template_dialog_new (StrataApplication *application,
                                            StrataHost        *host,
                                            StrataMachine     *machine);

G_END_DECLS
