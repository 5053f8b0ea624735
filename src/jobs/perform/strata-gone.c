/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a job was to change, and another client has removed for good. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "graph/strata-holders.h"
#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-storage.h"
#include "strata-gone.h"
#include "base/strata-error.h"

/* Whether the folder of PATH has anything in it. There is nothing where storage isn't mounted. */
static gboolean
is_folder_there (StrataConnection *connection, StrataGraph *graph, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GPtrArray) images = NULL;
  g_autoptr (GDir) dir = NULL;

  /* Of a folder of root's libvirt tells what is in it. */
  if (strata_connection_get_facts (connection)->is_local)
    dir = g_dir_open (folder, 0, NULL);
  if (dir != NULL)
    return g_dir_read_name (dir) != NULL;

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
  *gone = !is_named (graph, path) && is_folder_there (connection, graph, path);
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
      else if (!strata_gone_find_image (connection, disk->source, gone, error))
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

  return definition != NULL && are_disks_gone (connection, definition, gone, error);
}
