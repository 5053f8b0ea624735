/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One element of a tree: its children, its text, its attributes. All of libvirt's own elements are
 * without a namespace, so that is what is meant by a name here.
 */

#include "config.h"

#include "strata-node.h"

/* libxml2 has an allocator of its own in principle, so its strings are copied. */
static char *
take_string (xmlChar *string)
{
  char *copy = g_strdup ((const char *) string);

  if (string != NULL)
    xmlFree (string);

  return copy;
}

/**
 * strata_node_get_child:
 * @node: (nullable): an element
 * @name: a name without a namespace
 *
 * Returns: (transfer none) (nullable): the first child element of that name
 */
xmlNode *
strata_node_get_child (xmlNode *node, const char *name)
{
  if (node == NULL)
    return NULL;

  for (xmlNode *child = xmlFirstElementChild (node); child != NULL;
       child = xmlNextElementSibling (child))
    {
      if (child->ns == NULL && xmlStrEqual (child->name, BAD_CAST name))
        return child;
    }

  return NULL;
}

/**
 * strata_node_ensure_child:
 * @node: an element
 * @name: a name without a namespace
 *
 * Returns: (transfer none): the first child element of that name, made at the end if there was none
 */
xmlNode *
strata_node_ensure_child (xmlNode *node, const char *name)
{
  xmlNode *child = strata_node_get_child (node, name);

  return child != NULL ? child : xmlNewChild (node, NULL, BAD_CAST name, NULL);
}

/**
 * strata_node_remove:
 * @node: (nullable) (transfer full): an element, which is freed
 */
void
strata_node_remove (xmlNode *node)
{
  if (node == NULL)
    return;

  xmlUnlinkNode (node);
  xmlFreeNode (node);
}

/**
 * strata_node_remove_child:
 * @node: (nullable): an element
 * @name: a name without a namespace
 *
 * Removes every child element of that name.
 */
void
strata_node_remove_child (xmlNode *node, const char *name)
{
  xmlNode *child;

  while ((child = strata_node_get_child (node, name)) != NULL)
    strata_node_remove (child);
}

/**
 * strata_node_get_text:
 * @node: (nullable): an element or an attribute
 *
 * Returns: (transfer full) (nullable): its text without the blanks around it, %NULL if it is empty
 */
char *
strata_node_get_text (xmlNode *node)
{
  g_autofree char *text = NULL;

  if (node == NULL)
    return NULL;

  text = take_string (xmlNodeGetContent (node));
  if (text == NULL || *g_strstrip (text) == '\0')
    return NULL;

  return g_steal_pointer (&text);
}

/**
 * strata_node_set_text:
 * @node: an element
 * @text: (nullable): plain text, UTF-8
 *
 * Replaces everything inside @node.
 */
void
strata_node_set_text (xmlNode *node, const char *text)
{
  xmlNode *child;

  while ((child = node->children) != NULL)
    strata_node_remove (child);

  if (text != NULL)
    xmlAddChild (node, xmlNewDocText (node->doc, BAD_CAST text));
}

/**
 * strata_node_is:
 * @node: (nullable): an element
 * @attribute: an attribute's name
 * @value: a value
 *
 * Returns: whether the attribute is there and has that value
 */
gboolean
strata_node_is (xmlNode *node, const char *attribute, const char *value)
{
  g_autofree char *text = strata_node_get (node, attribute);

  return g_strcmp0 (text, value) == 0;
}

/**
 * strata_node_get:
 * @node: (nullable): an element
 * @attribute: an attribute's name, without a namespace
 *
 * Returns: (transfer full) (nullable): its value, or %NULL if it is not there or empty
 */
char *
strata_node_get (xmlNode *node, const char *attribute)
{
  g_autofree char *value = NULL;

  if (node == NULL)
    return NULL;

  value = take_string (xmlGetNoNsProp (node, BAD_CAST attribute));
  if (value == NULL || *value == '\0')
    return NULL;

  return g_steal_pointer (&value);
}

/**
 * strata_node_set:
 * @node: (nullable): an element
 * @attribute: an attribute's name, without a namespace
 * @value: (nullable): its new value, UTF-8; %NULL removes it
 */
void
strata_node_set (xmlNode *node, const char *attribute, const char *value)
{
  if (node == NULL)
    return;

  if (value != NULL)
    xmlSetProp (node, BAD_CAST attribute, BAD_CAST value);
  else
    xmlUnsetProp (node, BAD_CAST attribute);
}
