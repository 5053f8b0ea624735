/* SPDX-License-Identifier: GPL-3.0-or-later */

/* All of a guest, and not its first root alone: what it mounts and couldn't be mounted here, what stands
 * in the way of sealing it, its swap areas and snapshots, and the list of every file.
 */

#include "config.h"

#include "strata-guest-survey.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "guest/strata-guest-listing.h"
#include "guest/strata-guest-mounts.h"
#include "strata-guest-paths.h"
#include "base/strata-error.h"

/* What lies in more folders than this is only named. */
#define MAX_DEPTH 6

/* Homes come from a file of the guest, so their number is bounded. */
#define MAX_HOMES 500

/* With less than this on its file system a guest can't be sealed: a file that is written needs a block. */
#define MIN_FREE_BYTES (64 * 1024)
#define MIN_FREE_FILES 4

/* Where the kernel marks a swap area as holding a hibernated machine: at the end of the first page. */
#define SWAP_MARK_OFFSET 4086
#define SWAP_MARK_LENGTH 10

static const char *const unit_globs[] = { "/etc/systemd/system/*.mount",
                                          "/usr/lib/systemd/system/*.mount",
                                          "/usr/local/lib/systemd/system/*.mount", NULL };

static gboolean
is_plain_home (const char *home)
{
  static const char *const known[] = { "/root", "/home", "/", "/nonexistent", NULL };
  g_autofree char *canonical = *home == '/' ? g_canonicalize_filename (home, "/") : NULL;

  /* It becomes part of a pattern. */
  return canonical != NULL && strcmp (canonical, home) == 0 &&
         strpbrk (home, "*?[]\\{}\n\t") == NULL && !g_strv_contains (known, home) &&
         !(g_str_has_prefix (home, "/home/") && strchr (home + 6, '/') == NULL);
}

/**
 * strata_guest_survey_homes:
 * @g: a handle with the guest mounted
 *
 * Returns: (transfer full) (array zero-terminated=1): the home directories in its /etc/passwd that are not
 *   where they are as a rule, /root and /home/NAME
 */
char **
strata_guest_survey_homes (guestfs_h *g)
{
  g_autofree char *passwd = strata_guest_path_read (g, "/etc/passwd");
  g_auto (GStrv) lines = g_strsplit (passwd != NULL ? passwd : "", "\n", -1);
  g_autoptr (GPtrArray) homes = g_ptr_array_new_null_terminated (16, g_free, TRUE);

  for (size_t i = 0; lines[i] != NULL && homes->len < MAX_HOMES; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", 7);

      if (g_strv_length (fields) >= 6 && is_plain_home (fields[5]) &&
          g_utf8_validate (fields[5], -1, NULL) &&
          !g_ptr_array_find_with_equal_func (homes, fields[5], g_str_equal, NULL))
        g_ptr_array_add (homes, g_strdup (fields[5]));
    }

  return (char **) g_ptr_array_free (g_steal_pointer (&homes), FALSE);
}

static GPtrArray *
list_systems_of_type (guestfs_h *g, const char *type)
{
  g_auto (GStrv) pairs = guestfs_list_filesystems (g);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);

  for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2)
    {
      if (strcmp (pairs[i + 1], type) == 0)
        g_ptr_array_add (found, g_strdup (pairs[i]));
    }

  return found;
}

/**
 * strata_guest_survey_swaps:
 * @g: a handle that is up
 *
 * Returns: (transfer full) (element-type utf8): the devices that are swap
 */
GPtrArray *
strata_guest_survey_swaps (guestfs_h *g)
{
  return list_systems_of_type (g, "swap");
}

static gboolean
has_swap_mark (guestfs_h *g, const char *path, const char *mark)
{
  g_autofree char *text = NULL;
  size_t size = 0;

  if (strata_guest_path_size (g, path) < SWAP_MARK_OFFSET + SWAP_MARK_LENGTH)
    return FALSE;

  text = guestfs_pread (g, path, SWAP_MARK_LENGTH, SWAP_MARK_OFFSET, &size);

  return text != NULL && size == SWAP_MARK_LENGTH && memcmp (text, mark, strlen (mark)) == 0;
}

