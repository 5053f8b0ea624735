/* SPDX-License-Identifier: GPL-3.0-or-later */

/* libvirt's documents as libxml2 trees: parsed without network and without entities, searched by
 * XPath, and written back in libvirt's own layout. What is not understood stays in the tree.
 */

#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <libxml/parser.h>
#include <libxml/SAX2.h>
#include <libxml/xmlsave.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "strata-document.h"
#include "base/strata-error.h"
#include "strata-node.h"

/* No libvirt definition comes near it, and it keeps the length within libxml2's int. */
#define MAX_LENGTH (64 * 1024 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlParserCtxt, xmlFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlXPathObject, xmlXPathFreeObject)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlBuffer, xmlBufferFree)

static void
set_syntax_error (GError **error, xmlParserCtxt *context)
{
  const xmlError *reason = xmlCtxtGetLastError (context);
  g_autofree char *message = NULL;

  if (reason == NULL || reason->message == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("The XML is not well-formed."));
      return;
    }

  message = g_strstrip (g_utf8_make_valid (reason->message, -1));
  /* Translators: a line number, then the parser's own words, which are not translated. */
  strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                    _ ("The XML is not well-formed at line %d: %s"), reason->line, message);
}

typedef struct
{
  StrataDocumentFilter filter;
  guint n_skipped; /* elements that are open and not in the tree */
} Skimming;

static void
start_element_cb (void *data,
                  const xmlChar *name,
                  const xmlChar *prefix,
                  const xmlChar *uri,
                  int n_namespaces,
                  const xmlChar **namespaces,
                  int n_attributes,
                  int n_defaulted,
                  const xmlChar **attributes)
{
  xmlParserCtxt *context = data;
  Skimming *skimming = context->_private;
  const xmlNode *parent = context->node;

  if (skimming->n_skipped > 0 ||
      (parent != NULL && !skimming->filter ((guint) context->nodeNr - 1,
                                            (const char *) parent->name, (const char *) name)))
    skimming->n_skipped++;
  else
    xmlSAX2StartElementNs (data, name, prefix, uri, n_namespaces, namespaces, n_attributes,
                           n_defaulted, attributes);
}

static void
end_element_cb (void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
  Skimming *skimming = ((xmlParserCtxt *) data)->_private;

  if (skimming->n_skipped > 0)
    skimming->n_skipped--;
  else
    xmlSAX2EndElementNs (data, name, prefix, uri);
}

static void
characters_cb (void *data, const xmlChar *text, int length)
{
  if (((Skimming *) ((xmlParserCtxt *) data)->_private)->n_skipped == 0)
    xmlSAX2Characters (data, text, length);
}

static void
cdata_cb (void *data, const xmlChar *text, int length)
{
  if (((Skimming *) ((xmlParserCtxt *) data)->_private)->n_skipped == 0)
    xmlSAX2CDataBlock (data, text, length);
}

static void
skim (xmlParserCtxt *context, Skimming *skimming)
{
  context->_private = skimming;
  context->sax->startElementNs = start_element_cb;
  context->sax->endElementNs = end_element_cb;
  context->sax->characters = characters_cb;
  context->sax->cdataBlock = cdata_cb;
}

static xmlDoc *
parse (const char *text, const char *root, StrataDocumentFilter filter, GError **error)
{
  static gsize initialized = 0;
  g_autoptr (xmlParserCtxt) context = NULL;
  g_autoptr (xmlDoc) doc = NULL;
  xmlNode *element;
  Skimming skimming = { filter, 0 };
  size_t length;

  /* Before libxml2 2.11 two threads must not meet in its first call. */
  if (g_once_init_enter (&initialized))
    {
      xmlInitParser ();
      g_once_init_leave (&initialized, 1);
    }

  length = strlen (text);
  if (length > MAX_LENGTH)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("The XML is too long."));
      return NULL;
    }

  context = xmlNewParserCtxt ();
  if (filter != NULL)
    skim (context, &skimming);
  doc = xmlCtxtReadMemory (context, text, (int) length, NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR |
                               XML_PARSE_NOWARNING);
  if (doc == NULL)
    {
      set_syntax_error (error, context);
      return NULL;
    }

  element = xmlDocGetRootElement (doc);
  if (doc->intSubset != NULL || element == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The XML has a document type, which libvirt’s XML never has."));
      return NULL;
    }

  if (!xmlStrEqual (element->name, BAD_CAST root) || element->ns != NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        /* Translators: names of XML elements: expected, found. */
                        _ ("The XML should be a <%s>, but it is a <%s>."), root,
                        (const char *) element->name);
      return NULL;
    }

  return g_steal_pointer (&doc);
}

