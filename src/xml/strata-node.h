/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/xml only: an element of a document. */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

xmlNode   *strata_node_get_child     (xmlNode     *node,
                                      const char  *name);
xmlNode   *strata_node_ensure_child  (xmlNode     *node,
                                      const char  *name);
void       strata_node_remove        (xmlNode     *node);
void       strata_node_remove_child  (xmlNode     *node,
                                      const char  *name);
char      *strata_node_get_text      (xmlNode     *node);
void       strata_node_set_text      (xmlNode     *node,
                                      const char  *text);
gboolean   strata_node_is            (xmlNode     *node,
                                      const char  *attribute,
                                      const char  *value);
char      *strata_node_get           (xmlNode     *node,
                                      const char  *attribute);
void       strata_node_set           (xmlNode     *node,
                                      const char  *attribute,
                                      const char  *value);

G_END_DECLS
