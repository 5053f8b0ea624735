/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRevertForm: what becomes of the present state, and how the machine is afterwards. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-revert-form.h"
#include "plan/strata-name.h"

struct _StrataRevertForm
{
  StrataRequestForm parent_instance;

  StrataMachine *machine; /* NULL while it is being made */
  char *snapshot;
  char *snapshot_id; /* which one of that name */

  AdwToggleGroup *present;
  AdwEntryRow *name_row;
  AdwComboRow *after_row;
};

G_DEFINE_FINAL_TYPE (StrataRevertForm, strata_revert_form, STRATA_TYPE_REQUEST_FORM)

static gboolean
is_kept (StrataRevertForm *self, const char *present)
{
  return g_strcmp0 (present, "keep") == 0;
}

static StrataRequest *
strata_revert_form_make_request (StrataRequestForm *form)
{
  static const StrataAfter afters[] = { STRATA_AFTER_AS_SNAPSHOT, STRATA_AFTER_RUNNING,
                                        STRATA_AFTER_PAUSED, STRATA_AFTER_OFF };
  StrataRevertForm *self = STRATA_REVERT_FORM (form);
  StrataRequest *request = strata_request_new (STRATA_REQUEST_SNAPSHOT_REVERT);

  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->snapshot = g_strdup (self->snapshot);
  request->snapshot_id = g_strdup (self->snapshot_id);
  if (is_kept (self, adw_toggle_group_get_active_name (self->present)))
    request->save_as = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row)));
  request->after = afters[MIN (adw_combo_row_get_selected (self->after_row), 3)];

  return request;
}

static void
changed_cb (StrataRevertForm *self)
{
  if (self->machine != NULL)
    strata_request_form_changed (STRATA_REQUEST_FORM (self));
}

static void
activated_cb (StrataRevertForm *self)
{
  strata_request_form_activate (STRATA_REQUEST_FORM (self));
}

static void
strata_revert_form_dispose (GObject *object)
{
  StrataRevertForm *self = STRATA_REVERT_FORM (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_REVERT_FORM);
  g_clear_object (&self->machine);

  G_OBJECT_CLASS (strata_revert_form_parent_class)->dispose (object);
}

static void
strata_revert_form_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_REVERT_FORM (object)->snapshot, g_free);
  g_clear_pointer (&STRATA_REVERT_FORM (object)->snapshot_id, g_free);

  G_OBJECT_CLASS (strata_revert_form_parent_class)->finalize (object);
}

static void
strata_revert_form_class_init (StrataRevertFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_revert_form_dispose;
  object_class->finalize = strata_revert_form_finalize;
  STRATA_REQUEST_FORM_CLASS (klass)->make_request = strata_revert_form_make_request;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-revert-form.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataRevertForm, present);
  gtk_widget_class_bind_template_child (widget_class, StrataRevertForm, name_row);
  gtk_widget_class_bind_template_child (widget_class, StrataRevertForm, after_row);
  gtk_widget_class_bind_template_callback (widget_class, is_kept);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
strata_revert_form_init (StrataRevertForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_revert_form_new:
 * @machine: what goes back
 * @snapshot: to which of its snapshots
 *
 * Returns: (transfer none): a floating form
 */
StrataRequestForm *
strata_revert_form_new (StrataMachine *machine, const char *snapshot)
{
  StrataRevertForm *self;
  g_autofree char *name = NULL;

  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);
  g_return_val_if_fail (snapshot != NULL, NULL);

  self = g_object_new (STRATA_TYPE_REVERT_FORM, NULL);
  name = strata_name_for_present ();
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), name);
  self->snapshot = g_strdup (snapshot);
  self->snapshot_id = strata_machine_dup_snapshot_id (machine, snapshot);
  self->machine = g_object_ref (machine);

  return STRATA_REQUEST_FORM (self);
}
