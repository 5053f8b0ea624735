/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The law about what is seen: a step does nothing to what an image that could not be looked at might be or stand on, nor to
 * files that are named otherwise than as disks.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-law-private.h"
#include "graph/strata-holders.h"
#include "base/strata-error.h"
#include "strata-law.h"

/* What a step reads, writes, relinks or removes, as far as it is there before the plan. */
static void
collect_images (StrataVerification *self, JsonNode *node, GPtrArray *images)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      g_autoptr (GList) values = json_object_get_values (json_node_get_object (node));

      for (GList *item = values; item != NULL; item = item->next)
        collect_images (self, item->data, images);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        collect_images (self, json_array_get_element (array, i), images);
    }
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      StrataImage *image = strata_graph_get_image (self->graph, json_node_get_string (node));

      if (image != NULL && !g_ptr_array_find (images, image, NULL))
        g_ptr_array_add (images, image);
    }
}

void
strata_law_refuse_unseen (StrataGraph *graph,
                          const StrataImage *unseen,
                          const char *path,
                          GError **error)
{
  g_autofree char *hint = strata_graph_get_unseen_hint (graph, unseen);

  strata_set_error (error, STRATA_ERROR_REFUSED, hint,
                    /* Translators: why an image can't be seen, a sentence, then another image */
                    _ ("%s, so nothing shows that it doesn’t stand on “%s”"), unseen->problem,
                    path);
}

/* An image that could not be seen may stand on any other, unless its definition says what it stands on. */
static gboolean
require_no_unknown (StrataVerification *self, const StrataImage *touched, GError **error)
{
  for (guint i = 0; i < self->unknown->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (self->unknown, i);

      if (image == touched)
        continue;
      strata_law_refuse_unseen (self->graph, image, touched->path, error);
      return FALSE;
    }

  return TRUE;
}

