/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLayerRow: one layer of a disk, on the stratum that it is. */

#include "config.h"

#include <glib/gi18n.h>

#include "ui/job/strata-job-controls.h"
#include "ui/job/strata-job-words.h"
#include "strata-layer-actions.h"
#include "strata-layer-band.h"
#include "strata-layer-labels.h"
#include "strata-layer-row.h"
#include "ui/shell/strata-menu-words.h"

#define LEAST_HEIGHT 64 /* pixels */
#define MORE_HEIGHT  48 /* for the thickest */
#define SHADES       5  /* style.css has so many */

struct _StrataLayerRow
{
  GtkListBoxRow parent_instance;

  StrataHost *host;
  StrataJobQueue *queue;
  StrataMachine *machine;
  StrataDiskLayer *layer;
  StrataJob *job; /* (nullable): what merges it now */
  StrataLayerActions *actions;
  GtkWidget *popover; /* (nullable): the last that was up */

  GMenuModel *menu;
  StrataLayerBand *band;
  GtkWidget *content;
  GtkLabel *name;
  GtkLabel *facts;
  GtkWidget *spinner;
  GtkImage *mark;
  GtkWidget *menu_button;
  AdwWrapBox *chips;
  GtkLabel *dependents;
  GtkBox *problems;
  GtkLabel *check_text;
  GtkWidget *work;
  GtkLabel *work_title;
  GtkProgressBar *progress_bar;
  GtkLabel *work_text;
  GtkWidget *controls;
};

G_DEFINE_FINAL_TYPE (StrataLayerRow, strata_layer_row, GTK_TYPE_LIST_BOX_ROW)

static void
show_holders (StrataLayerRow *self)
{
  g_autofree char *dependents = strata_layer_labels_name_dependents (self->layer);

  strata_layer_labels_add_chips (self->chips, self->layer);
  gtk_widget_set_visible (GTK_WIDGET (self->chips),
                          gtk_widget_get_first_child (GTK_WIDGET (self->chips)) != NULL);
  gtk_label_set_label (self->dependents, dependents != NULL ? dependents : "");
  gtk_widget_set_visible (GTK_WIDGET (self->dependents), dependents != NULL);
  strata_layer_labels_add_problems (self->problems, self->layer);
  gtk_widget_set_visible (GTK_WIDGET (self->problems),
                          gtk_widget_get_first_child (GTK_WIDGET (self->problems)) != NULL);
}

static void
show_facts (StrataLayerRow *self, gboolean other_folder)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_autofree char *size = strata_disk_layer_get_size_text (self->layer);
  const char *format = strata_disk_layer_get_format (self->layer);
  const char *pool = strata_disk_layer_get_pool (self->layer);
  g_auto (GStrv) strings = NULL;
  g_autofree char *text = NULL;

  if (format != NULL)
    g_strv_builder_add (parts, format);
  if (size != NULL)
    g_strv_builder_add (parts, size);
  if (pool != NULL)
    /* Translators: the name of a storage pool */
    g_strv_builder_take (parts, g_strdup_printf (_ ("pool %s"), pool));
  if (other_folder)
    g_strv_builder_add (parts, strata_disk_layer_get_folder (self->layer));
  strings = g_strv_builder_end (parts);
  text = g_strjoinv (" · ", strings);

  gtk_label_set_label (self->name, strata_disk_layer_get_name (self->layer));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), strata_disk_layer_get_path (self->layer));
  gtk_label_set_label (self->facts, text);
  gtk_widget_set_visible (GTK_WIDGET (self->facts), *text != '\0');
}

static void
set_accessible_label (StrataLayerRow *self)
{
  const char *check = strata_disk_layer_get_check_text (self->layer);
  g_autofree char *text = strata_disk_layer_describe (self->layer);
  g_autofree char *whole = check != NULL ? g_strdup_printf ("%s, %s", text, check) : NULL;

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  whole != NULL ? whole : text, -1);
}

/* The icon says what is in the words as well. */
static void
show_check (StrataLayerRow *self)
{
  static const struct
  {
    const char *icon;
    const char *css_class;
  } looks[] = {
    [STRATA_LAYER_UNCHECKED] = { NULL, NULL },
    [STRATA_LAYER_CHECKING] = { NULL, NULL },
    [STRATA_LAYER_SOUND] = { "object-select-symbolic", "success" },
    [STRATA_LAYER_UNREADABLE] = { "dialog-question-symbolic", "dimmed" },
    [STRATA_LAYER_DAMAGED] = { "dialog-error-symbolic", "error" },
  };
  StrataLayerCheck check = strata_disk_layer_get_check (self->layer);
  const char *text = strata_disk_layer_get_check_text (self->layer);
  const char *css_class = looks[check].css_class;

  gtk_widget_set_visible (self->spinner, check == STRATA_LAYER_CHECKING);
  gtk_widget_set_visible (GTK_WIDGET (self->mark), looks[check].icon != NULL);
  gtk_image_set_from_icon_name (self->mark, looks[check].icon);
  gtk_widget_set_css_classes (GTK_WIDGET (self->mark),
                              (const char *[]) { css_class != NULL ? css_class : "dimmed", NULL });
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->mark), text);
  gtk_label_set_label (self->check_text, text != NULL ? text : "");
  gtk_widget_set_css_classes (
      GTK_WIDGET (self->check_text),
      (const char *[]) { "caption", check == STRATA_LAYER_DAMAGED ? "error" : "layer-facts",
                         NULL });
  gtk_widget_set_visible (GTK_WIDGET (self->check_text), text != NULL);
  set_accessible_label (self);
}

