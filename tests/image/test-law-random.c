/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The law looks only at those whom a step can concern. Here it is held against one that looks at everybody after every step, on
 * hosts and plans that chance made. --seed does a run again.
 */

#include "config.h"

#include "host-on-paper.h"
#include "graph/strata-layers.h"
#include "plan/strata-law.h"
#include "plan/strata-step-apply.h"

#define N_HOSTS  1500
#define N_IMAGES 9
#define N_STEPS  5

static char *
image_name (gint number)
{
  return g_strdup_printf ("i%d.qcow2", number);
}

static char *
image_path (gint number)
{
  return g_strdup_printf (PAPER_POOL "/i%d.qcow2", number);
}

/* Domains "d0", "d1"… on some of the images, with snapshots of other images or in their own. */
static void
add_domain (StrataGraph *graph, gint number, gint image)
{
  g_autofree char *name = g_strdup_printf ("d%d", number);
  g_autofree char *disk = image_name (image);
  g_autofree char *frozen = image_name (g_test_rand_int_range (0, N_IMAGES));

  paper_host_add (graph, name, STRATA_DOMAIN_STATE_OFF, FALSE, NULL, disk, NULL);
  if (g_test_rand_int_range (0, 3) == 0)
    paper_host_snapshot (graph, name, "outside", NULL, frozen, TRUE, FALSE);
  if (g_test_rand_int_range (0, 3) == 0)
    paper_host_internal (graph, name, "inside", NULL, disk, FALSE);
}

/* Each image stands on an earlier one, or on none. */
static StrataGraph *
make_host (void)
{
  StrataGraph *graph = paper_host_new ();
  gint n_domains = 0;

  for (gint i = 0; i < N_IMAGES; i++)
    {
      gint below = g_test_rand_int_range (-1, MAX (i, 1));
      g_autofree char *name = image_name (i);
      g_autofree char *backing = i > 0 && below >= 0 ? image_name (below) : NULL;

      paper_host_image (graph, name, backing);
    }
  for (gint i = 0; i < N_IMAGES; i++)
    {
      if (g_test_rand_int_range (0, 3) == 0)
        add_domain (graph, n_domains++, i);
    }

  return graph;
}

static JsonObject *
args_new (const char *key, const char *path)
{
  JsonObject *args = json_object_new ();

  json_object_set_string_member (args, key, path);

  return args;
}

/* A domain of the host, or a new one, with its disk at PATH. */
static JsonObject *
make_definition (StrataGraph *graph, const char *path)
{
  GPtrArray *domains = strata_graph_get_domains (graph);
  gint number = g_test_rand_int_range (-1, (gint) domains->len);
  const char *uuid = number < 0 ? "6d1d4a5e-0000-4000-8000-000000000001"
                                : ((StrataDomainFacts *) domains->pdata[number])->uuid;
  g_autofree char *xml = g_strdup_printf (
      "<domain type='qemu'><name>d</name><uuid>%s</uuid><memory>65536</memory>"
      "<os><type>hvm</type></os><devices><disk type='file' device='disk'>%s"
      "<source file='%s'/><target dev='vda' bus='virtio'/></disk></devices></domain>",
      uuid, g_test_rand_int_range (0, 4) == 0 ? "<readonly/>" : "", path);
  JsonObject *args = args_new ("uuid", uuid);

  json_object_set_string_member (args, "xml", xml);

  return args;
}

/* What is made has a new name: no file is written over another. */
static void
add_step (StrataGraph *graph, StrataPlan *plan)
{
  g_autofree char *path = image_path (g_test_rand_int_range (0, N_IMAGES));
  g_autofree char *other = image_path (N_IMAGES + g_test_rand_int_range (0, 2));
  StrataImage *image = strata_graph_get_image (graph, path);
  StrataStepKind kind;
  JsonObject *args = NULL;

  switch (g_test_rand_int_range (0, 7))
    {
    case 0:
      kind = STRATA_STEP_DELETE_VOLUME;
      args = args_new ("path", path);
      break;
    case 1:
      kind = STRATA_STEP_COMMIT;
      args = args_new ("top", path);
      json_object_set_string_member (args, "base",
                                     image->backing_path != NULL ? image->backing_path : other);
      break;
    case 2:
      kind = STRATA_STEP_PULL;
      args = args_new ("image", path);
      break;
    case 3:
      kind = STRATA_STEP_COPY_VERBATIM;
      args = args_new ("from", path);
      json_object_set_string_member (args, "to", other);
      break;
    case 4:
      kind = STRATA_STEP_CREATE_OVERLAY;
      args = args_new ("backing", path);
      json_object_set_string_member (args, "path", other);
      json_object_set_string_member (args, "backing-format", "qcow2");
      break;
    case 5:
      kind = STRATA_STEP_DEFINE;
      args = make_definition (graph, path);
      break;
    default:
      kind = STRATA_STEP_DELETE_TAG;
      args = args_new ("path", path);
      json_object_set_string_member (args, "tag", "inside");
      break;
    }
  strata_plan_add_step (plan, kind, args, "%s %s %s", strata_step_kind_get_word (kind), path,
                        other);
}

static StrataPlan *
make_plan (StrataGraph *graph)
{
  StrataPlan *plan = strata_plan_new ("plan", "Act");
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (g_test_rand_int_range (0, 3) == 0)
        strata_plan_discard_domain (plan, domain->uuid);
    }
  for (gint i = g_test_rand_int_range (1, N_STEPS + 1); i > 0; i--)
    add_step (graph, plan);

  return plan;
}

