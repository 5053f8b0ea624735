/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSealPage: what sealing will remove from a guest, by looking inside, and which of it is wanted. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-inspection.h"
#include "strata-seal-operation.h"
#include "strata-seal-page.h"
#include "base/strata-error.h"

struct _StrataSealPage
{
  AdwNavigationPage parent_instance;

  GListStore *operations; /* StrataSealOperation */
  GCancellable *cancellable;

  GtkButton *continue_button;
  GtkStack *stack;
  GtkLabel *progress_label;
  AdwPreferencesGroup *intro_group;
  AdwSwitchRow *seal_row;
  AdwActionRow *problem_row;
  AdwPreferencesGroup *found_group;
  GtkListBox *found;
  AdwPreferencesGroup *default_group;
  GtkListBox *defaults;
  AdwPreferencesGroup *other_group;
  GtkListBox *others;
};

enum
{
  CONTINUED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSealPage, strata_seal_page, ADW_TYPE_NAVIGATION_PAGE)

static void
add_row (GtkListBox *list_box, StrataSealOperation *operation)
{
  GtkWidget *row = adw_switch_row_new ();
  g_autofree char *title = NULL;
  g_autofree char *detail = NULL;

  g_object_get (operation, "title", &title, "detail", &detail, NULL);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), detail);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 3);
  g_object_bind_property (operation, "selected", row, "active",
                          G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  gtk_list_box_append (list_box, row);
}

static void
show_operations (StrataSealPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->operations));
  guint n_found = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataSealOperation) operation =
          g_list_model_get_item (G_LIST_MODEL (self->operations), i);

      if (strata_seal_operation_is_found (operation))
        n_found++;

      if (strata_seal_operation_is_found (operation))
        add_row (self->found, operation);
      else if (strata_seal_operation_is_default (operation))
        add_row (self->defaults, operation);
      else
        add_row (self->others, operation);
    }

  gtk_widget_set_visible (GTK_WIDGET (self->found_group), n_found > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->default_group),
                          gtk_list_box_get_row_at_index (self->defaults, 0) != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->other_group),
                          gtk_list_box_get_row_at_index (self->others, 0) != NULL);
  if (n_found == 0)
    adw_preferences_group_set_title (self->default_group, _ ("What Is Cleaned"));
}

static void
show_problem (StrataSealPage *self, const char *title, const char *detail)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->problem_row), title);
  adw_action_row_set_subtitle (self->problem_row, detail != NULL ? detail : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem_row), TRUE);
}

/* Without virt-sysprep, or where it does not apply, there is only one choice left. */
static void
forbid_sealing (StrataSealPage *self)
{
  adw_switch_row_set_active (self->seal_row, FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->seal_row), FALSE);
}

static void
explain (StrataSealPage *self, const StrataInspection *inspection)
{
  const GError *error = inspection->error;

  if (error == NULL)
    return;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_problem (self, _ ("Nobody looked inside"),
                  _ ("Sealing looks for all of it, and checks that it is gone."));
  else if (inspection->operations == NULL ||
           g_error_matches (error, STRATA_ERROR, STRATA_ERROR_WINDOWS) ||
           g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NO_OS))
    {
      forbid_sealing (self);
      show_problem (self, error->message, strata_error_get_hint (error));
    }
  else
    show_problem (self, error->message, strata_error_get_hint (error));
}

static void
inspected_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataSealPage) self = STRATA_SEAL_PAGE (user_data);
  g_autoptr (StrataInspection) inspection = strata_inspection_new_finish (result);
  JsonArray *array;

  if (self->stack == NULL)
    return;

  explain (self, inspection);
  array = inspection->operations != NULL
              ? json_object_get_array_member (inspection->operations, "operations")
              : NULL;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      g_autoptr (StrataSealOperation) operation =
          strata_seal_operation_new (json_array_get_object_element (array, i), inspection->facts);

      g_list_store_append (self->operations, operation);
    }
  show_operations (self);

  gtk_stack_set_visible_child_name (self->stack, "operations");
  gtk_widget_set_visible (GTK_WIDGET (self->continue_button), TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->continue_button));
}

static void
progress_cb (double fraction, const char *message, gpointer user_data)
{
  StrataSealPage *self = STRATA_SEAL_PAGE (user_data);

  if (self->progress_label != NULL && message != NULL)
    gtk_label_set_label (self->progress_label, message);
}

static void
skip_clicked_cb (StrataSealPage *self)
{
  g_cancellable_cancel (self->cancellable);
}

static void
continue_clicked_cb (StrataSealPage *self)
{
  g_signal_emit (self, signals[CONTINUED], 0);
}

static void
strata_seal_page_dispose (GObject *object)
{
  StrataSealPage *self = STRATA_SEAL_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SEAL_PAGE);
  g_clear_object (&self->operations);

  G_OBJECT_CLASS (strata_seal_page_parent_class)->dispose (object);
}

static void
strata_seal_page_class_init (StrataSealPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_seal_page_dispose;

  signals[CONTINUED] = g_signal_new ("continued", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-seal-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, continue_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, progress_label);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, intro_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, seal_row);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, problem_row);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, found_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, found);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, default_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, defaults);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, other_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, others);
  gtk_widget_class_bind_template_callback (widget_class, skip_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, continue_clicked_cb);
}

static void
strata_seal_page_init (StrataSealPage *self)
{
  self->operations = g_list_store_new (STRATA_TYPE_SEAL_OPERATION);

  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_seal_page_inspect:
 * @self: a page
 * @host: the machine's host
 * @machine: whose guest is to be looked at
 *
 * Starts looking; a second call does nothing.
 */
void
strata_seal_page_inspect (StrataSealPage *self, StrataHost *host, StrataMachine *machine)
{
  g_return_if_fail (STRATA_IS_SEAL_PAGE (self));

  if (self->cancellable != NULL)
    return;

  self->cancellable = g_cancellable_new ();
  strata_inspection_new_async (host, machine, progress_cb, g_object_ref (self), g_object_unref,
                               self->cancellable, inspected_cb, g_object_ref (self));
}

/**
 * strata_seal_page_dup_operations:
 * @self: a page
 *
 * Returns: (transfer full): names of the operations that are wanted, empty if the template shall not be sealed
 */
char **
strata_seal_page_dup_operations (StrataSealPage *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n;

  g_return_val_if_fail (STRATA_IS_SEAL_PAGE (self), NULL);

  n = adw_switch_row_get_active (self->seal_row)
          ? g_list_model_get_n_items (G_LIST_MODEL (self->operations))
          : 0;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataSealOperation) operation =
          g_list_model_get_item (G_LIST_MODEL (self->operations), i);

      if (strata_seal_operation_get_selected (operation))
        g_strv_builder_add (builder, strata_seal_operation_get_name (operation));
    }

  return g_strv_builder_end (builder);
}
