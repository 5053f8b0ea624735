/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The whole host as a graph: chains in and out of pools, what is missing, names that mean the same. */

#include "config.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "host/domain/strata-domain-control.h"
#include "strata-test.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

#define MIB ((guint64) 1024 * 1024)

static StrataGraph *
gather (StrataConnection *connection)
{
  g_autoptr (GError) error = NULL;
  StrataGraph *graph = strata_connection_gather (connection, NULL, &error);

  g_assert_no_error (error);

  return graph;
}

static void
check_chain (StrataGraph *graph, const char *top, ...)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = strata_graph_get_chain (graph, top, &error);
  const char *path = top;
  guint n = 0;
  va_list args;

  g_assert_no_error (error);
  va_start (args, top);
  for (; path != NULL; path = va_arg (args, const char *), n++)
    {
      g_assert_cmpuint (n, <, chain->len);
      g_assert_cmpstr (((StrataImage *) g_ptr_array_index (chain, n))->path, ==, path);
    }
  va_end (args);
  g_assert_cmpuint (chain->len, ==, n);
}

/* Points the disk TARGET of the domain at SOURCE, an element. */
static void
set_source (StrataConnection *connection,
            const char *uuid,
            const char *path,
            const char *type,
            const char *source)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = strata_domain_get_xml (connection, uuid, &error);
  g_autofree char *old = g_strdup_printf ("<source file='%s'/>", path);
  g_autoptr (GString) text = g_string_new (xml);
  g_autofree char *new_type = g_strdup_printf ("<disk type='%s'", type);

  g_assert_no_error (error);
  g_assert_cmpuint (g_string_replace (text, old, source, 1), ==, 1);
  g_string_replace (text, "<disk type='file'", new_type, 1);
  strata_test_assert_ok (strata_domain_define (connection, text->str, &error), error);
}

/* base in one folder, two overlays in another, no pool on either */
static void
test_chain_outside_pools (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *far = NULL;
  g_autofree char *base = NULL;
  g_autofree char *mid = NULL;
  g_autofree char *top = NULL;
  g_autofree char *stray = NULL;
  g_autofree char *uuid = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  StrataDomainFacts *domain;
  StrataImage *image;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  far = strata_test_dir ();
  base = g_build_filename (far, "base.raw", NULL);
  mid = g_build_filename (far, "mid.qcow2", NULL);
  stray = g_build_filename (far, "stray.qcow2", NULL);
  strata_test_create_image (base, "raw", "64M");
  strata_test_create_overlay (mid, base, "raw");
  strata_test_create_overlay (stray, mid, "qcow2");
  uuid = strata_test_define_tiny (connection, "strata-test-chain", dir, 1);
  top = g_build_filename (dir, "strata-test-chain-vda.qcow2", NULL);
  g_assert_cmpint (g_unlink (top), ==, 0);
  strata_test_create_overlay (top, mid, "qcow2");

  graph = gather (connection);
  domain = strata_graph_find_domain (graph, uuid);
  g_assert_nonnull (domain);
  g_assert_cmpstr (domain->name, ==, "strata-test-chain");
  check_chain (graph, top, mid, base, NULL);
  image = strata_graph_get_image (graph, base);
  g_assert_cmpstr (image->format, ==, "raw");
  g_assert_cmpuint (image->capacity, ==, 64 * MIB);
  g_assert_null (image->pool);
  /* No domain names it, and still it stands on mid. */
  check_chain (graph, stray, mid, base, NULL);
  g_assert_nonnull (strata_graph_get_nvram_dir (graph));

  strata_test_undefine (connection, uuid);
}

static void
check_canonical (StrataConnection *connection,
                 GHashTable *folders,
                 const char *dir,
                 const char *name)
{
  g_autofree char *path = g_strconcat (dir, "/", name, NULL);
  g_autofree char *whole = strata_connection_canonical_path (connection, path);
  g_autofree char *by = strata_connection_canonical_path_by (connection, folders, path);
  g_autofree char *again = strata_connection_canonical_path_by (connection, folders, path);
  g_autofree char *in = strata_connection_canonical_path_in (connection, dir, path);

  g_assert_cmpstr (by, ==, whole);
  g_assert_cmpstr (again, ==, whole);
  g_assert_cmpstr (in, ==, whole);
}

