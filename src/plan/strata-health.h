/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/**
 * StrataFinding:
 * @code: a word for scripts: "missing", "loop", "wrong-format", "raw-header", "no-format", "deep", "world-readable", "memory-missing",
 *   "tag-missing", "no-current", "native-unsafe", "joint", "orphan", "orphan-tag", "transient", "busy", "two-definitions", "shared-variables",
 *   "stale-snapshot", "lost-parent", "doubled-tag", "template-writable", "written-below"
 * @domain: (nullable): whose, by name
 * @text: what is the matter
 * @hint: what can be done
 * @mendable: `doctor --mend` does it
 */
typedef struct
{
  const char *code;
  char *domain;
  char *text;
  char *hint;
  gboolean mendable;
} StrataFinding;

void strata_finding_free (StrataFinding *self);
/* (element-type StrataFinding) (transfer full): DOMAIN: NULL for the whole host. Pure; any thread */
GPtrArray *strata_health_check (StrataGraph *graph, StrataDomainFacts *domain);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataFinding, strata_finding_free)

G_END_DECLS
