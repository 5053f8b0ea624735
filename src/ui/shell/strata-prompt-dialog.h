/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/strata-prompt.h"

G_BEGIN_DECLS

/* Asks what the host HOST_NAME asks for. Closing it gives up. */
void strata_prompt_dialog_present (StrataPrompt *prompt,
                                   const char   *host_name,
                                   GtkWidget    *parent);

G_END_DECLS
