/* SPDX-License-Identifier: GPL-3.0-or-later */

/* There is one list of holders: whom people are told of and what the law keeps are the same parties. --seed does a run again. */

#include "config.h"

#include "host-on-paper.h"
#include "graph/strata-holders.h"
#include "graph/strata-layers.h"

#define N_HOSTS  300
#define N_IMAGES 9

#define AT(name) PAPER_POOL "/" name

static void
add_domain (StrataGraph *graph, gint number)
{
  g_autofree char *name = g_strdup_printf ("d%d", number);
  g_autofree char *disk = g_strdup_printf ("i%d.qcow2", g_test_rand_int_range (0, N_IMAGES));
  g_autofree char *frozen = g_strdup_printf ("i%d.qcow2", g_test_rand_int_range (0, N_IMAGES));

  paper_host_add (graph, name, STRATA_DOMAIN_STATE_OFF, g_test_rand_int_range (0, 4) == 0, NULL,
                  disk, NULL);
  if (g_test_rand_int_range (0, 2) == 0)
    paper_host_snapshot (graph, name, "outside", NULL, frozen, TRUE,
                         g_test_rand_int_range (0, 2) == 0);
  if (g_test_rand_int_range (0, 3) == 0)
    paper_host_internal (graph, name, "inside", NULL, disk, FALSE);
}

/* Each image stands on an earlier one, or on none, or on one that isn't there; some can't be seen. */
static StrataGraph *
make_host (void)
{
  StrataGraph *graph = paper_host_new ();

  for (gint i = 0; i < N_IMAGES; i++)
    {
      gint below = g_test_rand_int_range (-1, i + 1);
      g_autofree char *name = g_strdup_printf ("i%d.qcow2", i);
      g_autofree char *backing = below < 0    ? NULL
                                 : below == i ? g_strdup ("gone.qcow2")
                                              : g_strdup_printf ("i%d.qcow2", below);
      StrataImage *image = paper_host_image (graph, name, backing);

      if (g_test_rand_int_range (0, 8) == 0)
        strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN, "“%s” is away", name);
    }
  for (gint i = g_test_rand_int_range (0, 5); i > 0; i--)
    add_domain (graph, i);
  strata_graph_finish (graph);

  return graph;
}

static gboolean
is_told (GPtrArray *told, const StrataHolder *kept)
{
  for (guint i = 0; i < told->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (told, i);

      if (kept->uuid != NULL ? g_strcmp0 (holder->uuid, kept->uuid) == 0 &&
                                   g_strcmp0 (holder->snapshot, kept->snapshot) == 0
                             : strata_holder_key_equal (holder->key, kept->key))
        return TRUE;
    }

  return FALSE;
}

static void
check_image (StrataGraph *graph, StrataLayers *layers, const StrataImage *image)
{
  GPtrArray *kept = strata_layers_get_holders (layers);
  g_autoptr (GPtrArray) told = strata_graph_get_holders (graph, image->path);

  for (guint i = 0; i < told->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (told, i);

      g_assert_true (holder->within || strata_layers_find_holder (layers, holder->key) != NULL);
    }
  for (guint i = 0; i < kept->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (kept, i);
      const StrataLayer *top = strata_layers_find (layers, holder->top);

      /* Of a domain and of a snapshot that reads the image; of an image that stands right on it. */
      if (holder->uuid != NULL
              ? strata_layers_reach (layers, holder->top, image->path)
              : holder->key->kind == STRATA_HOLDER_KEY_IMAGE && !holder->retained &&
                    g_strcmp0 (top->backing, image->path) == 0)
        g_assert_true (is_told (told, holder));
    }
}

static void
test_views_agree (void)
{
  for (guint i = 0; i < N_HOSTS; i++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataLayers) layers = strata_layers_new (graph);
      g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

      for (guint j = 0; j < images->len; j++)
        check_image (graph, layers, g_ptr_array_index (images, j));
    }
}

#define DEFINITION(disk)                                                                     \
  "<domain type='qemu'><name>m</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>"      \
  "<memory>65536</memory><os><type>hvm</type></os><devices><disk type='file' device='disk'>" \
  "<driver name='qemu' type='qcow2'/>" disk                                                  \
  "<target dev='vda' bus='virtio'/></disk></devices></domain>"

