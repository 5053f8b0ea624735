/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A `<domainsnapshot>` that is read and rewritten in place. It is libvirt's whole document, over libxml2
 * and not libvirt-gconfig, which lacks its memory, disks and definitions. New ones are made, its
 * description and its disks are read, and images exchanged, in the strata-snapshot-*.c files beside this one.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/strata-error.h"
#include "strata-node.h"
#include "strata-snapshot-xml-private.h"

struct _StrataSnapshotXml
{
  GObject parent_instance;

  xmlDoc *doc;
  gboolean skimmed; /* not all of it is there */
};

G_DEFINE_FINAL_TYPE (StrataSnapshotXml, strata_snapshot_xml, G_TYPE_OBJECT)

/* NODE, one of the document's definitions, as a document of its own. */
static StrataDomainXml *
copy_definition (xmlNode *node)
{
  g_autoptr (xmlDoc) doc = NULL;
  g_autofree char *text = NULL;
  xmlNode *copy;

  if (node == NULL)
    return NULL;

  doc = xmlNewDoc (BAD_CAST "1.0");
  copy = xmlDocCopyNode (node, doc, 1);
  xmlNodeSetName (copy, BAD_CAST "domain");
  xmlDocSetRootElement (doc, copy);
  text = strata_document_to_string (doc);

  return strata_domain_xml_new_from_string (text, NULL);
}

static void
strata_snapshot_xml_finalize (GObject *object)
{
  StrataSnapshotXml *self = STRATA_SNAPSHOT_XML (object);

  g_clear_pointer (&self->doc, xmlFreeDoc);

  G_OBJECT_CLASS (strata_snapshot_xml_parent_class)->finalize (object);
}

static void
strata_snapshot_xml_class_init (StrataSnapshotXmlClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = strata_snapshot_xml_finalize;
}

static void
strata_snapshot_xml_init (StrataSnapshotXml *self)
{
}

/* Returns: (transfer none): the tree, which the files of src/xml may change */
xmlDoc *
strata_snapshot_xml_get_document (StrataSnapshotXml *self)
{
  g_assert (STRATA_IS_SNAPSHOT_XML (self));

  return self->doc;
}

/* Returns: (transfer none): the `<domainsnapshot>` element */
xmlNode *
strata_snapshot_xml_get_root (StrataSnapshotXml *self)
{
  g_assert (STRATA_IS_SNAPSHOT_XML (self));

  return xmlDocGetRootElement (self->doc);
}

/* The root's child NAME, which is made behind the child AFTER, or as the last, where there is none. */
static xmlNode *
ensure_child (StrataSnapshotXml *self, const char *name, const char *after)
{
  xmlNode *root = strata_snapshot_xml_get_root (self);
  xmlNode *child = strata_node_get_child (root, name);
  xmlNode *before = strata_node_get_child (root, after);

  if (child != NULL)
    return child;

  child = xmlNewDocNode (root->doc, NULL, BAD_CAST name, NULL);

  return before != NULL ? xmlAddNextSibling (before, child) : xmlAddChild (root, child);
}

/* Sets the text of the root's child NAME, which is made behind the child AFTER; NULL removes it. */
void
strata_snapshot_xml_set_text (StrataSnapshotXml *self,
                              const char *name,
                              const char *after,
                              const char *text)
{
  if (text != NULL)
    strata_node_set_text (ensure_child (self, name, after), text);
  else
    strata_node_remove_child (strata_snapshot_xml_get_root (self), name);
}

/* Of its definitions only the disks: they are long, and there may be ten thousand of them. */
static gboolean
is_of_disks (guint n_above, const char *parent, const char *name)
{
  switch (n_above)
    {
    case 1:
      return (!g_str_equal (parent, "domain") && !g_str_equal (parent, "inactiveDomain")) ||
             g_str_equal (name, "devices");
    case 2:
      return !g_str_equal (parent, "devices") || g_str_equal (name, "disk");
    default:
      return TRUE;
    }
}

