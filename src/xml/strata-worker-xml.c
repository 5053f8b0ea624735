/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The worker domain, the smallest guest that QEMU opens images for, and the destination of a copy in
 * it. Built with libvirt-gconfig; what that does not have (the emulator, formats by name, zero
 * detection) is put in afterwards.
 */

#include "config.h"

#include <libvirt-gconfig/libvirt-gconfig.h>

#include "strata-document.h"
#include "strata-node.h"
#include "strata-worker-xml.h"

#define MEMORY_KIB 16384

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigDomain, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigDomainControllerUsb, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigDomainDisk, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigDomainDiskDriver, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigDomainMemballoon, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigDomainOs, g_object_unref)

static GVirConfigDomainDisk *
disk_new (const StrataWorkerDisk *description)
{
  GVirConfigDomainDisk *disk = gvir_config_domain_disk_new ();
  g_autoptr (GVirConfigDomainDiskDriver) driver = gvir_config_domain_disk_driver_new ();

  gvir_config_domain_disk_set_type (disk, description->block ? GVIR_CONFIG_DOMAIN_DISK_BLOCK
                                                             : GVIR_CONFIG_DOMAIN_DISK_FILE);
  gvir_config_domain_disk_driver_set_name (driver, "qemu");
  gvir_config_domain_disk_set_driver (disk, driver);
  gvir_config_domain_disk_set_source (disk, description->path);

  return disk;
}

static void
add_disk (GVirConfigDomain *domain, const StrataWorkerDisk *description)
{
  g_autoptr (GVirConfigDomainDisk) disk = disk_new (description);

  gvir_config_domain_disk_set_guest_device_type (disk, GVIR_CONFIG_DOMAIN_DISK_GUEST_DEVICE_DISK);
  gvir_config_domain_disk_set_target_dev (disk, description->target);
  gvir_config_domain_disk_set_target_bus (disk, GVIR_CONFIG_DOMAIN_DISK_BUS_VIRTIO);
  if (description->read_only)
    gvir_config_domain_disk_set_readonly (disk, TRUE);

  gvir_config_domain_add_device (domain, GVIR_CONFIG_DOMAIN_DEVICE (disk));
}

/* libvirt adds a balloon and a USB controller where nothing is said of them. */
static void
add_absent_devices (GVirConfigDomain *domain)
{
  g_autoptr (GVirConfigDomainMemballoon) balloon = gvir_config_domain_memballoon_new ();
  g_autoptr (GVirConfigDomainControllerUsb) usb = NULL;

  usb = gvir_config_domain_controller_usb_new_from_xml ("<controller type='usb' model='none'/>",
                                                        NULL);
  gvir_config_domain_add_device (domain, GVIR_CONFIG_DOMAIN_DEVICE (usb));

  gvir_config_domain_memballoon_set_model (balloon, GVIR_CONFIG_DOMAIN_MEMBALLOON_MODEL_NONE);
  gvir_config_domain_add_device (domain, GVIR_CONFIG_DOMAIN_DEVICE (balloon));
}

/* No machine is named: libvirt's own choice is the only one that is sure to exist on every host. */
static void
set_os (GVirConfigDomain *domain, const char *arch)
{
  g_autoptr (GVirConfigDomainOs) os = gvir_config_domain_os_new ();

  gvir_config_domain_os_set_os_type (os, GVIR_CONFIG_DOMAIN_OS_TYPE_HVM);
  gvir_config_domain_os_set_arch (os, arch);
  gvir_config_domain_set_os (domain, os);
}

/* The vCPU never runs, but whatever ends the guest is to leave nothing behind. */
static void
set_lifecycle (GVirConfigDomain *domain)
{
  static const GVirConfigDomainLifecycleEvent events[] = {
    GVIR_CONFIG_DOMAIN_LIFECYCLE_ON_POWEROFF,
    GVIR_CONFIG_DOMAIN_LIFECYCLE_ON_REBOOT,
    GVIR_CONFIG_DOMAIN_LIFECYCLE_ON_CRASH,
  };

  for (size_t i = 0; i < G_N_ELEMENTS (events); i++)
    gvir_config_domain_set_lifecycle (domain, events[i], GVIR_CONFIG_DOMAIN_LIFECYCLE_DESTROY);
}

