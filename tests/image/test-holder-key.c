/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who holds something: names with any character in them are never taken for another's. */

#include "config.h"

#include "graph/strata-holder-key.h"
#include "base/strata-error.h"

#define UUID "6d1d4a5e-0000-4000-8000-000000000001"

static void
test_distinct (void)
{
  StrataHolderKey *keys[] = {
    strata_holder_key_new_disk (UUID, "vda"),
    strata_holder_key_new_next_disk (UUID, "vda"),
    strata_holder_key_new_snapshot (UUID, "@next", "vda"),
    strata_holder_key_new_snapshot (UUID, "", "vda"),
    strata_holder_key_new_snapshot (UUID, "a/b", "c"),
    strata_holder_key_new_snapshot (UUID, "a", "b/c"),
    strata_holder_key_new_snapshot (UUID, "s1", "memory"),
    strata_holder_key_new_memory (UUID, "s1"),
    strata_holder_key_new_image ("/a:b"),
    strata_holder_key_new_tag ("/a", "b"),
    strata_holder_key_new_tag ("/a:b", "c"),
    strata_holder_key_new_tag ("/a", "b:c"),
    strata_holder_key_new_tag ("/a", "?"),
    strata_holder_key_new_tag ("/a", NULL),
    strata_holder_key_new_use (UUID, NULL, "option", "/a"),
    strata_holder_key_new_use (UUID, "s1", "option", "/a"),
    strata_holder_key_new_use (UUID, NULL, "saved", "/a"),
  };

  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (JsonObject) json = strata_holder_key_to_json (keys[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataHolderKey) again = strata_holder_key_new_from_json (json, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (strata_holder_key_hash (again), ==, strata_holder_key_hash (keys[i]));
      for (size_t j = 0; j < G_N_ELEMENTS (keys); j++)
        g_assert_cmpint (strata_holder_key_equal (again, keys[j]), ==, i == j);
    }

  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++)
    strata_holder_key_free (keys[i]);
}

static void
assert_covers (StrataHolderKey *one, StrataHolderKey *other, gboolean covers)
{
  g_assert_cmpint (strata_holder_key_covers (one, other), ==, covers);
  strata_holder_key_free (one);
  strata_holder_key_free (other);
}

static void
test_covers (void)
{
  assert_covers (strata_holder_key_new_disk (UUID, NULL), strata_holder_key_new_disk (UUID, "vda"),
                 TRUE);
  assert_covers (strata_holder_key_new_disk (UUID, NULL),
                 strata_holder_key_new_next_disk (UUID, "vda"), TRUE);
  assert_covers (strata_holder_key_new_disk (UUID, NULL),
                 strata_holder_key_new_snapshot (UUID, "@next", "vda"), FALSE);
  assert_covers (strata_holder_key_new_disk (UUID, "vda"), strata_holder_key_new_disk (UUID, "vdb"),
                 FALSE);
  assert_covers (strata_holder_key_new_disk ("other", NULL),
                 strata_holder_key_new_disk (UUID, "vda"), FALSE);
  assert_covers (strata_holder_key_new_snapshot (UUID, "s1", NULL),
                 strata_holder_key_new_snapshot (UUID, "s1", "vda"), TRUE);
  assert_covers (strata_holder_key_new_snapshot (UUID, "s1", NULL),
                 strata_holder_key_new_memory (UUID, "s1"), TRUE);
  assert_covers (strata_holder_key_new_disk (UUID, NULL),
                 strata_holder_key_new_use (UUID, NULL, "option", "/a"), TRUE);
  assert_covers (strata_holder_key_new_disk (UUID, NULL),
                 strata_holder_key_new_use (UUID, "s1", "option", "/a"), FALSE);
  assert_covers (strata_holder_key_new_snapshot (UUID, "s1", NULL),
                 strata_holder_key_new_use (UUID, "s1", "option", "/a"), TRUE);
  assert_covers (strata_holder_key_new_snapshot (UUID, "s1", NULL),
                 strata_holder_key_new_use (UUID, NULL, "option", "/a"), FALSE);
  /* as strings, the one would begin with the other */
  assert_covers (strata_holder_key_new_snapshot (UUID, "s1", NULL),
                 strata_holder_key_new_snapshot (UUID, "s1/s2", "vda"), FALSE);
  assert_covers (strata_holder_key_new_image ("/a"), strata_holder_key_new_image ("/a/b"), FALSE);
  assert_covers (strata_holder_key_new_tag ("/a", NULL), strata_holder_key_new_tag ("/a", "b"),
                 FALSE);
}

static void
test_damaged (void)
{
  g_autoptr (JsonObject) json = json_object_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (strata_holder_key_new_from_json (json, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/holder-key/distinct", test_distinct);
  g_test_add_func ("/holder-key/covers", test_covers);
  g_test_add_func ("/holder-key/damaged", test_damaged);

  return g_test_run ();
}