/* What the definition of the next start says that the disk stands on is held, though the header says otherwise. */
static void
test_next_backing (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (StrataLayers) layers = NULL;
  g_autoptr (GPtrArray) told = NULL;
  g_autoptr (StrataHolderKey) key = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "base.qcow2", NULL);
  facts = strata_domain_facts_new (
      DEFINITION ("<source file='" AT ("a.qcow2") "'/><backingStore type='file'>"
                                                  "<format type='qcow2'/><source file='" AT (
                                                      "base.qcow2") "'/></backingStore>"),
      DEFINITION ("<source file='" AT ("a.qcow2") "'/>"), STRATA_DOMAIN_STATE_RUNNING, &error);
  g_assert_no_error (error);
  strata_graph_add_domain (graph, facts);
  strata_graph_finish (graph);

  told = strata_graph_get_holders (graph, AT ("base.qcow2"));
  g_assert_cmpuint (told->len, ==, 1);
  layers = strata_layers_new (graph);
  key = strata_holder_key_new_backing (facts->uuid, "vda", AT ("base.qcow2"));
  g_assert_nonnull (strata_layers_find_holder (layers, key));
}

/* A snapshot holds the file of its memory, wherever that is. */
static void
test_memory (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataLayers) layers = NULL;
  g_autoptr (GPtrArray) told = NULL;
  StrataSnapshotFacts *snapshot;

  paper_host_image (graph, "a.qcow2", "frozen.qcow2");
  paper_host_image (graph, "frozen.qcow2", NULL);
  paper_host_image (graph, "memory.raw", NULL);
  paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_snapshot (graph, "m", "s1", NULL, "frozen.qcow2", TRUE, FALSE);
  snapshot = strata_domain_facts_find_snapshot (strata_graph_find_domain (graph, "m"), "s1");
  g_set_str (&snapshot->memory_file, AT ("memory.raw"));
  strata_graph_finish (graph);

  told = strata_graph_get_holders (graph, AT ("memory.raw"));
  g_assert_cmpuint (told->len, ==, 1);
  g_assert_cmpint (((StrataHolder *) told->pdata[0])->key->kind, ==, STRATA_HOLDER_KEY_MEMORY);
  layers = strata_layers_new (graph);
  g_assert_nonnull (strata_layers_find_holder (layers, ((StrataHolder *) told->pdata[0])->key));
}

static gboolean
is_held (StrataLayers *layers, StrataHolderKey *key)
{
  g_autoptr (StrataHolderKey) owned = key;

  return strata_layers_find_holder (layers, owned) != NULL;
}

/* DISK, on a.qcow2, on b.qcow2, on c.qcow2, by its definition */
#define ON_B_ON_C                                                                    \
  "<backingStore type='file'><format type='qcow2'/>"                                 \
  "<source file='" AT ("b.qcow2") "'/>"                                              \
                                  "<backingStore type='file'><format type='qcow2'/>" \
                                  "<source file='" AT (                              \
                                      "c.qcow2") "'/></backingStore></backingStore>"

/* An image of the chain that is away may stand on what the definition says, wherever in the chain it is. */
static void
test_backing_away (void)
{
  static const char *const away[] = { "a.qcow2", "b.qcow2", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (away); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataLayers) layers = NULL;
      StrataDomainFacts *facts;

      paper_host_image (graph, "a.qcow2", "b.qcow2");
      paper_host_image (graph, "b.qcow2", "c.qcow2");
      paper_host_image (graph, "c.qcow2", NULL);
      facts = paper_host_define (
          graph, "m", "<devices>" PAPER_DEVICE ("disk", "vda", "a.qcow2", ON_B_ON_C) "</devices>",
          NULL);
      if (away[i] != NULL)
        {
          g_autofree char *path = g_strdup_printf (AT ("%s"), away[i]);

          strata_image_set_problem (strata_graph_get_image (graph, path), STRATA_IMAGE_UNKNOWN,
                                    "“%s” is away", path);
        }
      strata_graph_finish (graph);
      layers = strata_layers_new (graph);
      g_assert_cmpint (
          is_held (layers, strata_holder_key_new_backing (facts->uuid, "vda", AT ("c.qcow2"))), ==,
          away[i] != NULL);
    }
}

