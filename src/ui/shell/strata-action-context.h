/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* The widget on whose class the actions on machines and snapshots are, that is the window: what they are done to, and with. */
#define STRATA_TYPE_ACTION_CONTEXT (strata_action_context_get_type ())

G_DECLARE_INTERFACE (StrataActionContext, strata_action_context, STRATA, ACTION_CONTEXT, GtkWidget)

struct _StrataActionContextInterface
{
  GTypeInterface parent_iface;

  StrataHost *(*get_host) (StrataActionContext *self);
  StrataMachine *(*get_machine) (StrataActionContext *self);
  StrataJobQueue *(*get_queue) (StrataActionContext *self);
  GSettings *(*get_settings) (StrataActionContext *self);
};

/* (nullable) */
StrataHost     *strata_action_context_get_host     (StrataActionContext *self);
/* (nullable): what is selected */
StrataMachine  *strata_action_context_get_machine  (StrataActionContext *self);
/* where jobs go */
StrataJobQueue *strata_action_context_get_queue    (StrataActionContext *self);
GSettings      *strata_action_context_get_settings (StrataActionContext *self);

G_END_DECLS
