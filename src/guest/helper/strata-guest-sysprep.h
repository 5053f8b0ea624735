/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

#include "strata-event-writer.h"

G_BEGIN_DECLS

char       *strata_guest_sysprep_find            (GError           **error);
char      **strata_guest_sysprep_choose          (char             **chosen,
                                                  GError           **error);
gboolean    strata_guest_sysprep_run             (StrataEventWriter     *writer,
                                                  const char *const *argv,
                                                  guint              n_operations,
                                                  JsonArray         *warnings,
                                                  GError           **error);
JsonObject *strata_guest_sysprep_list_operations (StrataEventWriter     *writer,
                                                  GError           **error);

G_END_DECLS