/* A saved state goes on with the chain that its definition names. */
static void
test_backing_of_saved (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataLayers) layers = NULL;
  g_autofree char *xml = paper_host_definition (
      "m", "c7a5fdbd-edaf-9455-926a-d65c16db1809",
      "<devices>" PAPER_DEVICE ("disk", "vda", "a.qcow2", ON_B_ON_C) "</devices>");
  g_autoptr (StrataDomainXml) saved = strata_domain_xml_new_from_string (xml, NULL);
  StrataDomainFacts *facts;
  g_autoptr (StrataHolderKey) key = NULL;

  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "b.qcow2", NULL);
  paper_host_image (graph, "c.qcow2", NULL);
  facts = paper_host_define (graph, "m", "<devices/>", NULL);
  strata_domain_facts_take_uses (facts, STRATA_IMAGE_USE_SAVED,
                                 strata_domain_xml_get_disks (saved));
  strata_graph_finish (graph);

  layers = strata_layers_new (graph);
  key = strata_holder_key_new_use (facts->uuid, NULL, "saved", AT ("a.qcow2"));
  g_assert_nonnull (strata_layers_find_holder (layers, key));
  g_assert_true (strata_layers_find_holder (layers, key)->writes);
  g_assert_true (
      is_held (layers, strata_holder_key_new_use (facts->uuid, NULL, "saved", AT ("c.qcow2"))));
}

/* What a snapshot has on QEMU's command line is the machine's own as long as that has it as a disk. */
static void
test_option_that_is_disk (void)
{
  for (guint disk = 0; disk < 2; disk++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataLayers) layers = NULL;
      g_autofree char *definition = NULL;
      const char *uuid;

      paper_host_image (graph, "top.qcow2", NULL);
      paper_host_image (graph, "x.qcow2", NULL);
      paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2",
                      disk ? "x.qcow2" : NULL, NULL);
      uuid = strata_graph_find_domain (graph, "m")->uuid;
      definition = paper_host_definition ("m", uuid, PAPER_OPTION ("x.qcow2"));
      paper_host_document (graph, "m", "s1", definition);
      strata_graph_finish (graph);

      layers = strata_layers_new (graph);
      g_assert_cmpint (
          is_held (layers, strata_holder_key_new_use (uuid, "s1", "option", AT ("x.qcow2"))), ==,
          !disk);
    }
}

/* An image that none names is told of for its data too; a retained layer on which nothing stands is nobody. */
static void
test_unnamed (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GPtrArray) told = NULL;
  g_autoptr (GPtrArray) of_retained = NULL;
  StrataImage *lone = paper_host_image (graph, "lone.qcow2", NULL);

  lone->data_file = g_strdup (AT ("lone.data"));
  paper_host_image (graph, "lone.data", NULL);
  paper_host_image (graph, "top.qcow2", NULL);
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_snapshot (graph, "m", "s1", NULL, "mid.qcow2", TRUE, TRUE);
  strata_graph_finish (graph);

  told = strata_graph_get_holders (graph, AT ("lone.data"));
  g_assert_cmpuint (told->len, ==, 1);
  g_assert_cmpstr (((StrataHolder *) told->pdata[0])->top, ==, AT ("lone.qcow2"));
  of_retained = strata_graph_get_holders (graph, AT ("base.qcow2"));
  g_assert_cmpuint (of_retained->len, ==, 0);
}

/* Of a chain that loops, or ends with an image that isn't there, nothing is read. */
static void
test_unreadable (void)
{
  static const char *const below[] = { "a.qcow2", "gone.qcow2", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (below); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataLayers) layers = NULL;
      g_autofree char *content = NULL;

      paper_host_image (graph, "a.qcow2", "b.qcow2");
      paper_host_image (graph, "b.qcow2", below[i]);
      paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
      strata_graph_finish (graph);

      layers = strata_layers_new (graph);
      content = strata_layers_read (
          layers,
          strata_layers_find_disk (layers, strata_graph_find_domain (graph, "m")->uuid, "vda"));
      g_assert_cmpint (content != NULL, ==, below[i] == NULL);
    }
}