/**
 * strata_document_parse:
 * @text: the document
 * @root: the name that its root element has to have, `domain`
 * @error: `STRATA_ERROR_INVALID` if @text is not well-formed, has a document type, or another root
 *
 * A document type is refused, since libvirt never writes one and entities hide in it. Any thread.
 *
 * Returns: (transfer full): the tree, without blank text between elements, or %NULL
 */
xmlDoc *
strata_document_parse (const char *text, const char *root, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (root != NULL, NULL);

  return parse (text, root, NULL, error);
}

/**
 * strata_document_skim:
 * @text: the document
 * @root: the name that its root element has to have, `domainsnapshot`
 * @filter: what is wanted of it
 * @error: as for strata_document_parse(), also where it is in what isn't wanted
 *
 * Any thread.
 *
 * Returns: (transfer full): the tree of what is wanted, for reading alone, or %NULL
 */
xmlDoc *
strata_document_skim (const char *text,
                      const char *root,
                      StrataDocumentFilter filter,
                      GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (root != NULL, NULL);
  g_return_val_if_fail (filter != NULL, NULL);

  return parse (text, root, filter, error);
}

/**
 * strata_document_to_string:
 * @doc: a tree
 *
 * Any thread that has @doc.
 *
 * Returns: (transfer full): its text as libvirt would lay it out, without an XML declaration
 */
char *
strata_document_to_string (xmlDoc *doc)
{
  g_autoptr (xmlBuffer) buffer = xmlBufferCreate ();
  xmlSaveCtxt *save;

  g_return_val_if_fail (doc != NULL, NULL);

  save = xmlSaveToBuffer (buffer, "UTF-8", XML_SAVE_FORMAT | XML_SAVE_NO_DECL | XML_SAVE_AS_XML);
  xmlSaveDoc (save, doc);
  xmlSaveClose (save);

  return g_strdup ((const char *) xmlBufferContent (buffer));
}

/* Whether XPATH only goes down from the root by names, to elements or to an attribute of theirs. */
static gboolean
is_plain_path (const char *xpath)
{
  if (*xpath != '/')
    return FALSE;

  for (const char *p = xpath; *p != '\0'; p++)
    {
      if (g_ascii_isalnum (*p) || *p == '-' || *p == '_')
        continue;
      if (*p == '/' ? p[1] == '/' || p[1] == '\0' : *p != '@' || p[-1] != '/')
        return FALSE;
    }

  return TRUE;
}

static void
find_attribute (xmlNode *element, const char *name, GPtrArray *found)
{
  for (xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next)
    {
      if (attribute->ns == NULL && xmlStrEqual (attribute->name, BAD_CAST name))
        g_ptr_array_add (found, attribute);
    }
}

/* WAY is what is left of a plain path below PARENT, which may be the document itself. */
static void
walk_down (xmlNode *parent, const char *way, GPtrArray *found)
{
  size_t length = strcspn (way, "/");

  if (*way == '@')
    {
      find_attribute (parent, way + 1, found);
      return;
    }

  for (xmlNode *child = xmlFirstElementChild (parent); child != NULL;
       child = xmlNextElementSibling (child))
    {
      const char *name = (const char *) child->name;

      if (child->ns != NULL || strncmp (name, way, length) != 0 || name[length] != '\0')
        continue;
      if (way[length] == '\0')
        g_ptr_array_add (found, child);
      else
        walk_down (child, way + length + 1, found);
    }
}

