/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The libguestfs appliance: a small virtual machine that has the guest's disks and reads or writes them
 * for us. This file starts it, tells the client that it is alive, and finds and mounts the guest.
 */

#include "config.h"

#include "strata-appliance.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/strata-guest-disk.h"
#include "guest/strata-guest-failure.h"
#include "strata-disk-use.h"
#include "strata-guest-check.h"
#include "base/strata-error.h"

static void
mountpoint_free (StrataMountpoint *mountpoint)
{
  g_free (mountpoint->path);
  g_free (mountpoint->mountable);
  g_free (mountpoint);
}

/* The library runs this in the thread that called it. */
static void
on_event (guestfs_h *g,
          void *opaque,
          uint64_t event,
          int event_handle,
          int flags,
          const char *text,
          size_t length,
          const uint64_t *array,
          size_t array_length)
{
  StrataAppliance *self = opaque;

  strata_event_writer_note (self->writer, text, (gssize) length);
  if (self->launching)
    strata_event_writer_alive (self->writer);
}

/* Position and total of a call that takes long, a launch for one. */
static void
on_progress (guestfs_h *g,
             void *opaque,
             uint64_t event,
             int event_handle,
             int flags,
             const char *text,
             size_t length,
             const uint64_t *array,
             size_t array_length)
{
  StrataAppliance *self = opaque;

  if (!self->launching || array_length < 4 || array[3] == 0)
    return;

  strata_event_writer_progress (self->writer, 0.7 * (double) array[2] / (double) array[3],
                                _ ("Starting the appliance"));
}

/**
 * strata_appliance_new:
 * @writer: where progress and signs of life go; must outlive the appliance
 * @read_only: disks get an overlay of their own that is thrown away
 *
 * Returns: (transfer full): an appliance that isn't started
 */
StrataAppliance *
strata_appliance_new (StrataEventWriter *writer, gboolean read_only)
{
  StrataAppliance *self = g_new0 (StrataAppliance, 1);

  self->writer = writer;
  self->read_only = read_only;
  self->mountpoints = g_ptr_array_new_with_free_func ((GDestroyNotify) mountpoint_free);
  self->g = guestfs_create ();
  if (self->g == NULL)
    g_error ("out of memory");

  /* Verbose, or there are no words to keep when a launch fails, and no signs of life. */
  guestfs_set_error_handler (self->g, NULL, NULL);
  guestfs_set_verbose (self->g, 1);
  guestfs_set_event_callback (
      self->g, on_event, GUESTFS_EVENT_APPLIANCE | GUESTFS_EVENT_LIBRARY | GUESTFS_EVENT_WARNING, 0,
      self);
  guestfs_set_event_callback (self->g, on_progress, GUESTFS_EVENT_PROGRESS, 0, self);

  return self;
}

/**
 * strata_appliance_free:
 * @self: (transfer full) (nullable): an appliance; stopped if it runs
 */
void
strata_appliance_free (StrataAppliance *self)
{
  if (self == NULL)
    return;

  guestfs_close (self->g);
  g_ptr_array_unref (self->mountpoints);
  g_free (self->first_path);
  g_strfreev (self->roots);
  g_free (self->root);
  g_free (self->type);
  g_free (self);
}

/**
 * strata_appliance_set_error:
 * @self: an appliance
 * @what: (nullable): what was being done
 * @error: return location for libguestfs' last error
 *
 * Returns: %FALSE
 */
