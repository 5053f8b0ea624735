/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is said of a layer, and what is asked of the planner to merge it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-disk-layer-private.h"

static gboolean
has_stranger (GPtrArray *holders)
{
  for (guint i = 0; i < holders->len; i++)
    {
      if (!((const StrataLayerHolder *) g_ptr_array_index (holders, i))->own)
        return TRUE;
    }

  return FALSE;
}

gboolean
strata_disk_layer_is_shared (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), FALSE);

  return has_stranger (self->owners) || has_stranger (self->dependents);
}

static char *
join_names (GPtrArray *holders)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < holders->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                            ((const StrataLayerHolder *) g_ptr_array_index (holders, i))->text);

  return g_string_free (names, FALSE);
}

/**
 * strata_disk_layer_describe:
 * @self: a layer
 *
 * Returns: (transfer full): "web-01.s1.qcow2, qcow2, 340 MB of 2.1 GB, held by Snapshot “s1”, under This VM"
 */
char *
strata_disk_layer_describe (StrataDiskLayer *self)
{
  g_autofree char *size = NULL;
  g_autofree char *owners = NULL;
  g_autofree char *dependents = NULL;
  GString *text;

  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  size = strata_disk_layer_get_size_text (self);
  text = g_string_new (self->name);
  if (self->format != NULL)
    g_string_append_printf (text, ", %s", self->format);
  if (size != NULL)
    g_string_append_printf (text, ", %s", size);
  if (strata_disk_layer_is_shared (self))
    g_string_append_printf (text, ", %s", _ ("shared"));
  owners = join_names (self->owners);
  dependents = join_names (self->dependents);
  if (*owners != '\0')
    /* Translators: a list of who has a layer as his own: “This VM, Snapshot “before upgrade”” */
    g_string_append_printf (text, _ (", held by %s"), owners);
  if (*dependents != '\0')
    /* Translators: a list of who stands on a layer */
    g_string_append_printf (text, _ (", under %s"), dependents);
  for (guint i = 0; i < self->problems->len; i++)
    g_string_append_printf (
        text, ", %s", ((const StrataLayerProblem *) g_ptr_array_index (self->problems, i))->text);

  return g_string_free (text, FALSE);
}

/**
 * strata_disk_layer_create_request:
 * @self: a layer
 * @direction: `STRATA_MERGE_COMMIT` for down, `STRATA_MERGE_PULL` for up
 * @why: (out) (transfer none): a sentence, where there is nothing to merge it with
 *
 * A snapshot is a cut between two layers: who merges them deletes it.
 *
 * Returns: (transfer full) (nullable): what to ask of the planner
 */
StrataRequest *
strata_disk_layer_create_request (StrataDiskLayer *self, StrataMerge direction, const char **why)
{
  gboolean down = direction == STRATA_MERGE_COMMIT;
  const char *neighbour;
  const char *cut;
  StrataRequest *request;

  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  neighbour = down ? self->below : self->above;
  cut = down ? self->cut_below : self->cut;
  *why = NULL;
  if (neighbour == NULL)
    {
      *why = down ? _ ("It stands on no other image.") : _ ("No layer stands on it.");
      return NULL;
    }

  request =
      strata_request_new (cut != NULL ? STRATA_REQUEST_SNAPSHOT_DELETE : STRATA_REQUEST_MERGE);
  request->domain = g_strdup (self->domain);
  request->merge = direction;
  request->snapshot = g_strdup (cut);
  if (cut == NULL)
    {
      request->target = g_strdup (self->target);
      request->image = g_strdup (down ? self->path : self->above);
    }

  return request;
}

/**
 * strata_disk_layer_equal:
 * @self: a layer
 * @other: another
 *
 * Returns: whether they say and can do the same
 */
gboolean
strata_disk_layer_equal (StrataDiskLayer *self, StrataDiskLayer *other)
{
  g_autofree char *a = strata_disk_layer_describe (self);
  g_autofree char *b = strata_disk_layer_describe (other);

  return g_str_equal (a, b) && g_str_equal (self->path, other->path) &&
         g_strcmp0 (self->above, other->above) == 0 && g_strcmp0 (self->below, other->below) == 0 &&
         g_strcmp0 (self->cut, other->cut) == 0 &&
         g_strcmp0 (self->cut_below, other->cut_below) == 0 && self->live == other->live &&
         g_strv_equal ((const char *const *) self->tags, (const char *const *) other->tags);
}
