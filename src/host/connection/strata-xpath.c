/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One fact out of a document of libvirt's, by XPath. */

#include "config.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "strata-xpath.h"

/* NULL also where TEXT is no XML; for the caller that is the same as not saying it. */
static xmlXPathObjectPtr
evaluate (const char *text, const char *expression, xmlDocPtr *document)
{
  xmlXPathContextPtr context;
  xmlXPathObjectPtr object;

  *document = NULL;
  if (text == NULL)
    return NULL;

  *document = xmlReadMemory (text, (int) strlen (text), NULL, NULL,
                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  if (*document == NULL)
    return NULL;

  context = xmlXPathNewContext (*document);
  object = xmlXPathEvalExpression (BAD_CAST expression, context);
  xmlXPathFreeContext (context);

  return object;
}

static void
release (xmlXPathObjectPtr object, xmlDocPtr document)
{
  g_clear_pointer (&object, xmlXPathFreeObject);
  g_clear_pointer (&document, xmlFreeDoc);
}

/**
 * strata_xpath_string:
 * @text: (nullable): an XML document
 * @expression: an XPath expression
 *
 * Returns: (transfer full) (nullable): the string value of @expression in @text, %NULL for an empty one
 */
char *
strata_xpath_string (const char *text, const char *expression)
{
  xmlDocPtr document;
  xmlXPathObjectPtr object = evaluate (text, expression, &document);
  char *result = NULL;

  if (object != NULL)
    {
      xmlChar *value = xmlXPathCastToString (object);

      if (value != NULL && *value != '\0')
        result = g_strdup ((const char *) value);
      xmlFree (value);
    }
  release (object, document);

  return result;
}

/**
 * strata_xpath_boolean:
 * @text: (nullable): an XML document
 * @expression: an XPath expression
 *
 * Returns: whether @expression is true of @text; for a set of nodes, whether there is one
 */
gboolean
strata_xpath_boolean (const char *text, const char *expression)
{
  xmlDocPtr document;
  xmlXPathObjectPtr object = evaluate (text, expression, &document);
  gboolean result = object != NULL && xmlXPathCastToBoolean (object);

  release (object, document);

  return result;
}

/**
 * strata_xpath_strings:
 * @text: (nullable): an XML document
 * @expression: an XPath expression that selects nodes
 *
 * Returns: (transfer full): their string values, in document order
 */
GStrv
strata_xpath_strings (const char *text, const char *expression)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  xmlDocPtr document;
  xmlXPathObjectPtr object = evaluate (text, expression, &document);

  if (object != NULL && object->nodesetval != NULL)
    {
      for (int i = 0; i < object->nodesetval->nodeNr; i++)
        {
          xmlChar *value = xmlXPathCastNodeToString (object->nodesetval->nodeTab[i]);

          g_strv_builder_add (builder, (const char *) value);
          xmlFree (value);
        }
    }
  release (object, document);

  return g_strv_builder_end (builder);
}
