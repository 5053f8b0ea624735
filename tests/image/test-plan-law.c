/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The law, on paper: every plan is carried out step by step on a model in which an image's content is
 * a set of marks, and after each step everybody the request does not discard has to read what they read before.
 */

#include "config.h"

#include "host-on-paper.h"

/* An image of the model: what is written in it, and what it stands on. */
typedef struct
{
  char *marks;
  char *backing;
} Sheet;

typedef struct
{
  GHashTable *sheets;  /* path -> Sheet */
  GHashTable *domains; /* name -> char *: path of its first disk */
} World;

static void
sheet_free (gpointer data)
{
  Sheet *sheet = data;

  g_free (sheet->marks);
  g_free (sheet->backing);
  g_free (sheet);
}

static void
world_put (World *world, const char *path, const char *marks, const char *backing)
{
  Sheet *sheet = g_new0 (Sheet, 1);

  sheet->marks = g_strdup (marks);
  sheet->backing = g_strdup (backing);
  g_hash_table_replace (world->sheets, g_strdup (path), sheet);
}

static void
add_marks (GString *to, const char *marks)
{
  for (const char *m = marks; *m != '\0'; m++)
    {
      if (strchr (to->str, *m) == NULL)
        g_string_append_c (to, *m);
    }
}

/* What a guest on PATH would see; NULL if a link of its chain is missing. */
static char *
world_read (World *world, const char *path)
{
  g_autoptr (GString) content = g_string_new (NULL);

  for (const char *p = path; p != NULL;)
    {
      Sheet *sheet = g_hash_table_lookup (world->sheets, p);

      if (sheet == NULL)
        return NULL;
      add_marks (content, sheet->marks);
      p = sheet->backing;
    }

  return g_string_free (g_steal_pointer (&content), FALSE);
}

static char *
first_disk (const char *xml)
{
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, NULL);
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  return g_strdup (((StrataDiskXml *) g_ptr_array_index (disks, 0))->source);
}

static void
seal (World *world, JsonObject *args)
{
  JsonArray *disks = json_object_get_array_member (args, "disks");

  for (guint i = 0; i < json_array_get_length (disks); i++)
    {
      Sheet *sheet = g_hash_table_lookup (
          world->sheets,
          json_object_get_string_member (json_array_get_object_element (disks, i), "path"));
      char *marks = g_strconcat (sheet->marks, "S", NULL);

      g_free (sheet->marks);
      sheet->marks = marks;
    }
}

static void
commit (World *world, const char *top, const char *base)
{
  Sheet *above = g_hash_table_lookup (world->sheets, top);
  Sheet *below = g_hash_table_lookup (world->sheets, base);
  char *marks = g_strconcat (above->marks, below->marks, NULL);

  g_assert_cmpstr (above->backing, ==, base);
  g_free (below->marks);
  below->marks = marks;
}

static void
world_do (World *world, StrataStep *step)
{
  JsonObject *args = step->args;
#define ARG(key) json_object_get_string_member_with_default (args, key, NULL)

  if (step->kind == STRATA_STEP_CREATE_OVERLAY)
    world_put (world, ARG ("path"), "", ARG ("backing"));
  else if (step->kind == STRATA_STEP_COPY_IMAGE)
    {
      g_autofree char *content = world_read (world, ARG ("source"));

      world_put (world, ARG ("destination"), content, NULL);
    }
  else if (step->kind == STRATA_STEP_SEAL)
    seal (world, args);
  else if (step->kind == STRATA_STEP_COMMIT)
    commit (world, ARG ("top"), ARG ("base"));
  else if (step->kind == STRATA_STEP_DELETE_VOLUME)
    g_assert_true (g_hash_table_remove (world->sheets, ARG ("path")));
  else if (step->kind == STRATA_STEP_DEFINE)
    g_hash_table_replace (world->domains, g_strdup (ARG ("name")), first_disk (ARG ("xml")));
  else if (step->kind == STRATA_STEP_UNDEFINE)
    g_assert_true (g_hash_table_remove (world->domains, ARG ("name")));
#undef ARG
}

