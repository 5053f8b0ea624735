/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A step carried out on paper: which kind does what. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-layers-steps.h"
#include "xml/strata-error.h"

const char *
strata_layers_arg (JsonObject *args, const char *key)
{
  return json_object_get_string_member_with_default (args, key, NULL);
}

StrataLayer *
strata_layers_need (StrataLayers *self, const char *path, GError **error)
{
  StrataLayer *layer = strata_layers_find (self, path);

  if (layer == NULL)
    strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("The image “%s” is missing"),
                      path != NULL ? path : "-");

  return layer;
}

GStrv
strata_marks_join (GStrv upper, GStrv lower)
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

GStrv
strata_layers_get_marks (StrataLayers *self, const StrataLayer *layer)
{
  StrataLayer *data = strata_layers_find (self, layer->data_file);

  return data != NULL ? strata_marks_join (layer->marks, data->marks) : g_strdupv (layer->marks);
}

void
strata_layers_write_data (StrataLayers *self, const StrataLayer *layer)
{
  StrataLayer *data = strata_layers_find (self, layer->data_file);

  if (data != NULL)
    strata_layer_take_marks (data, strata_marks_join (layer->marks, data->marks));
}

void
strata_layer_take_marks (StrataLayer *layer, GStrv marks)
{
  g_strfreev (layer->marks);
  layer->marks = marks;
}

static const struct
{
  const char *kind;
  gboolean (*apply) (StrataLayers *self, JsonObject *args, GError **error);
} table[] = {
  { "create-overlay", strata_apply_create_overlay },
  { "copy-image", strata_apply_copy_image },
  { "copy-verbatim", strata_apply_copy_verbatim },
  { "convert-tag", strata_apply_convert_tag },
  { "keep-tag", strata_apply_keep_tag },
  { "delete-tag", strata_apply_delete_tag },
  { "commit", strata_apply_commit },
  { "pull", strata_apply_pull },
  { "delete-volume", strata_apply_delete_volume },
  { "define", strata_apply_define },
  { "undefine", strata_apply_undefine },
  { "shut-down", strata_apply_stop },
  { "start", strata_apply_start },
  { "restore", strata_apply_restore },
  { "snapshot-create", strata_apply_snapshot_create },
  { "snapshot-define", strata_apply_snapshot_define },
  { "snapshot-forget", strata_apply_snapshot_forget },
  { "snapshot-delete", strata_apply_snapshot_delete },
  { "snapshot-revert", strata_apply_snapshot_revert },
  { "settle", strata_apply_settle },
  { "seal", strata_apply_seal },
  { "customise", strata_apply_customise },
  { "delete-file", strata_apply_delete_volume },
  /* These change no image and no holder. */
  { "check-chain", NULL },
  { "check-space", NULL },
  { "copy-file", NULL },
  { "inspect", NULL },
  { "require-active", NULL },
  { "require-off", NULL },
  { "set-mode", NULL },
  { "verify", NULL },
};

/**
 * strata_layers_apply:
 * @self: a host on paper
 * @step: a step
 * @error: why it can't be
 *
 * What a kind that is not in the table does is not known, and refused.
 *
 * Returns: whether it was carried out
 */
gboolean
strata_layers_apply (StrataLayers *self, StrataStepSpec *step, GError **error)
{
  for (size_t i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (g_str_equal (table[i].kind, step->kind))
        return table[i].apply == NULL || table[i].apply (self, step->args, error);
    }

  strata_set_error (error, STRATA_ERROR_UNSUPPORTED, _ ("A newer Strata made this plan."),
                    _ ("There is no step “%s”"), step->kind);

  return FALSE;
}
