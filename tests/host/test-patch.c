/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A graph that was patched after each kind of event is the one that would have been gathered; where it can't be, none is. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "host/domain/strata-domain-control.h"
#include "strata-test.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

/* A pool with three machines: one by itself, a thin clone of it, and one that has nothing to do with these but a disc. */
typedef struct
{
  StrataConnection *connection;
  virStoragePoolPtr pool;
  char *dir;
  char *one;
  char *clone;
  char *other;
  StrataGraph *graph; /* the last that was patched or gathered */
} Host;

static const char *
or_dash (const char *text)
{
  return text != NULL ? text : "-";
}

static char *
join (GStrv strings)
{
  return strings != NULL ? g_strjoinv (" ", strings) : g_strdup ("-");
}

static int
compare_images (gconstpointer a, gconstpointer b)
{
  return strcmp (((const StrataImage *) a)->path, ((const StrataImage *) b)->path);
}

static void
describe_image (GString *text, const StrataImage *image)
{
  g_autofree char *claims = join (image->claims);
  g_autofree char *tags = join (image->tags);
  g_autofree char *links = join (image->links);
  /* Which of several machines said first what a disc is, a patch doesn't find out: it asks only one. */
  const char *by = strata_image_is_raw (image) ? NULL : image->declared_by;

  g_string_append_printf (
      text, "image %s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s\n", image->path,
      or_dash (image->format), or_dash (image->backing_path), or_dash (image->backing_format),
      or_dash (image->data_file), or_dash (image->pool), or_dash (image->problem),
      or_dash (image->identity), or_dash (image->content), or_dash (by), or_dash (image->spelling),
      or_dash (image->relative), claims, tags, links);
  g_string_append_printf (text,
                          "  %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                          " %" G_GINT64_FORMAT " %o %u %u %d %d %d %d %d %d %d %d %d\n",
                          image->capacity, image->allocation, image->length, image->modified,
                          image->mode, image->n_names, image->n_other_names, (int) image->type,
                          (int) image->state, image->tags_unknown, image->unread, image->declared,
                          image->disputed, image->named_apart, image->overlapping, image->missing);
}

static void
describe_disks (GString *text, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      g_autofree char *backings = join (disk->backings);

      g_string_append_printf (text, "  disk %s|%s|%s|%s|%s|%s\n", or_dash (disk->target),
                              or_dash (disk->type), or_dash (disk->pool), or_dash (disk->source),
                              or_dash (disk->format), backings);
    }
}

static void
describe_snapshot (GString *text, const StrataSnapshotFacts *snapshot)
{
  g_string_append_printf (
      text, "  snapshot %s|%s|%s|%s|%s|%d%d%d%d%d|%u|%u|%u\n%s\n", snapshot->name, snapshot->id,
      or_dash (snapshot->parent), or_dash (snapshot->lost_parent), or_dash (snapshot->description),
      snapshot->current, snapshot->retained, snapshot->memory_missing, snapshot->backing_known,
      snapshot->backing_wrong, snapshot->media->len, snapshot->missing_media->len,
      g_hash_table_size (snapshot->named), snapshot->xml);
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      g_autofree char *backings = join (disk->backings);

      g_string_append_printf (text, "    %s|%s|%s|%s|%s|%s|%d\n", or_dash (disk->target),
                              or_dash (disk->image), or_dash (disk->pool), or_dash (disk->overlay),
                              or_dash (disk->revert_overlay), backings, (int) disk->location);
    }
}

static char *
describe (StrataGraph *graph)
{
  GPtrArray *domains = strata_graph_get_domains (graph);
  GPtrArray *pools = strata_graph_get_pools (graph);
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      /* Other tests may run beside this one. */
      if (!g_str_has_prefix (domain->name, "strata-patch-"))
        continue;
      g_string_append_printf (text, "domain %s %s %d%d%d%d%d %u %u\n%s\n%s\n", domain->name,
                              domain->uuid, (int) domain->state, domain->persistent,
                              domain->autostart, domain->managed_save, domain->saved,
                              domain->spellings->len, domain->uses->len, domain->xml,
                              or_dash (domain->live_xml));
      describe_disks (text, domain->disks);
      describe_disks (text, domain->next_disks);
      for (guint j = 0; j < domain->snapshots->len; j++)
        describe_snapshot (text, g_ptr_array_index (domain->snapshots, j));
    }
  g_ptr_array_sort_values (images, compare_images);
  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      if (strstr (image->path, "/strata-patch-") != NULL)
        describe_image (text, image);
    }
  for (guint i = 0; i < pools->len; i++)
    {
      const StrataPoolFacts *pool = g_ptr_array_index (pools, i);

      if (g_str_has_prefix (pool->name, "strata-patch-"))
        g_string_append_printf (text, "pool %s|%s|%s|%d\n", pool->name, pool->type, pool->path,
                                pool->read_only);
    }

  return g_string_free (text, FALSE);
}

