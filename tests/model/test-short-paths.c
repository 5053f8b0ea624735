/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "model/strata-short-paths.h"

static void
assert_short (const char *text, const char *expected)
{
  g_autofree char *result = strata_short_paths (text);

  g_assert_cmpstr (result, ==, expected);
}

static void
test_files (void)
{
  assert_short ("“/pool/web.qcow2” is needed by “web-02”", "“web.qcow2” is needed by “web-02”");
  assert_short ("“/pool/a.qcow2” stands on “/pool/sub/b.raw”", "“a.qcow2” stands on “b.raw”");
  assert_short ("“/pool/a.qcow2”, and “/pool/a.qcow2” again", "“a.qcow2”, and “a.qcow2” again");
  assert_short ("Nothing is named", "Nothing is named");
  assert_short ("", "");
}

/* A folder's or a device's name says little without what is before it. */
static void
test_others (void)
{
  assert_short ("The folder “/srv/images” is full", "The folder “/srv/images” is full");
  assert_short ("“/dev/vg/web” is in use", "“/dev/vg/web” is in use");
  assert_short ("“/home/ann/.hidden” stays", "“/home/ann/.hidden” stays");
  assert_short ("an open “/quotation.mark", "an open “/quotation.mark");
}

static void
test_ambiguous (void)
{
  assert_short ("“/a/disk.img” and “/b/disk.img” may be one and the same file, unlike “/a/c.img”",
                "“/a/disk.img” and “/b/disk.img” may be one and the same file, unlike “c.img”");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/short-paths/files", test_files);
  g_test_add_func ("/short-paths/others", test_others);
  g_test_add_func ("/short-paths/ambiguous", test_ambiguous);

  return g_test_run ();
}