static void
show_progress (StrataLayerRow *self)
{
  const StrataProgress *progress = strata_job_get_progress (self->job);
  double fraction = progress->bytes_total > 0
                        ? (double) progress->bytes_done / (double) progress->bytes_total
                        : 0;
  g_autofree char *text = strata_job_words_describe_progress (
      progress->bytes_done, progress->bytes_total, progress->rate, progress->seconds_left);

  strata_layer_band_set_progress (self->band, fraction);
  gtk_progress_bar_set_fraction (self->progress_bar, fraction);
  gtk_label_set_label (self->work_text, text);
  gtk_label_set_label (self->work_title, strata_job_get_state (self->job) == STRATA_JOB_CANCELLING
                                             ? _ ("Cancelling")
                                             : strata_job_get_step_title (self->job));
}

static const char *
get_reason (const char *action, gpointer user_data)
{
  return strata_layer_actions_get_reason (STRATA_LAYER_ROW (user_data)->actions, action);
}

static void
explain_menu (StrataLayerRow *self)
{
  if (self->popover != NULL)
    strata_menu_words_explain (self->popover, self->menu, get_reason, self);
}

static void
menu_clicked_cb (StrataLayerRow *self)
{
  strata_layer_row_pop_up_menu (self, -1, -1);
}

static void
pressed_cb (StrataLayerRow *self, int n_press, double x, double y)
{
  strata_layer_row_pop_up_menu (self, x, y);
}

static void
long_pressed_cb (StrataLayerRow *self, double x, double y)
{
  strata_layer_row_pop_up_menu (self, x, y);
}

/* The button that was pressed here is released over the menu, so the row never hears of it and would look pressed for
 * ever. */
static void
closed_cb (StrataLayerRow *self)
{
  gtk_widget_unset_state_flags (GTK_WIDGET (self), GTK_STATE_FLAG_ACTIVE | GTK_STATE_FLAG_PRELIGHT);
}

static void
strata_layer_row_dispose (GObject *object)
{
  StrataLayerRow *self = STRATA_LAYER_ROW (object);

  if (self->layer != NULL)
    strata_layer_row_set_job (self, NULL);
  g_clear_pointer (&self->popover, gtk_widget_unparent);
  g_clear_pointer (&self->actions, strata_layer_actions_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_LAYER_ROW);
  g_clear_object (&self->layer);
  g_clear_object (&self->machine);
  g_clear_object (&self->queue);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_layer_row_parent_class)->dispose (object);
}

static void
strata_layer_row_class_init (StrataLayerRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_layer_row_dispose;

  strata_layer_actions_install (widget_class);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-layer-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, menu);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, band);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, content);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, name);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, facts);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, mark);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, menu_button);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, chips);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, dependents);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, problems);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, check_text);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, work);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, work_title);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, work_text);
  gtk_widget_class_bind_template_child (widget_class, StrataLayerRow, controls);
  gtk_widget_class_bind_template_callback (widget_class, menu_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, long_pressed_cb);
}

static void
strata_layer_row_init (StrataLayerRow *self)
{
  g_type_ensure (STRATA_TYPE_LAYER_BAND);
  g_type_ensure (STRATA_TYPE_JOB_CONTROLS);

  gtk_widget_init_template (GTK_WIDGET (self));
  /* The stratum is as high as what is written on it. */
  gtk_overlay_set_measure_overlay (
      GTK_OVERLAY (gtk_list_box_row_get_child (GTK_LIST_BOX_ROW (self))), self->content, TRUE);
}

/**
 * strata_layer_row_new:
 * @host: the layer's host
 * @queue: where jobs go
 * @machine: whose disk it is a layer of
 * @layer: what to show
 * @depth: how many layers are on it
 * @other_folder: whether the folder is worth saying
 *
 * Returns: (transfer none): a floating row
 */
