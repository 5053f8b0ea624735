/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-layers.h"

G_BEGIN_DECLS

/* Once everything was declared, and before it is finished: a raw image of which Strata or libvirt wrote down that it stands on
 * another is contradicting. */
void strata_graph_dispute_raw (StrataGraph *self);
/* For the law: what raw images would stand on by their headers has a stake each. */
void strata_layers_put_claims (StrataLayers *self);

G_END_DECLS
