/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotFacts: what was true of one snapshot when its domain was looked at. */

#include "config.h"

#include <string.h>

#include "strata-graph.h"

/* When it was taken, in which state, and of which disks. Its parent and the paths of its images are left out: they change
 * lawfully, when a layer is merged away. */
static char *
make_id (const StrataSnapshotFacts *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "%" G_GINT64_FORMAT "\n%s\n%d\n", self->created,
                   self->state != NULL ? self->state : "", (int) self->memory);
  for (guint i = 0; i < self->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (self->disks, i);

      /* A floppy that was left out libvirt may write down as external when the snapshot is defined anew. */
      if (disk->location != STRATA_SNAPSHOT_NONE && !g_str_has_prefix (disk->target, "fd"))
        g_string_append_printf (text, "%s\n%d\n", disk->target, (int) disk->location);
    }

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, (gssize) text->len);
}

static void
add_media (GPtrArray *media, StrataDomainXml *definition)
{
  g_autoptr (GPtrArray) disks =
      definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (strata_disk_xml_is_drive (disk) && disk->source != NULL &&
          g_path_is_absolute (disk->source) &&
          !g_ptr_array_find_with_equal_func (media, disk->source, g_str_equal, NULL))
        g_ptr_array_add (media, g_strdup (disk->source));
    }
}

static gboolean
is_option (gconstpointer known, gconstpointer disk)
{
  return g_strcmp0 (((const StrataDiskXml *) known)->source,
                    ((const StrataDiskXml *) disk)->source) == 0;
}

/* Both definitions have most of them. */
static void
add_options (GPtrArray *options, StrataDomainXml *definition)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_option_disks (definition);

  while (disks->len > 0)
    {
      StrataDiskXml *disk = g_ptr_array_steal_index (disks, 0);

      if (g_ptr_array_find_with_equal_func (options, disk, is_option, NULL))
        strata_disk_xml_free (disk);
      else
        g_ptr_array_add (options, disk);
    }
}

static void
read_definition (StrataSnapshotFacts *self, StrataDomainXml *definition)
{
  if (definition == NULL)
    return;

  add_options (self->options, definition);
  g_ptr_array_extend_and_steal (self->clone_marks, strata_domain_xml_get_clone_marks (definition));
  add_media (self->media, definition);
}

/* There may be thousands of snapshots, and most have nothing in their definitions, which are long, that is wanted besides the disks. */
static gboolean
has_more_than_disks (const char *xml)
{
  return strstr (xml, "clone") != NULL || strstr (xml, "cdrom") != NULL ||
         strstr (xml, "floppy") != NULL || strstr (xml, "commandline") != NULL;
}

static void
read_definitions (StrataSnapshotFacts *self, StrataSnapshotXml *document)
{
  g_autoptr (StrataDomainXml) definition = strata_snapshot_xml_get_definition (document);
  g_autoptr (StrataDomainXml) live = strata_snapshot_xml_get_live_definition (document);

  read_definition (self, definition);
  read_definition (self, live);
}

/**
 * strata_snapshot_facts_new:
 * @xml: libvirt's document, with its secrets
 * @current: whether it is the domain's current one
 * @error: where to put `STRATA_ERROR_INVALID`
 *
 * Any thread. The gathering makes the paths canonical and says what is missing.
 *
 * Returns: (transfer full): the facts
 */
StrataSnapshotFacts *
strata_snapshot_facts_new (const char *xml, gboolean current, GError **error)
{
  g_autoptr (StrataSnapshotXml) document = NULL;
  StrataSnapshotFacts *self;
  gboolean whole;

  g_return_val_if_fail (xml != NULL, NULL);

  whole = has_more_than_disks (xml);
  document = whole ? strata_snapshot_xml_new_from_string (xml, error)
                   : strata_snapshot_xml_skim (xml, error);
  if (document == NULL)
    return NULL;

  self = g_new0 (StrataSnapshotFacts, 1);
  self->xml = g_strdup (xml);
  self->name = strata_snapshot_xml_get_name (document);
  self->parent = strata_snapshot_xml_get_parent (document);
  self->description = strata_snapshot_xml_get_description (document);
  self->state = strata_snapshot_xml_get_state (document);
  self->created = strata_snapshot_xml_get_created (document);
  self->memory = strata_snapshot_xml_get_memory (document);
  self->memory_file = strata_snapshot_xml_get_memory_file (document);
  self->retained = strata_snapshot_xml_get_retained (document);
  self->disks = strata_snapshot_xml_get_disks (document);
  self->named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (strstr (xml, "backingStore") != NULL)
    strata_snapshot_xml_add_backings (document, self->named);
  self->clone_marks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_clone_mark_free);
  self->media = g_ptr_array_new_with_free_func (g_free);
  self->options = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_disk_xml_free);
  if (whole)
    read_definitions (self, document);
  self->missing_media = g_ptr_array_new_with_free_func (g_free);
  self->current = current;
  self->backing_known = TRUE;
  self->id = make_id (self);

  return self;
}

