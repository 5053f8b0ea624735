/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which host is opened where the user named none and has not used any yet: what libvirt.conf says, else of the two that a
 * computer has (the user's own session and the system's) the one with machines.
 */

#include "config.h"

#include <libvirt/libvirt.h>

#include "strata-first-host.h"
#include "strata-opening.h"
#include "strata-remedy.h"
#include "strata-vir.h"

/* For reading only, which libvirt asks for no password. Returns how many domains there are, -1 where it can't be opened.
 * OPENED: (out) (optional): what it was */
static int
count_domains (const char *uri, char **opened, GCancellable *cancellable)
{
  g_autoptr (GError) reason = NULL;
  StrataOpenOptions options = { .uri = uri, .read_only = TRUE };
  virConnectPtr handle = strata_opening_run (&options, &reason, cancellable, NULL);
  int active;
  int defined;

  if (handle == NULL)
    return -1;

  active = virConnectNumOfDomains (handle);
  defined = virConnectNumOfDefinedDomains (handle);
  if (opened != NULL)
    *opened = virConnectGetURI (handle);
  virConnectClose (handle);

  return MAX (active, 0) + MAX (defined, 0);
}

/**
 * strata_first_host_decide:
 * @n_session: how many domains the user's session has, -1 where it can't be opened
 * @n_system: likewise the system
 * @may_manage: whether the user may manage the system's without being asked
 *
 * Where both have machines, or neither, the system is where most people have theirs, if they may do something there.
 *
 * Returns: (transfer none): the URI of one of the two
 */
const char *
strata_first_host_decide (int n_session, int n_system, gboolean may_manage)
{
  if (n_system > 0)
    return n_session > 0 && !may_manage ? STRATA_URI_SESSION : STRATA_URI_SYSTEM;

  return n_session <= 0 && n_system == 0 && may_manage ? STRATA_URI_SYSTEM : STRATA_URI_SESSION;
}

/**
 * strata_first_host_choose:
 * @cancellable: (nullable): a cancellable
 *
 * Blocks; worker threads only. `uri_default` of libvirt.conf can't be told from libvirt's own choice where it names the
 * host that is that anyway.
 *
 * Returns: (transfer full): a URI, of a host that need not answer
 */
char *
strata_first_host_choose (GCancellable *cancellable)
{
  g_autofree char *usual = NULL;
  int n_session;
  int n_system;

  STRATA_ASSERT_WORKER ();

  n_session = count_domains (NULL, &usual, cancellable);
  if (usual != NULL && !g_str_equal (usual, STRATA_URI_SESSION) &&
      !(strata_remedy_is_member () && g_str_equal (usual, STRATA_URI_SYSTEM)))
    return g_steal_pointer (&usual);
  if (g_strcmp0 (usual, STRATA_URI_SESSION) != 0)
    n_session = count_domains (STRATA_URI_SESSION, NULL, cancellable);
  n_system = count_domains (STRATA_URI_SYSTEM, NULL, cancellable);

  return g_strdup (strata_first_host_decide (n_session, n_system, strata_remedy_is_member ()));
}
