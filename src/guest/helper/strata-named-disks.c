/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Are these disks of what the administrator's prompt named? Libvirt is asked, not the client. */

#include "config.h"

#include "strata-named-disks.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "host/connection/strata-vir.h"
#include "strata-trusted-file.h"
#include "base/strata-error.h"

/* Whether SOURCE, as libvirt has it, leads to PATH, on whose way are no links; FIXED: and only root can make it lead elsewhere. */
static gboolean
leads_to (const char *source, const char *path, gboolean fixed)
{
  g_autofree char *real = NULL;

  if (g_str_equal (source, path))
    return TRUE;
  real = realpath (source, NULL);

  return g_strcmp0 (real, path) == 0 && (!fixed || strata_trusted_file_is_fixed (source, NULL));
}

static char *
get_volume_path (StrataConnection *connection, const char *pool_name, const char *volume_name)
{
  g_autoptr (virStoragePool) pool =
      virStoragePoolLookupByName (strata_connection_get_handle (connection), pool_name);
  g_autoptr (virStorageVol) volume =
      pool != NULL ? virStorageVolLookupByName (pool, volume_name) : NULL;
  g_autofree char *path = NULL;

  /* libvirt may not have looked into the folder since it was made. */
  if (pool != NULL && volume == NULL && virStoragePoolRefresh (pool, 0) == 0)
    volume = virStorageVolLookupByName (pool, volume_name);
  path = volume != NULL ? virStorageVolGetPath (volume) : NULL;

  return g_steal_pointer (&path);
}

static gboolean
is_disk (StrataConnection *connection, const StrataDiskXml *disk, const char *path, gboolean fixed)
{
  g_autofree char *of_volume = NULL;

  if (disk->source == NULL)
    return FALSE;
  if (disk->pool == NULL)
    return leads_to (disk->source, path, fixed);

  of_volume = get_volume_path (connection, disk->pool, disk->source);

  return of_volume != NULL && leads_to (of_volume, path, fixed);
}

/* FALSE with an error where DOMAIN has DISK and is not to have it looked into. */
static gboolean
check_domain (StrataConnection *connection,
              const StrataDomainFacts *domain,
              const char *const *names,
              const StrataGuestDisk *disk,
              gboolean *found,
              GError **error)
{
  /* As the definition spells them. */
  g_autoptr (GPtrArray) own_disks = strata_domain_xml_get_disks (domain->definition);

  for (guint i = 0; i < own_disks->len; i++)
    {
      const StrataDiskXml *own = g_ptr_array_index (own_disks, i);

      if (!is_disk (connection, own, disk->path, FALSE))
        continue;

      if (!g_strv_contains (names, domain->name))
        {
          strata_set_error (error, STRATA_ERROR_PERMISSION, NULL,
                            /* Translators: a file, then a virtual machine */
                            _ ("“%s” is a disk of “%s”, for which no permission was given."),
                            disk->path, domain->name);
          return FALSE;
        }
      if (strata_domain_facts_is_active (domain))
        {
          strata_set_error (error, STRATA_ERROR_BUSY, _ ("Shut it down first."),
                            _ ("“%s” is a disk of “%s”, which is running."), disk->path,
                            domain->name);
          return FALSE;
        }
      if (g_strcmp0 (own->format, disk->format) != 0)
        {
          strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                            _ ("By the definition of “%s” the format of “%s” is %s, not %s."),
                            domain->name, disk->path, own->format != NULL ? own->format : "raw",
                            disk->format);
          return FALSE;
        }
      *found = *found || is_disk (connection, own, disk->path, TRUE);
    }

  return TRUE;
}

/* A copy or an overlay that no domain has yet. */
static gboolean
is_named_volume (StrataConnection *connection,
                 const char *const *names,
                 const StrataGuestDisk *disk)
{
  for (size_t i = 0; names[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (names[i], "/", 2);
      g_autofree char *path = NULL;

      if (parts[0] == NULL || parts[1] == NULL)
        continue;
      path = get_volume_path (connection, parts[0], parts[1]);
      if (path != NULL && leads_to (path, disk->path, TRUE))
        return g_str_equal (disk->format, "qcow2") || g_str_equal (disk->format, "raw");
    }

  return FALSE;
}

/**
 * strata_named_disks_check_below:
 * @connection: the system's libvirt
 * @names: (array zero-terminated=1): as of strata_named_disks_check()
 * @disk: a disk that passed it
 * @layers: (element-type utf8): what it stands on
 * @error: `STRATA_ERROR_PERMISSION`
 *
 * A guest may have written the header of a volume that no domain has any more.
 *
 * Returns: whether none of @layers is the disk of a domain that isn't among @names; a template's may be
 */
gboolean
strata_named_disks_check_below (StrataConnection *connection,
                                const char *const *names,
                                const StrataGuestDisk *disk,
                                GPtrArray *layers,
                                GError **error)
{
  g_autoptr (GPtrArray) domains =
      layers->len > 0 ? strata_connection_list_domains (connection, NULL, error) : NULL;

  if (layers->len == 0)
    return TRUE;
  if (domains == NULL)
    return FALSE;

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      g_autoptr (GPtrArray) disks = NULL;

      if (g_strv_contains (names, domain->name) ||
          strata_domain_xml_is_protected (domain->definition))
        continue;
      disks = strata_domain_xml_get_disks (domain->definition);
      for (guint j = 0; j < disks->len; j++)
        {
          for (guint k = 0; k < layers->len; k++)
            {
              const char *layer = g_ptr_array_index (layers, k);
              g_autofree char *real = realpath (layer, NULL);

              if (!is_disk (connection, g_ptr_array_index (disks, j), real != NULL ? real : layer,
                            FALSE))
                continue;
              strata_set_error (error, STRATA_ERROR_PERMISSION, NULL,
                                _ ("“%s” is a disk of “%s”, for which no permission was given."),
                                layer, domain->name);
              return FALSE;
            }
        }
    }

  return TRUE;
}

/**
 * strata_named_disks_check:
 * @connection: the system's libvirt
 * @names: (array zero-terminated=1): domains, and volumes as “POOL/VOLUME”
 * @disks: (element-type StrataGuestDisk): what is to be looked into or changed
 * @error: `STRATA_ERROR_PERMISSION`, `STRATA_ERROR_BUSY`, `STRATA_ERROR_INVALID`
 *
 * Returns: whether each is the disk of a domain among @names that is off, in the format of its definition, or a
 *   volume among @names that no other domain has
 */
gboolean
strata_named_disks_check (StrataConnection *connection,
                          const char *const *names,
                          GPtrArray *disks,
                          GError **error)
{
  g_autoptr (GPtrArray) domains = strata_connection_list_domains (connection, NULL, error);

  if (domains == NULL)
    return FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataGuestDisk *disk = g_ptr_array_index (disks, i);
      g_autofree char *real = realpath (disk->path, NULL);
      gboolean found = FALSE;

      if (g_strcmp0 (real, disk->path) != 0)
        {
          strata_set_error (error, STRATA_ERROR_PERMISSION, NULL,
                            _ ("“%s” is no disk of what permission was given for."), disk->path);
          return FALSE;
        }
      for (guint j = 0; j < domains->len; j++)
        {
          if (!check_domain (connection, g_ptr_array_index (domains, j), names, disk, &found,
                             error))
            return FALSE;
        }
      if (found || is_named_volume (connection, names, disk))
        continue;

      strata_set_error (error, STRATA_ERROR_PERMISSION, NULL,
                        _ ("“%s” is no disk of what permission was given for."), disk->path);
      return FALSE;
    }

  return TRUE;
}
