/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading domain definitions, and rewriting their disks and firmware. */

#include "config.h"

#include <string.h>

#include "golden.h"

static void
assert_string (char *actual, const char *expected)
{
  g_assert_cmpstr (actual, ==, expected);
  g_free (actual);
}

static void
test_read (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("bios.xml");
  g_auto (GStrv) macs = strata_domain_xml_get_macs (xml);

  assert_string (strata_domain_xml_get_name (xml), "web-base");
  assert_string (strata_domain_xml_get_uuid (xml), "b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f001");
  assert_string (strata_domain_xml_get_title (xml), "The web server we start from");
  assert_string (strata_domain_xml_get_description (xml),
                 "Debian with nginx.\nAsk the web team before you change it.");
  g_assert_cmpuint (strata_domain_xml_get_memory (xml), ==, 1024 * 1024 * 1024);
  g_assert_cmpuint (strata_domain_xml_get_vcpus (xml), ==, 2);
  assert_string (strata_domain_xml_get_virt_type (xml), "kvm");
  assert_string (strata_domain_xml_get_machine (xml), "pc-i440fx-10.0");
  assert_string (strata_domain_xml_get_arch (xml), "x86_64");
  assert_string (strata_domain_xml_get_emulator (xml), "/usr/bin/qemu-system-x86_64");
  assert_string (strata_domain_xml_get_graphics (xml), "vnc");
  assert_string (strata_domain_xml_get_os_info (xml), NULL);
  g_assert_cmpstrv (macs, ((const char *[]) { "52:54:00:aa:bb:01", NULL }));
  g_assert_false (strata_domain_xml_has_agent (xml));
  g_assert_false (strata_domain_xml_has_tpm (xml));
  g_assert_false (strata_domain_xml_is_uefi (xml));
  assert_string (strata_domain_xml_get_nvram (xml), NULL);
}

static void
test_read_more (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("identity.xml");
  g_auto (GStrv) macs = strata_domain_xml_get_macs (xml);

  /* The input has it in capitals. */
  assert_string (strata_domain_xml_get_uuid (xml), "b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f004");
  assert_string (strata_domain_xml_get_os_info (xml), "http://debian.org/debian/12");
  assert_string (strata_domain_xml_get_graphics (xml), "spice");
  g_assert_true (strata_domain_xml_has_agent (xml));
  g_assert_true (strata_domain_xml_has_tpm (xml));
  g_assert_cmpuint (g_strv_length (macs), ==, 3);
}

static void
test_set_network (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("identity.xml");
  g_auto (GStrv) before = strata_domain_xml_get_macs (xml);
  g_auto (GStrv) after = NULL;
  g_autofree char *text = NULL;

  strata_domain_xml_set_network (xml, "lab & co");
  after = strata_domain_xml_get_macs (xml);
  g_assert_cmpstrv (before, after);

  text = strata_domain_xml_to_string (xml);
  g_assert_null (strstr (text, "<interface type=\"bridge\""));
  g_assert_null (strstr (text, "<interface type=\"user\""));
  g_assert_null (strstr (text, "<virtualport"));
  g_assert_null (strstr (text, "portid"));
  g_assert_nonnull (strstr (text, "<source network=\"lab &amp; co\"/>"));
}

static void
test_memory_units (void)
{
  static const struct
  {
    const char *text;
    guint64 bytes;
  } cases[] = {
    { "<memory>5</memory>", 5 * 1024 },
    { "<memory unit='bytes'>5</memory>", 5 },
    { "<memory unit='b'>5</memory>", 5 },
    { "<memory unit='k'>5</memory>", 5 * 1024 },
    { "<memory unit='KB'>5</memory>", 5000 },
    { "<memory unit='KiB'>5</memory>", 5 * 1024 },
    { "<memory unit='M'>5</memory>", 5 * 1024 * 1024 },
    { "<memory unit='GiB'> 5 </memory>", G_GUINT64_CONSTANT (5) << 30 },
    { "<memory unit='TB'>5</memory>", G_GUINT64_CONSTANT (5000000000000) },
    { "<memory unit='EiB'>999</memory>", G_MAXUINT64 },
    { "<memory unit='KiB'>much</memory>", 0 },
    { "", 0 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain><name>a</name>%s</domain>", cases[i].text);
      g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, NULL);

      g_assert_cmpuint (strata_domain_xml_get_memory (xml), ==, cases[i].bytes);
    }
}

