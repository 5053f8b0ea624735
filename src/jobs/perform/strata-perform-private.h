/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-perform.h"

G_BEGIN_DECLS

/* strata-perform-domain.c */
extern const StrataStepOps strata_step_require_off;
extern const StrataStepOps strata_step_require_active;
extern const StrataStepOps strata_step_shut_down;
gboolean strata_shut_down_require_possible (StrataStepContext *context,
                                            GCancellable *cancellable,
                                            GError **error);
extern const StrataStepOps strata_step_start;
extern const StrataStepOps strata_step_define;
extern const StrataStepOps strata_step_undefine;

/* strata-perform-storage.c */
extern const StrataStepOps strata_step_check_space;
extern const StrataStepOps strata_step_create_overlay;
extern const StrataStepOps strata_step_copy_file;
extern const StrataStepOps strata_step_set_mode;
extern const StrataStepOps strata_step_delete_volume;
extern const StrataStepOps strata_step_delete_file;

/* strata-perform-copy.c */
extern const StrataStepOps strata_step_copy_image;
extern const StrataStepOps strata_step_copy_verbatim;
extern const StrataStepOps strata_step_convert_tag;

/* strata-perform-merge.c */
extern const StrataStepOps strata_step_commit;
extern const StrataStepOps strata_step_pull;

/* strata-perform-image.c */
extern const StrataStepOps strata_step_check_chain;
extern const StrataStepOps strata_step_keep_tag;
extern const StrataStepOps strata_step_delete_tag;

/* strata-perform-snapshot.c */
extern const StrataStepOps strata_step_snapshot_create;
extern const StrataStepOps strata_step_snapshot_delete;
extern const StrataStepOps strata_step_snapshot_revert;
extern const StrataStepOps strata_step_restore;

/* strata-perform-metadata.c */
extern const StrataStepOps strata_step_snapshot_define;
extern const StrataStepOps strata_step_delete_metadata;
extern const StrataStepOps strata_step_reconcile;
/* whether the snapshot that the step is about is that very one, or gone, which is fine where it is to go */
gboolean strata_step_require_same_or_none (StrataStepContext *context, GError **error);

/* strata-perform-guest.c */
extern const StrataStepOps strata_step_inspect;
extern const StrataStepOps strata_step_seal;
extern const StrataStepOps strata_step_verify;
extern const StrataStepOps strata_step_customise;

static inline const char *
strata_step_context_get (StrataStepContext *self, const char *key)
{
  return json_object_get_string_member_with_default (self->args, key, NULL);
}

static inline gboolean
strata_step_context_is (StrataStepContext *self, const char *key)
{
  return json_object_get_boolean_member_with_default (self->args, key, FALSE);
}

static inline gint64
strata_step_context_get_int (StrataStepContext *self, const char *key)
{
  return json_object_get_int_member_with_default (self->args, key, 0);
}

/* (nullable): what was found out under KEY; an empty note is none */
static inline const char *
strata_step_context_get_note (StrataStepContext *self, const char *key)
{
  const char *note = self->results != NULL
                         ? json_object_get_string_member_with_default (self->results, key, NULL)
                         : NULL;

  return note != NULL && *note != '\0' ? note : NULL;
}

/* (nullable) */
static inline JsonArray *
strata_step_context_get_array (StrataStepContext *self, const char *key)
{
  JsonNode *node = json_object_get_member (self->args, key);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

G_END_DECLS
