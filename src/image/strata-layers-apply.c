/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What each kind of step does to the host on paper. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-layers.h"
#include "xml/strata-error.h"

typedef gboolean (*Apply) (StrataLayers *self, JsonObject *args, GError **error);

static const char *
get (JsonObject *args, const char *key)
{
  return json_object_get_string_member_with_default (args, key, NULL);
}

static StrataLayer *
need_layer (StrataLayers *self, const char *path, GError **error)
{
  StrataLayer *layer = strata_layers_find (self, path);

  if (layer == NULL)
    strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("The image “%s” is missing"),
                      path != NULL ? path : "-");

  return layer;
}

static GStrv
join_marks (GStrv upper, GStrv lower)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_addv (builder, (const char **) upper);
  for (guint i = 0; lower[i] != NULL; i++)
    {
      if (!g_strv_contains ((const char *const *) upper, lower[i]))
        g_strv_builder_add (builder, lower[i]);
    }

  return g_strv_builder_end (builder);
}

static void
take_marks (StrataLayer *layer, GStrv marks)
{
  g_strfreev (layer->marks);
  layer->marks = marks;
}

/* All that is read through LAYER. */
static GStrv
read_through (StrataLayers *self, StrataLayer *layer)
{
  GStrv marks = g_strdupv (layer->marks);

  for (layer = strata_layers_find (self, layer->backing); layer != NULL;
       layer = strata_layers_find (self, layer->backing))
    {
      GStrv joined = join_marks (marks, layer->marks);

      g_strfreev (marks);
      marks = joined;
    }

  return marks;
}

static void
put_overlay (StrataLayers *self, const char *path, const StrataLayer *below, const char *format)
{
  g_autofree char *backing = g_strdup (below->path);
  guint64 capacity = below->capacity;
  StrataLayer *layer = strata_layers_put (self, path);

  take_marks (layer, g_new0 (char *, 1));
  layer->format = g_strdup ("qcow2");
  layer->backing = g_steal_pointer (&backing);
  layer->backing_format = g_strdup (format);
  layer->capacity = capacity;
  layer->mode = 0600;
}

static gboolean
apply_create_overlay (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *below = need_layer (self, get (args, "backing"), error);

  if (below != NULL)
    put_overlay (self, get (args, "path"), below, get (args, "backing-format"));

  return below != NULL;
}

/* FROM is the source's key among the arguments, TO the copy's; VERBATIM: with tags and backing. */
static gboolean
copy (StrataLayers *self,
      JsonObject *args,
      const char *from,
      const char *to,
      gboolean verbatim,
      GError **error)
{
  StrataLayer *source = need_layer (self, get (args, from), error);
  StrataLayer *layer;

  if (source == NULL)
    return FALSE;

  layer = strata_layers_put (self, get (args, to));
  layer->capacity = source->capacity;
  layer->allocation = source->allocation;
  layer->format = g_strdup (verbatim ? source->format : "qcow2");
  layer->mode = 0600;
  take_marks (layer, verbatim ? g_strdupv (source->marks) : read_through (self, source));
  for (guint i = 0; verbatim && i < source->tags->len; i++)
    {
      StrataLayerTag *tag = g_ptr_array_index (source->tags, i);

      strata_layer_put_tag (layer, tag->name, tag->marks);
    }
  if (verbatim)
    {
      layer->backing = g_strdup (source->backing);
      layer->backing_format = g_strdup (source->backing_format);
    }

  return TRUE;
}

static gboolean
apply_copy_image (StrataLayers *self, JsonObject *args, GError **error)
{
  return copy (self, args, "source", "destination", FALSE, error);
}

static gboolean
apply_copy_verbatim (StrataLayers *self, JsonObject *args, GError **error)
{
  return copy (self, args, "from", "to", TRUE, error);
}

static gboolean
apply_convert_tag (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *source = need_layer (self, get (args, "from"), error);
  StrataLayerTag *tag = source != NULL ? strata_layer_find_tag (source, get (args, "tag")) : NULL;
  StrataLayer *layer;
  StrataLayer as_tagged;

  if (source == NULL)
    return FALSE;
  if (tag == NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("The image “%s” has no internal snapshot “%s”"), source->path,
                        get (args, "tag"));
      return FALSE;
    }

  as_tagged = *source;
  as_tagged.marks = tag->marks;
  layer = strata_layers_put (self, get (args, "to"));
  layer->format = g_strdup ("qcow2");
  layer->capacity = source->capacity;
  layer->allocation = source->allocation;
  layer->mode = 0600;
  take_marks (layer, read_through (self, &as_tagged));

  return TRUE;
}

