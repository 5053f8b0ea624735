/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Our own marks in a domain's <metadata>:
 *
 *     <strata:strata xmlns:strata="https://stratavm.github.io/xmlns/1">
 *       <strata:template version="1" domain="…" source="web-base" sealed="2026-11-03T10:00:00Z"
 *                        operations="logfiles,machine-id" os="Debian GNU/Linux 12" os-id="debian"/>
 *       <strata:clone domain="…" template="…" template-name="web" version="1" thin="yes"/>
 *       <strata:copy domain="…" version="1" from="/…/web.qcow2" to="/…/web-vda.s1.qcow2"/>
 *       <strata:thin domain="…" source="…" source-name="web" snapshot="before">
 *         <strata:base path="/…/web.qcow2"/>
 *       </strata:thin>
 *     </strata:strata>
 *
 * A clone that was made independent has thin="was", and one that was full from the first thin="no".
 *
 * They share one element, because libvirt keeps one per namespace: of two it drops the second when
 * the domain is defined, without a word (tried on 11.3). And both may be set: a thin clone that is
 * made a template is still a thin clone.
 */

#include "config.h"

#include "strata-domain-xml-private.h"
#include "strata-node.h"

static void
remove_if_empty (xmlNode *node)
{
  if (node != NULL && xmlFirstElementChild (node) == NULL)
    strata_node_remove (node);
}

/* Among the elements that describe the domain, where libvirt has it too. */
static xmlNode *
add_metadata (StrataDomainXml *self)
{
  static const char *const before[] = { "description", "title", "genid", "uuid", "name" };
  xmlNode *root = strata_domain_xml_get_root (self);
  xmlNode *metadata = xmlNewDocNode (root->doc, NULL, BAD_CAST "metadata", NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (before); i++)
    {
      xmlNode *neighbour = strata_node_get_child (root, before[i]);

      if (neighbour != NULL)
        return xmlAddNextSibling (neighbour, metadata);
    }

  return xmlAddChild (root, metadata);
}

static xmlNode *
ensure_marks (StrataDomainXml *self)
{
  xmlDoc *doc = strata_domain_xml_get_document (self);
  xmlNode *marks = strata_document_find_one (doc, "/domain/metadata/strata:strata");
  xmlNode *metadata;

  if (marks != NULL)
    return marks;

  metadata = strata_document_find_one (doc, "/domain/metadata");
  if (metadata == NULL)
    metadata = add_metadata (self);

  marks = xmlNewChild (metadata, NULL, BAD_CAST "strata", NULL);
  xmlSetNs (marks, xmlNewNs (marks, BAD_CAST STRATA_XMLNS, BAD_CAST "strata"));

  return marks;
}

/* Returns: (nullable): the mark, only if it was written for this very domain */
static xmlNode *
find_mark (StrataDomainXml *self, const char *xpath)
{
  g_autofree char *uuid = strata_domain_xml_get_uuid (self);
  xmlNode *mark = strata_document_find_one (strata_domain_xml_get_document (self), xpath);

  return uuid != NULL && strata_node_is (mark, "domain", uuid) ? mark : NULL;
}

static void
remove_marks (StrataDomainXml *self, const char *xpath)
{
  xmlDoc *doc = strata_domain_xml_get_document (self);
  g_autoptr (GPtrArray) found = strata_document_find (doc, xpath);

  for (guint i = 0; i < found->len; i++)
    strata_node_remove (g_ptr_array_index (found, i));

  remove_if_empty (strata_document_find_one (doc, "/domain/metadata/strata:strata"));
  remove_if_empty (strata_document_find_one (doc, "/domain/metadata"));
}

static xmlNode *
add_mark (StrataDomainXml *self, const char *name, const char *domain, guint version)
{
  xmlNode *marks = ensure_marks (self);
  xmlNode *mark = xmlNewChild (marks, marks->ns, BAD_CAST name, NULL);
  g_autofree char *uuid = domain != NULL ? g_strdup (domain) : strata_domain_xml_get_uuid (self);
  g_autofree char *number = g_strdup_printf ("%u", version);

  strata_node_set (mark, "version", number);
  strata_node_set (mark, "domain", uuid);

  return mark;
}

static guint
get_version (xmlNode *mark)
{
  g_autofree char *text = strata_node_get (mark, "version");
  guint64 version;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT, &version, NULL))
    return 1;

  return (guint) version;
}

/**
 * strata_template_mark_free:
 * @self: (nullable) (transfer full): a mark
 */
void
strata_template_mark_free (StrataTemplateMark *self)
{
  if (self == NULL)
    return;

  g_free (self->domain);
  g_free (self->source);
  g_free (self->sealed);
  g_free (self->operations);
  g_free (self->os);
  g_free (self->os_id);
  g_free (self->notes);
  g_free (self);
}

