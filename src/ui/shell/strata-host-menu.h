/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* HOSTS: of StrataHost */
GMenuModel *strata_host_menu_new (GListModel *hosts);

G_END_DECLS
