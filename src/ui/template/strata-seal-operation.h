/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* One thing that sealing can do to a guest. Properties: name, title, detail, selected (writable). */
#define STRATA_TYPE_SEAL_OPERATION (strata_seal_operation_get_type ())

G_DECLARE_FINAL_TYPE (StrataSealOperation, strata_seal_operation, STRATA, SEAL_OPERATION, GObject)

/* OPERATION: {"name","description","default"}; FACTS: what inspection found, or NULL */
StrataSealOperation *strata_seal_operation_new          (JsonObject          *operation,
                                                         JsonObject          *facts);
const char          *strata_seal_operation_get_name     (StrataSealOperation *self);
gboolean             strata_seal_operation_get_selected (StrataSealOperation *self);
/* inspection found something that it would remove */
gboolean             strata_seal_operation_is_found     (StrataSealOperation *self);
gboolean             strata_seal_operation_is_default   (StrataSealOperation *self);

G_END_DECLS
