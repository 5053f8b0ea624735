/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/machine/strata-machine-view.h"

G_BEGIN_DECLS

/* The page of a template. */
#define STRATA_TYPE_TEMPLATE_PAGE (strata_template_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataTemplatePage,
                      strata_template_page,
                      STRATA,
                      TEMPLATE_PAGE,
                      StrataMachineView)

/* scrolls to the clones and puts the focus there */
void strata_template_page_show_clones (StrataTemplatePage *self);

G_END_DECLS
