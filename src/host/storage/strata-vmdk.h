/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

void strata_vmdk_read_descriptor (StrataConnection *connection, StrataImage *image);

G_END_DECLS
