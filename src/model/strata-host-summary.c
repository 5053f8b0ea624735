/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What kind of host it is, in a line. KVM is tried out for it, which is why it takes a worker. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-host-summary.h"

static void
append_version (GString *text, const char *program, gulong version)
{
  /* Programs and versions: nothing to translate. */
  g_string_append_printf (text, "%s%s %lu.%lu.%lu", text->len > 0 ? " · " : "", program,
                          version / 1000000, version / 1000 % 1000, version % 1000);
}

static void
summarise_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  StrataConnection *connection = data;
  const StrataHostFacts *facts = strata_connection_get_facts (connection);
  GString *text = g_string_new (NULL);

  append_version (text, "libvirt", facts->libvirt_version);
  if (g_strcmp0 (facts->driver, "QEMU") == 0)
    {
      gboolean works = strata_connection_probe_kvm (connection, cancellable);

      append_version (text, "QEMU", facts->qemu_version);
      g_string_append_printf (text, " · %s", works ? _ ("KVM works") : _ ("KVM can’t be used"));
    }

  g_task_return_pointer (task, g_string_free (text, FALSE), g_free);
}

/**
 * strata_host_summary_async:
 * @connection: an open connection
 * @cancellable: (nullable): to give up
 * @callback: called on the caller's context
 * @user_data: for @callback
 */
void
strata_host_summary_async (StrataConnection *connection,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_return_if_fail (STRATA_IS_CONNECTION (connection));

  g_task_set_source_tag (task, strata_host_summary_async);
  g_task_set_task_data (task, g_object_ref (connection), g_object_unref);
  g_task_run_in_thread (task, summarise_in_thread);
}

/**
 * strata_host_summary_finish:
 * @result: what the callback got
 * @error: cancellation
 *
 * Returns: (transfer full): the line
 */
char *
strata_host_summary_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
