/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The planner's law: for everybody the request does not itself discard, what is read after the plan, and after
 * every step of it, is byte for byte what was read before. Whatever planner made the plan, it is carried out on
 * paper here, and refused if anybody would read anything else.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-layers-steps.h"
#include "strata-request.h"
#include "xml/strata-error.h"

typedef struct
{
  StrataGraph *graph;
  StrataPlan *plan;
  GPtrArray *unknown;     /* StrataImage: those that may stand on anything */
  StrataLayers *first;    /* the host before the plan */
  StrataLayers *layers;   /* the host after the steps so far */
  StrataWriters *writers; /* of FIRST */
  /* StrataHolderKey -> what it read first, for those who read nothing before the plan */
  GHashTable *later;
  const gboolean *done; /* (nullable): of which steps nothing is left to do */
  GHashTable *lineages; /* (nullable): until it is asked for; path -> Absence */
} Court;

/* An image of DOMAIN that isn't there, so that what it stands on isn't known. */
typedef struct
{
  const StrataDomainFacts *domain;
  const char *path;
} Absence;

static gboolean
is_about (const StrataStepSpec *step, const char *key, const char *value)
{
  return g_strcmp0 (json_object_get_string_member_with_default (step->args, key, NULL), value) == 0;
}

/* A step that gives the disks of UUID other content than they have now. */
static gboolean
rewrites (StrataStepSpec *step, const char *uuid)
{
  static const char *const whole[] = { "define", "undefine", "snapshot-revert", NULL };
  static const char *const inside[] = { "commit", "pull", "seal", "customise", NULL };

  return g_strv_contains (inside, step->kind) ||
         (g_strv_contains (whole, step->kind) && is_about (step, "uuid", uuid));
}

static gboolean
discards (StrataStepSpec *step, const StrataHolderKey *key)
{
  switch (key->kind)
    {
    case STRATA_HOLDER_KEY_DISK:
    case STRATA_HOLDER_KEY_NEXT_DISK:
    case STRATA_HOLDER_KEY_BACKING:
      return rewrites (step, key->uuid);
    case STRATA_HOLDER_KEY_SNAPSHOT:
    case STRATA_HOLDER_KEY_MEMORY:
      return (g_str_equal (step->kind, "snapshot-forget") ||
              g_str_equal (step->kind, "snapshot-delete")) &&
             is_about (step, "uuid", key->uuid) && is_about (step, "snapshot", key->snapshot);
    case STRATA_HOLDER_KEY_IMAGE:
    case STRATA_HOLDER_KEY_TAG:
    case STRATA_HOLDER_KEY_TEMPLATE:
      break;
    }

  return FALSE;
}

/* What the request gave up is gone once the steps that discard it are done. A snapshot that has the name by then is another
 * one, and what the domain has on its disks was written since: nothing of that was given up. */
static gboolean
is_spent (Court *self, const StrataHolderKey *key)
{
  gboolean discarded = FALSE;

  for (guint i = 0; self->done != NULL && i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (!discards (strata_plan_get_step (self->plan, i), key))
        continue;
      if (!self->done[i])
        return FALSE;
      discarded = TRUE;
    }

  return discarded;
}

/* STEP is about the image that KEY is of */
static gboolean
removes_tag (StrataStepSpec *step, const StrataHolderKey *key)
{
  gboolean same = key->tag != NULL && is_about (step, "tag", key->tag);

  return key->kind == STRATA_HOLDER_KEY_TAG && ((g_str_equal (step->kind, "delete-tag") && same) ||
                                                (g_str_equal (step->kind, "keep-tag") && !same));
}

/* What a begun plan is still to delete may be named by none any more because of the steps that are done. A party that came to
 * need it since is another holder. */
static gboolean
is_left_to_delete (Court *self, const StrataHolderKey *key)
{
  if (self->done == NULL ||
      (key->kind != STRATA_HOLDER_KEY_IMAGE && key->kind != STRATA_HOLDER_KEY_TAG))
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStepSpec *step = strata_plan_get_step (self->plan, i);

      if (self->done[i] || !is_about (step, "path", key->path))
        continue;
      if (g_str_equal (step->kind, "delete-volume") || removes_tag (step, key))
        return TRUE;
    }

  return FALSE;
}

