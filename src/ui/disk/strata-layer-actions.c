/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What can be done with a layer. Whether it can be done now is the planner's to say, who is asked when somebody opens the
 * menu: for a host with many machines that is work, and most menus are never opened.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-feasibility.h"
#include "strata-layer-actions.h"
#include "strata-layer-dialog.h"
#include "ui/shell/strata-window.h"
#include "base/strata-error.h"

typedef enum
{
  ACT_MERGE_DOWN,
  ACT_MERGE_UP,
  ACT_MAKE_INDEPENDENT,
  N_ACTS,
} Act;

static const char *const names[N_ACTS] = {
  [ACT_MERGE_DOWN] = "layer.merge-down",
  [ACT_MERGE_UP] = "layer.merge-up",
  [ACT_MAKE_INDEPENDENT] = "layer.make-independent",
};

struct _StrataLayerActions
{
  StrataLayerRow *row; /* owns us */
  void (*changed) (StrataLayerRow *row);
  StrataGraph *graph;
  GCancellable *cancellable; /* while the planner is asked */
  gboolean asked;
  char *reasons[N_ACTS];
};

typedef struct
{
  StrataLayerActions *actions; /* valid unless the question was cancelled */
  Act act;
} Question;

static const char *
get_title (Act act)
{
  switch (act)
    {
    case ACT_MERGE_DOWN:
      return _ ("Merge Down");
    case ACT_MERGE_UP:
      return _ ("Merge Up");
    case ACT_MAKE_INDEPENDENT:
      return _ ("Make Independent");
    case N_ACTS:
      break;
    }

  g_return_val_if_reached (NULL);
}

static StrataRequest *
create_request (StrataLayerRow *row, Act act, const char **why)
{
  StrataRequest *request;

  *why = NULL;
  if (act != ACT_MAKE_INDEPENDENT)
    return strata_disk_layer_create_request (
        strata_layer_row_get_layer (row),
        act == ACT_MERGE_DOWN ? STRATA_MERGE_COMMIT : STRATA_MERGE_PULL, why);

  request = strata_request_new (STRATA_REQUEST_FLATTEN);
  request->domain = g_strdup (strata_machine_get_uuid (strata_layer_row_get_machine (row)));

  return request;
}

static void
set_reason (StrataLayerActions *self, Act act, const char *reason)
{
  g_set_str (&self->reasons[act], reason);
  gtk_widget_action_set_enabled (GTK_WIDGET (self->row), names[act], reason == NULL);
}

static void
answered_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  g_autofree char *reason = NULL;
  g_autoptr (GError) error = NULL;
  const char *hint;

  strata_feasibility_ask_finish (STRATA_GRAPH (object), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  hint = error != NULL ? strata_error_get_hint (error) : NULL;
  if (hint != NULL)
    /* Translators: why something can’t be done, then what to do about it */
    reason = g_strdup_printf (_ ("%s. %s"), error->message, hint);
  else if (error != NULL)
    reason = g_strdup (error->message);

  set_reason (question->actions, question->act, reason);
  question->actions->changed (question->actions->row);
}

static void
ask (StrataLayerActions *self, Act act)
{
  const char *why;
  g_autoptr (StrataRequest) request = create_request (self->row, act, &why);
  Question *question;

  if (request == NULL)
    {
      set_reason (self, act, why);
      return;
    }

  set_reason (self, act, _ ("It is being found out whether this can be done."));
  question = g_new (Question, 1);
  question->actions = self;
  question->act = act;
  strata_feasibility_ask_async (self->graph, request, self->cancellable, answered_cb, question);
}

static void
forget (StrataLayerActions *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->asked = FALSE;
  for (guint act = 0; act < N_ACTS; act++)
    set_reason (self, act, _ ("The host is not known."));
}

