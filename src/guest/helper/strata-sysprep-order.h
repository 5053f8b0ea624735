/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

GPtrArray *strata_sysprep_order_disks (const char *program,
                                       GPtrArray  *disks,
                                       GError    **error);

G_END_DECLS
