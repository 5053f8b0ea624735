/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-guest-request.h"
#include "strata-appliance.h"

G_BEGIN_DECLS

gboolean strata_clone_files_write (StrataAppliance  *appliance,
                                   StrataGuestClone *clone,
                                   GError          **error);

G_END_DECLS
