/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that look into guests and change them, through the strata-guest process. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "guest/strata-guest-client.h"
#include "strata-job-private.h"
#include "strata-step-private.h"
#include "xml/strata-error.h"

static void
on_progress (double fraction, const char *message, gpointer user_data)
{
  strata_job_report_fraction (user_data, fraction, message);
}

static StrataGuestClient *
client_new (StrataStepContext *context, GError **error)
{
  const StrataHostFacts *facts = strata_connection_get_facts (context->connection);
  StrataGuestClient *client;

  if (!facts->is_local)
    {
      strata_set_error (
          error, STRATA_ERROR_UNSUPPORTED, _ ("Run Strata on that host, or go on without sealing."),
          _ ("Guests are sealed where their disks are, and those are on “%s”"), facts->hostname);
      return NULL;
    }

  client = strata_guest_client_new (!facts->is_session && geteuid () != 0);
  strata_guest_client_set_progress (client, on_progress, context->job);

  return client;
}

static GPtrArray *
get_disks (StrataStepContext *context)
{
  JsonArray *array = json_object_get_array_member (context->args, "disks");
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *disk = json_array_get_object_element (array, i);

      g_ptr_array_add (disks, strata_guest_disk_new (json_object_get_string_member (disk, "path"),
                                                     json_object_get_string_member_with_default (
                                                         disk, "format", NULL)));
    }

  return disks;
}

static GStrv
get_operations (StrataStepContext *context)
{
  const char *operations = strata_step_context_get (context, "operations");

  return operations != NULL ? g_strsplit (operations, ",", -1) : NULL;
}

/* What the template's mark will say. */
static void
keep_os (StrataStepContext *context, JsonObject *facts)
{
  const char *os = json_object_get_string_member_with_default (facts, "os", NULL);
  const char *os_id = json_object_get_string_member_with_default (facts, "os-id", NULL);

  if (os != NULL)
    strata_job_set_result (context->job, "os", os);
  if (os_id != NULL)
    strata_job_set_result (context->job, "os-id", os_id);
}

/* inspect: comes first, so that a disk that can't be sealed fails before anything is made ---------- */

static gboolean
inspect_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGuestClient) client = client_new (context, error);
  g_autoptr (GPtrArray) disks = get_disks (context);
  g_autoptr (JsonObject) facts = NULL;

  if (client == NULL || !strata_guest_client_check (client, cancellable, error))
    return FALSE;

  facts = strata_guest_client_inspect (client, disks, TRUE, cancellable, error);
  if (facts == NULL)
    return FALSE;
  keep_os (context, facts);

  return TRUE;
}

const StrataStepClass strata_step_inspect = {
  .kind = "inspect",
  .run = inspect_run,
};

/* seal --------------------------------------------------------------------------------------------- */

static char *
join_strings (JsonArray *array)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) strings = NULL;

  for (guint i = 0; i < json_array_get_length (array); i++)
    g_strv_builder_add (builder, json_array_get_string_element (array, i));
  strings = g_strv_builder_end (builder);

  return g_strjoinv (",", strings);
}

static gboolean
seal_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGuestClient) client = client_new (context, error);
  g_autoptr (GPtrArray) disks = get_disks (context);
  g_auto (GStrv) operations = get_operations (context);
  g_autoptr (JsonObject) result = NULL;

  if (client == NULL)
    return FALSE;

  result = strata_guest_client_seal (client, disks, (const char *const *) operations, cancellable,
                                     error);
  if (result == NULL)
    return FALSE;

  if (json_object_has_member (result, "operations"))
    {
      g_autofree char *done = join_strings (json_object_get_array_member (result, "operations"));

      strata_job_set_result (context->job, "operations", done);
    }

  return TRUE;
}

const StrataStepClass strata_step_seal = {
  .kind = "seal",
  .run = seal_run,
};

/* verify ------------------------------------------------------------------------------------------- */

static gboolean
verify_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGuestClient) client = client_new (context, error);
  g_autoptr (GPtrArray) disks = get_disks (context);
  g_auto (GStrv) operations = get_operations (context);
  g_autoptr (JsonObject) result = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *sealed = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");

  if (client == NULL)
    return FALSE;

  result = strata_guest_client_verify (client, disks, (const char *const *) operations, cancellable,
                                       error);
  if (result == NULL)
    return FALSE;

  keep_os (context, result);
  strata_job_set_result (context->job, "sealed", sealed);

  return TRUE;
}

const StrataStepClass strata_step_verify = {
  .kind = "verify",
  .run = verify_run,
};

/* customise ---------------------------------------------------------------------------------------- */

static gboolean
customise_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGuestClient) client = client_new (context, error);

  return client != NULL && strata_guest_client_check (client, cancellable, error) &&
         strata_guest_client_customise (
             client, json_object_get_array_member (context->args, "clones"), cancellable, error);
}

const StrataStepClass strata_step_customise = {
  .kind = "customise",
  .run = customise_run,
};
