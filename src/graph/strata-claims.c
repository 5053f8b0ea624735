/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What an image may stand on besides what it is taken to stand on: one that is said to be raw, if its header were true, and one that
 * has names in different folders, by each of them.
 *
 * A guest may write any header onto its raw disk, so nothing is ever read through one. But virsh and other tools call a disk raw
 * where nothing is said of it, also one that is an overlay, and by the time that is corrected what it stands on has to be there.
 * So a claim is held like anything else, and never followed. Where more than the header says that the image is an overlay, one of
 * the two is wrong for certain.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-claims.h"

/* Whether IMAGE is raw by all that is said of it, and is an image of another format by what is in it. */
static gboolean
is_unlike (const StrataImage *image)
{
  return image != NULL && strata_image_is_raw (image) && image->state == STRATA_IMAGE_SEEN &&
         image->content != NULL && !g_str_equal (image->content, "raw") &&
         !g_str_equal (image->content, "iso");
}

static void
dispute_overlay (StrataGraph *self,
                 const StrataDomainFacts *domain,
                 const StrataSnapshotFacts *snapshot,
                 const char *path)
{
  StrataImage *image = strata_graph_get_image (self, path);

  if (!is_unlike (image))
    return;

  image->disputed = TRUE;
  strata_image_set_problem (image, STRATA_IMAGE_CONTRADICTING,
                            /* Translators: an image, what says so, a snapshot, a virtual machine */
                            _ ("“%s” is raw by %s, but by the snapshot “%s” of “%s” it is an "
                               "overlay"),
                            image->path, image->declared_by, snapshot->name, domain->name);
}

static gboolean
reaches_disk (StrataGraph *self, const char *top, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0 &&
          strata_graph_reaches (self, top, disk->source))
        return TRUE;
    }

  return FALSE;
}

/* Whether TOP stands on an image of DOMAIN's, or is one. */
static gboolean
reaches_domain (StrataGraph *self, const char *top, const StrataDomainFacts *domain)
{
  if (reaches_disk (self, top, domain->disks) || reaches_disk (self, top, domain->next_disks))
    return TRUE;

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->image != NULL && strata_graph_reaches (self, top, disk->image))
            return TRUE;
        }
    }

  return FALSE;
}

/* A template that was defined or imported again, from a dump, has another UUID, and perhaps another name. */
gboolean
strata_clone_mark_is_of (const StrataCloneMark *mark, const StrataDomainFacts *template)
{
  const char *source = template->template_mark != NULL ? template->template_mark->source : NULL;

  return g_strcmp0 (template->uuid, mark->template_uuid) == 0 ||
         (mark->template_name != NULL && (g_str_equal (template->name, mark->template_name) ||
                                          g_strcmp0 (source, mark->template_name) == 0));
}

/* Whether by a mark of CLONE its disks stand on images of ORIGINAL. */
static gboolean
is_marked (const StrataDomainFacts *clone, const StrataDomainFacts *original)
{
  for (guint i = 0; i < clone->clone_marks->len; i++)
    {
      const StrataCloneMark *mark = g_ptr_array_index (clone->clone_marks, i);

      if (mark->thin && strata_clone_mark_is_of (mark, original))
        return TRUE;
    }

  return clone->thin_mark != NULL && g_strcmp0 (clone->thin_mark->source, original->uuid) == 0;
}

static void
dispute_clone_disk (StrataGraph *self, const StrataDomainFacts *clone, const StrataDiskXml *disk)
{
  StrataImage *image = strata_graph_get_image (self, disk->source);
  GPtrArray *domains = strata_graph_get_domains (self);

  if (!is_unlike (image) || image->backing_path == NULL)
    return;

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *original = g_ptr_array_index (domains, i);

      if (original == clone || !is_marked (clone, original) ||
          !reaches_domain (self, image->backing_path, original))
        continue;

      image->disputed = TRUE;
      strata_image_set_problem (
          image, STRATA_IMAGE_CONTRADICTING,
          /* Translators: an image, what says so, a virtual machine, the original of that one */
          _ ("“%s” is raw by %s, but “%s” is a thin clone of “%s”, on which it stands by its header"),
          image->path, image->declared_by, clone->name, original->name);
      return;
    }
}

void
strata_graph_dispute_raw (StrataGraph *self, const StrataDomainFacts *domain)
{
  GPtrArray *views[] = { domain->disks, domain->next_disks };

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          dispute_overlay (self, domain, snapshot, disk->overlay);
          dispute_overlay (self, domain, snapshot, disk->revert_overlay);
        }
    }

  for (size_t v = 0; v < G_N_ELEMENTS (views); v++)
    {
      for (guint i = 0; i < views[v]->len; i++)
        dispute_clone_disk (self, domain, g_ptr_array_index (views[v], i));
    }
}
