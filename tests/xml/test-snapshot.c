/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Documents of snapshots as libvirt 11.3 and 9.0 wrote them: read, rewritten, and damaged. */

#include "config.h"

#include <string.h>

#include "golden.h"
#include "base/strata-error.h"
#include "xml/strata-snapshot-xml.h"

#define IMAGES "/var/lib/libvirt/images/"

static void
assert_string (char *actual, const char *expected)
{
  g_assert_cmpstr (actual, ==, expected);
  g_free (actual);
}

static StrataSnapshotXml *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  StrataSnapshotXml *xml = strata_snapshot_xml_new_from_string (text, &error);

  g_assert_no_error (error);

  return xml;
}

static StrataSnapshotXml *
golden_snapshot (const char *name)
{
  g_autofree char *text = golden_read (name);

  return parse (text);
}

static void
check (const char *name, StrataSnapshotXml *xml)
{
  g_autofree char *text = strata_snapshot_xml_to_string (xml);

  golden_check (name, text);
}

static const char *
short_path (const char *path)
{
  if (path == NULL)
    return "-";

  return g_str_has_prefix (path, IMAGES) ? path + strlen (IMAGES) : path;
}

/* A line for each disk: target, location, image, format, overlay, revert overlay */
static void
assert_disks (StrataSnapshotXml *xml, const char *expected)
{
  static const char *const words[] = { "none", "internal", "external" };
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (xml);
  g_autoptr (GString) actual = g_string_new (NULL);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);

      g_string_append_printf (actual, "%s %s %s %s %s %s\n", disk->target, words[disk->location],
                              short_path (disk->image), disk->format ? disk->format : "-",
                              short_path (disk->overlay), short_path (disk->revert_overlay));
    }
  g_assert_cmpstr (actual->str, ==, expected);
}

static void
test_external_off (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.external-off.xml");

  assert_string (strata_snapshot_xml_get_name (xml), "off");
  assert_string (strata_snapshot_xml_get_parent (xml), "in-off");
  assert_string (strata_snapshot_xml_get_description (xml), "taken while it was off");
  assert_string (strata_snapshot_xml_get_state (xml), "shutoff");
  assert_string (strata_snapshot_xml_get_memory_file (xml), NULL);
  g_assert_cmpint (strata_snapshot_xml_get_created (xml), ==, 1795400388);
  g_assert_cmpint (strata_snapshot_xml_get_memory (xml), ==, STRATA_SNAPSHOT_NONE);
  g_assert_false (strata_snapshot_xml_get_retained (xml));
  assert_disks (xml, "vda external web-vda.qcow2 qcow2 web-vda.off.qcow2 -\n"
                     "vdb none web-vdb.qcow2 qcow2 - -\n"
                     "hda none tools.iso raw - -\n");
}

static void
test_memory (void)
{
  static const char *const names[] = { "snapshot.memory.xml", "snapshot.9.0.memory.xml" };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (StrataSnapshotXml) xml = golden_snapshot (names[i]);

      assert_string (strata_snapshot_xml_get_state (xml), "running");
      g_assert_cmpint (strata_snapshot_xml_get_memory (xml), ==, STRATA_SNAPSHOT_EXTERNAL);
      assert_string (strata_snapshot_xml_get_memory_file (xml), IMAGES "web.mem.save");
      assert_disks (xml, "vda external web-vda.live.qcow2 qcow2 web-vda.mem.qcow2 -\n"
                         "vdb external web-vdb.live.qcow2 qcow2 web-vdb.mem.qcow2 -\n"
                         "hda none tools.iso raw - -\n");
    }
}

