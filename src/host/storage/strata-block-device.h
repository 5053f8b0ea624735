/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <sys/types.h>

#include "graph/strata-graph.h"

G_BEGIN_DECLS

#define STRATA_BLOCK_DEVICES "/sys/dev/block"

/* SYS: STRATA_BLOCK_DEVICES, or a folder that is made like it */
void strata_block_device_identify (StrataImage *image, const char *sys, dev_t device);

G_END_DECLS
