/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Owns what outlives a window: the settings, the hosts and the jobs. Actions: "app.work-in-background" goes on without a
 * window until the last job is over, "app.cancel-and-quit" cancels the jobs and quits when they are over. */
#define STRATA_TYPE_APPLICATION (strata_application_get_type ())

G_DECLARE_FINAL_TYPE (StrataApplication, strata_application, STRATA, APPLICATION, AdwApplication)

StrataApplication *strata_application_new (void);

G_END_DECLS
