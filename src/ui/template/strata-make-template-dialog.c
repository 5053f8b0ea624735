/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMakeTemplateDialog: from a machine to the plan of a template, in three steps. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-make-template-dialog.h"
#include "ui/job/strata-plan-page.h"
#include "strata-seal-page.h"
#include "plan/strata-name.h"

struct _StrataMakeTemplateDialog
{
  AdwDialog parent_instance;

  StrataHost *host;
  StrataMachine *machine;
  AdwNavigationPage *plan_page;

  AdwNavigationView *view;
  GtkButton *continue_button;
  GtkLabel *problem_label;
  AdwToggleGroup *kind;
  AdwEntryRow *name_row;
  AdwComboRow *running_row;
  StrataSealPage *seal_page;
};

typedef enum
{
  PROP_MACHINE = 1,
  N_PROPS,
} StrataMakeTemplateDialogProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMakeTemplateDialog, strata_make_template_dialog, ADW_TYPE_DIALOG)

static gboolean
is_convert (StrataMakeTemplateDialog *self)
{
  return g_strcmp0 (adw_toggle_group_get_active_name (self->kind), "convert") == 0;
}

static char *
describe_kind (StrataMakeTemplateDialog *self, const char *kind)
{
  if (g_strcmp0 (kind, "convert") == 0)
    return g_strdup (_ (
        "The machine itself becomes the template. Nothing is copied, so it takes no more space, but the machine is gone afterwards."));

  return g_strdup (_ (
      "The machine stays as it is, and its disks are copied for the template. That takes as much space again."));
}

/* (transfer full) (nullable): why the name won't do. A converted machine gives its own name free. */
static char *
get_name_problem (StrataMakeTemplateDialog *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  StrataMachine *other;

  if (self->host == NULL)
    return NULL; /* still being made */
  if (!strata_name_check (name, &error))
    return g_strdup (error->message);

  other = strata_host_find (self->host, name);
  if (other == NULL || (other == self->machine && is_convert (self)))
    return NULL;

  return g_strdup_printf (_ ("There is a machine named “%s” already."), name);
}

static void
check_name (StrataMakeTemplateDialog *self)
{
  g_autofree char *problem =
      get_name_problem (self, gtk_editable_get_text (GTK_EDITABLE (self->name_row)));

  if (problem != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->name_row), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name_row), "error");
  gtk_label_set_label (self->problem_label, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem_label), problem != NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->continue_button), problem == NULL);
}

static void
how_continued_cb (StrataMakeTemplateDialog *self)
{
  if (!gtk_widget_get_sensitive (GTK_WIDGET (self->continue_button)))
    return;

  adw_navigation_view_push (self->view, ADW_NAVIGATION_PAGE (self->seal_page));
  strata_seal_page_inspect (self->seal_page, self->host, self->machine);
}

static StrataRequest *
make_request (StrataMakeTemplateDialog *self)
{
  StrataRequest *request = strata_request_new (STRATA_REQUEST_TEMPLATE_CREATE);

  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->name = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row)));
  request->convert = is_convert (self);
  request->operations = strata_seal_page_dup_operations (self->seal_page);
  if (strata_machine_is_active (self->machine))
    request->running = adw_combo_row_get_selected (self->running_row) == 0
                           ? STRATA_RUNNING_SHUT_DOWN
                           : STRATA_RUNNING_FORCE_OFF;

  return request;
}

static void
seal_continued_cb (StrataMakeTemplateDialog *self)
{
  g_autoptr (StrataRequest) request = make_request (self);

  adw_navigation_view_push (self->view, self->plan_page);
  strata_plan_page_plan (STRATA_PLAN_PAGE (self->plan_page), request);
}

static void
submitted_cb (StrataMakeTemplateDialog *self)
{
  adw_dialog_force_close (ADW_DIALOG (self));
}

static void
close_dialog (GtkWidget *widget, const char *action, GVariant *parameter)
{
  adw_dialog_close (ADW_DIALOG (widget));
}

static void
strata_make_template_dialog_dispose (GObject *object)
{
  StrataMakeTemplateDialog *self = STRATA_MAKE_TEMPLATE_DIALOG (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MAKE_TEMPLATE_DIALOG);
  g_clear_object (&self->machine);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_make_template_dialog_parent_class)->dispose (object);
}

static void
strata_make_template_dialog_get_property (GObject *object,
                                          guint prop_id,
                                          GValue *value,
                                          GParamSpec *pspec)
{
  switch ((StrataMakeTemplateDialogProperty) prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, STRATA_MAKE_TEMPLATE_DIALOG (object)->machine);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_make_template_dialog_class_init (StrataMakeTemplateDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_make_template_dialog_dispose;
  object_class->get_property = strata_make_template_dialog_get_property;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-make-template-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMakeTemplateDialog, view);
  gtk_widget_class_bind_template_child (widget_class, StrataMakeTemplateDialog, continue_button);
  gtk_widget_class_bind_template_child (widget_class, StrataMakeTemplateDialog, problem_label);
  gtk_widget_class_bind_template_child (widget_class, StrataMakeTemplateDialog, kind);
  gtk_widget_class_bind_template_child (widget_class, StrataMakeTemplateDialog, name_row);
  gtk_widget_class_bind_template_child (widget_class, StrataMakeTemplateDialog, running_row);
  gtk_widget_class_bind_template_child (widget_class, StrataMakeTemplateDialog, seal_page);
  gtk_widget_class_bind_template_callback (widget_class, describe_kind);
  gtk_widget_class_bind_template_callback (widget_class, check_name);
  gtk_widget_class_bind_template_callback (widget_class, how_continued_cb);
  gtk_widget_class_bind_template_callback (widget_class, seal_continued_cb);
  gtk_widget_class_install_action (widget_class, "dialog.close", NULL, close_dialog);
}

static void
strata_make_template_dialog_init (StrataMakeTemplateDialog *self)
{
  g_type_ensure (STRATA_TYPE_SEAL_PAGE);

  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_make_template_dialog_new:
 * @queue: where the job goes
 * @settings: a person’s
 * @host: the machine's host
 * @machine: what the template is made of
 *
 * Returns: (transfer none): a floating dialog
 */
AdwDialog *
strata_make_template_dialog_new (StrataJobQueue *queue,
                                 GSettings *settings,
                                 StrataHost *host,
                                 StrataMachine *machine)
{
  StrataMakeTemplateDialog *self;
  g_autofree char *pattern = NULL;
  g_autofree char *name = NULL;

  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);
  g_return_val_if_fail (STRATA_IS_HOST (host), NULL);
  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);

  self = g_object_new (STRATA_TYPE_MAKE_TEMPLATE_DIALOG, NULL);
  self->host = g_object_ref (host);
  self->machine = g_object_ref (machine);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MACHINE]);

  self->plan_page = strata_plan_page_new (queue, host);
  strata_plan_page_set_machine (STRATA_PLAN_PAGE (self->plan_page), machine);
  adw_navigation_view_add (self->view, self->plan_page);
  g_signal_connect_object (self->plan_page, "submitted", G_CALLBACK (submitted_cb), self,
                           G_CONNECT_SWAPPED);

  pattern = g_settings_get_string (settings, "template-name-pattern");
  name = strata_name_from_source (pattern, strata_machine_get_name (machine));
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), name);

  return ADW_DIALOG (self);
}
