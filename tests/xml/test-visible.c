/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Other people's names, shown to a terminal and given to a shell. */

#include "config.h"

#include <gio/gio.h>

#include "base/strata-visible.h"

static void
test_visible (void)
{
  static const struct
  {
    const char *text;
    const char *shown;
  } cases[] = {
    { "", "" },
    { "web.qcow2", "web.qcow2" },
    { "“máy ảo” 机器 \xf0\x9f\x98\x80", "“máy ảo” 机器 \xf0\x9f\x98\x80" },
    { "می\xe2\x80\x8cخواهم", "می\xe2\x80\x8cخواهم" },
    { "y\033]0;owned\007\033[2K\rNothing", "y\\x1b]0;owned\\x07\\x1b[2K\\x0dNothing" },
    { "a\nb\tc\177", "a\\x0ab\\x09c\\x7f" },
    { "\xc2\x9b"
      "31m",
      "\\x9b31m" },
    { "\xe2\x80\xaegpj.exe\xe2\x81\xa6", "\\u202egpj.exe\\u2066" },
    { "a\xe2\x80\xa8"
      "b",
      "a\\u2028b" },
    { "\xf3\xa0\x80\x81", "\\U000e0001" },
    { "\xff\xc3", "\\xff\\xc3" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *shown = strata_make_visible (cases[i].text);

      g_assert_cmpstr (shown, ==, cases[i].shown);
    }
}

static void
test_json (void)
{
  static const struct
  {
    const char *json;
    const char *shown;
  } cases[] = {
    { "{\n  \"a\" : \"“máy ảo” \\n\\u001b\"\n}", "{\n  \"a\" : \"“máy ảo” \\n\\u001b\"\n}" },
    { "\"\xc2\x9b"
      "31m\177\"",
      "\"\\u009b31m\\u007f\"" },
    { "\"\xe2\x80\xaegpj.exe\xe2\x81\xa6\"", "\"\\u202egpj.exe\\u2066\"" },
    { "\"\xf3\xa0\x80\x81\"", "\"\\udb40\\udc01\"" },
    { "\"\xff\"", "\"\\ufffd\"" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *shown = strata_make_json_visible (cases[i].json);

      g_assert_cmpstr (shown, ==, cases[i].shown);
    }
}

static void
test_plain_word (void)
{
  static const char *const words[] = { "virsh",          "--format",
                                       "/a/b_c-1.qcow2", "vda,file=/a%b+c@d:e",
                                       "máy-ảo",         "…" };

  for (size_t i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *quoted = strata_quote_word (words[i]);

      g_assert_cmpstr (quoted, ==, words[i]);
    }
}

/* What bash makes of it is the word. */
static void
test_quoted_word (void)
{
  static const char *const words[] = {
    "",
    "a b",
    "$(touch x);a",
    "it's",
    "`id`",
    "~",
    "a\nb",
    "\033[2K'\\",
    "#a",
    "*",
    "\xe2\x80\xae"
    "a",
    "\xff\xfe"
    "7",
    "a\\nb'",
    "!",
    "a\xc2\xa0z",
    "{a,b}",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *quoted = strata_quote_word (words[i]);
      g_autofree char *visible = strata_make_visible (quoted);
      g_autofree char *command = g_strdup_printf ("printf '%%s.' %s", quoted);
      g_autofree char *expected = g_strconcat (words[i], ".", NULL);
      const char *argv[] = { "bash", "-c", command, NULL };
      g_autofree char *out = NULL;
      g_autoptr (GError) error = NULL;
      int status;

      g_assert_cmpstr (visible, ==, quoted);
      g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL,
                    &status, &error);
      g_assert_no_error (error);
      g_assert_cmpint (status, ==, 0);
      g_assert_cmpstr (out, ==, expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/visible/text", test_visible);
  g_test_add_func ("/visible/json", test_json);
  g_test_add_func ("/visible/plain-word", test_plain_word);
  g_test_add_func ("/visible/quoted-word", test_quoted_word);

  return g_test_run ();
}
