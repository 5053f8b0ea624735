/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “check”: is everything there that sealing needs? Looks at files only, starts nothing, so that
 * the window can ask before it offers to seal.
 */

#include "config.h"

#include "strata-guest-check.h"

#include <glib/gi18n-lib.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "guest/strata-guest-failure.h"
#include "strata-guest-sysprep.h"
#include "base/strata-error.h"

static gboolean
has_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A fixed appliance brings its own kernel; one that supermin builds takes the host's. */
static gboolean
find_appliance (guestfs_h *g, gboolean *needs_kernel, GError **error)
{
  const char *path = guestfs_get_path (g);
  g_auto (GStrv) directories = g_strsplit (path != NULL ? path : "", ":", -1);

  for (size_t i = 0; directories[i] != NULL; i++)
    {
      *needs_kernel = has_file (directories[i], "supermin.d");
      if (*needs_kernel ||
          (has_file (directories[i], "kernel") && has_file (directories[i], "root")))
        return TRUE;
    }

  strata_set_error (error, STRATA_ERROR_NO_APPLIANCE,
                    strata_guest_failure_hint (STRATA_ERROR_NO_TOOL),
                    _ ("The appliance of libguestfs is not installed (looked in “%s”)."), path);
  return FALSE;
}

static gboolean
set_unreadable (const char *kernel, GError **error)
{
  strata_set_error (
      error, STRATA_ERROR_KERNEL_UNREADABLE,
      strata_guest_failure_hint (STRATA_ERROR_KERNEL_UNREADABLE),
      _ ("The appliance that reads the disk cannot be built, because you may not read the kernel “%s”."),
      kernel);
  return FALSE;
}

/* supermin takes the newest of these. */
static char *
find_newest_kernel (void)
{
  g_autofree char *newest = NULL;
  glob_t found = { 0 };

  glob ("/boot/vmlinu?-*", 0, NULL, &found);
  glob ("/lib/modules/*/vmlinuz", found.gl_pathc > 0 ? GLOB_APPEND : 0, NULL, &found);
  for (size_t i = 0; i < found.gl_pathc; i++)
    {
      if (strstr (found.gl_pathv[i], "-rescue-") == NULL &&
          (newest == NULL || strverscmp (found.gl_pathv[i], newest) > 0))
        g_set_str (&newest, found.gl_pathv[i]);
    }
  globfree (&found);

  return g_steal_pointer (&newest);
}

/**
 * strata_guest_check_kernel:
 * @g: a libguestfs handle
 * @error: return location for `STRATA_ERROR_KERNEL_UNREADABLE` or `STRATA_ERROR_NO_APPLIANCE`
 *
 * Returns: whether the appliance can be built from a kernel of this computer, as far as files tell
 */
gboolean
strata_guest_check_kernel (guestfs_h *g, GError **error)
{
  const char *told = g_getenv ("SUPERMIN_KERNEL");
  g_autofree char *kernel = NULL;
  gboolean needs_kernel;

  if (!find_appliance (g, &needs_kernel, error))
    return FALSE;
  if (!needs_kernel)
    return TRUE;

  kernel = told != NULL ? g_strdup (told) : find_newest_kernel ();
  if (kernel == NULL || access (kernel, F_OK) != 0)
    {
      strata_set_error (
          error, STRATA_ERROR_NO_APPLIANCE,
          _ ("Install a kernel: “sudo apt install linux-image-amd64” on Debian, in a container too."),
          _ ("There is no kernel in /boot to build the appliance from."));
      return FALSE;
    }
  if (access (kernel, R_OK) != 0)
    return set_unreadable (kernel, error);

  return TRUE;
}

static gboolean
check_qemu (guestfs_h *g, GError **error)
{
  g_autofree char *qemu = guestfs_get_hv (g);
  g_autofree char *found = qemu != NULL ? g_find_program_in_path (qemu) : NULL;

  if (found != NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_NO_TOOL, _ ("Install QEMU."),
                    _ ("QEMU (“%s”), which runs the appliance, is not installed."),
                    qemu != NULL ? qemu : "qemu");
  return FALSE;
}

/**
 * strata_guest_check:
 * @writer: not used for progress, this takes milliseconds
 * @error: return location for `STRATA_ERROR_NO_TOOL`, `STRATA_ERROR_KERNEL_UNREADABLE`,
 *   `STRATA_ERROR_NO_APPLIANCE`
 *
 * Returns: (transfer full): an empty object; %NULL if something is missing
 */
JsonObject *
strata_guest_check (StrataEventWriter *writer, GError **error)
{
  g_autofree char *program = strata_guest_sysprep_find (error);
  guestfs_h *g;
  gboolean good;

  if (program == NULL)
    return NULL;

  g = guestfs_create ();
  if (g == NULL)
    g_error ("out of memory");
  guestfs_set_error_handler (g, NULL, NULL);
  good = check_qemu (g, error) && strata_guest_check_kernel (g, error);
  guestfs_close (g);

  return good ? json_object_new () : NULL;
}
