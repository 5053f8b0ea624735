/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One fact out of a document of libvirt's (capabilities, a live definition) that libvirt-gconfig has
 * no class for. */

char    *strata_xpath_string  (const char *text,
                               const char *expression);
gboolean strata_xpath_boolean (const char *text,
                               const char *expression);
/* the string value of every node that EXPRESSION selects, in document order */
GStrv    strata_xpath_strings (const char *text,
                               const char *expression);

G_END_DECLS
