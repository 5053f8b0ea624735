/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDiskPage: the disks of a machine, each with the layers it consists of. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-disk-group.h"
#include "strata-disk-page.h"

struct _StrataDiskPage
{
  AdwBin parent_instance;

  StrataHost *host;
  StrataMachine *machine;
  StrataJobQueue *queue;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_MACHINE,
  PROP_QUEUE,
  N_PROPS,
} StrataDiskPageProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataDiskPage, strata_disk_page, ADW_TYPE_BIN)

static void
strata_disk_page_dispose (GObject *object)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_DISK_PAGE);
  g_clear_object (&self->queue);
  g_clear_object (&self->machine);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_disk_page_parent_class)->dispose (object);
}

static void
strata_disk_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (object);

  switch ((StrataDiskPageProperty) prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, self->host);
      break;
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_QUEUE:
      g_value_set_object (value, self->queue);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_disk_page_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (object);

  switch ((StrataDiskPageProperty) prop_id)
    {
    case PROP_HOST:
      if (g_set_object (&self->host, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_MACHINE:
      if (g_set_object (&self->machine, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_QUEUE:
      if (g_set_object (&self->queue, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_disk_page_class_init (StrataDiskPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_disk_page_dispose;
  object_class->get_property = strata_disk_page_get_property;
  object_class->set_property = strata_disk_page_set_property;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags);
  properties[PROP_MACHINE] =
      g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE, flags);
  properties[PROP_QUEUE] = g_param_spec_object ("queue", NULL, NULL, STRATA_TYPE_JOB_QUEUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-disk-page.ui");
}

static void
strata_disk_page_init (StrataDiskPage *self)
{
  g_type_ensure (STRATA_TYPE_DISK_GROUP);

  gtk_widget_init_template (GTK_WIDGET (self));
}
