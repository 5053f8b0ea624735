/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-guest-request.h"
#include "strata-emitter.h"

G_BEGIN_DECLS

/* Each verb's answer, a new object, or NULL with the error set. */
JsonObject *strata_guest_inspect   (StrataEmitter      *emitter,
                                    StrataGuestRequest *request,
                                    GError            **error);
JsonObject *strata_guest_seal      (StrataEmitter      *emitter,
                                    StrataGuestRequest *request,
                                    GError            **error);
JsonObject *strata_guest_verify    (StrataEmitter      *emitter,
                                    StrataGuestRequest *request,
                                    GError            **error);
JsonObject *strata_guest_customise (StrataEmitter      *emitter,
                                    StrataGuestRequest *request,
                                    GError            **error);

G_END_DECLS
