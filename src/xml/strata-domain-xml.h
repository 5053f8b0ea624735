/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * StrataDiskXml:
 * @target: the name in the guest, `vda`; the key of a disk
 * @bus: `virtio`, `sata`…
 * @device: `disk`, `cdrom`, `floppy`, `lun`
 * @type: `file`, `block`, `network`, `volume`, `dir`…
 * @source: (nullable): the path, where @type is `file` or `block`; %NULL for an empty drive
 * @pool: (nullable): the pool's name, where @type is `volume` (then @source is the volume's name)
 * @format: (nullable): the driver's type, `qcow2`, `raw`
 * @backing: (nullable): the path in an explicit `<backingStore>` below it, which outranks the header
 * @backings: (nullable): the paths of all explicit `<backingStore>`s, @backing first; of a volume its name; empty where
 *   the only one ends the chain
 * @backing_formats: (nullable): as long as @backings: their formats, "" where none is said
 * @backing_pools: (nullable): as long as @backings: the pool of a volume, else ""
 * @ends: an empty `<backingStore/>` says that nothing is below the last of @backings, or below the disk itself
 * @encrypted: `<encryption>`, of the source or of the disk
 * @sliced: `<slices>`: the disk is a part of what @source names
 * @read_only: `<readonly/>`
 * @transient: `<transient/>`
 * @shareable: `<shareable/>`
 * @optional: `startupPolicy` lets it be empty where what was in it is missing
 *
 * One disk of a domain definition, copied out of it.
 */
typedef struct
{
  char    *target;
  char    *bus;
  char    *device;
  char    *type;
  char    *source;
  char    *pool;
  char    *format;
  char    *backing;
  GStrv    backings;
  GStrv    backing_formats;
  GStrv    backing_pools;
  gboolean read_only;
  gboolean transient;
  gboolean shareable;
  gboolean optional;
  gboolean encrypted;
  gboolean sliced;
  gboolean ends;
} StrataDiskXml;

void strata_disk_xml_free (StrataDiskXml *self);
/* (nullable): the one that is TARGET in the guest; DISKS: (element-type StrataDiskXml) */
const StrataDiskXml *strata_disk_xml_find (GPtrArray *disks, const char *target);
/* whether it is a place for a disc that others may put in and take out */
gboolean strata_disk_xml_is_drive (const StrataDiskXml *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataDiskXml, strata_disk_xml_free)

/**
 * StrataTemplateMark: what `<strata:template>` in a domain's `<metadata>` says
 * @domain: UUID of the domain it was written for; a copied definition does not pass for a template
 * @source: (nullable): name of the VM it was made from
 * @sealed: (nullable): when it was sealed, ISO 8601 UTC; %NULL if it was not sealed
 * @operations: (nullable): the sealing operations that were run, comma separated
 * @os: (nullable): the guest's product name by inspection, "Debian GNU/Linux 12 (bookworm)"
 * @os_id: (nullable): the distribution's short name by inspection, "debian"
 * @notes: (nullable): what sealing left or could not reach, a line each
 * @version: counts from 1
 *
 * StrataCloneMark: what `<strata:clone>` says
 * @domain: UUID of the domain it was written for
 * @template_uuid: the template
 * @template_name: its name when the clone was deployed
 * @version: its version when the clone was deployed
 * @thin: whether the clone's disks are overlays on the template's
 * @was_thin: not @thin any more, but once it was: what its snapshots stand on may still be the template's
 */
typedef struct
{
  char *domain;
  char *source;
  char *sealed;
  char *operations;
  char *os;
  char *os_id;
  char *notes;
  guint version;
} StrataTemplateMark;

typedef struct
{
  char    *domain;
  char    *template_uuid;
  char    *template_name;
  guint    version;
  gboolean thin;
  gboolean was_thin;
} StrataCloneMark;

/**
 * StrataCopyMark: what `<strata:copy>` says: a disk went on, on a copy of its image, since others read the image
 * @from: the image that was left behind
 * @to: the copy
 */
typedef struct
{
  char *from;
  char *to;
} StrataCopyMark;

