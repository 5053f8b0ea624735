/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A look at a chain before anything that is to run on it is stopped. */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "strata-chain-check.h"
#include "host/connection/strata-connection-private.h"
#include "strata-qcow2.h"
#include "strata-qemu-img.h"
#include "strata-file-chain.h"
#include "strata-storage.h"
#include "base/strata-error.h"

/* Exit codes of "qemu-img check". Leaked clusters are lost space and nothing else; formats that
 * can't be checked (63), and images that can't be opened (1), are what they are. */
#define SOUND   0
#define CORRUPT 2
#define LEAKS   3

/* An image that is written to meanwhile can look damaged for a moment. */
#define LOOKS 2

static gboolean
is_readable (StrataConnection *connection, const char *path)
{
  return strata_connection_get_facts (connection)->is_local && access (path, R_OK) == 0;
}

/* “qemu-img check” calls what lazy_refcounts left behind errors (7.2 to 10.0), and the image is whole. */
static gboolean
is_dirty (const char *path)
{
  g_autofd int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  guint8 bytes[STRATA_QCOW2_HEAD_SIZE];
  g_autoptr (StrataQcow2) header = NULL;

  if (fd >= 0 && pread (fd, bytes, sizeof bytes, 0) == sizeof bytes)
    header = strata_qcow2_parse (bytes, sizeof bytes);

  return header != NULL && header->dirty;
}

static gboolean
check_content (StrataConnection *connection,
               const char *path,
               const char *format,
               StrataImageState *state,
               GCancellable *cancellable,
               GError **error)
{
  const char *const arguments[] = { "check", "-q", "-U", "-f", format, path, NULL };
  g_autoptr (GError) local = NULL;
  int status = CORRUPT;

  *state = g_strcmp0 (format, "raw") == 0 ? STRATA_IMAGE_PLAIN : STRATA_IMAGE_CLOSED;
  if (format == NULL || *state == STRATA_IMAGE_PLAIN || !is_readable (connection, path) ||
      is_dirty (path))
    return TRUE;

  for (int i = 0; i < LOOKS && status == CORRUPT; i++)
    {
      if (!strata_qemu_img_run (arguments, &status, NULL, NULL, cancellable, &local))
        {
          /* Without qemu-img it is not looked at, as on another host. */
          if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NO_TOOL))
            return TRUE;
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  if (status == SOUND || status == LEAKS)
    *state = STRATA_IMAGE_SOUND;
  if (status != CORRUPT)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_FAILED,
      _ ("Look at it with “qemu-img check”; make a copy before you let it repair anything."),
      _ ("The image “%s” is damaged"), path);

  return FALSE;
}

/* What is raw may hold anything, even what looks like another format. */
static gboolean
check_format (const StrataImage *image, const char *format, GError **error)
{
  if (format == NULL || image->format == NULL || g_str_equal (format, "raw") ||
      g_str_equal (format, image->format))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL,
                    /* Translators: a path, and two formats such as qcow2 */
                    _ ("The image “%s” should be %s, and is %s"), image->path, format,
                    image->format);

  return FALSE;
}

/* A device is there or not; no pool is asked for a list of all the machine has. */
static gboolean
check_device (StrataConnection *connection, const char *path, GError **error)
{
  if (!strata_connection_get_facts (connection)->is_local || g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("There is no image at “%s”"), path);

  return FALSE;
}

/**
 * strata_image_check:
 * @connection: a connection
 * @path: an image
 * @format: (nullable): what its overlay, or the definition, says that it is
 * @state: (out): what could be told
 * @next: (out) (transfer full) (nullable): the image that it stands on
 * @next_format: (out) (transfer full) (nullable): what it says that that one is
 * @cancellable: (nullable): to give up
 * @error: where to put `STRATA_ERROR_NOT_FOUND` if it is not there, or `STRATA_ERROR_FAILED` if it is damaged or something
 *   else than @format
 *
 * Worker threads only.
 *
 * Returns: whether nothing is wrong with it
 */
gboolean
strata_image_check (StrataConnection *connection,
                    const char *path,
                    const char *format,
                    StrataImageState *state,
                    char **next,
                    char **next_format,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (StrataImage) image = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  *next = *next_format = NULL;
  *state = STRATA_IMAGE_PLAIN;
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (strata_path_is_device (path))
    return check_device (connection, path, error);

  image = strata_storage_read_image (connection, path, error);
  if (image == NULL || !check_format (image, format, error))
    return FALSE;
  if (g_strcmp0 (format, "raw") == 0)
    return TRUE;
  if (!check_content (connection, path, image->format, state, cancellable, error))
    return FALSE;

  *next = g_strdup (image->backing_path);
  *next_format = g_strdup (image->backing_format);

  return TRUE;
}

/**
 * strata_chain_check:
 * @connection: a connection
 * @path: the topmost image
 * @format: (nullable): its format
 * @cancellable: (nullable): to give up
 * @error: where to put `STRATA_ERROR_NOT_FOUND` if an image is not there, or `STRATA_ERROR_FAILED` if one
 *   is damaged or something else than its overlay says
 *
 * Worker threads only.
 *
 * Returns: whether the chain can be built upon
 */
gboolean
strata_chain_check (StrataConnection *connection,
                    const char *path,
                    const char *format,
                    GCancellable *cancellable,
                    GError **error)
{
  g_auto (StrataFileChain) link = strata_file_chain_begin (path, format);

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  /* A chain that bites its own tail is refused by QEMU, and by the planner before that. */
  while (link.path != NULL && g_path_is_absolute (link.path))
    {
      g_autofree char *below = NULL;
      g_autofree char *below_format = NULL;
      StrataImageState state;

      if (!strata_image_check (connection, link.path, link.format, &state, &below, &below_format,
                               cancellable, error))
        return FALSE;

      strata_file_chain_next (&link, below, below_format);
    }

  return TRUE;
}
