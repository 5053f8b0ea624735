/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The planner's law: for everybody the request does not itself discard, what is read after the plan, and after
 * every step of it, is byte for byte what was read before. Whatever planner made the plan, it is carried out on
 * paper here, and refused if a holder would read anything else.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-law-private.h"
#include "base/strata-error.h"
#include "strata-writers.h"
#include "strata-law.h"
#include "strata-step-apply.h"

gboolean
strata_law_is_about (const StrataStep *step, const char *key, const char *value)
{
  return g_strcmp0 (json_object_get_string_member_with_default (step->args, key, NULL), value) == 0;
}

const char *
strata_law_get_move (const StrataStep *step, const char *uuid, const char *path)
{
  JsonArray *map;

  if (step->kind != STRATA_STEP_RECONCILE || !strata_law_is_about (step, "uuid", uuid) ||
      !json_object_has_member (step->args, "map"))
    return NULL;

  map = json_object_get_array_member (step->args, "map");
  for (guint i = 0; i < json_array_get_length (map); i++)
    {
      JsonObject *item = json_array_get_object_element (map, i);

      if (g_strcmp0 (strata_layers_arg (item, "from"), path) == 0)
        return strata_layers_arg (item, "to");
    }

  return NULL;
}

/* A step that gives the disks of UUID other content than they have now. */
static gboolean
rewrites (StrataStep *step, const char *uuid)
{
  return strata_step_is (step, STRATA_STEP_COMMIT, STRATA_STEP_PULL, STRATA_STEP_SEAL,
                         STRATA_STEP_CUSTOMISE) ||
         (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE, STRATA_STEP_RESTORE,
                          STRATA_STEP_SNAPSHOT_REVERT) &&
          strata_law_is_about (step, "uuid", uuid));
}

static gboolean
discards (StrataStep *step, const StrataHolderKey *key)
{
  switch (key->kind)
    {
    case STRATA_HOLDER_KEY_DISK:
    case STRATA_HOLDER_KEY_NEXT_DISK:
    case STRATA_HOLDER_KEY_BACKING:
      return rewrites (step, key->uuid);
    case STRATA_HOLDER_KEY_SNAPSHOT:
    case STRATA_HOLDER_KEY_MEMORY:
      return (step->kind == STRATA_STEP_DELETE_METADATA ||
              step->kind == STRATA_STEP_SNAPSHOT_DELETE) &&
             strata_law_is_about (step, "uuid", key->uuid) &&
             strata_law_is_about (step, "snapshot", key->snapshot);
    case STRATA_HOLDER_KEY_IMAGE:
    case STRATA_HOLDER_KEY_TAG:
    case STRATA_HOLDER_KEY_TEMPLATE:
    case STRATA_HOLDER_KEY_CLAIM:
    case STRATA_HOLDER_KEY_USE:
      break;
    }

  return FALSE;
}

/* What the request gave up is gone once the steps that discard it are done. A snapshot that has the name by then is another
 * one, and what the domain has on its disks was written since: nothing of that was given up. */
static gboolean
is_spent (StrataVerification *self, const StrataHolderKey *key)
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
removes_tag (StrataStep *step, const StrataHolderKey *key)
{
  gboolean same = key->tag != NULL && strata_law_is_about (step, "tag", key->tag);

  return key->kind == STRATA_HOLDER_KEY_TAG && ((step->kind == STRATA_STEP_DELETE_TAG && same) ||
                                                (step->kind == STRATA_STEP_KEEP_TAG && !same));
}

/* What a begun plan is still to delete may be named by none any more because of the steps that are done. A party that came to
 * need it since is another holder. */
static gboolean
is_left_to_delete (StrataVerification *self, const StrataHolderKey *key)
{
  if (self->done == NULL ||
      (key->kind != STRATA_HOLDER_KEY_IMAGE && key->kind != STRATA_HOLDER_KEY_TAG))
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (self->done[i] || !strata_law_is_about (step, "path", key->path))
        continue;
      if (step->kind == STRATA_STEP_DELETE_VOLUME || removes_tag (step, key))
        return TRUE;
    }

  return FALSE;
}