static StrataSnapshotXml *
take_document (xmlDoc *parsed, GError **error)
{
  g_autoptr (xmlDoc) doc = parsed;
  g_autofree char *name = NULL;
  StrataSnapshotXml *self;

  if (doc == NULL)
    return NULL;

  name = strata_document_get (doc, "/domainsnapshot/name");
  if (name == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("The snapshot has no name."));
      return NULL;
    }

  self = g_object_new (STRATA_TYPE_SNAPSHOT_XML, NULL);
  self->doc = g_steal_pointer (&doc);

  return self;
}

/**
 * strata_snapshot_xml_new_from_string:
 * @text: what libvirt says of a snapshot, or what a tool would make one from
 * @error: `STRATA_ERROR_INVALID` if @text is not well-formed, not a `<domainsnapshot>`, or has no name
 *
 * Any thread.
 *
 * Returns: (transfer full): the document, or %NULL
 */
StrataSnapshotXml *
strata_snapshot_xml_new_from_string (const char *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return take_document (strata_document_parse (text, "domainsnapshot", error), error);
}

/**
 * strata_snapshot_xml_skim:
 * @text: as for strata_snapshot_xml_new_from_string()
 * @error: likewise
 *
 * Of the definitions in it only the disks are there, so that it must not be written.
 *
 * Returns: (transfer full): what there is to read, or %NULL
 */
StrataSnapshotXml *
strata_snapshot_xml_skim (const char *text, GError **error)
{
  StrataSnapshotXml *self;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = take_document (strata_document_skim (text, "domainsnapshot", is_of_disks, error), error);
  if (self != NULL)
    self->skimmed = TRUE;

  return self;
}

/* Returns: (transfer full): a document with the root element alone, and not even a name */
StrataSnapshotXml *
strata_snapshot_xml_new_empty (void)
{
  StrataSnapshotXml *self = g_object_new (STRATA_TYPE_SNAPSHOT_XML, NULL);

  self->doc = xmlNewDoc (BAD_CAST "1.0");
  xmlDocSetRootElement (self->doc,
                        xmlNewDocNode (self->doc, NULL, BAD_CAST "domainsnapshot", NULL));

  return self;
}

/**
 * strata_snapshot_xml_to_string:
 * @self: a snapshot's document
 *
 * Returns: (transfer full): the document, indented as libvirt does it
 */
char *
strata_snapshot_xml_to_string (StrataSnapshotXml *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self) && !self->skimmed, NULL);

  return strata_document_to_string (self->doc);
}

/**
 * strata_snapshot_xml_get_name:
 * @self: a snapshot's document
 *
 * Returns: (transfer full): its name
 */
char *
strata_snapshot_xml_get_name (StrataSnapshotXml *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), NULL);

  return strata_document_get (self->doc, "/domainsnapshot/name");
}

/**
 * strata_snapshot_xml_set_name:
 * @self: a snapshot's document
 * @name: its new name, not empty
 */
void
strata_snapshot_xml_set_name (StrataSnapshotXml *self, const char *name)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));
  g_return_if_fail (name != NULL && *name != '\0' && g_utf8_validate (name, -1, NULL));

  strata_snapshot_xml_set_text (self, "name", "", name);
}

/**
 * strata_snapshot_xml_get_parent:
 * @self: a snapshot's document
 *
 * Returns: (transfer full) (nullable): the name of the snapshot above it, %NULL of a root
 */
char *
strata_snapshot_xml_get_parent (StrataSnapshotXml *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), NULL);

  return strata_document_get (self->doc, "/domainsnapshot/parent/name");
}

/**
 * strata_snapshot_xml_set_parent:
 * @self: a snapshot's document
 * @parent: (nullable): the name of the snapshot above it, %NULL makes it a root
 */
void
strata_snapshot_xml_set_parent (StrataSnapshotXml *self, const char *parent)
{
  xmlNode *node;

  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));
  g_return_if_fail (parent == NULL || g_utf8_validate (parent, -1, NULL));

  strata_node_remove_child (strata_snapshot_xml_get_root (self), "parent");
  if (parent == NULL)
    return;

  node = ensure_child (self, "parent", "state");
  strata_node_set_text (strata_node_ensure_child (node, "name"), parent);
}