/* DELETE_ONLY: the tag goes; otherwise it is the only one that stays. */
static void
strip_tags (StrataLayer *layer, const char *tag, gboolean delete_only)
{
  for (guint i = layer->tags->len; i > 0; i--)
    {
      StrataLayerTag *item = g_ptr_array_index (layer->tags, i - 1);

      if (g_str_equal (item->name, tag) == delete_only)
        g_ptr_array_remove_index (layer->tags, i - 1);
    }
}

static gboolean
apply_keep_tag (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *layer = need_layer (self, get (args, "path"), error);

  if (layer != NULL)
    strip_tags (layer, get (args, "tag"), FALSE);

  return layer != NULL;
}

static gboolean
apply_delete_tag (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *layer = need_layer (self, get (args, "path"), error);

  if (layer != NULL)
    strip_tags (layer, get (args, "tag"), TRUE);

  return layer != NULL;
}

static gboolean
need_equal_size (StrataLayer *a, StrataLayer *b, GError **error)
{
  if (a->capacity == b->capacity)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Make the virtual machine independent instead: that copies, and is always possible."),
      _ ("“%s” and “%s” have different virtual sizes, and merging them would change bytes"),
      a->path, b->path);
  return FALSE;
}

static void
move_stakes (StrataLayers *self, const char *uuid, const char *from, const char *to)
{
  GPtrArray *stakes = strata_layers_get_stakes (self);

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);

      if (stake->snapshot == NULL && g_strcmp0 (stake->uuid, uuid) == 0 &&
          g_strcmp0 (stake->top, from) == 0)
        g_set_str (&stake->top, to);
    }
}

/* Whose header names UPPER, and will name BASE when the commit is done. */
static void
relink (StrataLayers *self, JsonObject *args, const char *upper, const char *base)
{
  const char *via = get (args, "via");
  const char *uuid = get (args, "uuid");
  g_autoptr (GPtrArray) overlays = strata_layers_get_overlays (self, upper);
  GPtrArray *stakes = strata_layers_get_stakes (self);

  for (guint i = 0; i < overlays->len; i++)
    {
      StrataLayer *overlay = g_ptr_array_index (overlays, i);
      gboolean open = g_strcmp0 (via, overlay->path) == 0;

      for (guint j = 0; uuid != NULL && !open && j < stakes->len; j++)
        {
          StrataStake *stake = g_ptr_array_index (stakes, j);

          open = stake->snapshot == NULL && g_strcmp0 (stake->uuid, uuid) == 0 &&
                 strata_layers_reach (self, stake->top, overlay->path);
        }
      if (open)
        g_set_str (&overlay->backing, base);
    }
}

/* Only an active commit makes a smaller base as large as the overlay; any other would lose what is beyond its end. */
static gboolean
need_mergeable (JsonObject *args, StrataLayer *top, StrataLayer *base, GError **error)
{
  gboolean active = json_object_get_boolean_member_with_default (args, "active", FALSE);

  return (active && top->capacity > base->capacity) || need_equal_size (top, base, error);
}

static gboolean
apply_commit (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *top = need_layer (self, get (args, "top"), error);
  StrataLayer *base = top != NULL ? need_layer (self, get (args, "base"), error) : NULL;
  g_auto (GStrv) marks = NULL;

  if (base == NULL || !need_mergeable (args, top, base, error))
    return FALSE;

  marks = g_strdupv (top->marks);
  for (StrataLayer *layer = top; layer != base;)
    {
      GStrv joined;

      layer = need_layer (self, layer->backing, error);
      if (layer == NULL || (layer != base && !need_equal_size (layer, base, error)))
        return FALSE;
      joined = join_marks (marks, layer->marks);
      g_strfreev (marks);
      marks = joined;
    }
  take_marks (base, g_steal_pointer (&marks));
  base->capacity = MAX (base->capacity, top->capacity);
  base->allocation = MIN (base->allocation + top->allocation, MAX (base->capacity, 1));

  if (get (args, "uuid") != NULL || get (args, "via") != NULL)
    relink (self, args, top->path, base->path);
  if (get (args, "uuid") != NULL)
    move_stakes (self, get (args, "uuid"), top->path, base->path);

  return TRUE;
}

/* All the way down, a smaller image below has nothing where it ends, and neither has what is below that. */
static gboolean
need_pullable (JsonObject *args, StrataLayer *image, StrataLayer *below, GError **error)
{
  StrataLayer sizes = *image;

  if (get (args, "base") == NULL && below->capacity < image->capacity)
    sizes.capacity = below->capacity;

  return need_equal_size (&sizes, below, error);
}

