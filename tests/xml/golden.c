/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Golden files: documents in tests/xml/data, and results compared with them. A result that differs
 * is left in the build folder, to be compared and, if it is right, copied over the old one.
 */

#include "config.h"

#include "golden.h"

/* Returns: (transfer full): the text of a file in tests/xml/data */
char *
golden_read (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);

  return text;
}

/* Returns: (transfer full): the domain in a file in tests/xml/data */
StrataDomainXml *
golden_domain (const char *name)
{
  g_autofree char *text = golden_read (name);
  g_autoptr (GError) error = NULL;
  StrataDomainXml *xml = strata_domain_xml_new_from_string (text, &error);

  g_assert_no_error (error);

  return xml;
}

/* Fails the test if ACTUAL is not, byte for byte, the file NAME of tests/xml/data. */
void
golden_check (const char *name, const char *actual)
{
  g_autofree char *expected_path = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  g_autofree char *actual_path = NULL;
  g_autofree char *expected = NULL;

  g_file_get_contents (expected_path, &expected, NULL, NULL);
  if (g_strcmp0 (actual, expected) == 0)
    return;

  actual_path = g_test_build_filename (G_TEST_BUILT, name, NULL);
  g_file_set_contents (actual_path, actual, -1, NULL);
  g_test_message ("diff -u %s %s", expected_path, actual_path);
  g_test_fail_printf ("%s is not as expected", name);
}