/* An image that a begun plan has made is the plan's own until it is named by a definition. */
gboolean
strata_law_is_made (StrataVerification *self, const StrataHolderKey *key)
{
  static const struct
  {
    StrataStepKind kind;
    const char *key;
  } made[] = {
    { STRATA_STEP_CREATE_OVERLAY, "path" },
    { STRATA_STEP_COPY_IMAGE, "destination" },
    { STRATA_STEP_COPY_VERBATIM, "to" },
    { STRATA_STEP_CONVERT_TAG, "to" },
  };

  if (self->done == NULL || key->kind != STRATA_HOLDER_KEY_IMAGE)
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      for (size_t j = 0; self->done[i] && j < G_N_ELEMENTS (made); j++)
        {
          if (step->kind == made[j].kind && strata_law_is_about (step, made[j].key, key->path))
            return TRUE;
        }
    }

  return FALSE;
}

/* What a raw image that goes would have stood on is of no use to it any more. */
static gboolean
deletes_claimant (StrataVerification *self, const StrataHolderKey *key)
{
  for (guint i = 0;
       key->kind == STRATA_HOLDER_KEY_CLAIM && i < strata_plan_get_n_steps (self->plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (self->plan, i);

      if (step->kind == STRATA_STEP_DELETE_VOLUME && strata_law_is_about (step, "path", key->path))
        return TRUE;
    }

  return FALSE;
}

gboolean
strata_law_is_discarded (StrataVerification *self, const StrataHolderKey *key)
{
  GPtrArray *discarding = strata_plan_get_given_up (self->plan);

  if (is_left_to_delete (self, key) || strata_law_is_made (self, key) ||
      deletes_claimant (self, key))
    return TRUE;

  for (guint i = 0; i < discarding->len; i++)
    {
      const StrataHolderKey *item = g_ptr_array_index (discarding, i);

      if (strata_holder_key_covers (item, key) && !is_spent (self, item))
        return TRUE;
    }

  return FALSE;
}

/* A machine that the plan itself brings to the host is known to that by its UUID only. */
static const char *
get_name (StrataVerification *self, const char *uuid)
{
  StrataDomainFacts *domain = uuid != NULL ? strata_graph_find_domain (self->graph, uuid) : NULL;

  if (domain != NULL)
    return domain->name;

  for (guint i = 0; uuid != NULL && i < strata_plan_get_n_steps (self->plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (self->plan, i);
      const char *name = strata_layers_arg (step->args, "name");

      if (name != NULL && step->kind == STRATA_STEP_DEFINE &&
          strata_law_is_about (step, "uuid", uuid))
        return name;
    }

  return uuid;
}

static char *
key_to_text (StrataVerification *self, const StrataHolderKey *key)
{
  const char *name = get_name (self, key->uuid);

  switch (key->kind)
    {
    case STRATA_HOLDER_KEY_SNAPSHOT:
    case STRATA_HOLDER_KEY_MEMORY:
      return g_strdup_printf (_ ("the snapshot “%s” of “%s”"), key->snapshot, name);
    case STRATA_HOLDER_KEY_IMAGE:
    case STRATA_HOLDER_KEY_CLAIM:
      return g_strdup_printf (_ ("the image “%s”"), key->path);
    case STRATA_HOLDER_KEY_TAG:
      if (key->tag == NULL)
        return g_strdup_printf (_ ("the internal snapshots in “%s”"), key->path);
      return g_strdup_printf (
          _ ("the internal snapshot “%s” in “%s”, which no virtual machine names"), key->tag,
          key->path);
    case STRATA_HOLDER_KEY_USE:
      if (g_str_equal (key->tag, "saved"))
        return g_strdup_printf (_ ("the saved state of “%s”"), name);
      if (g_str_equal (key->tag, "copy"))
        return g_strdup_printf (_ ("the block copy of a disk of “%s”"), name);
      if (g_str_equal (key->tag, "frozen"))
        return g_strdup_printf (_ ("the snapshot “%s” of “%s”"), key->snapshot, name);
      if (key->snapshot != NULL)
        return g_strdup_printf (
            /* Translators: a snapshot, a virtual machine */
            _ ("QEMU’s command line in the snapshot “%s” of “%s”"), key->snapshot, name);
      return g_strdup_printf (_ ("QEMU’s command line in the definition of “%s”"), name);
    case STRATA_HOLDER_KEY_DISK:
    case STRATA_HOLDER_KEY_NEXT_DISK:
    case STRATA_HOLDER_KEY_BACKING:
    case STRATA_HOLDER_KEY_TEMPLATE:
      break;
    }

  return g_strdup_printf (_ ("“%s”"), name);
}

/* Whether HOLDER, of before the plan, can only read what it read then. */
static gboolean
is_untouched (StrataVerification *self, const StrataHolder *holder, GHashTable *changed)
{
  StrataHolder *now = strata_layers_find_holder (self->layers, holder->key);

  return now != NULL && g_strcmp0 (now->top, holder->top) == 0 &&
         g_strcmp0 (now->tag, holder->tag) == 0 && !g_hash_table_contains (changed, holder->top);
}

static gboolean
read_before (StrataVerification *self, const StrataHolderKey *key, GHashTable *changed)
{
  StrataHolder *holder = strata_layers_find_holder (self->first, key);
  g_autofree char *content = NULL;

  if (holder == NULL)
    return FALSE;
  if (is_untouched (self, holder, changed))
    return TRUE;
  content = strata_layers_read (self->first, holder);

  return content != NULL;
}

static void
remember (StrataVerification *self, GHashTable *changed)
{
  GPtrArray *holders = strata_layers_get_holders (self->layers);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      char *content;

      if (read_before (self, holder->key, changed) ||
          g_hash_table_contains (self->later, holder->key) ||
          strata_law_is_discarded (self, holder->key))
        continue;

      content = strata_layers_read (self->layers, holder);
      if (content != NULL)
        g_hash_table_insert (self->later, strata_holder_key_copy (holder->key), content);
    }
}

/* The claim KEY keeps STEP from being done. */
static void
refuse_claimed (StrataVerification *self,
                const StrataHolderKey *key,
                const StrataStep *step,
                GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->graph, key->path);
  g_autofree char *hint = strata_image_is_raw (image) ? strata_image_get_claim_hint (image) : NULL;

  if (hint == NULL)
    strata_set_error (error, STRATA_ERROR_REFUSED,
                      _ ("Let everything name the file by one and the same path."),
                      /* Translators: an image, another image, a step ("Delete “b”") */
                      _ ("“%s” may stand on “%s”: “%s” would take that from it"), key->path,
                      key->target, step->title);
  else
    strata_set_error (
        error, STRATA_ERROR_REFUSED, hint,
        /* Translators: an image, what says so, another image, a step ("Delete “b”") */
        _ ("“%s” is raw by %s, but there is a header in it by which it stands on “%s”: "
           "“%s” would take that from it"),
        key->path, image->declared_by, key->target, step->title);
}

