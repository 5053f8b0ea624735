/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Headers of images, as qemu-img reads them, where libvirt does not say what has to be known. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "strata-image-info.h"
#include "strata-image-tags.h"
#include "strata-pool-lease.h"

static void
end_process (GCancellable *cancellable, gpointer process)
{
  g_subprocess_force_exit (process);
}

/* With a cancellable of its own g_subprocess_communicate() destroys a source when the main context that it was on may be gone
 * already (GLib 2.84.4; three threads that call it crash or hang after some thousand calls), and a cancelled one leaves the
 * process behind. So the process is ended, and with it the call. */
static char *
communicate (GSubprocess *process, GCancellable *cancellable)
{
  gulong id = cancellable != NULL
                  ? g_cancellable_connect (cancellable, G_CALLBACK (end_process), process, NULL)
                  : 0;
  char *output = NULL;

  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, NULL);
  g_cancellable_disconnect (cancellable, id);

  return output;
}

/**
 * strata_image_info_read:
 * @path: an image's file
 * @format: (nullable): its format, where it is known
 * @cancellable: (nullable): to give up
 *
 * With `-U`, since an image may be in use; nothing is written. Worker threads only.
 *
 * Returns: (transfer full) (nullable): `qemu-img info`'s answer
 */
JsonObject *
strata_image_info_read (const char *path, const char *format, GCancellable *cancellable)
{
  const char *const with_format[] = { "qemu-img", "info", "-U", "--output=json",
                                      "-f",       format, path, NULL };
  const char *const without[] = { "qemu-img", "info", "-U", "--output=json", path, NULL };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *output = NULL;

  STRATA_ASSERT_WORKER ();

  process =
      g_subprocess_newv (format != NULL ? with_format : without,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
  if (process == NULL)
    return NULL;
  output = communicate (process, cancellable);
  if (output == NULL || !g_subprocess_get_successful (process))
    return NULL;

  node = json_from_string (output, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;

  return json_object_ref (json_node_get_object (node));
}

/**
 * strata_image_info_to_image:
 * @connection: a connection
 * @path: the image's path, as libvirt gives it
 * @pool: (nullable): the pool that lists it
 *
 * Returns: (transfer full): the image
 */
StrataImage *
strata_image_info_to_image (StrataConnection *connection, const char *path, const char *pool)
{
  g_autofree char *canonical = strata_connection_canonical_path (connection, path);
  StrataImage *image = strata_image_new (canonical);
  g_autoptr (JsonObject) info = NULL;
  const char *backing;
  const char *written;

  image->pool = g_strdup (pool);
  if (strata_connection_get_facts (connection)->is_local)
    info = strata_image_info_read (path, NULL, NULL);
  if (info == NULL)
    {
      image->unread = TRUE;
      strata_image_identify (connection, image, NULL);
      return image;
    }

  image->format = g_strdup (json_object_get_string_member_with_default (info, "format", NULL));
  image->capacity = (guint64) json_object_get_int_member_with_default (info, "virtual-size", 0);
  image->allocation = (guint64) json_object_get_int_member_with_default (info, "actual-size", 0);
  backing = json_object_get_string_member_with_default (info, "full-backing-filename", NULL);
  if (backing != NULL)
    {
      strata_image_set_backing (connection, image, backing);
      image->backing_format = g_strdup (
          json_object_get_string_member_with_default (info, "backing-filename-format", NULL));
      written = json_object_get_string_member_with_default (info, "backing-filename", NULL);
      if (written != NULL && strata_image_name_is_relative (written))
        image->relative = g_strdup (written);
    }
  if (json_object_get_boolean_member_with_default (info, "encrypted", FALSE))
    strata_image_set_problem (image, STRATA_IMAGE_FOREIGN, _ ("“%s” is encrypted"), canonical);
  strata_image_tags_fill (connection, image, NULL);
  strata_image_identify (connection, image, NULL);

  return image;
}
