/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/strata-host.h"

G_BEGIN_DECLS

/* What the window shows where no machine is selected: how the connection stands, and what Strata is for. */
#define STRATA_TYPE_HOST_PAGE (strata_host_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataHostPage, strata_host_page, STRATA, HOST_PAGE, AdwBin)

G_END_DECLS
