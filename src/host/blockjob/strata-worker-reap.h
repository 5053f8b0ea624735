/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/* ends workers that a client left behind (no process of ours holds them); returns how many */
int strata_worker_reap (virConnectPtr   handle,
                        GError        **error);

G_END_DECLS