/* N images above a loop of LENGTH ones: each is counted once, or a few times where the loop is too long to be kept whole. */
static void
check_loop (guint n, guint length)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataLayers) layers = NULL;
  guint depth;

  for (guint i = 0; i < n + length; i++)
    {
      g_autofree char *name = g_strdup_printf ("l%u.qcow2", i);
      g_autofree char *below = g_strdup_printf ("l%u.qcow2", i + 1 < n + length ? i + 1 : n);

      paper_host_image (graph, name, below);
    }
  strata_graph_finish (graph);

  layers = strata_layers_new (graph);
  depth = strata_layers_get_depth (layers, AT ("l0.qcow2"));
  if (length <= 2)
    g_assert_cmpuint (depth, ==, n + length);
  else
    g_assert_cmpuint (depth, >=, n + length);
}

static void
test_loops (void)
{
  check_loop (0, 1);
  check_loop (0, 2);
  check_loop (3, 2);
  check_loop (0, 100);
  check_loop (100, 100);
}

/* A machine is told of once, however many of its disks stand on the image. */
static void
test_told_once (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GPtrArray) told = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "b.qcow2", "base.qcow2");
  paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", "b.qcow2", NULL);
  strata_graph_finish (graph);

  told = strata_graph_get_holders (graph, AT ("base.qcow2"));
  g_assert_cmpuint (told->len, ==, 1);
}

/* Each name of an image is as good as another. */
static void
test_other_name (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataLayers) layers = NULL;

  paper_host_image (graph, "a.qcow2", "b.qcow2");
  paper_host_image (graph, "b.qcow2", NULL);
  strata_graph_add_alias (graph, "/bound/b.qcow2", AT ("b.qcow2"));
  strata_graph_finish (graph);

  layers = strata_layers_new (graph);
  g_assert_nonnull (strata_layers_find (layers, "/bound/b.qcow2"));
  g_assert_true (strata_layers_reach (layers, AT ("a.qcow2"), "/bound/b.qcow2"));
}

/* Of what isn't there neither tags are held nor that something may stand on it. */
static void
test_gone (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataLayers) layers = NULL;
  StrataImage *gone = paper_host_image (graph, "gone.qcow2", NULL);
  StrataImage *image = paper_host_image (graph, "a.qcow2", NULL);

  gone->tags_unknown = TRUE;
  strata_image_set_problem (gone, STRATA_IMAGE_MISSING, "“%s” is gone", gone->path);
  strata_image_add_claim (image, gone->path);
  strata_graph_finish (graph);

  layers = strata_layers_new_with_claims (graph);
  g_assert_false (is_held (layers, strata_holder_key_new_tag (gone->path, NULL)));
  g_assert_false (is_held (layers, strata_holder_key_new_claim (image->path, gone->path)));
}

/* The tags of an image that can't be listed are at least those that snapshots are known to have there. */
static void
test_known_tag (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataLayers) layers = NULL;
  StrataImage *image = paper_host_image (graph, "a.qcow2", NULL);

  paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_internal (graph, "m", "s1", NULL, "a.qcow2", TRUE);
  g_clear_pointer (&image->tags, g_strfreev);
  image->tags_unknown = TRUE;
  strata_graph_finish (graph);

  layers = strata_layers_new (graph);
  g_assert_nonnull (strata_layer_find_tag (strata_layers_find (layers, AT ("a.qcow2")), "s1"));
}

#define ON(name) "<devices>" PAPER_DISK ("vda", name) "</devices>"

/* Where any disk of a thin clone that runs is away, of now or of its next start, what its template has now or at its next start is
 * held. */