gboolean
strata_appliance_set_error (StrataAppliance *self, const char *what, GError **error)
{
  const char *message = guestfs_last_error (self->g);
  g_autofree char *notes = strata_event_writer_dup_notes (self->writer);
  g_autofree char *hint = NULL;
  StrataError code;

  strata_event_writer_keep_notes (self->writer);
  if (message == NULL)
    message = _ ("libguestfs gave no reason");
  code = strata_guest_failure_classify (message, notes, self->launching, &hint);

  /* supermin's own words don't always reach the log, but what it stumbles over can be looked at. */
  if (code == STRATA_ERROR_NO_APPLIANCE && !strata_guest_check_kernel (self->g, error))
    return FALSE;

  switch (code)
    {
    case STRATA_ERROR_KERNEL_UNREADABLE:
      strata_set_error (
          error, code, hint,
          _ ("The appliance that reads the disk cannot be built, because only root may read "
             "the kernel in /boot."));
      break;
    case STRATA_ERROR_NO_APPLIANCE:
      strata_set_error (error, code, hint,
                        _ ("The appliance that reads the disk did not start: %s"), message);
      break;
    case STRATA_ERROR_BUSY:
      strata_set_error (error, code, hint, _ ("The disk “%s” is in use by another program."),
                        self->first_path);
      break;
    default:
      strata_set_error (error, code, hint, "%s: %s", what != NULL ? what : self->first_path,
                        message);
    }

  return FALSE;
}

/**
 * strata_appliance_add_disks:
 * @self: an appliance that isn't started
 * @disks: (element-type StrataGuestDisk): disks; no other process may write to them meanwhile
 * @error: return location for `STRATA_ERROR_NOT_FOUND`, `STRATA_ERROR_PERMISSION`, …
 *
 * Returns: whether they could be added
 */
gboolean
strata_appliance_add_disks (StrataAppliance *self, GPtrArray *disks, GError **error)
{
  if (!strata_disk_use_check (disks, !self->read_only, error))
    return FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      StrataGuestDisk *disk = g_ptr_array_index (disks, i);
      g_autofree char *overlay = NULL;

      if (self->first_path == NULL)
        self->first_path = g_strdup (disk->path);
      if (self->read_only)
        {
          overlay = strata_disk_use_overlay (disk, error);
          if (overlay == NULL)
            return FALSE;
        }
      if (guestfs_add_drive_opts (self->g, overlay != NULL ? overlay : disk->path,
                                  GUESTFS_ADD_DRIVE_OPTS_FORMAT,
                                  overlay != NULL ? "qcow2" : disk->format, -1) != 0)
        return strata_appliance_set_error (self, disk->path, error);
    }

  return TRUE;
}

/**
 * strata_appliance_launch:
 * @self: an appliance with its disks
 * @error: return location for `STRATA_ERROR_NO_APPLIANCE`, `STRATA_ERROR_KERNEL_UNREADABLE`,
 *   `STRATA_ERROR_BUSY`
 *
 * Takes about two seconds with KVM, ten without, more the first time. Cannot be cancelled but by killing
 * QEMU.
 *
 * Returns: whether it is up
 */
gboolean
strata_appliance_launch (StrataAppliance *self, GError **error)
{
  gboolean done;

  strata_event_writer_progress (self->writer, 0.0, _ ("Starting the appliance"));
  strata_event_writer_launch (self->writer, FALSE);
  self->launching = TRUE;
  done = guestfs_launch (self->g) == 0 || strata_appliance_set_error (self, NULL, error);
  self->launching = FALSE;
  if (done)
    strata_event_writer_launch (self->writer, TRUE);

  return done;
}

static int
compare_mountpoints (gconstpointer a, gconstpointer b)
{
  const StrataMountpoint *mountpoint_a = *(const StrataMountpoint **) a;
  const StrataMountpoint *mountpoint_b = *(const StrataMountpoint **) b;

  return (int) strlen (mountpoint_a->path) - (int) strlen (mountpoint_b->path);
}

/**
 * strata_appliance_use_root:
 * @self: an appliance that has looked for operating systems
 * @root: one of its roots
 * @error: return location
 *
 * Makes @root the one that is looked at. It must be mounted again afterwards.
 *
 * Returns: whether its mount points are known
 */
