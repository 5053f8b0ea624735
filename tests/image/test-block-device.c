/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is told of a block device, from a folder that looks like the kernel's: which are one image, and which have bytes in
 * common.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host-on-paper.h"
#include "host/storage/strata-block-device.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

typedef struct
{
  char *root;
  char *sys;
  char *file;
} Kernel;

static void
put (Kernel *self, const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (self->root, folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
add (Kernel *self, const char *folder, const char *device, const char *sectors)
{
  g_autofree char *target = g_build_filename (self->root, folder, NULL);
  g_autofree char *link = g_build_filename (self->sys, device, NULL);

  put (self, folder, "dev", device);
  put (self, folder, "size", sectors);
  g_assert_cmpint (symlink (target, link), ==, 0);
}

static void
add_loop (Kernel *self,
          const char *folder,
          const char *device,
          const char *sectors,
          const char *offset,
          const char *limit)
{
  add (self, folder, device, sectors);
  put (self, folder, "loop/backing_file", self->file);
  put (self, folder, "loop/offset", offset);
  put (self, folder, "loop/sizelimit", limit);
}

static void
add_partition (Kernel *self,
               const char *folder,
               const char *device,
               const char *start,
               const char *sectors)
{
  add (self, folder, device, sectors);
  put (self, folder, "partition", "1\n");
  put (self, folder, "start", start);
}

static void
add_slave (Kernel *self, const char *folder, const char *slave)
{
  g_autofree char *slaves = g_build_filename (self->root, folder, "slaves", NULL);
  g_autofree char *target = g_build_filename (self->root, slave, NULL);
  g_autofree char *name = g_path_get_basename (slave);
  g_autofree char *link = g_build_filename (slaves, name, NULL);

  g_mkdir_with_parents (slaves, 0700);
  g_assert_cmpint (symlink (target, link), ==, 0);
}

static void
kernel_init (Kernel *self)
{
  self->root = g_dir_make_tmp ("strata-sys-XXXXXX", NULL);
  self->sys = g_build_filename (self->root, "block", NULL);
  self->file = g_build_filename (self->root, "disk.img", NULL);
  g_assert_cmpint (g_mkdir (self->sys, 0700), ==, 0);
  put (self, "", "disk.img", "");

  add_loop (self, "loop0", "7:0", "18432\n", "0\n", "0\n");
  add_partition (self, "loop0/loop0p1", "259:1", "2048\n", "8192\n");
  add_partition (self, "loop0/loop0p2", "259:2", "10240\n", "8192\n");
  add_loop (self, "loop1", "7:1", "8192\n", "1048576\n", "4194304\n");
  add_loop (self, "loop2", "7:2", "2048\n", "0\n", "1048576\n");
  add (self, "sda", "8:0", "100000\n");
  add_partition (self, "sda/sda1", "8:1", "2048\n", "1000\n");
  add_partition (self, "sda/sda2", "8:2", "4096\n", "90000\n");
  add (self, "dm-0", "253:0", "1000\n");
  add_slave (self, "dm-0", "sda/sda2");
  add (self, "dm-1", "253:1", "1000\n");
  add_slave (self, "dm-1", "sda/sda2");
  add_loop (self, "loop3", "7:3", "100\n", "0\n", "0\n");
  put (self, "loop3", "loop/backing_file", "/gone (deleted)\n");
}

static void
kernel_clear (Kernel *self)
{
  const char *argv[] = { "rm", "-r", self->root, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
  g_free (self->root);
  g_free (self->sys);
  g_free (self->file);
}

static StrataImage *
look (Kernel *self, guint high, guint low)
{
  g_autofree char *path = g_strdup_printf ("/dev/%u-%u", high, low);
  StrataImage *image = strata_image_new (path);

  image->format = g_strdup ("raw");
  strata_block_device_identify (image, self->sys, makedev (high, low));

  return image;
}

static void
test_identity (void)
{
  static const guint devices[][2] = { { 7, 0 },   { 7, 1 }, { 7, 2 }, { 259, 1 }, { 259, 2 },
                                      { 253, 0 }, { 8, 1 }, { 7, 3 }, { 9, 9 } };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Kernel kernel;

  kernel_init (&kernel);
  for (size_t i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      g_autoptr (StrataImage) image = look (&kernel, devices[i][0], devices[i][1]);

      /* one that shows all of its file is that file */
      g_assert_cmpint (g_str_has_prefix (image->identity, "file:"), ==, i == 0);
      g_assert_true (g_hash_table_add (seen, g_strdup (image->identity)));
      g_assert_cmpint (image->type, ==, STRATA_IMAGE_BLOCK);
    }
  kernel_clear (&kernel);
}

static void
test_size (void)
{
  g_autoptr (StrataImage) image = NULL;
  g_autoptr (StrataImage) other = NULL;
  Kernel kernel;

  kernel_init (&kernel);
  image = look (&kernel, 259, 1);
  g_assert_cmpuint (image->capacity, ==, 8192 * 512);
  g_assert_cmpuint (image->length, ==, 8192 * 512);
  other = look (&kernel, 9, 9);
  g_assert_cmpuint (other->capacity, ==, 0);
  kernel_clear (&kernel);
}

static void
test_overlaps (void)
{
  static const struct
  {
    guint a[2];
    guint b[2];
    gboolean overlap;
  } pairs[] = {
    { { 259, 1 }, { 7, 0 }, TRUE },    { { 259, 2 }, { 7, 0 }, TRUE },
    { { 259, 1 }, { 259, 2 }, FALSE }, { { 7, 1 }, { 7, 0 }, TRUE },
    { { 7, 1 }, { 259, 1 }, TRUE },    { { 7, 1 }, { 259, 2 }, FALSE },
    { { 7, 2 }, { 7, 1 }, FALSE },     { { 7, 2 }, { 7, 0 }, TRUE },
    { { 8, 1 }, { 8, 0 }, TRUE },      { { 8, 1 }, { 8, 2 }, FALSE },
    { { 253, 0 }, { 8, 2 }, TRUE },    { { 253, 0 }, { 8, 0 }, TRUE },
    { { 253, 0 }, { 8, 1 }, FALSE },   { { 253, 0 }, { 253, 1 }, FALSE },
    { { 7, 3 }, { 7, 0 }, FALSE },
  };
  Kernel kernel;

  kernel_init (&kernel);
  for (size_t i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autoptr (StrataImage) a = look (&kernel, pairs[i].a[0], pairs[i].a[1]);
      g_autoptr (StrataImage) b = look (&kernel, pairs[i].b[0], pairs[i].b[1]);

      g_test_message ("%s %s", a->path, b->path);
      g_assert_cmpint (strata_image_overlaps (a, b), ==, pairs[i].overlap);
      g_assert_cmpint (strata_image_overlaps (b, a), ==, pairs[i].overlap);
    }
  kernel_clear (&kernel);
}

static void
test_stays (void)
{
  static const StrataStepKind kinds[] = { STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE };

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("Delete", "Delete it");
      g_autoptr (GError) error = NULL;
      StrataImage *image = paper_host_image (graph, "device", NULL);
      JsonObject *args = json_object_new ();

      json_object_set_string_member (args, "path", image->path);
      strata_plan_add_step (plan, kinds[i], args, "Delete it");
      g_assert_true (strata_law_check (graph, plan, &error));
      g_assert_no_error (error);

      image->type = STRATA_IMAGE_BLOCK;
      g_assert_false (strata_law_check (graph, plan, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/block-device/identity", test_identity);
  g_test_add_func ("/block-device/size", test_size);
  g_test_add_func ("/block-device/overlaps", test_overlaps);
  g_test_add_func ("/block-device/stays", test_stays);

  return g_test_run ();
}