static void
test_internal (void)
{
  g_autoptr (StrataSnapshotXml) running = golden_snapshot ("snapshot.internal.xml");
  g_autoptr (StrataSnapshotXml) off = golden_snapshot ("snapshot.9.0.internal-off.xml");

  g_assert_cmpint (strata_snapshot_xml_get_memory (running), ==, STRATA_SNAPSHOT_INTERNAL);
  assert_disks (running, "vda internal web-vda.live.qcow2 qcow2 - -\n"
                         "vdb internal web-vdb.live.qcow2 qcow2 - -\n"
                         "hda none tools.iso raw - -\n");

  g_assert_cmpint (strata_snapshot_xml_get_memory (off), ==, STRATA_SNAPSHOT_NONE);
  assert_string (strata_snapshot_xml_get_parent (off), NULL);
  assert_string (strata_snapshot_xml_get_description (off), NULL);
  assert_disks (off, "vda internal web-vda.qcow2 qcow2 - -\n"
                     "vdb internal web-vdb.qcow2 qcow2 - -\n"
                     "hda none tools.iso raw - -\n");
}

static void
test_reverted (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.reverted.xml");

  assert_disks (xml,
                "vda external web-vda.off.qcow2 qcow2 web-vda.live.qcow2 web-vda.off.1795400391\n"
                "vdb external web-vdb.qcow2 qcow2 web-vdb.live.qcow2 web-vdb.1795400391\n"
                "hda none tools.iso raw - tools.1795400391\n");
}

/* What only old or strange documents look like. */
static void
test_odd_disks (void)
{
  static const char definition[] =
      "<domain><name>a</name><devices>"
      "<disk device='disk'><driver type='raw'/><source file='/a'/><target dev='vda'/></disk>"
      "<disk type='block'><source dev='/dev/b'/><target dev='vdb'/></disk>"
      "<disk><source file='/ro'/><target dev='vdc'/><readonly/></disk>"
      "<disk device='cdrom'><source file='/iso'/><target dev='sda'/></disk>"
      "<disk><target dev='vdd'/></disk>"
      "<disk type='network'><source protocol='rbd' name='pool/e'/><target dev='vde'/></disk>"
      "</devices></domain>";
  static const struct
  {
    const char *disks;
    const char *expected;
  } cases[] = {
    { "", "vda internal /a raw - -\n"
          "vdb internal /dev/b - - -\n"
          "vde internal pool/e - - -\n" },
    { "<disks/>", "" },
    { "<disks><disk name='/a' snapshot='external'><source file='/b'/></disk></disks>",
      "vda external /a raw /b -\n" },
    { "<disks><disk name='/dev/b' snapshot='external' type='block'><source dev='/dev/c'/></disk>"
      "</disks>",
      "vdb external /dev/b - /dev/c -\n" },
    { "<disks><disk snapshot='external'/><disk name=''/><disk/></disks>", "" },
    { "<disks><disk name='vda' snapshot='manual'/><disk name='vda' snapshot='internal'/></disks>",
      "vda none /a raw - -\n" },
    { "<disks><disk name='vda'/><disk name='vdb'><source file='/c'/></disk></disks>",
      "vda internal /a raw - -\n"
      "vdb external /dev/b - /c -\n" },
    { "<disks><disk name='gone' snapshot='external'/></disks>", "gone external - - - -\n" },
    { "<disks><disk name='vda' snapshot='internal'/></disks>"
      "<revertDisks><disk name='vda' snapshot='no'><source file='/x'/></disk>"
      "<disk name='vdb' snapshot='external'><source file='/y'/></disk></revertDisks>",
      "vda internal /a raw - -\n" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat ("<domainsnapshot><name>s</name>", cases[i].disks,
                                           definition, "</domainsnapshot>", NULL);
      g_autoptr (StrataSnapshotXml) xml = parse (text);

      assert_disks (xml, cases[i].expected);
    }
}

static void
test_memory_unsaid (void)
{
  static const struct
  {
    const char *text;
    StrataSnapshotLocation memory;
  } cases[] = {
    { "<state>running</state>", STRATA_SNAPSHOT_INTERNAL },
    { "<state>paused</state>", STRATA_SNAPSHOT_INTERNAL },
    { "<state>shutoff</state>", STRATA_SNAPSHOT_NONE },
    { "<state>disk-snapshot</state>", STRATA_SNAPSHOT_NONE },
    { "<state>running</state><memory snapshot='no'/>", STRATA_SNAPSHOT_NONE },
    { "<state>running</state><memory file='/a'/>", STRATA_SNAPSHOT_EXTERNAL },
    { "", STRATA_SNAPSHOT_NONE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
          g_strconcat ("<domainsnapshot><name>s</name>", cases[i].text, "</domainsnapshot>", NULL);
      g_autoptr (StrataSnapshotXml) xml = parse (text);

      g_assert_cmpint (strata_snapshot_xml_get_memory (xml), ==, cases[i].memory);
    }
}

static char *
backing_of (StrataDomainXml *definition, const char *target)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_str_equal (disk->target, target))
        return g_strdup (disk->backing);
    }

  return NULL;
}