gboolean
strata_appliance_use_root (StrataAppliance *self, const char *root, GError **error)
{
  g_auto (GStrv) pairs = NULL;

  g_set_str (&self->root, root);
  g_free (self->type);
  self->type = guestfs_inspect_get_type (self->g, self->root);
  g_ptr_array_set_size (self->mountpoints, 0);

  pairs = guestfs_inspect_get_mountpoints (self->g, self->root);
  if (pairs == NULL)
    return strata_appliance_set_error (self, NULL, error);
  for (size_t i = 0; pairs[i] != NULL; i += 2)
    {
      StrataMountpoint *mountpoint = g_new0 (StrataMountpoint, 1);

      mountpoint->path = g_strdup (pairs[i]);
      mountpoint->mountable = g_strdup (pairs[i + 1]);
      g_ptr_array_add (self->mountpoints, mountpoint);
    }
  g_ptr_array_sort (self->mountpoints, compare_mountpoints);

  return TRUE;
}

static gboolean
any_encrypted (guestfs_h *g, char **devices)
{
  for (size_t i = 0; devices != NULL && devices[i] != NULL; i++)
    {
      g_autofree char *type = guestfs_vfs_type (g, devices[i]);

      if (g_strcmp0 (type, "crypto_LUKS") == 0 || g_strcmp0 (type, "BitLocker") == 0)
        return TRUE;
    }

  return FALSE;
}

/* A file system that is there, but that the appliance's kernel doesn't know. */
static char *
find_unreadable (guestfs_h *g, char **device)
{
  g_auto (GStrv) pairs = guestfs_list_filesystems (g);

  for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2)
    {
      const char *type = pairs[i + 1];

      if (strcmp (type, "unknown") == 0 || strcmp (type, "swap") == 0 || *type == '\0')
        continue;
      if (guestfs_mount_ro (g, pairs[i], "/") == 0)
        {
          guestfs_umount_all (g);
          continue;
        }
      *device = g_strdup (pairs[i]);
      return g_strdup (type);
    }

  return NULL;
}

/* Why was no guest found? An encrypted one is told from none at all. PATH: the first of the disks */
static gboolean
set_no_os (guestfs_h *g, const char *path, GError **error)
{
  g_auto (GStrv) devices = guestfs_list_devices (g);
  g_auto (GStrv) partitions = guestfs_list_partitions (g);
  g_autofree char *device = NULL;
  g_autofree char *type = NULL;

  if (any_encrypted (g, devices) || any_encrypted (g, partitions))
    {
      strata_set_error (error, STRATA_ERROR_UNSUPPORTED,
                        strata_guest_failure_hint (STRATA_ERROR_NO_OS),
                        _ ("“%s” is encrypted, so what is inside cannot be read or sealed."), path);
      return FALSE;
    }

  type = find_unreadable (g, &device);
  if (type != NULL)
    {
      strata_set_error (
          error, STRATA_ERROR_UNSUPPORTED, strata_guest_failure_hint (STRATA_ERROR_NO_OS),
          _ ("“%s” has a file system (%s, on %s) that this computer can't read, so what is "
             "inside can't be sealed."),
          path, type, device);
      return FALSE;
    }

  strata_set_error (error, STRATA_ERROR_NO_OS, strata_guest_failure_hint (STRATA_ERROR_NO_OS),
                    _ ("No operating system was found on “%s”."), path);
  return FALSE;
}

/**
 * strata_appliance_inspect:
 * @self: an appliance that is up
 * @refuse_windows: whether a Windows guest is an error
 * @error: return location for `STRATA_ERROR_NO_OS`, `STRATA_ERROR_WINDOWS`, or
 *   `STRATA_ERROR_UNSUPPORTED` for an encrypted disk
 *
 * Finds the guest; of several on one disk, the first.
 *
 * Returns: whether there is one
 */
