/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

#include "base/strata-error.h"

G_BEGIN_DECLS

StrataError strata_guest_failure_classify (const char *message,
                                           const char *log,
                                           gboolean    launching,
                                           char      **hint);
const char *strata_guest_failure_hint     (StrataError code);

G_END_DECLS