static void
test_definitions (void)
{
  g_autoptr (StrataSnapshotXml) memory = golden_snapshot ("snapshot.memory.xml");
  g_autoptr (StrataSnapshotXml) off = golden_snapshot ("snapshot.external-off.xml");
  g_autoptr (StrataSnapshotXml) none = parse ("<domainsnapshot><name>s</name></domainsnapshot>");
  g_autoptr (StrataDomainXml) inactive = strata_snapshot_xml_get_definition (memory);
  g_autoptr (StrataDomainXml) live = strata_snapshot_xml_get_live_definition (memory);
  g_autoptr (StrataDomainXml) only = strata_snapshot_xml_get_definition (off);
  g_autofree char *text = strata_domain_xml_to_string (inactive);

  golden_check ("snapshot.memory.inactive.xml", text);
  assert_string (strata_domain_xml_get_title (live), "Web & more");
  assert_string (strata_domain_xml_get_uuid (only), "b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f0aa");
  assert_string (backing_of (live, "vda"), IMAGES "web-vda.off.qcow2");

  g_assert_null (strata_snapshot_xml_get_definition (none));
  g_assert_null (strata_snapshot_xml_get_live_definition (none));
}

static void
add_disk (GPtrArray *disks,
          const char *target,
          StrataSnapshotLocation location,
          const char *overlay,
          const char *revert_overlay)
{
  StrataSnapshotDisk *disk = strata_snapshot_disk_new (target, location);

  disk->overlay = g_strdup (overlay);
  disk->revert_overlay = g_strdup (revert_overlay);
  g_ptr_array_add (disks, disk);
}

static GPtrArray *
disk_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
}

static void
test_new (void)
{
  g_autoptr (GPtrArray) disks = disk_list ();
  g_autoptr (GPtrArray) internal = disk_list ();
  g_autoptr (StrataSnapshotXml) xml = NULL;
  g_autoptr (StrataSnapshotXml) other = NULL;

  add_disk (disks, "vda", STRATA_SNAPSHOT_EXTERNAL, "/images/a & <b>.qcow2", NULL);
  add_disk (disks, "vdb", STRATA_SNAPSHOT_EXTERNAL, "/dev/vg/over", NULL);
  add_disk (disks, "sda", STRATA_SNAPSHOT_NONE, NULL, NULL);
  xml = strata_snapshot_xml_new ("before & after", "Two\nlines", disks, STRATA_SNAPSHOT_EXTERNAL,
                                 "/images/memory");
  check ("snapshot.new.xml", xml);

  add_disk (internal, "vda", STRATA_SNAPSHOT_INTERNAL, NULL, NULL);
  other = strata_snapshot_xml_new ("in", NULL, internal, STRATA_SNAPSHOT_INTERNAL, NULL);
  check ("snapshot.new-internal.xml", other);
}

