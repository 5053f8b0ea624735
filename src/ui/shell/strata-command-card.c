/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataCommandCard: a command that mends something, which the window can't run by itself. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-command-card.h"
#include "strata-toast.h"

struct _StrataCommandCard
{
  AdwBin parent_instance;

  char *command;
};

typedef enum
{
  PROP_COMMAND = 1,
  N_PROPS,
} StrataCommandCardProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataCommandCard, strata_command_card, ADW_TYPE_BIN)

static void
copy_cb (StrataCommandCard *self)
{
  if (self->command == NULL)
    return;

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->command);
  strata_toast_add (GTK_WIDGET (self), _ ("Command copied"));
}

static void
strata_command_card_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_COMMAND_CARD);

  G_OBJECT_CLASS (strata_command_card_parent_class)->dispose (object);
}

static void
strata_command_card_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_COMMAND_CARD (object)->command, g_free);

  G_OBJECT_CLASS (strata_command_card_parent_class)->finalize (object);
}

static void
strata_command_card_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataCommandCardProperty) prop_id)
    {
    case PROP_COMMAND:
      g_value_set_string (value, STRATA_COMMAND_CARD (object)->command);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_command_card_set_property (GObject *object,
                                  guint prop_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  StrataCommandCard *self = STRATA_COMMAND_CARD (object);

  switch ((StrataCommandCardProperty) prop_id)
    {
    case PROP_COMMAND:
      if (g_set_str (&self->command, g_value_get_string (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_command_card_class_init (StrataCommandCardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_command_card_dispose;
  object_class->finalize = strata_command_card_finalize;
  object_class->get_property = strata_command_card_get_property;
  object_class->set_property = strata_command_card_set_property;

  properties[PROP_COMMAND] =
      g_param_spec_string ("command", NULL, NULL, NULL,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-command-card.ui");
  gtk_widget_class_bind_template_callback (widget_class, copy_cb);
}

static void
strata_command_card_init (StrataCommandCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_command_card_new (const char *command)
{
  return g_object_new (STRATA_TYPE_COMMAND_CARD, "command", command, NULL);
}