/* An image that a begun plan has made is the plan's own until it is named by a definition. */
static gboolean
is_made (Court *self, const StrataHolderKey *key)
{
  static const struct
  {
    const char *kind;
    const char *key;
  } made[] = {
    { "create-overlay", "path" },
    { "copy-image", "destination" },
    { "copy-verbatim", "to" },
    { "convert-tag", "to" },
  };

  if (self->done == NULL || key->kind != STRATA_HOLDER_KEY_IMAGE)
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStepSpec *step = strata_plan_get_step (self->plan, i);

      for (size_t j = 0; self->done[i] && j < G_N_ELEMENTS (made); j++)
        {
          if (g_str_equal (step->kind, made[j].kind) && is_about (step, made[j].key, key->path))
            return TRUE;
        }
    }

  return FALSE;
}

static gboolean
gives_up (Court *self, const StrataHolderKey *key)
{
  GPtrArray *given_up = strata_plan_get_given_up (self->plan);

  if (is_left_to_delete (self, key) || is_made (self, key))
    return TRUE;

  for (guint i = 0; i < given_up->len; i++)
    {
      const StrataHolderKey *item = g_ptr_array_index (given_up, i);

      if (strata_holder_key_covers (item, key) && !is_spent (self, item))
        return TRUE;
    }

  return FALSE;
}

static char *
key_to_text (Court *self, const StrataHolderKey *key)
{
  StrataDomainFacts *domain =
      key->uuid != NULL ? strata_graph_find_domain (self->graph, key->uuid) : NULL;
  const char *name = domain != NULL ? domain->name : key->uuid;

  switch (key->kind)
    {
    case STRATA_HOLDER_KEY_SNAPSHOT:
    case STRATA_HOLDER_KEY_MEMORY:
      return g_strdup_printf (_ ("the snapshot “%s” of “%s”"), key->snapshot, name);
    case STRATA_HOLDER_KEY_IMAGE:
      return g_strdup_printf (_ ("the image “%s”"), key->path);
    case STRATA_HOLDER_KEY_TAG:
      if (key->tag == NULL)
        return g_strdup_printf (_ ("the internal snapshots in “%s”"), key->path);
      return g_strdup_printf (
          _ ("the internal snapshot “%s” in “%s”, which no virtual machine names"), key->tag,
          key->path);
    case STRATA_HOLDER_KEY_DISK:
    case STRATA_HOLDER_KEY_NEXT_DISK:
    case STRATA_HOLDER_KEY_BACKING:
    case STRATA_HOLDER_KEY_TEMPLATE:
      break;
    }

  return g_strdup_printf (_ ("“%s”"), name);
}

/* Whether STAKE, of before the plan, can only read what it read then. */
static gboolean
is_untouched (Court *self, const StrataStake *stake, GHashTable *changed)
{
  StrataStake *now = strata_layers_find_stake (self->layers, stake->key);

  return now != NULL && g_strcmp0 (now->top, stake->top) == 0 &&
         g_strcmp0 (now->tag, stake->tag) == 0 && !g_hash_table_contains (changed, stake->top);
}

static gboolean
read_before (Court *self, const StrataHolderKey *key, GHashTable *changed)
{
  StrataStake *stake = strata_layers_find_stake (self->first, key);
  g_autofree char *content = NULL;

  if (stake == NULL)
    return FALSE;
  if (is_untouched (self, stake, changed))
    return TRUE;
  content = strata_layers_read (self->first, stake);

  return content != NULL;
}

static void
remember (Court *self, GHashTable *changed)
{
  GPtrArray *stakes = strata_layers_get_stakes (self->layers);

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);
      char *content;

      if (read_before (self, stake->key, changed) ||
          g_hash_table_contains (self->later, stake->key) || gives_up (self, stake->key))
        continue;

      content = strata_layers_read (self->layers, stake);
      if (content != NULL)
        g_hash_table_insert (self->later, strata_holder_key_copy (stake->key), content);
    }
}

static gboolean
need_same (Court *self,
           const StrataHolderKey *key,
           const char *before,
           StrataStepSpec *step,
           GError **error)
{
  StrataStake *stake = strata_layers_find_stake (self->layers, key);
  g_autofree char *after = stake != NULL ? strata_layers_read (self->layers, stake) : NULL;
  g_autofree char *who = NULL;

  if (g_strcmp0 (before, after) == 0)
    return TRUE;

  who = key_to_text (self, key);
  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Delete what needs it first, or make a full copy and work on that."),
                    /* Translators: a step ("Commit “b” into “a”"), then somebody */
                    _ ("This would change what %s reads, at “%s”"), who, step->title);

  return FALSE;
}

