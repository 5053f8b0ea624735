/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Volumes, pools, and the worker domain. */

#include "config.h"

#include "golden.h"
#include "xml/strata-volume-xml.h"
#include "xml/strata-worker-xml.h"

static void
test_volume_read (void)
{
  g_autofree char *text = golden_read ("volume.xml");
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataVolumeXml) volume = strata_volume_xml_new_from_string (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (volume->name, ==, "web-01.qcow2");
  g_assert_cmpstr (volume->path, ==, "/var/lib/libvirt/images/web-01.qcow2");
  g_assert_cmpstr (volume->type, ==, "file");
  g_assert_cmpstr (volume->format, ==, "qcow2");
  g_assert_cmpstr (volume->backing_path, ==, "/var/lib/libvirt/images/web-base.qcow2");
  g_assert_cmpstr (volume->backing_format, ==, "qcow2");
  g_assert_cmpuint (volume->capacity, ==, G_GUINT64_CONSTANT (10737418240));
  g_assert_cmpuint (volume->allocation, ==, 200704);
  g_assert_cmpuint (volume->mode, ==, 0600);
}

static void
test_volume_write (void)
{
  StrataVolumeXml overlay = {
    .name = (char *) "a & b.qcow2",
    .format = (char *) "qcow2",
    .backing_path = (char *) "/images/<base>.raw",
    .backing_format = (char *) "raw",
    .mode = 0444,
  };
  StrataVolumeXml flat = {
    .name = (char *) "flat.raw",
    .format = (char *) "raw",
    .capacity = G_GUINT64_CONSTANT (10737418240),
  };
  g_autofree char *overlay_text = strata_volume_xml_to_string (&overlay);
  g_autofree char *flat_text = strata_volume_xml_to_string (&flat);
  g_autoptr (StrataVolumeXml) read = strata_volume_xml_new_from_string (overlay_text, NULL);

  golden_check ("volume.overlay.xml", overlay_text);
  golden_check ("volume.flat.xml", flat_text);
  g_assert_cmpstr (read->name, ==, overlay.name);
  g_assert_cmpstr (read->backing_path, ==, overlay.backing_path);
  g_assert_cmpuint (read->mode, ==, 0444);
}

static void
test_pool (void)
{
  g_autofree char *text = golden_read ("pool.xml");
  g_autofree char *written = strata_pool_xml_new_dir ("strata & co", "/srv/images");
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPoolXml) pool = strata_pool_xml_new_from_string (text, &error);
  g_autoptr (StrataPoolXml) read = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (pool->name, ==, "default");
  g_assert_cmpstr (pool->uuid, ==, "0e9e1ee2-5d37-4b51-a7b1-4b9e4c9f3e01");
  g_assert_cmpstr (pool->type, ==, "dir");
  g_assert_cmpstr (pool->path, ==, "/var/lib/libvirt/images");
  g_assert_cmpuint (pool->capacity, ==, G_GUINT64_CONSTANT (105089261568));
  g_assert_cmpuint (pool->available, ==, G_GUINT64_CONSTANT (60000000000));

  read = strata_pool_xml_new_from_string (written, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (read->name, ==, "strata & co");
  g_assert_cmpstr (read->type, ==, "dir");
  g_assert_cmpstr (read->path, ==, "/srv/images");
  g_assert_null (read->uuid);
}

static void
test_worker (void)
{
  const StrataWorkerDisk disks[] = {
    { .target = "vda", .path = "/images/a & b.qcow2", .format = "qcow2" },
    { .target = "vdb", .path = "/dev/vg0/root", .format = "raw", .block = TRUE, .read_only = TRUE },
  };
  g_autofree char *text = NULL;
  g_autofree char *other = NULL;

  text = strata_worker_xml_new ("b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f009", "qemu", "x86_64",
                                "/usr/bin/qemu-system-x86_64", disks, G_N_ELEMENTS (disks));
  golden_check ("worker.xml", text);

  other = strata_worker_xml_new ("b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f009", "kvm", "aarch64",
                                 "/usr/bin/qemu-system-aarch64", disks, 1);
  golden_check ("worker.aarch64.xml", other);
}

static void
test_copy (void)
{
  const StrataWorkerDisk file = { .path = "/images/new.qcow2", .format = "qcow2" };
  const StrataWorkerDisk block = { .path = "/dev/vg0/new", .format = "raw", .block = TRUE };
  g_autofree char *file_text = strata_worker_copy_xml_new (&file);
  g_autofree char *block_text = strata_worker_copy_xml_new (&block);

  golden_check ("copy.file.xml", file_text);
  golden_check ("copy.block.xml", block_text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/volume/read", test_volume_read);
  g_test_add_func ("/xml/volume/write", test_volume_write);
  g_test_add_func ("/xml/pool", test_pool);
  g_test_add_func ("/xml/worker/domain", test_worker);
  g_test_add_func ("/xml/worker/copy", test_copy);

  return g_test_run ();
}
