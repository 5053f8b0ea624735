/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A new identity for a copied definition. What is drawn at random is checked as a property, and then
 * replaced by a number, so that the rest can be compared with a golden file.
 */

#include "config.h"

#include <string.h>

#include "golden.h"

#define NEW_UUID "11111111-2222-4333-8444-555555555555"

static char *
renumber (const char *text, const char *pattern, const char *replacement)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);

  return g_regex_replace_literal (regex, text, -1, 0, replacement, 0, NULL);
}

/* Writes MAC-1, MAC-2… for the addresses in the order of their first appearance, and GENID. */
static char *
without_chance (StrataDomainXml *xml)
{
  g_autofree char *text = strata_domain_xml_to_string (xml);
  g_auto (GStrv) macs = strata_domain_xml_get_macs (xml);

  for (size_t i = 0; macs[i] != NULL; i++)
    {
      g_autofree char *number = g_strdup_printf ("MAC-%zu", i + 1);
      g_autofree char *next = renumber (text, macs[i], number);

      g_set_str (&text, next);
    }

  return renumber (text, "<genid>[0-9a-f-]{36}</genid>", "<genid>GENID</genid>");
}

static void
check_renewed (const char *input, const char *expected)
{
  g_autoptr (StrataDomainXml) xml = golden_domain (input);
  g_autofree char *text = NULL;

  strata_domain_xml_renew_identity (xml, "web-01", NEW_UUID, NULL);
  text = without_chance (xml);
  golden_check (expected, text);
}

static void
test_golden (void)
{
  check_renewed ("bios.xml", "bios.renewed.xml");
  check_renewed ("uefi.xml", "uefi.renewed.xml");
  check_renewed ("disks.xml", "disks.renewed.xml");
  check_renewed ("identity.xml", "identity.renewed.xml");
  check_renewed ("namespaces.xml", "namespaces.renewed.xml");
}

static StrataDomainXml *
with_interfaces (guint count)
{
  g_autoptr (GString) text = g_string_new ("<domain><name>a</name><devices>");

  for (guint i = 0; i < count; i++)
    g_string_append_printf (text, "<interface><mac address='52:54:00:00:%02x:%02x'/></interface>",
                            i / 256, i % 256);
  g_string_append (text, "</devices></domain>");

  return strata_domain_xml_new_from_string (text->str, NULL);
}

/* 2,000 addresses out of 16 million meet by chance with a probability of 11 %, and with the 6,000
 * taken ones more often than not: were it left to chance, this test would fail most of the time. */
static void
test_macs_differ (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) taken = g_ptr_array_new_null_terminated (0, g_free, TRUE);

  for (int round = 0; round < 4; round++)
    {
      g_autoptr (StrataDomainXml) xml = with_interfaces (2000);
      g_auto (GStrv) before = strata_domain_xml_get_macs (xml);
      g_auto (GStrv) macs = NULL;

      for (size_t i = 0; before[i] != NULL; i++)
        g_hash_table_add (seen, g_strdup (before[i]));

      strata_domain_xml_renew_identity (xml, "b", NEW_UUID, (const char *const *) taken->pdata);
      macs = strata_domain_xml_get_macs (xml);
      g_assert_cmpuint (g_strv_length (macs), ==, 2000);
      for (size_t i = 0; macs[i] != NULL; i++)
        {
          g_assert_true (g_str_has_prefix (macs[i], "52:54:00:"));
          g_assert_cmpuint (strlen (macs[i]), ==, strlen ("52:54:00:00:00:00"));
          g_assert_true (g_hash_table_add (seen, g_strdup (macs[i])));
          /* libvirt may say them in either case. */
          g_ptr_array_add (taken, g_ascii_strup (macs[i], -1));
        }
    }
}

static void
test_again (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("identity.xml");
  g_autoptr (StrataDomainXml) again = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *first_plain = NULL;
  g_autofree char *second_plain = NULL;

  strata_domain_xml_renew_identity (xml, "web-01", NEW_UUID, NULL);
  again = strata_domain_xml_copy (xml);
  strata_domain_xml_renew_identity (again, "web-01", NEW_UUID, NULL);

  first = strata_domain_xml_to_string (xml);
  second = strata_domain_xml_to_string (again);
  g_assert_cmpstr (first, !=, second);

  /* Only chance makes the difference: what there is to be removed was removed the first time. */
  first_plain = without_chance (xml);
  second_plain = without_chance (again);
  g_assert_cmpstr (first_plain, ==, second_plain);
}

/* Nothing by which the original is known is left in the copy, wherever it stands. */
static void
test_nothing_left (void)
{
  static const char *const gone[] = {
    "full-base.serial",
    "full-base.vnc",
    "full-base.log",
    "full-base-serial.log",
    "3-full-base",
    "FULL-0001",
    "5000c50015ea71aa",
    "0c8bd3a1f004",
    "0c8bd3a1f0aa",
    "b4c6b5f0f004",
    "b4c6b5f0f005",
    "vnet7",
    "/dev/pts",
    "590",
    "5700",
    "address=\"7\"",
    "PSTORE",
    "/srv/tpm",
    "+64055",
    "backingStore",
    "strata:",
    "aa:bb:0",
    "Everything a VM can",
    "alias name=\"scsi0",
    "c1,c2",
  };
  static const char *const kept[] = {
    "/srv/collector.sock", "0xbeef",
    "libvirt-full-base",   "ua-team0",
    "libosinfo:os",        "passwd=\"secret\"",
    "profileid=\"web\"",   "svirt_custom_t:s0<",
  };
  g_autoptr (StrataDomainXml) xml = golden_domain ("identity.xml");
  g_autofree char *text = NULL;

  strata_domain_xml_renew_identity (xml, "web-01", NEW_UUID, NULL);
  text = without_chance (xml);

  for (size_t i = 0; i < G_N_ELEMENTS (gone); i++)
    {
      if (strstr (text, gone[i]) != NULL)
        g_test_fail_printf ("“%s” is still there", gone[i]);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      if (strstr (text, kept[i]) == NULL)
        g_test_fail_printf ("“%s” is gone", kept[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/identity/golden", test_golden);
  g_test_add_func ("/xml/identity/macs-differ", test_macs_differ);
  g_test_add_func ("/xml/identity/again", test_again);
  g_test_add_func ("/xml/identity/nothing-left", test_nothing_left);

  return g_test_run ();
}
