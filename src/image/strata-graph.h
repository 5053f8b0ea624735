/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

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
 * @description: (nullable): without the retained mark
 * @state: libvirt's word for the domain's state then, "running", "shutoff", "disk-snapshot"…
 * @memory_file: (nullable): where the memory is, of an external one with memory
 * @disks: (element-type StrataSnapshotDisk): paths are canonical
 * @created: seconds since 1970
 * @memory: where the memory is
 * @retained: kept for its image's sake only; not a snapshot to anybody
 * @current: libvirt's current one
 * @memory_missing: its memory file isn't there
 * @backing_known: every external disk's `<domain>` entry says its whole chain, which native deletion relies on
 *
 * What was true of one snapshot. Immutable once others see it.
 */
typedef struct
{
  char *name;
  char *id;
  char *parent;
  char *description;
  char *state;
  char *xml;
  char *memory_file;
  GPtrArray *disks;
  gint64 created;
  StrataSnapshotLocation memory;
  gboolean retained;
  gboolean current;
  gboolean memory_missing;
  gboolean backing_known;
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
 * StrataDomainFacts:
 * @uuid: the key
 * @xml: the inactive definition with its secrets (`VIR_DOMAIN_XML_INACTIVE | SECURE`), as text
 * @live_xml: (nullable): the live definition while it runs
 * @definition: @xml, parsed
 * @snapshots: (element-type StrataSnapshotFacts): its snapshots, retained layers too, as libvirt lists them
 * @busy: (nullable): the block job or backup that is under way, in words
 * @persistent: it outlives its guest's end; one that is not vanishes with it, and its snapshots' metadata too
 * @template_mark: (nullable): set if, and only if, it is a template of its own (the mark names its UUID)
 * @clone_mark: (nullable): likewise for a clone
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
  StrataDomainXml *definition;
  StrataTemplateMark *template_mark;
  StrataCloneMark *clone_mark;
  GPtrArray *disks; /* StrataDiskXml, of the live definition while it runs */
  GPtrArray *snapshots;
  StrataDomainState state;
  gboolean persistent;
  gboolean autostart;
  gboolean managed_save;
} StrataDomainFacts;

#define STRATA_TYPE_DOMAIN_FACTS (strata_domain_facts_get_type ())

GType strata_domain_facts_get_type (void);
StrataDomainFacts *strata_domain_facts_new (const char *xml,
                                            const char *live_xml,
                                            StrataDomainState state,
                                            GError **error);
/* takes ownership; before anybody else sees the facts */
void strata_domain_facts_take_snapshot (StrataDomainFacts *self, StrataSnapshotFacts *snapshot);
StrataSnapshotFacts *strata_domain_facts_find_snapshot (const StrataDomainFacts *self,
                                                        const char *name);
StrataSnapshotFacts *strata_domain_facts_get_current (const StrataDomainFacts *self);
/* names of those that are snapshots to a person; without retained layers */
GStrv strata_domain_facts_get_snapshot_names (const StrataDomainFacts *self);
StrataDomainFacts *strata_domain_facts_ref (StrataDomainFacts *self);
void strata_domain_facts_unref (StrataDomainFacts *self);
gboolean strata_domain_facts_is_active (const StrataDomainFacts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataDomainFacts, strata_domain_facts_unref)

typedef enum
{
  STRATA_IMAGE_FILE,
  STRATA_IMAGE_BLOCK,
  STRATA_IMAGE_NETWORK,
} StrataImageType;

/**
 * StrataImage:
 * @path: canonical source, the key
 * @format: (nullable): `qcow2`, `raw`…; %NULL if it could not be told
 * @backing_path: (nullable): the image below
 * @pool: (nullable): name of the storage pool that lists it
 * @capacity: virtual size, bytes
 * @allocation: bytes on disk
 * @tags: (nullable): names of its internal snapshots
 * @tags_unknown: it has some whose names could not be read
 * @missing: somebody refers to it and it isn't there
 */
typedef struct
{
  char *path;
  char *format;
  char *backing_path;
  char *backing_format;
  char *pool;
  GStrv tags;
  guint64 capacity;
  guint64 allocation;
  guint mode;
  StrataImageType type;
  gboolean tags_unknown;
  gboolean missing;
} StrataImage;

