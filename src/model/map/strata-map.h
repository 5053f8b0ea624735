/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_MAP_IMAGE,
  STRATA_MAP_MEMORY, /* what a snapshot keeps of a guest's memory */
  STRATA_MAP_MACHINE,
  STRATA_MAP_TEMPLATE,
} StrataMapKind;

typedef enum
{
  STRATA_MAP_LINK_BACKING,  /* from an image to one that stands on it */
  STRATA_MAP_LINK_DISK,     /* from an image to the machine that has it for a disk */
  STRATA_MAP_LINK_TEMPLATE, /* from a template to its image: it is drawn before what was deployed of it */
  STRATA_MAP_LINK_FROZEN,   /* from an image to the machine whose snapshot it keeps, though that runs on others */
  STRATA_MAP_LINK_MEMORY,   /* from an image to the memory that belongs to its snapshot */
  STRATA_MAP_LINK_MEDIUM,   /* from an image to a machine that has it in a drive; not drawn, for many may share it */
} StrataMapLinkKind;

/* A snapshot, at the image that it froze or that has its tag. RETAINED: users see it as none any more. */
typedef struct
{
  char    *machine;
  char    *uuid;
  char    *snapshot;
  gboolean internal;
  gboolean retained;
} StrataMapMark;

/**
 * StrataMapNode:
 * @id: the same for the same thing in every map: an image's path, a domain's UUID
 * @name: a machine's name, or the last part of an image's path
 * @uuid: (nullable): of machines and templates
 * @format: (nullable): of images
 * @pool: (nullable): of images, the pool that lists it
 * @problem: (nullable): of images, what is the matter with it, a sentence without a full stop
 * @tags: (nullable): of images, its internal snapshots
 * @marks: (element-type StrataMapMark): snapshots at this image, or of this memory
 * @below: (element-type guint): what it needs
 * @above: (element-type guint): what needs it
 * @state_name: (nullable): of machines, their state in a word
 * @n_names: how many domains name it, in whatever way
 * @free: no definition or snapshot names it, and nothing stands on it
 * @retained: it stays for what stands on it, the snapshot having been deleted
 * @missing: a machine or an image needs it and it isn't there
 * @unclear: it may be there, and what it is or stands on can't be told; or it is @foreign
 * @foreign: seen, and of a kind that Strata doesn't work on
 */
typedef struct
{
  char             *id;
  char             *name;
  char             *uuid;
  char             *format;
  char             *pool;
  char             *problem;
  GStrv             tags;
  GPtrArray        *marks;
  GArray           *below;
  GArray           *above;
  guint64           capacity;
  guint64           allocation;
  guint             n_names;
  const char       *state_name;
  StrataMapKind     kind;
  gboolean          free;
  gboolean          retained;
  gboolean          missing;
  gboolean          unclear;
  gboolean          foreign;
} StrataMapNode;

typedef struct
{
  guint             from;
  guint             to;
  StrataMapLinkKind kind;
} StrataMapLink;

/**
 * StrataMap:
 * @nodes: (element-type StrataMapNode): by name
 * @links: (element-type StrataMapLink): each once
 *
 * Every image, machine, template and snapshot of a host, and who stands on what. Immutable and atomically reference counted:
 * it may cross threads.
 */
typedef struct
{
  GPtrArray  *nodes;
  GArray     *links;
  GHashTable *by_id;
} StrataMap;

#define STRATA_MAP_NONE G_MAXUINT

/* pure; any thread */
StrataMap     *strata_map_new          (StrataGraph *graph);
StrataMap     *strata_map_ref          (StrataMap   *self);
void           strata_map_unref        (StrataMap   *self);
guint          strata_map_get_n_nodes  (StrataMap   *self);
StrataMapNode *strata_map_get_node     (StrataMap   *self,
                                        guint        index);
/* STRATA_MAP_NONE if it is not there */
guint          strata_map_find         (StrataMap   *self,
                                        const char  *id);
/* whether TEXT is in the name of INDEX, in its path or in one of its snapshots' names */
gboolean       strata_map_matches      (StrataMap   *self,
                                        guint        index,
                                        const char  *text);
/* (transfer full): as many bytes as there are nodes, not 0 for INDEX, for what it stands on and for what stands on it */
guint8        *strata_map_get_kin      (StrataMap   *self,
                                        guint        index);
/* (nullable): the UUID of the machine that INDEX is or, if it is of one alone, belongs to */
const char    *strata_map_get_owner    (StrataMap   *self,
                                        guint        index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMap, strata_map_unref)

G_END_DECLS