/* Everybody's content is added to SEEN (key -> content), or FALSE if it was there and is another one. */
static gboolean
look_at_everybody (StrataLayers *layers, StrataPlan *plan, GHashTable *seen)
{
  GPtrArray *holders = strata_layers_get_holders (layers);
  GHashTableIter iter;
  const StrataHolderKey *key;
  const char *before;

  g_hash_table_iter_init (&iter, seen);
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, (gpointer *) &before))
    {
      StrataHolder *holder = strata_layers_find_holder (layers, key);
      g_autofree char *now = holder != NULL ? strata_layers_read (layers, holder) : NULL;

      if (g_strcmp0 (before, now) != 0)
        return FALSE;
    }

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      char *content = strata_layers_read (layers, holder);

      if (content == NULL || strata_plan_is_discarded (plan, holder->key) ||
          g_hash_table_contains (seen, holder->key))
        g_free (content);
      else
        g_hash_table_insert (seen, strata_holder_key_copy (holder->key), content);
    }

  return TRUE;
}

static gboolean
is_own_disk (const StrataHolder *holder)
{
  return holder->key->kind == STRATA_HOLDER_KEY_DISK ||
         holder->key->kind == STRATA_HOLDER_KEY_NEXT_DISK;
}

/* Whether a disk of LAYERS writes to what HOLDER reads. PLAN: (nullable): a disk that it gives up, and that was so in FIRST,
 * may for now. */
static gboolean
is_overwritten (StrataLayers *layers,
                const StrataHolder *holder,
                StrataLayers *first,
                StrataPlan *plan)
{
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *writer = g_ptr_array_index (holders, i);
      StrataHolder *then = strata_layers_find_holder (first, writer->key);
      gboolean itself = g_str_equal (writer->top, holder->top);

      /* To an image that is gone nothing is written. */
      if (writer->writes && writer != holder && strata_layers_find (layers, writer->top) != NULL &&
          !(is_own_disk (holder) && g_strcmp0 (holder->uuid, writer->uuid) == 0) &&
          strata_layers_reach (layers, holder->top, writer->top) &&
          !(itself && (holder->by_tag || holder->key->kind == STRATA_HOLDER_KEY_IMAGE)) &&
          !(plan != NULL && strata_plan_is_discarded (plan, writer->key) && then != NULL &&
            g_str_equal (then->top, writer->top)))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_anybody_overwritten (StrataLayers *first, StrataLayers *layers, StrataPlan *plan, gboolean last)
{
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataHolder *then = strata_layers_find_holder (first, holder->key);

      if (!strata_plan_is_discarded (plan, holder->key) &&
          is_overwritten (layers, holder, first, last ? NULL : plan) &&
          !(then != NULL && is_overwritten (first, then, first, NULL)))
        return TRUE;
    }

  return FALSE;
}

/* Whether STEP builds on an image below which a domain writes that is not the one whose disk it is. */
static gboolean
builds_on_sand (StrataLayers *first, StrataPlan *plan, StrataStep *step)
{
  static const char *const keys[] = { "top", "image", "from", "backing" };
  const char *path = NULL;
  GPtrArray *holders = strata_layers_get_holders (first);

  for (size_t i = 0; i < G_N_ELEMENTS (keys) && path == NULL; i++)
    path = json_object_get_string_member_with_default (step->args, keys[i], NULL);

  for (guint i = 0; path != NULL && i < holders->len; i++)
    {
      const StrataHolder *writer = g_ptr_array_index (holders, i);

      if (writer->writes && !g_str_equal (writer->top, path) &&
          strata_layers_reach (first, path, writer->top) &&
          !strata_plan_is_discarded (plan, writer->key))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_lawful (StrataGraph *graph, StrataPlan *plan)
{
  g_autoptr (StrataLayers) first = strata_layers_new (graph);
  g_autoptr (StrataLayers) layers = strata_layers_new (graph);
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (strata_holder_key_hash, strata_holder_key_equal,
                             (GDestroyNotify) strata_holder_key_free, g_free);

  g_assert_true (look_at_everybody (layers, plan, seen));
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      if (builds_on_sand (first, plan, strata_plan_get_step (plan, i)) ||
          !strata_layers_apply (layers, strata_plan_get_step (plan, i), NULL) ||
          !look_at_everybody (layers, plan, seen) ||
          is_anybody_overwritten (first, layers, plan, i + 1 == strata_plan_get_n_steps (plan)))
        return FALSE;
    }

  return TRUE;
}

static void
describe (StrataGraph *graph, StrataPlan *plan)
{
  for (gint i = 0; i < N_IMAGES; i++)
    {
      g_autofree char *path = image_path (i);
      StrataImage *image = strata_graph_get_image (graph, path);

      g_test_message ("%s on %s", path, image->backing_path);
    }
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    g_test_message ("%s", strata_plan_get_step (plan, i)->title);
}

static void
test_same_verdict (void)
{
  guint n_lawful = 0;

  for (guint i = 0; i < N_HOSTS; i++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) plan = make_plan (graph);
      g_autoptr (GError) error = NULL;
      gboolean allowed = is_lawful (graph, plan);

      if (strata_law_check (graph, plan, &error) != allowed)
        {
          describe (graph, plan);
          g_test_message ("the law says: %s", error != NULL ? error->message : "lawful");
          g_test_fail_printf ("host %u: it is %s", i, allowed ? "lawful" : "unlawful");
          return;
        }
      n_lawful += allowed;
    }

  g_test_message ("%u of %u plans are lawful", n_lawful, N_HOSTS);
  g_assert_cmpuint (n_lawful, >, N_HOSTS / 10);
  g_assert_cmpuint (n_lawful, <, N_HOSTS * 9 / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/law-random/same-verdict", test_same_verdict);

  return g_test_run ();
}
