/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Several clones of one template in one appliance. All of them have file systems, and LVM volumes, of
 * the same UUIDs, so what /etc/fstab names by UUID may be found on the wrong clone. Hence one clone is
 * inspected, what it mounts is put as “this partition of its second disk”, and that is looked up on each
 * clone's own disks.
 */

#include "config.h"

#include "strata-clone-layout.h"

#include <string.h>

struct _StrataCloneLayout
{
  StrataAppliance *appliance;
  char **devices;
  guint n_devices;
  guint n_disks;
  gboolean has_lvm;
};

/**
 * strata_clone_layout_new:
 * @appliance: an appliance that is up, with the disks of clones, clone after clone; must outlive the layout
 * @n_disks: how many disks each clone has
 * @error: return location
 *
 * Returns: (transfer full): a layout
 */
StrataCloneLayout *
strata_clone_layout_new (StrataAppliance *appliance, guint n_disks, GError **error)
{
  g_autoptr (StrataCloneLayout) self = g_new0 (StrataCloneLayout, 1);
  const char *const lvm[] = { "lvm2", NULL };
  g_auto (GStrv) volumes = NULL;

  self->appliance = appliance;
  self->n_disks = n_disks;
  self->devices = guestfs_list_devices (appliance->g);
  if (self->devices == NULL)
    {
      strata_appliance_set_error (appliance, NULL, error);
      return NULL;
    }

  self->n_devices = g_strv_length (self->devices);
  if (guestfs_feature_available (appliance->g, (char *const *) lvm) > 0)
    volumes = guestfs_pvs (appliance->g);
  self->has_lvm = volumes != NULL && volumes[0] != NULL;

  return g_steal_pointer (&self);
}

/**
 * strata_clone_layout_free:
 * @self: (transfer full) (nullable): a layout
 */
void
strata_clone_layout_free (StrataCloneLayout *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->devices);
  g_free (self);
}

/**
 * strata_clone_layout_focus:
 * @self: a layout
 * @clone: the number of a clone
 * @error: return location
 *
 * Makes LVM see the disks of one clone only: it won't activate volumes of which there are two. Nothing
 * may be mounted.
 *
 * Returns: whether it does
 */
gboolean
strata_clone_layout_focus (StrataCloneLayout *self, guint clone, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;

  if (!self->has_lvm)
    return TRUE;

  devices = g_ptr_array_new_null_terminated (self->n_disks, NULL, TRUE);
  for (guint i = 0; i < self->n_disks; i++)
    g_ptr_array_add (devices, self->devices[clone * self->n_disks + i]);

  if (guestfs_lvm_set_filter (self->appliance->g, (char *const *) devices->pdata) != 0)
    return strata_appliance_set_error (self->appliance, NULL, error);

  return TRUE;
}

/* Whatever clone's disk MOUNTABLE is on: the same one of CLONE. NULL if it isn't on a disk directly. */
static char *
translate (StrataCloneLayout *self, const char *mountable, guint clone)
{
  for (guint i = 0; i < self->n_devices; i++)
    {
      size_t length = strlen (self->devices[i]);
      const char *partition = mountable + length;

      if (strncmp (mountable, self->devices[i], length) != 0 ||
          strspn (partition, "0123456789") != strlen (partition))
        continue;

      return g_strconcat (self->devices[clone * self->n_disks + i % self->n_disks], partition,
                          NULL);
    }

  return NULL;
}

static gboolean
same_filesystem (StrataCloneLayout *self, const char *mountable, const char *other)
{
  g_autofree char *uuid = guestfs_vfs_uuid (self->appliance->g, mountable);
  g_autofree char *other_uuid = guestfs_vfs_uuid (self->appliance->g, other);

  return uuid != NULL && g_strcmp0 (uuid, other_uuid) == 0;
}

static gboolean
can_share_mountpoint (StrataCloneLayout *self, const char *mountable, guint n_clones)
{
  g_autofree char *type = guestfs_vfs_type (self->appliance->g, mountable);

  /* The kernel takes two btrfs of one UUID for two devices of one file system. */
  if (g_strcmp0 (type, "btrfs") == 0)
    return FALSE;

  for (guint i = 0; i < n_clones; i++)
    {
      g_autofree char *other = translate (self, mountable, i);

      if (other == NULL)
        return self->has_lvm && guestfs_is_lv (self->appliance->g, mountable) > 0;
      if (!same_filesystem (self, mountable, other))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_clone_layout_can_share:
 * @self: a layout whose appliance has inspected a clone
 * @n_clones: how many clones are in the appliance
 *
 * Returns: whether the clones can be mounted one after the other in this appliance. If not (btrfs, RAID,
 *   clones of different templates), each needs an appliance of its own
 */
gboolean
strata_clone_layout_can_share (StrataCloneLayout *self, guint n_clones)
{
  if (n_clones == 1)
    return TRUE;
  if (self->n_devices != n_clones * self->n_disks)
    return FALSE;

  for (guint i = 0; i < self->appliance->mountpoints->len; i++)
    {
      StrataMountpoint *mountpoint = g_ptr_array_index (self->appliance->mountpoints, i);

      if (!can_share_mountpoint (self, mountpoint->mountable, n_clones))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_clone_layout_mount:
 * @self: a layout that can be shared
 * @clone: the number of a clone
 * @error: return location
 *
 * Nothing may be mounted.
 *
 * Returns: whether the clone's root is mounted. A mount point that /etc/fstab names, but whose file
 *   system can't be mounted, is passed over
 */
gboolean
strata_clone_layout_mount (StrataCloneLayout *self, guint clone, GError **error)
{
  StrataAppliance *appliance = self->appliance;

  for (guint i = 0; i < appliance->mountpoints->len; i++)
    {
      StrataMountpoint *mountpoint = g_ptr_array_index (appliance->mountpoints, i);
      g_autofree char *mountable = translate (self, mountpoint->mountable, clone);
      gboolean is_root = strcmp (mountpoint->path, "/") == 0;

      if (!strata_appliance_mount (appliance, mountable != NULL ? mountable : mountpoint->mountable,
                                   mountpoint->path, is_root ? error : NULL) &&
          is_root)
        return FALSE;
    }

  return TRUE;
}
