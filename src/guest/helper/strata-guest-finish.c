/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is left to do when virt-sysprep is done, because it has no means for it: swap is wiped, the guest's
 * own btrfs snapshots go, and NetworkManager's connections forget the card that they were made for. An
 * appliance is started for it only where there is something of it.
 */

#include "config.h"

#include "strata-guest-finish.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "strata-guest-paths.h"
#include "strata-guest-survey.h"

static const char *const connection_globs[] = { "/etc/NetworkManager/system-connections/*", NULL };

static gboolean
is_pin (const char *line)
{
  return g_str_has_prefix (line, "mac-address=");
}

static gboolean
has_pin (const char *text)
{
  return is_pin (text) || strstr (text, "\nmac-address=") != NULL;
}

static GPtrArray *
list_pinned (guestfs_h *g)
{
  g_autoptr (GPtrArray) paths = strata_guest_paths_glob (g, connection_globs);
  GPtrArray *pinned = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      g_autofree char *text = strata_guest_path_read (g, path);

      if (text != NULL && has_pin (text))
        g_ptr_array_add (pinned, g_strdup (path));
    }

  return pinned;
}

/**
 * strata_guest_finish_new:
 * @appliance: an appliance with the guest mounted; nothing is mounted afterwards
 * @operations: (array zero-terminated=1): the operations that are run
 *
 * Returns: (transfer full): what there is to do
 */
StrataGuestFinish *
strata_guest_finish_new (StrataAppliance *appliance, const char *const *operations)
{
  StrataGuestFinish *self = g_new0 (StrataGuestFinish, 1);

  self->swap_files = strata_guest_survey_swap_files (appliance->g);
  self->swaps = strata_guest_survey_swaps (appliance->g);
  self->pinned = g_strv_contains (operations, "net-hwaddr")
                     ? list_pinned (appliance->g)
                     : g_ptr_array_new_with_free_func (g_free);
  self->snapshots = strata_guest_survey_snapshots (appliance);

  return self;
}

void
strata_guest_finish_free (StrataGuestFinish *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->swaps);
  g_ptr_array_unref (self->swap_files);
  g_ptr_array_unref (self->snapshots);
  g_ptr_array_unref (self->pinned);
  g_free (self);
}

/* The guest finds it by its UUID or label. Blocks that are zero already are not written. */
static gboolean
wipe_swap (guestfs_h *g, const char *device)
{
  g_autofree char *uuid = guestfs_vfs_uuid (g, device);
  g_autofree char *label = guestfs_vfs_label (g, device);
  gboolean has_uuid = uuid != NULL && *uuid != '\0';
  gboolean has_label = label != NULL && *label != '\0';

  if (guestfs_zero_device (g, device) != 0)
    return FALSE;
  if (has_uuid && has_label)
    return guestfs_mkswap_opts (g, device, GUESTFS_MKSWAP_OPTS_UUID, uuid,
                                GUESTFS_MKSWAP_OPTS_LABEL, label, -1) == 0;
  if (has_uuid)
    return guestfs_mkswap_opts (g, device, GUESTFS_MKSWAP_OPTS_UUID, uuid, -1) == 0;

  return guestfs_mkswap (g, device) == 0;
}

static gboolean
wipe_swap_file (guestfs_h *g, const char *path)
{
  gint64 size = guestfs_filesize (g, path);

  return size >= 0 && guestfs_fill (g, 0, (int) MIN (size, G_MAXINT), path) == 0 &&
         guestfs_mkswap_file (g, path) == 0;
}

static gboolean
remove_pins (guestfs_h *g, const char *path)
{
  g_autofree char *text = strata_guest_path_read (g, path);
  g_autoptr (GString) kept = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;

  if (text == NULL)
    return FALSE;

  lines = g_strsplit (text, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      if (!is_pin (lines[i]))
        g_string_append_printf (kept, "%s%s", kept->len > 0 ? "\n" : "", lines[i]);
    }

  return guestfs_write (g, path, kept->str, kept->len) == 0;
}

static gboolean
remove_snapshot (guestfs_h *g, const char *mountable)
{
  g_autofree char *path = NULL;
  g_autofree char *device = strata_guest_survey_split_subvolume (mountable, &path);
  gboolean done;

  if (device == NULL || guestfs_mount_options (g, "subvolid=5", device, "/") != 0)
    return FALSE;

  done = guestfs_btrfs_subvolume_delete (g, path) == 0;

  return guestfs_umount_all (g) == 0 && done;
}

static gboolean
for_each (StrataAppliance *appliance,
          GPtrArray *names,
          gboolean (*func) (guestfs_h *g, const char *name),
          GError **error)
{
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (!func (appliance->g, name))
        return strata_appliance_set_error (appliance, name, error);
    }

  return TRUE;
}

/**
 * strata_guest_finish_run:
 * @self: what there is to do
 * @writer: where progress goes
 * @disks: (element-type StrataGuestDisk): the guest's disks
 * @error: return location
 *
 * Returns: whether it is done
 */
gboolean
strata_guest_finish_run (StrataGuestFinish *self,
                         StrataEventWriter *writer,
                         GPtrArray *disks,
                         GError **error)
{
  g_autoptr (StrataAppliance) appliance = NULL;

  if (self->swaps->len + self->swap_files->len + self->snapshots->len + self->pinned->len == 0)
    return TRUE;

  appliance = strata_appliance_new (writer, FALSE);
  if (!strata_appliance_add_disks (appliance, disks, error) ||
      !strata_appliance_launch (appliance, error) ||
      !strata_appliance_inspect (appliance, TRUE, error))
    return FALSE;

  strata_event_writer_progress (writer, 0.9, _ ("Wiping what is left"));
  if (self->swap_files->len + self->pinned->len > 0 &&
      !strata_appliance_mount_all (appliance, error))
    return FALSE;
  if (!for_each (appliance, self->swap_files, wipe_swap_file, error) ||
      !for_each (appliance, self->pinned, remove_pins, error))
    return FALSE;
  if (guestfs_umount_all (appliance->g) != 0)
    return strata_appliance_set_error (appliance, NULL, error);
  if (!for_each (appliance, self->swaps, wipe_swap, error) ||
      !for_each (appliance, self->snapshots, remove_snapshot, error))
    return FALSE;

  return strata_appliance_shutdown (appliance, error);
}
