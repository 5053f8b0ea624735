/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "jobs/strata-job-queue.h"

G_BEGIN_DECLS

/* Tells the person when a job is over (a toast in the window that has the focus, else a notification), and keeps the
 * session from ending while one runs. */
#define STRATA_TYPE_JOB_WATCH (strata_job_watch_get_type ())

G_DECLARE_FINAL_TYPE (StrataJobWatch, strata_job_watch, STRATA, JOB_WATCH, GObject)

StrataJobWatch *strata_job_watch_new (GtkApplication *application,
                                      StrataJobQueue *queue,
                                      GListModel     *hosts);

G_END_DECLS
