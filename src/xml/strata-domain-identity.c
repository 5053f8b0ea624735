/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A new identity for a copied definition: all that must differ between two VMs on one host, or
 * that libvirt chose for the original and has to choose anew.
 *
 * What stays, although the copies then share it, because only the user can say what it should be:
 * host devices, shared folders, shared and persistent memory, leases, fixed security labels, ports
 * forwarded to the guest, vhost-user sockets, the QEMU command line, and other tools' metadata.
 * The state of an emulated TPM is kept by the domain's UUID, and so is new of itself.
 */

#include "config.h"

#include <string.h>

#include "strata-domain-xml-private.h"
#include "strata-node.h"

typedef void (*NodeFunc) (xmlNode *node);

static void
for_each (StrataDomainXml *self, const char *xpath, NodeFunc func)
{
  g_autoptr (GPtrArray) nodes = strata_document_find (strata_domain_xml_get_document (self), xpath);

  for (guint i = 0; i < nodes->len; i++)
    func (g_ptr_array_index (nodes, i));
}

static void
remove_attribute (xmlNode *attribute)
{
  xmlRemoveProp ((xmlAttr *) attribute);
}

/* QEMU's and KVM's own range, the one libvirt draws from. */
static char *
draw_mac (GHashTable *taken)
{
  char *mac = NULL;

  do
    {
      guint32 number = g_random_int ();

      g_free (mac);
      mac = g_strdup_printf ("52:54:00:%02x:%02x:%02x", (number >> 16) & 0xff, (number >> 8) & 0xff,
                             number & 0xff);
    }
  while (g_hash_table_contains (taken, mac));
  g_hash_table_add (taken, g_strdup (mac));

  return mac;
}

static GHashTable *
collect_taken (StrataDomainXml *self, const char *const *taken_macs)
{
  GHashTable *taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) own = strata_domain_xml_get_macs (self);

  for (size_t i = 0; own[i] != NULL; i++)
    g_hash_table_add (taken, g_strdup (own[i]));
  for (size_t i = 0; taken_macs != NULL && taken_macs[i] != NULL; i++)
    g_hash_table_add (taken, g_ascii_strdown (taken_macs[i], -1));

  return taken;
}

static void
renew_macs (StrataDomainXml *self, const char *const *taken_macs)
{
  g_autoptr (GHashTable) taken = collect_taken (self, taken_macs);
  g_autoptr (GHashTable) teams = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) interfaces = NULL;

  interfaces =
      strata_document_find (strata_domain_xml_get_document (self), "/domain/devices/interface");
  for (guint i = 0; i < interfaces->len; i++)
    {
      xmlNode *interface = g_ptr_array_index (interfaces, i);
      xmlNode *mac = strata_node_ensure_child (interface, "mac");
      gboolean teamed = strata_node_get_child (interface, "teaming") != NULL;
      g_autofree char *old = strata_node_get (mac, "address");
      g_autofree char *new = NULL;

      /* The two halves of a team have one address between them, by which the guest pairs them. */
      if (teamed && old != NULL)
        new = g_strdup (g_hash_table_lookup (teams, old));
      if (new == NULL)
        new = draw_mac (taken);
      strata_node_set (mac, "address", new);

      if (teamed && old != NULL)
        g_hash_table_insert (teams, g_steal_pointer (&old), g_steal_pointer (&new));
    }
}

/* The names of the host's end (vnet0), and ids of ports that libvirt makes when there are none. */
static void
release_interface (xmlNode *interface)
{
  xmlNode *port = strata_node_get_child (interface, "virtualport");
  xmlNode *parameters = strata_node_get_child (port, "parameters");

  strata_node_remove_child (interface, "target");
  strata_node_set (strata_node_get_child (interface, "source"), "portid", NULL);
  strata_node_set (parameters, "instanceid", NULL);
  if (!strata_node_is (port, "type", "midonet"))
    strata_node_set (parameters, "interfaceid", NULL);
}

/* Without a path libvirt puts the socket into a folder of the domain's own. */
static void
release_channel (xmlNode *channel)
{
  strata_node_remove_child (channel, "source");
}

/* A socket on which the original listens, or a file that it writes, cannot be another VM's too, and
 * libvirt does not choose one: the copy gets a terminal. */
static void
make_pty (xmlNode *device)
{
  strata_node_set (device, "type", "pty");
  strata_node_remove_child (device, "source");
  strata_node_remove_child (device, "protocol");
}

static void
release_terminal (xmlNode *device)
{
  strata_node_set (device, "tty", NULL);
  if (strata_node_is (device, "type", "pty"))
    strata_node_remove_child (device, "source");
}

static void
renew_character_devices (StrataDomainXml *self)
{
  for_each (self,
            "/domain/devices/channel[@type='unix' and target/@type='virtio' and "
            "not(source/@mode='connect')]",
            release_channel);
  for_each (self,
            "/domain/devices/*[self::serial or self::parallel or self::console]"
            "[@type='file' or @type='pipe' or source/@mode='bind']",
            make_pty);
  for_each (self,
            "/domain/devices/*[self::serial or self::parallel or self::console or self::channel]",
            release_terminal);
  /* What the original's device says is logged there, perhaps from the start of the file. */
  for_each (self, "/domain/devices/*/log[@file]", strata_node_remove);
}