StrataCopyMark *strata_copy_mark_new  (const char     *from,
                                       const char     *to);
void            strata_copy_mark_free (StrataCopyMark *self);

/**
 * StrataThinMark: what `<strata:thin>` says
 * @source: UUID of the domain on whose images the disks stand: a snapshot's, or a template's
 * @source_name: its name then
 * @snapshot: (nullable): the snapshot's name then
 * @bases: (nullable): every image that the disks stood on when they were made, down to the last; older marks have none
 */
typedef struct
{
  char *source;
  char *source_name;
  char *snapshot;
  GStrv bases;
} StrataThinMark;

void strata_template_mark_free (StrataTemplateMark *self);
void strata_clone_mark_free    (StrataCloneMark    *self);
void strata_thin_mark_free     (StrataThinMark     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataTemplateMark, strata_template_mark_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataCloneMark, strata_clone_mark_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataThinMark, strata_thin_mark_free)

/* below /dev, but for the tmpfs there. Any thread */
gboolean strata_path_is_device (const char *path);
typedef gboolean (*StrataIsDevice) (const char *path, gpointer user_data);

/* A domain definition (libvirt's inactive or live XML) that can be read and rewritten; elements it
 * does not know stay as they are. Not thread safe; any one thread at a time. */
#define STRATA_TYPE_DOMAIN_XML (strata_domain_xml_get_type ())

G_DECLARE_FINAL_TYPE (StrataDomainXml, strata_domain_xml, STRATA, DOMAIN_XML, GObject)

StrataDomainXml    *strata_domain_xml_new_from_string   (const char               *text,
                                                         GError                  **error);
StrataDomainXml    *strata_domain_xml_copy              (StrataDomainXml          *self);
char               *strata_domain_xml_to_string         (StrataDomainXml          *self);

char               *strata_domain_xml_get_name          (StrataDomainXml          *self);
void                strata_domain_xml_set_name          (StrataDomainXml          *self,
                                                         const char               *name);
char               *strata_domain_xml_get_uuid          (StrataDomainXml          *self);
void                strata_domain_xml_set_uuid          (StrataDomainXml          *self,
                                                         const char               *uuid);
char               *strata_domain_xml_get_title         (StrataDomainXml          *self);
char               *strata_domain_xml_get_description   (StrataDomainXml          *self);
guint64             strata_domain_xml_get_memory        (StrataDomainXml          *self);
guint               strata_domain_xml_get_vcpus         (StrataDomainXml          *self);
char               *strata_domain_xml_get_virt_type     (StrataDomainXml          *self);
char               *strata_domain_xml_get_machine       (StrataDomainXml          *self);
char               *strata_domain_xml_get_arch          (StrataDomainXml          *self);
char               *strata_domain_xml_get_emulator      (StrataDomainXml          *self);
/* the libosinfo id in <libosinfo:os id=…>, or NULL */
char               *strata_domain_xml_get_os_info       (StrataDomainXml          *self);
GStrv               strata_domain_xml_get_macs          (StrataDomainXml          *self);
/* connects every interface to the libvirt network NAME */
void                strata_domain_xml_set_network       (StrataDomainXml          *self,
                                                         const char               *network);
gboolean            strata_domain_xml_has_agent         (StrataDomainXml          *self);
gboolean            strata_domain_xml_has_tpm           (StrataDomainXml          *self);
/* "spice", "vnc"… of the first <graphics>, or NULL */
char               *strata_domain_xml_get_graphics      (StrataDomainXml          *self);

/* (element-type StrataDiskXml): every disk device, in document order */
GPtrArray          *strata_domain_xml_get_disks         (StrataDomainXml          *self);
/* makes the disk TARGET one on the file or the device PATH and drops its <backingStore>; FALSE if there is no such disk */
gboolean            strata_domain_xml_set_disk_file     (StrataDomainXml          *self,
                                                         const char               *target,
                                                         const char               *path,
                                                         const char               *format);
char               *strata_domain_xml_print_disk        (StrataDomainXml          *self,
                                                         const char               *target);
