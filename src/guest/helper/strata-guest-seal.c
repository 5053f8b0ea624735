/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “seal”: looks at the guest, chooses the recipe for it, and runs virt-sysprep. Whether it
 * worked is asked afterwards, by “verify”, of an appliance that has seen none of this.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "guest/strata-seal-recipe.h"
#include "strata-appliance.h"
#include "strata-disk-use.h"
#include "strata-guest-finish.h"
#include "strata-guest-facts.h"
#include "strata-guest-sysprep.h"
#include "base/strata-error.h"
#include "strata-guest-verbs.h"
#include "strata-sysprep-order.h"

/* Where looking ends and virt-sysprep begins, and where that ends, in the whole's progress. */
#define LOOKED 0.3
#define SEALED 0.9

static StrataGuestFinish *
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
  return strata_guest_finish_new (appliance, operations);
}

/* the word by which a person lets them go */
#define SNAPSHOTS "snapshots"

static void
warn_of_snapshots (StrataGuestFinish *finish, JsonArray *warnings)
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
check_snapshots (StrataGuestFinish *finish, const StrataGuestRequest *request, GError **error)
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
  g_autoptr (StrataGuestFinish) finish = NULL;
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
  if (!strata_guest_finish_run (finish, writer, request->disks, error))
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
