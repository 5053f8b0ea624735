/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What is done to one domain. Blocking; worker threads only. */

typedef enum
{
  STRATA_UNDEFINE_KEEP_NVRAM,   /* the file stays */
  STRATA_UNDEFINE_REMOVE_NVRAM, /* libvirt removes it */
} StrataUndefineMode;

gboolean          strata_domain_exists        (StrataConnection   *connection,
                                               const char         *uuid,
                                               gboolean           *exists,
                                               GError            **error);
gboolean          strata_domain_get_state     (StrataConnection   *connection,
                                               const char         *uuid,
                                               StrataDomainState  *state,
                                               GError            **error);
/* whether that is certain; two questions where strata_connection_get_domain() has a dozen, for what is asked often */
gboolean          strata_domain_is_persistent (StrataConnection   *connection,
                                               const char         *uuid);
gboolean          strata_domain_is_off        (StrataConnection   *connection,
                                               const char         *uuid);
gboolean          strata_domain_is_unsaved    (StrataConnection   *connection,
                                               const char         *uuid);
/* inactive, with secrets */
char             *strata_domain_get_xml       (StrataConnection   *connection,
                                               const char         *uuid,
                                               GError            **error);
/* the live definition in its managed save image, and so the disks that it was saved with; NOT_FOUND where it has none */
char             *strata_domain_get_saved_xml (StrataConnection   *connection,
                                               const char         *uuid,
                                               GError            **error);
/* NULL UUID in the result never happens; fails with EXISTS if NAME belongs to another UUID */
gboolean          strata_domain_define        (StrataConnection   *connection,
                                               const char         *xml,
                                               GError            **error);
gboolean          strata_domain_require_settled
                                             (StrataConnection   *connection,
                                              const char         *uuid,
                                              GError            **error);
gboolean          strata_domain_require_idle (StrataConnection *connection,
                                              const char       *uuid,
                                              GError          **error);
gboolean          strata_domain_require_writable (StrataConnection *connection,
                                                  const char       *uuid,
                                                  GError          **error);
/* fine if it is not there any more */
gboolean          strata_domain_undefine      (StrataConnection   *connection,
                                               const char         *uuid,
                                               StrataUndefineMode  mode,
                                               GError            **error);
gboolean          strata_domain_set_autostart (StrataConnection   *connection,
                                               const char         *uuid,
                                               gboolean            autostart,
                                               GError            **error);
/* refuses a template with STRATA_ERROR_REFUSED */
gboolean          strata_domain_start         (StrataConnection   *connection,
                                               const char         *uuid,
                                               gboolean            paused,
                                               GError            **error);
/* guest agent where it answers, else ACPI; waits up to TIMEOUT seconds (0: only asks), then STRATA_ERROR_TIMEOUT */
gboolean          strata_domain_shut_down     (StrataConnection   *connection,
                                               const char         *uuid,
                                               guint               timeout,
                                               GCancellable       *cancellable,
                                               GError            **error);
/* fine if it is off already */
gboolean          strata_domain_force_off     (StrataConnection   *connection,
                                               const char         *uuid,
                                               GError            **error);
/* JSON command to the guest agent and its answer; TIMEOUT in seconds */
char             *strata_domain_agent_command (StrataConnection   *connection,
                                               const char         *uuid,
                                               const char         *command,
                                               guint               timeout,
                                               GError            **error);

G_END_DECLS
