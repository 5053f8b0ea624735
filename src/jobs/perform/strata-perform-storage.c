/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that make, protect and remove files. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/storage/strata-direct-copy.h"
#include "host/storage/strata-storage.h"
#include "jobs/strata-job-private.h"
#include "strata-precondition.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* check-space -------------------------------------------------------------------------------------- */

static gboolean
check_space_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *path = strata_step_context_get (context, "path");
  guint64 need = (guint64) strata_step_context_get_int (context, "bytes");
  guint64 available;
  g_autofree char *need_text = g_format_size (need);
  g_autofree char *left_text = NULL;
  g_autofree char *folder = g_path_get_dirname (path);

  if (!strata_storage_get_available (context->connection, path, &available, error))
    return FALSE;
  if (available >= need)
    return TRUE;

  left_text = g_format_size (available);
  strata_set_error (error, STRATA_ERROR_NO_SPACE, _ ("Free some space, or choose another pool."),
                    _ ("“%s” has %s left, and %s are needed"), folder, left_text, need_text);
  return FALSE;
}

const StrataStepOps strata_step_check_space = {
  .run = check_space_run,
};

/* create-overlay ----------------------------------------------------------------------------------- */

static gboolean
create_overlay_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_storage_require_absent (context->connection,
                                        strata_step_context_get (context, "path"), error) &&
         strata_direct_require_frozen (context->connection,
                                       strata_step_context_get (context, "backing"), error);
}

static gboolean
create_overlay_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  StrataVolumeXml spec = {
    .format = (char *) strata_step_context_get (context, "format"),
    .backing_path = (char *) strata_step_context_get (context, "backing"),
    .backing_format = (char *) strata_step_context_get (context, "backing-format"),
    /* As large as what it is put on, to the byte: libvirt rounds a size that it is given up to KiB. */
    .capacity = 0,
    .mode = 0600,
  };

  return strata_storage_create (context->connection, strata_step_context_get (context, "path"),
                                &spec, error);
}

static gboolean
delete_path (StrataStepContext *context, GError **error)
{
  return strata_storage_delete (context->connection, strata_step_context_get (context, "path"),
                                error);
}

static gboolean
create_overlay_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (StrataImage) image = strata_storage_read_image (
      context->connection, strata_step_context_get (context, "path"), &local);

  if (image == NULL && !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  *done = image != NULL &&
          g_strcmp0 (image->backing_path, strata_step_context_get (context, "backing")) == 0;

  return TRUE;
}

const StrataStepOps strata_step_create_overlay = {
  .check = create_overlay_check,
  .run = create_overlay_run,
  .undo = delete_path,
  .is_done = create_overlay_is_done,
};

static void
say_left_alone (StrataStepContext *context, const char *path)
{
  g_autofree char *line = NULL;

  if (context->job == NULL)
    return;

  /* Translators: a path */
  line = g_strdup_printf (_ ("“%s” is another file by now, and was left as it is"), path);
  strata_job_append_log (context->job, line);
}

/* copy-file: UEFI variables ------------------------------------------------------------------------ */

/* Seconds until the copy is there: it is small, and a host may be busy. */
#define LONGEST_COPY 120

/* The key of the result that says WHAT of the copy: when it was begun, which file it is. */
static char *
copy_key (StrataStepContext *context, const char *what)
{
  return g_strconcat (what, ":", strata_step_context_get (context, "to"), NULL);
}

static gboolean
copy_file_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *to = strata_step_context_get (context, "to");
  g_autofree char *key = copy_key (context, "begun");
  g_autofree char *now = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_real_time () / G_USEC_PER_SEC);
  gboolean there;
  gboolean regular;

  if (!strata_storage_find_small (context->connection, to, &there, &regular, error))
    return FALSE;
  if (there)
    {
      strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Move it away, or choose another name."),
                        _ ("The file “%s” exists already"), to);
      return FALSE;
    }
  if (context->job != NULL)
    strata_job_set_result (context->job, key, now);

  return TRUE;
}

static gboolean
copy_file_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *to = strata_step_context_get (context, "to");
  g_autofree char *key = copy_key (context, "copied");
  g_autofree char *id = NULL;
  g_autoptr (GError) local = NULL;

  /* A guest that was never started has no variables yet; libvirt makes them from the firmware's own. */
  if (!strata_storage_copy_small (context->connection, strata_step_context_get (context, "from"),
                                  to, &local) &&
      !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  id = local == NULL ? strata_storage_get_small_id (context->connection, to) : NULL;
  if (context->job != NULL && id != NULL)
    strata_job_set_result (context->job, key, id);

  return TRUE;
}

/* ID: of the regular file that has the copy's name. A process that was killed didn't say which it made; and where there was
 * nothing to copy, libvirt itself made the file when the guest was started. */
static gboolean
is_our_copy (StrataStepContext *context, const char *id)
{
  g_autofree char *copied_key = copy_key (context, "copied");
  g_autofree char *begun_key = copy_key (context, "begun");
  const char *copied = strata_step_context_get_note (context, copied_key);
  const char *noted = strata_step_context_get_note (context, begun_key);
  gint64 begun = noted != NULL ? g_ascii_strtoll (noted, NULL, 10) : 0;
  gint64 birth;

  if (copied != NULL)
    return g_str_equal (copied, id);

  return noted == NULL ||
         !strata_storage_get_birth (context->connection, strata_step_context_get (context, "to"),
                                    &birth) ||
         (birth >= begun - 1 && birth <= begun + LONGEST_COPY);
}