static void
assert_disk (GPtrArray *disks, guint i, const char *description)
{
  StrataDiskXml *disk = g_ptr_array_index (disks, i);
  g_autofree char *actual = NULL;

  actual =
      g_strdup_printf ("%s %s %s %s source=%s pool=%s format=%s backing=%s%s%s%s", disk->target,
                       disk->bus, disk->device, disk->type, disk->source ? disk->source : "-",
                       disk->pool ? disk->pool : "-", disk->format ? disk->format : "-",
                       disk->backing ? disk->backing : "-", disk->read_only ? " ro" : "",
                       disk->transient ? " transient" : "", disk->shareable ? " shareable" : "");
  g_assert_cmpstr (actual, ==, description);
}

static void
test_disks (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("disks.xml");
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (xml);

  g_assert_cmpuint (disks->len, ==, 7);
  assert_disk (disks, 0, "vda virtio disk block source=/dev/vg0/root pool=- format=raw backing=-");
  assert_disk (disks, 1,
               "vdb virtio disk volume source=data.qcow2 pool=default format=qcow2 "
               "backing=/var/lib/libvirt/images/data-base.qcow2 ro");
  assert_disk (disks, 2,
               "vdc virtio disk network source=rbd/disks pool=- format=raw backing=- shareable");
  assert_disk (disks, 3,
               "sda scsi lun block source=/dev/disk/by-id/scsi-1 pool=- format=raw backing=-");
  assert_disk (disks, 4,
               "vdd virtio disk file source=/var/lib/libvirt/images/secret.qcow2 pool=- "
               "format=qcow2 backing=- transient");
  assert_disk (disks, 5, "sdb sata cdrom file source=- pool=- format=- backing=- ro");
  assert_disk (disks, 6,
               "sdc sata cdrom file source=/srv/iso/debian-13.iso pool=- format=raw backing=- ro");
}

static void
test_set_disk_file (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("disks.xml");
  g_autofree char *text = NULL;

  g_assert_true (strata_domain_xml_set_disk_file (xml, "vda", "/new/a.qcow2", "qcow2"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "vdb", "/new/b & <b>.raw", "raw"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "vdc", "/new/c.qcow2", "qcow2"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "sda", "/new/lun.qcow2", "qcow2"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "vdd", "/new/secret.qcow2", "qcow2"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "sdb", "/new/cd.iso", "raw"));
  g_assert_false (strata_domain_xml_set_disk_file (xml, "vdz", "/new/z.qcow2", "qcow2"));
  g_assert_false (strata_domain_xml_set_disk_file (xml, "']|//*[1", "/new/z.qcow2", "qcow2"));

  text = strata_domain_xml_to_string (xml);
  golden_check ("disks.moved.xml", text);
}

static void
test_set_disk_device (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("disks.xml");
  g_autofree char *text = NULL;

  g_assert_true (strata_domain_xml_set_disk_file (xml, "vda", "/dev/vg0/other", "qcow2"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "vdb", "/dev/vg0/data", "raw"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "vdc", "/dev/shm/c.qcow2", "qcow2"));
  g_assert_true (strata_domain_xml_set_disk_file (xml, "sda", "/dev/disk/by-id/scsi-1", "raw"));

  text = strata_domain_xml_to_string (xml);
  golden_check ("disks.devices.xml", text);
}

static gboolean
is_node (const char *path, gpointer user_data)
{
  return g_str_equal (path, "/srv/node");
}