static gboolean
require_seen_chain (StrataVerification *self, StrataTouch touch, StrataImage *image, GError **error)
{
  if (touch == STRATA_TOUCH_REMOVES)
    return image->state == STRATA_IMAGE_FOREIGN || image->state == STRATA_IMAGE_MISSING ||
           strata_image_require_seen (image, error);

  for (StrataChain link = strata_graph_walk (self->graph, image->path); link.image != NULL;
       strata_chain_next (&link))
    {
      if (!strata_image_require_seen (link.image, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
require_no_other_name (const StrataStep *step, const StrataImage *image, GError **error)
{
  gboolean written = step->kind == STRATA_STEP_SNAPSHOT_REVERT ||
                     (step->kind == STRATA_STEP_COMMIT &&
                      g_strcmp0 (strata_layers_arg (step->args, "base"), image->path) == 0);

  if (!written || image->n_other_names == 0)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Find them with “find -samefile”, and see what stands on them."),
                    g_dngettext (GETTEXT_PACKAGE,
                                 "“%s” has %u more name (a hard link) on its file system, and what "
                                 "stands on that isn’t known",
                                 "“%s” has %u more names (hard links) on its file system, and what "
                                 "stands on those isn’t known",
                                 image->n_other_names),
                    image->path, image->n_other_names);
  return FALSE;
}

/* The step names a snapshot; what it rewrites are the images that have the snapshot's tag. */
static void
collect_tagged (StrataVerification *self, const StrataStep *step, GPtrArray *images)
{
  GPtrArray *holders = strata_layers_get_holders (self->layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataImage *image = strata_graph_get_image (self->graph, holder->top);

      if (holder->by_tag && image != NULL &&
          g_strcmp0 (holder->uuid, strata_layers_arg (step->args, "uuid")) == 0 &&
          g_strcmp0 (holder->snapshot, strata_layers_arg (step->args, "snapshot")) == 0 &&
          !g_ptr_array_find (images, image, NULL))
        g_ptr_array_add (images, image);
    }
}

/* What a plan does to a document: DOMAIN's own where SNAPSHOT is NULL. */
typedef gboolean (*StepTest) (const StrataStep *step,
                              const StrataDomainFacts *domain,
                              const StrataSnapshotFacts *snapshot,
                              const char *path);

/* What has to be true of one snapshot of DOMAIN before PATH may go, or a step may do what it does to it. */
typedef gboolean (*SnapshotRule) (StrataVerification *self,
                                  const StrataDomainFacts *domain,
                                  const StrataSnapshotFacts *snapshot,
                                  const char *path,
                                  GError **error);

/* Whether a step of the plan does it. */
static gboolean
has_step (StrataVerification *self,
          StepTest test,
          const StrataDomainFacts *domain,
          const StrataSnapshotFacts *snapshot,
          const char *path)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (test (strata_plan_get_step (self->plan, i), domain, snapshot, path))
        return TRUE;
    }

  return FALSE;
}

static gboolean
require_of_snapshots (StrataVerification *self,
                      SnapshotRule rule,
                      const StrataDomainFacts *domain,
                      const char *path,
                      GError **error)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      if (!rule (self, domain, g_ptr_array_index (domain->snapshots, i), path, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
require_of_all_snapshots (StrataVerification *self,
                          SnapshotRule rule,
                          const char *path,
                          GError **error)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      if (!require_of_snapshots (self, rule, g_ptr_array_index (domains, i), path, error))
        return FALSE;
    }

  return TRUE;
}

/* Whether from STEP on no definition of DOMAIN names PATH. */
static gboolean
names_no_more (const StrataStep *step,
               const StrataDomainFacts *domain,
               const StrataSnapshotFacts *snapshot,
               const char *path)
{
  g_autoptr (GHashTable) files = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;

  if (!strata_law_is_about (step, "uuid", domain->uuid))
    return FALSE;
  if (step->kind == STRATA_STEP_UNDEFINE)
    return TRUE;
  if (step->kind != STRATA_STEP_DEFINE)
    return FALSE;

  files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  definition = strata_domain_xml_new_from_string (strata_layers_arg (step->args, "xml"), NULL);
  if (definition != NULL)
    strata_domain_xml_add_files (definition, files);

  return definition != NULL && !g_hash_table_contains (files, path);
}

/* A file that is no disk of DOMAIN and that it needs all the same: its UEFI variables, which two definitions may share, its
 * kernel, what it gives QEMU on the command line. */
static gboolean
require_not_named (StrataVerification *self,
                   const StrataDomainFacts *domain,
                   const char *path,
                   GError **error)
{
  g_autofree char *nvram = NULL;

  if (!g_hash_table_contains (domain->files, path) ||
      has_step (self, names_no_more, domain, NULL, path))
    return TRUE;

  nvram = strata_domain_xml_get_nvram (domain->definition);
  if (g_strcmp0 (strata_graph_resolve (self->graph, nvram), path) == 0)
    strata_set_error (error, STRATA_ERROR_REFUSED,
                      _ ("Give it a file of its own in its definition (<nvram>)."),
                      _ ("“%s” holds the UEFI variables of “%s”"), path, domain->name);
  else
    strata_set_error (error, STRATA_ERROR_REFUSED,
                      _ ("See with “virsh dumpxml” what for, and give it a file of its own."),
                      _ ("The definition of “%s” names “%s” too"), domain->name, path);

  return FALSE;
}

/* Whether from STEP on no document of SNAPSHOT, of DOMAIN, names what its images don't stand on. */
static gboolean
says_true (const StrataStep *step,
           const StrataDomainFacts *domain,
           const StrataSnapshotFacts *snapshot,
           const char *path)
{
  return strata_law_is_about (step, "uuid", domain->uuid) &&
         (strata_step_is (step, STRATA_STEP_RECONCILE, STRATA_STEP_UNDEFINE) ||
          (strata_step_is (step, STRATA_STEP_DELETE_METADATA, STRATA_STEP_SNAPSHOT_DELETE) &&
           g_strcmp0 (strata_layers_arg (step->args, "snapshot"), snapshot->name) == 0));
}

/* libvirt opens what a snapshot's document names below its images, whatever their headers say by then. Where the headers
 * say the same, what it reads is compared; a document that nothing tells of the removal would name what is gone. */
static gboolean
require_not_below (StrataVerification *self,
                   const StrataDomainFacts *domain,
                   const StrataSnapshotFacts *snapshot,
                   const char *path,
                   GError **error)
{
  if (!g_hash_table_contains (snapshot->named, path) ||
      has_step (self, says_true, domain, snapshot, path))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("“stratactl doctor --repair” writes down what its images stand on."),
                    /* Translators: a snapshot, a VM, and an image */
                    _ ("The snapshot “%s” of “%s” names “%s” as what its images stand on"),
                    snapshot->name, domain->name, path);
  return FALSE;
}