static void
renew_vsock (xmlNode *vsock)
{
  xmlNode *cid = strata_node_ensure_child (vsock, "cid");

  strata_node_set (cid, "auto", "yes");
  strata_node_set (cid, "address", NULL);
}

/* A display that listens on no port (only on a socket, or not at all) is given none. */
static void
renew_graphics (xmlNode *graphics)
{
  gboolean websocket = xmlHasProp (graphics, BAD_CAST "websocket") != NULL;
  gboolean listens;

  if (xmlHasProp (graphics, BAD_CAST "socket") &&
      strata_node_get_child (graphics, "listen") == NULL)
    strata_node_set (strata_node_ensure_child (graphics, "listen"), "type", "socket");

  listens = strata_node_get_child (graphics, "listen") == NULL;
  for (xmlNode *child = xmlFirstElementChild (graphics); child != NULL;
       child = xmlNextElementSibling (child))
    {
      if (!xmlStrEqual (child->name, BAD_CAST "listen"))
        continue;
      if (strata_node_is (child, "type", "socket"))
        strata_node_set (child, "socket", NULL);
      else if (!strata_node_is (child, "type", "none"))
        listens = TRUE;
    }

  strata_node_set (graphics, "port", NULL);
  strata_node_set (graphics, "tlsPort", NULL);
  strata_node_set (graphics, "socket", NULL);
  strata_node_set (graphics, "autoport", listens ? "yes" : NULL);
  if (websocket)
    strata_node_set (graphics, "websocket", "-1");
}

/* What libvirt made for a dynamic label; a base label is the user's. */
static void
renew_seclabel (xmlNode *seclabel)
{
  strata_node_remove_child (seclabel, "label");
  strata_node_remove_child (seclabel, "imagelabel");
  if (strata_node_get_child (seclabel, "baselabel") == NULL)
    strata_node_remove (seclabel);
}

static void
renew_genid (xmlNode *genid)
{
  g_autofree char *uuid = g_uuid_string_random ();

  strata_node_set_text (genid, uuid);
}

static void
renew_storage (StrataDomainXml *self)
{
  strata_domain_xml_drop_backing (self);
  for_each (self, "/domain/devices/disk/mirror", strata_node_remove);
  for_each (self, "/domain/devices/disk/serial", strata_node_remove);
  for_each (self, "/domain/devices/disk/wwn", strata_node_remove);
  for_each (self, "/domain/devices/disk/source/@index", remove_attribute);
  /* A floppy is written to, unlike a disc: two machines must not have the same. */
  for_each (self, "/domain/devices/disk[@device='floppy' and not(readonly)]/source",
            strata_node_remove);
  strata_domain_xml_set_nvram (self, NULL);

  /* Both are the state of one machine at a path of its own, which libvirt chooses if none is given. */
  for_each (self, "/domain/devices/pstore/path", strata_node_remove);
  for_each (self, "/domain/devices/tpm/backend[@type='emulator']/source", strata_node_remove);
}

/**
 * strata_domain_xml_renew_identity:
 * @self: a definition copied from another domain's
 * @name: its own name
 * @uuid: its own UUID
 * @taken_macs: (nullable) (array zero-terminated=1): MAC addresses, in either case, that are not to
 *   be given out; those that @self had are not, either
 *
 * Gives the definition a new identity: name, UUID (also where SMBIOS shows it), a new MAC address for
 * each interface, a new genid where there is one, and sockets, ports and ids that libvirt chooses.
 * Serial and parallel ports and consoles that listened on a socket or wrote a file become
 * terminals. Removed are the title, our marks, `<backingStore>`, serial numbers and WWNs of disks,
 * dynamic security labels and that of a template, what only a running VM has, and the path of the UEFI variables, so
 * that strata_domain_xml_set_nvram() has to be called if the copy is to start with the original's.
 *
 * Disks still are the original's: call strata_domain_xml_set_disk_file() for each.
 */
void
strata_domain_xml_renew_identity (StrataDomainXml *self,
                                  const char *name,
                                  const char *uuid,
                                  const char *const *taken_macs)
{
  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (uuid != NULL);

  strata_node_set (strata_domain_xml_get_root (self), "id", NULL);
  strata_domain_xml_set_name (self, name);
  strata_domain_xml_set_uuid (self, uuid);
  strata_domain_xml_set_template_mark (self, NULL);
  strata_domain_xml_set_clone_mark (self, NULL);
  strata_domain_xml_set_thin_mark (self, NULL);
  for_each (self, "/domain/title", strata_node_remove);
  for_each (self, "/domain/genid", renew_genid);

  renew_macs (self, taken_macs);
  for_each (self, "/domain/devices/interface", release_interface);
  renew_character_devices (self);
  renew_storage (self);
  for_each (self, "/domain/devices/vsock", renew_vsock);
  for_each (self, "/domain/devices/graphics[@type='vnc' or @type='spice' or @type='rdp']",
            renew_graphics);
  for_each (self, "/domain/seclabel[not(@type) or @type='dynamic']", renew_seclabel);
  strata_domain_xml_set_protected (self, FALSE);
  /* Names that the user gave begin with "ua-"; libvirt makes the others when a VM starts. */
  for_each (self, "/domain/devices/*/alias[not(starts-with(@name, 'ua-'))]", strata_node_remove);
}
