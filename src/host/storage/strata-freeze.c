/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A guest's file systems at rest while their image is frozen under them. libvirt's own QUIESCE flag is not used: it is
 * ignored where the domain is off, and a call of its that fails in the middle does not say whether it thawed. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-freeze.h"
#include "host/connection/strata-sleep.h"
#include "host/connection/strata-vir.h"

/* how long an agent may take to say what time it is */
#define ANSWER_S     10
#define THAW_TRIES   5
#define TRY_AGAIN_MS 1000

static void
add_hint (GError *error)
{
  switch (strata_error_get_vir_code (error))
    {
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_AGENT_UNRESPONSIVE:
    case VIR_ERR_AGENT_UNSYNCED:
    case VIR_ERR_AGENT_COMMAND_TIMEOUT:
    case VIR_ERR_OPERATION_INVALID:
      strata_error_set_hint (error,
                             _ ("Install and start qemu-guest-agent in the guest, or take the "
                                "snapshot without freezing its file systems."));
      break;
    default:
      break;
    }
}

static gboolean
is_silence (int code)
{
  return code == VIR_ERR_AGENT_UNRESPONSIVE || code == VIR_ERR_AGENT_UNSYNCED ||
         code == VIR_ERR_AGENT_COMMAND_TIMEOUT;
}

/* libvirt waits for an agent's answer for ever, and so it has to with a freeze: that takes as long as the guest's disks do, and
 * one that was given up might still come about, with no client there to thaw. So an agent that hangs has to be found out before,
 * by a question that does nothing. Afterwards the limit is again what libvirt begins with; it can't be read. */
static gboolean
require_agent (virDomainPtr domain, GError **error)
{
  long long seconds;
  unsigned int nseconds;
  gboolean hangs;

  virDomainAgentSetResponseTimeout (domain, ANSWER_S, 0);
  /* One that may not tell the time has answered, too. */
  hangs =
      virDomainGetTime (domain, &seconds, &nseconds, 0) < 0 && is_silence (strata_vir_last_code ());
  if (hangs)
    strata_vir_set_error (error, _ ("Asking the guest’s agent"));
  virDomainAgentSetResponseTimeout (domain, VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK, 0);

  return !hangs;
}

/**
 * strata_freeze:
 * @domain: a running domain
 * @error: where to put libvirt's error
 *
 * Worker threads only. An agent that does not answer is given ten seconds; the freeze itself takes as long as it takes.
 *
 * Returns: whether the guest's file systems are frozen now
 */
gboolean
strata_freeze (virDomainPtr domain, GError **error)
{
  GError *failure = NULL;

  STRATA_ASSERT_WORKER ();

  if (!require_agent (domain, &failure))
    {
      add_hint (failure);
      g_propagate_error (error, failure);
      return FALSE;
    }
  if (virDomainFSFreeze (domain, NULL, 0, 0) >= 0)
    return TRUE;

  strata_vir_set_error (&failure, _ ("Freezing the file systems of the guest"));
  add_hint (failure);
  g_propagate_error (error, failure);

  /* An agent that answered too late may have done it all the same. */
  if (virDomainFSThaw (domain, NULL, 0, 0) < 0)
    g_debug ("there was nothing to thaw");

  return FALSE;
}

/**
 * strata_thaw:
 * @domain: a running domain
 * @error: where to put libvirt's error
 *
 * Worker threads only. Nothing cancels it.
 *
 * Returns: whether the guest can write again
 */
gboolean
strata_thaw (virDomainPtr domain, GError **error)
{
  STRATA_ASSERT_WORKER ();

  for (guint i = 1; virDomainFSThaw (domain, NULL, 0, 0) < 0; i++)
    {
      g_autoptr (GError) failure = NULL;

      strata_vir_set_error (&failure, _ ("Thawing the file systems of the guest"));
      /* One that is off, or was reset, is frozen no more. */
      if (virDomainIsActive (domain) == 0)
        return TRUE;
      if (i == THAW_TRIES)
        {
          strata_error_set_hint (failure,
                                 _ ("Run “fsfreeze --unfreeze” in the guest, or reset it."));
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      strata_sleep (TRY_AGAIN_MS, NULL, NULL);
    }

  return TRUE;
}
