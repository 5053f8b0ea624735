/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachinePage: what can be done with a virtual machine, and its views: snapshots, disks, details. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-disk-page.h"
#include "strata-machine-details.h"
#include "strata-machine-page.h"
#include "strata-menu-words.h"
#include "strata-snapshot-page.h"

struct _StrataMachinePage
{
  AdwBin parent_instance;

  StrataHost *host;
  StrataMachine *machine;
  StrataJobQueue *queue;

  GMenuModel *menu;
  GtkPopoverMenu *menu_popover;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_MACHINE,
  PROP_QUEUE,
  N_PROPS,
} StrataMachinePageProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMachinePage, strata_machine_page, ADW_TYPE_BIN)

static gboolean
is_off (StrataMachinePage *self, gboolean is_active)
{
  return !is_active;
}

static char *
get_start_hint (StrataMachinePage *self, const char *reason)
{
  return g_strdup (reason != NULL ? reason : _ ("Start the machine"));
}

static char *
get_shut_down_hint (StrataMachinePage *self, const char *reason)
{
  return g_strdup (reason != NULL ? reason : _ ("Ask the guest to shut down"));
}

static void
menu_mapped_cb (StrataMachinePage *self)
{
  if (self->machine != NULL)
    strata_menu_words_apply (GTK_WIDGET (self->menu_popover), self->menu, self->machine);
}

/* The window has one page for machines and one for templates; each keeps what is its kind and
 * shows the last of it while the other is up. */
static void
set_machine (StrataMachinePage *self, StrataMachine *machine)
{
  if (machine != NULL && strata_machine_is_template (machine))
    return;
  if (g_set_object (&self->machine, machine))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MACHINE]);
}

static void
strata_machine_page_dispose (GObject *object)
{
  StrataMachinePage *self = STRATA_MACHINE_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MACHINE_PAGE);
  g_clear_object (&self->queue);
  g_clear_object (&self->machine);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_machine_page_parent_class)->dispose (object);
}

static void
strata_machine_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataMachinePage *self = STRATA_MACHINE_PAGE (object);

  switch ((StrataMachinePageProperty) prop_id)
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
strata_machine_page_set_property (GObject *object,
                                  guint prop_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  StrataMachinePage *self = STRATA_MACHINE_PAGE (object);

  switch ((StrataMachinePageProperty) prop_id)
    {
    case PROP_HOST:
      if (g_set_object (&self->host, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_MACHINE:
      set_machine (self, g_value_get_object (value));
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
strata_machine_page_class_init (StrataMachinePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_machine_page_dispose;
  object_class->get_property = strata_machine_page_get_property;
  object_class->set_property = strata_machine_page_set_property;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags);
  properties[PROP_MACHINE] =
      g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE, flags);
  properties[PROP_QUEUE] = g_param_spec_object ("queue", NULL, NULL, STRATA_TYPE_JOB_QUEUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-machine-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMachinePage, menu);
  gtk_widget_class_bind_template_child (widget_class, StrataMachinePage, menu_popover);
  gtk_widget_class_bind_template_callback (widget_class, is_off);
  gtk_widget_class_bind_template_callback (widget_class, get_start_hint);
  gtk_widget_class_bind_template_callback (widget_class, get_shut_down_hint);
  gtk_widget_class_bind_template_callback (widget_class, menu_mapped_cb);
}

static void
strata_machine_page_init (StrataMachinePage *self)
{
  g_type_ensure (STRATA_TYPE_DISK_PAGE);
  g_type_ensure (STRATA_TYPE_MACHINE_DETAILS);
  g_type_ensure (STRATA_TYPE_SNAPSHOT_PAGE);

  gtk_widget_init_template (GTK_WIDGET (self));
}
