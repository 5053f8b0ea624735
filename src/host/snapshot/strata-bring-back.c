/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A guest that was stopped goes on from a snapshot with its memory. The disks are made again what they were when the memory was
 * kept: with what was written later they don't agree with it.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-bring-back.h"
#include "host/connection/strata-connection-private.h"
#include "strata-internal-snapshot.h"
#include "strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"

/* The overlays of a guest that was stopped with the keeping have nothing in them: they stay, unless they are gone. */
static gboolean
make_overlay (StrataConnection *connection,
              const StrataSnapshotParams *params,
              const StrataSnapshotOverlay *item,
              GError **error)
{
  StrataVolumeXml spec = {
    .format = (char *) "qcow2",
    .backing_path = item->base,
    .backing_format = item->base_format,
    .capacity = 0,
    .mode = 0600,
  };
  gboolean exists;

  if (!strata_storage_exists (connection, item->overlay, &exists, error))
    return FALSE;
  if (exists && params->halt)
    return TRUE;

  if (item->base_format == NULL)
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("The format of “%s” isn’t known"),
                        item->base);
      return FALSE;
    }

  return (!exists || strata_storage_delete (connection, item->overlay, error)) &&
         strata_storage_create (connection, item->overlay, &spec, error);
}

static StrataDomainXml *
get_saved_definition (StrataConnection *connection,
                      const StrataSnapshotParams *params,
                      GError **error)
{
  g_autofree char *xml = virDomainSaveImageGetXMLDesc (
      strata_connection_get_handle (connection), params->memory_file,
      strata_connection_get_secrecy (connection) != 0 ? VIR_DOMAIN_SAVE_IMAGE_XML_SECURE : 0);

  if (xml == NULL)
    {
      strata_vir_set_error (error, _ ("Restoring the memory in “%s”"), params->memory_file);
      return NULL;
    }

  return strata_domain_xml_new_from_string (xml, error);
}

/* (transfer full): as what the guest ran, on the overlays that the snapshot put it on */
static char *
get_definition (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  g_autofree char *xml = strata_snapshot_get_xml (connection, params->uuid, params->name, NULL);
  g_autoptr (StrataSnapshotXml) document =
      xml != NULL ? strata_snapshot_xml_new_from_string (xml, NULL) : NULL;
  g_autoptr (StrataDomainXml) definition =
      document != NULL ? strata_snapshot_xml_get_live_definition (document) : NULL;

  /* Of a snapshot that libvirt has lost, or has not written down, the memory has it. */
  if (definition == NULL)
    definition = get_saved_definition (connection, params, error);
  if (definition == NULL)
    return NULL;

  strata_domain_xml_drop_backing (definition);
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      strata_domain_xml_set_disk_file (definition, item->target, item->overlay, "qcow2");
    }

  return strata_domain_xml_to_string (definition);
}

/* In one call: libvirt says then that it runs because it was restored, by which it is told from one that was started anew. */
static gboolean
restore (StrataConnection *connection,
         const StrataSnapshotParams *params,
         const char *xml,
         gboolean paused,
         GError **error)
{
  unsigned int flags = paused ? VIR_DOMAIN_SAVE_PAUSED : VIR_DOMAIN_SAVE_RUNNING;

  if (virDomainRestoreFlags (strata_connection_get_handle (connection), params->memory_file, xml,
                             flags) == 0)
    return TRUE;

  strata_vir_set_error (error, _ ("Restoring the memory in “%s”"), params->memory_file);
  return FALSE;
}

/**
 * strata_snapshot_bring_back:
 * @connection: a connection
 * @params: a snapshot that was made, with memory, of a domain that is off now
 * @paused: whether the guest stands still afterwards
 * @error: where to put an error; the snapshot is whole all the same
 *
 * Worker threads only.
 *
 * Returns: whether the guest goes on from it
 */
gboolean
strata_snapshot_bring_back (StrataConnection *connection,
                            const StrataSnapshotParams *params,
                            gboolean paused,
                            GError **error)
{
  g_autofree char *xml = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (params->kind == STRATA_SNAPSHOT_KIND_INTERNAL)
    return strata_snapshot_revert_internal (connection, params->uuid, params->name,
                                            paused ? STRATA_AFTER_PAUSED : STRATA_AFTER_RUNNING,
                                            error);

  xml = get_definition (connection, params, error);
  if (xml == NULL)
    return FALSE;
  for (guint i = 0; i < params->overlays->len; i++)
    {
      if (!make_overlay (connection, params, g_ptr_array_index (params->overlays, i), error))
        return FALSE;
    }

  return restore (connection, params, xml, paused, error);
}
