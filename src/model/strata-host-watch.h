/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-host.h"

G_BEGIN_DECLS

/* Tells who shows something of a host when to look again. Main thread. Signals: "changed" (): something happened, and what
 * is shown may be out of date; "due" (): the swarm of events is over, and the last look is long enough ago. */
#define STRATA_TYPE_HOST_WATCH (strata_host_watch_get_type ())

G_DECLARE_FINAL_TYPE (StrataHostWatch, strata_host_watch, STRATA, HOST_WATCH, GObject)

StrataHostWatch *strata_host_watch_new (StrataHost *host);
/* "due" will come, without an event */
void strata_host_watch_schedule (StrataHostWatch *self);

G_END_DECLS
