/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

#include "xml/strata-domain-xml.h"

G_BEGIN_DECLS

char            *golden_read   (const char *name);
StrataDomainXml *golden_domain (const char *name);
void             golden_check  (const char *name,
                                const char *actual);

G_END_DECLS
