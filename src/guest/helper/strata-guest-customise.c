/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “customise”: gives each clone its host name, keys, passwords and first-boot script, with one
 * start of the appliance for all of them where that is possible.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-appliance.h"
#include "strata-clone-files.h"
#include "strata-clone-layout.h"
#include "strata-guest-verbs.h"

/* How much of the progress starting the appliance takes. */
#define LAUNCHED 0.4

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
             StrataCloneLayout *layout,
             guint number,
             StrataGuestClone *clone,
             GError **error)
{
  if (!strata_clone_layout_focus (layout, number, error) ||
      !strata_clone_layout_mount (layout, number, error) ||
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
  g_autoptr (StrataCloneLayout) layout = NULL;
  StrataGuestClone *clone = g_ptr_array_index (clones, first);
  double from = (double) first / clones->len;
  double to = (double) (first + n_clones) / clones->len;

  *shared = TRUE;
  strata_event_writer_set_span (writer, from, from + (to - from) * LAUNCHED);
  if (!add_all_disks (appliance, clones, first, n_clones, error) ||
      !strata_appliance_launch (appliance, error))
    return FALSE;

  layout = strata_clone_layout_new (appliance, clone->disks->len, error);
  if (layout == NULL || !strata_clone_layout_focus (layout, 0, error) ||
      !strata_appliance_inspect (appliance, TRUE, error))
    return FALSE;
  *shared = strata_clone_layout_can_share (layout, n_clones);
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
  gboolean can_share = TRUE;
  guint n_appliances = 0;
  guint done = 0;
  JsonObject *value;

  while (done < request->clones->len)
    {
      guint n_clones = can_share ? count_alike (request->clones, done) : 1;
      gboolean shared;

      n_appliances++;
      if (!customise_together (writer, request->clones, done, n_clones, &shared, error))
        return NULL;

      if (shared)
        done += n_clones;
      can_share = shared && can_share;
    }

  value = json_object_new ();
  json_object_set_int_member (value, "appliances", n_appliances);

  return value;
}