static gboolean
require_same (StrataVerification *self,
              const StrataHolderKey *key,
              const char *before,
              StrataStep *step,
              GError **error)
{
  StrataHolder *holder = strata_layers_find_holder (self->layers, key);
  g_autofree char *after = holder != NULL ? strata_layers_read (self->layers, holder) : NULL;
  g_autofree char *who = NULL;

  if (g_strcmp0 (before, after) == 0)
    return TRUE;
  if (key->kind == STRATA_HOLDER_KEY_CLAIM)
    {
      refuse_claimed (self, key, step, error);
      return FALSE;
    }

  who = key_to_text (self, key);
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Delete what needs it first, or make a full copy and work on that."),
      /* Translators: a step ("Commit “b” into “a”"), then a machine, a snapshot or an image */
      _ ("This would change what %s reads, at “%s”"), who, step->title);

  return FALSE;
}

/* What a snapshot left out is the disk that its domain has. Where another image becomes that, the plan has the snapshot name it. */
static gboolean
is_followed (StrataVerification *self, const StrataHolder *holder)
{
  for (guint i = 0; holder->left_out && i < strata_plan_get_n_steps (self->plan); i++)
    {
      const char *to =
          strata_law_get_move (strata_plan_get_step (self->plan, i), holder->uuid, holder->top);

      if (to != NULL && strata_holder_list_has_disk (strata_layers_get_list (self->layers),
                                                     holder->uuid, holder->target, to))
        return TRUE;
    }

  return FALSE;
}

static gboolean
compare (StrataVerification *self, GHashTable *changed, StrataStep *step, GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (self->first);
  GHashTableIter iter;
  const StrataHolderKey *key;
  const char *before;

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      g_autofree char *content = NULL;

      if (is_untouched (self, holder, changed) || strata_law_is_discarded (self, holder->key) ||
          is_followed (self, holder))
        continue;
      content = strata_layers_read (self->first, holder);
      if (content != NULL && !require_same (self, holder->key, content, step, error))
        return FALSE;
    }

  g_hash_table_iter_init (&iter, self->later);
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, (gpointer *) &before))
    {
      if (!require_same (self, key, before, step, error))
        return FALSE;
    }

  return TRUE;
}

