/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What can go wrong with the appliance, virt-sysprep and the disks: each has its own error. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "guest-lab.h"
#include "base/strata-error.h"

static GuestLab *lab;

/* Sets a variable for the length of a scope. */
typedef struct
{
  const char *name;
  char *old;
} Setting;

static Setting
setting (const char *name, const char *value)
{
  Setting self = { name, g_strdup (g_getenv (name)) };

  if (value != NULL)
    g_setenv (name, value, TRUE);
  else
    g_unsetenv (name);

  return self;
}

static void
setting_clear (Setting *self)
{
  if (self->old != NULL)
    g_setenv (self->name, self->old, TRUE);
  else
    g_unsetenv (self->name);
  g_free (self->old);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Setting, setting_clear)

static void
assert_check (StrataError code, const char *words)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (strata_guest_client_check (client, NULL, &error));
  g_assert_error (error, STRATA_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strata_error_get_hint (error));
}

static void
assert_inspect (const char *path, const char *format, StrataError code, const char *words)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GPtrArray) disks = guest_lab_disks (path, format);
  g_autoptr (GError) error = NULL;

  g_assert_null (strata_guest_client_inspect (client, disks, TRUE, NULL, &error));
  g_assert_error (error, STRATA_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_check (void)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (JsonObject) operations = NULL;
  g_autoptr (GError) error = NULL;

  strata_guest_client_check (client, NULL, &error);
  g_assert_no_error (error);

  operations = strata_guest_client_list_operations (client, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (operations, "operations")),
                    >, 30);
}

static void
test_no_helper (void)
{
  g_auto (Setting) helper = setting ("STRATA_GUEST", "/nowhere/strata-guest");

  assert_check (STRATA_ERROR_NO_TOOL, "/nowhere/strata-guest");
}

static void
test_no_sysprep (void)
{
  g_auto (Setting) path = setting ("PATH", lab->folder);

  assert_check (STRATA_ERROR_NO_TOOL, "virt-sysprep");
}

static void
test_unknown_operation (void)
{
  const char *const operations[] = { "machine-id", "ssh-hostkey", NULL };
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autofree char *blank = guest_lab_blank (lab, "operation.img", NULL, 0);
  g_autoptr (GPtrArray) disks = guest_lab_disks (blank, "raw");
  g_autoptr (GError) error = NULL;

  g_assert_null (strata_guest_client_seal (client, disks, operations, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "ssh-hostkey"));
  g_assert_nonnull (strstr (strata_error_get_hint (error), "ssh-hostkeys"));
}

static char *
find_kernel_version (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/lib/modules", 0, NULL);

  g_assert_nonnull (dir);

  return g_strdup (g_dir_read_name (dir));
}

/* supermin honours SUPERMIN_KERNEL if it is told its version; a cache of its own keeps it from reusing
 * the appliance it has. */
static void
test_unreadable_kernel (void)
{
  g_autofree char *version = find_kernel_version ();
  g_autofree char *modules = g_build_filename ("/lib/modules", version, NULL);
  g_auto (Setting) told_version = setting ("SUPERMIN_KERNEL_VERSION", version);
  g_auto (Setting) told_modules = setting ("SUPERMIN_MODULES", modules);
  g_autofree char *kernel = guest_lab_blank (lab, "vmlinuz-unreadable", NULL, 0);
  g_autofree char *blank = guest_lab_blank (lab, "kernel.img", NULL, 0);
  g_autofree char *cache = guest_lab_path (lab, "cache");
  g_auto (Setting) told = setting ("SUPERMIN_KERNEL", kernel);
  g_auto (Setting) cachedir = setting ("LIBGUESTFS_CACHEDIR", cache);
  const char *const remove[] = { "rm", "-rf", cache, NULL };
  g_autofree char *output = NULL;

  g_assert_cmpint (g_chmod (kernel, 0000), ==, 0);
  g_assert_cmpint (g_mkdir (cache, 0700), ==, 0);

  assert_check (STRATA_ERROR_KERNEL_UNREADABLE, kernel);
  assert_inspect (blank, "raw", STRATA_ERROR_KERNEL_UNREADABLE, "kernel");

  output = guest_lab_run (remove);
}

static void
test_no_kernel (void)
{
  g_auto (Setting) told = setting ("SUPERMIN_KERNEL", "/nowhere/vmlinuz");

  assert_check (STRATA_ERROR_NO_APPLIANCE, "no kernel");
}

static void
test_no_appliance (void)
{
  g_autofree char *blank = guest_lab_blank (lab, "appliance.img", NULL, 0);
  g_auto (Setting) path = setting ("LIBGUESTFS_PATH", lab->folder);

  assert_check (STRATA_ERROR_NO_APPLIANCE, lab->folder);
  assert_inspect (blank, "raw", STRATA_ERROR_NO_APPLIANCE, "appliance");
}

/* QEMU that ends at once: the reason is in the log. */
static void
test_broken_qemu (void)
{
  g_autofree char *blank = guest_lab_blank (lab, "broken.img", NULL, 0);
  g_autofree char *qemu =
      guest_lab_script (lab, "broken-qemu", "#!/bin/sh\necho 'I am broken' >&2\nexit 1\n");
  g_auto (Setting) hv = setting ("LIBGUESTFS_HV", qemu);
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GPtrArray) disks = guest_lab_disks (blank, "raw");
  g_autoptr (GError) error = NULL;

  g_assert_null (strata_guest_client_inspect (client, disks, TRUE, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NO_APPLIANCE);
  g_assert_nonnull (strata_guest_client_get_log (client));
  g_assert_nonnull (strstr (strata_guest_client_get_log (client), "broken-qemu"));
}

