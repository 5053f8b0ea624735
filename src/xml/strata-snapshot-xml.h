/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-domain-xml.h"

G_BEGIN_DECLS

/* The first line of the description of a snapshot that users see as none any more: its frozen image
 * is still needed by what stands on it. */
#define STRATA_RETAINED_MARK "strata:retained"

/* Behind the frozen image's path: an overlay that there is not, of a current snapshot on which the domain does not stand
 * any more. */
#define STRATA_NO_OVERLAY_SUFFIX ".nobody"

typedef enum
{
  STRATA_SNAPSHOT_NONE,     /* left out */
  STRATA_SNAPSHOT_INTERNAL, /* in the image itself, under a tag */
  STRATA_SNAPSHOT_EXTERNAL, /* the image is frozen, and an overlay put on it */
} StrataSnapshotLocation;

/**
 * StrataSnapshotDisk:
 * @target: the name in the guest, `vda`
 * @image: (nullable): what the disk was at that moment, by the snapshot's `<domain>`: for an external
 *   snapshot the frozen image, for an internal one the image that has the tag
 * @pool: (nullable): the pool, where @image is the name of a volume
 * @format: (nullable): @image's format, by the definition
 * @backings: (nullable): what `<domain>` says that @image stands on, from the one directly below to the lowest that it names
 * @ends: whether `<domain>` says that nothing is below the last of @backings
 * @medium: whether it is a CD-ROM or a floppy, by the definition
 * @overlay: (nullable): external: the overlay that was made, by `<disks>`
 * @revert_overlay: (nullable): by `<revertDisks>`: what the domain runs on since it was reverted to this snapshot
 */
typedef struct
{
  char *target;
  char *image;
  char *pool;
  char *format;
  char **backings;
  char *overlay;
  char *revert_overlay;
  StrataSnapshotLocation location;
  gboolean ends;
  gboolean medium;
} StrataSnapshotDisk;

/* A `<domainsnapshot>` document that can be read and rewritten; elements it does not know stay as they
 * are. Not thread safe; any one thread at a time. */
#define STRATA_TYPE_SNAPSHOT_XML (strata_snapshot_xml_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotXml, strata_snapshot_xml, STRATA, SNAPSHOT_XML, GObject)

StrataSnapshotXml *strata_snapshot_xml_new_from_string (const char *text, GError **error);
/* for reading alone, without what its definitions say besides their disks: half the time */
StrataSnapshotXml *strata_snapshot_xml_skim (const char *text, GError **error);
/* for virDomainSnapshotCreateXML(); MEMORY_FILE: where the memory goes with STRATA_SNAPSHOT_EXTERNAL.
 * DISKS: (element-type StrataSnapshotDisk), of which target, location and overlay (qcow2) are used */
StrataSnapshotXml *strata_snapshot_xml_new (const char *name,
                                            const char *description,
                                            GPtrArray *disks,
                                            StrataSnapshotLocation memory,
                                            const char *memory_file);
char *strata_snapshot_xml_to_string (StrataSnapshotXml *self);

char *strata_snapshot_xml_get_name (StrataSnapshotXml *self);
void strata_snapshot_xml_set_name (StrataSnapshotXml *self, const char *name);
char *strata_snapshot_xml_get_parent (StrataSnapshotXml *self);
/* NULL: a root */
void strata_snapshot_xml_set_parent (StrataSnapshotXml *self, const char *parent);
/* without the retained mark */
char *strata_snapshot_xml_get_description (StrataSnapshotXml *self);
/* keeps the retained mark */
void strata_snapshot_xml_set_description (StrataSnapshotXml *self, const char *description);
gboolean strata_snapshot_xml_get_retained (StrataSnapshotXml *self);
void strata_snapshot_xml_set_retained (StrataSnapshotXml *self, gboolean retained);
/* seconds since 1970 */
gint64 strata_snapshot_xml_get_created (StrataSnapshotXml *self);
/* libvirt's word: "running", "paused", "shutoff", "disk-snapshot"… */
char *strata_snapshot_xml_get_state (StrataSnapshotXml *self);
void strata_snapshot_xml_set_state (StrataSnapshotXml *self, const char *state);
StrataSnapshotLocation strata_snapshot_xml_get_memory (StrataSnapshotXml *self);
char *strata_snapshot_xml_get_memory_file (StrataSnapshotXml *self);
/* (element-type StrataSnapshotDisk) (transfer full): in the order of `<disks>`, or, where that is missing
 * (an internal snapshot of libvirt 8), of <domain>, the writable ones of device disk */
GPtrArray *strata_snapshot_xml_get_disks (StrataSnapshotXml *self);

/* adds every path that a <backingStore> names in either definition, as it spells it, to PATHS, a set */
void strata_snapshot_xml_add_backings (StrataSnapshotXml *self, GHashTable *paths);

/* <inactiveDomain> if there is one, else <domain>: the definition to go back to. NULL if there is neither */
StrataDomainXml *strata_snapshot_xml_get_definition (StrataSnapshotXml *self);
/* <domain>, which goes with a memory file */
StrataDomainXml *strata_snapshot_xml_get_live_definition (StrataSnapshotXml *self);

/* Every disk in <domain> and <inactiveDomain> whose source is FROM gets TO (FORMAT: TO's), and every overlay in
 * <disks> and <revertDisks> that is FROM likewise. Explicit <backingStore>s that name FROM: see
 * set_backing(). TRUE if anything was changed. */
gboolean strata_snapshot_xml_replace_image (StrataSnapshotXml *self,
                                            const char *from,
                                            const char *to,
                                            const char *format);
/* Writes the complete chain below the disk TARGET in <domain> and <inactiveDomain> as nested <backingStore>s.
 * PATHS and FORMATS: NULL-terminated, of equal length, from the image directly below the disk's source to
 * the bottom; an empty <backingStore/> ends it. TRUE if anything was changed. Both NULL: says nothing, so that the
 * images' headers decide. */
gboolean strata_snapshot_xml_set_backing (StrataSnapshotXml *self,
                                          const char *target,
                                          const char *const *paths,
                                          const char *const *formats);
/* whether what is written of the chain below TARGET, complete or not, is at odds with PATHS */
gboolean strata_snapshot_xml_contradicts_backing (StrataSnapshotXml *self,
                                                  const char *target,
                                                  const char *const *paths);
/* likewise strata_domain_xml_name_devices() */
gboolean strata_snapshot_xml_name_devices (StrataSnapshotXml *self,
                                           StrataIsDevice is_device,
                                           gpointer user_data);
/* the <disks> entry's own source, for a leaf */
gboolean strata_snapshot_xml_set_overlay (StrataSnapshotXml *self,
                                          const char *target,
                                          const char *path);
/* <revertDisks>, replaced: (element-type StrataSnapshotDisk), of which target and revert_overlay are used (a
 * NULL one is written as left out); NULL: removed */
void strata_snapshot_xml_set_revert_disks (StrataSnapshotXml *self, GPtrArray *disks);
gboolean strata_snapshot_xml_has_revert_disks (StrataSnapshotXml *self);
/* as left out, the disks of the definition that its lists do not name */
void strata_snapshot_xml_complete_disks (StrataSnapshotXml *self);

StrataSnapshotDisk *strata_snapshot_disk_new (const char *target, StrataSnapshotLocation location);
void strata_snapshot_disk_free (StrataSnapshotDisk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSnapshotDisk, strata_snapshot_disk_free)

G_END_DECLS