static void
test_words (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.external-off.xml");
  g_autofree char *before = strata_snapshot_xml_to_string (xml);
  g_autofree char *after = NULL;

  strata_snapshot_xml_set_name (xml, "a & b");
  assert_string (strata_snapshot_xml_get_name (xml), "a & b");
  strata_snapshot_xml_set_parent (xml, NULL);
  assert_string (strata_snapshot_xml_get_parent (xml), NULL);
  strata_snapshot_xml_set_description (xml, NULL);
  assert_string (strata_snapshot_xml_get_description (xml), NULL);

  strata_snapshot_xml_set_name (xml, "off");
  strata_snapshot_xml_set_parent (xml, "in-off");
  strata_snapshot_xml_set_description (xml, "taken while it was off");
  after = strata_snapshot_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);
}

static void
test_retained (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.external-off.xml");
  g_autoptr (StrataSnapshotXml) again = NULL;
  g_autofree char *before = strata_snapshot_xml_to_string (xml);
  g_autofree char *marked = NULL;
  g_autofree char *after = NULL;

  strata_snapshot_xml_set_retained (xml, TRUE);
  strata_snapshot_xml_set_retained (xml, TRUE);
  marked = strata_snapshot_xml_to_string (xml);
  g_assert_nonnull (
      strstr (marked, "<description>strata:retained\ntaken while it was off</description>"));
  again = parse (marked);
  g_assert_true (strata_snapshot_xml_get_retained (again));
  assert_string (strata_snapshot_xml_get_description (again), "taken while it was off");

  strata_snapshot_xml_set_description (xml, NULL);
  g_assert_true (strata_snapshot_xml_get_retained (xml));
  assert_string (strata_snapshot_xml_get_description (xml), NULL);
  strata_snapshot_xml_set_description (xml, "taken while it was off");

  strata_snapshot_xml_set_retained (xml, FALSE);
  g_assert_false (strata_snapshot_xml_get_retained (xml));
  after = strata_snapshot_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);
}

