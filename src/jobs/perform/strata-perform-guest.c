/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that look into guests and change them, through the strata-guest process. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "guest/strata-guest-listing.h"
#include "host/storage/strata-pool-lease.h"
#include "jobs/strata-job-private.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

static void
on_progress (double fraction, const char *message, gpointer user_data)
{
  strata_job_report_fraction (user_data, fraction, message);
}

/* Whether the host's images are root's, and this client isn't. */
static gboolean
needs_root (const StrataHostFacts *facts)
{
  return !facts->is_session && (!facts->is_local || geteuid () != 0);
}

static void
add_paths (JsonObject *object, GPtrArray *paths)
{
  JsonArray *disks = json_object_has_member (object, "disks")
                         ? json_object_get_array_member (object, "disks")
                         : NULL;

  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    g_ptr_array_add (paths, (gpointer) json_object_get_string_member (
                                json_array_get_object_element (disks, i), "path"));
}

/* (element-type utf8): what the steps of PLAN look into; borrowed */
static GPtrArray *
list_paths (StrataPlan *plan)
{
  GPtrArray *paths = g_ptr_array_new ();

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (plan, i);
      JsonArray *clones = step->kind == STRATA_STEP_CUSTOMISE
                              ? json_object_get_array_member (step->args, "clones")
                              : NULL;

      if (strata_step_is (step, STRATA_STEP_INSPECT, STRATA_STEP_SEAL, STRATA_STEP_VERIFY))
        add_paths (step->args, paths);
      for (guint j = 0; clones != NULL && j < json_array_get_length (clones); j++)
        add_paths (json_array_get_object_element (clones, j), paths);
    }

  return paths;
}

/* The domain that has PATH, which is VOLUME of POOL, now: the one that a person knows it by. */
static const char *
find_domain (GPtrArray *domains, const char *path, const char *pool, const char *volume)
{
  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->disks->len; j++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (domain->disks, j);

          if (disk->pool != NULL
                  ? g_strcmp0 (disk->pool, pool) == 0 && g_strcmp0 (disk->source, volume) == 0
                  : g_strcmp0 (disk->source, path) == 0)
            return domain->name;
        }
    }

  return NULL;
}

/* (transfer full) (nullable): the host's pool on FOLDER */
static char *
find_pool (StrataConnection *connection, const char *folder)
{
  g_autoptr (StrataPoolLease) lease = strata_pool_lease_new (connection, folder, NULL);

  return lease != NULL ? g_strdup (strata_pool_lease_get_name (lease)) : NULL;
}

/* What root's helper is to be told: domains, and volumes of what will be no domain's disk until it was looked into. */
static GStrv
name_disks (StrataConnection *connection,
            GPtrArray *paths,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GPtrArray) domains = strata_connection_list_domains (connection, cancellable, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_null_terminated (1, g_free, TRUE);
  g_autoptr (GHashTable) pools = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (domains == NULL)
    return NULL;

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      g_autofree char *folder = g_path_get_dirname (path);
      g_autofree char *volume = g_path_get_basename (path);
      g_autofree char *name = NULL;
      const char *pool;

      if (!g_hash_table_contains (pools, folder))
        g_hash_table_insert (pools, g_strdup (folder), find_pool (connection, folder));
      pool = g_hash_table_lookup (pools, folder);
      name = g_strdup (find_domain (domains, path, pool, volume));
      if (name == NULL && pool == NULL)
        {
          strata_set_error (
              error, STRATA_ERROR_REFUSED,
              _ ("Make one of it (“virsh pool-create-as NAME dir --target FOLDER”), or go on without sealing."),
              /* Translators: a folder, then a file */
              _ ("“%s” is the folder of no storage pool, and on the system’s host only what libvirt knows can be looked "
                 "into: “%s”"),
              folder, volume);
          return NULL;
        }
      if (name == NULL)
        name = g_strdup_printf ("%s/%s", pool, volume);
      if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }

  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

