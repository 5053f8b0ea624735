/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Images that a paused VM has let go of.
 *
 * To QEMU, saving memory to a file is a migration, after which the images might be another host's: it writes to none
 * of them before the guest goes on. libvirt has no call for it. From 10.0 on QEMU itself has one; for an older one the
 * guest has to run for a moment.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <libvirt/libvirt-qemu.h>

#include "strata-reacquire.h"
#include "host/connection/strata-vir.h"

static const char set_active[] =
    "{\"execute\":\"blockdev-set-active\",\"arguments\":{\"active\":true}}";
static const char query_status[] = "{\"execute\":\"query-status\"}";

/* (nullable): what QEMU returned; NULL for an error of its, or of libvirt's */
static JsonObject *
ask_qemu (virDomainPtr domain, const char *command)
{
  g_autofree char *answer = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;

  if (virDomainQemuMonitorCommand (domain, command, &answer, 0) < 0)
    return NULL;
  node = json_from_string (answer, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;

  object = json_node_get_object (node);
  if (!json_object_has_member (object, "return"))
    return NULL;

  return json_object_ref (json_object_get_object_member (object, "return"));
}

/* REASON is libvirt's for the pause: after a restore QEMU has no word for it. */
static gboolean
has_let_go (virDomainPtr domain, int reason)
{
  g_autoptr (JsonObject) status = NULL;

  if (reason == VIR_DOMAIN_PAUSED_MIGRATION)
    return TRUE;
  status = ask_qemu (domain, query_status);

  return status != NULL &&
         g_strcmp0 (json_object_get_string_member_with_default (status, "status", NULL),
                    "postmigrate") == 0;
}

static gboolean
run_for_a_moment (virDomainPtr domain, GError **error)
{
  g_autoptr (GVirDomain) object = strata_vir_domain_new (domain);

  if (!gvir_domain_resume (object, NULL) || !gvir_domain_suspend (object, NULL))
    {
      strata_vir_set_error (error, _ ("Making a paused virtual machine take hold of its images"));
      return FALSE;
    }

  return TRUE;
}

/**
 * strata_reacquire_images:
 * @domain: an active domain
 * @error: where to put libvirt's error
 *
 * Worker threads only.
 *
 * Returns: whether block jobs can be begun in it
 */
gboolean
strata_reacquire_images (virDomainPtr domain, GError **error)
{
  g_autoptr (JsonObject) done = NULL;
  int state;
  int reason;

  STRATA_ASSERT_WORKER ();

  if (virDomainGetState (domain, &state, &reason, 0) < 0)
    {
      strata_vir_set_error (error, _ ("Asking for the state of a virtual machine"));
      return FALSE;
    }
  if (state != VIR_DOMAIN_PAUSED)
    return TRUE;

  done = ask_qemu (domain, set_active);
  if (done != NULL || !has_let_go (domain, reason))
    return TRUE;

  return run_for_a_moment (domain, error);
}

/**
 * strata_reacquire_memory:
 * @domain: an active domain
 * @error: where to put libvirt's error
 *
 * QEMU saves the memory of a guest that has been paused since the last time only once: before it does so again, the
 * guest has to have run. Worker threads only.
 *
 * Returns: whether its memory can be saved
 */
gboolean
strata_reacquire_memory (virDomainPtr domain, GError **error)
{
  int state;
  int reason;

  STRATA_ASSERT_WORKER ();

  if (virDomainGetState (domain, &state, &reason, 0) < 0)
    {
      strata_vir_set_error (error, _ ("Asking for the state of a virtual machine"));
      return FALSE;
    }

  return state != VIR_DOMAIN_PAUSED || !has_let_go (domain, reason) ||
         run_for_a_moment (domain, error);
}
