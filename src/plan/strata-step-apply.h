/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For strata-layers-*.c: what each kind of step does in the simulation. */

#pragma once

#include "graph/strata-layers.h"
#include "strata-plan.h"

G_BEGIN_DECLS

/* strata-step-apply.c */
/* simulates STEP; FALSE with a reason if that can't be, or would change bytes by merging unequal sizes */
gboolean strata_layers_apply (StrataLayers *self, StrataStep *step, GError **error);
const char *strata_layers_arg (JsonObject *args, const char *key);
StrataLayer *strata_layers_require (StrataLayers *self, const char *path, GError **error);
/* what is in UPPER, and of LOWER what it does not hide */
GStrv strata_content_join (GStrv upper, GStrv lower);
/* LAYER's own content, with that of its data file */
GStrv strata_layers_get_content (StrataLayers *self, const StrataLayer *layer);
/* what was written into LAYER is in its data file, where it has one */
void strata_layers_write_data (StrataLayers *self, const StrataLayer *layer);
void strata_layer_take_content (StrataLayer *layer, GStrv content);

/* strata-step-image.c */
void strata_layers_put_overlay (StrataLayers *self,
                                const char *path,
                                const StrataLayer *below,
                                const char *format);
void strata_layer_strip_tags (StrataLayer *layer, const char *tag, gboolean delete_only);

/* strata-step-merge.c */
void strata_layers_move_holders (StrataLayers *self,
                                const char *uuid,
                                const char *from,
                                const char *to);

/* strata-step-domain.c */
void strata_layers_set_active (StrataLayers *self, const char *uuid, gboolean active);
/* the domain comes to run by LIVE, whatever its definition says */
void strata_layers_run (StrataLayers *self, const char *uuid, StrataDomainXml *live);

gboolean strata_apply_create_overlay (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_copy_image (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_copy_verbatim (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_convert_tag (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_keep_tag (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_delete_tag (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_commit (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_pull (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_delete_volume (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_start (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_restore (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_stop (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_define (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_undefine (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_snapshot_create (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_snapshot_define (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_delete_metadata (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_snapshot_delete (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_snapshot_revert (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_reconcile (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_seal (StrataLayers *self, JsonObject *args, GError **error);
gboolean strata_apply_customise (StrataLayers *self, JsonObject *args, GError **error);

G_END_DECLS