static void
test_no_disk (void)
{
  assert_inspect ("/nowhere/disk.qcow2", "qcow2", STRATA_ERROR_NOT_FOUND, "/nowhere/disk.qcow2");
}

/* Somebody else has the disk open for writing. */
static void
test_busy (void)
{
  g_autofree char *overlay = guest_lab_overlay (lab, NULL, "busy.qcow2");
  g_autoptr (GPtrArray) disks = guest_lab_disks (overlay, "qcow2");
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) holder =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                        "qemu-io", "-f", "qcow2", overlay, NULL);
  char prompt[8];

  g_assert_no_error (error);
  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (holder), prompt,
                                        sizeof prompt, NULL, NULL),
                   >, 0);

  g_assert_null (strata_guest_client_seal (client, disks, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, overlay));
  assert_inspect (overlay, "qcow2", STRATA_ERROR_BUSY, overlay);

  g_output_stream_close (g_subprocess_get_stdin_pipe (holder), NULL, NULL);
  g_subprocess_wait (holder, NULL, NULL);
}

/* An appliance that says nothing while it starts under KVM is killed, and started without. The disk it
 * is given has no operating system. */
static void
test_hanging_kvm (void)
{
  g_autofree char *blank = guest_lab_blank (lab, "hang.img", NULL, 0);
  g_autofree char *qemu =
      guest_lab_script (lab, "hanging-qemu",
                        "#!/bin/sh\n"
                        "case \"$*\" in *accel=kvm*virtio-serial*) exec sleep 1000;; esac\n"
                        "exec qemu-system-x86_64 \"$@\"\n");
  g_auto (Setting) hv = setting ("LIBGUESTFS_HV", qemu);
  g_auto (Setting) settings = setting ("LIBGUESTFS_BACKEND_SETTINGS", NULL);
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GPtrArray) disks = guest_lab_disks (blank, "raw");
  g_autoptr (GError) error = NULL;

  strata_guest_client_set_patience (client, 6000);
  g_assert_null (strata_guest_client_inspect (client, disks, TRUE, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NO_OS);
  g_assert_nonnull (strstr (error->message, blank));
  g_assert_nonnull (strata_error_get_hint (error));
  g_assert_false (guest_lab_is_used (qemu));
}

/* A header of LUKS, version 1, is enough to see that the disk is encrypted. */
static void
test_encrypted (void)
{
  char header[592] = "LUKS\xba\xbe\0\1";
  g_autofree char *disk = NULL;

  strcpy (header + 8, "aes");
  strcpy (header + 40, "xts-plain64");
  strcpy (header + 72, "sha256");
  strcpy (header + 168, "6f0bb6a2-9a3c-4d5a-8a2b-1d5f0c2b7e11");
  disk = guest_lab_blank (lab, "luks.img", header, sizeof header);

  assert_inspect (disk, "raw", STRATA_ERROR_UNSUPPORTED, "encrypted");
}

/* What a raw disk holds is the guest's business: it must not be taken for an image format, which would let
 * the guest name a file of the host as its backing file. */
static void
test_forged_header (void)
{
  g_autofree char *secret = guest_lab_blank (lab, "secret.img", NULL, 0);
  g_autofree char *inner = guest_lab_path (lab, "inner.qcow2");
  const char *const create[] = { "qemu-img", "create", "-q",   "-f",  "qcow2", "-F",
                                 "raw",      "-b",     secret, inner, NULL };
  g_autofree char *output = guest_lab_run (create);
  g_autofree char *header = NULL;
  g_autofree char *disk = NULL;
  gsize length = 0;

  g_assert_true (g_file_get_contents (inner, &header, &length, NULL));
  disk = guest_lab_blank (lab, "forged.img", header, length);
  g_assert_cmpint (g_remove (secret), ==, 0);

  /* Were the header believed, QEMU would miss the backing file and not start. */
  assert_inspect (disk, "raw", STRATA_ERROR_NO_OS, "forged.img");
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (3 * G_USEC_PER_SEC);
  g_cancellable_cancel (data);

  return NULL;
}

static void
test_cancel (void)
{
  g_autofree char *blank = guest_lab_blank (lab, "cancel.img", NULL, 0);
  g_autoptr (GPtrArray) disks = guest_lab_disks (blank, "raw");
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gint64 begun = g_get_monotonic_time ();
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);

  g_assert_null (strata_guest_client_inspect (client, disks, TRUE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 8 * G_USEC_PER_SEC);
  g_assert_false (guest_lab_is_used (blank));
  g_thread_join (thread);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  lab = guest_lab_new ();
  if (lab == NULL)
    return 0;

  g_test_add_func ("/guest/trouble/check", test_check);
  g_test_add_func ("/guest/trouble/no-helper", test_no_helper);
  g_test_add_func ("/guest/trouble/no-sysprep", test_no_sysprep);
  g_test_add_func ("/guest/trouble/unknown-operation", test_unknown_operation);
  g_test_add_func ("/guest/trouble/unreadable-kernel", test_unreadable_kernel);
  g_test_add_func ("/guest/trouble/no-kernel", test_no_kernel);
  g_test_add_func ("/guest/trouble/no-appliance", test_no_appliance);
  g_test_add_func ("/guest/trouble/broken-qemu", test_broken_qemu);
  g_test_add_func ("/guest/trouble/no-disk", test_no_disk);
  g_test_add_func ("/guest/trouble/busy", test_busy);
  g_test_add_func ("/guest/trouble/hanging-kvm", test_hanging_kvm);
  g_test_add_func ("/guest/trouble/encrypted", test_encrypted);
  g_test_add_func ("/guest/trouble/forged-header", test_forged_header);
  g_test_add_func ("/guest/trouble/cancel", test_cancel);

  status = g_test_run ();
  guest_lab_free (lab);

  return status;
}
