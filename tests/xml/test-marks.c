/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Our marks in <metadata>, beside other people's. */

#include "config.h"

#include <string.h>

#include "golden.h"

#define BASE_UUID  "b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f001"
#define OTHER_UUID "b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f0ee"

static const StrataTemplateMark template_mark = {
  .domain = (char *) BASE_UUID,
  .source = (char *) "web <base>",
  .sealed = (char *) "2026-11-03T10:00:00Z",
  .operations = (char *) "logfiles,machine-id",
  .os = (char *) "Debian GNU/Linux 12 (bookworm)",
  .os_id = (char *) "debian",
  .version = 3,
};

static const StrataCloneMark clone_mark = {
  .template_uuid = (char *) OTHER_UUID,
  .template_name = (char *) "template-web",
  .version = 2,
  .thin = TRUE,
};

static void
test_both (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("bios.xml");
  g_autoptr (StrataDomainXml) parsed = NULL;
  g_autoptr (StrataTemplateMark) template = NULL;
  g_autoptr (StrataCloneMark) clone = NULL;
  g_autofree char *text = NULL;

  g_assert_null (strata_domain_xml_get_template_mark (xml));
  g_assert_null (strata_domain_xml_get_clone_mark (xml));

  strata_domain_xml_set_template_mark (xml, &template_mark);
  strata_domain_xml_set_clone_mark (xml, &clone_mark);
  text = strata_domain_xml_to_string (xml);
  golden_check ("bios.marked.xml", text);

  parsed = strata_domain_xml_new_from_string (text, NULL);
  template = strata_domain_xml_get_template_mark (parsed);
  g_assert_cmpstr (template->domain, ==, BASE_UUID);
  g_assert_cmpstr (template->source, ==, template_mark.source);
  g_assert_cmpstr (template->sealed, ==, template_mark.sealed);
  g_assert_cmpstr (template->operations, ==, template_mark.operations);
  g_assert_cmpstr (template->os, ==, template_mark.os);
  g_assert_cmpstr (template->os_id, ==, template_mark.os_id);
  g_assert_cmpuint (template->version, ==, 3);

  clone = strata_domain_xml_get_clone_mark (parsed);
  g_assert_cmpstr (clone->domain, ==, BASE_UUID);
  g_assert_cmpstr (clone->template_uuid, ==, OTHER_UUID);
  g_assert_cmpstr (clone->template_name, ==, "template-web");
  g_assert_cmpuint (clone->version, ==, 2);
  g_assert_true (clone->thin);
}

/* Each goes without the other, and the last one takes the elements around it along. */
static void
test_removed (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("bios.xml");
  g_autofree char *before = strata_domain_xml_to_string (xml);
  g_autofree char *after = NULL;
  g_autoptr (StrataCloneMark) clone = NULL;

  strata_domain_xml_set_template_mark (xml, &template_mark);
  strata_domain_xml_set_clone_mark (xml, &clone_mark);
  strata_domain_xml_set_template_mark (xml, NULL);
  g_assert_null (strata_domain_xml_get_template_mark (xml));
  clone = strata_domain_xml_get_clone_mark (xml);
  g_assert_nonnull (clone);

  strata_domain_xml_set_clone_mark (xml, NULL);
  after = strata_domain_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);
}

/* Setting it again replaces it; and other people's metadata is theirs. */
static void
test_replaced (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("namespaces.xml");
  g_autofree char *before = strata_domain_xml_to_string (xml);
  g_autofree char *text = NULL;
  g_autofree char *after = NULL;
  g_autoptr (StrataTemplateMark) mark = NULL;
  StrataTemplateMark plain = { .version = 1 };

  strata_domain_xml_set_template_mark (xml, &template_mark);
  strata_domain_xml_set_template_mark (xml, &plain);
  mark = strata_domain_xml_get_template_mark (xml);
  g_assert_cmpstr (mark->domain, ==, "b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f005");
  g_assert_null (mark->source);
  g_assert_null (mark->sealed);
  g_assert_cmpuint (mark->version, ==, 1);

  text = strata_domain_xml_to_string (xml);
  g_assert_nonnull (strstr (text, "has_install_phase"));
  g_assert_nonnull (strstr (text, "Keep <b>all</b> of this."));
  g_assert_true (strstr (text, "<strata:template") == g_strrstr (text, "<strata:template"));

  strata_domain_xml_set_template_mark (xml, NULL);
  after = strata_domain_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);
}