/* Whether from STEP on SNAPSHOT, of DOMAIN, is gone or names another image instead of PATH. */
static gboolean
names_another (const StrataStep *step,
               const StrataDomainFacts *domain,
               const StrataSnapshotFacts *snapshot,
               const char *path)
{
  return step->kind == STRATA_STEP_RECONCILE
             ? strata_law_get_move (step, domain->uuid, path) != NULL
             : says_true (step, domain, snapshot, path);
}

/* QEMU is given it after a return to SNAPSHOT, which nothing tells of another image. */
static gboolean
require_no_option (StrataVerification *self,
                   const StrataDomainFacts *domain,
                   const StrataSnapshotFacts *snapshot,
                   const char *path,
                   GError **error)
{
  for (guint i = 0; i < snapshot->options->len && !snapshot->retained; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (snapshot->options, i);
      g_autoptr (StrataHolderKey) key =
          strata_holder_key_new_use (domain->uuid, snapshot->name, "option", disk->source);

      if (g_strcmp0 (disk->source, path) != 0 || strata_law_is_discarded (self, key))
        continue;
      strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Delete that snapshot first."),
                        /* Translators: a snapshot, a virtual machine, and an image */
                        _ ("The snapshot “%s” of “%s” gives QEMU “%s” on its command line"),
                        snapshot->name, domain->name, path);
      return FALSE;
    }

  return TRUE;
}

/* What a snapshot left out comes back with it, also where it is the domain's own disk now, which it may read no more after the plan. */
static gboolean
require_not_left_out (StrataVerification *self,
                      const StrataDomainFacts *domain,
                      const StrataSnapshotFacts *snapshot,
                      const char *path,
                      GError **error)
{
  if (!require_no_option (self, domain, snapshot, path, error))
    return FALSE;

  for (guint i = 0; i < snapshot->disks->len && !snapshot->retained; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      g_autoptr (StrataHolderKey) key =
          strata_holder_key_new_snapshot (domain->uuid, snapshot->name, disk->target);

      if (disk->location != STRATA_SNAPSHOT_NONE || g_strcmp0 (disk->image, path) != 0 ||
          strata_law_is_discarded (self, key) ||
          has_step (self, names_another, domain, snapshot, path))
        continue;
      strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Delete that snapshot first."),
                        /* Translators: a snapshot, a virtual machine, and an image */
                        _ ("The snapshot “%s” of “%s” left “%s” out, and the machine has it back "
                           "with the snapshot"),
                        snapshot->name, domain->name, path);
      return FALSE;
    }

  return TRUE;
}

static gboolean
require_named_by_none (StrataVerification *self,
                       StrataTouch touch,
                       const char *path,
                       GError **error)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);
  const char *resolved = strata_graph_resolve (self->graph, path);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (!require_not_named (self, domain, resolved, error) ||
          (touch == STRATA_TOUCH_REMOVES &&
           (!require_of_snapshots (self, require_not_below, domain, resolved, error) ||
            !require_of_snapshots (self, require_not_left_out, domain, resolved, error))))
        return FALSE;
    }

  return TRUE;
}

