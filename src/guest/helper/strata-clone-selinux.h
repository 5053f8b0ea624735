/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-appliance.h"

G_BEGIN_DECLS

gboolean strata_clone_selinux_relabel (StrataAppliance *appliance,
                                       GPtrArray       *changed,
                                       const char      *program,
                                       GError         **error);

G_END_DECLS