static void
test_retained_lines (void)
{
  static const struct
  {
    const char *description;
    gboolean retained;
    const char *text;
  } cases[] = {
    { "strata:retained", TRUE, NULL },
    { "\n  strata:retained  \n\nnew kernel\n", TRUE, "\nnew kernel" },
    { "strata:retained\r\nnew kernel", TRUE, "new kernel" },
    { "strata:retained-not", FALSE, "strata:retained-not" },
    { "strata:retained it is not", FALSE, "strata:retained it is not" },
    { "It says\nstrata:retained", FALSE, "It says\nstrata:retained" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
          g_strconcat ("<domainsnapshot><name>s</name><description>", cases[i].description,
                       "</description></domainsnapshot>", NULL);
      g_autoptr (StrataSnapshotXml) xml = parse (text);

      g_assert_cmpint (strata_snapshot_xml_get_retained (xml), ==, cases[i].retained);
      assert_string (strata_snapshot_xml_get_description (xml), cases[i].text);
    }
}

static void
test_replace_image (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.reverted.xml");

  g_assert_false (
      strata_snapshot_xml_replace_image (xml, IMAGES "none.qcow2", "/new.qcow2", "qcow2"));
  g_assert_false (
      strata_snapshot_xml_replace_image (xml, IMAGES "tools.iso", IMAGES "tools.iso", "raw"));
  g_assert_true (strata_snapshot_xml_replace_image (xml, IMAGES "web-vda.off.qcow2",
                                                    "/moved/off & on.raw", "raw"));
  g_assert_true (strata_snapshot_xml_replace_image (xml, IMAGES "web-vdb.live.qcow2",
                                                    "/moved/live.qcow2", "qcow2"));
  g_assert_true (
      strata_snapshot_xml_replace_image (xml, IMAGES "web-vdb.1795400391", "/dev/vg/tip", "qcow2"));
  check ("snapshot.reverted.replaced.xml", xml);
}

/* A disk whose image changes has another chain, of which an explicit <backingStore> would hide the truth. */
static void
test_replace_drops_backing (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.memory.xml");
  g_autoptr (StrataDomainXml) live = NULL;

  g_assert_true (strata_snapshot_xml_replace_image (xml, IMAGES "web-vda.live.qcow2",
                                                    "/moved/live.qcow2", "qcow2"));
  live = strata_snapshot_xml_get_live_definition (xml);
  assert_string (backing_of (live, "vda"), NULL);
  assert_string (backing_of (live, "vdb"), IMAGES "web-vdb.qcow2");
}

static void
test_set_backing (void)
{
  static const char *const chain[] = { IMAGES "web-vda.off.qcow2", IMAGES "web-vda.qcow2",
                                       "/dev/vg/template", NULL };
  static const char *const formats[] = { "qcow2", "qcow2", "raw", NULL };
  static const char *const shorter[] = { IMAGES "web-vda.off.qcow2", NULL };
  static const char *const shorter_formats[] = { "qcow2", NULL };
  static const char *const nothing[] = { NULL };
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.memory.xml");

  g_assert_true (strata_snapshot_xml_set_backing (xml, "vda", chain, formats));
  g_assert_false (strata_snapshot_xml_set_backing (xml, "vda", chain, formats));
  g_assert_true (strata_snapshot_xml_set_backing (xml, "hda", nothing, nothing));
  g_assert_false (strata_snapshot_xml_set_backing (xml, "hda", nothing, nothing));
  g_assert_false (strata_snapshot_xml_set_backing (xml, "vdz", chain, formats));
  check ("snapshot.memory.backed.xml", xml);

  g_assert_true (strata_snapshot_xml_set_backing (xml, "vda", shorter, shorter_formats));
}

static void
test_contradicts_backing (void)
{
  static const struct
  {
    const char *backing;
    gboolean contradicts;
  } cases[] = {
    { "", FALSE },
    { "<backingStore/>", TRUE },
    { "<backingStore><source file='/a'/></backingStore>", FALSE },
    { "<backingStore><source file='/b'/></backingStore>", TRUE },
    { "<backingStore><source file='/a'/><backingStore/></backingStore>", TRUE },
    { "<backingStore><source file='/a'/><backingStore type='block'><source dev='/dev/b'/>"
      "</backingStore></backingStore>",
      FALSE },
    { "<backingStore><source file='/a'/><backingStore type='block'><source dev='/dev/b'/>"
      "<backingStore/></backingStore></backingStore>",
      FALSE },
    { "<backingStore><source file='/a'/><backingStore type='block'><source dev='/dev/b'/>"
      "<backingStore><source file='/c'/></backingStore></backingStore></backingStore>",
      TRUE },
  };
  static const char *const chain[] = { "/a", "/dev/b", NULL };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat (
          "<domainsnapshot><name>s</name><domain><name>d</name><devices>"
          "<disk><source file='/top'/>",
          cases[i].backing, "<target dev='vda'/></disk></devices></domain></domainsnapshot>", NULL);
      g_autoptr (StrataSnapshotXml) xml = parse (text);

      g_assert_cmpint (strata_snapshot_xml_contradicts_backing (xml, "vda", chain), ==,
                       cases[i].contradicts);
      g_assert_cmpint (strata_snapshot_xml_set_backing (xml, "vda", NULL, NULL), ==, i > 0);
      g_assert_false (strata_snapshot_xml_contradicts_backing (xml, "vda", chain));
    }
}

static void
test_set_overlay (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.reverted.xml");

  g_assert_true (strata_snapshot_xml_set_overlay (xml, "vda", "/new/tip.qcow2"));
  g_assert_false (strata_snapshot_xml_set_overlay (xml, "vda", "/new/tip.qcow2"));
  g_assert_false (strata_snapshot_xml_set_overlay (xml, "hda", "/new/tip.qcow2"));
  g_assert_false (strata_snapshot_xml_set_overlay (xml, "vdz", "/new/tip.qcow2"));
  assert_disks (xml, "vda external web-vda.off.qcow2 qcow2 /new/tip.qcow2 web-vda.off.1795400391\n"
                     "vdb external web-vdb.qcow2 qcow2 web-vdb.live.qcow2 web-vdb.1795400391\n"
                     "hda none tools.iso raw - tools.1795400391\n");
}