static StrataGraph *
gather (Host *host)
{
  g_autoptr (GError) error = NULL;
  StrataGraph *graph = strata_connection_gather (host->connection, NULL, &error);

  g_assert_no_error (error);

  return graph;
}

static StrataGraph *
patch (Host *host, const char *uuid)
{
  const char *const uuids[] = { uuid, NULL };
  g_autoptr (GError) error = NULL;
  StrataGraph *graph = strata_connection_patch (host->connection, host->graph, uuids, NULL, &error);

  g_assert_no_error (error);

  return graph;
}

/* Line by line, since they are long. */
static void
compare (const char *actual, const char *expected)
{
  g_auto (GStrv) lines = g_strsplit (actual, "\n", -1);
  g_auto (GStrv) expected_lines = g_strsplit (expected, "\n", -1);

  for (guint i = 0; lines[i] != NULL && expected_lines[i] != NULL; i++)
    g_assert_cmpstr (lines[i], ==, expected_lines[i]);
  g_assert_cmpuint (g_strv_length (lines), ==, g_strv_length (expected_lines));
}

/* After an event of UUID: the next patch begins with this one's result. */
static void
check_patched (Host *host, const char *uuid, const char *what)
{
  g_autoptr (StrataGraph) patched = patch (host, uuid);
  g_autoptr (StrataGraph) gathered = gather (host);
  g_autofree char *expected = describe (gathered);
  g_autofree char *actual = NULL;

  g_test_message ("%s", what);
  g_assert_nonnull (patched);
  actual = describe (patched);
  compare (actual, expected);
  g_set_object (&host->graph, patched);
}

static void
check_not_patched (Host *host, const char *uuid, const char *what)
{
  g_autoptr (StrataGraph) patched = patch (host, uuid);

  g_test_message ("%s", what);
  g_assert_null (patched);
  g_clear_object (&host->graph);
  host->graph = gather (host);
}

static char *
path_of (Host *host, const char *name)
{
  return g_build_filename (host->dir, name, NULL);
}

static void
replace (Host *host, const char *uuid, const char *old, const char *new)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = strata_domain_get_xml (host->connection, uuid, &error);
  g_autoptr (GString) text = g_string_new (xml);

  g_assert_no_error (error);
  g_assert_cmpuint (g_string_replace (text, old, new, 1), ==, 1);
  strata_test_assert_ok (strata_domain_define (host->connection, text->str, &error), error);
}

static void
add_disc (Host *host, const char *uuid)
{
  g_autofree char *disc = path_of (host, "strata-patch-disc.iso");
  g_autofree char *device =
      g_strdup_printf ("<devices><disk type='file' device='cdrom'><driver name='qemu' type='raw'/>"
                       "<source file='%s'/><target dev='hdc' bus='ide'/><readonly/></disk>",
                       disc);

  replace (host, uuid, "<devices>", device);
}

static void
make_snapshot (Host *host, const char *uuid, const char *xml, guint flags)
{
  g_autoptr (virDomain) domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (host->connection), uuid);
  g_autoptr (virDomainSnapshot) snapshot = virDomainSnapshotCreateXML (domain, xml, flags);

  g_assert_nonnull (snapshot);
}

static void
delete_snapshot (Host *host, const char *uuid, const char *name)
{
  g_autoptr (virDomain) domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (host->connection), uuid);
  g_autoptr (virDomainSnapshot) snapshot = virDomainSnapshotLookupByName (domain, name, 0);

  g_assert_cmpint (virDomainSnapshotDelete (snapshot, VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY), ==,
                   0);
}

