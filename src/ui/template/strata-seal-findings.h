/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* a name for people, or NULL where virt-sysprep's own description has to do */
const char *strata_seal_findings_get_title (const char *operation);
/* what OPERATION would remove from the guest that FACTS describe, or NULL if inspection found nothing for it */
char       *strata_seal_findings_describe  (const char *operation,
                                            JsonObject *facts);

G_END_DECLS
