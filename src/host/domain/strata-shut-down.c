/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Asking a guest to shut down, and waiting until it has. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "host/connection/strata-connection-private.h"
#include "strata-domain-control.h"
#include "host/connection/strata-sleep.h"
#include "host/connection/strata-vir.h"
#include "host/connection/strata-xpath.h"
#include "base/strata-error.h"

#define LOOK_EVERY_MS        250
#define AGENT_ANSWER_SECONDS 5

/* Asked first, since libvirt waits without end for an agent that took the command and says nothing. */
static gboolean
agent_answers (virDomainPtr domain)
{
  g_autofree char *xml = virDomainGetXMLDesc (domain, 0);
  g_autofree char *answer = NULL;

  if (!strata_xpath_boolean (xml,
                             "/domain/devices/channel/target[@name='org.qemu.guest_agent.0' and "
                             "@state='connected']"))
    return FALSE;

  answer =
      virDomainQemuAgentCommand (domain, "{\"execute\":\"guest-ping\"}", AGENT_ANSWER_SECONDS, 0);

  return answer != NULL;
}

static gboolean
is_off (virDomainPtr domain)
{
  int active = virDomainIsActive (domain);

  /* A transient domain goes altogether. */
  return active == 0 || (active < 0 && strata_vir_last_code () == VIR_ERR_NO_DOMAIN);
}

static gboolean
ask_to_shut_down (virDomainPtr domain, const char *name, GError **error)
{
  g_autoptr (GVirDomain) object = strata_vir_domain_new (domain);

  if (agent_answers (domain) &&
      gvir_domain_shutdown (object, VIR_DOMAIN_SHUTDOWN_GUEST_AGENT, NULL))
    return TRUE;
  if (is_off (domain))
    return TRUE;
  if (gvir_domain_shutdown (object, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN, NULL))
    return TRUE;
  /* A driver that has no ACPI to speak of (test:/// is one) has a way of its own. */
  if (strata_vir_last_code () == VIR_ERR_INVALID_ARG && virDomainShutdown (domain) == 0)
    return TRUE;

  strata_vir_set_error (error, _ ("Shutting “%s” down"), name);

  return FALSE;
}

/**
 * strata_domain_shut_down:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @timeout: how many seconds to wait until it is off; 0 only asks
 * @cancellable: (nullable): ends the waiting; the guest has been asked all the same
 * @error: where to put `STRATA_ERROR_TIMEOUT` or another error
 *
 * Asks through the guest agent where it answers, else by ACPI. Worker threads only.
 *
 * Returns: whether it is off now, or with a @timeout of 0 has been asked
 */
gboolean
strata_domain_shut_down (StrataConnection *connection,
                         const char *uuid,
                         guint timeout,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autofree char *name = NULL;
  gint64 end;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  if (is_off (domain))
    return TRUE;

  name = g_strdup (virDomainGetName (domain));
  if (!ask_to_shut_down (domain, name, error))
    return FALSE;

  end = g_get_monotonic_time () + timeout * G_TIME_SPAN_SECOND;
  while (timeout > 0 && !is_off (domain))
    {
      if (g_get_monotonic_time () >= end)
        {
          strata_set_error (error, STRATA_ERROR_TIMEOUT,
                            _ ("Wait longer, shut it down from inside, or force it off."),
                            g_dngettext (GETTEXT_PACKAGE, "“%s” did not shut down within %u second",
                                         "“%s” did not shut down within %u seconds", timeout),
                            name, timeout);
          return FALSE;
        }
      if (!strata_sleep (LOOK_EVERY_MS, cancellable, error))
        return FALSE;
    }

  return TRUE;
}
