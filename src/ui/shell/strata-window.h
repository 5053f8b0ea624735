/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-application.h"

G_BEGIN_DECLS

/* A window on one host at a time. */
#define STRATA_TYPE_WINDOW (strata_window_get_type ())

G_DECLARE_FINAL_TYPE (StrataWindow, strata_window, STRATA, WINDOW, AdwApplicationWindow)

StrataWindow *strata_window_new (StrataApplication *application);
StrataApplication *strata_window_get_application (StrataWindow *self);
StrataJobQueue *strata_window_get_queue (StrataWindow *self);
StrataHost *strata_window_get_host (StrataWindow *self);
void strata_window_set_host (StrataWindow *self, StrataHost *host);
/* what is selected, or NULL */
StrataMachine *strata_window_get_machine (StrataWindow *self);
void strata_window_connect_to (StrataWindow *self, const char *uri);
void strata_window_select (StrataWindow *self, const char *uuid);
void strata_window_search (StrataWindow *self);
void strata_window_show_map (StrataWindow *self);
void strata_window_show_operations (StrataWindow *self);
/* what earlier processes, or a cancellation, left half done */
void strata_window_show_unfinished (StrataWindow *self);
void strata_window_show_clones (StrataWindow *self);
void strata_window_close_now (StrataWindow *self);
/* OPERATIONS: with a button that opens the operations */
void strata_window_add_toast (StrataWindow *self, const char *text, gboolean operations);
void strata_window_take_toast (StrataWindow *self, AdwToast *toast);

G_END_DECLS