static void
test_set_revert_disks (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.reverted.xml");
  g_autoptr (GPtrArray) disks = disk_list ();
  g_autofree char *before = strata_snapshot_xml_to_string (xml);
  g_autofree char *without = NULL;
  g_autofree char *after = NULL;

  strata_snapshot_xml_set_revert_disks (xml, NULL);
  without = strata_snapshot_xml_to_string (xml);
  g_assert_null (strstr (without, "revertDisks"));
  g_assert_false (strata_snapshot_xml_has_revert_disks (xml));

  add_disk (disks, "vda", STRATA_SNAPSHOT_EXTERNAL, NULL, IMAGES "web-vda.off.1795400391");
  add_disk (disks, "vdb", STRATA_SNAPSHOT_EXTERNAL, NULL, IMAGES "web-vdb.1795400391");
  add_disk (disks, "hda", STRATA_SNAPSHOT_EXTERNAL, NULL, IMAGES "tools.1795400391");
  strata_snapshot_xml_set_revert_disks (xml, disks);
  after = strata_snapshot_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);

  g_ptr_array_set_size (disks, 0);
  add_disk (disks, "vda", STRATA_SNAPSHOT_EXTERNAL, NULL, NULL);
  strata_snapshot_xml_set_revert_disks (xml, disks);
  g_clear_pointer (&after, g_free);
  after = strata_snapshot_xml_to_string (xml);
  g_assert_true (strata_snapshot_xml_has_revert_disks (xml));
  g_assert_nonnull (strstr (after, "<revertDisks>\n    <disk name=\"vda\" snapshot=\"no\"/>"));
}

static void
test_complete_disks (void)
{
  g_autoptr (StrataSnapshotXml) xml = golden_snapshot ("snapshot.reverted.xml");
  g_autoptr (GPtrArray) disks = disk_list ();
  g_autofree char *before = strata_snapshot_xml_to_string (xml);
  g_autofree char *same = NULL;
  g_autofree char *after = NULL;

  strata_snapshot_xml_complete_disks (xml);
  same = strata_snapshot_xml_to_string (xml);
  g_assert_cmpstr (same, ==, before);

  add_disk (disks, "vdb", STRATA_SNAPSHOT_EXTERNAL, NULL, IMAGES "web-vdb.1795400391");
  strata_snapshot_xml_set_revert_disks (xml, disks);
  strata_snapshot_xml_complete_disks (xml);
  after = strata_snapshot_xml_to_string (xml);
  g_assert_nonnull (strstr (after, "<disk name=\"vda\" snapshot=\"no\"/>"));
  g_assert_nonnull (strstr (after, "<disk name=\"hda\" snapshot=\"no\"/>"));
  g_assert_null (strstr (after, "<disk name=\"vdb\" snapshot=\"no\"/>"));
}

static void
assert_invalid (const char *text, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataSnapshotXml) xml = strata_snapshot_xml_new_from_string (text, &error);

  g_assert_null (xml);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  if (strstr (error->message, words) == NULL)
    g_test_fail_printf ("“%s” does not say “%s”", error->message, words);
}

static void
test_malformed (void)
{
  assert_invalid ("", "not well-formed");
  assert_invalid ("<domainsnapshot><name>s</name>", "not well-formed");
  assert_invalid ("<domain><name>s</name></domain>", "<domainsnapshot>");
  assert_invalid ("<domainsnapshot/>", "no name");
  assert_invalid ("<domainsnapshot><name> </name></domainsnapshot>", "no name");
  assert_invalid ("<domainsnapshot><parent><name>s</name></parent></domainsnapshot>", "no name");
  assert_invalid ("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
                  "<domainsnapshot><name>&e;</name></domainsnapshot>",
                  "document type");
}

