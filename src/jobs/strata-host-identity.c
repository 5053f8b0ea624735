/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A host's identity, as journals keep it: by it a job is not taken up on another host that happens to have a like URI, nor
 * refused on its own host because that is reached by another one.
 *
 * A system's daemon has its computer's UUID. A session's daemon has none of its own (it makes one up at each start), and
 * one user may run two of them: it is known by its computer, by the URI that it says itself, and by the domains that the
 * job is about.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "strata-host-identity.h"
#include "base/strata-error.h"

/* of this computer, where the daemon runs on it */
static char *
get_machine (StrataConnection *connection)
{
  char *id = NULL;

  if (strata_connection_get_facts (connection)->is_local &&
      g_file_get_contents ("/etc/machine-id", &id, NULL, NULL))
    g_strstrip (id);

  return id;
}

static void
set_string (JsonObject *object, const char *key, const char *value)
{
  if (value != NULL && *value != '\0')
    json_object_set_string_member (object, key, value);
}

static gboolean
has_domain (StrataConnection *connection, const char *uuid)
{
  gboolean exists;

  return g_uuid_string_is_valid (uuid) && strata_domain_exists (connection, uuid, &exists, NULL) &&
         exists;
}

/**
 * strata_host_identity_new:
 * @connection: a host
 * @plan: what a job is going to do there
 *
 * Returns: (transfer full): what to know the host by
 */
JsonObject *
strata_host_identity_new (StrataConnection *connection, StrataPlan *plan)
{
  const StrataHostFacts *facts = strata_connection_get_facts (connection);
  GPtrArray *resources = strata_plan_get_resources (plan);
  g_autofree char *uri = virConnectGetURI (strata_connection_get_handle (connection));
  g_autofree char *machine = get_machine (connection);
  JsonObject *host = json_object_new ();
  JsonArray *domains = json_array_new ();

  set_string (host, "driver", facts->driver);
  json_object_set_boolean_member (host, "session", facts->is_session);
  set_string (host, "hostname", facts->hostname);
  set_string (host, "uuid", facts->uuid);
  set_string (host, "machine", machine);
  set_string (host, "uri", uri);
  for (guint i = 0; i < resources->len; i++)
    {
      if (has_domain (connection, resources->pdata[i]))
        json_array_add_string_element (domains, resources->pdata[i]);
    }
  json_object_set_array_member (host, "domains", domains);

  return host;
}

static const char *
get_string (JsonObject *host, const char *key)
{
  JsonNode *node = json_object_get_member (host, key);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

static gboolean
is_undefined_by (StrataJournal *journal, const char *uuid)
{
  StrataPlan *plan = strata_journal_get_plan (journal);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (strata_journal_get_mark (journal, i) != STRATA_STEP_UNTOUCHED &&
          step->kind == STRATA_STEP_UNDEFINE &&
          g_strcmp0 (get_string (step->args, "uuid"), uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

/* FOUND: one of the domains is there; MISSED: one is not, and not by the job's own doing */
static void
ask_for_domains (StrataConnection *connection,
                 StrataJournal *journal,
                 gboolean *found,
                 gboolean *missed)
{
  JsonNode *node = json_object_get_member (strata_journal_get_host (journal), "domains");
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  *found = *missed = FALSE;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      const char *uuid =
          json_node_get_value_type (element) == G_TYPE_STRING ? json_node_get_string (element) : "";

      if (has_domain (connection, uuid))
        *found = TRUE;
      else if (!is_undefined_by (journal, uuid))
        *missed = TRUE;
    }
}

/* Of a computer: -1 no, 1 yes, 0 can't be told. */
static int
compare (JsonObject *host, const char *key, const char *value)
{
  const char *known = get_string (host, key);

  if (known == NULL || value == NULL || *value == '\0')
    return 0;

  return g_str_equal (known, value) ? 1 : -1;
}

/* GONE: the job may have been begun on that host, but its domains, by which that would be known, are not there any more */
static gboolean
look (StrataConnection *connection, StrataJournal *journal, gboolean *gone)
{
  const StrataHostFacts *facts = strata_connection_get_facts (connection);
  JsonObject *host = strata_journal_get_host (journal);
  g_autofree char *uri = NULL;
  g_autofree char *machine = NULL;
  gboolean found, missed;
  int same;

  *gone = FALSE;
  if (host == NULL)
    return g_strcmp0 (strata_journal_get_uri (journal), strata_connection_get_uri (connection)) ==
           0;

  if (compare (host, "driver", facts->driver) < 0 ||
      json_object_get_boolean_member_with_default (host, "session", FALSE) != facts->is_session)
    return FALSE;

  same = compare (host, "uuid", facts->uuid);
  if (same != 0)
    return same > 0;

  machine = get_machine (connection);
  same = compare (host, "machine", machine);
  if (same == 0)
    same = compare (host, "hostname", facts->hostname);
  if (same < 0)
    return FALSE;

  uri = virConnectGetURI (strata_connection_get_handle (connection));
  ask_for_domains (connection, journal, &found, &missed);

  if (found || compare (host, "uri", uri) <= 0)
    return found;
  *gone = missed;

  return !missed;
}

/**
 * strata_host_identity_matches:
 * @connection: a host
 * @journal: of a job
 *
 * A journal of the first version has only its URI to go by.
 *
 * Returns: whether the job was begun on that host
 */
gboolean
strata_host_identity_matches (StrataConnection *connection, StrataJournal *journal)
{
  gboolean gone;

  return look (connection, journal, &gone);
}

gboolean
strata_host_identity_may_be (StrataConnection *connection, StrataJournal *journal)
{
  gboolean gone;

  return look (connection, journal, &gone) || gone;
}

gboolean
strata_host_identity_check (StrataConnection *connection, StrataJournal *journal, GError **error)
{
  if (strata_host_identity_matches (connection, journal))
    return TRUE;

  if (g_strcmp0 (strata_connection_get_uri (connection), strata_journal_get_uri (journal)) == 0)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED,
                        _ ("“stratactl job dismiss” ends the job, and says what stays behind."),
                        /* Translators: a URI, then a job’s title */
                        _ ("On “%s” there is nothing left of what “%s” was begun on"),
                        strata_connection_get_uri (connection),
                        strata_plan_get_title (strata_journal_get_plan (journal)));
      return FALSE;
    }

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Connect to the host that the job was begun on. If its virtual machines are "
                       "gone from there, “stratactl job dismiss” ends it."),
                    /* Translators: a job’s title and two URIs */
                    _ ("“%s” was begun on another host than “%s”: on “%s”"),
                    strata_plan_get_title (strata_journal_get_plan (journal)),
                    strata_connection_get_uri (connection), strata_journal_get_uri (journal));
  return FALSE;
}