/* Somebody copies a template's definition: the copy is an ordinary VM. */
static void
test_copied (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("bios.xml");

  strata_domain_xml_set_template_mark (xml, &template_mark);
  strata_domain_xml_set_clone_mark (xml, &clone_mark);
  strata_domain_xml_set_uuid (xml, OTHER_UUID);

  g_assert_null (strata_domain_xml_get_template_mark (xml));
  g_assert_null (strata_domain_xml_get_clone_mark (xml));
}

/* Whatever UUID a copy of a thin clone's definition has, its disks are the clone's. */
static void
test_thin (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("bios.xml");
  g_autofree char *before = strata_domain_xml_to_string (xml);
  g_autofree char *after = NULL;
  g_autoptr (StrataThinMark) mark = NULL;
  const char *bases[] = { "/images/a <b>.qcow2", "/images/base.qcow2", NULL };
  const StrataThinMark thin = { (char *) OTHER_UUID, (char *) "web", (char *) "a <b>",
                                (char **) bases };

  g_assert_null (strata_domain_xml_get_thin_mark (xml));
  strata_domain_xml_set_thin_mark (xml, &thin);
  strata_domain_xml_set_uuid (xml, OTHER_UUID);
  mark = strata_domain_xml_get_thin_mark (xml);
  g_assert_cmpstr (mark->source, ==, OTHER_UUID);
  g_assert_cmpstr (mark->source_name, ==, "web");
  g_assert_cmpstr (mark->snapshot, ==, "a <b>");
  g_assert_cmpstrv (mark->bases, bases);

  strata_domain_xml_set_thin_mark (xml, NULL);
  strata_domain_xml_set_uuid (xml, BASE_UUID);
  after = strata_domain_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);
}

/* The prefix is anybody's choice, the namespace is ours. */
static void
test_prefix (void)
{
  g_autoptr (StrataDomainXml) xml = NULL;
  g_autoptr (StrataDomainXml) foreign = NULL;
  g_autoptr (StrataTemplateMark) mark = NULL;

  xml = strata_domain_xml_new_from_string (
      "<domain><name>a</name><uuid>" BASE_UUID "</uuid><metadata>"
      "<strata xmlns='https://stratavm.github.io/xmlns/1'>"
      "<template version='x' domain='" BASE_UUID "'/></strata></metadata></domain>",
      NULL);
  mark = strata_domain_xml_get_template_mark (xml);
  g_assert_cmpstr (mark->domain, ==, BASE_UUID);
  g_assert_cmpuint (mark->version, ==, 1);

  foreign = strata_domain_xml_new_from_string (
      "<domain><name>a</name><uuid>" BASE_UUID "</uuid><metadata>"
      "<strata:strata xmlns:strata='urn:another'>"
      "<strata:template domain='" BASE_UUID "'/></strata:strata></metadata></domain>",
      NULL);
  g_assert_null (strata_domain_xml_get_template_mark (foreign));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/marks/both", test_both);
  g_test_add_func ("/xml/marks/removed", test_removed);
  g_test_add_func ("/xml/marks/replaced", test_replaced);
  g_test_add_func ("/xml/marks/copied", test_copied);
  g_test_add_func ("/xml/marks/thin", test_thin);
  g_test_add_func ("/xml/marks/prefix", test_prefix);

  return g_test_run ();
}
