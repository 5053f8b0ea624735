/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-guest-request.h"

G_BEGIN_DECLS

void     strata_guest_watch_begin   (StrataGuestRequest *request);
gboolean strata_guest_watch_replace (GError            **error);

G_END_DECLS
