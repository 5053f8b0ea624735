/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* Looks for unfinished jobs whenever a window's host is connected, and shows them if there are any. */
#define STRATA_TYPE_RECOVERY_CONTROLLER (strata_recovery_controller_get_type ())

G_DECLARE_FINAL_TYPE (StrataRecoveryController, strata_recovery_controller, STRATA, RECOVERY_CONTROLLER, GObject)

StrataRecoveryController *strata_recovery_controller_new (GtkWidget *window, StrataJobQueue *queue);
/* what the window shows */
void strata_recovery_controller_set_host (StrataRecoveryController *self, StrataHost *host);
/* a person asked: says so, too, if there are none */
void strata_recovery_controller_show (StrataRecoveryController *self);

G_END_DECLS
