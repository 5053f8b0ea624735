/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* The graph of a host's images, gathered in a worker, and again after changes, for as long as somebody looks.
 * Main thread. Bindable properties: graph (StrataGraph, NULL until there is one), busy, error-message (NULL). */
#define STRATA_TYPE_SURVEY (strata_survey_get_type ())

G_DECLARE_FINAL_TYPE (StrataSurvey, strata_survey, STRATA, SURVEY, GObject)

StrataSurvey *strata_survey_new               (void);
/* NULL: what was seen last stays */
void          strata_survey_set_connection    (StrataSurvey     *self,
                                               StrataConnection *connection);
/* the last one; it never changes, a new one takes its place */
StrataGraph  *strata_survey_get_graph         (StrataSurvey     *self);
gboolean      strata_survey_get_busy          (StrataSurvey     *self);
const char   *strata_survey_get_error_message (StrataSurvey     *self);
/* for a page that comes into sight, and goes out of it */
void          strata_survey_hold              (StrataSurvey     *self);
void          strata_survey_release           (StrataSurvey     *self);
/* something has changed that libvirt has no event for */
void          strata_survey_refresh           (StrataSurvey     *self);

G_END_DECLS
