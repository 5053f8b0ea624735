/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-planner.h"

/* A host that exists only as a graph: what the planner, being pure, is tested on. */

#define PAPER_POOL "/pool"

StrataGraph *paper_host_new (void);
/* a domain with one disk per IMAGE, each in PAPER_POOL; TEMPLATE marks it as one */
void paper_host_add (StrataGraph *graph,
                     const char *name,
                     StrataDomainState state,
                     gboolean template_mark,
                     const char *const *snapshots,
                     const char *image,
                     ...) G_GNUC_NULL_TERMINATED;
StrataImage *paper_host_image (StrataGraph *graph, const char *name, const char *backing);
/* the kinds of a plan's steps, separated by spaces; "|" stands before the first forward-only one */
char *paper_plan_to_kinds (StrataPlan *plan);
/* that a journal can hold it: what is read from its JSON is the same plan */
void paper_plan_assert_readable (StrataPlan *plan);
/* that it carries itself out: no step is refused for what an earlier one did */
void paper_plan_assert_defines (StrataPlan *plan);
/* An external snapshot of DOMAIN's vda, whose frozen image is IMAGE; RETAINED: a retained */
void paper_host_snapshot (StrataGraph *graph,
                          const char *domain,
                          const char *name,
                          const char *parent,
                          const char *image,
                          gboolean current,
                          gboolean retained);
/* an internal one, in IMAGE, which gets the tag */
void paper_host_internal (StrataGraph *graph,
                          const char *domain,
                          const char *name,
                          const char *parent,
                          const char *image,
                          gboolean current);