static void
describe_snapshot_again (Host *host, const char *uuid, const char *name)
{
  g_autoptr (virDomain) domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (host->connection), uuid);
  g_autoptr (virDomainSnapshot) snapshot = virDomainSnapshotLookupByName (domain, name, 0);
  g_autofree char *xml = virDomainSnapshotGetXMLDesc (snapshot, VIR_DOMAIN_SNAPSHOT_XML_SECURE);
  g_autoptr (GString) text = g_string_new (xml);

  g_string_replace (text, "<state>", "<description>changed</description><state>", 1);
  make_snapshot (host, uuid, text->str, VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE);
}

static gboolean
set_up (Host *host)
{
  g_autofree char *xml = NULL;
  g_autofree char *disk = NULL;
  g_autofree char *clone_disk = NULL;
  g_autofree char *disc = NULL;

  memset (host, 0, sizeof *host);
  host->connection = strata_test_connection ();
  if (host->connection == NULL)
    return FALSE;

  host->dir = strata_test_dir ();
  host->one = strata_test_define_tiny (host->connection, "strata-patch-one", host->dir, 1);
  host->clone = strata_test_define_tiny (host->connection, "strata-patch-clone", host->dir, 1);
  host->other = strata_test_define_tiny (host->connection, "strata-patch-other", host->dir, 1);
  disk = path_of (host, "strata-patch-one-vda.qcow2");
  clone_disk = path_of (host, "strata-patch-clone-vda.qcow2");
  disc = path_of (host, "strata-patch-disc.iso");
  g_assert_cmpint (g_unlink (clone_disk), ==, 0);
  strata_test_create_overlay (clone_disk, disk, "qcow2");
  strata_test_create_image (disc, "raw", "1M");
  add_disc (host, host->other);
  xml = strata_pool_xml_new_dir ("strata-patch-pool", host->dir);
  host->pool = virStoragePoolCreateXML (strata_connection_get_handle (host->connection), xml, 0);
  g_assert_nonnull (host->pool);
  host->graph = gather (host);

  return TRUE;
}

static void
tear_down (Host *host)
{
  if (host->connection == NULL)
    return;

  strata_test_undefine (host->connection, host->one);
  strata_test_undefine (host->connection, host->clone);
  strata_test_undefine (host->connection, host->other);
  virStoragePoolDestroy (host->pool);
  g_clear_pointer (&host->pool, virStoragePoolFree);
  g_clear_object (&host->graph);
  g_free (host->dir);
  g_free (host->one);
  g_free (host->clone);
  g_free (host->other);
}

static void
test_definition (void)
{
  Host host;
  g_autofree char *fourth = NULL;
  StrataGraph *before;

  if (!set_up (&host))
    return;

  check_patched (&host, host.one, "nothing changed");
  replace (&host, host.one, "<memory unit='KiB'>32768", "<memory unit='KiB'>65536");
  before = g_object_ref (host.graph);
  check_patched (&host, host.one, "definition changed");
  /* What has nothing to do with it is shared; and the other graph is as it was. */
  g_assert_true (strata_graph_find_domain (before, host.other) ==
                 strata_graph_find_domain (host.graph, host.other));
  g_assert_false (strata_graph_find_domain (before, host.clone) ==
                  strata_graph_find_domain (host.graph, host.clone));
  g_object_unref (before);

  add_disc (&host, host.one);
  check_patched (&host, host.one, "a disc that another machine has");
  before = g_object_ref (host.graph);
  check_patched (&host, host.one, "nothing changed again");
  g_assert_true (strata_graph_find_domain (before, host.other) ==
                 strata_graph_find_domain (host.graph, host.other));
  g_object_unref (before);

  fourth = strata_test_define_tiny (host.connection, "strata-patch-fourth", host.dir, 1);
  check_patched (&host, fourth, "defined");
  strata_test_undefine (host.connection, fourth);
  check_patched (&host, fourth, "undefined");
  strata_test_undefine (host.connection, host.clone);
  check_patched (&host, host.clone, "a clone undefined");
  strata_test_undefine (host.connection, host.other);
  check_patched (&host, host.other, "what said of the disc what it is undefined");

  tear_down (&host);
}