static gboolean
apply_pull (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *image = need_layer (self, get (args, "image"), error);
  const char *base = get (args, "base");

  if (image == NULL)
    return FALSE;

  while (image->backing != NULL && g_strcmp0 (image->backing, base) != 0)
    {
      StrataLayer *below = need_layer (self, image->backing, error);

      if (below == NULL || !need_pullable (args, image, below, error))
        return FALSE;

      take_marks (image, join_marks (image->marks, below->marks));
      image->allocation = MIN (image->allocation + below->allocation, MAX (image->capacity, 1));
      g_set_str (&image->backing, below->backing);
      g_set_str (&image->backing_format, below->backing_format);
    }

  return TRUE;
}

static gboolean
apply_delete_volume (StrataLayers *self, JsonObject *args, GError **error)
{
  strata_layers_remove (self, get (args, "path"));

  return TRUE;
}

static gboolean
is_active (StrataLayers *self, const char *uuid)
{
  GPtrArray *stakes = strata_layers_get_stakes (self);

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);

      if (stake->active && g_strcmp0 (stake->uuid, uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

static void
set_active (StrataLayers *self, const char *uuid, gboolean active)
{
  GPtrArray *stakes = strata_layers_get_stakes (self);

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);

      if (stake->kind != STRATA_HOLDER_SNAPSHOT && g_strcmp0 (stake->uuid, uuid) == 0)
        stake->active = active && stake->snapshot == NULL;
    }
}

static gboolean
apply_start (StrataLayers *self, JsonObject *args, GError **error)
{
  set_active (self, get (args, "uuid"), TRUE);

  return TRUE;
}

static gboolean
apply_stop (StrataLayers *self, JsonObject *args, GError **error)
{
  set_active (self, get (args, "uuid"), FALSE);

  return TRUE;
}

static gboolean
apply_define (StrataLayers *self, JsonObject *args, GError **error)
{
  const char *uuid = get (args, "uuid");
  g_autoptr (StrataDomainXml) definition =
      strata_domain_xml_new_from_string (get (args, "xml"), error);
  g_autoptr (GPtrArray) disks = NULL;
  StrataHolderKind kind = STRATA_HOLDER_DOMAIN;
  g_autoptr (StrataTemplateMark) mark = NULL;
  gboolean active = is_active (self, uuid);

  if (definition == NULL)
    return FALSE;

  mark = strata_domain_xml_get_template_mark (definition);
  if (mark != NULL)
    kind = STRATA_HOLDER_TEMPLATE;
  disks = strata_domain_xml_get_disks (definition);
  strata_layers_drop_stakes (self, uuid, NULL);
  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL)
        strata_layers_put_stake (self, kind, uuid, NULL, disk->target, disk->source, NULL, active);
    }

  return TRUE;
}

static gboolean
apply_undefine (StrataLayers *self, JsonObject *args, GError **error)
{
  strata_layers_drop_stakes (self, get (args, "uuid"), NULL);

  return TRUE;
}

/* With overlays it is an external one, whose bases are frozen from now on; without, an internal one. */
static gboolean
apply_snapshot_create (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *disks = json_object_get_array_member (args, "disks");
  const char *uuid = get (args, "uuid");
  const char *snapshot = get (args, "snapshot");

  for (guint i = 0; i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);
      StrataLayer *base = need_layer (self, get (disk, "base"), error);
      const char *overlay = get (disk, "overlay");

      if (base == NULL)
        return FALSE;

      strata_layers_put_stake (self, STRATA_HOLDER_SNAPSHOT, uuid, snapshot, get (disk, "target"),
                               base->path, overlay == NULL ? snapshot : NULL, FALSE);
      if (overlay == NULL)
        {
          strata_layer_put_tag (base, snapshot, base->marks);
          continue;
        }

      move_stakes (self, uuid, base->path, overlay);
      put_overlay (self, overlay, base, base->format);
    }

  return TRUE;
}

static gboolean
apply_snapshot_define (StrataLayers *self, JsonObject *args, GError **error)
{
  g_autoptr (StrataSnapshotFacts) facts =
      strata_snapshot_facts_new (get (args, "xml"), FALSE, error);

  if (facts == NULL)
    return FALSE;

  strata_layers_drop_stakes (self, get (args, "uuid"), facts->name);
  strata_layers_put_snapshot (self, get (args, "uuid"), facts);

  return TRUE;
}

static gboolean
apply_snapshot_forget (StrataLayers *self, JsonObject *args, GError **error)
{
  strata_layers_drop_stakes (self, get (args, "uuid"), get (args, "snapshot"));

  return TRUE;
}

static gboolean
apply_snapshot_delete (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *disks = json_object_get_array_member (args, "disks");

  for (guint i = 0; i < json_array_get_length (disks); i++)
    {
      StrataLayer *layer =
          strata_layers_find (self, get (json_array_get_object_element (disks, i), "path"));

      if (layer != NULL)
        strip_tags (layer, get (args, "snapshot"), TRUE);
    }
  strata_layers_drop_stakes (self, get (args, "uuid"), get (args, "snapshot"));

  return TRUE;
}

