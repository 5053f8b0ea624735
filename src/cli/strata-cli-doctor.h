/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* (element-type StrataFinding) */
JsonArray *strata_cli_findings_to_json (GPtrArray *findings);
void       strata_cli_print_findings   (GPtrArray *findings);

G_END_DECLS
