/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/graph and src/plan only: a simulated host, on which a plan's steps are carried out before a job carries them out in
 * earnest. An image's content is a list of content ids, one for each thing that was written into it, newest first. What a guest
 * reads through a chain is then the ids of all of it, each where it comes first, and two contents are equal if, and only if,
 * these are.
 */

#pragma once

#include "strata-holder-list.h"

G_BEGIN_DECLS

/* An internal snapshot: what the image's own content was then. The image's backing is not part of it, so that
 * a tag reads other bytes when that changes. */
typedef struct
{
  char *name; /* (nullable): one of those that could not be read */
  GStrv content;
} StrataLayerTag;

struct _StrataLayer
{
  char *path;
  char *format;
  char *backing;
  char *backing_format;
  char *data_file; /* (nullable): another layer, whose content is a part of what is read */
  GStrv content;
  GPtrArray *tags; /* StrataLayerTag */
  guint64 capacity;
  guint64 allocation;
  guint mode;
  StrataImageType type;
};

typedef struct _StrataLayers StrataLayers;

StrataLayers *strata_layers_new (StrataGraph *graph);
/* with what images may stand on besides, which is for the law to refuse */
StrataLayers *strata_layers_new_with_claims (StrataGraph *graph);
void strata_layers_free (StrataLayers *self);
StrataGraph *strata_layers_get_graph (StrataLayers *self);
/* by any of its names */
StrataLayer *strata_layers_find (StrataLayers *self, const char *path);
/* (element-type StrataLayer) (transfer container) */
GPtrArray *strata_layers_get_all (StrataLayers *self);
/* (element-type StrataLayer) (transfer container): those directly on PATH */
GPtrArray *strata_layers_get_overlays (StrataLayers *self, const char *path);
/* what steps do to who holds what is done to this */
StrataHolderList *strata_layers_get_list (StrataLayers *self);
/* (element-type StrataHolder) (transfer none): all of it */
GPtrArray *strata_layers_get_holders (StrataLayers *self);
StrataHolder *strata_layers_find_holder (StrataLayers *self, const StrataHolderKey *key);
/* a domain's own disk, as it is now */
StrataHolder *strata_layers_find_disk (StrataLayers *self, const char *uuid, const char *target);
/* TOP: (nullable): by any of its names */
StrataChain strata_layers_walk (StrataLayers *self, const char *top);
/* whether the chain from TOP contains PATH */
gboolean strata_layers_reach (StrataLayers *self, const char *top, const char *path);
guint strata_layers_get_depth (StrataLayers *self, const char *top);
/* (transfer full) (nullable): what HOLDER reads; NULL if a link is missing */
char *strata_layers_read (StrataLayers *self, const StrataHolder *holder);

/* strata-layers-compare.c: (element-type utf8) (transfer full): who reads through none of these paths, and has the same
 * image and tag as BEFORE, reads the same AFTER */
GHashTable *strata_layers_find_changed (StrataLayers *before, StrataLayers *after);

StrataLayer *strata_layers_put (StrataLayers *self, const char *path);
void strata_layers_remove (StrataLayers *self, const char *path);
char *strata_content_id_new (const char *path, const char *what, const char *name);
StrataLayerTag *strata_layer_find_tag (StrataLayer *self, const char *name);
void strata_layer_put_tag (StrataLayer *self, const char *name, GStrv content);
/* whether it has that tag, or tags that could not be read, one of which may be it */
gboolean strata_layer_may_have_tag (StrataLayer *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLayers, strata_layers_free)

G_END_DECLS