/**
 * strata_clone_mark_free:
 * @self: (nullable) (transfer full): a mark
 */
void
strata_clone_mark_free (StrataCloneMark *self)
{
  if (self == NULL)
    return;

  g_free (self->domain);
  g_free (self->template_uuid);
  g_free (self->template_name);
  g_free (self);
}

/**
 * strata_thin_mark_free:
 * @self: (nullable) (transfer full): a mark
 */
void
strata_thin_mark_free (StrataThinMark *self)
{
  if (self == NULL)
    return;

  g_free (self->source);
  g_free (self->source_name);
  g_free (self->snapshot);
  g_strfreev (self->bases);
  g_free (self);
}

/**
 * strata_domain_xml_get_template_mark:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): what makes it a template, or %NULL if it is none, or only a
 *   copy of one's definition under another UUID
 */
StrataTemplateMark *
strata_domain_xml_get_template_mark (StrataDomainXml *self)
{
  xmlNode *node;
  StrataTemplateMark *mark;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  node = find_mark (self, "/domain/metadata/strata:strata/strata:template");
  if (node == NULL)
    return NULL;

  mark = g_new0 (StrataTemplateMark, 1);
  mark->domain = strata_node_get (node, "domain");
  mark->source = strata_node_get (node, "source");
  mark->sealed = strata_node_get (node, "sealed");
  mark->operations = strata_node_get (node, "operations");
  mark->os = strata_node_get (node, "os");
  mark->os_id = strata_node_get (node, "os-id");
  mark->notes = strata_node_get (node, "notes");
  mark->version = get_version (node);

  return mark;
}

/**
 * strata_domain_xml_set_template_mark:
 * @self: a definition
 * @mark: (nullable) (transfer none): what to say, %NULL to make it an ordinary VM again; without a
 *   domain in it, it is written for the definition's own UUID
 *
 * Other metadata stays, the clone mark too.
 */
void
strata_domain_xml_set_template_mark (StrataDomainXml *self, const StrataTemplateMark *mark)
{
  xmlNode *node;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));

  remove_marks (self, "/domain/metadata/strata:strata/strata:template");
  if (mark == NULL)
    return;

  node = add_mark (self, "template", mark->domain, mark->version);
  strata_node_set (node, "source", mark->source);
  strata_node_set (node, "sealed", mark->sealed);
  strata_node_set (node, "operations", mark->operations);
  strata_node_set (node, "os", mark->os);
  strata_node_set (node, "os-id", mark->os_id);
  strata_node_set (node, "notes", mark->notes);
}

static StrataCloneMark *
clone_mark_new (xmlNode *node)
{
  StrataCloneMark *mark = g_new0 (StrataCloneMark, 1);

  mark->domain = strata_node_get (node, "domain");
  mark->template_uuid = strata_node_get (node, "template");
  mark->template_name = strata_node_get (node, "template-name");
  mark->version = get_version (node);
  mark->thin = strata_node_is (node, "thin", "yes");
  mark->was_thin = strata_node_is (node, "thin", "was");

  return mark;
}

/**
 * strata_domain_xml_get_clone_mark:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): which template it was deployed from, or %NULL if it was
 *   not, or is only a copy of a clone's definition under another UUID
 */
StrataCloneMark *
strata_domain_xml_get_clone_mark (StrataDomainXml *self)
{
  xmlNode *node;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  node = find_mark (self, "/domain/metadata/strata:strata/strata:clone");

  return node != NULL ? clone_mark_new (node) : NULL;
}

/**
 * strata_domain_xml_get_clone_marks:
 * @self: a definition
 *
 * A definition that another program gave a new UUID is no clone to a person, and its disks are where they were.
 *
 * Returns: (transfer full) (element-type StrataCloneMark): each that it has, whichever domain it was written for
 */
GPtrArray *
strata_domain_xml_get_clone_marks (StrataDomainXml *self)
{
  GPtrArray *marks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_clone_mark_free);
  g_autoptr (GPtrArray) nodes = NULL;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), marks);

  nodes = strata_document_find (strata_domain_xml_get_document (self),
                                "/domain/metadata/strata:strata/strata:clone");
  for (guint i = 0; i < nodes->len; i++)
    g_ptr_array_add (marks, clone_mark_new (g_ptr_array_index (nodes, i)));

  return marks;
}

/**
 * strata_domain_xml_set_clone_mark:
 * @self: a definition
 * @mark: (nullable) (transfer none): what to say, %NULL to forget the template; without a domain in
 *   it, it is written for the definition's own UUID
 *
 * Other metadata stays, the template mark too.
 */
