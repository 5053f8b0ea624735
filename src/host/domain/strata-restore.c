/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Memory that was saved in a file, put back into a domain. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "strata-restore.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"

/* libvirt's state and reason; 0 and 0 of a guest that is off */
static gboolean
look (virDomainPtr domain, int *state, int *reason, GError **error)
{
  if (virDomainGetState (domain, state, reason, 0) < 0)
    {
      strata_vir_set_error (error, _ ("Asking for the state of a virtual machine"));
      return FALSE;
    }
  if (virDomainIsActive (domain) != 1)
    *state = *reason = 0;

  return TRUE;
}

/* It began from a memory: libvirt gives a guest that is restored standing still the reason of an incoming one. */
static gboolean
goes_on (int state, int reason)
{
  if (state == VIR_DOMAIN_PAUSED)
    return reason == VIR_DOMAIN_PAUSED_MIGRATION || reason == VIR_DOMAIN_PAUSED_FROM_SNAPSHOT;

  return reason == VIR_DOMAIN_RUNNING_RESTORED || reason == VIR_DOMAIN_RUNNING_FROM_SNAPSHOT;
}

/* Whether a guest that was restored, and let go, is like that; one that was booted isn't. */
static gboolean
may_be_restored (int state, int reason)
{
  return goes_on (state, reason) ||
         (state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_UNPAUSED);
}

static void
set_started (virDomainPtr domain, GError **error)
{
  strata_set_error (error, STRATA_ERROR_CHANGED,
                    _ ("Nothing more is done. Look at the machine, and try again."),
                    _ ("“%s” was started in the meantime"), virDomainGetName (domain));
}

/**
 * strata_domain_restore:
 * @connection: a connection
 * @uuid: the UUID of a domain that is off, or that was left standing still between the two halves of this
 * @file: the memory
 * @xml: the live definition that the memory goes with, on the disks that the domain shall have
 * @paused: whether the guest stands still afterwards
 * @error: where to put `STRATA_ERROR_CHANGED` where it goes on from something else, or another error
 *
 * It is brought back standing still, and only then let go, since "paused" is what libvirt says of it either way.
 * Worker threads only.
 *
 * Returns: whether the domain goes on from @file
 */
gboolean
strata_domain_restore (StrataConnection *connection,
                       const char *uuid,
                       const char *file,
                       const char *xml,
                       gboolean paused,
                       GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GVirDomain) object = NULL;
  int state;
  int reason;
  gboolean off;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL || !look (domain, &state, &reason, error))
    return FALSE;

  off = state == 0;
  if (!off && !(state == VIR_DOMAIN_PAUSED && goes_on (state, reason)))
    {
      set_started (domain, error);
      return FALSE;
    }
  if (off && virDomainRestoreFlags (strata_connection_get_handle (connection), file, xml,
                                    VIR_DOMAIN_SAVE_PAUSED) < 0)
    {
      strata_vir_set_error (error, _ ("Restoring the memory in “%s”"), file);
      return FALSE;
    }
  object = strata_vir_domain_new (domain);
  if (paused || gvir_domain_resume (object, NULL))
    return TRUE;

  strata_vir_set_error (error, _ ("Letting the restored guest go on"));
  if (off)
    gvir_domain_stop (object, 0, NULL);

  return FALSE;
}

/**
 * strata_domain_is_restored:
 * @connection: a connection
 * @uuid: the UUID of a domain that was off
 * @paused: whether its guest stands still when it is restored
 * @restored: whether it is, as far as that
 * @error: where to put libvirt's error
 *
 * A process that is killed between the two halves leaves a guest that stands still and should not. Fails with
 * `STRATA_ERROR_CHANGED` where the guest was booted. Worker threads only.
 *
 * Returns: whether that could be found out
 */
gboolean
strata_domain_is_restored (StrataConnection *connection,
                           const char *uuid,
                           gboolean paused,
                           gboolean *restored,
                           GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  int state;
  int reason;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL || !look (domain, &state, &reason, error))
    return FALSE;

  if (state != 0 && !may_be_restored (state, reason))
    {
      set_started (domain, error);
      return FALSE;
    }
  *restored = state != 0 && (paused || state != VIR_DOMAIN_PAUSED);

  return TRUE;
}

/**
 * strata_domain_query_run:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @run: (out) (transfer full) (nullable): what its process has, and no other, with `STRATA_RUN_BOOTED` at its end where that says so; %NULL when it is off
 * @error: where to put libvirt's error
 *
 * A daemon counts anew when it is started while no domain is on, as after the computer's own start, which a local one's has with it.
 * Worker threads only.
 *
 * Returns: whether that could be found out
 */
gboolean
strata_domain_query_run (StrataConnection *connection, const char *uuid, char **run, GError **error)
{
  g_autofree char *boot = NULL;
  g_autoptr (virDomain) domain = NULL;
  int state;
  int reason;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL || !look (domain, &state, &reason, error))
    return FALSE;

  *run = NULL;
  if (state == 0)
    return TRUE;
  if (strata_connection_get_facts (connection)->is_local &&
      g_file_get_contents ("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
    g_strchomp (boot);
  *run = g_strdup_printf (
      "%u%s%s%s", virDomainGetID (domain), boot != NULL ? "@" : "", boot != NULL ? boot : "",
      state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_BOOTED ? STRATA_RUN_BOOTED : "");

  return TRUE;
}

/**
 * strata_domain_was_halted:
 * @connection: a connection
 * @uuid: a domain's UUID
 *
 * Worker threads only.
 *
 * Returns: whether it is off because libvirt stopped it with a snapshot, and not by itself or by another client; %FALSE also
 *   where there is no answer
 */
gboolean
strata_domain_was_halted (StrataConnection *connection, const char *uuid)
{
  g_autoptr (virDomain) domain = NULL;
  int state;
  int reason;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, NULL);

  return domain != NULL && virDomainGetState (domain, &state, &reason, 0) == 0 &&
         state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT;
}
