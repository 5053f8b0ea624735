/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_URI_SESSION "qemu:///session"
#define STRATA_URI_SYSTEM  "qemu:///system"

const char *strata_first_host_decide (int           n_session,
                                      int           n_system,
                                      gboolean      may_manage);
char       *strata_first_host_choose (GCancellable *cancellable);

G_END_DECLS
