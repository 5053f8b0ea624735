/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What kind of host it is, in a line: "libvirt 11.3.0 · QEMU 10.0.13 · KVM works". */
void  strata_host_summary_async  (StrataConnection    *connection,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);
char *strata_host_summary_finish (GAsyncResult        *result,
                                  GError             **error);

G_END_DECLS
