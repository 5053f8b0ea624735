/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMergeForm: which way the layers of a deleted snapshot merge. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-merge-form.h"

struct _StrataMergeForm
{
  StrataRequestForm parent_instance;

  StrataMachine *machine; /* NULL while it is being made */
  char *snapshot;
  char *snapshot_id; /* which one of that name */

  AdwComboRow *merge_row;
};

G_DEFINE_FINAL_TYPE (StrataMergeForm, strata_merge_form, STRATA_TYPE_REQUEST_FORM)

static StrataRequest *
strata_merge_form_make_request (StrataRequestForm *form)
{
  static const StrataMerge merges[] = { STRATA_MERGE_CHEAPER, STRATA_MERGE_COMMIT,
                                        STRATA_MERGE_PULL };
  StrataMergeForm *self = STRATA_MERGE_FORM (form);
  StrataRequest *request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);

  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->snapshot = g_strdup (self->snapshot);
  request->snapshot_id = g_strdup (self->snapshot_id);
  request->merge = merges[MIN (adw_combo_row_get_selected (self->merge_row), 2)];

  return request;
}

static void
changed_cb (StrataMergeForm *self)
{
  if (self->machine != NULL)
    strata_request_form_changed (STRATA_REQUEST_FORM (self));
}

static void
strata_merge_form_dispose (GObject *object)
{
  StrataMergeForm *self = STRATA_MERGE_FORM (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MERGE_FORM);
  g_clear_object (&self->machine);

  G_OBJECT_CLASS (strata_merge_form_parent_class)->dispose (object);
}

static void
strata_merge_form_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_MERGE_FORM (object)->snapshot, g_free);
  g_clear_pointer (&STRATA_MERGE_FORM (object)->snapshot_id, g_free);

  G_OBJECT_CLASS (strata_merge_form_parent_class)->finalize (object);
}

static void
strata_merge_form_class_init (StrataMergeFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_merge_form_dispose;
  object_class->finalize = strata_merge_form_finalize;
  STRATA_REQUEST_FORM_CLASS (klass)->make_request = strata_merge_form_make_request;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-merge-form.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMergeForm, merge_row);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
}

static void
strata_merge_form_init (StrataMergeForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_merge_form_new:
 * @machine: whose snapshot it is
 * @snapshot: the name of the snapshot that is deleted
 *
 * Returns: (transfer none): a floating form
 */
StrataRequestForm *
strata_merge_form_new (StrataMachine *machine, const char *snapshot)
{
  StrataMergeForm *self;

  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);
  g_return_val_if_fail (snapshot != NULL, NULL);

  self = g_object_new (STRATA_TYPE_MERGE_FORM, NULL);
  self->snapshot = g_strdup (snapshot);
  self->snapshot_id = strata_machine_dup_snapshot_id (machine, snapshot);
  self->machine = g_object_ref (machine);

  return STRATA_REQUEST_FORM (self);
}