static GPtrArray *
list_swap_candidates (guestfs_h *g)
{
  static const char *const usual[] = { "/swapfile", "/swap.img",     "/swap/swapfile",
                                       "/var/swap", "/var/swapfile", NULL };
  g_autofree char *fstab = strata_guest_path_read (g, "/etc/fstab");
  g_auto (GStrv) lines = g_strsplit (fstab != NULL ? fstab : "", "\n", -1);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (size_t i = 0; usual[i] != NULL; i++)
    g_ptr_array_add (paths, g_strdup (usual[i]));
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      char what[1024], where[1024], type[128];

      if (sscanf (lines[i], " %1023s %1023s %127s", what, where, type) == 3 && *what == '/' &&
          strcmp (type, "swap") == 0 && !g_str_has_prefix (what, "/dev/") &&
          !g_ptr_array_find_with_equal_func (paths, what, g_str_equal, NULL))
        g_ptr_array_add (paths, g_strdup (what));
    }

  return paths;
}

/**
 * strata_guest_survey_swap_files:
 * @g: a handle with the guest mounted
 *
 * Returns: (transfer full) (element-type utf8): the guest's swap files
 */
GPtrArray *
strata_guest_survey_swap_files (guestfs_h *g)
{
  g_autoptr (GPtrArray) candidates = list_swap_candidates (g);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < candidates->len; i++)
    {
      const char *path = g_ptr_array_index (candidates, i);

      if (has_swap_mark (g, path, "SWAPSPACE2"))
        g_ptr_array_add (found, g_strdup (path));
    }

  return found;
}

static gboolean
refuse_hibernated (const char *where, GError **error)
{
  strata_set_error (
      error, STRATA_ERROR_UNSUPPORTED, _ ("Start it, let it wake up, and shut it down."),
      _ ("The guest is hibernated: “%s” holds its memory, which every clone would wake up with."),
      where);
  return FALSE;
}

static gboolean
check_awake (guestfs_h *g, GError **error)
{
  g_autoptr (GPtrArray) devices = list_systems_of_type (g, "swsuspend");
  g_autoptr (GPtrArray) files = list_swap_candidates (g);

  if (devices->len > 0)
    return refuse_hibernated (g_ptr_array_index (devices, 0), error);

  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i);

      if (has_swap_mark (g, path, "S1SUSPEND") || has_swap_mark (g, path, "ULSUSPEND"))
        return refuse_hibernated (path, error);
    }

  return TRUE;
}