/* The bytes may be the same in the simulation, and yet a guest writes there once it is started. */
static gboolean
require_none_overwritten (StrataVerification *self,
                          GHashTable *changed,
                          gboolean last,
                          StrataStep *step,
                          GError **error)
{
  const StrataHolder *holder;
  const StrataHolder *writer;
  g_autofree char *who = NULL;
  g_autofree char *by = NULL;

  if (!strata_layers_find_overwritten (self->first, self->layers, self->plan, changed, last,
                                       &holder, &writer))
    return TRUE;
  if (holder->key->kind == STRATA_HOLDER_KEY_CLAIM)
    {
      refuse_claimed (self, holder->key, step, error);
      return FALSE;
    }

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
require_still (StrataVerification *self, const char *path, StrataStep *step, GError **error)
{
  StrataLayer *layer = strata_layers_find (self->first, path);
  StrataHolder *own;
  StrataHolder *writer;
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
require_still_sources (StrataVerification *self, StrataStep *step, GError **error)
{
  static const struct
  {
    StrataStepKind kind;
    const char *key;
  } sources[] = {
    { STRATA_STEP_CREATE_OVERLAY, "backing" },
    { STRATA_STEP_COPY_IMAGE, "source" },
    { STRATA_STEP_COPY_VERBATIM, "from" },
    { STRATA_STEP_CONVERT_TAG, "from" },
    { STRATA_STEP_COMMIT, "top" },
    { STRATA_STEP_PULL, "image" },
    { STRATA_STEP_CHECK_CHAIN, "path" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      const char *path =
          json_object_get_string_member_with_default (step->args, sources[i].key, NULL);

      if (sources[i].kind == step->kind && path != NULL && !require_still (self, path, step, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_left (StrataVerification *self, guint index)
{
  const StrataStep *step = strata_plan_get_step (self->plan, index);

  return (self->done == NULL || !self->done[index]) &&
         !(self->without_deletions &&
           strata_step_is (step, STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE));
}

/* the last step of which something is left to do */
static guint
find_last (StrataVerification *self)
{
  guint last = 0;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (is_left (self, i))
        last = i;
    }

  return last;
}

/* A commit that was done has put its top into its base, and the same commit for the next overlay of the top puts there what
 * is there already. */
static void
note_committed (StrataLayers *layers, StrataStep *step)
{
  StrataLayer *top = strata_layers_find (layers, strata_layers_arg (step->args, "top"));
  StrataLayer *base = strata_layers_find (layers, strata_layers_arg (step->args, "base"));

  if (top == NULL || base == NULL || !strata_layers_reach (layers, top->path, base->path))
    return;

  for (StrataChain link = strata_layers_walk (layers, top->backing);
       link.layer != NULL && link.layer != base; strata_chain_next (&link))
    strata_layer_take_content (base, strata_content_join (link.layer->content, base->content));
  strata_layer_take_content (base, strata_content_join (top->content, base->content));
}

/* What a copy has is what its source has, which a look at the host can't tell. */
static void
note_copied (StrataLayers *layers, StrataLayer *from, StrataLayer *to)
{
  if (from == NULL || to == NULL)
    return;

  strata_layer_take_content (to, g_strdupv (from->content));
  for (guint i = 0; i < to->tags->len; i++)
    {
      StrataLayerTag *tag = g_ptr_array_index (to->tags, i);
      StrataLayerTag *original = strata_layer_find_tag (from, tag->name);

      if (original == NULL)
        continue;
      g_strfreev (tag->content);
      tag->content = g_strdupv (original->content);
    }
}

static void
note_done (StrataLayers *layers, StrataStep *step)
{
  if (step->kind == STRATA_STEP_COMMIT)
    note_committed (layers, step);
  else if (step->kind == STRATA_STEP_COPY_VERBATIM)
    note_copied (layers, strata_layers_find (layers, strata_layers_arg (step->args, "from")),
                 strata_layers_find (layers, strata_layers_arg (step->args, "to")));
}

static gboolean
is_still_to_start (StrataVerification *self, const char *uuid)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!self->done[i] && strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE) &&
          strata_law_is_about (step, "uuid", uuid))
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_image (StrataVerification *self, GPtrArray *disks, const char *path)
{
  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);

      strata_graph_resolve_disk (self->graph, disk);
      if (g_strcmp0 (disk->source, path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* A disk that a machine has by a step that is done was not there before the plan, though it is on the host by now. As long as
 * the plan is to start that machine, whom it would write to is the plan's doing. */
static void
note_defined (StrataVerification *self, StrataStep *step)
{
  GPtrArray *holders = strata_layers_get_holders (self->first);
  const char *uuid = strata_layers_arg (step->args, "uuid");
  const char *previous = strata_layers_arg (step->args, "previous");
  g_autoptr (StrataDomainXml) definition =
      previous != NULL ? strata_domain_xml_new_from_string (previous, NULL) : NULL;
  g_autoptr (GPtrArray) disks =
      definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;

  if (step->kind != STRATA_STEP_DEFINE || !is_still_to_start (self, uuid))
    return;

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (strata_holder_is_disk (holder) && g_strcmp0 (holder->uuid, uuid) == 0 &&
          !has_image (self, disks, holder->top))
        holder->writes = FALSE;
    }
}

static gboolean
check_steps (StrataVerification *self, GError **error)
{
  StrataPlan *plan = self->plan;
  guint last = find_last (self);

  for (guint i = 0; self->done != NULL && i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (!self->done[i])
        continue;
      if (!strata_law_require_same_base (self, step, error))
        return FALSE;
      note_done (self->first, step);
      note_done (self->layers, step);
      note_defined (self, step);
    }

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      g_autoptr (GHashTable) changed = NULL;

      if (!is_left (self, i))
        continue;
      if (!strata_law_require_seen (self, step, error) ||
          !strata_law_require_files_kept (self, step, error) ||
          !strata_law_require_no_foreign_tag (self, step, error) ||
          !require_still_sources (self, step, error) ||
          !strata_layers_apply (self->layers, step, error))
        return FALSE;
      changed = strata_layers_find_changed (self->first, self->layers);
      if (!compare (self, changed, step, error) ||
          !require_none_overwritten (self, changed, i == last, step, error))
        return FALSE;
      remember (self, changed);
    }

  return TRUE;
}

static gboolean
check (StrataGraph *graph,
       StrataPlan *plan,
       const gboolean *done,
       gboolean without_deletions,
       GError **error)
{
  g_autoptr (StrataLayers) first = strata_layers_new_with_claims (graph);
  g_autoptr (StrataLayers) layers = strata_layers_new_with_claims (graph);
  g_autoptr (GHashTable) later =
      g_hash_table_new_full (strata_holder_key_hash, strata_holder_key_equal,
                             (GDestroyNotify) strata_holder_key_free, g_free);
  g_autoptr (GPtrArray) unknown = strata_law_collect_unknown (graph);
  g_autoptr (StrataWriters) writers = strata_writers_new (graph, first);
  StrataVerification verification = { graph,   plan,  unknown, first, layers,
                                      writers, later, done,    NULL,  without_deletions };
  gboolean allowed;

  allowed = check_steps (&verification, error);

  g_clear_pointer (&verification.lineages, g_hash_table_unref);

  return allowed;
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
  return check (graph, plan, done, FALSE, error);
}

/**
 * strata_law_check_but_deletions:
 * @graph: the host as it is now
 * @plan: a plan that was begun
 * @done: for each step of @plan whether nothing of it is left to do
 * @error: `STRATA_ERROR_REFUSED`, with the name of who would read something else
 *
 * A file that may not be deleted is kept, which is no reason against the steps before: it is asked about when its turn comes.
 *
 * Returns: whether what is left of the plan keeps the law, if no file is deleted
 */
gboolean
strata_law_check_but_deletions (StrataGraph *graph,
                                StrataPlan *plan,
                                const gboolean *done,
                                GError **error)
{
  return check (graph, plan, done, TRUE, error);
}

/**
 * strata_law_check:
 * @graph: the host as it is
 * @plan: a plan for it
 * @error: `STRATA_ERROR_REFUSED`, with the name of who would read something else
 *
 * Nor may a domain come to write to what a holder reads: that no byte is moved by the plan would be of no use to it.
 * A holder that comes to be on the way (a clone, a snapshot of the present state) is held to what it read first.
 *
 * Returns: whether the plan keeps the law
 */
gboolean
strata_law_check (StrataGraph *graph, StrataPlan *plan, GError **error)
{
  return strata_law_check_steps (graph, plan, NULL, error);
}