static void
test_marked (void)
{
  static const struct
  {
    const char *next;
    const char *live;
    gboolean held;
  } clones[] = {
    { ON ("seen.qcow2"), ON ("away.qcow2"), TRUE },
    { ON ("away.qcow2"), ON ("seen.qcow2"), TRUE },
    { ON ("seen.qcow2"), ON ("seen.qcow2"), FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (clones); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataLayers) layers = NULL;
      g_autofree char *mark = NULL;
      g_autofree char *next = NULL;
      g_autofree char *live = NULL;
      const StrataDomainFacts *template;
      const StrataDomainFacts *clone;

      paper_host_image (graph, "seen.qcow2", NULL);
      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "later.qcow2", NULL);
      strata_image_set_problem (paper_host_image (graph, "away.qcow2", NULL), STRATA_IMAGE_MISSING,
                                "away");
      template = paper_host_define (graph, "t", ON ("later.qcow2"), ON ("base.qcow2"));
      mark = g_strdup_printf (
          "<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>"
          "<strata:clone domain='x' template='%s' template-name='t' version='1' thin='yes'/>"
          "</strata:strata></metadata>",
          template->uuid);
      next = g_strconcat (mark, clones[i].next, NULL);
      live = g_strconcat (mark, clones[i].live, NULL);
      clone = paper_host_define (graph, "c", next, live);
      strata_graph_finish (graph);

      layers = strata_layers_new (graph);
      for (guint j = 0; j < 2; j++)
        {
          const char *base = j == 0 ? AT ("base.qcow2") : AT ("later.qcow2");
          g_autoptr (GPtrArray) told = strata_graph_get_holders (graph, base);
          gboolean held = FALSE;

          for (guint k = 0; k < told->len; k++)
            held |= g_strcmp0 (((StrataHolder *) told->pdata[k])->uuid, clone->uuid) == 0;
          g_assert_cmpint (held, ==, clones[i].held);
        }
    }
}

/* Another file has the name of what a snapshot froze: the overlay's header tells where that is, and it is held there. */
static void
test_frozen_elsewhere (void)
{
  static const char *const below[] = { "moved.qcow2", "frozen.qcow2", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (below); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataLayers) layers = NULL;
      StrataDomainFacts *domain;
      StrataSnapshotDisk *disk;
      const StrataImage *witness;

      paper_host_image (graph, "over.qcow2", below[i]);
      paper_host_image (graph, "moved.qcow2", NULL);
      paper_host_image (graph, "frozen.qcow2", NULL);
      paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "over.qcow2", NULL);
      paper_host_snapshot (graph, "m", "s1", NULL, "frozen.qcow2", TRUE, FALSE);
      domain = strata_graph_find_domain (graph, "m");
      disk =
          strata_snapshot_facts_find_disk (strata_domain_facts_find_snapshot (domain, "s1"), "vda");
      g_set_str (&disk->overlay, AT ("over.qcow2"));
      strata_graph_finish (graph);

      witness = strata_graph_find_contradiction (graph, domain, disk);
      g_assert_cmpstr (witness != NULL ? witness->path : NULL, ==,
                       i == 0 ? AT ("over.qcow2") : NULL);
      layers = strata_layers_new (graph);
      g_assert_cmpint (is_held (layers, strata_holder_key_new_use (domain->uuid, "s1", "frozen",
                                                                   AT ("moved.qcow2"))),
                       ==, i == 0);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/holders/views-agree", test_views_agree);
  g_test_add_func ("/holders/next-backing", test_next_backing);
  g_test_add_func ("/holders/memory", test_memory);
  g_test_add_func ("/holders/backing-away", test_backing_away);
  g_test_add_func ("/holders/backing-of-saved", test_backing_of_saved);
  g_test_add_func ("/holders/option-that-is-disk", test_option_that_is_disk);
  g_test_add_func ("/holders/unnamed", test_unnamed);
  g_test_add_func ("/holders/unreadable", test_unreadable);
  g_test_add_func ("/holders/loops", test_loops);
  g_test_add_func ("/holders/told-once", test_told_once);
  g_test_add_func ("/holders/other-name", test_other_name);
  g_test_add_func ("/holders/gone", test_gone);
  g_test_add_func ("/holders/known-tag", test_known_tag);
  g_test_add_func ("/holders/marked", test_marked);
  g_test_add_func ("/holders/frozen-elsewhere", test_frozen_elsewhere);

  return g_test_run ();
}