static gboolean
compare (Court *self, GHashTable *changed, StrataStepSpec *step, GError **error)
{
  GPtrArray *stakes = strata_layers_get_stakes (self->first);
  GHashTableIter iter;
  const StrataHolderKey *key;
  const char *before;

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);
      g_autofree char *content = NULL;

      if (is_untouched (self, stake, changed) || gives_up (self, stake->key))
        continue;
      content = strata_layers_read (self->first, stake);
      if (content != NULL && !need_same (self, stake->key, content, step, error))
        return FALSE;
    }

  g_hash_table_iter_init (&iter, self->later);
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, (gpointer *) &before))
    {
      if (!need_same (self, key, before, step, error))
        return FALSE;
    }

  return TRUE;
}

/* What a step reads, writes, relinks or removes, as far as it is there before the plan. */
static void
collect_images (Court *self, JsonNode *node, GPtrArray *images)
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

typedef enum
{
  TOUCH_NOTHING, /* no image */
  TOUCH_READS,   /* reads them, or puts something on them */
  TOUCH_CHANGES, /* writes into what was there before, or changes what it stands on */
  TOUCH_REMOVES,
} Touch;

/* Of a kind that is not in the table the worst is assumed. */
static Touch
get_touch (const StrataStepSpec *step)
{
  static const struct
  {
    const char *kind;
    Touch touch;
  } table[] = {
    { "check-chain", TOUCH_NOTHING },
    { "check-space", TOUCH_NOTHING },
    { "copy-file", TOUCH_NOTHING },
    { "define", TOUCH_NOTHING },
    { "require-active", TOUCH_NOTHING },
    { "require-off", TOUCH_NOTHING },
    { "restore", TOUCH_NOTHING },
    { "settle", TOUCH_NOTHING },
    { "shut-down", TOUCH_NOTHING },
    { "snapshot-define", TOUCH_NOTHING },
    { "snapshot-forget", TOUCH_NOTHING },
    { "start", TOUCH_NOTHING },
    { "undefine", TOUCH_NOTHING },
    { "convert-tag", TOUCH_READS },
    { "copy-image", TOUCH_READS },
    { "copy-verbatim", TOUCH_READS },
    { "create-overlay", TOUCH_READS },
    { "inspect", TOUCH_READS },
    { "set-mode", TOUCH_READS },
    { "snapshot-create", TOUCH_READS },
    { "verify", TOUCH_READS },
    { "delete-file", TOUCH_REMOVES },
    { "delete-volume", TOUCH_REMOVES },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (g_str_equal (table[i].kind, step->kind))
        return table[i].touch;
    }

  return TOUCH_CHANGES;
}

/* An image that could not be seen may stand on any other, unless its definition says what it stands on. */
static gboolean
need_no_unknown (Court *self, const StrataImage *touched, GError **error)
{
  for (guint i = 0; i < self->unknown->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (self->unknown, i);

      if (image == touched)
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("Make it visible again (plug the storage in, start its pool), or remove "
             "what names it."),
          /* Translators: why an image can't be seen, a sentence, then another image */
          _ ("%s, so nothing shows that it doesn’t stand on “%s”"), image->problem, touched->path);
      return FALSE;
    }

  return TRUE;
}