/* what is called a file, and is a device, is called one; TRUE if anything was changed */
gboolean            strata_domain_xml_name_devices      (StrataDomainXml          *self,
                                                         StrataIsDevice            is_device,
                                                         gpointer                  user_data);
gboolean            strata_domain_xml_set_disk_readonly (StrataDomainXml          *self,
                                                         const char               *target,
                                                         gboolean                  read_only);
/* whether no domain can be started from it, since it is a template's */
gboolean            strata_domain_xml_is_protected      (StrataDomainXml          *self);
gboolean            strata_domain_xml_set_protected     (StrataDomainXml          *self,
                                                         gboolean                  protect);
/* whether they differ in nothing but what images their disks have */
gboolean            strata_domain_xml_equal_but_images  (StrataDomainXml          *self,
                                                         StrataDomainXml          *other);
/* drops every <backingStore>, since an explicit one outranks the headers of the files */
void                strata_domain_xml_drop_backing      (StrataDomainXml          *self);

gboolean            strata_domain_xml_is_uefi           (StrataDomainXml          *self);
char               *strata_domain_xml_get_nvram         (StrataDomainXml          *self);
void                strata_domain_xml_set_nvram         (StrataDomainXml          *self,
                                                         const char               *path);
char               *strata_domain_xml_get_nvram_format  (StrataDomainXml          *self);
/* (nullable): what it writes to and keeps besides its disks and UEFI variables */
char               *strata_domain_xml_find_written      (StrataDomainXml          *self);
void                strata_domain_xml_add_files         (StrataDomainXml          *self,
                                                         GHashTable               *paths);
/* (element-type StrataDiskXml) (transfer full): the images that it gives QEMU on the command line; those whose format it
 * leaves to QEMU to find out have none */
GPtrArray          *strata_domain_xml_get_option_disks  (StrataDomainXml          *self);
/* (transfer full): the files that NAME, one of QEMU's names of an image, means by their absolute paths */
GStrv               strata_qemu_name_get_files          (const char               *name);
/* (element-type StrataDiskXml) (transfer full): what the block copies that are under way write to, of a live definition */
GPtrArray          *strata_domain_xml_get_copy_targets  (StrataDomainXml          *self);

/* Gives the definition a new identity: name, UUID, one new MAC per interface (52:54:00, random, never
 * one in TAKEN_MACS), new genid where there is one, channel/console/serial socket paths and vsock
 * CID left to libvirt, disk serial and wwn removed, graphics ports automatic, dynamic
 * seclabels and a template's, <backingStore> and our own marks removed, <title> removed. */
void                strata_domain_xml_renew_identity    (StrataDomainXml          *self,
                                                         const char               *name,
                                                         const char               *uuid,
                                                         const char *const        *taken_macs);

/* name, title, description and metadata of the domain as it is now, for a definition from a snapshot */
void                strata_domain_xml_preserve        (StrataDomainXml          *self,
                                                       StrataDomainXml          *present);

StrataTemplateMark *strata_domain_xml_get_template_mark (StrataDomainXml          *self);
void                strata_domain_xml_set_template_mark (StrataDomainXml          *self,
                                                         const StrataTemplateMark *mark);
/* (element-type StrataCopyMark) (transfer full) */
GPtrArray          *strata_domain_xml_get_copies        (StrataDomainXml          *self);
void                strata_domain_xml_add_copy          (StrataDomainXml          *self,
                                                         const char               *from,
                                                         const char               *to);
StrataCloneMark    *strata_domain_xml_get_clone_mark    (StrataDomainXml          *self);
/* (transfer full) (element-type StrataCloneMark): each that it has, also one that was written for another domain */
GPtrArray          *strata_domain_xml_get_clone_marks   (StrataDomainXml          *self);
void                strata_domain_xml_set_clone_mark    (StrataDomainXml          *self,
                                                         const StrataCloneMark    *mark);
StrataThinMark     *strata_domain_xml_get_thin_mark     (StrataDomainXml          *self);
void                strata_domain_xml_set_thin_mark     (StrataDomainXml          *self,
                                                         const StrataThinMark     *mark);

G_END_DECLS