/* The native return to an internal snapshot rewrites the image that has the tag. */
static gboolean
apply_snapshot_revert (StrataLayers *self, JsonObject *args, GError **error)
{
  GPtrArray *stakes = strata_layers_get_stakes (self);
  const char *uuid = get (args, "uuid");
  const char *snapshot = get (args, "snapshot");

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);
      StrataLayer *layer;
      StrataLayerTag *tag;

      if (stake->tag == NULL || g_strcmp0 (stake->uuid, uuid) != 0 ||
          g_strcmp0 (stake->snapshot, snapshot) != 0)
        continue;

      layer = need_layer (self, stake->top, error);
      tag = layer != NULL ? strata_layer_find_tag (layer, stake->tag) : NULL;
      if (tag == NULL)
        {
          if (layer != NULL)
            strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                              _ ("The image “%s” has no internal snapshot “%s”"), layer->path,
                              stake->tag);
          return FALSE;
        }
      take_marks (layer, g_strdupv (tag->marks));
    }
  set_active (self, uuid, g_strcmp0 (get (args, "state"), "off") != 0);

  return TRUE;
}

static gboolean
apply_settle (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *map =
      json_object_has_member (args, "map") ? json_object_get_array_member (args, "map") : NULL;
  GPtrArray *stakes = strata_layers_get_stakes (self);

  for (guint i = 0; map != NULL && i < json_array_get_length (map); i++)
    {
      JsonObject *item = json_array_get_object_element (map, i);

      for (guint j = 0; j < stakes->len; j++)
        {
          StrataStake *stake = g_ptr_array_index (stakes, j);

          if (stake->kind == STRATA_HOLDER_SNAPSHOT && stake->tag == NULL &&
              g_strcmp0 (stake->uuid, get (args, "uuid")) == 0 &&
              g_strcmp0 (stake->top, get (item, "from")) == 0)
            g_set_str (&stake->top, get (item, "to"));
        }
    }

  return TRUE;
}

/* What runs in the guest's own disks: their marks are new from then on. */
static void
mark_disk (StrataLayers *self, JsonObject *disk, const char *kind)
{
  StrataLayer *layer = strata_layers_find (self, get (disk, "path"));
  g_autofree char *mark = NULL;
  char *marks[2] = { NULL, NULL };

  if (layer == NULL)
    return;
  mark = g_strdup_printf ("%s#%s", layer->path, kind);
  marks[0] = mark;
  take_marks (layer, join_marks (marks, layer->marks));
}

static void
mark_disks (StrataLayers *self, JsonObject *args, const char *kind)
{
  JsonArray *disks =
      json_object_has_member (args, "disks") ? json_object_get_array_member (args, "disks") : NULL;

  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    mark_disk (self, json_array_get_object_element (disks, i), kind);
}

static gboolean
apply_seal (StrataLayers *self, JsonObject *args, GError **error)
{
  mark_disks (self, args, "sealed");

  return TRUE;
}

static gboolean
apply_customise (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *clones = json_object_get_array_member (args, "clones");

  for (guint i = 0; i < json_array_get_length (clones); i++)
    mark_disks (self, json_array_get_object_element (clones, i), "customised");

  return TRUE;
}

static const struct
{
  const char *kind;
  Apply apply;
} table[] = {
  { "create-overlay", apply_create_overlay },
  { "copy-image", apply_copy_image },
  { "copy-verbatim", apply_copy_verbatim },
  { "convert-tag", apply_convert_tag },
  { "keep-tag", apply_keep_tag },
  { "delete-tag", apply_delete_tag },
  { "commit", apply_commit },
  { "pull", apply_pull },
  { "delete-volume", apply_delete_volume },
  { "define", apply_define },
  { "undefine", apply_undefine },
  { "shut-down", apply_stop },
  { "start", apply_start },
  { "restore", apply_start },
  { "snapshot-create", apply_snapshot_create },
  { "snapshot-define", apply_snapshot_define },
  { "snapshot-forget", apply_snapshot_forget },
  { "snapshot-delete", apply_snapshot_delete },
  { "snapshot-revert", apply_snapshot_revert },
  { "settle", apply_settle },
  { "seal", apply_seal },
  { "customise", apply_customise },
};

/**
 * strata_layers_apply:
 * @self: a host on paper
 * @step: a step
 * @error: why it can't be
 *
 * A kind that is not in the table touches no image.
 *
 * Returns: whether it was carried out
 */
gboolean
strata_layers_apply (StrataLayers *self, StrataStepSpec *step, GError **error)
{
  for (size_t i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (g_str_equal (table[i].kind, step->kind))
        return table[i].apply (self, step->args, error);
    }

  return TRUE;
}
