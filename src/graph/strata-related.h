/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-graph.h"

G_BEGIN_DECLS

/* MEDIUM: what is raw, and in a CD-ROM or a floppy drive */
typedef void (*StrataPlaceFunc) (const char *path, gboolean medium, gpointer user_data);

/* each path that DOMAIN and its snapshots name as an image, some more than once */
void strata_domain_facts_foreach_place (const StrataDomainFacts *domain,
                                        StrataPlaceFunc func,
                                        gpointer user_data);
/* before another thread sees DOMAIN, and when its paths are what they will be: so that not all of it has to be looked through again and
 * again for what it has to do with */
void strata_domain_facts_hash_places (StrataDomainFacts *domain);
/* adds to DOMAINS (a set of StrataDomainFacts) and IMAGES (a set of StrataImage) what is connected with any of them in SELF, which is
 * finished: what is said of one image may be by all of these, and by no others */
void strata_graph_add_related (StrataGraph *self, GHashTable *domains, GHashTable *images);
/* a disc that is said to be what it is by a domain that isn't one of DOMAINS; it connects none */
gboolean strata_image_is_disc (const StrataImage *self, GHashTable *domains);

G_END_DECLS
