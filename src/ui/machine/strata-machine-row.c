/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachineRow: a machine in the sidebar, with the menu of what can be done with it. */

#include "config.h"

#include "strata-machine-style.h"
#include "strata-machine-actions.h"
#include "strata-machine-row.h"

struct _StrataMachineRow
{
  GtkBox parent_instance;

  StrataMachine *machine;
  GtkWidget *popover; /* (nullable): the last that was up */

  GMenuModel *machine_menu;
  GMenuModel *template_menu;
};

typedef enum
{
  PROP_MACHINE = 1,
  N_PROPS,
} StrataMachineRowProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMachineRow, strata_machine_row, GTK_TYPE_BOX)

static char *
get_icon_name (StrataMachineRow *self, const char *os_id, gboolean is_template)
{
  return strata_machine_style_get_icon_name (os_id, is_template);
}

/* A template is never started: a state would say nothing. */
static gboolean
has_state (StrataMachineRow *self, gboolean is_template)
{
  return !is_template;
}

static char **
get_state_classes (StrataMachineRow *self, guint state)
{
  return strata_machine_style_get_state_classes (state);
}

/* The button that was pressed here is released over the menu, so the row never hears of it and would
 * look pressed for ever. */
static void
closed_cb (StrataMachineRow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  for (guint i = 0; widget != NULL && i < 2; i++, widget = gtk_widget_get_parent (widget))
    gtk_widget_unset_state_flags (widget, GTK_STATE_FLAG_ACTIVE | GTK_STATE_FLAG_PRELIGHT);
}

static void
pressed_cb (StrataMachineRow *self, int n_press, double x, double y)
{
  strata_machine_row_pop_up_menu (self, x, y);
}

static void
long_pressed_cb (StrataMachineRow *self, double x, double y)
{
  strata_machine_row_pop_up_menu (self, x, y);
}

static void
strata_machine_row_dispose (GObject *object)
{
  StrataMachineRow *self = STRATA_MACHINE_ROW (object);

  g_clear_pointer (&self->popover, gtk_widget_unparent);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MACHINE_ROW);
  g_clear_object (&self->machine);

  G_OBJECT_CLASS (strata_machine_row_parent_class)->dispose (object);
}

static void
strata_machine_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataMachineRowProperty) prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, STRATA_MACHINE_ROW (object)->machine);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_machine_row_set_property (GObject *object,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  switch ((StrataMachineRowProperty) prop_id)
    {
    case PROP_MACHINE:
      strata_machine_row_set_machine (STRATA_MACHINE_ROW (object), g_value_get_object (value));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_machine_row_class_init (StrataMachineRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_machine_row_dispose;
  object_class->get_property = strata_machine_row_get_property;
  object_class->set_property = strata_machine_row_set_property;

  properties[PROP_MACHINE] =
      g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-machine-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMachineRow, machine_menu);
  gtk_widget_class_bind_template_child (widget_class, StrataMachineRow, template_menu);
  gtk_widget_class_bind_template_callback (widget_class, get_icon_name);
  gtk_widget_class_bind_template_callback (widget_class, get_state_classes);
  gtk_widget_class_bind_template_callback (widget_class, has_state);
  gtk_widget_class_bind_template_callback (widget_class, pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, long_pressed_cb);
}

static void
strata_machine_row_init (StrataMachineRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

StrataMachine *
strata_machine_row_get_machine (StrataMachineRow *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE_ROW (self), NULL);

  return self->machine;
}

void
strata_machine_row_set_machine (StrataMachineRow *self, StrataMachine *machine)
{
  g_return_if_fail (STRATA_IS_MACHINE_ROW (self));

  if (g_set_object (&self->machine, machine))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MACHINE]);
}

/**
 * strata_machine_row_pop_up_menu:
 * @self: a row
 * @x: where in the row to point, in pixels; negative for its middle
 * @y: likewise
 *
 * Selects the machine first, because the menu's actions are done to the selected one.
 */
void
strata_machine_row_pop_up_menu (StrataMachineRow *self, double x, double y)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GMenuModel *menu;

  g_return_if_fail (STRATA_IS_MACHINE_ROW (self));

  if (self->machine == NULL)
    return;

  g_clear_pointer (&self->popover, gtk_widget_unparent);
  gtk_widget_activate_action (widget, "window.select", "s",
                              strata_machine_get_uuid (self->machine));

  menu = strata_machine_is_template (self->machine) ? self->template_menu : self->machine_menu;
  self->popover = gtk_popover_menu_new_from_model (menu);
  gtk_widget_set_parent (self->popover, widget);
  gtk_popover_set_has_arrow (GTK_POPOVER (self->popover), FALSE);
  gtk_widget_set_halign (self->popover, GTK_ALIGN_START);
  gtk_popover_set_pointing_to (
      GTK_POPOVER (self->popover),
      &(GdkRectangle) { x < 0 ? gtk_widget_get_width (widget) / 2 : (int) x,
                        y < 0 ? gtk_widget_get_height (widget) / 2 : (int) y, 1, 1 });
  strata_machine_actions_explain (self->popover, menu, self->machine);
  g_signal_connect_object (self->popover, "closed", G_CALLBACK (closed_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_popover_popup (GTK_POPOVER (self->popover));
}