static gboolean
has_disk (StrataVerification *self, GPtrArray *disks, const StrataImage *image)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (strata_graph_resolve (self->graph, disk->source), image->path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* STEP moves no byte, but gives a domain disks that it doesn't have, and its guest writes to them. */
static gboolean
require_given_seen (StrataVerification *self, const StrataStep *step, GError **error)
{
  const char *uuid = strata_layers_arg (step->args, "uuid");
  const char *xml = strata_layers_arg (step->args, "xml");
  const StrataDomainFacts *domain =
      uuid != NULL ? strata_graph_find_domain (self->graph, uuid) : NULL;
  g_autoptr (StrataDomainXml) definition =
      xml != NULL ? strata_domain_xml_new_from_string (xml, NULL) : NULL;
  g_autoptr (GPtrArray) disks =
      definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);
      StrataImage *image;

      strata_graph_resolve_disk (self->graph, disk);
      image = strata_graph_get_image (self->graph, disk->source);
      if (image == NULL || !strata_disk_is_written (disk) ||
          strata_law_is_own (self, step, image) ||
          (domain != NULL &&
           (has_disk (self, domain->disks, image) || has_disk (self, domain->next_disks, image))))
        continue;
      if ((image->state == STRATA_IMAGE_UNKNOWN && !strata_image_require_seen (image, error)) ||
          !require_no_unknown (self, image, error) ||
          !strata_graph_check_seen (self->graph, error) ||
          !strata_law_require_no_absence (self, step, image, error))
        return FALSE;
    }

  return TRUE;
}

/* Unknown is never nothing: what can't be seen is held by an unknown party. */
gboolean
strata_law_require_seen (StrataVerification *self, StrataStep *step, GError **error)
{
  StrataTouch touch = strata_step_kind_get_touch (step->kind);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), step->args);
  g_autoptr (GPtrArray) images = g_ptr_array_new ();
  const char *uuid = strata_layers_arg (step->args, "uuid");
  const StrataDomainFacts *domain =
      uuid != NULL ? strata_graph_find_domain (self->graph, uuid) : NULL;

  if (domain != NULL && !strata_domain_facts_require_read (domain, error))
    return FALSE;
  if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_RESTORE))
    return require_given_seen (self, step, error);
  if (touch == STRATA_TOUCH_NOTHING)
    return TRUE;

  collect_images (self, node, images);
  if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
    collect_tagged (self, step, images);
  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if (!require_seen_chain (self, touch, image, error) ||
          !require_no_other_name (step, image, error))
        return FALSE;
      if (touch >= STRATA_TOUCH_CHANGES && !strata_law_is_own (self, step, image) &&
          (!require_no_unknown (self, image, error) ||
           !strata_graph_check_seen (self->graph, error)))
        return FALSE;
      if (touch >= STRATA_TOUCH_FILLS &&
          (!strata_law_require_no_absence (self, step, image, error) ||
           !require_named_by_none (self, touch, image->path, error)))
        return FALSE;
    }

  return TRUE;
}

GPtrArray *
strata_law_collect_unknown (StrataGraph *graph)
{
  GPtrArray *unknown = g_ptr_array_new ();
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if (image->state == STRATA_IMAGE_UNKNOWN && image->backing_path == NULL &&
          (g_strcmp0 (image->format, "raw") != 0 || image->type == STRATA_IMAGE_NETWORK))
        g_ptr_array_add (unknown, image);
    }

  return unknown;
}

gboolean
strata_law_sees_all (StrataGraph *graph)
{
  g_autoptr (GPtrArray) unknown = strata_law_collect_unknown (graph);

  return unknown->len == 0 && strata_graph_check_seen (graph, NULL);
}

/* Another file may have come to be under the name of the one that the plan is to delete. */
static gboolean
require_same_file (StrataVerification *self,
                   const StrataStep *step,
                   const char *path,
                   const char *key,
                   GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);
  const char *identity = json_object_get_string_member_with_default (step->args, key, NULL);

  if (identity == NULL || image == NULL || image->identity == NULL ||
      g_str_equal (identity, image->identity))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("See what it is, and make the plan again."),
                    _ ("“%s” is another file than when the plan was made"), path);
  return FALSE;
}