/**
 * strata_document_find:
 * @doc: a tree
 * @xpath: an XPath with the prefixes `strata` and `libosinfo`
 *
 * Any thread that has @doc.
 *
 * Returns: (transfer container) (element-type xmlNode): the elements found, in document order
 */
GPtrArray *
strata_document_find (xmlDoc *doc, const char *xpath)
{
  g_autoptr (xmlXPathContext) context = NULL;
  g_autoptr (xmlXPathObject) result = NULL;
  GPtrArray *found = g_ptr_array_new ();

  g_return_val_if_fail (doc != NULL, found);

  /* XPath is a language of its own, with a compiler; a host with 10,000 snapshots feels that. */
  if (is_plain_path (xpath))
    {
      walk_down ((xmlNode *) doc, xpath + 1, found);
      return found;
    }

  context = xmlXPathNewContext (doc);
  xmlXPathRegisterNs (context, BAD_CAST "strata", BAD_CAST STRATA_XMLNS);
  xmlXPathRegisterNs (context, BAD_CAST "libosinfo", BAD_CAST STRATA_LIBOSINFO_XMLNS);
  result = xmlXPathEvalExpression (BAD_CAST xpath, context);
  g_return_val_if_fail (result != NULL && result->type == XPATH_NODESET, found);

  if (result->nodesetval == NULL)
    return found;

  xmlXPathNodeSetSort (result->nodesetval);
  for (int i = 0; i < result->nodesetval->nodeNr; i++)
    g_ptr_array_add (found, result->nodesetval->nodeTab[i]);

  return found;
}

/**
 * strata_document_find_one:
 * @doc: a tree
 * @xpath: as for strata_document_find()
 *
 * Any thread that has @doc.
 *
 * Returns: (transfer none) (nullable): the first element found
 */
xmlNode *
strata_document_find_one (xmlDoc *doc, const char *xpath)
{
  g_autoptr (GPtrArray) found = strata_document_find (doc, xpath);

  return found->len > 0 ? g_ptr_array_index (found, 0) : NULL;
}

/**
 * strata_document_get:
 * @doc: a tree
 * @xpath: as for strata_document_find(), of an element or an attribute
 *
 * Any thread that has @doc.
 *
 * Returns: (transfer full) (nullable): the text of the first one without the blanks around it, or
 *   %NULL if there is none or it is empty
 */
char *
strata_document_get (xmlDoc *doc, const char *xpath)
{
  return strata_node_get_text (strata_document_find_one (doc, xpath));
}

/* Reads libvirt's units as virScaleInteger() does: K and KiB are 1024, KB is 1000, in any case. */
static guint64
unit_to_bytes (const char *unit, guint64 fallback)
{
  static const char powers[] = "kmgtpe";
  const char *power;
  guint64 base = 1024;
  guint64 bytes = 1;

  if (unit == NULL || *unit == '\0')
    return fallback;

  power = strchr (powers, g_ascii_tolower (*unit));
  if (power == NULL)
    return 1;

  if (g_ascii_strcasecmp (unit + 1, "b") == 0)
    base = 1000;
  for (const char *p = powers; p <= power; p++)
    bytes *= base;

  return bytes;
}

/**
 * strata_document_get_bytes:
 * @doc: a tree
 * @xpath: as for strata_document_find(), of an element with a number and an optional `unit`
 * @unit: how many bytes a number without a `unit` counts
 *
 * Any thread that has @doc.
 *
 * Returns: the size in bytes; 0 if there is none, the largest number if it does not fit
 */
guint64
strata_document_get_bytes (xmlDoc *doc, const char *xpath, guint64 unit)
{
  xmlNode *node = strata_document_find_one (doc, xpath);
  g_autofree char *text = strata_node_get_text (node);
  g_autofree char *name = NULL;
  guint64 number;
  guint64 bytes;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &number, NULL))
    return 0;

  name = strata_node_get (node, "unit");
  if (!g_uint64_checked_mul (&bytes, number, unit_to_bytes (name, unit)))
    return G_MAXUINT64;

  return bytes;
}
