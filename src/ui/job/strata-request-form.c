/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRequestForm: the family of forms that a plan is made from. */

#include "config.h"

#include "strata-request-form.h"

enum
{
  CHANGED,
  ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE (StrataRequestForm, strata_request_form, ADW_TYPE_BIN)

/* One without a field to type in leaves the focus to the plan's button. */
static gboolean
strata_request_form_grab_focus (GtkWidget *widget)
{
  return FALSE;
}

static void
strata_request_form_class_init (StrataRequestFormClass *klass)
{
  GTK_WIDGET_CLASS (klass)->grab_focus = strata_request_form_grab_focus;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_request_form_init (StrataRequestForm *self)
{
}

/**
 * strata_request_form_make_request:
 * @self: a form
 *
 * Returns: (transfer full) (nullable): what is wanted; %NULL while the form is not complete
 */
StrataRequest *
strata_request_form_make_request (StrataRequestForm *self)
{
  g_return_val_if_fail (STRATA_IS_REQUEST_FORM (self), NULL);

  return STRATA_REQUEST_FORM_GET_CLASS (self)->make_request (self);
}

/**
 * strata_request_form_changed:
 * @self: a form
 *
 * Lets the dialog that shows the form ask for another plan.
 */
void
strata_request_form_changed (StrataRequestForm *self)
{
  g_return_if_fail (STRATA_IS_REQUEST_FORM (self));

  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * strata_request_form_activate:
 * @self: a form
 *
 * As if the plan's button were pressed, if it can be.
 */
void
strata_request_form_activate (StrataRequestForm *self)
{
  g_return_if_fail (STRATA_IS_REQUEST_FORM (self));

  g_signal_emit (self, signals[ACTIVATED], 0);
}