static gboolean
need_seen_chain (Court *self, Touch touch, StrataImage *image, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  if (touch == TOUCH_REMOVES)
    return image->state == STRATA_IMAGE_FOREIGN || image->state == STRATA_IMAGE_MISSING ||
           strata_image_require_seen (image, error);

  for (; image != NULL && g_hash_table_add (seen, image);
       image = strata_graph_get_image (self->graph, image->backing_path))
    {
      if (!strata_image_require_seen (image, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
need_no_other_name (const StrataStepSpec *step, const StrataImage *image, GError **error)
{
  gboolean written = g_str_equal (step->kind, "snapshot-revert") ||
                     (g_str_equal (step->kind, "commit") &&
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
collect_tagged (Court *self, const StrataStepSpec *step, GPtrArray *images)
{
  GPtrArray *stakes = strata_layers_get_stakes (self->layers);

  for (guint i = 0; i < stakes->len; i++)
    {
      const StrataStake *stake = g_ptr_array_index (stakes, i);
      StrataImage *image = strata_graph_get_image (self->graph, stake->top);

      if (stake->by_tag && image != NULL &&
          g_strcmp0 (stake->uuid, strata_layers_arg (step->args, "uuid")) == 0 &&
          g_strcmp0 (stake->snapshot, strata_layers_arg (step->args, "snapshot")) == 0 &&
          !g_ptr_array_find (images, image, NULL))
        g_ptr_array_add (images, image);
    }
}

/* Whether from STEP on no definition of DOMAIN names PATH. */
static gboolean
names_no_more (const StrataStepSpec *step, const StrataDomainFacts *domain, const char *path)
{
  g_autoptr (GHashTable) files = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;

  if (!is_about (step, "uuid", domain->uuid))
    return FALSE;
  if (g_str_equal (step->kind, "undefine"))
    return TRUE;
  if (!g_str_equal (step->kind, "define"))
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
need_not_named (Court *self, const StrataDomainFacts *domain, const char *path, GError **error)
{
  g_autofree char *nvram = NULL;

  if (!g_hash_table_contains (domain->files, path))
    return TRUE;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (names_no_more (strata_plan_get_step (self->plan, i), domain, path))
        return TRUE;
    }

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
says_true (const StrataStepSpec *step,
           const StrataDomainFacts *domain,
           const StrataSnapshotFacts *snapshot)
{
  static const char *const one[] = { "snapshot-forget", "snapshot-delete", NULL };
  static const char *const all[] = { "settle", "undefine", NULL };

  return is_about (step, "uuid", domain->uuid) &&
         (g_strv_contains (all, step->kind) ||
          (g_strv_contains (one, step->kind) &&
           g_strcmp0 (strata_layers_arg (step->args, "snapshot"), snapshot->name) == 0));
}

/* libvirt opens what a snapshot's document names below its images, whatever their headers say by then. Where the headers
 * say the same, what it reads is compared; a document that nothing tells of the removal would name what is gone. */
static gboolean
need_not_below (Court *self, const StrataDomainFacts *domain, const char *path, GError **error)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);
      gboolean told = !g_hash_table_contains (snapshot->named, path);

      for (guint j = 0; j < strata_plan_get_n_steps (self->plan) && !told; j++)
        told = says_true (strata_plan_get_step (self->plan, j), domain, snapshot);
      if (told)
        continue;
      strata_set_error (error, STRATA_ERROR_REFUSED,
                        _ ("“stratactl doctor --mend” writes down what its images stand on."),
                        /* Translators: a snapshot, a VM, and an image */
                        _ ("The snapshot “%s” of “%s” names “%s” as what its images stand on"),
                        snapshot->name, domain->name, path);
      return FALSE;
    }

  return TRUE;
}

static gboolean
need_named_by_none (Court *self, Touch touch, const char *path, GError **error)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);
  const char *resolved = strata_graph_resolve (self->graph, path);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (!need_not_named (self, domain, resolved, error) ||
          (touch == TOUCH_REMOVES && !need_not_below (self, domain, resolved, error)))
        return FALSE;
    }

  return TRUE;
}

/* A raw image stands on nothing, wherever it is. FORMAT: (nullable): by what names TOP */
static const char *
find_absent_link (Court *self, const char *top, const char *format)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (const char *path = strata_graph_resolve (self->graph, top);
       path != NULL && g_hash_table_add (seen, (char *) path);)
    {
      const StrataImage *image = strata_graph_get_image (self->graph, path);

      if (image == NULL)
        return format == NULL || g_str_equal (format, "raw") ? NULL : path;
      if (image->state == STRATA_IMAGE_MISSING)
        return g_strcmp0 (image->format, "raw") == 0 ? NULL : path;
      format = image->backing_format;
      path = strata_graph_resolve (self->graph, image->backing_path);
    }

  return NULL;
}

static const char *
find_absent_disk (Court *self, const StrataDomainFacts *domain, gboolean next)
{
  GPtrArray *disks = next ? domain->next_disks : domain->disks;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      g_autoptr (StrataHolderKey) key =
          next ? strata_holder_key_new_next_disk (domain->uuid, disk->target)
               : strata_holder_key_new_disk (domain->uuid, disk->target);
      const char *absent = find_absent_link (self, disk->source, disk->format);

      if (absent != NULL && !gives_up (self, key))
        return absent;
    }

  return NULL;
}

