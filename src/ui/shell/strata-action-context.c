/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataActionContext: what actions are done to and with, so that they need not know the window. */

#include "config.h"

#include "strata-action-context.h"

G_DEFINE_INTERFACE (StrataActionContext, strata_action_context, GTK_TYPE_WIDGET)

static void
strata_action_context_default_init (StrataActionContextInterface *iface)
{
}

StrataHost *
strata_action_context_get_host (StrataActionContext *self)
{
  g_return_val_if_fail (STRATA_IS_ACTION_CONTEXT (self), NULL);

  return STRATA_ACTION_CONTEXT_GET_IFACE (self)->get_host (self);
}

StrataMachine *
strata_action_context_get_machine (StrataActionContext *self)
{
  g_return_val_if_fail (STRATA_IS_ACTION_CONTEXT (self), NULL);

  return STRATA_ACTION_CONTEXT_GET_IFACE (self)->get_machine (self);
}

StrataJobQueue *
strata_action_context_get_queue (StrataActionContext *self)
{
  g_return_val_if_fail (STRATA_IS_ACTION_CONTEXT (self), NULL);

  return STRATA_ACTION_CONTEXT_GET_IFACE (self)->get_queue (self);
}

GSettings *
strata_action_context_get_settings (StrataActionContext *self)
{
  g_return_val_if_fail (STRATA_IS_ACTION_CONTEXT (self), NULL);

  return STRATA_ACTION_CONTEXT_GET_IFACE (self)->get_settings (self);
}
