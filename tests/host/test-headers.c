/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The headers that are read here instead of asking libvirt: both have to say the same. */

#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

#include "host/storage/strata-volume.h"
#include "host/storage/strata-pool-lease.h"
#include "host/storage/strata-qcow2.h"
#include "strata-test.h"

/* An image of every kind that matters for its header, and whether it is plain enough to be read without libvirt. */
static const struct
{
  const char *name;
  const char *options; /* of qemu-img create; NULL: see make_zoo() */
  gboolean plain;
} zoo[] = {
  { "base.qcow2", "-f qcow2 @ 8M", TRUE },
  { "old.qcow2", "-f qcow2 -o compat=0.10 @ 8M", TRUE },
  { "small.qcow2", "-f qcow2 -o cluster_size=512,lazy_refcounts=on @ 8M", TRUE },
  { "extended.qcow2", "-f qcow2 -o extended_l2=on,cluster_size=128k @ 8M", TRUE },
  { "raw.img", "-f raw @ 8M", FALSE },
  { "other.vmdk", "-f vmdk @ 8M", FALSE },
  { "on-base.qcow2", "-f qcow2 -b base.qcow2 -F qcow2 @", TRUE },
  { "on-parent.qcow2", "-f qcow2 -b ../zoo/./base.qcow2 -F qcow2 -u @ 8M", TRUE },
  { "on-raw.qcow2", "-f qcow2 -b raw.img -F raw @", TRUE },
  { "on-nothing.qcow2", "-f qcow2 -b gone.qcow2 -F qcow2 -u @ 8M", TRUE },
  { "on-vmdk.qcow2", "-f qcow2 -b other.vmdk -F vmdk @", FALSE },
  { "on-network.qcow2", "-f qcow2 -b nbd://localhost/x -F raw -u @ 8M", FALSE },
  { "elsewhere.qcow2", "-f qcow2 -o data_file=data.bin @ 8M", TRUE },
  { "tagged.qcow2", NULL, TRUE },
  { "no-format.qcow2", NULL, FALSE },
  { "link.qcow2", NULL, FALSE },
};

/* As qemu-img made overlays until it was taught better: without the backing format. */
static void
drop_backing_format (const char *path)
{
  static const char extension[] = { '\xe2', '\x79', '\x2a', '\xca' };
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;
  char *found;

  strata_test_assert_ok (g_file_get_contents (path, &bytes, &length, &error), error);
  found = memmem (bytes, length, extension, sizeof extension);
  g_assert_nonnull (found);
  *found = 'x';
  strata_test_assert_ok (g_file_set_contents (path, bytes, (gssize) length, &error), error);
}

static void
make_zoo (const char *dir)
{
  g_autofree char *script = g_strdup_printf (
      "set -e; cd '%s'; qemu-img create -q -f qcow2 tagged.qcow2 8M; "
      "for t in one 'two words' 'b\303\241' gone; do qemu-img snapshot -c \"$t\" tagged.qcow2; done; "
      "qemu-img snapshot -d gone tagged.qcow2; ln -s base.qcow2 link.qcow2",
      dir);
  g_autofree char *bare = g_build_filename (dir, "no-format.qcow2", NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (zoo); i++)
    {
      g_autofree char *command = NULL;
      g_autoptr (GString) options = g_string_new (zoo[i].options);

      if (zoo[i].options == NULL)
        continue;
      g_string_replace (options, "@", zoo[i].name, 1);
      command = g_strdup_printf ("cd '%s' && qemu-img create -q %s", dir, options->str);
      g_free (strata_test_run ("sh", "-c", command, NULL));
    }
  g_free (strata_test_run ("sh", "-c", script, NULL));
  strata_test_create_overlay (bare, "base.qcow2", "qcow2");
  drop_backing_format (bare);
}

static void
assert_same_image (const StrataImage *here, const StrataImage *there)
{
  g_assert_cmpstr (here->path, ==, there->path);
  g_assert_cmpstr (here->format, ==, there->format);
  g_assert_cmpstr (here->backing_path, ==, there->backing_path);
  g_assert_cmpstr (here->backing_format, ==, there->backing_format);
  g_assert_cmpstr (here->data_file, ==, there->data_file);
  g_assert_cmpstr (here->identity, ==, there->identity);
  g_assert_cmpstr (here->pool, ==, there->pool);
  g_assert_cmpuint (here->capacity, ==, there->capacity);
  g_assert_cmpuint (here->allocation, ==, there->allocation);
  g_assert_cmpuint (here->mode, ==, there->mode);
  g_assert_cmpint (here->type, ==, there->type);
  g_assert_cmpint (here->missing, ==, there->missing);
  g_assert_cmpint (here->tags == NULL, ==, there->tags == NULL);
  if (here->tags != NULL)
    g_assert_cmpstrv (here->tags, there->tags);
}

/* What is read here is what libvirt says, or is left to it. */
static void
test_headers (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *parent = NULL;
  g_autofree char *dir = NULL;
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  parent = strata_test_dir ();
  dir = g_build_filename (parent, "zoo", NULL);
  g_assert_cmpint (g_mkdir (dir, 0700), ==, 0);
  make_zoo (dir);
  lease = strata_pool_lease_new (connection, dir, &error);
  g_assert_no_error (error);

  for (size_t i = 0; i < G_N_ELEMENTS (zoo); i++)
    {
      g_autoptr (StrataImage) here = strata_volume_read_here (connection, dir, zoo[i].name, NULL);
      virStorageVolPtr volume = strata_pool_lease_find_volume (lease, zoo[i].name, &error);
      g_autoptr (StrataImage) there = NULL;

      g_test_message ("%s", zoo[i].name);
      g_assert_nonnull (volume);
      there = strata_volume_read (connection, volume, NULL, &error);
      g_assert_no_error (error);
      virStorageVolFree (volume);
      g_assert_nonnull (there);
      g_assert_cmpint (here != NULL, ==, zoo[i].plain);
      if (here != NULL)
        assert_same_image (here, there);
      if (g_str_equal (zoo[i].name, "tagged.qcow2"))
        g_assert_cmpstrv (here->tags, ((const char *[]) { "one", "two words", "b\303\241", NULL }));
    }
}

/* Whatever is cut off or scribbled over, nothing is read that isn't there. */
static void
test_damaged (void)
{
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *path = g_build_filename (dir, "tagged.qcow2", NULL);
  g_autofree char *bytes = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autoptr (GError) error = NULL;
  gsize length;

  make_zoo (dir);
  strata_test_assert_ok (g_file_get_contents (path, &bytes, &length, &error), error);

  for (gsize n = 0; n < 256; n++)
    {
      g_autofree guint8 *head = g_memdup2 (bytes, MAX (n, 1));
      g_autoptr (StrataQcow2) header = strata_qcow2_parse (head, n);

      g_assert_true (header == NULL || n >= STRATA_QCOW2_HEADER_SIZE);
      g_assert_true (header == NULL || !header->plain || n >= 104);
    }

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree guint8 *head = g_memdup2 (bytes, 512);
      g_autoptr (StrataQcow2) header = NULL;

      for (int k = g_rand_int_range (random, 1, 8); k > 0; k--)
        head[g_rand_int_range (random, 4, 512)] = (guint8) g_rand_int (random);
      header = strata_qcow2_parse (head, 512);
      if (header != NULL && i % 20 == 0)
        {
          g_autofd int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

          g_strfreev (strata_qcow2_read_tags (header, fd));
        }
    }
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/headers/as-libvirt-says", test_headers);
  g_test_add_func ("/headers/damaged", test_damaged);

  return g_test_run ();
}