/* A path has the same name whether its folder was looked up before or not. */
static void
test_canonical (void)
{
  static const char *const names[] = { "file",         "link",       "dangling",  "gone",
                                       "folder/file",  "away/file",  "away/gone", "away/..",
                                       "away/../file", "folder/.",   "folder/",   "folder//file",
                                       "away",         "none/at/all" };
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree char *there = NULL;
  g_autofree char *dir = NULL;
  g_autofree char *far = NULL;

  if (connection == NULL)
    return;

  there = strata_test_dir ();
  dir = strata_connection_canonical_path (connection, there);
  far = strata_test_dir ();
  g_free (strata_test_run ("sh", "-c",
                           "cd \"$0\" && mkdir folder && touch file folder/file \"$1/file\" &&"
                           "ln -s folder/file link && ln -s nowhere dangling && ln -s \"$1\" away",
                           dir, far, NULL));

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    check_canonical (connection, folders, dir, names[i]);
  check_canonical (connection, folders, "", "dev/null");
  check_canonical (connection, folders, "", "");
}

static void
test_missing (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *gone = NULL;
  g_autofree char *top = NULL;
  g_autofree char *uuid = NULL;
  g_autoptr (StrataGraph) graph = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  base = g_build_filename (dir, "base.qcow2", NULL);
  strata_test_create_image (base, "qcow2", "64M");
  uuid = strata_test_define_tiny (connection, "strata-test-missing", dir, 2);
  top = g_build_filename (dir, "strata-test-missing-vda.qcow2", NULL);
  gone = g_build_filename (dir, "strata-test-missing-vdb.qcow2", NULL);
  g_assert_cmpint (g_unlink (top), ==, 0);
  g_assert_cmpint (g_unlink (gone), ==, 0);
  strata_test_create_overlay (top, base, "qcow2");
  g_assert_cmpint (g_unlink (base), ==, 0);

  graph = gather (connection);
  g_assert_false (strata_graph_get_image (graph, top)->missing);
  g_assert_true (strata_graph_get_image (graph, base)->missing);
  g_assert_true (strata_graph_get_image (graph, gone)->missing);

  strata_test_undefine (connection, uuid);
}

/* A file that another program made in a pool's folder a moment ago is seen, and a disk given as pool
 * and volume is that file. */
static void
test_volume_of_a_pool (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *disk = NULL;
  g_autofree char *late = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *pool_xml = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  StrataDomainFacts *domain;
  StrataDiskXml *first;
  virStoragePoolPtr pool;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-volume", dir, 1);
  disk = g_build_filename (dir, "strata-test-volume-vda.qcow2", NULL);
  pool_xml = strata_pool_xml_new_dir ("strata-test-volumes", dir);
  pool = virStoragePoolCreateXML (strata_connection_get_handle (connection), pool_xml, 0);
  g_assert_nonnull (pool);
  set_source (connection, uuid, disk, "volume",
              "<source pool='strata-test-volumes' volume='strata-test-volume-vda.qcow2'/>");
  late = g_build_filename (dir, "late.qcow2", NULL);
  strata_test_create_overlay (late, disk, "qcow2");

  graph = gather (connection);
  domain = strata_graph_find_domain (graph, "strata-test-volume");
  g_assert_cmpuint (domain->disks->len, ==, 1);
  first = g_ptr_array_index (domain->disks, 0);
  g_assert_cmpstr (first->type, ==, "file");
  g_assert_cmpstr (first->source, ==, disk);
  g_assert_null (first->pool);
  check_chain (graph, late, disk, NULL);
  g_assert_cmpstr (strata_graph_get_image (graph, late)->pool, ==, "strata-test-volumes");
  g_assert_cmpstr (strata_graph_find_pool (graph, "strata-test-volumes")->path, ==, dir);
  g_assert_cmpuint (strata_graph_find_pool (graph, "strata-test-volumes")->available, >, 0);

  strata_test_undefine (connection, uuid);
  virStoragePoolDestroy (pool);
  virStoragePoolFree (pool);
}