static void
test_name_devices (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("disks.xml");
  g_autofree char *text = NULL;

  g_assert_true (strata_domain_xml_set_disk_file (xml, "vda", "/srv/node", "raw"));
  g_assert_true (strata_domain_xml_name_devices (xml, is_node, NULL));
  g_assert_false (strata_domain_xml_name_devices (xml, is_node, NULL));
  text = strata_domain_xml_to_string (xml);
  g_assert_nonnull (strstr (text, "<source dev=\"/srv/node\""));
  g_assert_null (strstr (text, "file=\"/srv/node\""));
}

static void
test_readonly (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("bios.xml");
  g_autofree char *before = strata_domain_xml_to_string (xml);
  g_autofree char *read_only = NULL;
  g_autofree char *after = NULL;

  g_assert_true (strata_domain_xml_set_disk_readonly (xml, "vda", TRUE));
  g_assert_true (strata_domain_xml_set_disk_readonly (xml, "vda", TRUE));
  g_assert_false (strata_domain_xml_set_disk_readonly (xml, "vdb", TRUE));
  read_only = strata_domain_xml_to_string (xml);
  golden_check ("bios.readonly.xml", read_only);

  g_assert_true (strata_domain_xml_set_disk_readonly (xml, "vda", FALSE));
  after = strata_domain_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);
}

static void
test_protected (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("bios.xml");
  g_autofree char *before = strata_domain_xml_to_string (xml);
  g_autofree char *protected = NULL;
  g_autofree char *after = NULL;

  g_assert_false (strata_domain_xml_is_protected (xml));
  g_assert_true (strata_domain_xml_set_protected (xml, TRUE));
  g_assert_true (strata_domain_xml_set_protected (xml, TRUE));
  g_assert_true (strata_domain_xml_is_protected (xml));
  protected = strata_domain_xml_to_string (xml);
  golden_check ("bios.protected.xml", protected);

  g_assert_true (strata_domain_xml_set_protected (xml, FALSE));
  g_assert_false (strata_domain_xml_is_protected (xml));
  after = strata_domain_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);

  /* What is made of a template starts. */
  strata_domain_xml_set_protected (xml, TRUE);
  strata_domain_xml_renew_identity (xml, "other", "0cb3a5fb-3ba8-4c1c-8b7c-d6d5c0f6b3b1", NULL);
  g_assert_false (strata_domain_xml_is_protected (xml));
}

/* libvirt takes no second label of a model, and none beside one that has no model. */
static void
test_protected_label (void)
{
  const char *labels[] = {
    "<seclabel type='static' model='dac' relabel='yes'><label>+1000:+1000</label></seclabel>",
    "<seclabel type='none' model='dac'/>",
    "<seclabel type='none'/>",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (labels); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain><name>d</name>%s</domain>", labels[i]);
      g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, NULL);
      g_autofree char *before = strata_domain_xml_to_string (xml);
      g_autofree char *after = NULL;

      g_assert_false (strata_domain_xml_set_protected (xml, TRUE));
      g_assert_false (strata_domain_xml_is_protected (xml));
      g_assert_true (strata_domain_xml_set_protected (xml, FALSE));
      after = strata_domain_xml_to_string (xml);
      g_assert_cmpstr (after, ==, before);
    }
}

static void
test_drop_backing (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("disks.xml");
  g_autofree char *text = NULL;

  strata_domain_xml_drop_backing (xml);
  text = strata_domain_xml_to_string (xml);
  g_assert_null (strstr (text, "backingStore"));
  g_assert_nonnull (strstr (text, "<source dev=\"/dev/vg0/root\""));
}

static void
test_firmware (void)
{
  g_autoptr (StrataDomainXml) xml = golden_domain ("uefi.xml");
  g_autofree char *before = strata_domain_xml_to_string (xml);
  g_autofree char *after = NULL;

  g_assert_true (strata_domain_xml_is_uefi (xml));
  assert_string (strata_domain_xml_get_nvram (xml), "/var/lib/libvirt/qemu/nvram/db-base_VARS.fd");
  assert_string (strata_domain_xml_get_nvram_format (xml), "raw");

  strata_domain_xml_set_nvram (xml, NULL);
  assert_string (strata_domain_xml_get_nvram (xml), NULL);
  assert_string (strata_domain_xml_get_nvram_format (xml), "raw");
  g_assert_true (strata_domain_xml_is_uefi (xml));

  strata_domain_xml_set_nvram (xml, "/var/lib/libvirt/qemu/nvram/db-base_VARS.fd");
  after = strata_domain_xml_to_string (xml);
  g_assert_cmpstr (after, ==, before);
}

