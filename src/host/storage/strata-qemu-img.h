/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef void (*StrataPercentFunc) (guint    percent,
                                   gpointer user_data);

/* Runs qemu-img with ARGUMENTS (NULL-terminated, its verb first) and waits for it. STATUS: its exit code;
 * where that is NULL, one other than 0 is an error with qemu-img's own words. PROGRESS: with the option
 * -p among ARGUMENTS. Local hosts, worker threads. */
gboolean strata_qemu_img_run (const char *const  *arguments,
                              int                *status,
                              StrataPercentFunc   progress,
                              gpointer            user_data,
                              GCancellable       *cancellable,
                              GError            **error);
/* What it says of an image's header; NULL where it can't be run or read. Local hosts, worker threads. */
JsonObject *strata_qemu_img_read_info (const char *path,
                                       const char *format,
                                       GCancellable *cancellable);

G_END_DECLS
