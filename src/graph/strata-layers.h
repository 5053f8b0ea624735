/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/graph and src/plan only: a host on paper, on which a plan's steps are carried out before anybody carries them out in
 * earnest. An image's content is a list of marks: what was written into it, newest first. What a guest reads
 * through a chain is then the chain's marks, each where it comes first, and two contents are equal if, and
 * only if, their marks are.
 */

#pragma once

#include "strata-graph.h"
#include "strata-holder-key.h"

G_BEGIN_DECLS

/* An internal snapshot: what the image's own marks were then. The image's backing is not part of it, so that
 * a tag reads other bytes when that changes. */
typedef struct
{
  char *name; /* (nullable): one of those that could not be read */
  GStrv marks;
} StrataLayerTag;

typedef struct
{
  char *path;
  char *format;
  char *backing;
  char *backing_format;
  char *data_file; /* (nullable): another layer, whose marks are a part of what is read */
  GStrv marks;
  GPtrArray *tags; /* StrataLayerTag */
  guint64 capacity;
  guint64 allocation;
  guint mode;
  StrataImageType type;
} StrataLayer;

/* One disk whose content was promised to a holder. UUID, SNAPSHOT and TARGET are the key's. */
typedef struct
{
  StrataHolderKey *key;
  const char *uuid;     /* (nullable) */
  const char *snapshot; /* (nullable) */
  const char *target;   /* (nullable) */
  char *top;
  char *
      tag; /* (nullable): the tag that it reads; %NULL as well where that one's name is not known */
  gboolean by_tag; /* it reads a tag and not the image as it is now */
  StrataHolderKind kind;
  gboolean active; /* QEMU has it open */
  gboolean writes; /* a domain's disk to which its guest may write */
  gboolean shared; /* a domain's disk that others may have as well, as its definition says */
  gboolean
      left_out; /* a disk that a snapshot left out and names, and that its domain doesn't have now */
} StrataStake;

typedef struct _StrataLayers StrataLayers;

/* whether its guest may write to it */
gboolean strata_disk_is_written (const StrataDiskXml *disk);
StrataLayers *strata_layers_new (StrataGraph *graph);
void strata_layers_free (StrataLayers *self);
StrataGraph *strata_layers_get_graph (StrataLayers *self);
/* by any of its names */
StrataLayer *strata_layers_find (StrataLayers *self, const char *path);
/* (element-type StrataLayer) (transfer container) */
GPtrArray *strata_layers_get_all (StrataLayers *self);
/* (element-type StrataLayer) (transfer container): those directly on PATH */
GPtrArray *strata_layers_get_overlays (StrataLayers *self, const char *path);
/* (element-type StrataStake) (transfer none) */
GPtrArray *strata_layers_get_stakes (StrataLayers *self);
StrataStake *strata_layers_find_stake (StrataLayers *self, const StrataHolderKey *key);
/* a domain's own disk, as it is now */
StrataStake *strata_layers_find_disk (StrataLayers *self, const char *uuid, const char *target);
/* whether a disk of the domain is PATH or stands on it; TARGET: the name of the one that it likely is */
gboolean strata_layers_has_disk (StrataLayers *self,
                                 const char *uuid,
                                 const char *target,
                                 const char *path);
/* whether the chain from TOP contains PATH */
gboolean strata_layers_reach (StrataLayers *self, const char *top, const char *path);
guint strata_layers_get_depth (StrataLayers *self, const char *top);
/* (transfer full) (nullable): what STAKE reads; NULL if a link is missing */
char *strata_layers_read (StrataLayers *self, const StrataStake *stake);

/* strata-layers-compare.c: (element-type utf8) (transfer full): who reads through none of these paths, and has the same
 * image and tag as BEFORE, reads the same AFTER */
GHashTable *strata_layers_find_changed (StrataLayers *before, StrataLayers *after);

StrataLayer *strata_layers_put (StrataLayers *self, const char *path);
void strata_layers_remove (StrataLayers *self, const char *path);
/* takes KEY; TAG: (nullable): the tag it reads */
StrataStake *strata_layers_put_stake (StrataLayers *self,
                                      StrataHolderKey *key,
                                      StrataHolderKind kind,
                                      const char *top,
                                      const char *tag,
                                      gboolean active);
/* SNAPSHOT: NULL for the domain's own, also those of its next start */
void strata_layers_drop_stakes (StrataLayers *self, const char *uuid, const char *snapshot);
/* those of a domain that is undefined, whose saved state goes with it */
void strata_layers_drop_uses (StrataLayers *self, const char *uuid);
/* the disks of a definition, which are resolved */
void strata_layers_put_disks (StrataLayers *self,
                              StrataHolderKind kind,
                              const char *uuid,
                              GPtrArray *disks,
                              gboolean active);
/* what QEMU opens where that is not what the definition says, which stays for the next start; DISKS: (element-type
 * StrataDiskXml): resolved */
void strata_layers_put_live_disks (StrataLayers *self, const char *uuid, GPtrArray *disks);
/* what the domain gets on QEMU's command line; OPTIONS: (element-type StrataDiskXml): resolved */
void strata_layers_put_options (StrataLayers *self, const char *uuid, GPtrArray *options);
void strata_layers_put_snapshot (StrataLayers *self,
                                 const char *uuid,
                                 const StrataSnapshotFacts *snapshot);
/* one that is defined again */
void strata_layers_replace_snapshot (StrataLayers *self,
                                     const char *uuid,
                                     const StrataSnapshotFacts *snapshot);
char *strata_mark_new (const char *path, const char *what, const char *name);
StrataLayerTag *strata_layer_find_tag (StrataLayer *self, const char *name);
void strata_layer_put_tag (StrataLayer *self, const char *name, GStrv marks);
/* whether it has that tag, or tags that could not be read, one of which may be it */
gboolean strata_layer_may_have_tag (StrataLayer *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLayers, strata_layers_free)

G_END_DECLS
