/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The order in which virt-sysprep takes disks: whatever it does, the appliance has them in the guest's
 * order. Asked of the real program; no appliance is started.
 */

#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "guest/helper/strata-sysprep-order.h"
#include "guest/strata-guest-disk.h"
#include "guest/strata-sysprep-output.h"
#include "base/strata-error.h"

/* Turns its disks round before it calls the real one, so that the two together keep their order, as a
 * version that mends it will. */
static const char mended[] = "#!/bin/sh\n"
                             "set -e\n"
                             "options=; disks=\n"
                             "while [ $# -gt 0 ]; do\n"
                             "  case $1 in\n"
                             "    --format) format=$2; shift ;;\n"
                             "    -a) disks=\"--format $format -a $2 $disks\"; shift ;;\n"
                             "    *) options=\"$options $1\" ;;\n"
                             "  esac\n"
                             "  shift\n"
                             "done\n";

typedef struct
{
  char *folder;
  char *program;
  GPtrArray *disks;
} Fixture;

static char *
write_file (const char *folder, const char *name, const char *text, gsize length)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, (gssize) length, NULL));

  return path;
}

static gboolean
fixture_init (Fixture *self)
{
  static const char nothing[512];

  self->program = g_find_program_in_path ("virt-sysprep");
  if (self->program == NULL)
    {
      g_test_skip ("virt-sysprep is not installed");
      return FALSE;
    }

  self->folder = g_dir_make_tmp ("strata-order-XXXXXX", NULL);
  self->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.img", i);
      g_autofree char *path = write_file (self->folder, name, nothing, sizeof nothing);

      g_ptr_array_add (self->disks, strata_guest_disk_new (path, "raw"));
    }

  return TRUE;
}

static void
fixture_clear (Fixture *self)
{
  for (guint i = 0; i < self->disks->len; i++)
    g_remove (((StrataGuestDisk *) g_ptr_array_index (self->disks, i))->path);
  g_rmdir (self->folder);
  g_ptr_array_unref (self->disks);
  g_free (self->program);
  g_free (self->folder);
}

/* In which order PROGRAM adds DISKS to its appliance, which it doesn't get to start. */
static char **
get_arrivals (const char *program, GPtrArray *disks)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) argv = NULL;

  g_strv_builder_add_many (builder, program, "-x", NULL);
  for (guint i = 0; i < disks->len; i++)
    {
      StrataGuestDisk *disk = g_ptr_array_index (disks, i);

      g_strv_builder_add_many (builder, "--format", disk->format, "-a", disk->path, NULL);
    }
  argv = g_strv_builder_end (builder);

  g_subprocess_launcher_setenv (launcher, "LIBGUESTFS_BACKEND", "direct", TRUE);
  g_subprocess_launcher_setenv (launcher, "LIBGUESTFS_PATH", "/nonexistent", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, &error);
  g_assert_no_error (error);

  return strata_sysprep_drives_parse (text);
}

static void
assert_arrive (const char *program, GPtrArray *disks)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ordered = strata_sysprep_order_disks (program, disks, &error);
  g_auto (GStrv) arrivals = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (ordered->len, ==, disks->len);
  arrivals = get_arrivals (program, ordered);
  g_assert_cmpuint (g_strv_length (arrivals), ==, disks->len);
  for (guint i = 0; i < disks->len; i++)
    g_assert_cmpstr (arrivals[i], ==, ((StrataGuestDisk *) g_ptr_array_index (disks, i))->path);
}

static void
test_arrive (void)
{
  Fixture fixture = { 0 };

  if (!fixture_init (&fixture))
    return;

  assert_arrive (fixture.program, fixture.disks);
  fixture_clear (&fixture);
}

/* The day that virt-sysprep keeps the order, nothing goes wrong. */
static void
test_mended (void)
{
  Fixture fixture = { 0 };
  g_autofree char *text = NULL;
  g_autofree char *script = NULL;

  if (!fixture_init (&fixture))
    return;

  text = g_strconcat (mended, "exec ", fixture.program, " $options $disks\n", NULL);
  script = write_file (fixture.folder, "virt-sysprep", text, strlen (text));
  g_assert_cmpint (g_chmod (script, 0755), ==, 0);
  assert_arrive (script, fixture.disks);
  g_remove (script);
  fixture_clear (&fixture);
}

/* A program that doesn't tell is not used on several disks; with one there is no order. */
static void
test_silent (void)
{
  Fixture fixture = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) single = NULL;

  if (!fixture_init (&fixture))
    return;

  g_assert_null (strata_sysprep_order_disks ("/bin/true", fixture.disks, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED);

  g_ptr_array_set_size (fixture.disks, 1);
  single = strata_sysprep_order_disks ("/bin/true", fixture.disks, NULL);
  g_assert_nonnull (single);
  g_assert_cmpuint (single->len, ==, 1);
  fixture_clear (&fixture);
}

/* Goes red the day that upstream mends it. Then nothing has to be done but to say so in docs/sealing.md,
 * and to take this test away. */
static void
test_still_reversed (void)
{
  Fixture fixture = { 0 };
  g_auto (GStrv) arrivals = NULL;

  if (!fixture_init (&fixture))
    return;

  arrivals = get_arrivals (fixture.program, fixture.disks);
  g_assert_cmpuint (g_strv_length (arrivals), ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (arrivals[i], ==,
                     ((StrataGuestDisk *) g_ptr_array_index (fixture.disks, 2 - i))->path);
  fixture_clear (&fixture);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/guest/order/arrive", test_arrive);
  g_test_add_func ("/guest/order/mended", test_mended);
  g_test_add_func ("/guest/order/silent", test_silent);
  g_test_add_func ("/guest/order/still-reversed", test_still_reversed);

  return g_test_run ();
}
