/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Requests and plans as JSON: no field is forgotten, and whatever a file holds is read or refused, never trusted. */

#include "config.h"

#include "host-on-paper.h"
#include "plan/strata-request-private.h"
#include "base/strata-error.h"

static size_t
get_size (const StrataRequestField *field)
{
  if (field->type == STRATA_FIELD_STRING || field->type == STRATA_FIELD_STRINGS)
    return sizeof (char *);

  return sizeof (guint);
}

static size_t
align (size_t offset, size_t size)
{
  return (offset + size - 1) / size * size;
}

/* The table covers the struct: whoever adds a field there finds out here. */
static void
test_table (void)
{
  guint n_fields;
  const StrataRequestField *fields = strata_request_get_fields (&n_fields);
  size_t end = 0;

  for (guint i = 0; i < n_fields; i++)
    {
      size_t size = get_size (&fields[i]);

      g_assert_cmpuint (fields[i].offset, ==, align (end, size));
      g_assert_true ((fields[i].type == STRATA_FIELD_ENUM) == (fields[i].nicks != NULL));
      end = fields[i].offset + size;
    }
  g_assert_cmpuint (align (end, sizeof (char *)), ==, sizeof (StrataRequest));
}

static void
fill_field (StrataRequest *request, const StrataRequestField *field)
{
  static const char *const strings[] = { "a", "", "ü\n\"", NULL };

  switch (field->type)
    {
    case STRATA_FIELD_STRING:
      *STRATA_REQUEST_MEMBER (request, field, char *) = g_strdup (field->key);
      break;
    case STRATA_FIELD_STRINGS:
      *STRATA_REQUEST_MEMBER (request, field, GStrv) = g_strdupv ((GStrv) strings);
      break;
    case STRATA_FIELD_BOOLEAN:
      *STRATA_REQUEST_MEMBER (request, field, gboolean) = TRUE;
      break;
    case STRATA_FIELD_UINT:
      *STRATA_REQUEST_MEMBER (request, field, guint) = 4000000000u;
      break;
    case STRATA_FIELD_ENUM:
      *STRATA_REQUEST_MEMBER (request, field, guint) = g_strv_length ((GStrv) field->nicks) - 1;
      break;
    }
}

static char *
to_text (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);

  return json_to_string (node, FALSE);
}

static char *
request_to_text (const StrataRequest *request)
{
  g_autoptr (JsonObject) object = strata_request_to_json (request);

  return to_text (object);
}

static StrataRequest *
request_from_text (const char *text, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return strata_request_new_from_json (json_node_get_object (node), error);
}

/* Each field alone, and all of them: what is read is what was written, and not what another field has. */
static void
test_round_trip (void)
{
  guint n_fields;
  const StrataRequestField *fields = strata_request_get_fields (&n_fields);
  g_autoptr (StrataRequest) all = strata_request_new (STRATA_REQUEST_RECONCILE);
  g_autofree char *full = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i <= n_fields; i++)
    {
      g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_TEMPLATE_CREATE);
      g_autoptr (StrataRequest) copy = NULL;
      g_autoptr (StrataRequest) again = NULL;
      g_autofree char *text = NULL;
      g_autofree char *copied = NULL;
      g_autofree char *after = NULL;
      g_autoptr (GError) error = NULL;

      for (guint j = 0; j < n_fields; j++)
        {
          if (i == n_fields || i == j)
            fill_field (request, &fields[j]);
        }
      copy = strata_request_copy (request);
      text = request_to_text (request);
      copied = request_to_text (copy);
      again = request_from_text (text, &error);
      g_assert_no_error (error);
      after = request_to_text (again);
      g_assert_cmpstr (text, ==, copied);
      g_assert_cmpstr (text, ==, after);
      g_assert_true (g_hash_table_add (seen, g_steal_pointer (&text)));
    }
}

