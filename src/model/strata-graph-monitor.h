/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* The graph of a host's images, gathered in a worker, and again after changes, for as long as a page shows it.
 * Main thread. Bindable properties: graph (StrataGraph, NULL until there is one), busy, error-message (NULL). */
#define STRATA_TYPE_GRAPH_MONITOR (strata_graph_monitor_get_type ())

G_DECLARE_FINAL_TYPE (StrataGraphMonitor, strata_graph_monitor, STRATA, GRAPH_MONITOR, GObject)

StrataGraphMonitor *strata_graph_monitor_new               (void);
/* NULL: what was seen last stays */
void          strata_graph_monitor_set_connection    (StrataGraphMonitor     *self,
                                                      StrataConnection *connection);
/* the last one; it never changes, a new one takes its place */
StrataGraph  *strata_graph_monitor_get_graph         (StrataGraphMonitor     *self);
gboolean      strata_graph_monitor_get_busy          (StrataGraphMonitor     *self);
const char   *strata_graph_monitor_get_error_message (StrataGraphMonitor     *self);
/* for a page that comes into sight, and goes out of it */
void          strata_graph_monitor_hold              (StrataGraphMonitor     *self);
void          strata_graph_monitor_release           (StrataGraphMonitor     *self);
/* something has changed that libvirt has no event for */
void          strata_graph_monitor_refresh           (StrataGraphMonitor     *self);

G_END_DECLS
