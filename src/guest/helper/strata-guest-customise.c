/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “customise”: gives each clone its host name, keys, passwords and first-boot script, with one
 * start of the appliance for all of them where that is possible.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "strata-appliance.h"
#include "strata-clone-files.h"
#include "strata-guest-verbs.h"

/* How much of the progress starting the appliance takes. */
#define LAUNCHED 0.4

/* Several clones of one template in one appliance. All of them have file systems, and LVM volumes, of
 * the same UUIDs, so what /etc/fstab names by UUID may be found on the wrong clone. Hence one clone is
 * inspected, what it mounts is put as “this partition of its second disk”, and that is looked up on each
 * clone's own disks.
 */
typedef struct
{
  StrataAppliance *appliance;
  char **devices;
  guint n_devices;
  guint n_disks;
  gboolean has_lvm;
} CloneLayout;

static void
clone_layout_free (CloneLayout *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->devices);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CloneLayout, clone_layout_free)

/* N_DISKS: of each clone; APPLIANCE is up, has the disks of clones, clone after clone, and outlives the layout. */
static CloneLayout *
clone_layout_new (StrataAppliance *appliance, guint n_disks, GError **error)
{
  g_autoptr (CloneLayout) self = g_new0 (CloneLayout, 1);
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

/* Makes LVM see the disks of one clone only: it won't activate volumes of which there are two. Nothing may be mounted. */
static gboolean
focus (CloneLayout *self, guint clone, GError **error)
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
translate (CloneLayout *self, const char *mountable, guint clone)
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
same_filesystem (CloneLayout *self, const char *mountable, const char *other)
{
  g_autofree char *uuid = guestfs_vfs_uuid (self->appliance->g, mountable);
  g_autofree char *other_uuid = guestfs_vfs_uuid (self->appliance->g, other);

  return uuid != NULL && g_strcmp0 (uuid, other_uuid) == 0;
}

static gboolean
can_share_mountpoint (CloneLayout *self, const char *mountable, guint n_clones)
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

/* Whether the clones can be mounted one after the other in this appliance, which has inspected one. If not (btrfs, RAID, clones of
 * different templates), each needs an appliance of its own. */
static gboolean
can_share (CloneLayout *self, guint n_clones)
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

/* Nothing may be mounted. A mount point that /etc/fstab names, but whose file system can't be mounted, is passed over. */
static gboolean
mount_clone (CloneLayout *self, guint clone, GError **error)
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

static gboolean
add_all_disks (StrataAppliance *appliance,
               GPtrArray *clones,
               guint first,
               guint n_clones,
               GError **error)
{
  for (guint i = 0; i < n_clones; i++)
    {
      StrataGuestClone *clone = g_ptr_array_index (clones, first + i);

      if (!strata_appliance_add_disks (appliance, clone->disks, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
write_clone (StrataAppliance *appliance,
             CloneLayout *layout,
             guint number,
             StrataGuestClone *clone,
             GError **error)
{
  if (!focus (layout, number, error) || !mount_clone (layout, number, error) ||
      !strata_clone_files_write (appliance, clone, error))
    return FALSE;

  if (guestfs_umount_all (appliance->g) != 0)
    return strata_appliance_set_error (appliance, clone->name, error);

  return TRUE;
}

/* N_CLONES clones from FIRST on, in one appliance. *SHARED says whether that is possible; if it isn't,
 * nothing was written. */
static gboolean
customise_together (StrataEventWriter *writer,
                    GPtrArray *clones,
                    guint first,
                    guint n_clones,
                    gboolean *shared,
                    GError **error)
{
  g_autoptr (StrataAppliance) appliance = strata_appliance_new (writer, FALSE);
  g_autoptr (CloneLayout) layout = NULL;
  StrataGuestClone *clone = g_ptr_array_index (clones, first);
  double from = (double) first / clones->len;
  double to = (double) (first + n_clones) / clones->len;

  *shared = TRUE;
  strata_event_writer_set_span (writer, from, from + (to - from) * LAUNCHED);
  if (!add_all_disks (appliance, clones, first, n_clones, error) ||
      !strata_appliance_launch (appliance, error))
    return FALSE;

  layout = clone_layout_new (appliance, clone->disks->len, error);
  if (layout == NULL || !focus (layout, 0, error) ||
      !strata_appliance_inspect (appliance, TRUE, error))
    return FALSE;
  *shared = can_share (layout, n_clones);
  if (!*shared)
    return TRUE;

  strata_event_writer_set_span (writer, from + (to - from) * LAUNCHED, to);
  for (guint i = 0; i < n_clones; i++)
    {
      g_autofree char *message = NULL;

      clone = g_ptr_array_index (clones, first + i);
      /* Translators: a clone gets its host name, keys and so on. */
      message = g_strdup_printf (_ ("Customising “%s”"), clone->name);
      strata_event_writer_progress (writer, (double) i / n_clones, message);
      if (!write_clone (appliance, layout, i, clone, error))
        return FALSE;
    }

  return strata_appliance_shutdown (appliance, error);
}

/* How many of the clones from FIRST on go into one appliance: those that have as many disks as it, as far
 * as QEMU takes them. */
static guint
count_alike (GPtrArray *clones, guint first)
{
  StrataGuestClone *clone = g_ptr_array_index (clones, first);
  guint n_disks = clone->disks->len;
  guint most = MAX (1, 200 / n_disks);
  guint n_clones = 1;

  while (n_clones < most && first + n_clones < clones->len)
    {
      clone = g_ptr_array_index (clones, first + n_clones);
      if (clone->disks->len != n_disks)
        break;
      n_clones++;
    }

  return n_clones;
}

/**
 * strata_guest_customise:
 * @writer: where progress goes
 * @request: the request
 * @error: return location
 *
 * Returns: (transfer full): {"appliances":N}, how often an appliance was started
 */
JsonObject *
strata_guest_customise (StrataEventWriter *writer, StrataGuestRequest *request, GError **error)
{
  gboolean together = TRUE;
  guint n_appliances = 0;
  guint done = 0;
  JsonObject *value;

  while (done < request->clones->len)
    {
      guint n_clones = together ? count_alike (request->clones, done) : 1;
      gboolean shared;

      n_appliances++;
      if (!customise_together (writer, request->clones, done, n_clones, &shared, error))
        return NULL;

      if (shared)
        done += n_clones;
      together = shared && together;
    }

  value = json_object_new ();
  json_object_set_int_member (value, "appliances", n_appliances);

  return value;
}
