/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Who made a worker or a lock, as a line of text that can be kept on the host. */
char    *strata_process_id_new_text (void);
gboolean strata_process_id_is_dead  (const char *text);
/* known to be alive, on this computer */
gboolean strata_process_id_is_here  (const char *text);

G_END_DECLS
