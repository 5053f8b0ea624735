/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _StrataEmitter StrataEmitter;

StrataEmitter *strata_emitter_new          (int            fd);
void           strata_emitter_free         (StrataEmitter *self);
void           strata_emitter_set_span     (StrataEmitter *self,
                                            double         from,
                                            double         to);
void           strata_emitter_progress     (StrataEmitter *self,
                                            double         fraction,
                                            const char    *message);
void           strata_emitter_alive        (StrataEmitter *self);
void           strata_emitter_launch       (StrataEmitter *self,
                                            gboolean       done);
void           strata_emitter_log          (StrataEmitter *self,
                                            const char    *text);
void           strata_emitter_note         (StrataEmitter *self,
                                            const char    *text,
                                            gssize         length);
char          *strata_emitter_dup_notes    (StrataEmitter *self);
void           strata_emitter_keep_notes   (StrataEmitter *self);
void           strata_emitter_result       (StrataEmitter *self,
                                            JsonObject    *value);
void           strata_emitter_error        (StrataEmitter *self,
                                            const GError  *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataEmitter, strata_emitter_free)

G_END_DECLS