/* Graph and world of the same host: base <- clone, and a VM of its own. */
static StrataGraph *
make_host (World *world)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "tmpl.qcow2", NULL);
  paper_host_image (graph, "clone.qcow2", "tmpl.qcow2");
  paper_host_image (graph, "other.qcow2", "tmpl.qcow2");
  paper_host_image (graph, "web.qcow2", NULL);
  paper_host_add (graph, "tmpl", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "tmpl.qcow2", NULL);
  paper_host_add (graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "clone.qcow2", NULL);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "web.qcow2", NULL);

  world->sheets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, sheet_free);
  world->domains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  world_put (world, PAPER_POOL "/tmpl.qcow2", "T", NULL);
  world_put (world, PAPER_POOL "/clone.qcow2", "c", PAPER_POOL "/tmpl.qcow2");
  world_put (world, PAPER_POOL "/other.qcow2", "o", PAPER_POOL "/tmpl.qcow2");
  world_put (world, PAPER_POOL "/web.qcow2", "w", NULL);
  for (guint i = 0; i < strata_graph_get_domains (graph)->len; i++)
    {
      StrataDomainFacts *d = g_ptr_array_index (strata_graph_get_domains (graph), i);

      g_hash_table_replace (world->domains, g_strdup (d->name), first_disk (d->xml));
    }

  return graph;
}

static GHashTable *
read_all (World *world)
{
  GHashTable *contents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  const char *name, *path;

  g_hash_table_iter_init (&iter, world->domains);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &path))
    g_hash_table_replace (contents, g_strdup (name), world_read (world, path));

  return contents;
}

static void
assert_sealed_or_not (const char *content, const char *before)
{
  g_autofree char *sealed = g_strconcat ("S", before, NULL);

  if (!g_str_equal (content, before))
    g_assert_cmpstr (content, ==, sealed);
}

/* What the request is about has to be as it was until the first forward-only step; one that is sealed may go over to
 * its sealed overlay before that, since going back takes no more than a definition. MADE appears, and once it is there has to read EXPECTED after every step. */
static void
walk (const StrataRequest *request, const char *made, const char *expected)
{
  World world;
  g_autoptr (StrataGraph) graph = make_host (&world);
  g_autoptr (GHashTable) before = read_all (&world);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = strata_plan_request (graph, request, &error);
  gboolean forward = FALSE;

  g_assert_no_error (error);
  paper_plan_assert_readable (plan);
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      g_autoptr (GHashTable) now = NULL;
      GHashTableIter iter;
      const char *name, *content;

      forward = forward || step->forward_only;
      world_do (&world, step);
      now = read_all (&world);

      g_hash_table_iter_init (&iter, now);
      while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &content))
        {
          if (g_strcmp0 (name, made) == 0)
            g_assert_cmpstr (content, ==, expected);
          else if (g_strcmp0 (name, request->domain) != 0)
            g_assert_cmpstr (content, ==, g_hash_table_lookup (before, name));
          else if (request->kind == STRATA_REQUEST_SEAL_DOMAIN)
            assert_sealed_or_not (content, g_hash_table_lookup (before, name));
          else if (!forward)
            g_assert_cmpstr (content, ==, g_hash_table_lookup (before, name));
        }
    }

  if (made != NULL)
    g_assert_true (g_hash_table_contains (world.domains, made));
  g_hash_table_unref (world.sheets);
  g_hash_table_unref (world.domains);
}

static void
test_walk (void)
{
  static const struct
  {
    StrataRequestKind kind;
    const char *domain;
    gboolean convert, unsealed, full;
    const char *made, *expected;
  } cases[] = {
    { STRATA_REQUEST_TEMPLATE_CREATE, "web", FALSE, FALSE, FALSE, "new", "wS" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "web", FALSE, TRUE, FALSE, "new", "w" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "web", TRUE, FALSE, FALSE, "new", "Sw" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "web", TRUE, TRUE, FALSE, "new", "w" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "clone", FALSE, FALSE, FALSE, "new", "cTS" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "clone", TRUE, FALSE, FALSE, "new", "ScT" },
    { STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", FALSE, FALSE, FALSE, "new", "T" },
    { STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", FALSE, FALSE, TRUE, "new", "T" },
    { STRATA_REQUEST_SEAL_DOMAIN, "web", FALSE, FALSE, FALSE, NULL, NULL },
    { STRATA_REQUEST_SEAL_DOMAIN, "clone", FALSE, FALSE, FALSE, NULL, NULL },
    { STRATA_REQUEST_DELETE, "clone", FALSE, FALSE, FALSE, NULL, NULL },
    { STRATA_REQUEST_DELETE, "web", FALSE, FALSE, FALSE, NULL, NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataRequest) request = strata_request_new (cases[i].kind);

      g_test_message ("case %zu", i);
      request->domain = g_strdup (cases[i].domain);
      request->name = g_strdup (cases[i].made);
      request->convert = cases[i].convert;
      request->full = cases[i].full;
      request->operations = cases[i].unsealed ? g_new0 (char *, 1) : NULL;
      walk (request, cases[i].made, cases[i].expected);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-law/walk", test_walk);

  return g_test_run ();
}
