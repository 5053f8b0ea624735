/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “seal”: looks at the guest, chooses the recipe for it, and runs virt-sysprep. Whether it
 * worked is asked afterwards, by “verify”, of an appliance that has seen none of this.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/strata-seal-recipe.h"
#include "strata-appliance.h"
#include "strata-disk-use.h"
#include "strata-guest-facts.h"
#include "strata-guest-paths.h"
#include "strata-guest-survey.h"
#include "strata-guest-sysprep.h"
#include "base/strata-error.h"
#include "strata-guest-verbs.h"
#include "strata-sysprep-order.h"

/* Where looking ends and virt-sysprep begins, and where that ends, in the whole's progress. */
#define LOOKED 0.3
#define SEALED 0.9

/* What is left to do when virt-sysprep is done, because it has no means for it: swap is wiped, the guest's own btrfs snapshots go, and
 * NetworkManager's connections forget the card that they were made for. */
typedef struct
{
  GPtrArray *swaps;      /* utf8: devices whose content goes */
  GPtrArray *swap_files; /* utf8: files in the guest whose content goes */
  GPtrArray *snapshots;  /* utf8: btrfs snapshots that go */
  GPtrArray *pinned;     /* utf8: NetworkManager's connections that name the card's address */
} Finish;

static void
finish_free (Finish *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->swaps);
  g_ptr_array_unref (self->swap_files);
  g_ptr_array_unref (self->snapshots);
  g_ptr_array_unref (self->pinned);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Finish, finish_free)

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

/* What there is to do in the guest that is mounted in APPLIANCE; nothing is mounted afterwards. */
static Finish *
finish_new (StrataAppliance *appliance, const char *const *operations)
{
  Finish *self = g_new0 (Finish, 1);

  self->swap_files = strata_guest_survey_swap_files (appliance->g);
  self->swaps = strata_guest_survey_swaps (appliance->g);
  self->pinned = g_strv_contains (operations, "net-hwaddr")
                     ? list_pinned (appliance->g)
                     : g_ptr_array_new_with_free_func (g_free);
  self->snapshots = strata_guest_survey_snapshots (appliance);

  return self;
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

static gboolean
finish_run (Finish *self, StrataEventWriter *writer, GPtrArray *disks, GError **error)
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

static Finish *
look (StrataEventWriter *writer,
      GPtrArray *disks,
      const char *const *operations,
      StrataSealFacts *facts,
      GError **error)
{
  g_autoptr (StrataAppliance) appliance = strata_appliance_open (writer, disks, TRUE, error);

  if (appliance == NULL)
    return NULL;

  strata_guest_facts_gather (appliance, facts);
  return finish_new (appliance, operations);
}

/* the word by which a person lets them go */
#define SNAPSHOTS "snapshots"

static void
warn_of_snapshots (Finish *finish, JsonArray *warnings)
{
  for (guint i = 0; i < finish->snapshots->len; i++)
    {
      g_autofree char *text = g_strdup_printf (
          _ ("The guest's own snapshot “%s” was removed: sealing can't reach into it."),
          (const char *) g_ptr_array_index (finish->snapshots, i));

      json_array_add_string_element (warnings, text);
    }
}

/* What a guest keeps of its past goes only with consent: in a machine that is sealed where it is, it may be all that there is. */
static gboolean
check_snapshots (Finish *finish, const StrataGuestRequest *request, GError **error)
{
  if (finish->snapshots->len == 0 ||
      (request->accepted != NULL &&
       g_strv_contains ((const char *const *) request->accepted, SNAPSHOTS)))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_NOT_SEALED,
                    _ ("Delete them in the guest (“snapper delete”, timeshift), or let sealing "
                       "delete them: --accept-unmounted snapshots"),
                    _ ("The guest has snapshots of its own, into which sealing can't reach: “%s”"),
                    (const char *) g_ptr_array_index (finish->snapshots, 0));
  return FALSE;
}

/**
 * strata_guest_seal:
 * @writer: where progress goes
 * @request: the request
 * @error: return location
 *
 * Returns: (transfer full): what was done
 */
JsonObject *
strata_guest_seal (StrataEventWriter *writer, StrataGuestRequest *request, GError **error)
{
  g_autofree char *program = strata_guest_sysprep_find (error);
  g_autoptr (JsonArray) warnings = json_array_new ();
  g_autoptr (GPtrArray) ordered = NULL;
  g_auto (GStrv) operations = NULL;
  g_autoptr (Finish) finish = NULL;
  g_auto (GStrv) argv = NULL;
  g_auto (StrataSealFacts) facts = { 0 };
  JsonArray *names;
  JsonObject *value;

  if (program == NULL)
    return NULL;
  operations = strata_guest_sysprep_choose (request->operations, error);
  if (operations == NULL || !strata_disk_use_check (request->disks, TRUE, error))
    return NULL;
  ordered = strata_sysprep_order_disks (program, request->disks, error);
  if (ordered == NULL)
    return NULL;

  strata_event_writer_set_span (writer, 0.0, LOOKED);
  finish = look (writer, request->disks, (const char *const *) operations, &facts, error);
  if (finish == NULL || !check_snapshots (finish, request, error))
    return NULL;

  argv = strata_seal_recipe_argv (program, ordered, &facts, (const char *const *) operations);
  strata_event_writer_set_span (writer, LOOKED, SEALED);
  if (!strata_guest_sysprep_run (writer, (const char *const *) argv, g_strv_length (operations),
                                 warnings, error))
    return NULL;
  strata_event_writer_set_span (writer, SEALED, 1.0);
  if (!finish_run (finish, writer, request->disks, error))
    return NULL;
  strata_event_writer_progress (writer, 1.0, _ ("Wiping what is left"));
  warn_of_snapshots (finish, warnings);

  names = json_array_new ();
  for (size_t i = 0; operations[i] != NULL; i++)
    json_array_add_string_element (names, operations[i]);

  value = json_object_new ();
  json_object_set_array_member (value, "operations", names);
  json_object_set_array_member (value, "warnings", g_steal_pointer (&warnings));

  return value;
}