static void
act (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataLayerRow *row = STRATA_LAYER_ROW (widget);

  for (guint i = 0; i < N_ACTS; i++)
    {
      const char *why;
      g_autoptr (StrataRequest) request = NULL;

      if (!g_str_equal (names[i], action))
        continue;
      request = create_request (row, i, &why);
      if (request != NULL)
        adw_dialog_present (strata_layer_dialog_new (strata_layer_row_get_queue (row),
                                                     strata_layer_row_get_host (row), request,
                                                     get_title (i)),
                            widget);
    }
}

static void
check (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataLayerRow *row = STRATA_LAYER_ROW (widget);
  StrataConnection *connection = strata_host_get_connection (strata_layer_row_get_host (row));

  if (connection != NULL)
    strata_disk_layer_check_async (strata_layer_row_get_layer (row), connection, NULL, NULL, NULL);
}

static void
copy_path (GtkWidget *widget, const char *action, GVariant *parameter)
{
  GtkRoot *root = gtk_widget_get_root (widget);

  gdk_clipboard_set_text (
      gtk_widget_get_clipboard (widget),
      strata_disk_layer_get_path (strata_layer_row_get_layer (STRATA_LAYER_ROW (widget))));
  if (STRATA_IS_WINDOW (root))
    strata_window_add_toast (STRATA_WINDOW (root), _ ("Path copied"), FALSE);
}

static void
pop_up (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_layer_row_pop_up_menu (STRATA_LAYER_ROW (widget), -1, -1);
}

/**
 * strata_layer_actions_install:
 * @row_class: the class of rows, while it is made
 */
void
strata_layer_actions_install (GtkWidgetClass *row_class)
{
  for (guint i = 0; i < N_ACTS; i++)
    gtk_widget_class_install_action (row_class, names[i], NULL, act);
  gtk_widget_class_install_action (row_class, "layer.check", NULL, check);
  gtk_widget_class_install_action (row_class, "layer.copy-path", NULL, copy_path);
  gtk_widget_class_install_action (row_class, "layer.pop-up", NULL, pop_up);
  gtk_widget_class_add_binding_action (row_class, GDK_KEY_Menu, GDK_NO_MODIFIER_MASK,
                                       "layer.pop-up", NULL);
  gtk_widget_class_add_binding_action (row_class, GDK_KEY_F10, GDK_SHIFT_MASK, "layer.pop-up",
                                       NULL);
}

/**
 * strata_layer_actions_new:
 * @row: (transfer none): the row, which has its layer
 * @changed: called when there is an answer
 *
 * Returns: (transfer full): nothing can be done yet
 */
StrataLayerActions *
strata_layer_actions_new (StrataLayerRow *row, void (*changed) (StrataLayerRow *row))
{
  StrataLayerActions *self = g_new0 (StrataLayerActions, 1);

  self->row = row;
  self->changed = changed;
  forget (self);

  return self;
}

void
strata_layer_actions_free (StrataLayerActions *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->graph);
  for (guint i = 0; i < N_ACTS; i++)
    g_free (self->reasons[i]);
  g_free (self);
}

void
strata_layer_actions_set_graph (StrataLayerActions *self, StrataGraph *graph)
{
  if (!g_set_object (&self->graph, graph))
    return;

  forget (self);
}

void
strata_layer_actions_ask (StrataLayerActions *self)
{
  if (self->asked || self->graph == NULL)
    return;

  self->asked = TRUE;
  self->cancellable = g_cancellable_new ();
  for (guint i = 0; i < N_ACTS; i++)
    ask (self, i);
}

const char *
strata_layer_actions_get_reason (StrataLayerActions *self, const char *action)
{
  for (guint i = 0; i < N_ACTS; i++)
    {
      if (g_str_equal (names[i], action))
        return self->reasons[i];
    }

  if (g_str_equal (action, "layer.check") &&
      strata_host_get_connection (strata_layer_row_get_host (self->row)) == NULL)
    return _ ("The host is not connected.");

  return NULL;
}
