/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-guest-client.h"

G_BEGIN_DECLS

/**
 * StrataGuestManner:
 * @progress: (nullable): told of progress, in the calling thread
 * @progress_data: for @progress
 * @log: (nullable): the last words of the library, if the last run failed
 * @patience_ms: how long an appliance may be silent while it starts under KVM
 * @as_root: run the helper through pkexec
 * @force_tcg: KVM was found not to work
 *
 * How the helper is run.
 */
typedef struct
{
  StrataGuestProgressFunc progress;
  gpointer                progress_data;
  char                   *log;
  guint                   patience_ms;
  gboolean                as_root;
  gboolean                force_tcg;
} StrataGuestManner;

JsonObject *strata_guest_run (StrataGuestManner *self,
                              JsonObject        *request,
                              GCancellable      *cancellable,
                              GError           **error);

G_END_DECLS
