/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-snapshot-layout.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_SNAPSHOT_NODE_DISK,
  STRATA_SNAPSHOT_NODE_MEMORY,
  STRATA_SNAPSHOT_NODE_INTERNAL,
  STRATA_SNAPSHOT_NODE_RETAINED, /* a retained layer: deleted, and still stood on */
  STRATA_SNAPSHOT_NODE_HERE,  /* the machine itself */
} StrataSnapshotNodeKind;

/**
 * StrataSnapshotNodeStyle:
 * @name: (nullable): the snapshot's; %NULL of the machine itself
 * @parent: (nullable): what it stands on
 * @created: seconds since 1970; 0 of the machine itself
 * @bytes: what it alone holds on disk, or has been written since; -1 where that is not known
 * @lane: see #StrataSnapshotPlace, like the rest
 * @current: the machine stands on it
 * @expanded: what stands on it is shown too
 *
 * What a row shows.
 */
typedef struct
{
  StrataSnapshotNodeKind kind;
  char                  *name;
  char                  *description;
  char                  *parent;
  gint64                 created;
  gint64                 bytes;
  guint                  lane;
  guint                  level;
  guint                  n_below;
  gboolean               joined;
  gboolean               branch;
  gboolean               continues;
  gboolean               active;
  gboolean               passed;
  gboolean               current;
  gboolean               expanded;
} StrataSnapshotNodeStyle;

/* A snapshot, a retained layer, or the machine itself, as the tree shows it. Main thread. "changed" is emitted when it looks
 * different. */
#define STRATA_TYPE_SNAPSHOT_NODE (strata_snapshot_node_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotNode, strata_snapshot_node, STRATA, SNAPSHOT_NODE, GObject)

StrataSnapshotNode           *strata_snapshot_node_new           (void);
/* valid until the node changes */
const StrataSnapshotNodeStyle *strata_snapshot_node_get_style          (StrataSnapshotNode           *self);
void                          strata_snapshot_node_set_style      (StrataSnapshotNode           *self,
                                                                   const StrataSnapshotNodeStyle *look);
const char                   *strata_snapshot_node_get_name      (StrataSnapshotNode           *self);
/* (nullable): a picture of the screen then, a paintable for the window */
GObject                      *strata_snapshot_node_get_picture   (StrataSnapshotNode           *self);
void                          strata_snapshot_node_set_picture   (StrataSnapshotNode           *self,
                                                                  GObject                      *picture);
/* something that one can go back to */
gboolean                      strata_snapshot_node_is_snapshot   (StrataSnapshotNode           *self);
gboolean                      strata_snapshot_node_is_expandable (StrataSnapshotNode           *self);

G_END_DECLS
