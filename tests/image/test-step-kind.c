/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "plan/strata-plan.h"
#include "base/strata-error.h"

static JsonObject *
parse (const char *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  g_assert_nonnull (node);

  return json_object_ref (json_node_get_object (node));
}

static void
test_words (void)
{
  StrataStepKind kind;

  for (guint i = 0; i < STRATA_N_STEP_KINDS; i++)
    {
      g_assert_nonnull (strata_step_kind_get_word (i));
      g_assert_true (strata_step_kind_from_word (strata_step_kind_get_word (i), &kind));
      g_assert_cmpint (kind, ==, i);
      g_assert_cmpfloat (strata_step_kind_get_seconds (i), >, 0);
    }
  g_assert_false (strata_step_kind_from_word ("merge", &kind));
  g_assert_false (strata_step_kind_from_word ("", &kind));
}

static void
test_takes (void)
{
  static const struct
  {
    StrataStepKind kind;
    const char *args;
    gboolean takes;
  } cases[] = {
    { STRATA_STEP_COMMIT, "{\"top\":\"/a\",\"base\":\"/b\",\"active\":true}", TRUE },
    { STRATA_STEP_COMMIT, "{\"top\":\"/a\"}", FALSE },
    { STRATA_STEP_COMMIT, "{\"top\":\"/a\",\"base\":1}", FALSE },
    { STRATA_STEP_COMMIT, "{\"top\":\"/a\",\"base\":\"/b\",\"active\":\"yes\"}", FALSE },
    { STRATA_STEP_SET_MODE, "{\"path\":\"/a\",\"mode\":256,\"previous\":384}", TRUE },
    { STRATA_STEP_SET_MODE, "{\"path\":\"/a\",\"mode\":256,\"previous\":\"0600\"}", FALSE },
    { STRATA_STEP_DEFINE, "{\"uuid\":\"u\",\"xml\":\"<domain/>\",\"previous\":\"<domain/>\"}",
      TRUE },
    { STRATA_STEP_RECONCILE, "{\"uuid\":\"u\"}", TRUE },
    { STRATA_STEP_RECONCILE, "{\"uuid\":\"u\",\"map\":[{\"from\":\"/a\",\"to\":\"/b\"}]}", FALSE },
    { STRATA_STEP_SEAL, "{\"disks\":[{\"path\":\"/a\",\"format\":\"raw\"}],\"accepted\":[\"x\"]}",
      TRUE },
    { STRATA_STEP_SEAL, "{\"disks\":[{\"format\":\"raw\"}]}", FALSE },
    { STRATA_STEP_SEAL, "{\"disks\":[\"/a\"]}", FALSE },
    { STRATA_STEP_SEAL, "{\"disks\":[],\"accepted\":[1]}", FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) args = parse (cases[i].args);

      g_test_message ("%s", cases[i].args);
      g_assert_cmpint (strata_step_kind_takes (cases[i].kind, args), ==, cases[i].takes);
    }
}

/* What is no word of ours is refused, and not passed over. */
static void
test_unknown (void)
{
  static const char *const kinds[] = { "merge", "Commit", "commit ", "" };

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{\"title\":\"t\",\"act\":\"a\",\"resources\":[],\"steps\":[{\"kind\":\"%s\",\"title\":\"s\","
          "\"args\":{\"top\":\"/a\",\"base\":\"/b\"}}]}",
          kinds[i]);
      g_autoptr (JsonObject) object = parse (text);
      g_autoptr (GError) error = NULL;

      g_assert_null (strata_plan_new_from_json (object, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
    }
}

/* What the law goes by: what a kind does to the images that it names, and whether it is asked right before it. */
static void
test_touch (void)
{
  static const struct
  {
    StrataStepKind kind;
    StrataTouch touch;
    gboolean needs_law;
  } cases[] = {
    { STRATA_STEP_CHECK_CHAIN, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_CHECK_SPACE, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_COMMIT, STRATA_TOUCH_CHANGES, TRUE },
    { STRATA_STEP_CONVERT_TAG, STRATA_TOUCH_READS, FALSE },
    { STRATA_STEP_COPY_FILE, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_COPY_IMAGE, STRATA_TOUCH_READS, FALSE },
    { STRATA_STEP_COPY_VERBATIM, STRATA_TOUCH_READS, FALSE },
    { STRATA_STEP_CREATE_OVERLAY, STRATA_TOUCH_READS, FALSE },
    { STRATA_STEP_CUSTOMISE, STRATA_TOUCH_CHANGES, TRUE },
    { STRATA_STEP_DEFINE, STRATA_TOUCH_NOTHING, TRUE },
    { STRATA_STEP_DELETE_FILE, STRATA_TOUCH_REMOVES, TRUE },
    { STRATA_STEP_DELETE_METADATA, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_DELETE_TAG, STRATA_TOUCH_CHANGES, TRUE },
    { STRATA_STEP_DELETE_VOLUME, STRATA_TOUCH_REMOVES, TRUE },
    { STRATA_STEP_INSPECT, STRATA_TOUCH_READS, FALSE },
    { STRATA_STEP_KEEP_TAG, STRATA_TOUCH_CHANGES, TRUE },
    { STRATA_STEP_PULL, STRATA_TOUCH_FILLS, TRUE },
    { STRATA_STEP_RECONCILE, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_REQUIRE_ACTIVE, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_REQUIRE_OFF, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_RESTORE, STRATA_TOUCH_NOTHING, TRUE },
    { STRATA_STEP_SEAL, STRATA_TOUCH_CHANGES, TRUE },
    { STRATA_STEP_SET_MODE, STRATA_TOUCH_READS, FALSE },
    { STRATA_STEP_SHUT_DOWN, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_SNAPSHOT_CREATE, STRATA_TOUCH_READS, FALSE },
    { STRATA_STEP_SNAPSHOT_DEFINE, STRATA_TOUCH_NOTHING, FALSE },
    { STRATA_STEP_SNAPSHOT_DELETE, STRATA_TOUCH_CHANGES, TRUE },
    { STRATA_STEP_SNAPSHOT_REVERT, STRATA_TOUCH_CHANGES, TRUE },
    { STRATA_STEP_START, STRATA_TOUCH_NOTHING, TRUE },
    { STRATA_STEP_UNDEFINE, STRATA_TOUCH_NOTHING, TRUE },
    { STRATA_STEP_VERIFY, STRATA_TOUCH_READS, FALSE },
  };

  g_assert_cmpuint (G_N_ELEMENTS (cases), ==, STRATA_N_STEP_KINDS);
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", strata_step_kind_get_word (cases[i].kind));
      g_assert_cmpint (strata_step_kind_get_touch (cases[i].kind), ==, cases[i].touch);
      g_assert_cmpint (strata_step_kind_needs_law (cases[i].kind), ==, cases[i].needs_law);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/step-kind/words", test_words);
  g_test_add_func ("/step-kind/takes", test_takes);
  g_test_add_func ("/step-kind/touch", test_touch);
  g_test_add_func ("/step-kind/unknown", test_unknown);

  return g_test_run ();
}
