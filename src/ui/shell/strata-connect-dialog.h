/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Asks for a libvirt URI. Signal "connect-to" (const char *uri). */
#define STRATA_TYPE_CONNECT_DIALOG (strata_connect_dialog_get_type ())

G_DECLARE_FINAL_TYPE (StrataConnectDialog, strata_connect_dialog, STRATA, CONNECT_DIALOG, AdwDialog)

AdwDialog *strata_connect_dialog_new (void);

G_END_DECLS