static xmlDoc *
to_document (gpointer config, const char *root)
{
  g_autofree char *text = gvir_config_object_to_xml (GVIR_CONFIG_OBJECT (config));

  return strata_document_parse (text, root, NULL);
}

static void
set_driver (xmlNode *driver, const StrataWorkerDisk *description)
{
  strata_node_set (driver, "type", description->format);
  strata_node_set (driver, "discard", "unmap");
  strata_node_set (driver, "detect_zeroes", "unmap");
}

/**
 * strata_worker_xml_new:
 * @uuid: a new UUID
 * @virt_type: `kvm` or `qemu`
 * @arch: the architecture, `x86_64`
 * @emulator: path of the QEMU program on the host
 * @disks: (array length=n_disks): the images, opened with what they are overlays on
 * @n_disks: how many
 *
 * Blocks of zeroes that take room in an image take none in a copy of it. libvirt hands this setting of
 * the disk on to the copy's destination, and ignores the destination's own (11.3; of 300 MiB with
 * 100 MiB of zeroes 200 MiB are left, in 0.65 s instead of 1.15 s).
 *
 * To be started paused, by `virDomainCreateXML` with `VIR_DOMAIN_START_PAUSED`. Caching is left to
 * libvirt, since O_DIRECT is not to be had everywhere (tmpfs). No security label is said either: on
 * `qemu:///system` libvirt has to hand the images to QEMU's user. Any thread.
 *
 * Returns: (transfer full): the domain's XML
 */
char *
strata_worker_xml_new (const char *uuid,
                       const char *virt_type,
                       const char *arch,
                       const char *emulator,
                       const StrataWorkerDisk *disks,
                       size_t n_disks)
{
  g_autoptr (GVirConfigDomain) domain = gvir_config_domain_new ();
  g_autoptr (GPtrArray) drivers = NULL;
  g_autoptr (xmlDoc) doc = NULL;
  g_autofree char *name = NULL;

  g_return_val_if_fail (uuid != NULL && virt_type != NULL && arch != NULL, NULL);
  g_return_val_if_fail (emulator != NULL, NULL);
  g_return_val_if_fail (disks != NULL || n_disks == 0, NULL);

  name = g_strconcat (STRATA_WORKER_PREFIX, uuid, NULL);
  gvir_config_domain_set_virt_type (domain, g_str_equal (virt_type, "kvm")
                                                ? GVIR_CONFIG_DOMAIN_VIRT_KVM
                                                : GVIR_CONFIG_DOMAIN_VIRT_QEMU);
  gvir_config_domain_set_name (domain, name);
  gvir_config_domain_set_uuid (domain, uuid);
  gvir_config_domain_set_memory (domain, MEMORY_KIB);
  set_os (domain, arch);
  set_lifecycle (domain);
  for (size_t i = 0; i < n_disks; i++)
    add_disk (domain, &disks[i]);
  add_absent_devices (domain);

  doc = to_document (domain, "domain");
  g_return_val_if_fail (doc != NULL, NULL);

  strata_node_set_text (
      strata_node_ensure_child (strata_document_find_one (doc, "/domain/devices"), "emulator"),
      emulator);
  drivers = strata_document_find (doc, "/domain/devices/disk/driver");
  for (size_t i = 0; i < n_disks; i++)
    set_driver (g_ptr_array_index (drivers, i), &disks[i]);

  return strata_document_to_string (doc);
}

/**
 * strata_worker_copy_xml_new:
 * @destination: the image to make; its target and read_only do not matter
 *
 * Any thread.
 *
 * Returns: (transfer full): the `<disk>` that `virDomainBlockCopy` takes
 */
char *
strata_worker_copy_xml_new (const StrataWorkerDisk *destination)
{
  g_autoptr (GVirConfigDomainDisk) disk = NULL;
  g_autoptr (xmlDoc) doc = NULL;

  g_return_val_if_fail (destination != NULL && destination->path != NULL, NULL);
  g_return_val_if_fail (destination->format != NULL, NULL);

  disk = disk_new (destination);
  doc = to_document (disk, "disk");
  g_return_val_if_fail (doc != NULL, NULL);

  strata_node_set (strata_document_find_one (doc, "/disk/driver"), "type", destination->format);

  return strata_document_to_string (doc);
}
