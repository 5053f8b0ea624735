/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

#include "strata-chain.h"
#include "xml/strata-domain-xml.h"
#include "xml/strata-snapshot-xml.h"

G_BEGIN_DECLS

/**
 * StrataDomainState:
 *
 * A domain's state, without libvirt's header.
 */
typedef enum
{
  STRATA_DOMAIN_STATE_OFF,
  STRATA_DOMAIN_STATE_RUNNING,
  STRATA_DOMAIN_STATE_PAUSED,
  STRATA_DOMAIN_STATE_SHUTTING_DOWN,
  STRATA_DOMAIN_STATE_CRASHED,
  STRATA_DOMAIN_STATE_SUSPENDED,
} StrataDomainState;

/**
 * StrataSnapshotFacts:
 * @xml: the document with its secrets (`VIR_DOMAIN_SNAPSHOT_XML_SECURE`), as text
 * @id: what tells it from another one of the same name, such as one that was deleted and made again
 * @parent: (nullable): the snapshot above it in libvirt's tree
 * @lost_parent: (nullable): the name that it says was above it, of which libvirt knows nothing any more; @parent is %NULL then
 * @description: (nullable): without the retained mark
 * @state: libvirt's word for the domain's state then, "running", "shutoff", "disk-snapshot"…
 * @memory_file: (nullable): where the memory is, of an external one with memory
 * @disks: (element-type StrataSnapshotDisk): paths are canonical
 * @named: (element-type utf8): a set of the paths that its definitions' `<backingStore>`s name; each as it is spelled, and canonical
 * @media: (element-type utf8): what was in the drives of its definitions, CD-ROMs and floppies
 * @missing_media: (element-type utf8): those of @media that aren't there
 * @clone_marks: (element-type StrataCloneMark): those of its definitions, whichever domain they were written for
 * @options: (element-type StrataDiskXml): what its definitions give QEMU on its command line, each once; paths are canonical
 * @created: seconds since 1970
 * @memory: where the memory is
 * @retained: kept for its image's sake only; not a snapshot to users
 * @current: libvirt's current one
 * @memory_missing: its memory file isn't there
 * @backing_known: every external disk's `<domain>` entry says its whole chain, which native deletion relies on
 * @backing_wrong: a disk's `<domain>` entry says another chain than the headers
 *
 * What was true of one snapshot. Immutable once others see it.
 */
typedef struct
{
  char *name;
  char *id;
  char *parent;
  char *lost_parent;
  char *description;
  char *state;
  char *xml;
  char *memory_file;
  GPtrArray *disks;
  GHashTable *named;
  GPtrArray *media;
  GPtrArray *missing_media;
  GPtrArray *clone_marks;
  GPtrArray *options;
  gint64 created;
  StrataSnapshotLocation memory;
  gboolean retained;
  gboolean current;
  gboolean memory_missing;
  gboolean backing_known;
  gboolean backing_wrong;
} StrataSnapshotFacts;

StrataSnapshotFacts *strata_snapshot_facts_new (const char *xml, gboolean current, GError **error);
void strata_snapshot_facts_free (StrataSnapshotFacts *self);
StrataSnapshotDisk *strata_snapshot_facts_find_disk (const StrataSnapshotFacts *self,
                                                     const char *target);
/* whether any disk of it is of that kind */
gboolean strata_snapshot_facts_has (const StrataSnapshotFacts *self,
                                    StrataSnapshotLocation location);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSnapshotFacts, strata_snapshot_facts_free)

/**
 * StrataSpelling:
 * @pool: (nullable): the pool's name, where @name is a volume's
 * @name: a path as a document spells it, or a volume's name
 * @path: the one path of that file
 *
 * Documents are written again as they were read, so what they call an image has to be understood later, too.
 */
typedef struct
{
  char *pool;
  char *name;
  char *path;
} StrataSpelling;

StrataSpelling *strata_spelling_new (const char *pool, const char *name, const char *path);
void strata_spelling_free (StrataSpelling *self);

/**
 * StrataImageUseKind:
 * @STRATA_IMAGE_USE_SAVED: its saved state goes on with it
 * @STRATA_IMAGE_USE_COPY: a block copy that is under way writes to it
 * @STRATA_IMAGE_USE_OPTION: QEMU gets it on its command line
 */
typedef enum
{
  STRATA_IMAGE_USE_SAVED,
  STRATA_IMAGE_USE_COPY,
  STRATA_IMAGE_USE_OPTION,
} StrataImageUseKind;

/* What libvirt or QEMU opens for a domain besides the disks of its definitions and its snapshots. */
typedef struct
{
  StrataImageUseKind kind;
  StrataDiskXml *disk; /* of an option no target, and perhaps no format */
} StrataImageUse;

