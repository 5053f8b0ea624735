/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLayerRow: one layer of a disk, on the stratum that it is, and what can be done with it. Whether it can be done now is the
 * planner's to say, who is asked when the menu is opened: for a host with many machines that is work, and most menus are never
 * opened.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-feasibility.h"
#include "ui/job/strata-job-controls.h"
#include "ui/job/strata-job-words.h"
#include "strata-layer-band.h"
#include "strata-layer-dialog.h"
#include "strata-layer-row.h"
#include "ui/shell/strata-menu-words.h"
#include "ui/shell/strata-toast.h"
#include "base/strata-error.h"

#define LEAST_HEIGHT 64 /* pixels */
#define MORE_HEIGHT  48 /* for the thickest */
#define SHADES       5  /* style.css has so many */

typedef enum
{
  ACT_MERGE_DOWN,
  ACT_MERGE_UP,
  ACT_MAKE_INDEPENDENT,
  N_ACTS,
} Act;

static const char *const act_names[N_ACTS] = {
  [ACT_MERGE_DOWN] = "layer.merge-down",
  [ACT_MERGE_UP] = "layer.merge-up",
  [ACT_MAKE_INDEPENDENT] = "layer.make-independent",
};

struct _StrataLayerRow
{
  GtkListBoxRow parent_instance;

  StrataHost *host;
  StrataJobQueue *queue;
  StrataMachine *machine;
  StrataDiskLayer *layer;
  StrataJob *job;     /* (nullable): what merges it now */
  GtkWidget *popover; /* (nullable): the last that was up */

  StrataGraph *graph;
  GCancellable *cancellable; /* while the planner is asked */
  gboolean asked;
  char *reasons[N_ACTS];

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

typedef struct
{
  StrataLayerRow *row; /* valid unless the question was cancelled */
  Act act;
} Question;

G_DEFINE_FINAL_TYPE (StrataLayerRow, strata_layer_row, GTK_TYPE_LIST_BOX_ROW)

static const char *
get_icon_name (const StrataLayerHolder *holder)
{
  if (holder->retained)
    return "view-pin-symbolic";

  switch (holder->kind)
    {
    case STRATA_HOLDER_DOMAIN:
    case STRATA_HOLDER_CLONE:
      return "computer-symbolic";
    case STRATA_HOLDER_TEMPLATE:
      return "strata-template-symbolic";
    case STRATA_HOLDER_SNAPSHOT:
      return "camera-photo-symbolic";
    case STRATA_HOLDER_IMAGE:
      return "dialog-question-symbolic";
    }

  g_return_val_if_reached (NULL);
}

static void
add_chip (AdwWrapBox *chips, const char *icon_name, const char *text, const char *css_class)
{
  GtkWidget *chip = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *image = gtk_image_new_from_icon_name (icon_name);
  GtkWidget *label = gtk_label_new (text);

  gtk_accessible_update_state (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  gtk_image_set_pixel_size (GTK_IMAGE (image), 12);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_tooltip_text (chip, text);
  gtk_widget_add_css_class (chip, "layer-chip");
  if (css_class != NULL)
    gtk_widget_add_css_class (chip, css_class);
  gtk_box_append (GTK_BOX (chip), image);
  gtk_box_append (GTK_BOX (chip), label);
  adw_wrap_box_append (chips, chip);
}

/* Which holders have it as their own; where none has, the internal snapshots in it that none names. */
static void
add_chips (AdwWrapBox *chips, StrataDiskLayer *layer)
{
  GPtrArray *owners = strata_disk_layer_get_owners (layer);
  const char *const *tags = strata_disk_layer_get_tags (layer);

  if (strata_disk_layer_is_shared (layer))
    add_chip (chips, "emblem-shared-symbolic", _ ("Shared"), "shared");
  for (guint i = 0; i < owners->len; i++)
    {
      const StrataLayerHolder *holder = g_ptr_array_index (owners, i);

      add_chip (chips, get_icon_name (holder), holder->text, NULL);
    }
  for (guint i = 0; tags[i] != NULL && owners->len == 0; i++)
    {
      g_autofree char *text = g_strdup_printf (_ ("Internal snapshot “%s”"), tags[i]);

      add_chip (chips, "camera-photo-symbolic", text, NULL);
    }
}

/* (nullable): what merely stands on it. */
static char *
name_dependents (StrataDiskLayer *layer)
{
  GPtrArray *dependents = strata_disk_layer_get_dependents (layer);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < dependents->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                            ((const StrataLayerHolder *) g_ptr_array_index (dependents, i))->text);

  /* Translators: a list of who stands on a layer */
  return names->len > 0 ? g_strdup_printf (_ ("Under %s"), names->str) : NULL;
}

static void
add_problems (GtkBox *list, StrataDiskLayer *layer)
{
  GPtrArray *problems = strata_disk_layer_get_problems (layer);

  for (guint i = 0; i < problems->len; i++)
    {
      const StrataLayerProblem *problem = g_ptr_array_index (problems, i);
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
      GtkWidget *image = gtk_image_new_from_icon_name (problem->grave ? "dialog-error-symbolic"
                                                                      : "dialog-warning-symbolic");
      GtkWidget *label = gtk_label_new (problem->text);

      gtk_widget_add_css_class (box, "caption");
      gtk_widget_add_css_class (box, problem->grave ? "error" : "warning");
      gtk_widget_set_hexpand (label, TRUE);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_accessible_update_state (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
      gtk_box_append (GTK_BOX (box), image);
      gtk_box_append (GTK_BOX (box), label);
      gtk_box_append (list, box);
    }
}

static void
show_holders (StrataLayerRow *self)
{
  g_autofree char *dependents = name_dependents (self->layer);

  add_chips (self->chips, self->layer);
  gtk_widget_set_visible (GTK_WIDGET (self->chips),
                          gtk_widget_get_first_child (GTK_WIDGET (self->chips)) != NULL);
  gtk_label_set_label (self->dependents, dependents != NULL ? dependents : "");
  gtk_widget_set_visible (GTK_WIDGET (self->dependents), dependents != NULL);
  add_problems (self->problems, self->layer);
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
  StrataLayerRow *self = STRATA_LAYER_ROW (user_data);

  for (guint i = 0; i < N_ACTS; i++)
    {
      if (g_str_equal (act_names[i], action))
        return self->reasons[i];
    }

  if (g_str_equal (action, "layer.check") && strata_host_get_connection (self->host) == NULL)
    return _ ("The host is not connected.");

  return NULL;
}

static void
explain_menu (StrataLayerRow *self)
{
  if (self->popover != NULL)
    strata_menu_words_apply (self->popover, self->menu, get_reason, self);
}

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
create_request (StrataLayerRow *self, Act act, const char **why)
{
  StrataRequest *request;

  *why = NULL;
  if (act != ACT_MAKE_INDEPENDENT)
    return strata_disk_layer_create_request (
        self->layer, act == ACT_MERGE_DOWN ? STRATA_MERGE_COMMIT : STRATA_MERGE_PULL, why);

  request = strata_request_new (STRATA_REQUEST_FLATTEN);
  request->domain = g_strdup (strata_machine_get_uuid (self->machine));

  return request;
}

static void
set_reason (StrataLayerRow *self, Act act, const char *reason)
{
  g_set_str (&self->reasons[act], reason);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), act_names[act], reason == NULL);
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

