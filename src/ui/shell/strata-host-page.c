/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataHostPage: how the connection stands, and what Strata is for, where no machine is selected. */

#include "config.h"

#include "strata-command-card.h"
#include "strata-host-page.h"

struct _StrataHostPage
{
  AdwBin parent_instance;

  StrataHost *host;

  GtkStack *stack;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_N_MACHINES,
  N_PROPS,
} StrataHostPageProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataHostPage, strata_host_page, ADW_TYPE_BIN)

static char *
get_page (StrataHostPage *self, StrataHostState state, const char *error_message, guint n_machines)
{
  /* What was seen last stays in the list while the connection comes back. */
  if (n_machines > 0)
    return g_strdup ("none-selected");
  if (error_message != NULL)
    return g_strdup ("failed");
  if (state == STRATA_HOST_CONNECTED)
    return g_strdup ("empty");
  if (state == STRATA_HOST_DISCONNECTED)
    return g_strdup ("failed");

  return g_strdup ("connecting");
}

static char *
describe_error (StrataHostPage *self, const char *message, const char *hint)
{
  g_autofree char *text = NULL;

  if (message == NULL)
    return NULL;

  text = hint != NULL ? g_strdup_printf ("%s\n\n%s", message, hint) : g_strdup (message);

  /* A status page reads markup. */
  return g_markup_escape_text (text, -1);
}

static gboolean
is_string (StrataHostPage *self, const char *string)
{
  return string != NULL;
}

static gboolean
is_session (StrataHostPage *self, const char *uri)
{
  return g_strcmp0 (uri, "qemu:///session") == 0;
}

static gboolean
is_system (StrataHostPage *self, const char *uri)
{
  return g_strcmp0 (uri, "qemu:///system") == 0;
}

static void
items_changed_cb (StrataHostPage *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_MACHINES]);
}

static void
set_host (StrataHostPage *self, StrataHost *host)
{
  if (self->host == host)
    return;

  if (self->host != NULL)
    g_signal_handlers_disconnect_by_data (self->host, self);
  g_set_object (&self->host, host);
  if (host != NULL)
    g_signal_connect_object (host, "items-changed", G_CALLBACK (items_changed_cb), self,
                             G_CONNECT_SWAPPED);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_MACHINES]);
}

static void
strata_host_page_dispose (GObject *object)
{
  StrataHostPage *self = STRATA_HOST_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_HOST_PAGE);
  set_host (self, NULL);

  G_OBJECT_CLASS (strata_host_page_parent_class)->dispose (object);
}

static void
strata_host_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataHostPage *self = STRATA_HOST_PAGE (object);

  switch ((StrataHostPageProperty) prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, self->host);
      break;
    case PROP_N_MACHINES:
      g_value_set_uint (
          value, self->host != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->host)) : 0);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_host_page_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  switch ((StrataHostPageProperty) prop_id)
    {
    case PROP_HOST:
      set_host (STRATA_HOST_PAGE (object), g_value_get_object (value));
      break;
    case PROP_N_MACHINES:
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_host_page_class_init (StrataHostPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_host_page_dispose;
  object_class->get_property = strata_host_page_get_property;
  object_class->set_property = strata_host_page_set_property;

  properties[PROP_HOST] =
      g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags | G_PARAM_READWRITE);
  properties[PROP_N_MACHINES] =
      g_param_spec_uint ("n-machines", NULL, NULL, 0, G_MAXUINT, 0, flags | G_PARAM_READABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-host-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataHostPage, stack);
  gtk_widget_class_bind_template_callback (widget_class, get_page);
  gtk_widget_class_bind_template_callback (widget_class, describe_error);
  gtk_widget_class_bind_template_callback (widget_class, is_session);
  gtk_widget_class_bind_template_callback (widget_class, is_system);
  gtk_widget_class_bind_template_callback (widget_class, is_string);
}

static void
strata_host_page_init (StrataHostPage *self)
{
  g_type_ensure (STRATA_TYPE_COMMAND_CARD);

  gtk_widget_init_template (GTK_WIDGET (self));
}
