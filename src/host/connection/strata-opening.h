/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libvirt/libvirt.h>

#include "strata-question.h"

G_BEGIN_DECLS

virConnectPtr strata_opening_run (const StrataOpenOptions *options,
                                  GError **reason,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
