/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int strata_privileged_run (const char *const *names);

G_END_DECLS