gboolean
strata_appliance_inspect (StrataAppliance *self, gboolean refuse_windows, GError **error)
{
  strata_event_writer_progress (self->writer, 0.75, _ ("Looking for the operating system"));
  self->roots = guestfs_inspect_os (self->g);
  if (self->roots == NULL)
    return strata_appliance_set_error (self, NULL, error);
  if (self->roots[0] == NULL)
    return set_no_os (self->g, self->first_path, error);

  if (!strata_appliance_use_root (self, self->roots[0], error))
    return FALSE;
  if (refuse_windows && g_strcmp0 (self->type, "windows") == 0)
    {
      strata_set_error (
          error, STRATA_ERROR_WINDOWS, strata_guest_failure_hint (STRATA_ERROR_WINDOWS),
          _ ("The guest on “%s” is Windows, which Strata does not seal."), self->first_path);
      return FALSE;
    }

  return TRUE;
}

/**
 * strata_appliance_mount:
 * @self: an appliance that is up
 * @mountable: a device or a btrfs subvolume
 * @path: where to
 * @error: return location
 *
 * Returns: whether it is mounted
 */
gboolean
strata_appliance_mount (StrataAppliance *self,
                        const char *mountable,
                        const char *path,
                        GError **error)
{
  g_autofree char *type = guestfs_vfs_type (self->g, mountable);
  /* The other clones in the appliance have file systems of the same UUID, and xfs minds. */
  gboolean nouuid = g_strcmp0 (type, "xfs") == 0;
  const char *options = self->read_only ? (nouuid ? "ro,nouuid" : "ro") : (nouuid ? "nouuid" : "");

  if (guestfs_mount_options (self->g, options, mountable, path) != 0)
    return strata_appliance_set_error (self, NULL, error);

  return TRUE;
}

/**
 * strata_appliance_mount_all:
 * @self: an appliance that has found its guest
 * @error: return location
 *
 * A mount point that /etc/fstab names, but whose file system can't be mounted, is passed over: it may be
 * on a disk that isn't there. The root must mount.
 *
 * Returns: whether the guest's root is mounted
 */
gboolean
strata_appliance_mount_all (StrataAppliance *self, GError **error)
{
  for (guint i = 0; i < self->mountpoints->len; i++)
    {
      StrataMountpoint *mountpoint = g_ptr_array_index (self->mountpoints, i);
      gboolean is_root = strcmp (mountpoint->path, "/") == 0;

      mountpoint->mounted = strata_appliance_mount (self, mountpoint->mountable, mountpoint->path,
                                                    is_root ? error : NULL);
      if (is_root && !mountpoint->mounted)
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_appliance_shutdown:
 * @self: an appliance that is up
 * @error: return location
 *
 * Writes everything out. Only after this is it known that nothing of it was lost.
 *
 * Returns: whether all went well
 */
gboolean
strata_appliance_shutdown (StrataAppliance *self, GError **error)
{
  if (guestfs_umount_all (self->g) != 0 || guestfs_shutdown (self->g) != 0)
    return strata_appliance_set_error (self, NULL, error);

  return TRUE;
}

/**
 * strata_appliance_open:
 * @writer: where progress goes
 * @disks: (element-type StrataGuestDisk): a guest's disks
 * @refuse_windows: whether a Windows guest is an error
 * @error: return location
 *
 * Starts an appliance that reads @disks and cannot change them, and mounts the guest.
 *
 * Returns: (transfer full): the appliance, %NULL with @error set
 */
StrataAppliance *
strata_appliance_open (StrataEventWriter *writer,
                       GPtrArray *disks,
                       gboolean refuse_windows,
                       GError **error)
{
  g_autoptr (StrataAppliance) self = strata_appliance_new (writer, TRUE);

  if (!strata_appliance_add_disks (self, disks, error) || !strata_appliance_launch (self, error) ||
      !strata_appliance_inspect (self, refuse_windows, error) ||
      !strata_appliance_mount_all (self, error))
    return NULL;

  return g_steal_pointer (&self);
}
