/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "plan/strata-request.h"

G_BEGIN_DECLS

/* What is set inside each clone: host name, user, SSH keys, password, a script for the first start. */
#define STRATA_TYPE_DEPLOY_GUEST (strata_deploy_guest_get_type ())

G_DECLARE_FINAL_TYPE (StrataDeployGuest, strata_deploy_guest, STRATA, DEPLOY_GUEST, AdwBin)

/* whether the clones' names become host names by default: only where a guest is known to be inside */
void     strata_deploy_guest_set_guest_known (StrataDeployGuest *self,
                                              gboolean           known);
/* Writes what was chosen into REQUEST, whose names are there already. The password is hashed in a worker, and
 * never leaves this function as it was typed. */
void     strata_deploy_guest_fill_async      (StrataDeployGuest   *self,
                                              StrataRequest       *request,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data);
/* the request that was given, filled */
StrataRequest *strata_deploy_guest_fill_finish (StrataDeployGuest  *self,
                                                GAsyncResult       *result,
                                                GError            **error);

G_END_DECLS