GtkWidget *
strata_layer_row_new (StrataHost *host,
                      StrataJobQueue *queue,
                      StrataMachine *machine,
                      StrataDiskLayer *layer,
                      guint depth,
                      gboolean other_folder)
{
  StrataLayerRow *self;
  double thickness;
  g_autofree char *shade = g_strdup_printf ("shade-%u", MIN (depth, SHADES - 1));
  g_autofree char *menu_name = NULL;

  g_return_val_if_fail (STRATA_IS_DISK_LAYER (layer), NULL);

  self = g_object_new (STRATA_TYPE_LAYER_ROW, NULL);
  self->host = g_object_ref (host);
  self->queue = g_object_ref (queue);
  self->machine = g_object_ref (machine);
  self->layer = g_object_ref (layer);
  self->actions = strata_layer_actions_new (self, explain_menu);

  thickness = strata_disk_layer_get_thickness (layer);
  gtk_widget_set_size_request (GTK_WIDGET (self), -1,
                               LEAST_HEIGHT + (int) (thickness * MORE_HEIGHT));
  gtk_widget_add_css_class (GTK_WIDGET (self->band), shade);
  strata_layer_band_set_style (self->band, thickness, strata_disk_layer_is_shared (layer));
  /* Translators: a file */
  menu_name =
      g_strdup_printf (_ ("What can be done with “%s”"), strata_disk_layer_get_name (layer));
  gtk_widget_set_tooltip_text (self->menu_button, menu_name);
  show_facts (self, other_folder);
  show_holders (self);
  show_check (self);
  g_signal_connect_object (layer, "notify", G_CALLBACK (show_check), self, G_CONNECT_SWAPPED);

  return GTK_WIDGET (self);
}

StrataHost *
strata_layer_row_get_host (StrataLayerRow *self)
{
  g_return_val_if_fail (STRATA_IS_LAYER_ROW (self), NULL);

  return self->host;
}

StrataJobQueue *
strata_layer_row_get_queue (StrataLayerRow *self)
{
  g_return_val_if_fail (STRATA_IS_LAYER_ROW (self), NULL);

  return self->queue;
}

StrataMachine *
strata_layer_row_get_machine (StrataLayerRow *self)
{
  g_return_val_if_fail (STRATA_IS_LAYER_ROW (self), NULL);

  return self->machine;
}

StrataDiskLayer *
strata_layer_row_get_layer (StrataLayerRow *self)
{
  g_return_val_if_fail (STRATA_IS_LAYER_ROW (self), NULL);

  return self->layer;
}

void
strata_layer_row_set_graph (StrataLayerRow *self, StrataGraph *graph)
{
  g_return_if_fail (STRATA_IS_LAYER_ROW (self));

  strata_layer_actions_set_graph (self->actions, graph);
  if (self->popover != NULL && gtk_widget_get_mapped (self->popover))
    strata_layer_actions_ask (self->actions);
  explain_menu (self);
}

void
strata_layer_row_set_job (StrataLayerRow *self, StrataJob *job)
{
  g_return_if_fail (STRATA_IS_LAYER_ROW (self));

  if (self->job != NULL && self->job != job)
    g_signal_handlers_disconnect_by_func (self->job, show_progress, self);
  if (g_set_object (&self->job, job) && job != NULL)
    g_signal_connect_object (job, "notify", G_CALLBACK (show_progress), self, G_CONNECT_SWAPPED);

  gtk_widget_set_visible (self->work, job != NULL);
  g_object_set (self->controls, "job", job, NULL);
  if (job != NULL)
    show_progress (self);
  else
    strata_layer_band_set_progress (self->band, -1);
}

/**
 * strata_layer_row_pop_up_menu:
 * @self: a row
 * @x: where in the row to point, in pixels; negative: at its button
 * @y: likewise
 */
void
strata_layer_row_pop_up_menu (StrataLayerRow *self, double x, double y)
{
  graphene_rect_t bounds;

  g_return_if_fail (STRATA_IS_LAYER_ROW (self));

  g_clear_pointer (&self->popover, gtk_widget_unparent);
  strata_layer_actions_ask (self->actions);
  self->popover = gtk_popover_menu_new_from_model (self->menu);
  gtk_widget_set_parent (self->popover, GTK_WIDGET (self));
  gtk_popover_set_has_arrow (GTK_POPOVER (self->popover), FALSE);
  if (x >= 0)
    {
      gtk_widget_set_halign (self->popover, GTK_ALIGN_START);
      bounds = GRAPHENE_RECT_INIT ((float) x, (float) y, 1, 1);
    }
  else if (!gtk_widget_compute_bounds (self->menu_button, GTK_WIDGET (self), &bounds))
    {
      bounds = GRAPHENE_RECT_INIT (0, 0, 1, 1);
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->popover),
                               &(GdkRectangle) { (int) bounds.origin.x, (int) bounds.origin.y,
                                                 (int) bounds.size.width,
                                                 (int) bounds.size.height });
  explain_menu (self);
  g_signal_connect_object (self->popover, "closed", G_CALLBACK (closed_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_popover_popup (GTK_POPOVER (self->popover));
}
