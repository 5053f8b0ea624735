/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names, and the patterns that make many of them. */

#include "config.h"

#include "plan/strata-request.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

static void
test_expand (void)
{
  static const struct
  {
    const char *pattern;
    guint first, count;
    const char *expected; /* NULL: refused */
  } cases[] = {
    { "web-%02d", 1, 3, "web-01 web-02 web-03" },
    { "web-%d", 9, 2, "web-9 web-10" },
    { "%03d.vm", 1, 1, "001.vm" },
    { "web-%02d", 99, 2, "web-99 web-100" },
    { "one", 1, 1, "one" },
    { "one", 1, 2, NULL },
    { "web-%s", 1, 1, NULL },
    { "%d-%d", 1, 1, NULL },
    { "web-%n", 1, 2, NULL },
    { "web-%", 1, 1, NULL },
    { "web-%%d", 1, 1, NULL },
    { "web-%00d", 1, 1, NULL },
    { "web/%d", 1, 1, NULL },
    { "web-%d", 1, 0, NULL },
    { "web-%d", 1, 1001, NULL },
    { "", 1, 1, NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) names =
          strata_name_pattern_expand (cases[i].pattern, cases[i].first, cases[i].count, &error);
      g_autofree char *joined = names != NULL ? g_strjoinv (" ", names) : NULL;

      g_assert_cmpstr (joined, ==, cases[i].expected);
      if (cases[i].expected == NULL)
        g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
    }
}

static void
test_check (void)
{
  static const char *const good[] = { "web", "Máy chủ 1", "a.b-c_d", "9" };
  static const char *const bad[] = {
    "", ".hidden", "-rf", "a/b", "a\nb", " a", "a ", "a<b", "a\\b"
  };
  g_autofree char *longest = g_strnfill (201, 'a');

  for (size_t i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (strata_name_check (good[i], NULL));
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (strata_name_check (bad[i], &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
      g_assert_nonnull (strata_error_get_hint (error));
    }
  g_assert_false (strata_name_check (longest, NULL));
}

static void
test_from_source (void)
{
  g_autofree char *a = strata_name_from_source ("template-%s", "web");
  g_autofree char *b = strata_name_from_source ("golden", "web");
  g_autofree char *c = strata_name_from_source ("%s-%s", "a%s");

  g_assert_cmpstr (a, ==, "template-web");
  g_assert_cmpstr (b, ==, "golden-web");
  g_assert_cmpstr (c, ==, "a%s-%s");
}

static void
test_description (void)
{
  static const struct
  {
    const char *text;
    gboolean fit;
  } cases[] = {
    { NULL, TRUE },
    { "", TRUE },
    { "kept, see strata:retained", TRUE },
    { "strata:retained", FALSE },
    { " strata:retained\nfor the tests", FALSE },
    { "strata:retained by me", FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (strata_description_check (cases[i].text, &error) == cases[i].fit);
      if (!cases[i].fit)
        g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/name/expand", test_expand);
  g_test_add_func ("/name/check", test_check);
  g_test_add_func ("/name/from-source", test_from_source);

  g_test_add_func ("/name/description", test_description);

  return g_test_run ();
}