/* Definitions that name their variables in other ways, or not at all. */
static void
test_firmware_kinds (void)
{
  static const struct
  {
    const char *os;
    gboolean uefi;
    const char *nvram;
  } cases[] = {
    { "<os><type>hvm</type></os>", FALSE, NULL },
    { "<os firmware='bios'><type>hvm</type></os>", FALSE, NULL },
    { "<os><loader type='rom'>/a</loader></os>", FALSE, NULL },
    { "<os firmware='efi'><type>hvm</type></os>", TRUE, NULL },
    { "<os><loader type='pflash'>/code</loader></os>", TRUE, NULL },
    { "<os><nvram>/vars</nvram></os>", TRUE, "/vars" },
    { "<os><nvram type='file'><source file='/vars'/></nvram></os>", TRUE, "/vars" },
    { "<os><nvram type='block'><source dev='/dev/vars'/></nvram></os>", TRUE, "/dev/vars" },
    { "<os><nvram type='network'><source protocol='iscsi' name='a'/></nvram></os>", TRUE, NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain><name>a</name>%s</domain>", cases[i].os);
      g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, NULL);

      g_assert_cmpint (strata_domain_xml_is_uefi (xml), ==, cases[i].uefi);
      assert_string (strata_domain_xml_get_nvram (xml), cases[i].nvram);

      strata_domain_xml_set_nvram (xml, "/new");
      assert_string (strata_domain_xml_get_nvram (xml), "/new");
    }
}

static void
test_round_trip (void)
{
  static const char *const names[] = { "bios.xml", "uefi.xml", "disks.xml", "namespaces.xml" };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (StrataDomainXml) xml = golden_domain (names[i]);
      g_autoptr (StrataDomainXml) copy = strata_domain_xml_copy (xml);
      g_autofree char *text = strata_domain_xml_to_string (copy);
      g_autofree char *name = NULL;

      golden_check (names[i], text);

      /* A copy is a copy. */
      strata_domain_xml_set_name (copy, "another");
      name = strata_domain_xml_get_name (xml);
      g_assert_cmpstr (name, !=, "another");
    }
}

static void
test_uuid_missing (void)
{
  g_autoptr (StrataDomainXml) xml = NULL;
  g_autofree char *text = NULL;

  xml =
      strata_domain_xml_new_from_string ("<domain><name>a</name><memory>1</memory></domain>", NULL);
  assert_string (strata_domain_xml_get_uuid (xml), NULL);

  strata_domain_xml_set_uuid (xml, "B4C6B5F08D5C4D5B9A570C8BD3A1F001");
  text = strata_domain_xml_to_string (xml);
  g_assert_cmpstr (text, ==,
                   "<domain>\n"
                   "  <name>a</name>\n"
                   "  <uuid>b4c6b5f0-8d5c-4d5b-9a57-0c8bd3a1f001</uuid>\n"
                   "  <memory>1</memory>\n"
                   "</domain>\n");
}

