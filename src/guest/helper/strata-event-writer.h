/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _StrataEventWriter StrataEventWriter;

StrataEventWriter *strata_event_writer_new          (int            fd);
void           strata_event_writer_free         (StrataEventWriter *self);
void           strata_event_writer_set_span     (StrataEventWriter *self,
                                                 double         from,
                                                 double         to);
void           strata_event_writer_progress     (StrataEventWriter *self,
                                                 double         fraction,
                                                 const char    *message);
void           strata_event_writer_alive        (StrataEventWriter *self);
void           strata_event_writer_launch       (StrataEventWriter *self,
                                                 gboolean       done);
void           strata_event_writer_done         (StrataEventWriter *self);
void           strata_event_writer_log          (StrataEventWriter *self,
                                                 const char    *text);
void           strata_event_writer_note         (StrataEventWriter *self,
                                                 const char    *text,
                                                 gssize         length);
char          *strata_event_writer_dup_notes    (StrataEventWriter *self);
void           strata_event_writer_keep_notes   (StrataEventWriter *self);
void           strata_event_writer_result       (StrataEventWriter *self,
                                                 JsonObject    *value);
void           strata_event_writer_error        (StrataEventWriter *self,
                                                 const GError  *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataEventWriter, strata_event_writer_free)

G_END_DECLS