  set_reason (question->row, question->act, reason);
  explain_menu (question->row);
}

static void
ask (StrataLayerRow *self, Act act)
{
  const char *why;
  g_autoptr (StrataRequest) request = create_request (self, act, &why);
  Question *question;

  if (request == NULL)
    {
      set_reason (self, act, why);
      return;
    }

  set_reason (self, act, _ ("It is being found out whether this can be done."));
  question = g_new (Question, 1);
  question->row = self;
  question->act = act;
  strata_feasibility_ask_async (self->graph, request, self->cancellable, answered_cb, question);
}

static void
forget (StrataLayerRow *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->asked = FALSE;
  for (guint act = 0; act < N_ACTS; act++)
    set_reason (self, act, _ ("The host is not known."));
}

static void
ask_all (StrataLayerRow *self)
{
  if (self->asked || self->graph == NULL)
    return;

  self->asked = TRUE;
  self->cancellable = g_cancellable_new ();
  for (guint i = 0; i < N_ACTS; i++)
    ask (self, i);
}

static void
act (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataLayerRow *self = STRATA_LAYER_ROW (widget);

  for (guint i = 0; i < N_ACTS; i++)
    {
      const char *why;
      g_autoptr (StrataRequest) request = NULL;

      if (!g_str_equal (act_names[i], action))
        continue;
      request = create_request (self, i, &why);
      if (request != NULL)
        adw_dialog_present (
            strata_layer_dialog_new (self->queue, self->host, request, get_title (i)), widget);
    }
}

static void
check (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataLayerRow *self = STRATA_LAYER_ROW (widget);
  StrataConnection *connection = strata_host_get_connection (self->host);

  if (connection != NULL)
    strata_disk_layer_check_async (self->layer, connection, NULL, NULL, NULL);
}

static void
copy_path (GtkWidget *widget, const char *action, GVariant *parameter)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget),
                          strata_disk_layer_get_path (STRATA_LAYER_ROW (widget)->layer));
  strata_toast_add (widget, _ ("Path copied"));
}

static void
pop_up (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_layer_row_pop_up_menu (STRATA_LAYER_ROW (widget), -1, -1);
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
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->graph);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_LAYER_ROW);
  g_clear_object (&self->layer);
  g_clear_object (&self->machine);
  g_clear_object (&self->queue);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_layer_row_parent_class)->dispose (object);
}

static void
strata_layer_row_finalize (GObject *object)
{
  StrataLayerRow *self = STRATA_LAYER_ROW (object);

  for (guint i = 0; i < N_ACTS; i++)
    g_free (self->reasons[i]);

  G_OBJECT_CLASS (strata_layer_row_parent_class)->finalize (object);
}

static void
strata_layer_row_class_init (StrataLayerRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_layer_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = strata_layer_row_finalize;

  for (guint i = 0; i < N_ACTS; i++)
    gtk_widget_class_install_action (widget_class, act_names[i], NULL, act);
  gtk_widget_class_install_action (widget_class, "layer.check", NULL, check);
  gtk_widget_class_install_action (widget_class, "layer.copy-path", NULL, copy_path);
  gtk_widget_class_install_action (widget_class, "layer.pop-up", NULL, pop_up);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Menu, GDK_NO_MODIFIER_MASK,
                                       "layer.pop-up", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, "layer.pop-up",
                                       NULL);
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
  forget (self);

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

  if (g_set_object (&self->graph, graph))
    forget (self);
  if (self->popover != NULL && gtk_widget_get_mapped (self->popover))
    ask_all (self);
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
  ask_all (self);
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