/* What a copy of the definition would share with it, and write to. */
static void
test_written (void)
{
  static const struct
  {
    const char *in; /* of <domain> */
    const char *expected;
  } cases[] = {
    { "", NULL },
    { "<os><type>hvm</type><loader readonly='yes' type='pflash'>/fw</loader><kernel>/k</kernel></os>",
      NULL },
    { "<os><type>hvm</type><loader readonly='no' type='pflash'>/fw</loader></os>", "/fw" },
    { "<devices><memory model='nvdimm'><source><path>/nv</path></source></memory></devices>",
      "/nv" },
    { "<devices><memory model='virtio-pmem' access='shared'><source><path>/p</path></source></memory></devices>",
      "/p" },
    { "<devices><memory model='nvdimm' access='private'><source><path>/nv</path></source></memory></devices>",
      NULL },
    { "<devices><memory model='nvdimm'><source><path>/nv</path></source><target><readonly/></target></memory></devices>",
      NULL },
    { "<devices><tpm model='tpm-crb'><backend type='emulator'><source type='dir' path='/tpm'/></backend></tpm></devices>",
      "/tpm" },
    { "<devices><filesystem type='mount'><source dir='/shared'/></filesystem></devices>", NULL },
    { "<q:commandline><q:arg value='-drive'/><q:arg value='file=/d,if=none'/></q:commandline>",
      "file=/d,if=none" },
    { "<q:commandline><q:arg value='-drive'/><q:arg value='file=/d,readonly=on'/></q:commandline>",
      NULL },
    { "<q:commandline><q:arg value='-drive'/><q:arg value='file=/d,readonly=on,readonly=off'/></q:commandline>",
      "file=/d,readonly=on,readonly=off" },
    { "<q:commandline><q:arg value='-drive'/><q:arg value='file=/snapshot=on/d'/></q:commandline>",
      "file=/snapshot=on/d" },
    { "<q:commandline><q:arg value='-drive'/><q:arg value='media=cdrom,file=/d'/></q:commandline>",
      NULL },
    { "<q:commandline><q:arg value='-blockdev'/>"
      "<q:arg value='driver=qcow2,file.filename=/d,backing.read-only=on'/></q:commandline>",
      "driver=qcow2,file.filename=/d,backing.read-only=on" },
    { "<q:commandline><q:arg value='-blockdev'/>"
      "<q:arg value='driver=qcow2,file.filename=/d,read-only=on'/></q:commandline>",
      NULL },
    { "<q:commandline><q:arg value='-blockdev'/>"
      "<q:arg value='{&quot;file&quot;:{&quot;filename&quot;:&quot;/d&quot;,&quot;read-only&quot;:true}}'/></q:commandline>",
      "{\"file\":{\"filename\":\"/d\",\"read-only\":true}}" },
    { "<q:commandline><q:arg value='-blockdev'/>"
      "<q:arg value='{&quot;read-only&quot;: true, &quot;file&quot;:{&quot;filename&quot;:&quot;/d&quot;}}'/></q:commandline>",
      NULL },
    { "<q:commandline><q:arg value='-object'/>"
      "<q:arg value='memory-backend-file,id=m,mem-path=/share=off,share=on'/></q:commandline>",
      "memory-backend-file,id=m,mem-path=/share=off,share=on" },
    { "<q:commandline><q:arg value='-object'/>"
      "<q:arg value='memory-backend-file,id=m,mem-path=/d,share=off'/></q:commandline>",
      NULL },
    { "<q:commandline><q:arg value='/d'/></q:commandline>", "/d" },
    { "<q:commandline><q:arg value='-no-user-config'/><q:arg value='/d'/></q:commandline>", "/d" },
    { "<q:commandline><q:arg value='-cdrom'/><q:arg value='/c'/><q:arg value='/d'/></q:commandline>",
      "/d" },
    { "<q:commandline><q:arg value='-kernel'/><q:arg value='/k'/></q:commandline>", NULL },
    { "<q:commandline><q:arg value='-append'/><q:arg value='-hda'/><q:arg value='-kernel'/>"
      "<q:arg value='/k'/></q:commandline>",
      NULL },
    { "<q:commandline><q:arg value='-hdb'/><q:arg value='/readonly=on'/></q:commandline>",
      "/readonly=on" },
    { "<q:commandline><q:arg value='-fw_cfg'/><q:arg value='name=opt/x,file=/d'/></q:commandline>",
      NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "<domain type='qemu' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>"
          "<name>a</name>%s</domain>",
          cases[i].in);
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, &error);
      g_autofree char *written = NULL;

      g_assert_no_error (error);
      written = strata_domain_xml_find_written (xml);
      g_assert_cmpstr (written, ==, cases[i].expected);
    }
}

