/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The one list of who holds an image, a tag or a memory file. strata_holder_list_new() derives all of it from a graph; what the law
 * keeps (strata-layers.h) and whom people are told of (strata_graph_get_holders()) are views of it, which leave some out, each by
 * a rule of its own that has a name.
 */

#pragma once

#include "strata-graph.h"
#include "strata-holder-key.h"

G_BEGIN_DECLS

/* Whose it is. What it is of them (a disk, a disk of the next start, a saved state…) is the key's kind. */
typedef enum
{
  STRATA_HOLDER_DOMAIN,   /* a domain's */
  STRATA_HOLDER_TEMPLATE, /* a template's */
  STRATA_HOLDER_CLONE,    /* a thin clone's, whose chain ends in a template */
  STRATA_HOLDER_SNAPSHOT, /* a snapshot's: a frozen image, an image that has its tag, its memory */
  STRATA_HOLDER_IMAGE,    /* an image's that no domain names, or of none */
} StrataHolderKind;

/**
 * StrataHolder:
 * @domain: (nullable): of the graph; %NULL for images, and in a simulated host for whom a plan brings
 * @uuid: (nullable): the key's, as @snapshot and @target
 * @top: the image that it opens; its whole chain is held
 * @tag: (nullable): the tag that it reads; %NULL as well where that one's name is not known
 * @by_tag: it reads a tag and not the image as it is now
 * @active: QEMU has it open
 * @writes: a disk to which a guest may write
 * @shared: a disk that others may have as well, as its definition says
 * @left_out: a disk that a snapshot left out and names, and that its domain doesn't have now
 * @within: an image in the midst of a chain that another holder reads
 * @retained: an image that is named by what holds nothing itself: a retained layer
 *
 * Anything whose bytes we promised to keep.
 */
typedef struct
{
  StrataHolderKind kind;
  StrataHolderKey *key;
  StrataDomainFacts *domain;
  const char *uuid;
  const char *snapshot;
  const char *target;
  char *top;
  char *tag;
  gboolean by_tag;
  gboolean active;
  gboolean writes;
  gboolean shared;
  gboolean left_out;
  gboolean within;
  gboolean retained;
} StrataHolder;

typedef struct _StrataHolderList StrataHolderList;

/* whether HOLDER is kept in a simulated host */
typedef gboolean (*StrataHolderFilter) (const StrataHolder *holder, gconstpointer host);
typedef StrataChain (*StrataHolderWalk) (gconstpointer host, const char *top);

void strata_holder_free (StrataHolder *self);
/* whether it is a disk of a domain, now or at its next start, or what stands for one; not what is opened besides */
gboolean strata_holder_is_disk (const StrataHolder *self);
/* whether its guest may write to it */
gboolean strata_disk_is_written (const StrataDiskXml *disk);

StrataHolderList *strata_holder_list_new (StrataGraph *graph);
void strata_holder_list_free (StrataHolderList *self);
void strata_holder_list_simulate (StrataHolderList *self,
                                  gconstpointer host,
                                  StrataHolderWalk walk,
                                  StrataHolderFilter keep);
StrataGraph *strata_holder_list_get_graph (StrataHolderList *self);
/* (element-type StrataHolder) (transfer none) */
GPtrArray *strata_holder_list_get_all (StrataHolderList *self);
StrataHolder *strata_holder_list_find (StrataHolderList *self, const StrataHolderKey *key);
/* a domain's own disk, as it is now */
StrataHolder *strata_holder_list_find_disk (StrataHolderList *self,
                                            const char *uuid,
                                            const char *target);
/* whether a disk of the domain is PATH or stands on it; TARGET: the name of the one that it likely is */
gboolean strata_holder_list_has_disk (StrataHolderList *self,
                                      const char *uuid,
                                      const char *target,
                                      const char *path);

/* takes KEY; TAG: (nullable): the tag it reads */
StrataHolder *strata_holder_list_put (StrataHolderList *self,
                                      StrataHolderKey *key,
                                      StrataHolderKind kind,
                                      const char *top,
                                      const char *tag,
                                      gboolean active);
/* SNAPSHOT: NULL for the domain's own, also those of its next start */
void strata_holder_list_drop (StrataHolderList *self, const char *uuid, const char *snapshot);
/* those of a domain that is undefined, whose saved state goes with it */
void strata_holder_list_drop_uses (StrataHolderList *self, const char *uuid);
/* the disks of a definition, which are resolved */
void strata_holder_list_put_disks (StrataHolderList *self,
                                   StrataHolderKind kind,
                                   const char *uuid,
                                   GPtrArray *disks,
                                   gboolean active);
/* what QEMU opens where that is not what the definition says, which stays for the next start; DISKS: (element-type
 * StrataDiskXml): resolved */
void strata_holder_list_put_live_disks (StrataHolderList *self, const char *uuid, GPtrArray *disks);
/* what the domain gets on QEMU's command line; OPTIONS: (element-type StrataDiskXml): resolved */
void strata_holder_list_put_options (StrataHolderList *self, const char *uuid, GPtrArray *options);
/* one that is defined again */
void strata_holder_list_replace_snapshot (StrataHolderList *self,
                                          const char *uuid,
                                          const StrataSnapshotFacts *snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataHolderList, strata_holder_list_free)

G_END_DECLS