static const char *
find_absent (Court *self, const StrataDomainFacts *domain)
{
  const char *absent = find_absent_disk (self, domain, FALSE);

  if (absent == NULL && domain->next_disks != domain->disks)
    absent = find_absent_disk (self, domain, TRUE);

  for (guint i = 0; i < domain->snapshots->len && absent == NULL; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len && !snapshot->retained && absent == NULL; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);
          g_autoptr (StrataHolderKey) key =
              strata_holder_key_new_snapshot (domain->uuid, snapshot->name, disk->target);

          if (disk->location != STRATA_SNAPSHOT_NONE && !gives_up (self, key))
            absent = find_absent_link (self, disk->image, disk->format);
        }
    }

  return absent;
}

static void
hold_chain (Court *self, const char *top, Absence absence)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (const StrataImage *image = strata_graph_get_image (self->graph, top);
       image != NULL && g_hash_table_add (seen, (StrataImage *) image);
       image = strata_graph_get_image (self->graph, image->backing_path))
    g_hash_table_insert (self->lineages, image->path, g_memdup2 (&absence, sizeof absence));
}

static void
hold_disks (Court *self, GPtrArray *disks, Absence absence)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      hold_chain (self, disk->source, absence);
      for (guint j = 0; disk->backings != NULL && disk->backings[j] != NULL; j++)
        hold_chain (self, disk->backings[j], absence);
    }
}

/* Every image of DOMAIN may be what the one of ABSENCE stands on. */
static void
hold_lineage (Court *self, const StrataDomainFacts *domain, Absence absence)
{
  hold_disks (self, domain->disks, absence);
  hold_disks (self, domain->next_disks, absence);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);
      GHashTableIter iter;
      const char *path;

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE)
            hold_chain (self, disk->image, absence);
        }
      g_hash_table_iter_init (&iter, snapshot->named);
      while (g_hash_table_iter_next (&iter, (gpointer *) &path, NULL))
        hold_chain (self, path, absence);
    }
}

static void
collect_lineages (Court *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  self->lineages = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      const StrataThinMark *mark = domain->thin_mark;
      const StrataDomainFacts *source;
      Absence absence = { domain, find_absent (self, domain) };

      if (absence.path == NULL)
        continue;
      hold_lineage (self, domain, absence);
      source = mark != NULL ? strata_graph_find_domain (self->graph, mark->source) : NULL;
      if (source != NULL)
        hold_lineage (self, source, absence);
    }
}

/* What STEP names and does not write to is only read; what a job made itself, nothing else can stand on. */
static gboolean
is_only_read (Court *self, const StrataStepSpec *step, const StrataImage *image)
{
  g_autoptr (StrataHolderKey) key = strata_holder_key_new_image (image->path);

  if (is_made (self, key) ||
      json_object_get_boolean_member_with_default (step->args, "made", FALSE))
    return TRUE;

  return g_str_equal (step->kind, "pull") && !is_about (step, "image", image->path);
}

/* An image that isn't there says nothing of what it stands on, and its bytes are gone if that is. It was made on images of
 * its own domain or, a thin clone's, of the one that it is a clone of. */
static gboolean
need_no_absence (Court *self, const StrataStepSpec *step, const StrataImage *image, GError **error)
{
  const Absence *absence;

  if (self->lineages == NULL)
    collect_lineages (self);
  absence = g_hash_table_lookup (self->lineages, image->path);
  if (absence == NULL || is_only_read (self, step, image))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Bring it back, or take what names it out (“virsh undefine”, “virsh detach-disk”, "
         "“stratactl snapshot delete --metadata-only”)."),
      /* Translators: an image, a virtual machine, another image */
      _ ("“%s”, which “%s” needs, isn’t there, so nothing shows that it doesn’t stand on “%s”"),
      absence->path, absence->domain->name, image->path);
  return FALSE;
}

/* Unknown is never nothing: what can't be seen is held by an unknown party. */
static gboolean
need_seen (Court *self, StrataStepSpec *step, GError **error)
{
  Touch touch = get_touch (step);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), step->args);
  g_autoptr (GPtrArray) images = g_ptr_array_new ();

  if (touch == TOUCH_NOTHING)
    return TRUE;

  collect_images (self, node, images);
  if (g_str_equal (step->kind, "snapshot-revert"))
    collect_tagged (self, step, images);
  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if (!need_seen_chain (self, touch, image, error) || !need_no_other_name (step, image, error))
        return FALSE;
      if (touch >= TOUCH_CHANGES &&
          (!need_no_unknown (self, image, error) || !strata_graph_check_seen (self->graph, error) ||
           !need_no_absence (self, step, image, error) ||
           !need_named_by_none (self, touch, image->path, error)))
        return FALSE;
    }

  return TRUE;
}

