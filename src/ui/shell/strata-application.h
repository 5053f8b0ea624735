/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* Owns what outlives a window: the settings, the hosts and the jobs. */
#define STRATA_TYPE_APPLICATION (strata_application_get_type ())

G_DECLARE_FINAL_TYPE (StrataApplication, strata_application, STRATA, APPLICATION, AdwApplication)

StrataApplication *strata_application_new             (void);
GSettings         *strata_application_get_settings    (StrataApplication *self);
StrataJobQueue    *strata_application_get_queue       (StrataApplication *self);
/* of StrataHost: those that were connected to, and the usual two */
GListModel        *strata_application_get_hosts       (StrataApplication *self);
/* finds the host, or adds and remembers it */
StrataHost        *strata_application_ensure_host     (StrataApplication *self,
                                                       const char        *uri);
/* goes on without a window until the last job is over */
void               strata_application_work_in_background (StrataApplication *self);
/* cancels the jobs and quits when they are over */
void               strata_application_cancel_and_quit (StrataApplication *self);

G_END_DECLS
