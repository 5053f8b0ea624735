/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Documents that are damaged, hostile, or something else: an error, never a crash, nothing fetched. */

#include "config.h"

#include <string.h>

#include "golden.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

static void
assert_domain_invalid (const char *text, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, &error);

  g_assert_null (xml);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  if (strstr (error->message, words) == NULL)
    g_test_fail_printf ("“%s” does not say “%s”", error->message, words);
}

static void
test_domain (void)
{
  assert_domain_invalid ("", "not well-formed");
  assert_domain_invalid ("   ", "not well-formed");
  assert_domain_invalid ("web-base", "not well-formed at line 1");
  assert_domain_invalid ("<domain>\n<name>a</name>", "line 2");
  assert_domain_invalid ("<domain><name>a</nome></domain>", "nome");
  assert_domain_invalid ("<domain><name>\xff\xfe</name></domain>", "not well-formed");
  assert_domain_invalid ("<domain><name>&unknown;</name></domain>", "unknown");
  assert_domain_invalid ("<network><name>a</name></network>", "<network>");
  assert_domain_invalid ("<d:domain xmlns:d='urn:d'><name>a</name></d:domain>", "<domain>");
  assert_domain_invalid ("<domain/>", "has no name");
  assert_domain_invalid ("<domain><name> </name></domain>", "has no name");
  assert_domain_invalid ("<domain><devices><name>a</name></devices></domain>", "has no name");
  assert_domain_invalid ("<domain><name>a</name><uuid>none</uuid></domain>",
                         "“none” is not a UUID");
  assert_domain_invalid ("<domain><name>a</name>"
                         "<uuid>b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f0011</uuid></domain>",
                         "is not a UUID");
}

static void
test_entities (void)
{
  assert_domain_invalid ("<!DOCTYPE domain [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
                         "<domain><name>&e;</name></domain>",
                         "document type");
  assert_domain_invalid ("<!DOCTYPE domain SYSTEM 'http://192.0.2.1/a.dtd'>"
                         "<domain><name>a</name></domain>",
                         "document type");
  assert_domain_invalid ("<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'>"
                         "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
                         "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
                         "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
                         "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>]>"
                         "<domain><name>a</name><description>&e;&e;&e;</description></domain>",
                         "");
}

/* As deep as a stack would not stand. */
static void
test_deep (void)
{
  g_autoptr (GString) text = g_string_new ("<domain><name>a</name>");

  for (int i = 0; i < 100000; i++)
    g_string_append (text, "<a>");
  assert_domain_invalid (text->str, "not well-formed");
}

/* Everything that can be asked of a definition, or done to it. */
static void
exercise (StrataDomainXml *xml)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (xml);
  g_autoptr (StrataTemplateMark) mark = strata_domain_xml_get_template_mark (xml);
  g_autoptr (StrataDomainXml) again = NULL;
  g_autofree char *graphics = strata_domain_xml_get_graphics (xml);
  g_autofree char *os = strata_domain_xml_get_os_info (xml);
  g_autofree char *nvram = strata_domain_xml_get_nvram (xml);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  StrataTemplateMark new_mark = { .version = 1 };

  strata_domain_xml_get_vcpus (xml);
  strata_domain_xml_get_memory (xml);
  strata_domain_xml_has_agent (xml);
  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);

      strata_domain_xml_set_disk_file (xml, disk->target, "/new.qcow2", "qcow2");
      strata_domain_xml_set_disk_readonly (xml, disk->target, TRUE);
    }
  strata_domain_xml_set_nvram (xml, "/new.fd");
  strata_domain_xml_renew_identity (xml, "new", "11111111-2222-4333-8444-555555555555", NULL);
  strata_domain_xml_set_template_mark (xml, &new_mark);

  text = strata_domain_xml_to_string (xml);
  again = strata_domain_xml_new_from_string (text, &error);
  g_assert_no_error (error);
}

static void
try_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, &error);

  if (xml != NULL)
    exercise (xml);
  else
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

static void
test_truncated (void)
{
  g_autofree char *text = golden_read ("identity.xml");
  size_t length = strlen (text);

  for (size_t i = 0; i < length; i++)
    {
      g_autofree char *part = g_strndup (text, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (part, &error);

      /* The last character is the line's end after the root element. */
      if (i < length - 1)
        g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
      else
        g_assert_no_error (error);
    }
}

/* Elements and attributes missing, twice, or elsewhere, in documents that are still well-formed. */
static void
test_mutated (void)
{
  static const char *const names[] = { "identity.xml", "disks.xml", "uefi.xml", "namespaces.xml" };
  static const char alphabet[] = "<>/='\" &;abdnsv\n0:";
  int mutants = g_test_thorough () ? 5000 : 200;

  for (size_t n = 0; n < G_N_ELEMENTS (names); n++)
    {
      g_autofree char *text = golden_read (names[n]);
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
      guint count = g_strv_length (lines);
      size_t length = strlen (text);

      for (guint i = 0; i < count; i++)
        {
          g_autofree char *line = g_steal_pointer (&lines[i]);
          g_autofree char *without = NULL;
          g_autofree char *twice = NULL;

          lines[i] = g_strdup ("");
          without = g_strjoinv ("\n", lines);
          try_text (without);

          g_free (lines[i]);
          lines[i] = g_strconcat (line, line, NULL);
          twice = g_strjoinv ("\n", lines);
          try_text (twice);

          g_free (lines[i]);
          lines[i] = g_steal_pointer (&line);
        }

      for (int i = 0; i < mutants; i++)
        {
          g_autofree char *mutant = g_strdup (text);

          for (int j = g_test_rand_int_range (1, 4); j > 0; j--)
            mutant[g_test_rand_int_range (0, (gint32) length)] =
                alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)];
          try_text (mutant);
        }
    }
}

static void
test_storage (void)
{
  static const char *const texts[] = { "",   "<volume/>", "<pool/>", "<pool><name/></pool>",
                                       "<a", "<a/>" };

  for (size_t i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) volume_error = NULL;
      g_autoptr (GError) pool_error = NULL;

      g_assert_null (strata_volume_xml_new_from_string (texts[i], &volume_error));
      g_assert_error (volume_error, STRATA_ERROR, STRATA_ERROR_INVALID);
      g_assert_null (strata_pool_xml_new_from_string (texts[i], &pool_error));
      g_assert_error (pool_error, STRATA_ERROR, STRATA_ERROR_INVALID);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/malformed/domain", test_domain);
  g_test_add_func ("/xml/malformed/entities", test_entities);
  g_test_add_func ("/xml/malformed/deep", test_deep);
  g_test_add_func ("/xml/malformed/truncated", test_truncated);
  g_test_add_func ("/xml/malformed/mutated", test_mutated);
  g_test_add_func ("/xml/malformed/storage", test_storage);

  return g_test_run ();
}