static GPtrArray *
collect_unknown (StrataGraph *graph)
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

/* Another file may have come to be under the name of the one that the plan is to delete. */
static gboolean
need_same_file (Court *self, const StrataStepSpec *step, const char *path, GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);
  const char *identity = json_object_get_string_member_with_default (step->args, "identity", NULL);

  if (identity == NULL || image == NULL || image->identity == NULL ||
      g_str_equal (identity, image->identity))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("See what it is, and make the plan again."),
                    _ ("“%s” is another file than when the plan was made"), path);
  return FALSE;
}

static gboolean
need_files_kept (Court *self, StrataStepSpec *step, GError **error)
{
  const char *path = json_object_get_string_member_with_default (step->args, "path", NULL);
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  if (!g_str_has_prefix (step->kind, "delete-") || path == NULL)
    return TRUE;
  if (!need_named_by_none (self, TOUCH_REMOVES, path, error) ||
      !need_same_file (self, step, path, error))
    return FALSE;

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->snapshots->len; j++)
        {
          StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, j);
          g_autoptr (StrataHolderKey) key = NULL;

          if (g_strcmp0 (snapshot->memory_file, path) != 0)
            continue;
          key = strata_holder_key_new_memory (domain->uuid, snapshot->name);
          if (gives_up (self, key))
            continue;

          strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Delete that snapshot first."),
                            _ ("“%s” is the memory of the snapshot “%s” of “%s”"), path,
                            snapshot->name, domain->name);
          return FALSE;
        }
    }

  return TRUE;
}

/* The images in which what STEP calls a snapshot is that very snapshot. */
static GPtrArray *
collect_own_images (Court *self, const StrataStepSpec *step)
{
  GPtrArray *own = g_ptr_array_new ();
  JsonNode *node = json_object_get_member (step->args, "disks");
  JsonArray *disks =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);
      const char *path = strata_layers_arg (disk, "path");

      if (path == NULL)
        path = strata_layers_arg (disk, "base");
      g_ptr_array_add (own, (gpointer) strata_graph_resolve (self->graph, path));
    }
  if (g_str_equal (step->kind, "snapshot-revert"))
    {
      GPtrArray *stakes = strata_layers_get_stakes (self->layers);

      for (guint i = 0; i < stakes->len; i++)
        {
          const StrataStake *stake = g_ptr_array_index (stakes, i);

          if (stake->by_tag && is_about (step, "uuid", stake->uuid) &&
              is_about (step, "snapshot", stake->snapshot))
            g_ptr_array_add (own, stake->top);
        }
    }

  return own;
}

/* While a domain is off libvirt deletes only in the images that the snapshot's document names. */
static gboolean
reaches_present_disks (Court *self, const StrataStepSpec *step)
{
  GPtrArray *stakes = strata_layers_get_stakes (self->layers);

  if (g_str_equal (step->kind, "snapshot-revert"))
    return TRUE;
  if (g_str_equal (step->kind, "snapshot-create"))
    return is_about (step, "kind", "internal");
  if (!g_str_equal (step->kind, "snapshot-delete"))
    return FALSE;

  for (guint i = 0; i < stakes->len; i++)
    {
      const StrataStake *stake = g_ptr_array_index (stakes, i);

      if (stake->active && is_about (step, "uuid", stake->uuid))
        return TRUE;
    }

  return FALSE;
}

static void
set_foreign_tag (const StrataStepSpec *step, const char *tag, const char *path, GError **error)
{
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      g_str_equal (step->kind, "snapshot-delete")
          ? _ ("Shut the virtual machine down first, or detach that disk.")
          : _ ("Detach that disk, or delete the internal snapshot in it, if none needs it."),
      _ ("Another internal snapshot “%s” is in “%s”, a disk of the same virtual machine, "
         "and libvirt takes the two for one (“%s”)"),
      tag, path, step->title);
}

