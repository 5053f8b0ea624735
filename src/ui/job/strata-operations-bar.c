/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataOperationsBar: how much work is under way, in a line. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-operations-bar.h"

struct _StrataOperationsBar
{
  AdwBin parent_instance;

  StrataJobQueue *queue;
};

typedef enum
{
  PROP_QUEUE = 1,
  N_PROPS,
} StrataOperationsBarProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataOperationsBar, strata_operations_bar, ADW_TYPE_BIN)

static gboolean
is_busy (StrataOperationsBar *self, guint n_active)
{
  return n_active > 0;
}

static gboolean
is_idle (StrataOperationsBar *self, guint n_active)
{
  return n_active == 0;
}

static char *
describe (StrataOperationsBar *self, guint n_active)
{
  if (n_active == 0)
    return g_strdup (_ ("All operations are finished"));

  return g_strdup_printf (ngettext ("%u operation", "%u operations", n_active), n_active);
}

static char *
format_fraction (StrataOperationsBar *self, double fraction)
{
  /* Translators: a percentage. */
  return g_strdup_printf (_ ("%d %%"), (int) (CLAMP (fraction, 0, 1) * 100));
}

static void
strata_operations_bar_dispose (GObject *object)
{
  StrataOperationsBar *self = STRATA_OPERATIONS_BAR (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_OPERATIONS_BAR);
  g_clear_object (&self->queue);

  G_OBJECT_CLASS (strata_operations_bar_parent_class)->dispose (object);
}

static void
strata_operations_bar_get_property (GObject *object,
                                    guint prop_id,
                                    GValue *value,
                                    GParamSpec *pspec)
{
  switch ((StrataOperationsBarProperty) prop_id)
    {
    case PROP_QUEUE:
      g_value_set_object (value, STRATA_OPERATIONS_BAR (object)->queue);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_operations_bar_set_property (GObject *object,
                                    guint prop_id,
                                    const GValue *value,
                                    GParamSpec *pspec)
{
  switch ((StrataOperationsBarProperty) prop_id)
    {
    case PROP_QUEUE:
      if (g_set_object (&STRATA_OPERATIONS_BAR (object)->queue, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_operations_bar_class_init (StrataOperationsBarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_operations_bar_dispose;
  object_class->get_property = strata_operations_bar_get_property;
  object_class->set_property = strata_operations_bar_set_property;

  properties[PROP_QUEUE] =
      g_param_spec_object ("queue", NULL, NULL, STRATA_TYPE_JOB_QUEUE,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-operations-bar.ui");
  gtk_widget_class_bind_template_callback (widget_class, is_busy);
  gtk_widget_class_bind_template_callback (widget_class, is_idle);
  gtk_widget_class_bind_template_callback (widget_class, describe);
  gtk_widget_class_bind_template_callback (widget_class, format_fraction);
}

static void
strata_operations_bar_init (StrataOperationsBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
