/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* Where clones can be put, as one looks for it in a dialog; without looking at any image. */
typedef struct
{
  GPtrArray *pools;    /* StrataPoolFacts: active ones */
  GPtrArray *networks; /* names of active ones */
} StrataPlaces;

StrataPlaces *strata_places_new  (StrataConnection  *connection,
                                  GError           **error);
void          strata_places_free (StrataPlaces      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPlaces, strata_places_free)

G_END_DECLS