/**
 * strata_step_ask_for_guests:
 * @connection: where the job works
 * @plan: what is about to begin, or go on
 * @guest: (inout) (nullable): what the steps will look into guests with; stays where it is there
 * @cancellable: (nullable): cancels it
 * @error: `STRATA_ERROR_PERMISSION`, `STRATA_ERROR_REFUSED`, `STRATA_ERROR_UNSUPPORTED`
 *
 * Has the person asked for what @plan needs to look into guests, before anything is done, and once. Worker thread.
 *
 * Returns: whether it was given, or isn't needed
 */
gboolean
strata_step_ask_for_guests (StrataConnection *connection,
                            StrataPlan *plan,
                            StrataGuestClient **guest,
                            GCancellable *cancellable,
                            GError **error)
{
  const StrataHostFacts *facts = strata_connection_get_facts (connection);
  g_autoptr (GPtrArray) paths = list_paths (plan);
  g_auto (GStrv) names = NULL;

  if (*guest != NULL || paths->len == 0)
    return TRUE;
  if (!facts->is_local && facts->ssh == NULL)
    {
      strata_set_error (
          error, STRATA_ERROR_UNSUPPORTED, _ ("Run Strata on that host, or go on without sealing."),
          _ ("Guests are sealed where their disks are, and those are on “%s”"), facts->hostname);
      return FALSE;
    }

  if (needs_root (facts))
    {
      names = name_disks (connection, paths, cancellable, error);
      if (names == NULL)
        return FALSE;
    }
  *guest = strata_guest_client_new ((const char *const *) names);
  strata_guest_client_set_far (*guest, (const char *const *) facts->ssh);

  return strata_guest_client_ask (*guest, cancellable, error);
}

/* (transfer none): the job's own */
static StrataGuestClient *
get_client (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  if (!strata_step_ask_for_guests (context->connection, context->plan, context->guest, cancellable,
                                   error))
    return NULL;

  strata_guest_client_set_progress (*context->guest, on_progress, context->job);

  return *context->guest;
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

/* From now on all of the guest has to be there, but what the person accepts. */
static void
set_for_sealing (StrataStepContext *context, StrataGuestClient *client)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) accepted = NULL;
  JsonArray *array = json_object_has_member (context->args, "accepted")
                         ? json_object_get_array_member (context->args, "accepted")
                         : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    g_strv_builder_add (builder, json_array_get_string_element (array, i));
  accepted = g_strv_builder_end (builder);
  strata_guest_client_set_for_sealing (client, (const char *const *) accepted);
}

/* Adds what the person should know afterwards, and the template's mark is to keep: each of the strings in
 * MEMBER of ANSWER, after PREFIX. */
static void
add_notes (StrataStepContext *context, JsonObject *answer, const char *member, const char *prefix)
{
  g_autofree char *before = strata_job_get_result (context->job, "notes");
  g_autoptr (GString) notes = g_string_new (before != NULL ? before : "");
  JsonArray *array = json_object_has_member (answer, member)
                         ? json_object_get_array_member (answer, member)
                         : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      g_autofree char *note = g_strconcat (prefix, json_array_get_string_element (array, i), NULL);
      g_auto (GStrv) known = g_strsplit (notes->str, "\n", -1);

      g_strdelimit (note, "\n\r", ' ');
      if (g_strv_contains ((const char *const *) known, note))
        continue;
      g_string_append_printf (notes, "%s%s", notes->len > 0 ? "\n" : "", note);
      strata_job_append_log (context->job, note);
    }

  if (notes->len > 0)
    strata_job_set_result (context->job, "notes", notes->str);
}

/* inspect: comes first, so that a disk that can't be sealed fails before anything is made ---------- */

static gboolean
inspect_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  StrataGuestClient *client = get_client (context, cancellable, error);
  g_autoptr (GPtrArray) disks = get_disks (context);
  g_autoptr (JsonObject) facts = NULL;

  if (client == NULL || !strata_guest_client_check (client, cancellable, error))
    return FALSE;

  set_for_sealing (context, client);
  facts = strata_guest_client_inspect (client, disks, TRUE, cancellable, error);
  if (facts == NULL)
    return FALSE;
  keep_os (context, facts);
  /* What the sealed disks will be compared with. It goes into the journal, so a job that is resumed has it. */
  strata_job_set_result (context->job, "listing",
                         json_object_get_string_member_with_default (facts, "listing", ""));
  add_notes (context, facts, "unmounted", _ ("Not mounted, and so not sealed: "));
  add_notes (context, facts, "stays", _ ("Stays: "));

  return TRUE;
}

