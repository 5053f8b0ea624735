/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/strata-host.h"

G_BEGIN_DECLS

/* How many clones, and what each is called. Properties: count, valid. */
#define STRATA_TYPE_DEPLOY_NAMES (strata_deploy_names_get_type ())

G_DECLARE_FINAL_TYPE (StrataDeployNames, strata_deploy_names, STRATA, DEPLOY_NAMES, AdwBin)

/* proposes names that are free on HOST, after the template's */
void     strata_deploy_names_propose   (StrataDeployNames *self,
                                        StrataHost        *host,
                                        const char        *template_name);
/* (transfer full): as they are now, a name each */
char   **strata_deploy_names_dup_names (StrataDeployNames *self);

G_END_DECLS