static gboolean
copy_file_undo (StrataStepContext *context, GError **error)
{
  const char *to = strata_step_context_get (context, "to");
  g_autofree char *id = strata_storage_get_small_id (context->connection, to);
  gboolean there;
  gboolean regular;

  if (!strata_storage_find_small (context->connection, to, &there, &regular, error))
    return FALSE;
  if (!there)
    return TRUE;
  if (!regular || id == NULL || !is_our_copy (context, id))
    {
      say_left_alone (context, to);
      return TRUE;
    }

  return strata_storage_delete_small (context->connection, to, error);
}

const StrataStepOps strata_step_copy_file = {
  .check = copy_file_check,
  .run = copy_file_run,
  .undo = copy_file_undo,
};

/* set-mode ----------------------------------------------------------------------------------------- */

/* The key of the result that says which file it was that got another mode. */
static char *
mode_key (StrataStepContext *context)
{
  return g_strconcat ("mode-of:", strata_step_context_get (context, "path"), NULL);
}

static gboolean
check_still (StrataStepContext *context, GError **error)
{
  const char *path = strata_step_context_get (context, "path");

  if (strata_storage_is_still (context->connection, path,
                               strata_step_context_get (context, "identity")))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("See what it is, and make the plan again."),
                    _ ("“%s” is another file than when the plan was made"), path);
  return FALSE;
}

/* Noted before it acts: what has the name when that is undone may be another file. */
static gboolean
set_mode_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autofree char *key = mode_key (context);
  g_autofree char *id = NULL;

  if (!check_still (context, error) ||
      ((strata_step_context_get_int (context, "mode") & 0222) == 0 &&
       !strata_direct_require_frozen (context->connection,
                                      strata_step_context_get (context, "path"), error)))
    return FALSE;

  id = strata_storage_get_file_id (context->connection, strata_step_context_get (context, "path"));
  if (context->job != NULL)
    strata_job_set_result (context->job, key, id != NULL ? id : "");

  return TRUE;
}

static gboolean
set_mode_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_storage_set_mode (context->connection, strata_step_context_get (context, "path"),
                                  (guint) strata_step_context_get_int (context, "mode"), error);
}

static gboolean
set_mode_undo (StrataStepContext *context, GError **error)
{
  const char *path = strata_step_context_get (context, "path");
  g_autofree char *key = mode_key (context);
  const char *noted = strata_step_context_get_note (context, key);
  g_autofree char *id = strata_storage_get_file_id (context->connection, path);

  if (noted != NULL ? id != NULL && !g_str_equal (id, noted)
                    : !strata_storage_is_still (context->connection, path,
                                                strata_step_context_get (context, "identity")))
    {
      say_left_alone (context, path);
      return TRUE;
    }

  return strata_storage_set_mode (context->connection, path,
                                  (guint) strata_step_context_get_int (context, "previous"), error);
}

const StrataStepOps strata_step_set_mode = {
  .check = set_mode_check,
  .run = set_mode_run,
  .undo = set_mode_undo,
};

/* delete-volume, delete-file ----------------------------------------------------------------------- */

static gboolean
delete_volume_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *path = strata_step_context_get (context, "path");

  return check_still (context, error) &&
         strata_storage_require_removable (context->connection, path, error) &&
         strata_require_unused (context->connection, path, cancellable, error) &&
         strata_require_none_saved_on (context->connection, path, cancellable, error);
}

/* While they lead to it. Where one can't be removed, the image goes all the same. */
static void
delete_links (StrataStepContext *context)
{
  JsonArray *links = strata_step_context_get_array (context, "links");

  for (guint i = 0; links != NULL && i < json_array_get_length (links); i++)
    {
      const char *link = json_array_get_string_element (links, i);
      g_autoptr (GError) local = NULL;

      if (!strata_storage_delete_link (context->connection, link,
                                       strata_step_context_get (context, "path"), &local) &&
          context->job != NULL)
        strata_job_append_log (context->job, local->message);
    }
}

static gboolean
delete_volume_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  delete_links (context);

  return delete_path (context, error);
}

static gboolean
delete_volume_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  gboolean exists;

  if (!strata_storage_exists (context->connection, strata_step_context_get (context, "path"),
                              &exists, error))
    return FALSE;
  *done = !exists;

  return TRUE;
}

const StrataStepOps strata_step_delete_volume = {
  .check = delete_volume_check,
  .run = delete_volume_run,
  .is_done = delete_volume_is_done,
};

/* That no other machine names it is for the law to see. */
static gboolean
delete_file_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *path = strata_step_context_get (context, "path");
  gboolean there;
  gboolean regular;

  if (!strata_storage_find_small (context->connection, path, &there, &regular, error))
    return FALSE;
  if (!there || regular)
    return strata_storage_require_removable (context->connection, path, error);

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("“%s” is no regular file"), path);
  return FALSE;
}

static gboolean
delete_file_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_storage_delete_small (context->connection,
                                      strata_step_context_get (context, "path"), error);
}

const StrataStepOps strata_step_delete_file = {
  .check = delete_file_check,
  .run = delete_file_run,
};
