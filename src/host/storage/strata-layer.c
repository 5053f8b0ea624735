/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The layers of a running domain's disk.
 *
 * libvirt compares a layer's name with the names in the overlays' headers, which may be other names of
 * the file than the one we know it by; the index of a layer has only one meaning.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "strata-layer.h"
#include "strata-storage.h"
#include "host/connection/strata-vir.h"
#include "host/connection/strata-xpath.h"

/* Of the disk's own chain: a copy's destination, in <mirror>, may have one too. */
#define LAYERS \
  "/domain/devices/disk[target/@dev='%s']/backingStore/descendant-or-self::backingStore[source]"

/* The disk itself may be given by pool and volume; the layers below it are files. */
static char *
get_volume (StrataConnection *connection, const char *xml, const char *element)
{
  g_autofree char *pool_expression = g_strdup_printf ("string(%s/source/@pool)", element);
  g_autofree char *volume_expression = g_strdup_printf ("string(%s/source/@volume)", element);
  g_autofree char *pool = strata_xpath_string (xml, pool_expression);
  g_autofree char *volume = strata_xpath_string (xml, volume_expression);

  return pool != NULL && volume != NULL
             ? strata_connection_get_volume_path (connection, pool, volume)
             : NULL;
}

static char *
get_source (StrataConnection *connection, const char *xml, const char *element)
{
  g_autofree char *expression =
      g_strdup_printf ("string(%s/source/@*[name()='file' or name()='dev'])", element);
  g_autofree char *source = strata_xpath_string (xml, expression);

  if (source == NULL)
    source = get_volume (connection, xml, element);

  return source != NULL ? strata_connection_canonical_path (connection, source) : NULL;
}

static GStrv
list_indexes (const char *xml, const char *target)
{
  g_autofree char *expression = g_strdup_printf (LAYERS "/@index", target);

  return strata_xpath_strings (xml, expression);
}

static char *
get_layer_source (StrataConnection *connection,
                  const char *xml,
                  const char *target,
                  const char *index)
{
  g_autofree char *element = g_strdup_printf (LAYERS "[@index='%s']", target, index);

  return get_source (connection, xml, element);
}

/**
 * strata_layer_list:
 * @connection: a connection
 * @domain: a running domain
 * @target: a disk of it, `vda`
 * @error: where to put libvirt's error
 *
 * Worker threads only.
 *
 * Returns: (transfer full): canonical paths from the one that is written to, to the bottom; what is
 *   neither a file nor a device is an empty string
 */
GStrv
strata_layer_list (StrataConnection *connection,
                   virDomainPtr domain,
                   const char *target,
                   GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *disk = g_strdup_printf ("/domain/devices/disk[target/@dev='%s']", target);
  g_autofree char *xml = NULL;
  g_autofree char *top = NULL;
  g_auto (GStrv) indexes = NULL;

  STRATA_ASSERT_WORKER ();

  xml = virDomainGetXMLDesc (domain, 0);
  if (xml == NULL)
    {
      strata_vir_set_error (error, _ ("Reading the layers of the disk “%s”"), target);
      return NULL;
    }

  top = get_source (connection, xml, disk);
  g_strv_builder_add (builder, top != NULL ? top : "");
  indexes = list_indexes (xml, target);
  for (guint i = 0; indexes[i] != NULL; i++)
    {
      g_autofree char *path = get_layer_source (connection, xml, target, indexes[i]);

      g_strv_builder_add (builder, path != NULL ? path : "");
    }

  return g_strv_builder_end (builder);
}

/**
 * strata_layer_find:
 * @connection: a connection
 * @domain: a running domain
 * @target: a disk of it, `vda`
 * @path: an image
 *
 * Worker threads only.
 *
 * Returns: (transfer full) (nullable): libvirt's name for the layer @path, `vda[3]`; %NULL if it is not
 *   one of those below the topmost
 */
char *
strata_layer_find (StrataConnection *connection,
                   virDomainPtr domain,
                   const char *target,
                   const char *path)
{
  g_autofree char *xml = NULL;
  g_autofree char *wanted = NULL;
  g_auto (GStrv) indexes = NULL;

  STRATA_ASSERT_WORKER ();

  xml = virDomainGetXMLDesc (domain, 0);
  wanted = strata_connection_canonical_path (connection, path);
  indexes = list_indexes (xml, target);
  for (guint i = 0; indexes[i] != NULL; i++)
    {
      g_autofree char *source = get_layer_source (connection, xml, target, indexes[i]);

      if (strata_storage_is_same (connection, source, wanted))
        return g_strdup_printf ("%s[%s]", target, indexes[i]);
    }

  return NULL;
}
