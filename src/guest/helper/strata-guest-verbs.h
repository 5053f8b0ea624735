/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-guest-request.h"
#include "strata-event-writer.h"

G_BEGIN_DECLS

/* Each verb's answer, a new object, or NULL with the error set. */
JsonObject *strata_guest_inspect   (StrataEventWriter      *writer,
                                    StrataGuestRequest *request,
                                    GError            **error);
JsonObject *strata_guest_seal      (StrataEventWriter      *writer,
                                    StrataGuestRequest *request,
                                    GError            **error);
JsonObject *strata_guest_verify    (StrataEventWriter      *writer,
                                    StrataGuestRequest *request,
                                    GError            **error);
JsonObject *strata_guest_customise (StrataEventWriter      *writer,
                                    StrataGuestRequest *request,
                                    GError            **error);

G_END_DECLS