/* QEMU knows internal snapshots by their names only, and looks for the name in every disk that the domain has by then. */
static gboolean
need_no_foreign_tag (Court *self, const StrataStepSpec *step, GError **error)
{
  GPtrArray *stakes = strata_layers_get_stakes (self->layers);
  const char *tag = strata_layers_arg (step->args, "tag");
  g_autoptr (GPtrArray) own = NULL;

  if (!reaches_present_disks (self, step))
    return TRUE;
  if (tag == NULL)
    tag = strata_layers_arg (step->args, "snapshot");
  own = collect_own_images (self, step);

  for (guint i = 0; i < stakes->len; i++)
    {
      const StrataStake *stake = g_ptr_array_index (stakes, i);
      StrataLayer *layer = strata_layers_find (self->layers, stake->top);

      if (!stake->writes || !is_about (step, "uuid", stake->uuid) || layer == NULL ||
          !strata_layer_may_have_tag (layer, tag) ||
          g_ptr_array_find_with_equal_func (own, layer->path, g_str_equal, NULL))
        continue;
      set_foreign_tag (step, tag, layer->path, error);
      return FALSE;
    }

  return TRUE;
}

/* The bytes may be the same on paper, and yet a guest writes there once it is started. */
static gboolean
need_none_overwritten (Court *self,
                       GHashTable *changed,
                       gboolean last,
                       StrataStepSpec *step,
                       GError **error)
{
  const StrataStake *holder;
  const StrataStake *writer;
  g_autofree char *who = NULL;
  g_autofree char *by = NULL;

  if (!strata_layers_find_overwritten (self->first, self->layers, self->plan, changed, last,
                                       &holder, &writer))
    return TRUE;

  who = key_to_text (self, holder->key);
  by = key_to_text (self, writer->key);
  strata_set_error (
      error, STRATA_ERROR_REFUSED, _ ("Make a full copy of what is written to, and work on that."),
      /* Translators: two virtual machines or snapshots, an image, and a step ("Commit “b” into “a”") */
      _ ("%s would write to “%s”, which %s reads, from “%s” on"), by, writer->top, who,
      step->title);

  return FALSE;
}

/* What was so before is not the plan's doing; but it may not build on it. The domain whose disk is PATH itself is what the
 * plan is about. */
static gboolean
need_still (Court *self, const char *path, StrataStepSpec *step, GError **error)
{
  StrataLayer *layer = strata_layers_find (self->first, path);
  StrataStake *own;
  StrataStake *writer;
  const char *image;
  g_autofree char *by = NULL;

  if (layer == NULL || layer->backing == NULL)
    return TRUE;
  own = strata_writers_find_below (self->writers, path, NULL, NULL, &image);
  if (own != NULL && g_strcmp0 (image, path) != 0)
    own = NULL;
  writer = strata_writers_find_below (self->writers, layer->backing, own != NULL ? own->uuid : NULL,
                                      self->plan, &image);
  if (writer == NULL)
    return TRUE;

  by = key_to_text (self, writer->key);
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("“stratactl doctor” shows what is the matter, and what can be done."),
      /* Translators: an image, an image below it, a virtual machine, a step */
      _ ("“%s” stands on “%s”, to which %s writes, so that nothing can be built on it "
         "(“%s”)"),
      path, image, by, step->title);

  return FALSE;
}

static gboolean
need_still_sources (Court *self, StrataStepSpec *step, GError **error)
{
  static const struct
  {
    const char *kind;
    const char *key;
  } sources[] = {
    { "create-overlay", "backing" }, { "copy-image", "source" }, { "copy-verbatim", "from" },
    { "convert-tag", "from" },       { "commit", "top" },        { "pull", "image" },
    { "check-chain", "path" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      const char *path =
          json_object_get_string_member_with_default (step->args, sources[i].key, NULL);

      if (g_str_equal (sources[i].kind, step->kind) && path != NULL &&
          !need_still (self, path, step, error))
        return FALSE;
    }

  return TRUE;
}

/* the last step of which something is left to do */
static guint
find_last (StrataPlan *plan, const gboolean *done)
{
  guint last = 0;

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      if (done == NULL || !done[i])
        last = i;
    }

  return last;
}

/* A commit that was done has put its top into its base, and the same commit for the next overlay of the top puts there what
 * is there already. */