static void
test_snapshots (void)
{
  Host host;

  if (!set_up (&host))
    return;

  make_snapshot (&host, host.other, "<domainsnapshot><name>s1</name></domainsnapshot>",
                 VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY);
  check_patched (&host, host.other, "snapshot created");
  make_snapshot (&host, host.other, "<domainsnapshot><name>s2</name></domainsnapshot>",
                 VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY);
  check_patched (&host, host.other, "another one created");
  describe_snapshot_again (&host, host.other, "s1");
  check_patched (&host, host.other, "snapshot redefined");
  delete_snapshot (&host, host.other, "s1");
  check_patched (&host, host.other, "snapshot deleted");
  make_snapshot (&host, host.clone, "<domainsnapshot><name>s1</name></domainsnapshot>", 0);
  check_patched (&host, host.clone, "an internal one of a clone");
  make_snapshot (&host, host.one, "<domainsnapshot><name>s1</name></domainsnapshot>",
                 VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY);
  check_patched (&host, host.one, "one of a machine that has a clone");

  tear_down (&host);
}

static void
test_images (void)
{
  Host host;
  g_autofree char *stray = NULL;
  g_autofree char *disk = NULL;
  g_autofree char *other = NULL;
  g_autofree char *disc = NULL;
  g_autofree char *link = NULL;

  if (!set_up (&host))
    return;

  stray = path_of (&host, "strata-patch-stray.qcow2");
  disk = path_of (&host, "strata-patch-one-vda.qcow2");
  other = path_of (&host, "strata-patch-other-vda.qcow2");
  disc = path_of (&host, "strata-patch-disc.iso");
  link = path_of (&host, "strata-patch-link.qcow2");

  strata_test_create_overlay (stray, disk, "qcow2");
  check_patched (&host, host.one, "an overlay that no machine names");
  g_assert_cmpint (g_unlink (stray), ==, 0);
  strata_test_create_overlay (stray, other, "qcow2");
  check_not_patched (&host, host.one, "the same name on another one");
  strata_test_create_overlay (link, other, "qcow2");
  check_patched (&host, host.one, "an overlay of another machine in its folder");

  g_assert_cmpint (g_unlink (link), ==, 0);
  check_not_patched (&host, host.one, "an image of another machine went");
  g_assert_cmpint (g_unlink (stray), ==, 0);
  check_patched (&host, host.other, "an overlay went");

  g_assert_cmpint (symlink (other, link), ==, 0);
  check_not_patched (&host, host.one, "a link");
  check_not_patched (&host, host.other, "what has a link");
  g_assert_cmpint (g_unlink (link), ==, 0);
  check_not_patched (&host, host.other, "what had a link");
  check_patched (&host, host.other, "what has none any more");

  add_disc (&host, host.one);
  check_patched (&host, host.one, "a disc");
  strata_test_create_image (disc, "raw", "2M");
  check_not_patched (&host, host.one, "a disc that was written");

  g_assert_cmpint (g_unlink (other), ==, 0);
  check_not_patched (&host, host.other, "an image that is missing");
  check_not_patched (&host, host.other, "an image that is missing still");
  strata_test_create_image (other, "qcow2", "64M");
  check_patched (&host, host.other, "an image that is back");

  tear_down (&host);
}

static void
test_pool (void)
{
  Host host;

  if (!set_up (&host))
    return;

  virStoragePoolDestroy (host.pool);
  check_not_patched (&host, host.one, "pool stopped");

  tear_down (&host);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  Host host;

  if (!set_up (&host))
    return;

  g_cancellable_cancel (cancellable);
  graph = strata_connection_patch (host.connection, host.graph,
                                   (const char *const[]) { host.one, NULL }, cancellable, &error);
  g_assert_null (graph);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  tear_down (&host);
}

int
main (int argc, char *argv[])
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/patch/definition", test_definition);
  g_test_add_func ("/patch/snapshots", test_snapshots);
  g_test_add_func ("/patch/images", test_images);
  g_test_add_func ("/patch/pool", test_pool);
  g_test_add_func ("/patch/cancelled", test_cancelled);

  return g_test_run ();
}
