/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

GStrv strata_ssh_keys_parse (const char  *text,
                             const char  *source,
                             GError     **error);

G_END_DECLS