static void
test_qemu_names (void)
{
  static const struct
  {
    const char *name;
    const char *files; /* with blanks between */
  } names[] = {
    { "/a.qcow2", "/a.qcow2" },
    { "file:/a.qcow2", "/a.qcow2" },
    { "a.qcow2", "" },
    { "nbd://host/a", "" },
    { "blkdebug:/c.conf:/a.qcow2", "/c.conf:/a.qcow2 /a.qcow2" },
    { "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/a.qcow2\"}}",
      "/a.qcow2" },
    { "json:{\"file.filename\":\"/a\",\"data-file\":{\"filename\":\"/b\"}}", "/a /b" },
    { "json:{", "" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (GStrv) files = strata_qemu_name_get_files (names[i].name);
      g_autofree char *joined = g_strjoinv (" ", files);

      g_assert_cmpstr (joined, ==, names[i].files);
    }
}

/* The arguments of QEMU, and the image that it opens, with the format if that is said. */
static void
test_option_disks (void)
{
  static const struct
  {
    const char *option;
    const char *value;
    const char *path;
    const char *format;
  } cases[] = {
    { "-drive", "file=/d/y,format=qcow2", "/d/y", "qcow2" },
    { "-drive", "format=raw,file=/d/a,,b=c,if=ide", "/d/a,b=c", "raw" },
    { "-drive", "file=file:/d/y", "/d/y", NULL },
    { "-drive", "file=blkdebug:/c:/d/y", "/d/y", NULL },
    { "-drive",
      "file=json:{&quot;driver&quot;:&quot;qcow2&quot;,,&quot;file&quot;:{&quot;filename&quot;:&quot;/d/y&quot;}}",
      "/d/y", NULL },
    { "-blockdev", "driver=qcow2,node-name=n,file.driver=file,file.filename=/d/y", "/d/y", NULL },
    { "-blockdev", "{&quot;node-name&quot;:&quot;n&quot;,&quot;filename&quot;:&quot;/d/a,b&quot;}",
      "/d/a,b", NULL },
    { "-hda", "/d/a=b,c", "/d/a=b,c", NULL },
    { "-drive", "file=nbd://host/d", NULL, NULL },
    { "-device", "virtio-blk,drive=/d", NULL, NULL },
    { "-blockdev", "driver=qcow2,file=node", NULL, NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "<domain type='qemu' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>"
          "<name>a</name><q:commandline><q:arg value='%s'/><q:arg value='%s'/></q:commandline>"
          "</domain>",
          cases[i].option, cases[i].value);
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, &error);
      g_autoptr (GPtrArray) disks = NULL;
      g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      gboolean found = FALSE;

      g_assert_no_error (error);
      disks = strata_domain_xml_get_option_disks (xml);
      g_test_message ("%s %s", cases[i].option, cases[i].value);
      if (cases[i].path == NULL)
        {
          g_assert_cmpuint (disks->len, ==, 0);
          continue;
        }
      for (guint j = 0; j < disks->len; j++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (disks, j);

          found |= g_str_equal (disk->source, cases[i].path) &&
                   g_strcmp0 (disk->format, cases[i].format) == 0;
        }
      g_assert_true (found);
      strata_domain_xml_add_files (xml, files);
      g_assert_true (g_hash_table_contains (files, cases[i].path));
    }
}

static void
test_copy_targets (void)
{
  static const char text[] =
      "<domain type='qemu'><name>a</name><devices>"
      "<disk type='file' device='disk'><source file='/a'/><target dev='vda'/>"
      "<mirror type='file' file='/b' format='qcow2' job='copy'><format type='qcow2'/>"
      "<source file='/b'/><backingStore type='file'><format type='raw'/><source file='/c'/>"
      "<backingStore/></backingStore></mirror></disk>"
      "<disk type='file' device='disk'><source file='/d'/><target dev='vdb'/>"
      "<mirror type='file' job='active-commit'><format type='qcow2'/><source file='/e'/></mirror>"
      "</disk></devices></domain>";
  g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, NULL);
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_copy_targets (xml);
  const StrataDiskXml *disk;

  g_assert_cmpuint (disks->len, ==, 1);
  disk = g_ptr_array_index (disks, 0);
  g_assert_cmpstr (disk->target, ==, "vda");
  g_assert_cmpstr (disk->source, ==, "/b");
  g_assert_cmpstr (disk->format, ==, "qcow2");
  g_assert_cmpstr (disk->backings[0], ==, "/c");
  g_assert_null (disk->backings[1]);
}

