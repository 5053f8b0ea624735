/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files that the appliance writes have no SELinux label, and a guest that enforces SELinux may not read
 * them then: sshd would not see the key that was put there.
 */

#include "config.h"

#include "strata-clone-selinux.h"

#include <string.h>

#include "strata-guest-paths.h"

/* What systemd may run. */
#define PROGRAM_LABEL "system_u:object_r:bin_t:s0"

/* The value of KEY= in a file of such lines. */
static char *
find_value (const char *text, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (g_str_has_prefix (line, key) && line[strlen (key)] == '=')
        return g_strdup (line + strlen (key) + 1);
    }

  return NULL;
}

static gboolean
relabel (guestfs_h *g, const char *type, GPtrArray *changed)
{
  g_autofree char *contexts =
      g_strdup_printf ("/etc/selinux/%s/contexts/files/file_contexts", type);
  const char *const feature[] = { "selinuxrelabel", NULL };

  if (guestfs_feature_available (g, (char *const *) feature) <= 0 ||
      !strata_guest_path_exists (g, contexts))
    return FALSE;

  for (guint i = 0; i < changed->len; i++)
    {
      const char *path = g_ptr_array_index (changed, i);

      if (strata_guest_path_exists (g, path) &&
          guestfs_selinux_relabel (g, contexts, path, -1) != 0)
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_clone_selinux_relabel:
 * @appliance: an appliance with the guest mounted, for writing
 * @changed: (element-type utf8): what was written; folders with all that is in them
 * @program: (nullable): one among them that systemd is to run
 * @error: return location
 *
 * Gives the files the labels that the guest's own policy has for them. Where that can't be done from
 * outside, the guest does it at its next start, which takes a while. Does nothing if it has no SELinux.
 *
 * Returns: whether one or the other is done
 */
gboolean
strata_clone_selinux_relabel (StrataAppliance *appliance,
                              GPtrArray *changed,
                              const char *program,
                              GError **error)
{
  guestfs_h *g = appliance->g;
  g_autofree char *config = strata_guest_path_read (g, "/etc/selinux/config");
  g_autofree char *mode = config != NULL ? find_value (config, "SELINUX") : NULL;
  g_autofree char *type = config != NULL ? find_value (config, "SELINUXTYPE") : NULL;

  if (mode == NULL || (strcmp (mode, "enforcing") != 0 && strcmp (mode, "permissive") != 0))
    return TRUE;

  if (type == NULL || strchr (type, '/') != NULL || !relabel (g, type, changed))
    {
      if (guestfs_touch (g, "/.autorelabel") != 0)
        return strata_appliance_set_error (appliance, NULL, error);
    }

  if (program != NULL &&
      guestfs_lsetxattr (g, "security.selinux", PROGRAM_LABEL, sizeof PROGRAM_LABEL, program) != 0)
    return strata_appliance_set_error (appliance, NULL, error);

  return TRUE;
}