/* What STEP, which is done, put something on or made read-only is what it was then. */
gboolean
strata_law_require_same_base (StrataVerification *self, const StrataStep *step, GError **error)
{
  const StrataImage *overlay =
      strata_graph_get_image (self->graph, strata_layers_arg (step->args, "path"));
  const char *backing = strata_layers_arg (step->args, "backing");
  const StrataImage *base = strata_graph_get_image (self->graph, backing);

  if (overlay != NULL && step->kind == STRATA_STEP_SET_MODE)
    return require_same_file (self, step, overlay->path, "identity", error);
  if (overlay == NULL || overlay->missing || step->kind != STRATA_STEP_CREATE_OVERLAY)
    return TRUE;
  if (base == NULL || !base->missing)
    return require_same_file (self, step, backing, "backing-identity", error);

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Bring it back, and try again."),
                    _ ("“%s” has gone missing since “%s” was put on it"), backing, overlay->path);
  return FALSE;
}

/* What there is of a device in /dev is for the host's administrator to take away. */
static gboolean
require_no_device (StrataVerification *self,
                   const StrataStep *step,
                   const char *path,
                   GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);

  if (step->kind == STRATA_STEP_DELETE_TAG || image == NULL || image->type != STRATA_IMAGE_BLOCK)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Make the plan again."),
                    _ ("“%s” is a device, which no plan may remove"), path);
  return FALSE;
}

/* Where another file has the name of what SNAPSHOT froze, the header of the overlay PATH alone may say where that is. */
static gboolean
require_no_witness (StrataVerification *self,
                    const StrataDomainFacts *domain,
                    const StrataSnapshotFacts *snapshot,
                    const char *path,
                    GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);

  for (guint i = 0; i < snapshot->disks->len && !snapshot->retained; i++)
    {
      g_autoptr (StrataHolderKey) key = NULL;

      if (strata_graph_find_contradiction (self->graph, domain, snapshot->disks->pdata[i]) != image)
        continue;
      key = strata_holder_key_new_use (domain->uuid, snapshot->name, "frozen", image->backing_path);
      if (strata_law_is_discarded (self, key))
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("Put the image that was frozen back under its name, or delete that snapshot first."),
          /* Translators: an image, a snapshot, a virtual machine */
          _ ("Only “%s” shows where the image is that the snapshot “%s” of “%s” froze"),
          image->path, snapshot->name, domain->name);
      return FALSE;
    }

  return TRUE;
}

static gboolean
require_no_memory (StrataVerification *self,
                   const StrataDomainFacts *domain,
                   const StrataSnapshotFacts *snapshot,
                   const char *path,
                   GError **error)
{
  g_autoptr (StrataHolderKey) key = NULL;

  if (g_strcmp0 (snapshot->memory_file, path) != 0)
    return TRUE;
  key = strata_holder_key_new_memory (domain->uuid, snapshot->name);
  if (strata_law_is_discarded (self, key))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Delete that snapshot first, or take one of the two out of the list alone "
                       "(“stratactl snapshot delete … --metadata-only”)."),
                    _ ("“%s” is the memory of the snapshot “%s” of “%s”"), path, snapshot->name,
                    domain->name);
  return FALSE;
}

gboolean
strata_law_require_files_kept (StrataVerification *self, StrataStep *step, GError **error)
{
  const char *path = strata_step_get_arg (step, "path");
  const char *emptied = step->kind == STRATA_STEP_PULL ? strata_step_get_arg (step, "image") : path;

  if (strata_step_is (step, STRATA_STEP_PULL, STRATA_STEP_DELETE_VOLUME) &&
      strata_graph_get_image (self->graph, emptied) != NULL &&
      !require_of_all_snapshots (self, require_no_witness, emptied, error))
    return FALSE;
  if (!strata_step_is (step, STRATA_STEP_DELETE_FILE, STRATA_STEP_DELETE_TAG,
                       STRATA_STEP_DELETE_VOLUME) ||
      path == NULL)
    return TRUE;

  return require_no_device (self, step, path, error) &&
         require_named_by_none (self, STRATA_TOUCH_REMOVES, path, error) &&
         require_same_file (self, step, path, "identity", error) &&
         require_of_all_snapshots (self, require_no_memory, path, error);
}