void strata_image_use_free (StrataImageUse *self);

/**
 * StrataDomainFacts:
 * @uuid: the key
 * @xml: the inactive definition with its secrets (`VIR_DOMAIN_XML_INACTIVE | SECURE`), as text
 * @live_xml: (nullable): the live definition while it runs
 * @definition: @xml, parsed
 * @disks: (element-type StrataDiskXml): of the live definition while it runs; paths are canonical
 * @next_disks: (element-type StrataDiskXml): likewise of the inactive definition
 * @files: (element-type utf8): a set of the paths that its definitions name besides disks: variables, kernel, logs…; each as it
 *   is spelled, and canonical
 * @uses: (element-type StrataImageUse): what else is opened for it; paths are canonical
 * @saved_unread: (nullable): why it can't be told what its saved state goes on with
 * @unread: (nullable): why its definition or a snapshot of it can't be told, a sentence; of what could be read the fields are true
 * @spellings: (element-type StrataSpelling): what its documents call an image otherwise than by its canonical path
 * @snapshots: (element-type StrataSnapshotFacts): its snapshots, retained layers too, as libvirt lists them
 * @place_hashes: (nullable) (element-type guint): of the paths that it names as images, once its graph is finished
 * @busy: (nullable): the block job or backup that is under way, in words
 * @busy_images: (nullable) (element-type utf8): the images that it reads or writes, its target too
 * @job: (nullable): what libvirt itself does with it for longer, a save, say, in words; what is told of it is about to change
 * @persistent: it outlives its guest's end; one that is not vanishes with it, and its snapshots' metadata too
 * @saved: it is off because its guest was saved: by managed save, or into a file of a client (`virsh save`), of which libvirt knows
 *   nothing more; libvirt goes on saying so until the next start, and when the file is gone
 * @template_mark: (nullable): set if, and only if, it is a template of its own (the mark names its UUID)
 * @clone_mark: (nullable): likewise for a clone
 * @thin_mark: (nullable): on the images of which domain its disks stand; it is true of a copy of the definition as well
 * @clone_marks: (element-type StrataCloneMark): those of its definitions, whichever domain they were written for
 *
 * What was true of one domain when it was looked at. Immutable and atomically reference counted:
 * it may cross threads.
 */
typedef struct
{
  char *uuid;
  char *name;
  char *xml;
  char *live_xml;
  char *busy;
  char *job;
  char *saved_unread;
  char *unread;
  GPtrArray *busy_images;
  StrataDomainXml *definition;
  StrataTemplateMark *template_mark;
  StrataCloneMark *clone_mark;
  StrataThinMark *thin_mark;
  GPtrArray *clone_marks;
  GPtrArray *disks;
  GPtrArray *next_disks;
  GHashTable *files;
  GPtrArray *uses;
  GPtrArray *spellings;
  GPtrArray *snapshots;
  GArray *place_hashes;
  StrataDomainState state;
  gboolean persistent;
  gboolean autostart;
  gboolean managed_save;
  gboolean saved;
  gboolean read_only;
} StrataDomainFacts;

#define STRATA_TYPE_DOMAIN_FACTS (strata_domain_facts_get_type ())

GType strata_domain_facts_get_type (void);
StrataDomainFacts *strata_domain_facts_new (const char *xml,
                                            const char *live_xml,
                                            StrataDomainState state,
                                            GError **error);
/* takes ownership of DISKS, (element-type StrataDiskXml); before another thread sees the facts */
void strata_domain_facts_take_uses (StrataDomainFacts *self,
                                    StrataImageUseKind kind,
                                    GPtrArray *disks);
/* takes ownership; before another thread sees the facts */
void strata_domain_facts_take_snapshot (StrataDomainFacts *self, StrataSnapshotFacts *snapshot);
/* once all were taken: those whose parent isn't among them */
void strata_domain_facts_find_lost (StrataDomainFacts *self);
StrataSnapshotFacts *strata_domain_facts_find_snapshot (const StrataDomainFacts *self,
                                                        const char *name);
StrataSnapshotFacts *strata_domain_facts_get_current (const StrataDomainFacts *self);
/* names of those that are snapshots to a person; without retained layers */
GStrv strata_domain_facts_get_snapshot_names (const StrataDomainFacts *self);
StrataDomainFacts *strata_domain_facts_ref (StrataDomainFacts *self);
void strata_domain_facts_unref (StrataDomainFacts *self);
gboolean strata_domain_facts_is_active (const StrataDomainFacts *self);
/* FALSE: @definition has nothing but its name and UUID, because libvirt can't tell the rest */
gboolean strata_domain_facts_is_told (const StrataDomainFacts *self);
/* REFUSED where anything of it is unread */
gboolean strata_domain_facts_require_read (const StrataDomainFacts *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataDomainFacts, strata_domain_facts_unref)