/**
 * strata_snapshot_xml_get_created:
 * @self: a snapshot's document
 *
 * Returns: when it was made, in seconds since 1970; 0 if it does not say
 */
gint64
strata_snapshot_xml_get_created (StrataSnapshotXml *self)
{
  g_autofree char *text = NULL;
  gint64 created;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), 0);

  text = strata_document_get (self->doc, "/domainsnapshot/creationTime");
  if (text == NULL || !g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, &created, NULL))
    return 0;

  return created;
}

/**
 * strata_snapshot_xml_get_state:
 * @self: a snapshot's document
 *
 * Returns: (transfer full) (nullable): libvirt's word for the domain's state then
 */
char *
strata_snapshot_xml_get_state (StrataSnapshotXml *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), NULL);

  return strata_document_get (self->doc, "/domainsnapshot/state");
}

void
strata_snapshot_xml_set_state (StrataSnapshotXml *self, const char *state)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));
  g_return_if_fail (state != NULL);

  strata_node_set_text (strata_document_find_one (self->doc, "/domainsnapshot/state"), state);
}

/**
 * strata_snapshot_xml_get_memory:
 * @self: a snapshot's document
 *
 * Documents of before 1.0.1 don't say; then it is in the image if the domain ran, as libvirt takes it.
 *
 * Returns: where the memory of that moment is
 */
StrataSnapshotLocation
strata_snapshot_xml_get_memory (StrataSnapshotXml *self)
{
  g_autofree char *word = NULL;
  g_autofree char *file = NULL;
  g_autofree char *state = NULL;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), STRATA_SNAPSHOT_NONE);

  word = strata_document_get (self->doc, "/domainsnapshot/memory/@snapshot");
  if (g_strcmp0 (word, "external") == 0)
    return STRATA_SNAPSHOT_EXTERNAL;
  if (g_strcmp0 (word, "internal") == 0)
    return STRATA_SNAPSHOT_INTERNAL;
  if (word != NULL)
    return STRATA_SNAPSHOT_NONE;

  file = strata_snapshot_xml_get_memory_file (self);
  if (file != NULL)
    return STRATA_SNAPSHOT_EXTERNAL;

  state = strata_snapshot_xml_get_state (self);
  if (g_strcmp0 (state, "running") == 0 || g_strcmp0 (state, "paused") == 0)
    return STRATA_SNAPSHOT_INTERNAL;

  return STRATA_SNAPSHOT_NONE;
}

/**
 * strata_snapshot_xml_get_memory_file:
 * @self: a snapshot's document
 *
 * Returns: (transfer full) (nullable): the file that the memory is in
 */
char *
strata_snapshot_xml_get_memory_file (StrataSnapshotXml *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), NULL);

  return strata_document_get (self->doc, "/domainsnapshot/memory/@file");
}

/**
 * strata_snapshot_xml_get_definition:
 * @self: a snapshot's document
 *
 * Returns: (transfer full) (nullable): the definition to go back to; %NULL if there is none that can be read
 */
StrataDomainXml *
strata_snapshot_xml_get_definition (StrataSnapshotXml *self)
{
  xmlNode *node;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self) && !self->skimmed, NULL);

  node = strata_document_find_one (self->doc, "/domainsnapshot/inactiveDomain");
  if (node != NULL)
    return copy_definition (node);

  return strata_snapshot_xml_get_live_definition (self);
}

/**
 * strata_snapshot_xml_get_live_definition:
 * @self: a snapshot's document
 *
 * Returns: (transfer full) (nullable): the definition that goes with a memory file; %NULL if there is none
 *   that can be read
 */
StrataDomainXml *
strata_snapshot_xml_get_live_definition (StrataSnapshotXml *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self) && !self->skimmed, NULL);

  return copy_definition (strata_document_find_one (self->doc, "/domainsnapshot/domain"));
}