StrataImage *strata_image_new (const char *path);
void strata_image_free (StrataImage *self);
/* (transfer full) (nullable): its tags for people to read, "?" where their names are not known */
GStrv strata_image_get_tag_labels (const StrataImage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataImage, strata_image_free)

typedef struct
{
  char *name;
  char *type;
  char *path;
  guint64 capacity;
  guint64 available;
} StrataPoolFacts;

void strata_pool_facts_free (StrataPoolFacts *self);

typedef enum
{
  STRATA_HOLDER_DOMAIN,   /* a domain's disk */
  STRATA_HOLDER_TEMPLATE, /* a template's disk */
  STRATA_HOLDER_CLONE,    /* a thin clone's disk, whose chain ends in a template */
  STRATA_HOLDER_SNAPSHOT, /* a snapshot's frozen image, or the image that has its tag */
  STRATA_HOLDER_IMAGE,    /* a backing reference from an image that no domain names */
} StrataHolderKind;

/* Anything whose bytes we promised to keep. TOP is the image it opens; its whole chain is held. */
typedef struct
{
  StrataHolderKind kind;
  StrataDomainFacts *domain; /* (nullable) */
  char *snapshot;            /* (nullable): its name */
  char *target;              /* (nullable): `vda` */
  char *top;
} StrataHolder;

void strata_holder_free (StrataHolder *self);

/* Everything the planner looks at: one host, at one moment. Built in a worker, then read only. */
#define STRATA_TYPE_GRAPH (strata_graph_get_type ())

G_DECLARE_FINAL_TYPE (StrataGraph, strata_graph, STRATA, GRAPH, GObject)

StrataGraph *strata_graph_new (void);
void strata_graph_add_domain (StrataGraph *self, StrataDomainFacts *domain);
/* takes ownership */
void strata_graph_take_image (StrataGraph *self, StrataImage *image);
void strata_graph_take_pool (StrataGraph *self, StrataPoolFacts *pool);
void strata_graph_set_host (StrataGraph *self,
                            gboolean is_local,
                            gboolean is_session,
                            const char *nvram_dir);
/* libvirt's version, 11003000 for 11.3.0: the planner plans around each one's traps */
void strata_graph_set_libvirt_version (StrataGraph *self, gulong version);
gulong strata_graph_get_libvirt_version (StrataGraph *self);
gboolean strata_graph_is_local (StrataGraph *self);
gboolean strata_graph_is_session (StrataGraph *self);
const char *strata_graph_get_nvram_dir (StrataGraph *self);

GPtrArray *strata_graph_get_domains (StrataGraph *self);
StrataDomainFacts *strata_graph_find_domain (StrataGraph *self, const char *name_or_uuid);
/* (element-type StrataImage) (transfer container) */
GPtrArray *strata_graph_get_images (StrataGraph *self);
StrataImage *strata_graph_get_image (StrataGraph *self, const char *path);
StrataPoolFacts *strata_graph_find_pool (StrataGraph *self, const char *name);
StrataPoolFacts *strata_graph_pool_of_path (StrataGraph *self, const char *path);
/* (element-type StrataImage) (transfer container): TOP first; sets an error where it loops or a link is missing */
GPtrArray *strata_graph_get_chain (StrataGraph *self, const char *top, GError **error);
/* whether the definition and the headers disagree about what DISK stands on: ABOVE stands on SAID by the one, on BELOW
 * (nullable) by the other; all owned by DISK or the graph */
gboolean strata_graph_find_disagreement (StrataGraph *self,
                                         const StrataDiskXml *disk,
                                         const char **above,
                                         const char **said,
                                         const char **below);
/* (element-type StrataHolder) (transfer full): whose chain contains PATH */
GPtrArray *strata_graph_get_holders (StrataGraph *self, const char *path);
/* (element-type StrataDomainFacts) (transfer full): thin clones whose disks stand on the template's */
GPtrArray *strata_graph_get_thin_clones (StrataGraph *self, StrataDomainFacts *template);

G_END_DECLS