typedef enum
{
  STRATA_IMAGE_FILE,
  STRATA_IMAGE_BLOCK,
  STRATA_IMAGE_NETWORK,
} StrataImageType;

/**
 * StrataImageSight:
 * @STRATA_IMAGE_SEEN: what is said of it is true
 * @STRATA_IMAGE_MISSING: a definition or an image names it, and it isn't there
 * @STRATA_IMAGE_UNKNOWN: it could not be looked at: it may be there and stand on anything
 * @STRATA_IMAGE_AMBIGUOUS: two names of it, or of what it stands on, can't be told apart
 * @STRATA_IMAGE_CONTRADICTING: definitions and headers do not agree about what it is
 * @STRATA_IMAGE_FOREIGN: seen, and of a kind whose bytes Strata doesn't work on: encrypted, on the network
 */
typedef enum
{
  STRATA_IMAGE_SEEN,
  STRATA_IMAGE_MISSING,
  STRATA_IMAGE_UNKNOWN,
  STRATA_IMAGE_AMBIGUOUS,
  STRATA_IMAGE_CONTRADICTING,
  STRATA_IMAGE_FOREIGN,
} StrataImageSight;

/**
 * StrataImagePart:
 * @whole: the StrataImage.identity of a file or a device that has the bytes of a block device as well
 * @start: where they begin there
 * @end: where they end there
 * @scattered: they are somewhere in between; not those of another one of which this is so
 */
typedef struct
{
  char *whole;
  guint64 start;
  guint64 end;
  gboolean scattered;
} StrataImagePart;

void strata_image_part_free (StrataImagePart *self);

/**
 * StrataImage:
 * @path: canonical source, the key
 * @format: (nullable): `qcow2`, `raw`…: what the definition or the image above says it is; of one that none names, what
 *   its content looks like; %NULL if it could not be told
 * @backing_path: (nullable): the image below
 * @data_file: (nullable): the file that has its data; a part of the image
 * @pool: (nullable): name of the storage pool that lists it
 * @problem: (nullable): why @state is not SEEN, a sentence without a full stop
 * @links: (nullable): symbolic links that are names of it in a definition, a header or a pool, as far as they are known
 * @capacity: virtual size, bytes
 * @allocation: bytes on disk
 * @length: of the file, bytes; 0 where it isn't known
 * @tags: (nullable): names of its internal snapshots
 * @tags_unknown: it has some whose names could not be read
 * @identity: (nullable): the same for two names of one file; set while a host is gathered
 * @spelling: (nullable): how the header spells @backing_path, as an absolute path, where that is otherwise
 * @relative: (nullable): @backing_path as the header has it, where it is relative to the folder of the name by which this
 *   image is opened
 * @n_names: how many names the file has on its file system
 * @n_other_names: how many hard links to it there are besides the names that the graph has
 * @content: (nullable): the format that its content looks like, of one that is declared
 * @declared_by: (nullable): what declared it first, for a person
 * @relative_data: (nullable): likewise @data_file
 * @claims: (nullable): the images that it may stand on, or have its data in, besides: of one that is raw by a header in it, of any
 *   other by another of its names. Nothing is read through that; but they are held, since it may be right
 * @named_apart: its names are in different folders, and what a header in it names is another file by each
 * @disputed: what is declared of it doesn't agree
 * @unread: it is there, and its header could not be read; which a raw image has not
 * @parts: (nullable) (element-type StrataImagePart): of a block device, where its bytes are on other devices and files
 * @overlapping: it has bytes in common with another image
 * @declared: @format is what a definition or an image above says
 * @closed: this client can't open its file: another user alone may, or it is another computer's
 * @mode_fixed: it is not for this client to change its permissions: another user has it, or another computer
 * @missing: @state is MISSING
 * @modified: when its file was last written to, in seconds since 1970; 0 where this computer doesn't see that
 */
struct _StrataImage
{
  gatomicrefcount ref_count;
  char *path;
  char *format;
  char *backing_path;
  char *backing_format;
  char *data_file;
  char *pool;
  char *problem;
  char *identity;
  char *content;
  char *declared_by;
  char *spelling;
  char *relative;
  char *relative_data;
  GPtrArray *parts;
  GStrv claims;
  GStrv tags;
  GStrv links;
  guint64 capacity;
  guint64 allocation;
  guint64 length;
  gint64 modified;
  guint mode;
  guint n_names;
  guint n_other_names;
  StrataImageType type;
  StrataImageSight state;
  gboolean tags_unknown;
  gboolean unread;
  gboolean declared;
  gboolean disputed;
  gboolean named_apart;
  gboolean overlapping;
  gboolean closed;
  gboolean mode_fixed;
  gboolean missing;
};

