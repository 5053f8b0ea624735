/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataEditForm: a snapshot’s name and description. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-edit-form.h"

struct _StrataEditForm
{
  StrataRequestForm parent_instance;

  StrataMachine *machine; /* NULL while it is being made */
  char *snapshot;
  char *snapshot_id; /* which one of that name */

  AdwEntryRow *name_row;
  GtkTextView *description;
};

G_DEFINE_FINAL_TYPE (StrataEditForm, strata_edit_form, STRATA_TYPE_REQUEST_FORM)

static StrataRequest *
strata_edit_form_make_request (StrataRequestForm *form)
{
  StrataEditForm *self = STRATA_EDIT_FORM (form);
  StrataRequest *request = strata_request_new (STRATA_REQUEST_SNAPSHOT_EDIT);
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->description);
  const char *name = gtk_editable_get_text (GTK_EDITABLE (self->name_row));
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->snapshot = g_strdup (self->snapshot);
  request->snapshot_id = g_strdup (self->snapshot_id);
  request->description = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  request->rename = g_strcmp0 (name, self->snapshot) != 0 ? g_strdup (name) : NULL;

  return request;
}

static void
changed_cb (StrataEditForm *self)
{
  if (self->machine != NULL)
    strata_request_form_changed (STRATA_REQUEST_FORM (self));
}

static void
activated_cb (StrataEditForm *self)
{
  strata_request_form_activate (STRATA_REQUEST_FORM (self));
}

static gboolean
strata_edit_form_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (STRATA_EDIT_FORM (widget)->name_row));
}

static void
strata_edit_form_dispose (GObject *object)
{
  StrataEditForm *self = STRATA_EDIT_FORM (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_EDIT_FORM);
  g_clear_object (&self->machine);

  G_OBJECT_CLASS (strata_edit_form_parent_class)->dispose (object);
}

static void
strata_edit_form_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_EDIT_FORM (object)->snapshot, g_free);
  g_clear_pointer (&STRATA_EDIT_FORM (object)->snapshot_id, g_free);

  G_OBJECT_CLASS (strata_edit_form_parent_class)->finalize (object);
}

static void
strata_edit_form_class_init (StrataEditFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_edit_form_dispose;
  object_class->finalize = strata_edit_form_finalize;
  widget_class->grab_focus = strata_edit_form_grab_focus;
  STRATA_REQUEST_FORM_CLASS (klass)->make_request = strata_edit_form_make_request;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-edit-form.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataEditForm, name_row);
  gtk_widget_class_bind_template_child (widget_class, StrataEditForm, description);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
strata_edit_form_init (StrataEditForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* Its name is the tag in the image, and stays. */
static gboolean
is_internal (const StrataSnapshotFacts *facts)
{
  return facts->memory == STRATA_SNAPSHOT_INTERNAL ||
         strata_snapshot_facts_has (facts, STRATA_SNAPSHOT_INTERNAL);
}

/**
 * strata_edit_form_new:
 * @machine: whose snapshot it is
 * @snapshot: the snapshot's name
 *
 * Returns: (transfer none): a floating form
 */
StrataRequestForm *
strata_edit_form_new (StrataMachine *machine, const char *snapshot)
{
  StrataEditForm *self;
  const StrataSnapshotFacts *facts;

  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);
  g_return_val_if_fail (snapshot != NULL, NULL);

  self = g_object_new (STRATA_TYPE_EDIT_FORM, NULL);
  facts = strata_domain_facts_find_snapshot (strata_machine_get_facts (machine), snapshot);
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), snapshot);
  if (facts != NULL && is_internal (facts))
    {
      gtk_editable_set_editable (GTK_EDITABLE (self->name_row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->name_row),
                                     _ ("Name (of an internal snapshot; it can’t be changed)"));
    }
  if (facts != NULL && facts->description != NULL)
    gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->description), facts->description, -1);
  self->snapshot = g_strdup (snapshot);
  self->snapshot_id = strata_machine_dup_snapshot_id (machine, snapshot);
  self->machine = g_object_ref (machine);
  g_signal_connect_object (gtk_text_view_get_buffer (self->description), "changed",
                           G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);

  return STRATA_REQUEST_FORM (self);
}
