/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A command that a person may type in a terminal, with a button that copies it. Property: command. */
#define STRATA_TYPE_COMMAND_CARD (strata_command_card_get_type ())

G_DECLARE_FINAL_TYPE (StrataCommandCard, strata_command_card, STRATA, COMMAND_CARD, AdwBin)

GtkWidget *strata_command_card_new (const char *command);

G_END_DECLS