static void
test_wrong (void)
{
  static const char *const texts[] = {
    "{}",
    "{\"kind\":\"nonsense\"}",
    "{\"kind\":7}",
    "{\"kind\":null}",
    "{\"kind\":\"delete\",\"domain\":7}",
    "{\"kind\":\"delete\",\"domain\":{}}",
    "{\"kind\":\"delete\",\"convert\":1}",
    "{\"kind\":\"delete\",\"count\":-1}",
    "{\"kind\":\"delete\",\"count\":5000000000}",
    "{\"kind\":\"delete\",\"count\":1.5}",
    "{\"kind\":\"delete\",\"names\":\"a\"}",
    "{\"kind\":\"delete\",\"names\":[\"a\",7]}",
    "{\"kind\":\"delete\",\"names\":[[\"a\"]]}",
    "{\"kind\":\"delete\",\"after\":\"commit\"}",
    "{\"kind\":\"delete\",\"something-newer\":true}",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (request_from_text (texts[i], &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
    }
}

static StrataPlan *
make_plan (const char *way)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "top.qcow2", "base.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "s1", NULL, "base.qcow2", TRUE, FALSE);
  paper_host_image (graph, "g.qcow2", NULL);
  paper_host_add (graph, "golden", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "g.qcow2", NULL);

  if (g_str_equal (way, "deploy"))
    {
      const char *const keys[] = { "ssh-ed25519 AAAA me", NULL };

      request = strata_request_new (STRATA_REQUEST_TEMPLATE_DEPLOY);
      request->domain = g_strdup ("golden");
      request->name = g_strdup ("web-%d");
      request->hostname = g_strdup ("%s");
      request->ssh_keys = g_strdupv ((GStrv) keys);
      request->count = 2;
    }
  else if (g_str_equal (way, "create"))
    {
      request = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
      request->domain = g_strdup ("vm");
      request->snapshot = g_strdup ("s2");
    }
  else
    {
      request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);
      request->domain = g_strdup ("vm");
      request->snapshot = g_strdup ("s1");
    }

  plan = strata_plan_request (graph, request, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strata_plan_get_request (plan));

  return g_steal_pointer (&plan);
}

/* What a walk over a document has in hand: it puts each other thing in each place, one at a time. */
typedef struct
{
  JsonObject *document;
  guint n_read;
  guint n_refused;
} Fuzz;

static void
try_document (Fuzz *self)
{
  g_autofree char *text = to_text (self->document);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = strata_plan_new_from_json (json_node_get_object (node), &error);

  self->n_read += plan != NULL;
  self->n_refused += plan == NULL;
  if (plan != NULL)
    paper_plan_assert_readable (plan);
  else
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

static JsonNode *
make_other (guint index)
{
  static const char *const others[] = { "7",  "\"seven\"", "true",  "null",          "[]",
                                        "{}", "7.5",       "[[7]]", "[{\"path\":7}]" };

  return index < G_N_ELEMENTS (others) ? json_from_string (others[index], NULL) : NULL;
}

static void fuzz_node (Fuzz *self, JsonNode *node);

static void
fuzz_object (Fuzz *self, JsonObject *object)
{
  g_autoptr (GList) keys = json_object_get_members (object);

  for (GList *l = keys; l != NULL; l = l->next)
    {
      g_autofree char *key = g_strdup (l->data);
      g_autoptr (JsonNode) kept = json_node_copy (json_object_get_member (object, key));
      JsonNode *other;

      for (guint i = 0; (other = make_other (i)) != NULL; i++)
        {
          json_object_set_member (object, key, other);
          try_document (self);
        }
      json_object_set_member (object, key, g_steal_pointer (&kept));
      fuzz_node (self, json_object_get_member (object, key));
    }
}

static void
fuzz_node (Fuzz *self, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    fuzz_object (self, json_node_get_object (node));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        fuzz_node (self, json_array_get_element (array, i));
    }
}

static void
test_any_type (void)
{
  static const char *const ways[] = { "deploy", "create", "delete" };

  for (size_t i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (StrataPlan) plan = make_plan (ways[i]);
      g_autoptr (JsonObject) document = strata_plan_to_json (plan);
      g_autofree char *text = to_text (document);
      g_autoptr (JsonNode) node = json_from_string (text, NULL);
      Fuzz fuzz = { json_node_get_object (node), 0, 0 };

      json_object_remove_member (fuzz.document, "effects");
      json_object_remove_member (fuzz.document, "commands");
      fuzz_object (&fuzz, fuzz.document);
      g_assert_cmpuint (fuzz.n_refused, >, 100);
      g_assert_cmpuint (fuzz.n_read, >, 0);
    }
}

/* What the request gives up is part of the plan: who takes it up again has to know. */
static void
test_given_up (void)
{
  g_autoptr (StrataPlan) plan = make_plan ("delete");
  g_autoptr (JsonObject) document = strata_plan_to_json (plan);
  g_autoptr (StrataPlan) again = strata_plan_new_from_json (document, NULL);
  GPtrArray *keys = strata_plan_get_given_up (plan);

  g_assert_cmpuint (keys->len, >, 0);
  for (guint i = 0; i < keys->len; i++)
    g_assert_true (strata_plan_is_discarded (again, keys->pdata[i]));
  g_assert_cmpstr (strata_plan_get_request (again)->snapshot, ==, "s1");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/table", test_table);
  g_test_add_func ("/request/round-trip", test_round_trip);
  g_test_add_func ("/request/wrong", test_wrong);
  g_test_add_func ("/request/any-type", test_any_type);
  g_test_add_func ("/request/given-up", test_given_up);

  return g_test_run ();
}
