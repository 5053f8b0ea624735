/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* how a run ends that was booted, and has not been stood still since */
#define STRATA_RUN_BOOTED " booted"

/* A domain that is off goes on from the memory in FILE, with the definition XML; the file stays. Blocking; worker
 * threads only. */
gboolean strata_domain_restore (StrataConnection *connection,
                                const char *uuid,
                                const char *file,
                                const char *xml,
                                gboolean paused,
                                GError **error);
/* whether that is done, all of it */
gboolean strata_domain_is_restored (StrataConnection *connection,
                                    const char *uuid,
                                    gboolean paused,
                                    gboolean *restored,
                                    GError **error);
/* which run of the domain it is: RUN is NULL when it is off, and otherwise not what it is for another one */
gboolean strata_domain_query_run (StrataConnection *connection,
                                  const char *uuid,
                                  char **run,
                                  GError **error);
gboolean strata_domain_was_halted (StrataConnection *connection, const char *uuid);

G_END_DECLS
