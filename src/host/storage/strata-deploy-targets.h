/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* Where clones can be put, as one looks for it in a dialog; without looking at any image. */
typedef struct
{
  GPtrArray *pools;    /* StrataPoolFacts: active ones */
  GPtrArray *networks; /* names of active ones */
} StrataDeployTargets;

StrataDeployTargets *strata_deploy_targets_new  (StrataConnection  *connection,
                                                 GError           **error);
void          strata_deploy_targets_free (StrataDeployTargets      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataDeployTargets, strata_deploy_targets_free)

G_END_DECLS
