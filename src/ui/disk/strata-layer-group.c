/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLayerGroup: a disk, layer by layer, and the check of all of them. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-layer-group.h"
#include "strata-layer-row.h"

struct _StrataLayerGroup
{
  AdwPreferencesGroup parent_instance;

  StrataHost *host;
  StrataJobQueue *queue;
  StrataMachine *machine;
  StrataDiskStack *stack;
  GCancellable *checking; /* while it goes from layer to layer */

  GtkWidget *check_button;
  GtkListBox *list_box;
};

G_DEFINE_FINAL_TYPE (StrataLayerGroup, strata_layer_group, ADW_TYPE_PREFERENCES_GROUP)

static StrataLayerRow *
get_row (StrataLayerGroup *self, guint index)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list_box, (int) index);

  return row != NULL ? STRATA_LAYER_ROW (row) : NULL;
}

static void check_next (StrataLayerGroup *self, guint index);

typedef struct
{
  StrataLayerGroup *group;
  guint index;
} Walk;

static void
checked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Walk *walk = user_data;
  g_autoptr (StrataLayerGroup) self = walk->group;
  guint next = walk->index + 1;

  g_free (walk);
  if (strata_disk_layer_check_finish (STRATA_DISK_LAYER (object), result, NULL) &&
      self->list_box != NULL)
    check_next (self, next);
}

/* One after the other: each reads all of its file. */
static void
check_next (StrataLayerGroup *self, guint index)
{
  StrataLayerRow *row = get_row (self, index);
  StrataConnection *connection = strata_host_get_connection (self->host);
  Walk *walk;

  if (row == NULL || connection == NULL || self->checking == NULL)
    {
      g_clear_object (&self->checking);
      gtk_widget_set_sensitive (self->check_button, TRUE);
      return;
    }

  walk = g_new (Walk, 1);
  walk->group = g_object_ref (self);
  walk->index = index;
  strata_disk_layer_check_async (strata_layer_row_get_layer (row), connection, self->checking,
                                 checked_cb, walk);
}

static void
stop_checking (StrataLayerGroup *self)
{
  g_cancellable_cancel (self->checking);
  g_clear_object (&self->checking);
  if (self->check_button != NULL)
    gtk_widget_set_sensitive (self->check_button, TRUE);
}

static void
check_clicked_cb (StrataLayerGroup *self)
{
  stop_checking (self);
  self->checking = g_cancellable_new ();
  gtk_widget_set_sensitive (self->check_button, FALSE);
  check_next (self, 0);
}

static void
row_activated_cb (StrataLayerGroup *self, StrataLayerRow *row)
{
  strata_layer_row_pop_up_menu (row, -1, -1);
}

static char *
get_focused (StrataLayerGroup *self)
{
  GtkWidget *row = gtk_widget_get_focus_child (GTK_WIDGET (self->list_box));

  return row != NULL ? g_strdup (strata_disk_layer_get_path (
                           strata_layer_row_get_layer (STRATA_LAYER_ROW (row))))
                     : NULL;
}

static StrataDiskLayer *
find_layer (StrataDiskStack *stack, const char *path)
{
  for (guint i = 0; stack != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (stack)); i++)
    {
      g_autoptr (StrataDiskLayer) layer = g_list_model_get_item (G_LIST_MODEL (stack), i);

      if (g_str_equal (strata_disk_layer_get_path (layer), path))
        return layer; /* the stack keeps it */
    }

  return NULL;
}

static void
show_layers (StrataLayerGroup *self, StrataDiskStack *old)
{
  g_autofree char *focused = get_focused (self);
  const char *folder = NULL;

  gtk_list_box_remove_all (self->list_box);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->stack)); i++)
    {
      g_autoptr (StrataDiskLayer) layer = g_list_model_get_item (G_LIST_MODEL (self->stack), i);
      StrataDiskLayer *before = find_layer (old, strata_disk_layer_get_path (layer));
      GtkWidget *row;

      if (before != NULL)
        strata_disk_layer_adopt_check (layer, before);
      row = strata_layer_row_new (self->host, self->queue, self->machine, layer, i,
                                  g_strcmp0 (folder, strata_disk_layer_get_folder (layer)) != 0);
      gtk_list_box_append (self->list_box, row);
      folder = strata_disk_layer_get_folder (layer);
      if (g_strcmp0 (focused, strata_disk_layer_get_path (layer)) == 0)
        gtk_widget_grab_focus (row);
    }
}

static void
strata_layer_group_dispose (GObject *object)
{
  StrataLayerGroup *self = STRATA_LAYER_GROUP (object);

  stop_checking (self);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_LAYER_GROUP);
  g_clear_object (&self->stack);
  g_clear_object (&self->machine);
  g_clear_object (&self->queue);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_layer_group_parent_class)->dispose (object);
}

static void
strata_layer_group_class_init (StrataLayerGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_layer_group_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-layer-group.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataLayerGroup, check_button);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerGroup, list_box);
  gtk_widget_class_bind_template_callback (widget_class, check_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
}

static void
strata_layer_group_init (StrataLayerGroup *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_layer_group_new:
 * @host: the machine's host
 * @queue: where jobs go
 * @machine: whose disk it is
 *
 * Returns: (transfer none): a floating group without a disk
 */
GtkWidget *
strata_layer_group_new (StrataHost *host, StrataJobQueue *queue, StrataMachine *machine)
{
  StrataLayerGroup *self = g_object_new (STRATA_TYPE_LAYER_GROUP, NULL);

  self->host = g_object_ref (host);
  self->queue = g_object_ref (queue);
  self->machine = g_object_ref (machine);

  return GTK_WIDGET (self);
}

void
strata_layer_group_set_stack (StrataLayerGroup *self, StrataDiskStack *stack, StrataGraph *graph)
{
  g_autoptr (StrataDiskStack) old = NULL;
  StrataLayerRow *row;

  g_return_if_fail (STRATA_IS_LAYER_GROUP (self));
  g_return_if_fail (STRATA_IS_DISK_STACK (stack));

  if (self->stack == NULL || !strata_disk_stack_equal (self->stack, stack))
    {
      g_autofree char *title = g_markup_escape_text (strata_disk_stack_get_title (stack), -1);
      /* Translators: a disk’s name in the guest, “vda” */
      g_autofree char *label =
          g_strdup_printf (_ ("Layers of %s"), strata_disk_stack_get_target (stack));

      stop_checking (self);
      old = g_steal_pointer (&self->stack);
      self->stack = g_object_ref (stack);
      adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), title);
      adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self),
                                             strata_disk_stack_get_summary (stack));
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->list_box),
                                      GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
      show_layers (self, old);
    }

  for (guint i = 0; (row = get_row (self, i)) != NULL; i++)
    strata_layer_row_set_graph (row, graph);
}

void
strata_layer_group_follow (StrataLayerGroup *self, StrataLayerWork *work)
{
  StrataLayerRow *row;

  g_return_if_fail (STRATA_IS_LAYER_GROUP (self));

  for (guint i = 0; (row = get_row (self, i)) != NULL; i++)
    strata_layer_row_set_job (
        row,
        strata_layer_work_find (work, strata_machine_get_uuid (self->machine),
                                strata_disk_layer_get_path (strata_layer_row_get_layer (row))));
}
