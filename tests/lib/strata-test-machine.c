/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tiny VMs and their images. */

#include "config.h"

#include "host/domain/strata-domain-control.h"
#include "strata-test.h"

void
strata_test_create_image (const char *path, const char *format, const char *size)
{
  g_free (strata_test_run ("qemu-img", "create", "-q", "-f", format, path, size, NULL));
}

void
strata_test_create_overlay (const char *path, const char *backing, const char *backing_format)
{
  g_free (strata_test_run ("qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F",
                           backing_format, path, NULL));
}

void
strata_test_write_pattern (const char *path,
                           const char *format,
                           guint8 byte,
                           guint64 offset,
                           guint64 length)
{
  g_autofree char *command = g_strdup_printf (
      "write -P %u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, byte, offset, length);

  g_free (strata_test_run ("qemu-io", "-f", format, "-c", command, path, NULL));
}

char *
strata_test_hash (const char *path)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree guchar *buffer = g_malloc (1024 * 1024);
  gssize n;

  stream = g_file_read (file, NULL, &error);
  g_assert_no_error (error);
  while ((n = g_input_stream_read (G_INPUT_STREAM (stream), buffer, 1024 * 1024, NULL, &error)) > 0)
    g_checksum_update (checksum, buffer, n);
  g_assert_no_error (error);

  return g_strdup (g_checksum_get_string (checksum));
}

char *
strata_test_guest_hash (const char *path, const char *format)
{
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *raw = g_build_filename (dir, "raw", NULL);

  g_free (strata_test_run ("qemu-img", "convert", "-f", format, "-O", "raw", path, raw, NULL));

  return strata_test_hash (raw);
}

static char *
disk_xml (const char *name, const char *dir, char letter)
{
  g_autofree char *path = g_strdup_printf ("%s/%s-vd%c.qcow2", dir, name, letter);

  strata_test_create_image (path, "qcow2", "64M");

  return g_strdup_printf ("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                          "<source file='%s'/><target dev='vd%c' bus='virtio'/></disk>",
                          path, letter);
}

char *
strata_test_define_tiny (StrataConnection *connection,
                         const char *name,
                         const char *dir,
                         guint n_disks)
{
  g_autoptr (GString) disks = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = NULL;
  char *uuid = g_uuid_string_random ();

  for (guint i = 0; i < n_disks; i++)
    {
      g_autofree char *disk = disk_xml (name, dir, (char) ('a' + i));

      g_string_append (disks, disk);
    }

  xml = g_strdup_printf ("<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                         "<memory unit='MiB'>32</memory><vcpu>1</vcpu>"
                         "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
                         "<features><acpi/></features>"
                         "<devices>%s<interface type='user'><model type='virtio'/></interface>"
                         "<memballoon model='none'/></devices></domain>",
                         name, uuid, disks->str);
  strata_test_assert_ok (strata_domain_define (connection, xml, &error), error);

  return uuid;
}

void
strata_test_undefine (StrataConnection *connection, const char *uuid)
{
  virDomainPtr domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (connection), uuid);

  if (domain == NULL)
    return;

  virDomainDestroy (domain);
  virDomainUndefineFlags (domain, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                                      VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                                      VIR_DOMAIN_UNDEFINE_NVRAM);
  virDomainFree (domain);
}