/* What is asked of each snapshot of a host. */
static char *
describe (StrataSnapshotXml *xml)
{
  g_autoptr (GHashTable) named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (xml);
  g_autoptr (GPtrArray) paths = NULL;
  g_autofree char *name = strata_snapshot_xml_get_name (xml);
  g_autofree char *parent = strata_snapshot_xml_get_parent (xml);
  g_autofree char *description = strata_snapshot_xml_get_description (xml);
  g_autofree char *state = strata_snapshot_xml_get_state (xml);
  g_autofree char *memory_file = strata_snapshot_xml_get_memory_file (xml);
  GString *text = g_string_new (NULL);

  g_string_append_printf (
      text, "%s|%s|%s|%s|%s|%d|%d|%" G_GINT64_FORMAT "\n", name, parent ? parent : "-",
      description ? description : "-", state ? state : "-", memory_file ? memory_file : "-",
      (int) strata_snapshot_xml_get_memory (xml), strata_snapshot_xml_get_retained (xml),
      strata_snapshot_xml_get_created (xml));
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);
      g_autofree char *backings =
          disk->backings != NULL ? g_strjoinv (" ", disk->backings) : g_strdup ("-");

      g_string_append_printf (
          text, "%s|%d|%s|%s|%s|%s|%s|%s|%d|%d\n", disk->target ? disk->target : "-",
          (int) disk->location, disk->image ? disk->image : "-", disk->pool ? disk->pool : "-",
          disk->format ? disk->format : "-", backings, disk->overlay ? disk->overlay : "-",
          disk->revert_overlay ? disk->revert_overlay : "-", disk->ends, disk->medium);
    }

  strata_snapshot_xml_add_backings (xml, named);
  paths = g_hash_table_get_keys_as_ptr_array (named);
  g_ptr_array_sort_values (paths, (GCompareFunc) g_strcmp0);
  for (guint i = 0; i < paths->len; i++)
    g_string_append_printf (text, "%s\n", (char *) g_ptr_array_index (paths, i));

  return g_string_free (text, FALSE);
}

/* Skimmed it says the same of what is asked of a skimmed one. */
static void
check_skimmed (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) skim_error = NULL;
  g_autoptr (StrataSnapshotXml) xml = strata_snapshot_xml_new_from_string (text, &error);
  g_autoptr (StrataSnapshotXml) skimmed = strata_snapshot_xml_skim (text, &skim_error);
  g_autofree char *said = xml != NULL ? describe (xml) : NULL;
  g_autofree char *skimmed_said = skimmed != NULL ? describe (skimmed) : NULL;

  g_assert_cmpstr (skimmed_said, ==, said);
  g_assert_cmpstr (skim_error != NULL ? skim_error->message : NULL, ==,
                   error != NULL ? error->message : NULL);
}

static void
test_skimmed (void)
{
  static const char *const names[] = {
    "snapshot.9.0.internal-off.xml",
    "snapshot.9.0.memory.xml",
    "snapshot.external-off.xml",
    "snapshot.internal.xml",
    "snapshot.memory.backed.xml",
    "snapshot.memory.inactive.xml",
    "snapshot.memory.xml",
    "snapshot.new-internal.xml",
    "snapshot.new.xml",
    "snapshot.reverted.xml",
    "snapshot.reverted.replaced.xml",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = golden_read (names[i]);

      check_skimmed (text);
    }

  /* Elements of these names elsewhere, text and CDATA between what is left out, a mirror's chain. */
  check_skimmed (
      "<domainsnapshot><name>s</name><description>a <![CDATA[<domain>]]> b</description>"
      "<disks><disk name='vda'><source file='/o'/></disk></disks>"
      "<domain>x<name>vm</name><![CDATA[y]]><metadata><devices><disk/></devices></metadata>"
      "<devices>z<disk type='file'><source file='/a'/><backingStore type='file'>"
      "<source file='/b'/></backingStore><mirror type='file'><source file='/c'/>"
      "<backingStore type='file'><source file='/d'/><backingStore/></backingStore>"
      "</mirror><target dev='vda'/></disk><filesystem><disk/></filesystem></devices>"
      "</domain><inactiveDomain><devices><disk><source file='/e'/><target dev='vdb'/>"
      "</disk></devices></inactiveDomain></domainsnapshot>");
  check_skimmed (
      "<domainsnapshot><name>s</name><domain><os><broken></os></domain></domainsnapshot>");
}

