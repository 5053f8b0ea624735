/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"

G_BEGIN_DECLS

/* A window on one host at a time. What it can do are actions: "window.select" with a UUID, ".search", ".show-map",
 * ".show-operations", ".show-unfinished", ".show-new-plan" with a job's ID, ".connect", ".try-again", ".stop-connecting", ".remove-host", ".host-uri". */
#define STRATA_TYPE_WINDOW (strata_window_get_type ())

G_DECLARE_FINAL_TYPE (StrataWindow, strata_window, STRATA, WINDOW, AdwApplicationWindow)

StrataWindow *strata_window_new        (GtkApplication *application,
                                        GSettings      *settings,
                                        StrataJobQueue *queue,
                                        GListStore     *hosts);
void          strata_window_connect_to (StrataWindow   *self,
                                        const char     *uri,
                                        gboolean        read_only);
/* to the one of this computer that has machines */
void          strata_window_connect_first (StrataWindow *self);

G_END_DECLS
