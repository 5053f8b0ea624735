/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* `web-%02d` and a count: web-01 … ; exactly one %d or %0Nd unless the count is 1; names are checked. */
GStrv strata_name_pattern_expand (const char *pattern, guint first, guint count, GError **error);
gboolean strata_name_check (const char *name, GError **error);
/* that a snapshot's description isn't one by which Strata knows a retained layer; INVALID. TEXT: (nullable) */
gboolean strata_description_check (const char *text, GError **error);
/* whether an internal snapshot of that name can be taken and deleted while its VM runs */
gboolean strata_name_is_job_id (const char *name);
/* "template-%s" and "web": "template-web" */
char *strata_name_from_source (const char *pattern, const char *source);
/* "present-20261123-140501": what no request said to discard is kept under such a name */
char *strata_name_for_present (void);
/* whether NAME looks like one of those */
gboolean strata_name_is_for_present (const char *name);

G_END_DECLS
