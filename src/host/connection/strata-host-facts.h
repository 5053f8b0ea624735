/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-connection.h"

G_BEGIN_DECLS

StrataHostFacts *strata_host_facts_new  (virConnectPtr     handle,
                                         GError          **error);
void             strata_host_facts_free (StrataHostFacts  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataHostFacts, strata_host_facts_free)

G_END_DECLS