/* Two names of a file are one image. */
static void
test_symbolic_link (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *link_dir = NULL;
  g_autofree char *link = NULL;
  g_autofree char *disk = NULL;
  g_autofree char *source = NULL;
  g_autofree char *uuid = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  StrataDomainFacts *domain;
  StrataDiskXml *first;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  link_dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-link", dir, 1);
  disk = g_build_filename (dir, "strata-test-link-vda.qcow2", NULL);
  link = g_build_filename (link_dir, "other-name.qcow2", NULL);
  g_assert_cmpint (symlink (disk, link), ==, 0);
  source = g_strdup_printf ("<source file='%s'/>", link);
  set_source (connection, uuid, disk, "file", source);

  graph = gather (connection);
  domain = strata_graph_find_domain (graph, uuid);
  first = g_ptr_array_index (domain->disks, 0);
  g_assert_cmpstr (first->source, ==, disk);
  g_assert_false (strata_graph_get_image (graph, disk)->missing);
  /* Both names are of one image. */
  g_assert_true (strata_graph_get_image (graph, link) == strata_graph_get_image (graph, disk));

  strata_test_undefine (connection, uuid);
}

/* In a session libvirt has no secrets to look up, and can't describe an encrypted volume. The host has to be seen
 * all the same, and what the volume stands on with it. */
static void
test_encrypted_volume (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *luks = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "beside-luks", dir, 1);
  luks = g_build_filename (dir, "secret.luks", NULL);
  g_free (strata_test_run ("qemu-img", "create", "-q", "-f", "luks", "--object",
                           "secret,id=key,data=hush", "-o", "key-secret=key,iter-time=10", luks,
                           "1M", NULL));

  graph = strata_connection_gather (connection, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strata_graph_find_domain (graph, uuid));
  image = strata_graph_get_image (graph, luks);
  g_assert_nonnull (image);
  g_assert_cmpstr (image->format, ==, "luks");
}

/* A header may be changed behind libvirt's back without a change of what is in the folder. */
static void
test_unseen_changes (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *pool_xml = NULL;
  g_autoptr (StrataGraph) before = NULL;
  g_autoptr (StrataGraph) changed = NULL;
  g_autoptr (StrataGraph) after = NULL;
  virStoragePoolPtr pool;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  one = g_build_filename (dir, "one.qcow2", NULL);
  two = g_build_filename (dir, "two.qcow2", NULL);
  strata_test_create_image (one, "qcow2", "8M");
  strata_test_create_image (two, "qcow2", "8M");
  pool_xml = strata_pool_xml_new_dir ("strata-test-unseen", dir);
  pool = virStoragePoolCreateXML (strata_connection_get_handle (connection), pool_xml, 0);
  g_assert_nonnull (pool);

  before = gather (connection);
  check_chain (before, two, NULL);
  strata_test_create_overlay (two, one, "qcow2");
  changed = gather (connection);
  check_chain (changed, two, one, NULL);
  g_assert_cmpint (g_unlink (two), ==, 0);
  after = gather (connection);
  g_assert_null (strata_graph_get_image (after, two));
  g_assert_nonnull (strata_graph_get_image (after, one));

  virStoragePoolDestroy (pool);
  virStoragePoolFree (pool);
}

static void
test_cancel (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-cancel", dir, 1);
  g_cancellable_cancel (cancellable);
  graph = strata_connection_gather (connection, cancellable, &error);
  g_assert_null (graph);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  strata_test_undefine (connection, uuid);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/gather/chain-outside-pools", test_chain_outside_pools);
  g_test_add_func ("/gather/canonical", test_canonical);
  g_test_add_func ("/gather/missing", test_missing);
  g_test_add_func ("/gather/volume-of-a-pool", test_volume_of_a_pool);
  g_test_add_func ("/gather/symbolic-link", test_symbolic_link);
  g_test_add_func ("/gather/encrypted-volume", test_encrypted_volume);
  g_test_add_func ("/gather/unseen-changes", test_unseen_changes);
  g_test_add_func ("/gather/cancel", test_cancel);

  return g_test_run ();
}
