/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a guest wrote to last, told by stamps of its images from the moment in which its state was kept and it was stopped: what was written
 * since is another's.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "jobs/strata-job-notes.h"
#include "jobs/strata-job-private.h"
#include "strata-kept-stamps.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* before a path, a note: the stamp of an image when the guest had been stopped */
#define NOTE_STOPPED "stopped:"

/* (transfer full): what the guest wrote to since its state was kept */
static GStrv
collect_written (const StrataSnapshotParams *params)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();

  for (guint i = 0; i < params->overlays->len; i++)
    g_strv_builder_add (
        paths, ((StrataSnapshotOverlay *) g_ptr_array_index (params->overlays, i))->overlay);
  g_strv_builder_addv (paths, (const char **) params->images);

  return g_strv_builder_end (paths);
}

void
strata_kept_stamps_note (StrataStepContext *kept)
{
  g_auto (StrataSnapshotParams) params = { NULL };
  g_auto (GStrv) paths = NULL;

  strata_snapshot_params_read (kept, &params);
  paths = collect_written (&params);
  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *key = g_strconcat (NOTE_STOPPED, paths[i], NULL);
      g_autofree char *stamp = strata_job_notes_get_stamp (kept->connection, paths[i]);

      strata_job_set_result (kept->job, key, stamp);
    }
}

/* (transfer full): also what the step itself has noted; "" where the host doesn't say when anything was written, NULL where nothing was noted */
static char *
get_noted (StrataStepContext *context, const char *path)
{
  g_autofree char *key = g_strconcat (NOTE_STOPPED, path, NULL);
  char *fresh = context->job != NULL ? strata_job_get_result (context->job, key) : NULL;

  if (fresh != NULL || context->results == NULL)
    return fresh;

  return g_strdup (json_object_get_string_member_with_default (context->results, key, NULL));
}

static gboolean
is_as_stopped (StrataStepContext *context, const char *path)
{
  g_autofree char *noted = get_noted (context, path);
  g_autofree char *now = strata_job_notes_get_stamp (context->connection, path);

  if (noted == NULL || g_str_equal (now, STRATA_STAMP_UNKNOWN))
    return FALSE;

  return *noted == '\0' || *now == '\0' || g_str_equal (noted, now);
}

static gboolean
is_unwritten (StrataStepContext *context, const StrataSnapshotParams *params, const char *path)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      if (!g_str_equal (item->overlay, path))
        continue;
      /* That takes its time. */
      before = strata_job_notes_get_stamp (context->connection, path);
      if (!strata_snapshot_is_unwritten (context->connection, params, item))
        return FALSE;
      after = strata_job_notes_get_stamp (context->connection, path);

      return g_str_equal (before, after);
    }

  return FALSE;
}

gboolean
strata_kept_stamps_require (StrataStepContext *context, StrataStepContext *kept, GError **error)
{
  g_auto (StrataSnapshotParams) params = { NULL };
  g_auto (GStrv) paths = NULL;

  strata_snapshot_params_read (kept, &params);
  paths = collect_written (&params);
  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *noted = get_noted (context, paths[i]);

      if (is_as_stopped (context, paths[i]) || is_unwritten (context, &params, paths[i]))
        continue;
      strata_set_error (
          error, STRATA_ERROR_CHANGED, _ ("Look at it again, and begin anew."),
          /* Translators: a file, a virtual machine */
          noted != NULL
              ? _ ("“%s” was written to after the state of “%s” was kept")
              : _ ("Whether “%s” was written to after the state of “%s” was kept can’t be told"),
          paths[i], strata_step_context_get (context, "name"));
      return FALSE;
    }

  return TRUE;
}

/* What was written between the keeping and the stop would not be there after the return either. What was written since the
 * stop is another's. */
gboolean
strata_kept_stamps_agree (StrataStepContext *context,
                          const StrataSnapshotParams *params,
                          gboolean *known)
{
  g_auto (GStrv) paths = collect_written (params);

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *noted = NULL;
      gboolean exists;

      /* Going back was begun, and stopped between the old overlay and the new one. */
      if (strata_storage_exists (context->connection, paths[i], &exists, NULL) && !exists)
        continue;
      noted = get_noted (context, paths[i]);
      *known = noted != NULL;
      if (!is_as_stopped (context, paths[i]) && !is_unwritten (context, params, paths[i]))
        return FALSE;
    }

  return TRUE;
}
