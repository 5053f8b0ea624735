/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A step carried out in the simulation: which kind does what. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-step-apply.h"
#include "base/strata-error.h"

const char *
strata_layers_arg (JsonObject *args, const char *key)
{
  return json_object_get_string_member_with_default (args, key, NULL);
}

StrataLayer *
strata_layers_require (StrataLayers *self, const char *path, GError **error)
{
  StrataLayer *layer = strata_layers_find (self, path);

  if (layer == NULL)
    strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("The image “%s” is missing"), path);

  return layer;
}

GStrv
strata_content_join (GStrv upper, GStrv lower)
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
strata_layers_get_content (StrataLayers *self, const StrataLayer *layer)
{
  StrataLayer *data = strata_layers_find (self, layer->data_file);

  return data != NULL ? strata_content_join (layer->content, data->content)
                      : g_strdupv (layer->content);
}

void
strata_layers_write_data (StrataLayers *self, const StrataLayer *layer)
{
  StrataLayer *data = strata_layers_find (self, layer->data_file);

  if (data != NULL)
    strata_layer_take_content (data, strata_content_join (layer->content, data->content));
}

void
strata_layer_take_content (StrataLayer *layer, GStrv content)
{
  g_strfreev (layer->content);
  layer->content = content;
}

/**
 * strata_layers_apply:
 * @self: a simulated host
 * @step: a step
 * @error: why it can't be
 *
 * Returns: whether it was carried out
 */
gboolean
strata_layers_apply (StrataLayers *self, StrataStep *step, GError **error)
{
  switch (step->kind)
    {
    case STRATA_STEP_CREATE_OVERLAY:
      return strata_apply_create_overlay (self, step->args, error);
    case STRATA_STEP_COPY_IMAGE:
      return strata_apply_copy_image (self, step->args, error);
    case STRATA_STEP_COPY_VERBATIM:
      return strata_apply_copy_verbatim (self, step->args, error);
    case STRATA_STEP_CONVERT_TAG:
      return strata_apply_convert_tag (self, step->args, error);
    case STRATA_STEP_KEEP_TAG:
      return strata_apply_keep_tag (self, step->args, error);
    case STRATA_STEP_DELETE_TAG:
      return strata_apply_delete_tag (self, step->args, error);
    case STRATA_STEP_COMMIT:
      return strata_apply_commit (self, step->args, error);
    case STRATA_STEP_PULL:
      return strata_apply_pull (self, step->args, error);
    case STRATA_STEP_DELETE_VOLUME:
    case STRATA_STEP_DELETE_FILE:
      return strata_apply_delete_volume (self, step->args, error);
    case STRATA_STEP_DEFINE:
      return strata_apply_define (self, step->args, error);
    case STRATA_STEP_UNDEFINE:
      return strata_apply_undefine (self, step->args, error);
    case STRATA_STEP_SHUT_DOWN:
      return strata_apply_stop (self, step->args, error);
    case STRATA_STEP_START:
      return strata_apply_start (self, step->args, error);
    case STRATA_STEP_RESTORE:
      return strata_apply_restore (self, step->args, error);
    case STRATA_STEP_SNAPSHOT_CREATE:
      return strata_apply_snapshot_create (self, step->args, error);
    case STRATA_STEP_SNAPSHOT_DEFINE:
      return strata_apply_snapshot_define (self, step->args, error);
    case STRATA_STEP_DELETE_METADATA:
      return strata_apply_delete_metadata (self, step->args, error);
    case STRATA_STEP_SNAPSHOT_DELETE:
      return strata_apply_snapshot_delete (self, step->args, error);
    case STRATA_STEP_SNAPSHOT_REVERT:
      return strata_apply_snapshot_revert (self, step->args, error);
    case STRATA_STEP_RECONCILE:
      return strata_apply_reconcile (self, step->args, error);
    case STRATA_STEP_SEAL:
      return strata_apply_seal (self, step->args, error);
    case STRATA_STEP_CUSTOMISE:
      return strata_apply_customise (self, step->args, error);
    /* These change no image and no holder. */
    case STRATA_STEP_CHECK_CHAIN:
    case STRATA_STEP_CHECK_SPACE:
    case STRATA_STEP_COPY_FILE:
    case STRATA_STEP_INSPECT:
    case STRATA_STEP_REQUIRE_ACTIVE:
    case STRATA_STEP_REQUIRE_OFF:
    case STRATA_STEP_SET_MODE:
    case STRATA_STEP_VERIFY:
      return TRUE;
    }

  g_assert_not_reached ();
}
