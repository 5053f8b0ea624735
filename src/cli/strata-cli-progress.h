/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "jobs/strata-job.h"

G_BEGIN_DECLS

typedef struct _StrataCliProgress StrataCliProgress;

StrataCliProgress  *strata_cli_progress_new  (StrataJob         *job,
                                              gboolean           verbose);
void                strata_cli_progress_free (StrataCliProgress *self);

G_END_DECLS
