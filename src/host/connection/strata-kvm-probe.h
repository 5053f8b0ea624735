/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

gboolean strata_kvm_probe_run (virConnectPtr  handle,
                               const char    *type,
                               GCancellable  *cancellable);

G_END_DECLS