static void
note_committed (StrataLayers *layers, StrataStepSpec *step)
{
  StrataLayer *top = strata_layers_find (layers, strata_layers_arg (step->args, "top"));
  StrataLayer *base = strata_layers_find (layers, strata_layers_arg (step->args, "base"));

  if (top == NULL || base == NULL || !strata_layers_reach (layers, top->path, base->path))
    return;

  for (StrataLayer *layer = strata_layers_find (layers, top->backing);
       layer != NULL && layer != base; layer = strata_layers_find (layers, layer->backing))
    strata_layer_take_marks (base, strata_marks_join (layer->marks, base->marks));
  strata_layer_take_marks (base, strata_marks_join (top->marks, base->marks));
}

/* What a copy has is what its source has, which a look at the host can't tell. */
static void
note_copied (StrataLayers *layers, StrataLayer *from, StrataLayer *to)
{
  if (from == NULL || to == NULL)
    return;

  strata_layer_take_marks (to, g_strdupv (from->marks));
  for (guint i = 0; i < to->tags->len; i++)
    {
      StrataLayerTag *tag = g_ptr_array_index (to->tags, i);
      StrataLayerTag *original = strata_layer_find_tag (from, tag->name);

      if (original == NULL)
        continue;
      g_strfreev (tag->marks);
      tag->marks = g_strdupv (original->marks);
    }
}

static void
note_done (StrataLayers *layers, StrataStepSpec *step)
{
  if (g_str_equal (step->kind, "commit"))
    note_committed (layers, step);
  else if (g_str_equal (step->kind, "copy-verbatim"))
    note_copied (layers, strata_layers_find (layers, strata_layers_arg (step->args, "from")),
                 strata_layers_find (layers, strata_layers_arg (step->args, "to")));
}

static gboolean
check_steps (Court *self, GError **error)
{
  StrataPlan *plan = self->plan;
  guint last = find_last (plan, self->done);

  for (guint i = 0; self->done != NULL && i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStepSpec *step = strata_plan_get_step (plan, i);

      if (!self->done[i])
        continue;
      note_done (self->first, step);
      note_done (self->layers, step);
    }

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStepSpec *step = strata_plan_get_step (plan, i);
      g_autoptr (GHashTable) changed = NULL;

      if (self->done != NULL && self->done[i])
        continue;
      if (!need_seen (self, step, error) || !need_files_kept (self, step, error) ||
          !need_no_foreign_tag (self, step, error) || !need_still_sources (self, step, error) ||
          !strata_layers_apply (self->layers, step, error))
        return FALSE;
      changed = strata_layers_find_changed (self->first, self->layers);
      if (!compare (self, changed, step, error) ||
          !need_none_overwritten (self, changed, i == last, step, error))
        return FALSE;
      remember (self, changed);
    }

  return TRUE;
}

/**
 * strata_law_check_steps:
 * @graph: the host as it is now
 * @plan: a plan that was begun, perhaps by another process and long ago
 * @done: (nullable): for each step of @plan whether nothing of it is left to do; %NULL: all are left
 * @error: `STRATA_ERROR_REFUSED`, with the name of who would read something else
 *
 * What @plan gives up is not given up any more once the steps that discard it are done.
 *
 * Returns: whether what is left of the plan keeps the law
 */
gboolean
strata_law_check_steps (StrataGraph *graph, StrataPlan *plan, const gboolean *done, GError **error)
{
  g_autoptr (StrataLayers) first = strata_layers_new (graph);
  g_autoptr (StrataLayers) layers = strata_layers_new (graph);
  g_autoptr (GHashTable) later =
      g_hash_table_new_full (strata_holder_key_hash, strata_holder_key_equal,
                             (GDestroyNotify) strata_holder_key_free, g_free);
  g_autoptr (GPtrArray) unknown = collect_unknown (graph);
  g_autoptr (StrataWriters) writers = strata_writers_new (graph, first);
  Court court = { graph, plan, unknown, first, layers, writers, later, done, NULL };
  gboolean lawful = check_steps (&court, error);

  g_clear_pointer (&court.lineages, g_hash_table_unref);

  return lawful;
}

/**
 * strata_law_check:
 * @graph: the host as it is
 * @plan: a plan for it
 * @error: `STRATA_ERROR_REFUSED`, with the name of who would read something else
 *
 * Nor may a domain come to write to what a holder reads: that no byte is moved by the plan would be of no use to it.
 * Whoever comes to be on the way (a clone, a snapshot of the present state) is held to what it read first.
 *
 * Returns: whether the plan keeps the law
 */
gboolean
strata_law_check (StrataGraph *graph, StrataPlan *plan, GError **error)
{
  return strata_law_check_steps (graph, plan, NULL, error);
}