/* Everything that can be asked of a document, or done to it. */
static void
exercise (StrataSnapshotXml *xml)
{
  static const char *const chain[] = { "/below", NULL };
  static const char *const formats[] = { "raw", NULL };
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (xml);
  g_autoptr (StrataDomainXml) definition = strata_snapshot_xml_get_definition (xml);
  g_autoptr (StrataDomainXml) live = strata_snapshot_xml_get_live_definition (xml);
  g_autoptr (StrataSnapshotXml) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_free (strata_snapshot_xml_get_parent (xml));
  g_free (strata_snapshot_xml_get_description (xml));
  strata_snapshot_xml_get_created (xml);
  strata_snapshot_xml_get_memory (xml);
  strata_snapshot_xml_set_retained (xml, TRUE);
  strata_snapshot_xml_set_parent (xml, "parent");
  strata_snapshot_xml_set_name (xml, "name");

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);

      strata_snapshot_xml_set_overlay (xml, disk->target, "/overlay");
      strata_snapshot_xml_set_backing (xml, disk->target, chain, formats);
      g_assert_false (strata_snapshot_xml_set_backing (xml, disk->target, chain, formats));
      if (disk->image != NULL)
        strata_snapshot_xml_replace_image (xml, disk->image, "/new", "raw");
    }
  strata_snapshot_xml_set_revert_disks (xml, disks);

  text = strata_snapshot_xml_to_string (xml);
  again = strata_snapshot_xml_new_from_string (text, &error);
  g_assert_no_error (error);
}

static void
try_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataSnapshotXml) xml = strata_snapshot_xml_new_from_string (text, &error);

  check_skimmed (text);
  if (xml != NULL)
    exercise (xml);
  else
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

/* Lines missing or twice, and characters changed, in documents that may still be well-formed. */
static void
test_mutated (void)
{
  static const char alphabet[] = "<>/='\" &;abdnsv\n0:";
  g_autofree char *text = golden_read ("snapshot.reverted.xml");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  int mutants = g_test_thorough () ? 5000 : 200;
  size_t length = strlen (text);

  for (guint i = 0; lines[i] != NULL; i++)
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/snapshot/external-off", test_external_off);
  g_test_add_func ("/xml/snapshot/memory", test_memory);
  g_test_add_func ("/xml/snapshot/internal", test_internal);
  g_test_add_func ("/xml/snapshot/reverted", test_reverted);
  g_test_add_func ("/xml/snapshot/odd-disks", test_odd_disks);
  g_test_add_func ("/xml/snapshot/memory-unsaid", test_memory_unsaid);
  g_test_add_func ("/xml/snapshot/definitions", test_definitions);
  g_test_add_func ("/xml/snapshot/new", test_new);
  g_test_add_func ("/xml/snapshot/words", test_words);
  g_test_add_func ("/xml/snapshot/retained", test_retained);
  g_test_add_func ("/xml/snapshot/retained-lines", test_retained_lines);
  g_test_add_func ("/xml/snapshot/replace-image", test_replace_image);
  g_test_add_func ("/xml/snapshot/replace-drops-backing", test_replace_drops_backing);
  g_test_add_func ("/xml/snapshot/set-backing", test_set_backing);
  g_test_add_func ("/xml/snapshot/contradicts-backing", test_contradicts_backing);
  g_test_add_func ("/xml/snapshot/set-overlay", test_set_overlay);
  g_test_add_func ("/xml/snapshot/set-revert-disks", test_set_revert_disks);
  g_test_add_func ("/xml/snapshot/complete-disks", test_complete_disks);
  g_test_add_func ("/xml/snapshot/malformed", test_malformed);
  g_test_add_func ("/xml/snapshot/skimmed", test_skimmed);
  g_test_add_func ("/xml/snapshot/mutated", test_mutated);

  return g_test_run ();
}
