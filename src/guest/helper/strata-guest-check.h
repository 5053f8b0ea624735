/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <guestfs.h>

#include "strata-event-writer.h"

G_BEGIN_DECLS

gboolean    strata_guest_check_kernel (guestfs_h     *g,
                                       GError       **error);
JsonObject *strata_guest_check        (StrataEventWriter *writer,
                                       GError       **error);

G_END_DECLS
