/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char  *strata_password_hash  (const char  *password,
                              GError     **error);
void   strata_password_clear (char        *password);

G_END_DECLS
