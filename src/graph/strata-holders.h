/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who holds an image, of those whom a person can be told of. */

#pragma once

#include "strata-holder-list.h"

G_BEGIN_DECLS

/* (element-type StrataHolder) (transfer full): whose chain contains PATH; they point into the graph */
GPtrArray *strata_graph_get_holders (StrataGraph *self, const char *path);
/* (element-type StrataHolder) (transfer container): likewise, of a graph's list that was made once for many images */
GPtrArray *strata_holder_list_get_told (StrataHolderList *self, const char *path);
/* (transfer full): what a person can do about an image that can't be seen, and which names it */
char *strata_graph_get_unseen_hint (StrataGraph *self, const StrataImage *unseen);
/* (element-type StrataDomainFacts) (transfer full): thin clones whose disks stand on the template's */
GPtrArray *strata_graph_get_thin_clones (StrataGraph *self, StrataDomainFacts *template);

G_END_DECLS
