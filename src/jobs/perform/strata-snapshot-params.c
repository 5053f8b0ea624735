/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a step that takes a snapshot says of it, as libvirt is told. */

#include "config.h"

#include "host/domain/strata-screenshot.h"
#include "strata-perform-private.h"
#include "strata-snapshot-params.h"

static StrataSnapshotKind
get_kind (StrataStepContext *context)
{
  const char *word = strata_step_context_get (context, "kind");

  if (g_strcmp0 (word, "internal") == 0)
    return STRATA_SNAPSHOT_KIND_INTERNAL;
  if (g_strcmp0 (word, "memory") == 0)
    return STRATA_SNAPSHOT_KIND_MEMORY;

  return STRATA_SNAPSHOT_KIND_DISK_ONLY;
}

void
strata_snapshot_params_read (StrataStepContext *context, StrataSnapshotParams *params)
{
  JsonArray *disks = strata_step_context_get_array (context, "disks");
  g_autoptr (GStrvBuilder) images = g_strv_builder_new ();

  params->uuid = strata_step_context_get (context, "uuid");
  params->name = strata_step_context_get (context, "snapshot");
  params->xml = strata_step_context_get (context, "xml");
  params->previous = strata_step_context_get (context, "previous");
  params->memory_file = strata_step_context_get (context, "memory-file");
  if (strata_step_context_is (context, "screenshot"))
    params->screenshot = strata_screenshot_get_path (params->uuid, params->name);
  params->kind = get_kind (context);
  params->quiesce = strata_step_context_is (context, "quiesce");
  params->halt = strata_step_context_is (context, "halt");
  params->overlays = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_overlay_free);

  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);
      const char *overlay = json_object_get_string_member_with_default (disk, "overlay", NULL);
      const char *base = json_object_get_string_member_with_default (disk, "base", NULL);

      if (overlay == NULL && base != NULL)
        g_strv_builder_add (images, base);
      if (overlay != NULL)
        g_ptr_array_add (
            params->overlays,
            strata_snapshot_overlay_new (
                json_object_get_string_member (disk, "target"), overlay, base,
                json_object_get_string_member_with_default (disk, "base-format", NULL)));
    }
  params->images = g_strv_builder_end (images);
}

void
strata_snapshot_params_clear (StrataSnapshotParams *params)
{
  g_clear_pointer (&params->overlays, g_ptr_array_unref);
  g_clear_pointer (&params->images, g_strfreev);
  g_free ((char *) params->screenshot);
}

gboolean
strata_snapshot_params_have_memory (const StrataSnapshotParams *params)
{
  /* An internal one of a guest that runs has its memory in the image. */
  return params->kind == STRATA_SNAPSHOT_KIND_MEMORY ||
         (params->kind == STRATA_SNAPSHOT_KIND_INTERNAL && params->screenshot != NULL);
}