const StrataStepOps strata_step_inspect = {
  .interruptible = TRUE,
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
  StrataGuestClient *client = get_client (context, cancellable, error);
  g_autoptr (GPtrArray) disks = get_disks (context);
  g_auto (GStrv) operations = get_operations (context);
  g_autoptr (JsonObject) result = NULL;

  if (client == NULL)
    return FALSE;

  set_for_sealing (context, client);
  result = strata_guest_client_seal (client, disks, (const char *const *) operations, cancellable,
                                     error);
  if (result == NULL)
    return FALSE;

  if (json_object_has_member (result, "operations"))
    {
      g_autofree char *done = join_strings (json_object_get_array_member (result, "operations"));

      strata_job_set_result (context->job, "operations", done);
    }
  add_notes (context, result, "warnings", "");

  return TRUE;
}

const StrataStepOps strata_step_seal = {
  .interruptible = TRUE,
  .run = seal_run,
};

#define MAX_NAMED 20

/* Before anything is committed: is all that was not to change as it was? */
static gboolean
check_unharmed (StrataStepContext *context, JsonObject *result, GError **error)
{
  g_autofree char *text = strata_job_get_result (context->job, "listing");
  g_autofree char *done = strata_job_get_result (context->job, "operations");
  g_auto (GStrv) operations = g_strsplit (done != NULL ? done : "", ",", -1);
  g_autoptr (StrataGuestListing) before = NULL;
  g_autoptr (StrataGuestListing) after = NULL;
  g_autoptr (GPtrArray) differences = NULL;
  g_autoptr (GString) names = g_string_new (NULL);

  if (text == NULL || *text == '\0')
    {
      strata_set_error (error, STRATA_ERROR_NOT_SEALED, _ ("Roll it back, and seal again."),
                        _ ("It is not known what the guest had before it was sealed."));
      return FALSE;
    }

  before = strata_guest_listing_unpack (text, error);
  after = before != NULL
              ? strata_guest_listing_unpack (
                    json_object_get_string_member_with_default (result, "listing", ""), error)
              : NULL;
  if (after == NULL)
    return FALSE;

  differences = strata_guest_listing_compare (before, after, (const char *const *) operations);
  if (differences->len == 0)
    return TRUE;

  for (guint i = 0; i < MIN (differences->len, MAX_NAMED); i++)
    {
      g_autofree char *valid = g_utf8_make_valid (g_ptr_array_index (differences, i), -1);

      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", valid);
    }
  if (differences->len > MAX_NAMED)
    g_string_append_printf (names, _ (" and %u more"), differences->len - MAX_NAMED);
  /* Translators: what follows is a list of paths in the guest. */
  strata_set_error (error, STRATA_ERROR_NOT_SEALED, NULL,
                    _ ("Sealing changed what it was not to change: %s"), names->str);
  return FALSE;
}

/* verify ------------------------------------------------------------------------------------------- */

static gboolean
verify_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  StrataGuestClient *client = get_client (context, cancellable, error);
  g_autoptr (GPtrArray) disks = get_disks (context);
  g_auto (GStrv) operations = get_operations (context);
  g_autoptr (JsonObject) result = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *sealed = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");

  if (client == NULL)
    return FALSE;

  set_for_sealing (context, client);
  result = strata_guest_client_verify (client, disks, (const char *const *) operations, cancellable,
                                       error);
  if (result == NULL || !check_unharmed (context, result, error))
    return FALSE;

  keep_os (context, result);
  strata_job_set_result (context->job, "sealed", sealed);

  return TRUE;
}

const StrataStepOps strata_step_verify = {
  .interruptible = TRUE,
  .run = verify_run,
};

/* customise ---------------------------------------------------------------------------------------- */

static gboolean
customise_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  StrataGuestClient *client = get_client (context, cancellable, error);

  return client != NULL && strata_guest_client_check (client, cancellable, error) &&
         strata_guest_client_customise (
             client, json_object_get_array_member (context->args, "clones"), cancellable, error);
}

const StrataStepOps strata_step_customise = {
  .interruptible = TRUE,
  .run = customise_run,
};
