/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One request to strata-guest, from start to answer. It watches over the appliance: there are computers
 * where /dev/kvm opens and then the guest hangs, which libguestfs waits for twenty minutes.
 */

#include "config.h"

#include "strata-guest-run.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "strata-guest-process.h"
#include "base/strata-error.h"

/* One run of the helper. */
typedef struct
{
  StrataGuestManner *manner;
  JsonObject *value;
  GError *error;
  gint64 last_alive;
  gboolean launching;
  gboolean hung;
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->value, json_object_unref);
  g_clear_error (&run->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* Did the caller's environment ask for an appliance without KVM? Then there is nothing to fall back to. */
static gboolean
runs_without_kvm (StrataGuestManner *self)
{
  const char *settings = g_getenv ("LIBGUESTFS_BACKEND_SETTINGS");

  return self->force_tcg ||
         (!self->as_root && settings != NULL && strstr (settings, "force_tcg") != NULL);
}

static void
take_error (Run *run, JsonObject *event)
{
  const char *code = json_object_get_string_member_with_default (event, "code", NULL);
  const char *message = json_object_get_string_member_with_default (event, "message", "");
  const char *hint = json_object_get_string_member_with_default (event, "hint", NULL);

  g_clear_error (&run->error);
  run->error = strata_error_new (strata_error_code_from_nick (code), hint, "%s", message);
  g_set_str (&run->manner->log, json_object_get_string_member_with_default (event, "log", NULL));
}

static void
take_progress (Run *run, JsonObject *event)
{
  StrataGuestManner *self = run->manner;

  if (self->progress != NULL)
    self->progress (json_object_get_double_member_with_default (event, "fraction", 0.0),
                    json_object_get_string_member_with_default (event, "message", ""),
                    self->progress_data);
}

static void
take_event (Run *run, JsonObject *event)
{
  const char *name = json_object_get_string_member_with_default (event, "event", "");

  /* Whatever it says, it lives. */
  run->last_alive = g_get_monotonic_time ();

  if (strcmp (name, "progress") == 0)
    take_progress (run, event);
  else if (strcmp (name, "launching") == 0)
    run->launching = TRUE;
  else if (strcmp (name, "launched") == 0)
    run->launching = FALSE;
  else if (strcmp (name, "result") == 0 && json_object_has_member (event, "value"))
    run->value = json_object_ref (json_object_get_object_member (event, "value"));
  else if (strcmp (name, "error") == 0)
    take_error (run, event);
  else if (strcmp (name, "log") == 0)
    g_debug ("strata-guest: %s", json_object_get_string_member_with_default (event, "text", ""));
}

static void
take_line (Run *run, const char *line)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    take_event (run, json_node_get_object (node));
  else
    g_debug ("strata-guest said: %s", line);
}

/* How long the helper may be silent from now on, -1 for ever. */
static int
remaining_patience (Run *run)
{
  gint64 waited;

  if (!run->launching || runs_without_kvm (run->manner))
    return -1;

  waited = (g_get_monotonic_time () - run->last_alive) / 1000;
  return (int) MAX (0, (gint64) run->manner->patience_ms - waited);
}

static void
set_no_answer (Run *run, StrataGuestProcess *process)
{
  int status = strata_guest_process_wait (process);
  const char *words = strata_guest_process_get_stderr (process);

  /* pkexec: 126 is a password that was not given, 127 is no authorisation. */
  if (run->manner->as_root && (status == 126 || status == 127))
    run->error =
        strata_error_new (STRATA_ERROR_PERMISSION, _ ("An administrator's password is needed."),
                          _ ("You are not allowed to seal guests that belong to the system."));
  else
    run->error =
        strata_error_new (STRATA_ERROR_FAILED, NULL,
                          _ ("Strata's sealing helper ended without an answer. %s"), words);
}

static void
run_helper (Run *run, const char *request, GCancellable *cancellable)
{
  g_autoptr (StrataGuestProcess) process =
      strata_guest_process_new (run->manner->as_root, &run->error);

  if (process == NULL)
    return;

  strata_guest_process_send (process, request);
  while (TRUE)
    {
      g_autofree char *line = NULL;

      switch (strata_guest_process_read (process, remaining_patience (run), cancellable, &line))
        {
        case STRATA_GUEST_READ_LINE:
          take_line (run, line);
          continue;
        case STRATA_GUEST_READ_TIMEOUT:
          run->hung = TRUE;
          return;
        case STRATA_GUEST_READ_CANCELLED:
          g_cancellable_set_error_if_cancelled (cancellable, &run->error);
          return;
        case STRATA_GUEST_READ_END:
          if (run->value == NULL && run->error == NULL)
            set_no_answer (run, process);
          strata_guest_process_wait (process);
          return;
        }
    }
}

/* Can it be KVM's fault, so that trying without is worth the time? */
static gboolean
is_worth_retrying (Run *run)
{
  if (runs_without_kvm (run->manner))
    return FALSE;
  if (run->hung)
    return TRUE;

  return run->launching && g_error_matches (run->error, STRATA_ERROR, STRATA_ERROR_NO_APPLIANCE) &&
         access ("/dev/kvm", F_OK) == 0;
}

static char *
request_to_text (StrataGuestManner *self, JsonObject *request)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), request);

  json_object_set_boolean_member (request, "attended", TRUE);
  json_object_set_boolean_member (request, "force-tcg", self->force_tcg);

  return json_to_string (node, FALSE);
}

/**
 * strata_guest_run:
 * @self: how; @log and @force_tcg are set by it
 * @request: the request; it gets some more members
 * @cancellable: (nullable): cancels it, and kills the helper and its children
 * @error: return location
 *
 * Blocks; worker threads. An appliance that hangs or fails under KVM is tried once more without.
 *
 * Returns: (transfer full): the answer; %NULL with @error set
 */
JsonObject *
strata_guest_run (StrataGuestManner *self,
                  JsonObject *request,
                  GCancellable *cancellable,
                  GError **error)
{
  g_auto (Run) run = { .manner = self };
  g_autofree char *text = request_to_text (self, request);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  g_clear_pointer (&self->log, g_free);
  run_helper (&run, text, cancellable);
  if (is_worth_retrying (&run))
    {
      /* Nothing has been written yet: the appliance was only starting. */
      g_autofree char *again = NULL;

      self->force_tcg = TRUE;
      again = request_to_text (self, request);
      run_clear (&run);
      run = (Run) { .manner = self };
      run_helper (&run, again, cancellable);
    }

  if (run.error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&run.error));
      return NULL;
    }

  return g_steal_pointer (&run.value);
}
