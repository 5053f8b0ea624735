/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that make snapshots, delete them and go back to them. What only changes libvirt's documents of them is in
 * strata-step-metadata.c.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/strata-domain-control.h"
#include "host/strata-internal-snapshot.h"
#include "host/strata-restore.h"
#include "host/strata-screenshot.h"
#include "host/strata-snapshot-create.h"
#include "host/strata-snapshot.h"
#include "strata-job-private.h"
#include "strata-step-private.h"
#include "xml/strata-error.h"

static guint64
on_bytes (guint64 done, guint64 total, gpointer user_data)
{
  strata_job_report_bytes (user_data, done, total);

  return strata_job_get_bandwidth (user_data);
}

/* snapshot-create ---------------------------------------------------------------------------------- */

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

static void
read_order (StrataStepContext *context, StrataSnapshotOrder *order)
{
  JsonArray *disks = strata_step_context_get_array (context, "disks");

  order->uuid = strata_step_context_get (context, "uuid");
  order->name = strata_step_context_get (context, "snapshot");
  order->xml = strata_step_context_get (context, "xml");
  order->previous = strata_step_context_get (context, "previous");
  order->memory_file = strata_step_context_get (context, "memory-file");
  if (strata_step_context_is (context, "screenshot"))
    order->screenshot = strata_screenshot_get_path (order->uuid, order->name);
  order->kind = get_kind (context);
  order->quiesce = strata_step_context_is (context, "quiesce");
  order->overlays = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_overlay_free);

  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);
      const char *overlay = json_object_get_string_member_with_default (disk, "overlay", NULL);

      if (overlay != NULL)
        g_ptr_array_add (
            order->overlays,
            strata_snapshot_overlay_new (json_object_get_string_member (disk, "target"), overlay,
                                         json_object_get_string_member (disk, "base")));
    }
}

static void
order_clear (StrataSnapshotOrder *order)
{
  g_clear_pointer (&order->overlays, g_ptr_array_unref);
  g_free ((char *) order->screenshot);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataSnapshotOrder, order_clear)

static gboolean
snapshot_create_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (StrataSnapshotOrder) order = { NULL };

  read_order (context, &order);

  return strata_snapshot_check_order (context->connection, &order, error);
}

static gboolean
snapshot_create_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (StrataSnapshotOrder) order = { NULL };

  read_order (context, &order);

  return strata_snapshot_create (context->connection, &order, on_bytes, context->job, cancellable,
                                 error);
}

static gboolean
snapshot_create_undo (StrataStepContext *context, GError **error)
{
  g_auto (StrataSnapshotOrder) order = { NULL };

  read_order (context, &order);

  return strata_snapshot_take_back (context->connection, &order, error);
}

static gboolean
snapshot_create_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  if (!strata_snapshot_exists (context->connection, strata_step_context_get (context, "uuid"),
                               strata_step_context_get (context, "snapshot"), done, error))
    return FALSE;

  /* Who made it may have been killed before the guest could write again. */
  if (*done && strata_step_context_is (context, "quiesce"))
    return strata_snapshot_thaw (context->connection, strata_step_context_get (context, "uuid"),
                                 error);

  return TRUE;
}

const StrataStepClass strata_step_snapshot_create = {
  .kind = "snapshot-create",
  .check = snapshot_create_check,
  .run = snapshot_create_run,
  .undo = snapshot_create_undo,
  .is_done = snapshot_create_is_done,
};

/* snapshot-delete ---------------------------------------------------------------------------------- */

static GStrv
get_strings (JsonArray *array, const char *key)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    g_strv_builder_add (
        builder, json_object_get_string_member (json_array_get_object_element (array, i), key));

  return g_strv_builder_end (builder);
}

static gboolean
snapshot_delete_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *name = strata_step_context_get (context, "snapshot");
  const char *tag = strata_step_context_get (context, "tag");
  JsonArray *disks = strata_step_context_get_array (context, "disks");
  g_auto (GStrv) paths = get_strings (disks, "path");
  g_auto (GStrv) formats = get_strings (disks, "format");

  if (!strata_snapshot_delete_internal (context->connection,
                                        strata_step_context_get (context, "uuid"), name,
                                        tag != NULL ? tag : name, (const char *const *) paths,
                                        (const char *const *) formats, cancellable, error))
    return FALSE;
  strata_screenshot_remove (strata_step_context_get (context, "uuid"), name);

  return TRUE;
}

const StrataStepClass strata_step_snapshot_delete = {
  .kind = "snapshot-delete",
  .run = snapshot_delete_run,
};

/* snapshot-revert ---------------------------------------------------------------------------------- */

static gboolean
snapshot_revert_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *state = strata_step_context_get (context, "state");
  StrataAfter after = STRATA_AFTER_OFF;

  if (g_strcmp0 (state, "running") == 0)
    after = STRATA_AFTER_RUNNING;
  else if (g_strcmp0 (state, "paused") == 0)
    after = STRATA_AFTER_PAUSED;

  return strata_snapshot_revert_internal (
      context->connection, strata_step_context_get (context, "uuid"),
      strata_step_context_get (context, "snapshot"), after, error);
}

const StrataStepClass strata_step_snapshot_revert = {
  .kind = "snapshot-revert",
  .run = snapshot_revert_run,
};

/* restore ------------------------------------------------------------------------------------------ */

static gboolean
restore_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_domain_restore (context->connection, strata_step_context_get (context, "uuid"),
                                strata_step_context_get (context, "memory-file"),
                                strata_step_context_get (context, "xml"),
                                strata_step_context_is (context, "paused"), error);
}

static gboolean
restore_undo (StrataStepContext *context, GError **error)
{
  return strata_domain_force_off (context->connection, strata_step_context_get (context, "uuid"),
                                  error);
}

static gboolean
restore_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  return strata_domain_is_restored (context->connection, strata_step_context_get (context, "uuid"),
                                    strata_step_context_is (context, "paused"), done, error);
}

const StrataStepClass strata_step_restore = {
  .kind = "restore",
  .run = restore_run,
  .undo = restore_undo,
  .is_done = restore_is_done,
};
