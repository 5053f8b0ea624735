/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/xml only: the few things that its files ask of libxml2. */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

#define STRATA_XMLNS           "https://stratavm.github.io/xmlns/1"
#define STRATA_LIBOSINFO_XMLNS "http://libosinfo.org/xmlns/libvirt/domain/1.0"

/* whether the child NAME of the element PARENT, which has N_ABOVE elements above it, is wanted */
typedef gboolean (*StrataDocumentFilter) (guint n_above, const char *parent, const char *name);

xmlDoc *strata_document_parse (const char *text, const char *root, GError **error);
/* the same without the elements that FILTER doesn't want, and what is in them: most of the work is to build the tree */
xmlDoc *strata_document_skim (const char *text,
                              const char *root,
                              StrataDocumentFilter filter,
                              GError **error);
char *strata_document_to_string (xmlDoc *doc);
GPtrArray *strata_document_find (xmlDoc *doc, const char *xpath);
xmlNode *strata_document_find_one (xmlDoc *doc, const char *xpath);
char *strata_document_get (xmlDoc *doc, const char *xpath);
guint64 strata_document_get_bytes (xmlDoc *doc, const char *xpath, guint64 unit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

G_END_DECLS
