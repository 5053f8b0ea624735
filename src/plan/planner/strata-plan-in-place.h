/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-planner-private.h"

G_BEGIN_DECLS

gboolean strata_in_place_require_plain (StrataDomainFacts *domain, GError **error);
gboolean strata_in_place_require_files (GPtrArray *disks, const char *domain_name, GError **error);
gboolean strata_in_place_prepare (StrataPlanner *self,
                                  StrataDomainFacts *domain,
                                  GPtrArray *disks,
                                  const char *stem,
                                  GError **error);
void strata_in_place_set_disks (StrataDomainXml *definition, GPtrArray *disks, gboolean overlays);
void strata_in_place_finish (StrataPlanner *self,
                             GPtrArray *disks,
                             StrataDomainXml *on_overlays,
                             StrataDomainXml *on_disks);

G_END_DECLS