void
strata_snapshot_facts_free (StrataSnapshotFacts *self)
{
  g_free (self->name);
  g_free (self->id);
  g_free (self->parent);
  g_free (self->lost_parent);
  g_free (self->description);
  g_free (self->state);
  g_free (self->xml);
  g_free (self->memory_file);
  g_ptr_array_unref (self->disks);
  g_clear_pointer (&self->named, g_hash_table_unref);
  g_clear_pointer (&self->media, g_ptr_array_unref);
  g_clear_pointer (&self->missing_media, g_ptr_array_unref);
  g_clear_pointer (&self->clone_marks, g_ptr_array_unref);
  g_clear_pointer (&self->options, g_ptr_array_unref);
  g_free (self);
}

StrataSnapshotDisk *
strata_snapshot_facts_find_disk (const StrataSnapshotFacts *self, const char *target)
{
  for (guint i = 0; i < self->disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (self->disks, i);

      if (g_strcmp0 (disk->target, target) == 0)
        return disk;
    }

  return NULL;
}

gboolean
strata_snapshot_facts_has (const StrataSnapshotFacts *self, StrataSnapshotLocation location)
{
  for (guint i = 0; i < self->disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (self->disks, i);

      if (disk->location == location)
        return TRUE;
    }

  return FALSE;
}

/* Whether the header of OVERLAY agrees that it was put on IMAGE: it stands on it, or where an image was merged into what that stands
 * on, on that. */
static gboolean
agrees (StrataGraph *graph, const char *overlay, const char *image)
{
  const StrataImage *facts = overlay != NULL ? strata_graph_get_image (graph, overlay) : NULL;

  return facts != NULL && (strata_graph_reaches (graph, overlay, image) ||
                           (facts->backing_path != NULL &&
                            strata_graph_reaches (graph, image, facts->backing_path)));
}

/* Whether by the header of another image, which a snapshot has of the same overlay, that was put there later: it has the name of one
 * that was deleted. */
static gboolean
is_of_another (StrataGraph *graph, const StrataDomainFacts *domain, const StrataSnapshotDisk *disk)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *other = g_ptr_array_index (snapshot->disks, j);

          if (other->image != NULL && g_strcmp0 (other->image, disk->image) != 0 &&
              (g_strcmp0 (other->overlay, disk->overlay) == 0 ||
               g_strcmp0 (other->revert_overlay, disk->overlay) == 0) &&
              agrees (graph, disk->overlay, other->image))
            return TRUE;
        }
    }

  return FALSE;
}

/**
 * strata_graph_find_contradiction:
 * @graph: a graph
 * @domain: a domain of it
 * @disk: what a snapshot of @domain has of a disk
 *
 * A pool may be given another folder, and an image be moved and another be put in its place: the document goes on naming the path. What
 * was put on the frozen image says where that is, as long as it is there and no other snapshot's overlay by now.
 *
 * Returns: (nullable) (transfer none): the overlay by whose header the image of @disk is another file than the frozen one
 */
const StrataImage *
strata_graph_find_contradiction (StrataGraph *graph,
                                 const StrataDomainFacts *domain,
                                 const StrataSnapshotDisk *disk)
{
  const StrataImage *image =
      disk->image != NULL ? strata_graph_get_image (graph, disk->image) : NULL;
  const StrataImage *overlay =
      disk->overlay != NULL ? strata_graph_get_image (graph, disk->overlay) : NULL;

  if (disk->location != STRATA_SNAPSHOT_EXTERNAL || image == NULL || image->missing ||
      overlay == NULL || overlay->missing || overlay->state != STRATA_IMAGE_SEEN ||
      overlay->backing_path == NULL || agrees (graph, disk->overlay, disk->image) ||
      agrees (graph, disk->revert_overlay, disk->image) || is_of_another (graph, domain, disk))
    return NULL;

  return overlay;
}
