/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a job was to change, and another client has removed for good. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <sys/stat.h>

#include "graph/strata-holders.h"
#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-storage.h"
#include "jobs/strata-job-private.h"
#include "strata-gone.h"
#include "base/strata-error.h"

/* before a folder, a note: which one it was when the job began */
#define NOTE_FOLDER "folder:"

/* (transfer full) (nullable): by which a folder of this computer is told from the one that is seen there once its storage is away */
static char *
get_folder_id (StrataConnection *connection, const char *folder)
{
  struct stat status;

  if (!strata_connection_get_facts (connection)->is_local || stat (folder, &status) != 0)
    return NULL;

  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev,
                          (guint64) status.st_ino);
}

static char *
get_folder_key (const char *folder)
{
  return g_strconcat (NOTE_FOLDER, folder, NULL);
}

/* Each folder that a step's images are in. */
static void
note_folder (StrataJob *job, JsonObject *before, const char *path)
{
  g_autofree char *folder = path != NULL ? g_path_get_dirname (path) : NULL;
  g_autofree char *id =
      folder != NULL ? get_folder_id (strata_job_get_connection (job), folder) : NULL;
  g_autofree char *key = folder != NULL ? get_folder_key (folder) : NULL;

  if (id != NULL && !json_object_has_member (before, key))
    strata_job_set_result (job, key, id);
}

static void
note_disks (StrataJob *job, JsonObject *before, const char *xml)
{
  g_autoptr (StrataDomainXml) definition =
      xml != NULL ? strata_domain_xml_new_from_string (xml, NULL) : NULL;
  g_autoptr (GPtrArray) disks =
      definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    note_folder (job, before, ((StrataDiskXml *) g_ptr_array_index (disks, i))->source);
}

/**
 * strata_gone_note:
 * @job: a job
 * @plan: its plan, of which nothing is done yet
 * @before: what an earlier process noted, which stays
 *
 * Worker threads only.
 */
void
strata_gone_note (StrataJob *job, StrataPlan *plan, JsonObject *before)
{
  static const char *const keys[] = { "top", "via", "image" };

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (step->kind == STRATA_STEP_DEFINE)
        note_disks (job, before, strata_step_get_arg (step, "previous"));
      if (!strata_step_is (step, STRATA_STEP_COMMIT, STRATA_STEP_PULL))
        continue;
      for (gsize j = 0; j < G_N_ELEMENTS (keys); j++)
        note_folder (job, before, strata_step_get_arg (step, keys[j]));
    }
}

/* Whether the folder of PATH is the one in which the plan saw it, and not the place where its storage is to be mounted. */
static gboolean
is_folder_there (StrataConnection *connection,
                 StrataGraph *graph,
                 JsonObject *notes,
                 const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *key = get_folder_key (folder);
  g_autofree char *id = get_folder_id (connection, folder);
  g_autoptr (GPtrArray) images = NULL;

  if (id != NULL)
    return notes != NULL &&
           g_strcmp0 (json_object_get_string_member_with_default (notes, key, NULL), id) == 0;

  /* Of a folder of root's, or of another computer, libvirt tells what is in it. */
  images = strata_graph_get_images (graph);
  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);
      g_autofree char *other = g_path_get_dirname (image->path);

      if (!image->missing && g_str_equal (folder, other))
        return TRUE;
    }

  return FALSE;
}

/* Whether any definition, snapshot or header on the host names PATH. */
static gboolean
is_named (StrataGraph *graph, const char *path)
{
  g_autoptr (GPtrArray) holders = strata_graph_get_holders (graph, path);

  return holders->len > 0;
}

/**
 * strata_gone_find_image:
 * @connection: a host
 * @notes: (nullable): a job's results
 * @path: an image
 * @gone: (out): whether nothing is there, nothing on the host names it, and its folder can be looked into
 * @error: `STRATA_ERROR_REFUSED` where it may be only away, or another
 *
 * Worker threads only.
 *
 * Returns: whether @gone was set
 */
gboolean
strata_gone_find_image (StrataConnection *connection,
                        JsonObject *notes,
                        const char *path,
                        gboolean *gone,
                        GError **error)
{
  g_autoptr (StrataGraph) graph = NULL;
  gboolean exists;

  *gone = FALSE;
  if (!strata_storage_exists (connection, path, &exists, error))
    return FALSE;
  if (exists)
    return TRUE;

  graph = strata_connection_gather (connection, NULL, error);
  if (graph == NULL || !strata_graph_check_seen (graph, error))
    return FALSE;
  *gone = !is_named (graph, path) && is_folder_there (connection, graph, notes, path);
  if (*gone)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Bring back the storage that it is on, and try again."),
                    _ ("The image “%s”, which is to be merged, is missing"), path);
  return FALSE;
}

/* Whether no disk of DEFINITION is there any more. */
static gboolean
are_disks_gone (StrataConnection *connection,
                JsonObject *notes,
                StrataDomainXml *definition,
                gboolean *gone,
                GError **error)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);
  g_autofree char *name = strata_domain_xml_get_name (definition);

  *gone = TRUE;
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->device, "disk") != 0)
        continue;
      if (disk->source == NULL || !g_path_is_absolute (disk->source))
        *gone = FALSE;
      else if (!strata_gone_find_image (connection, notes, disk->source, gone, error))
        return FALSE;
      if (!*gone)
        {
          strata_set_error (
              error, STRATA_ERROR_REFUSED,
              _ ("Define it as it was, and try again; or remove its disks, too."),
              _ ("“%s”, which the job is to define anew, was undefined, and its disk %s is still there"),
              name, disk->target);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_gone_find_machine:
 * @connection: a host
 * @notes: (nullable): a job's results
 * @uuid: a domain that a job is to define anew
 * @previous: how it was defined before
 * @gone: (out): whether it is not there, and none of its disks is
 * @error: `STRATA_ERROR_REFUSED` where a disk of it is left, or may be only away, or another
 *
 * Worker threads only.
 *
 * Returns: whether @gone was set
 */
gboolean
strata_gone_find_machine (StrataConnection *connection,
                          JsonObject *notes,
                          const char *uuid,
                          const char *previous,
                          gboolean *gone,
                          GError **error)
{
  g_autoptr (StrataDomainXml) definition = NULL;
  gboolean exists;

  *gone = FALSE;
  if (!strata_domain_exists (connection, uuid, &exists, error))
    return FALSE;
  if (exists)
    return TRUE;
  definition = strata_domain_xml_new_from_string (previous, error);

  return definition != NULL && are_disks_gone (connection, notes, definition, gone, error);
}