void
strata_domain_xml_set_clone_mark (StrataDomainXml *self, const StrataCloneMark *mark)
{
  const char *thin = "no";
  xmlNode *node;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));

  remove_marks (self, "/domain/metadata/strata:strata/strata:clone");
  if (mark == NULL)
    return;

  node = add_mark (self, "clone", mark->domain, mark->version);
  strata_node_set (node, "template", mark->template_uuid);
  strata_node_set (node, "template-name", mark->template_name);
  if (mark->thin)
    thin = "yes";
  else if (mark->was_thin)
    thin = "was";
  strata_node_set (node, "thin", thin);
}

StrataCopyMark *
strata_copy_mark_new (const char *from, const char *to)
{
  StrataCopyMark *self = g_new0 (StrataCopyMark, 1);

  self->from = g_strdup (from);
  self->to = g_strdup (to);

  return self;
}

void
strata_copy_mark_free (StrataCopyMark *self)
{
  g_free (self->from);
  g_free (self->to);
  g_free (self);
}

/**
 * strata_domain_xml_get_copies:
 * @self: a definition
 *
 * Returns: (transfer full) (element-type StrataCopyMark): the images that the domain has left behind for copies of them, the
 *   oldest first
 */
GPtrArray *
strata_domain_xml_get_copies (StrataDomainXml *self)
{
  GPtrArray *copies = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_copy_mark_free);
  g_autoptr (GPtrArray) nodes = NULL;
  g_autofree char *uuid = NULL;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), copies);

  uuid = strata_domain_xml_get_uuid (self);
  nodes = strata_document_find (strata_domain_xml_get_document (self),
                                "/domain/metadata/strata:strata/strata:copy");
  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      g_autofree char *from = strata_node_get (node, "from");
      g_autofree char *to = strata_node_get (node, "to");

      if (from != NULL && to != NULL && uuid != NULL && strata_node_is (node, "domain", uuid))
        g_ptr_array_add (copies, strata_copy_mark_new (from, to));
    }

  return copies;
}

/**
 * strata_domain_xml_add_copy:
 * @self: a definition
 * @from: an image that a disk of it leaves behind, canonical
 * @to: the copy of @from that the disk goes on with, canonical
 *
 * By it @from is known to be a layer of that disk, when nothing stands on it any more.
 */
void
strata_domain_xml_add_copy (StrataDomainXml *self, const char *from, const char *to)
{
  xmlNode *node;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));
  g_return_if_fail (from != NULL && to != NULL);

  node = add_mark (self, "copy", NULL, 1);
  strata_node_set (node, "from", from);
  strata_node_set (node, "to", to);
}

/* Returns: (nullable): NULL where MARK is of a version that names none */
static GStrv
get_bases (xmlNode *mark)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean any = FALSE;

  for (xmlNode *child = xmlFirstElementChild (mark); child != NULL;
       child = xmlNextElementSibling (child))
    {
      char *path =
          xmlStrEqual (child->name, BAD_CAST "base") ? strata_node_get (child, "path") : NULL;

      if (path == NULL)
        continue;
      g_strv_builder_take (builder, path);
      any = TRUE;
    }

  return any ? g_strv_builder_end (builder) : NULL;
}

/**
 * strata_domain_xml_get_thin_mark:
 * @self: a definition
 *
 * A copy of a thin clone's definition, under whatever UUID, is on the same images.
 *
 * Returns: (transfer full) (nullable): on the images of which domain its disks stand, or %NULL if nothing says so
 */
StrataThinMark *
strata_domain_xml_get_thin_mark (StrataDomainXml *self)
{
  xmlNode *node;
  StrataThinMark *mark;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  node = strata_document_find_one (strata_domain_xml_get_document (self),
                                   "/domain/metadata/strata:strata/strata:thin");
  if (node == NULL)
    return NULL;

  mark = g_new0 (StrataThinMark, 1);
  mark->source = strata_node_get (node, "source");
  mark->source_name = strata_node_get (node, "source-name");
  mark->snapshot = strata_node_get (node, "snapshot");
  mark->bases = get_bases (node);

  return mark;
}

/**
 * strata_domain_xml_set_thin_mark:
 * @self: a definition
 * @mark: (nullable) (transfer none): what to say, %NULL where its disks stand on no other domain's
 */
void
strata_domain_xml_set_thin_mark (StrataDomainXml *self, const StrataThinMark *mark)
{
  xmlNode *node;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));

  remove_marks (self, "/domain/metadata/strata:strata/strata:thin");
  if (mark == NULL)
    return;

  node = add_mark (self, "thin", NULL, 1);
  strata_node_set (node, "source", mark->source);
  strata_node_set (node, "source-name", mark->source_name);
  strata_node_set (node, "snapshot", mark->snapshot);
  for (guint i = 0; mark->bases != NULL && mark->bases[i] != NULL; i++)
    strata_node_set (xmlNewChild (node, node->ns, BAD_CAST "base", NULL), "path", mark->bases[i]);
}