static gboolean
check_room (StrataAppliance *appliance, GError **error)
{
  for (guint i = 0; i < appliance->mountpoints->len; i++)
    {
      StrataMountpoint *mountpoint = g_ptr_array_index (appliance->mountpoints, i);
      struct guestfs_statvfs *room;
      gboolean full;

      if (!mountpoint->mounted ||
          (strcmp (mountpoint->path, "/") != 0 && strcmp (mountpoint->path, "/etc") != 0 &&
           strcmp (mountpoint->path, "/var") != 0))
        continue;

      room = guestfs_statvfs (appliance->g, mountpoint->path);
      if (room == NULL)
        continue;
      /* btrfs has no fixed number of files, and says 0 of 0. */
      full = room->bfree * room->bsize < MIN_FREE_BYTES ||
             (room->files > 0 && room->ffree < MIN_FREE_FILES);
      guestfs_free_statvfs (room);
      if (full)
        {
          strata_set_error (
              error, STRATA_ERROR_NO_SPACE,
              _ ("Start the guest and delete something in it; this computer has room."),
              _ ("The guest's own file system “%s” is full, so it can't be sealed."),
              mountpoint->path);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
is_mounted (StrataAppliance *appliance, const char *where)
{
  for (guint i = 0; i < appliance->mountpoints->len; i++)
    {
      StrataMountpoint *mountpoint = g_ptr_array_index (appliance->mountpoints, i);

      if (mountpoint->mounted && strcmp (mountpoint->path, where) == 0)
        return TRUE;
    }

  return FALSE;
}

static GPtrArray *
list_mounts (guestfs_h *g)
{
  g_autofree char *fstab = strata_guest_path_read (g, "/etc/fstab");
  g_autoptr (GPtrArray) units = strata_guest_paths_glob (g, unit_globs);
  GPtrArray *mounts = strata_guest_mounts_parse_fstab (fstab != NULL ? fstab : "");

  for (guint i = 0; i < units->len; i++)
    {
      g_autofree char *text = strata_guest_path_read (g, g_ptr_array_index (units, i));

      if (text != NULL)
        strata_guest_mounts_parse_unit (text, mounts);
    }

  return mounts;
}

/**
 * strata_guest_survey_check:
 * @appliance: an appliance with the guest mounted
 * @accepted: (nullable) (array zero-terminated=1): mount points or devices that may go unsealed
 * @unmounted: (element-type utf8): what is not mounted and was accepted, or has nothing to seal, is added
 * @error: return location for `STRATA_ERROR_NOT_SEALED` (part of the guest can't be mounted),
 *   `STRATA_ERROR_UNSUPPORTED` (it is hibernated), `STRATA_ERROR_NO_SPACE` (it is full)
 *
 * Returns: whether all of the guest can be sealed
 */
gboolean
strata_guest_survey_check (StrataAppliance *appliance,
                           char **accepted,
                           GPtrArray *unmounted,
                           GError **error)
{
  g_auto (GStrv) homes = strata_guest_survey_homes (appliance->g);
  g_autoptr (GPtrArray) mounts = list_mounts (appliance->g);
  g_autoptr (GString) missing = g_string_new (NULL);
  g_autofree char *first = NULL;

  if (!check_awake (appliance->g, error) || !check_room (appliance, error))
    return FALSE;

  for (guint i = 0; i < mounts->len; i++)
    {
      StrataGuestMount *mount = g_ptr_array_index (mounts, i);
      g_autofree char *name = NULL;

      if (is_mounted (appliance, mount->where))
        continue;

      name = g_strdup_printf ("%s (%s)", mount->where, mount->what);
      if ((accepted != NULL && (g_strv_contains ((const char *const *) accepted, mount->where) ||
                                g_strv_contains ((const char *const *) accepted, mount->what))) ||
          !strata_guest_mount_matters (mount, (const char *const *) homes))
        {
          if (!g_ptr_array_find_with_equal_func (unmounted, name, g_str_equal, NULL))
            g_ptr_array_add (unmounted, g_steal_pointer (&name));
          continue;
        }
      if (first == NULL)
        first = g_strdup (mount->where);
      g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", name);
    }

  if (missing->len > 0)
    {
      g_autofree char *hint = g_strdup_printf (
          _ ("Name it by UUID or label in the guest's /etc/fstab, or accept that it stays as it is: "
             "--accept-unmounted %s"),
          first);

      /* Translators: what follows is a list of mount points in the guest. */
      strata_set_error (error, STRATA_ERROR_NOT_SEALED, hint,
                        _ ("Part of the guest can't be mounted here, so it can't be sealed: %s"),
                        missing->str);
      return FALSE;
    }

  return TRUE;
}

static GHashTable *
gather_mountpoints (StrataAppliance *appliance)
{
  GHashTable *mountpoints = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (size_t i = 0; appliance->roots[i] != NULL; i++)
    {
      g_auto (GStrv) pairs = guestfs_inspect_get_mountpoints (appliance->g, appliance->roots[i]);

      for (size_t j = 0; pairs != NULL && pairs[j] != NULL; j += 2)
        {
          if (!g_hash_table_contains (mountpoints, pairs[j + 1]))
            g_hash_table_insert (mountpoints, g_strdup (pairs[j + 1]), g_strdup (pairs[j]));
        }
    }

  return mountpoints;
}

/* The files of one folder, each with what stat(2) says. */
static gboolean
add_folder (guestfs_h *g, StrataGuestListing *listing, const char *folder, GPtrArray *names)
{
  g_autofree char *parent = g_strconcat ("/", folder, NULL);
  struct guestfs_statns_list *stats;
  g_autoptr (GPtrArray) links = g_ptr_array_new_null_terminated (16, NULL, TRUE);
  g_auto (GStrv) targets = NULL;
  guint n_links = 0;

  stats = guestfs_lstatnslist (g, parent, (char **) names->pdata);
  if (stats == NULL || stats->len != names->len)
    {
      if (stats != NULL)
        guestfs_free_statns_list (stats);
      return FALSE;
    }

  for (guint i = 0; i < names->len; i++)
    {
      if (S_ISLNK (stats->val[i].st_mode))
        g_ptr_array_add (links, g_ptr_array_index (names, i));
    }
  if (links->len > 0)
    targets = guestfs_readlinklist (g, parent, (char **) links->pdata);

  for (guint i = 0; i < names->len; i++)
    {
      struct guestfs_statns *stat = &stats->val[i];
      g_autofree char *path = g_strconcat (parent, *folder != '\0' ? "/" : "",
                                           (const char *) g_ptr_array_index (names, i), NULL);
      const char *target = NULL;

      if (S_ISLNK (stat->st_mode) && targets != NULL)
        target = targets[n_links++];
      strata_guest_listing_add_file (listing, path, (guint) stat->st_mode, stat->st_size,
                                     stat->st_mtime_sec, target);
    }
  guestfs_free_statns_list (stats);

  return TRUE;
}

static gboolean
in_any (GPtrArray *folders, const char *name)
{
  for (guint i = 0; i < folders->len; i++)
    {
      const char *folder = g_ptr_array_index (folders, i);
      size_t length = strlen (folder);

      if (strncmp (name, folder, length) == 0 && (name[length] == '/' || name[length] == '\0'))
        return TRUE;
    }

  return FALSE;
}

/* Of the many files of programs and of what lies deep only the names are kept: each folder is a question to the
 * appliance. */
static gboolean
is_bulk (const char *mountpoint, const char *name)
{
  guint depth = 0;

  if (g_strcmp0 (mountpoint, "/usr") == 0 || g_str_has_prefix (name, "usr/"))
    return TRUE;
  for (const char *p = name; *p != '\0'; p++)
    depth += *p == '/';

  return depth > MAX_DEPTH;
}

static void
add_to_folder (GHashTable *folders, char *name)
{
  char *slash = strrchr (name, '/');
  const char *folder = "";
  GPtrArray *names;

  if (slash != NULL)
    {
      *slash = '\0';
      folder = name;
      name = slash + 1;
    }
  names = g_hash_table_lookup (folders, folder);
  if (names == NULL)
    {
      names = g_ptr_array_new_null_terminated (16, NULL, TRUE);
      g_hash_table_insert (folders, (char *) folder, names);
    }
  g_ptr_array_add (names, name);
}

static gboolean
add_files (guestfs_h *g,
           StrataGuestListing *listing,
           GPtrArray *elsewhere,
           const char *mountpoint,
           GError **error)
{
  const char *scratch = g_getenv ("LIBGUESTFS_TMPDIR");
  g_autofree char *file =
      g_build_filename (scratch != NULL ? scratch : g_get_tmp_dir (), "files", NULL);
  g_autoptr (GHashTable) folders =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  g_autofree char *content = NULL;
  GHashTableIter iter;
  gpointer folder, names;
  gsize length = 0;

  if (guestfs_find0 (g, "/", file) != 0)
    return FALSE;
  if (!g_file_get_contents (file, &content, &length, error))
    return FALSE;
  g_remove (file);

  for (char *name = content; name < content + length;)
    {
      char *next = name + strlen (name) + 1;

      if (*name != '\0' && !in_any (elsewhere, name))
        {
          g_autofree char *path = g_strconcat ("/", name, NULL);

          if (is_bulk (mountpoint, name))
            strata_guest_listing_add_file (listing, path, 0, 0, 0, NULL);
          else
            add_to_folder (folders, name);
        }
      name = next;
    }

  g_hash_table_iter_init (&iter, folders);
  while (g_hash_table_iter_next (&iter, &folder, &names))
    {
      if (!add_folder (g, listing, folder, names))
        return FALSE;
    }

  return TRUE;
}

/* The subvolumes that lie in the one that MOUNTABLE is: each is a file system of its own in the list.
 * “btrfsvol:/dev/sda1/@/var” lies in “btrfsvol:/dev/sda1/@” as “var”, and in “/dev/sda1” as “@/var”. */
static GPtrArray *
list_inner (char **pairs, const char *mountable)
{
  static const char prefix[] = "btrfsvol:";
  const char *own = g_str_has_prefix (mountable, prefix) ? mountable + strlen (prefix) : mountable;
  g_autofree char *start = g_strconcat (own, "/", NULL);
  GPtrArray *inner = g_ptr_array_new_with_free_func (g_free);

  for (size_t i = 0; pairs[i] != NULL; i += 2)
    {
      if (g_str_has_prefix (pairs[i], prefix) &&
          g_str_has_prefix (pairs[i] + strlen (prefix), start))
        g_ptr_array_add (inner, g_strdup (pairs[i] + strlen (prefix) + strlen (start)));
    }

  return inner;
}

static gboolean
list_system (StrataAppliance *appliance,
             StrataGuestListing *listing,
             char **pairs,
             const char *mountable,
             const char *mountpoint,
             GError **error)
{
  g_autoptr (GPtrArray) inner = list_inner (pairs, mountable);
  gboolean readable = strata_appliance_mount (appliance, mountable, "/", NULL);

  strata_guest_listing_add_system (listing, mountable, mountpoint, readable);
  if (!readable)
    return TRUE;
  if (!add_files (appliance->g, listing, inner, mountpoint, error))
    return (error != NULL && *error != NULL) || strata_appliance_set_error (appliance, NULL, error);

  return guestfs_umount_all (appliance->g) == 0 ||
         strata_appliance_set_error (appliance, NULL, error);
}

static gboolean
is_read_only_subvolume (guestfs_h *g, const char *path)
{
  g_auto (GStrv) shown = guestfs_btrfs_subvolume_show (g, path);

  for (size_t i = 0; shown != NULL && shown[i] != NULL; i += 2)
    {
      if (strcmp (shown[i], "Flags") == 0)
        return strstr (shown[i + 1], "readonly") != NULL;
    }

  return FALSE;
}

/* By where snapper and timeshift put them. */
static gboolean
lies_with_snapshots (const char *mountable)
{
  return strstr (mountable, "/.snapshots/") != NULL || strstr (mountable, "/@snapshots/") != NULL ||
         strstr (mountable, "/@.snapshots/") != NULL ||
         strstr (mountable, "/timeshift-btrfs/snapshots/") != NULL;
}

/**
 * strata_guest_survey_split_subvolume:
 * @mountable: a file system, as libguestfs calls it
 * @path: (out) (transfer full): the subvolume's path from the top of the file system
 *
 * Returns: (transfer full) (nullable): the device; %NULL for what is no subvolume
 */
char *
strata_guest_survey_split_subvolume (const char *mountable, char **path)
{
  static const char prefix[] = "btrfsvol:";
  const char *rest = mountable + strlen (prefix);
  g_auto (GStrv) words = NULL;
  guint n_words;

  if (!g_str_has_prefix (mountable, prefix))
    return NULL;

  /* “/dev/sda1/…”, or “/dev/VG/LV/…”: libguestfs names volumes by their group. */
  words = g_strsplit (rest, "/", 5);
  n_words = g_strv_length (words);
  if (n_words < 4)
    return NULL;
  if (n_words == 5 && !g_str_has_prefix (words[2], "sd") && !g_str_has_prefix (words[2], "vd") &&
      !g_str_has_prefix (words[2], "md"))
    {
      *path = g_strconcat ("/", words[4], NULL);
      return g_strconcat ("/dev/", words[2], "/", words[3], NULL);
    }

  *path = g_strconcat ("/", words[3], n_words == 5 ? "/" : NULL, words[4], NULL);
  return g_strconcat ("/dev/", words[2], NULL);
}

static gboolean
is_snapshot (StrataAppliance *appliance, const char *mountable)
{
  g_autofree char *path = NULL;
  g_autofree char *device = strata_guest_survey_split_subvolume (mountable, &path);
  gboolean found;

  if (device == NULL || !lies_with_snapshots (mountable) ||
      strcmp (mountable, appliance->root) == 0 ||
      guestfs_mount_options (appliance->g, "ro,subvolid=5", device, "/") != 0)
    return FALSE;

  found = is_read_only_subvolume (appliance->g, path);
  guestfs_umount_all (appliance->g);

  return found;
}

/**
 * strata_guest_survey_snapshots:
 * @appliance: an appliance that is up and has found its guest; nothing is mounted afterwards
 *
 * Snapper's and timeshift's snapshots are what the guest was before; sealing can't reach into them.
 * The subvolume that the guest starts from is never among them, even if it lies there.
 *
 * Returns: (transfer full) (element-type utf8): the read-only btrfs snapshots that the guest has made
 */
GPtrArray *
strata_guest_survey_snapshots (StrataAppliance *appliance)
{
  g_auto (GStrv) pairs = guestfs_list_filesystems (appliance->g);
  GPtrArray *snapshots = g_ptr_array_new_with_free_func (g_free);

  guestfs_umount_all (appliance->g);
  for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2)
    {
      if (is_snapshot (appliance, pairs[i]))
        g_ptr_array_add (snapshots, g_strdup (pairs[i]));
    }

  return snapshots;
}

static gboolean
list_all (StrataAppliance *appliance, StrataGuestListing *listing, GError **error)
{
  g_auto (GStrv) homes = strata_guest_survey_homes (appliance->g);
  g_autoptr (GPtrArray) swap_files = strata_guest_survey_swap_files (appliance->g);
  g_autoptr (GHashTable) mountpoints = gather_mountpoints (appliance);
  g_autoptr (GPtrArray) snapshots = NULL;
  g_auto (GStrv) pairs = NULL;

  for (size_t i = 0; homes[i] != NULL; i++)
    strata_guest_listing_add_home (listing, homes[i]);
  for (guint i = 0; i < swap_files->len; i++)
    strata_guest_listing_add_scratch (listing, g_ptr_array_index (swap_files, i));

  pairs = guestfs_list_filesystems (appliance->g);
  if (pairs == NULL || guestfs_umount_all (appliance->g) != 0)
    return strata_appliance_set_error (appliance, NULL, error);
  snapshots = strata_guest_survey_snapshots (appliance);

  for (size_t i = 0; pairs[i] != NULL; i += 2)
    {
      const char *type = pairs[i + 1];

      if (strcmp (type, "swap") == 0 || strcmp (type, "unknown") == 0 || *type == '\0')
        continue;
      /* Sealing removes them, so they are not compared. */
      if (g_ptr_array_find_with_equal_func (snapshots, pairs[i], g_str_equal, NULL))
        continue;
      if (!list_system (appliance, listing, pairs, pairs[i],
                        g_hash_table_lookup (mountpoints, pairs[i]), error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_guest_survey_set_listing:
 * @appliance: an appliance with the guest mounted; nothing is mounted afterwards
 * @value: where the member “listing” is set
 * @error: return location
 *
 * Returns: whether it could be made
 */
gboolean
strata_guest_survey_set_listing (StrataAppliance *appliance, JsonObject *value, GError **error)
{
  g_autoptr (StrataGuestListing) listing = strata_guest_listing_new ();
  g_autofree char *text = NULL;

  strata_event_writer_progress (appliance->writer, 0.95, _ ("Listing the guest's files"));
  if (!list_all (appliance, listing, error))
    return FALSE;

  text = strata_guest_listing_pack (listing);
  json_object_set_string_member (value, "listing", text);

  return TRUE;
}