StrataImage *strata_image_new (const char *path);
/* one that is finished; graphs share it, and nothing changes it any more */
StrataImage *strata_image_ref (StrataImage *self);
void strata_image_free (StrataImage *self);
/* whether NAME, in a header, is in the folder of whatever name QEMU opens the image by */
gboolean strata_image_name_is_relative (const char *name);
/* PATH: canonical; it is held, whatever else is said of SELF */
void strata_image_add_claim (StrataImage *self, const char *path);
/* whether @identity is that of the file itself, and not told from its times, which each write changes */
gboolean strata_image_is_identified (const StrataImage *self);
/* whether what is written to the one is in the other, which isn't the same image */
gboolean strata_image_overlaps (const StrataImage *self, const StrataImage *other);
/* a file that its owner or another user may write to, as far as its permissions are known */
gboolean strata_image_is_writable (const StrataImage *self);
/* whether SELF, a disk of TEMPLATE, may come to be written to: nothing that could protect it does. Its mode is what holds another
 * definition off as well, so that the template's own is enough only where the mode is not to be had. */
gboolean strata_template_is_open (const StrataDomainFacts *template, const StrataImage *self);
/* how many internal snapshots of a name it has, as far as their names could be read */
guint strata_image_count_tags (const StrataImage *self, const char *name);
/* (transfer full) (nullable): its tags for people to read, "?" where their names are not known */
GStrv strata_image_get_tag_labels (const StrataImage *self);
/* the first problem stays: it is the deepest */
void strata_image_set_problem (StrataImage *self, StrataImageSight state, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* what a definition or the image above says of SELF; NULL: it says nothing. Raw has no backing and no tags, whatever is
 * in it. */
void strata_image_declare (StrataImage *self, const char *format, const char *by);
/* by all that is said of it */
gboolean strata_image_is_raw (const StrataImage *self);
/* (transfer full): what to do about a header in SELF, which is raw and has claims */
char *strata_image_get_claim_hint (const StrataImage *self);
/* once everything was said */
void strata_image_finish (StrataImage *self);
/* an error with the problem in the message, where it is not SEEN */
gboolean strata_image_require_seen (const StrataImage *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataImage, strata_image_free)

typedef struct
{
  char *name;
  char *type;
  char *path;
  guint64 capacity;
  guint64 available;
  gboolean read_only; /* the daemon is known not to be able to make or remove files there */
} StrataPoolFacts;

StrataPoolFacts *strata_pool_facts_copy (const StrataPoolFacts *self);
void strata_pool_facts_free (StrataPoolFacts *self);
/* whether files can be made in it; that of LVM, for one, is a folder of devices */
gboolean strata_pool_has_folder (const StrataPoolFacts *self);

/* Everything the planner looks at: one host, at one moment. Built in a worker, then read only. */
#define STRATA_TYPE_GRAPH (strata_graph_get_type ())

G_DECLARE_FINAL_TYPE (StrataGraph, strata_graph, STRATA, GRAPH, GObject)

StrataGraph *strata_graph_new (void);
/* what documents call an image */
void strata_graph_add_spelling (StrataGraph *self, const StrataSpelling *spelling);
void strata_graph_add_domain (StrataGraph *self, StrataDomainFacts *domain);
/* takes ownership */
void strata_graph_take_image (StrataGraph *self, StrataImage *image);
void strata_graph_take_pool (StrataGraph *self, StrataPoolFacts *pool);
/* IMAGE is called PATH from now on; its old name stays as another name of it */
void strata_graph_rename_image (StrataGraph *self, StrataImage *image, const char *path);
/* SPELLING is another name of the image PATH */
void strata_graph_add_alias (StrataGraph *self, const char *spelling, const char *path);
/* the path under which the graph has it; PATH itself where no other name is known */
const char *strata_graph_resolve (StrataGraph *self, const char *path);
/* a disk as a document has it: a volume becomes what it is, and every path the one that the graph has */
void strata_graph_resolve_disk (StrataGraph *self, StrataDiskXml *disk);
void strata_graph_resolve_snapshot (StrataGraph *self, StrataSnapshotFacts *snapshot);
/* DISKS: (element-type StrataDiskXml): of a document BY that names images which were added after strata_graph_finish () */
void strata_graph_declare_disks (StrataGraph *self, GPtrArray *disks, const char *by);
/* makes every path in it the one path of its image; when everything was added */
void strata_graph_finish (StrataGraph *self);
/* (transfer full): all of SELF, which is finished, but DOMAINS (a set of StrataDomainFacts) and IMAGES (a set of StrataImage); the rest is
 * shared */
StrataGraph *strata_graph_copy_without (StrataGraph *self, GHashTable *domains, GHashTable *images);
/* the same as strata_graph_finish() for a copy to which DOMAINS (element-type StrataDomainFacts) and IMAGES (element-type StrataImage) were
 * added, which are related to nothing that is shared */
void strata_graph_finish_part (StrataGraph *self, GPtrArray *domains, GPtrArray *images);
/* at PATH there is something that is no image */
void strata_graph_add_taken (StrataGraph *self, const char *path);
gboolean strata_graph_is_taken (StrataGraph *self, const char *path);
/* WHERE could not be looked into, so that images in it are not known of; BUSY: it could be soon */
void strata_graph_add_blind_spot (StrataGraph *self,
                                  const char *where,
                                  const char *why,
                                  gboolean busy);
/* what could not be read, a sentence, and what to do; any image may be in it, and the first is told */
void strata_graph_set_unread (StrataGraph *self, const char *what, const char *hint);
/* FALSE with an error where there is any of the two */
gboolean strata_graph_check_seen (StrataGraph *self, GError **error);
void strata_graph_set_nvram_dir (StrataGraph *self, const char *nvram_dir);
/* FIXED: what the host makes is not this client's, so that it can't change its permissions (StrataImage.mode_fixed) */
void strata_graph_set_modes_fixed (StrataGraph *self, gboolean fixed);
gboolean strata_graph_get_modes_fixed (StrataGraph *self);
/* REASON: (nullable): why nothing can be changed on the host, which refuses each request */
void strata_graph_set_read_only (StrataGraph *self, const GError *reason);
const GError *strata_graph_get_read_only (StrataGraph *self);
/* (nullable): the name of another computer whose host this is; REACHED: whether programs can be run there */
void strata_graph_set_far_host (StrataGraph *self, const char *name, gboolean reached);
const char *strata_graph_get_far_host (StrataGraph *self, gboolean *reached);
/* libvirt's version, 11003000 for 11.3.0: the planner plans around each one's traps */
void strata_graph_set_libvirt_version (StrataGraph *self, gulong version);
gulong strata_graph_get_libvirt_version (StrataGraph *self);
const char *strata_graph_get_nvram_dir (StrataGraph *self);

GPtrArray *strata_graph_get_domains (StrataGraph *self);
StrataDomainFacts *strata_graph_find_domain (StrataGraph *self, const char *name_or_uuid);
/* (element-type StrataImage) (transfer container) */
GPtrArray *strata_graph_get_images (StrataGraph *self);
StrataImage *strata_graph_get_image (StrataGraph *self, const char *path);
/* (element-type StrataPoolFacts) (transfer none): those that are active */
GPtrArray *strata_graph_get_pools (StrataGraph *self);
StrataPoolFacts *strata_graph_find_pool (StrataGraph *self, const char *name);
StrataPoolFacts *strata_graph_pool_of_path (StrataGraph *self, const char *path);
/* (element-type StrataImage) (transfer container): TOP first; sets an error where it loops or a link is missing */
GPtrArray *strata_graph_get_chain (StrataGraph *self, const char *top, GError **error);
/* TOP: (nullable): by any of its names. Of an image that can't be seen a definition's explicit <backingStore> says what it stands
 * on. */
StrataChain strata_graph_walk (StrataGraph *self, const char *top);
/* whether the chain that begins at TOP contains PATH, as far as it can be followed */
gboolean strata_graph_reaches (StrataGraph *self, const char *top, const char *path);
/* (nullable) (transfer none): the overlay that was put on what DISK, of a snapshot of DOMAIN, froze, and by whose header another file has
 * that name now; what was frozen is what it stands on */
const StrataImage *strata_graph_find_contradiction (StrataGraph *self,
                                                    const StrataDomainFacts *domain,
                                                    const StrataSnapshotDisk *disk);
/* whether the definition and the headers disagree about what DISK stands on: ABOVE stands on SAID by the one, on BELOW
 * by the other, of which either may be NULL for nothing; all owned by DISK or the graph */
gboolean strata_graph_find_disagreement (StrataGraph *self,
                                         const StrataDiskXml *disk,
                                         const char **above,
                                         const char **said,
                                         const char **below);
char *strata_disagreement_to_text (const char *above, const char *said, const char *below);

G_END_DECLS
