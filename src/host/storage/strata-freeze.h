/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libvirt/libvirt.h>

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* A guest's file systems at rest, by its agent. Blocking; worker threads only. The caller that freezes has to thaw in
 * every case: the guest can't write before. */

/* when it fails they are not frozen */
gboolean strata_freeze (virDomainPtr domain, GError **error);
/* fine if they are not frozen; tries for some seconds */
gboolean strata_thaw (virDomainPtr domain, GError **error);

G_END_DECLS
