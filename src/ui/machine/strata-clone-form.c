/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataCloneForm: what a new machine made of a snapshot is called, and what it stands on. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-clone-form.h"

struct _StrataCloneForm
{
  StrataRequestForm parent_instance;

  StrataMachine *machine; /* NULL while it is being made */
  char *snapshot;
  char *snapshot_id; /* which one of that name */

  AdwEntryRow *name_row;
  AdwToggleGroup *kind;
};

G_DEFINE_FINAL_TYPE (StrataCloneForm, strata_clone_form, STRATA_TYPE_REQUEST_FORM)

static char *
describe_kind (StrataCloneForm *self, const char *kind)
{
  if (g_strcmp0 (kind, "full") == 0)
    return g_strdup (_ ("Its disks are copies of their own. That takes as much space again, and "
                        "nothing depends on anything."));

  return g_strdup (
      _ ("Its disks stand on the snapshot’s and take next to no space. The layers below "
         "stay for as long as it needs them."));
}

static StrataRequest *
strata_clone_form_make_request (StrataRequestForm *form)
{
  StrataCloneForm *self = STRATA_CLONE_FORM (form);
  StrataRequest *request = strata_request_new (STRATA_REQUEST_CLONE);

  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->snapshot = g_strdup (self->snapshot);
  request->snapshot_id = g_strdup (self->snapshot_id);
  request->name = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row)));
  request->full = g_strcmp0 (adw_toggle_group_get_active_name (self->kind), "full") == 0;

  return request;
}

static void
changed_cb (StrataCloneForm *self)
{
  if (self->machine != NULL)
    strata_request_form_changed (STRATA_REQUEST_FORM (self));
}

static void
activated_cb (StrataCloneForm *self)
{
  strata_request_form_activate (STRATA_REQUEST_FORM (self));
}

static gboolean
strata_clone_form_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (STRATA_CLONE_FORM (widget)->name_row));
}

static void
strata_clone_form_dispose (GObject *object)
{
  StrataCloneForm *self = STRATA_CLONE_FORM (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_CLONE_FORM);
  g_clear_object (&self->machine);

  G_OBJECT_CLASS (strata_clone_form_parent_class)->dispose (object);
}

static void
strata_clone_form_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_CLONE_FORM (object)->snapshot, g_free);
  g_clear_pointer (&STRATA_CLONE_FORM (object)->snapshot_id, g_free);

  G_OBJECT_CLASS (strata_clone_form_parent_class)->finalize (object);
}

static void
strata_clone_form_class_init (StrataCloneFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_clone_form_dispose;
  object_class->finalize = strata_clone_form_finalize;
  widget_class->grab_focus = strata_clone_form_grab_focus;
  STRATA_REQUEST_FORM_CLASS (klass)->make_request = strata_clone_form_make_request;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-clone-form.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataCloneForm, name_row);
  gtk_widget_class_bind_template_child (widget_class, StrataCloneForm, kind);
  gtk_widget_class_bind_template_callback (widget_class, describe_kind);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
strata_clone_form_init (StrataCloneForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* "web-01-before-upgrade", or with a number behind it where there is one already */
static char *
suggest (StrataHost *host, StrataMachine *machine, const char *snapshot)
{
  g_autofree char *stem = g_strdup_printf ("%s-%s", strata_machine_get_name (machine), snapshot);
  g_autofree char *name = NULL;

  g_strdelimit (stem, " ", '-');
  name = g_strdup (stem);
  for (guint i = 2; strata_host_find (host, name) != NULL; i++)
    {
      g_free (name);
      name = g_strdup_printf ("%s-%u", stem, i);
    }

  return g_steal_pointer (&name);
}

/**
 * strata_clone_form_new:
 * @host: the machine's host
 * @machine: whose snapshot it is
 * @snapshot: the snapshot's name
 *
 * Returns: (transfer none): a floating form
 */
StrataRequestForm *
strata_clone_form_new (StrataHost *host, StrataMachine *machine, const char *snapshot)
{
  StrataCloneForm *self;
  g_autofree char *name = NULL;

  g_return_val_if_fail (STRATA_IS_HOST (host), NULL);
  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);
  g_return_val_if_fail (snapshot != NULL, NULL);

  self = g_object_new (STRATA_TYPE_CLONE_FORM, NULL);
  name = suggest (host, machine, snapshot);
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), name);
  self->snapshot = g_strdup (snapshot);
  self->snapshot_id = strata_machine_dup_snapshot_id (machine, snapshot);
  self->machine = g_object_ref (machine);

  return STRATA_REQUEST_FORM (self);
}