/* What is said of a disk besides its image is the machine's. */
static void
test_equal_but_images (void)
{
  static const struct
  {
    const char *disk;
    gboolean equal;
  } cases[] = {
    { "<disk type='block' device='disk'><driver name='qemu' type='raw' cache='none'/>"
      "<source dev='/b'/><backingStore type='file'><format type='raw'/><source file='/c'/>"
      "</backingStore><target dev='vda' bus='virtio'/><serial>a</serial></disk>",
      TRUE },
    { "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/a'/>"
      "<target dev='vda' bus='virtio'/><serial>a</serial></disk>",
      FALSE },
    { "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
      "<source file='/a'/><target dev='vda' bus='virtio'/><serial>b</serial></disk>",
      FALSE },
    { "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
      "<source file='/a'/><target dev='vda' bus='virtio'/><iotune><total_bytes_sec>1"
      "</total_bytes_sec></iotune><serial>a</serial></disk>",
      FALSE },
    { "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
      "<source file='/a'/><target dev='vda' bus='virtio'/><readonly/><serial>a</serial></disk>",
      FALSE },
  };
  static const char *const drives[] = {
    "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/a.iso'/>"
    "<target dev='sda' bus='sata'/><readonly/></disk>",
    "<disk type='file' device='cdrom'><target dev='sda' bus='sata' tray='open'/><readonly/></disk>",
  };
  const char *const before =
      "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
      "<source file='/a'/><target dev='vda' bus='virtio'/><serial>a</serial></disk>";

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *one = g_strdup_printf (
          "<domain type='qemu'><name>a</name><devices>%s%s</devices></domain>", before, drives[0]);
      g_autofree char *two =
          g_strdup_printf ("<domain type='qemu'>\n<name>a</name><devices>%s%s</devices></domain>",
                           cases[i].disk, drives[1]);
      g_autoptr (StrataDomainXml) a = strata_domain_xml_new_from_string (one, NULL);
      g_autoptr (StrataDomainXml) b = strata_domain_xml_new_from_string (two, NULL);

      g_assert_cmpint (strata_domain_xml_equal_but_images (a, b), ==, cases[i].equal);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/domain/read", test_read);
  g_test_add_func ("/xml/domain/read-more", test_read_more);
  g_test_add_func ("/xml/domain/set-network", test_set_network);
  g_test_add_func ("/xml/domain/memory-units", test_memory_units);
  g_test_add_func ("/xml/domain/disks", test_disks);
  g_test_add_func ("/xml/domain/set-disk-file", test_set_disk_file);
  g_test_add_func ("/xml/domain/name-devices", test_name_devices);
  g_test_add_func ("/xml/domain/set-disk-device", test_set_disk_device);
  g_test_add_func ("/xml/domain/readonly", test_readonly);
  g_test_add_func ("/xml/domain/protected", test_protected);
  g_test_add_func ("/xml/domain/protected-label", test_protected_label);
  g_test_add_func ("/xml/domain/drop-backing", test_drop_backing);
  g_test_add_func ("/xml/domain/firmware", test_firmware);
  g_test_add_func ("/xml/domain/firmware-kinds", test_firmware_kinds);
  g_test_add_func ("/xml/domain/round-trip", test_round_trip);
  g_test_add_func ("/xml/domain/uuid-missing", test_uuid_missing);

  g_test_add_func ("/xml/domain/written", test_written);
  g_test_add_func ("/xml/domain/option-disks", test_option_disks);
  g_test_add_func ("/xml/domain/qemu-names", test_qemu_names);
  g_test_add_func ("/xml/domain/copy-targets", test_copy_targets);
  g_test_add_func ("/xml/domain/equal-but-images", test_equal_but_images);

  return g_test_run ();
}
