/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachineDetails: what a virtual machine is, and what cannot be done with it now. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-machine-actions.h"
#include "strata-machine-details.h"
#include "strata-machine-look.h"

struct _StrataMachineDetails
{
  AdwBin parent_instance;

  StrataHost *host;
  StrataMachine *machine;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_MACHINE,
  N_PROPS,
} StrataMachineDetailsProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMachineDetails, strata_machine_details, ADW_TYPE_BIN)

static char *
get_icon_name (StrataMachineDetails *self, const char *os_id)
{
  return strata_machine_look_get_icon_name (os_id, FALSE);
}

static char **
get_state_classes (StrataMachineDetails *self, guint state)
{
  return strata_machine_look_get_state_classes (state);
}

static gboolean
is_string (StrataMachineDetails *self, const char *string)
{
  return string != NULL;
}

static gboolean
is_clone (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  return facts != NULL && facts->clone_mark != NULL;
}

static char *
describe_origin (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  if (!is_clone (self, facts))
    return NULL;

  if (facts->clone_mark->thin)
    /* Translators: %s is a template, %u its version. */
    return g_strdup_printf (
        _ ("%s, version %u, as a thin clone: its disks stand on the template’s"),
        facts->clone_mark->template_name, facts->clone_mark->version);

  /* Translators: %s is a template, %u its version. */
  return g_strdup_printf (_ ("%s, version %u, as a full clone: its disks are its own"),
                          facts->clone_mark->template_name, facts->clone_mark->version);
}

static char *
get_memory (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_format_size_full (strata_domain_xml_get_memory (facts->definition),
                             G_FORMAT_SIZE_IEC_UNITS);
}

static char *
get_processors (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_strdup_printf ("%u", strata_domain_xml_get_vcpus (facts->definition));
}

static char *
get_firmware (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_strdup (strata_domain_xml_is_uefi (facts->definition) ? _ ("UEFI") : _ ("BIOS"));
}

static char *
get_agent (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_strdup (
      strata_domain_xml_has_agent (facts->definition)
          ? _ ("Has a channel for it")
          : _ ("Has no channel for it, so the guest is asked to shut down by its power button"));
}

static char *
get_macs (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  g_auto (GStrv) macs = NULL;

  if (facts == NULL)
    return NULL;

  macs = strata_domain_xml_get_macs (facts->definition);

  return macs == NULL || macs[0] == NULL ? g_strdup (_ ("No network")) : g_strjoinv ("\n", macs);
}

static char *
get_console_reason (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  /* A binding may be evaluated once more when the page is gone. */
  return g_strdup (self != NULL && self->machine != NULL
                       ? strata_machine_actions_get_reason (self->machine, "machine.open-console")
                       : NULL);
}

static gboolean
has_reasons (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  g_autofree char *console = get_console_reason (self, facts);

  return console != NULL || (self != NULL && self->machine != NULL &&
                             !strata_machine_can (self->machine, STRATA_ABILITY_DELETE));
}

static void
origin_activated_cb (StrataMachineDetails *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "window.select", "s",
                              strata_machine_get_template_uuid (self->machine));
}

static void
strata_machine_details_dispose (GObject *object)
{
  StrataMachineDetails *self = STRATA_MACHINE_DETAILS (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MACHINE_DETAILS);
  g_clear_object (&self->machine);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_machine_details_parent_class)->dispose (object);
}

static void
strata_machine_details_get_property (GObject *object,
                                     guint prop_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  StrataMachineDetails *self = STRATA_MACHINE_DETAILS (object);

  switch ((StrataMachineDetailsProperty) prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, self->host);
      break;
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_machine_details_set_property (GObject *object,
                                     guint prop_id,
                                     const GValue *value,
                                     GParamSpec *pspec)
{
  StrataMachineDetails *self = STRATA_MACHINE_DETAILS (object);

  switch ((StrataMachineDetailsProperty) prop_id)
    {
    case PROP_HOST:
      if (g_set_object (&self->host, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_MACHINE:
      if (g_set_object (&self->machine, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_machine_details_class_init (StrataMachineDetailsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_machine_details_dispose;
  object_class->get_property = strata_machine_details_get_property;
  object_class->set_property = strata_machine_details_set_property;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags);
  properties[PROP_MACHINE] =
      g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-machine-details.ui");
  gtk_widget_class_bind_template_callback (widget_class, get_icon_name);
  gtk_widget_class_bind_template_callback (widget_class, get_state_classes);
  gtk_widget_class_bind_template_callback (widget_class, is_string);
  gtk_widget_class_bind_template_callback (widget_class, is_clone);
  gtk_widget_class_bind_template_callback (widget_class, describe_origin);
  gtk_widget_class_bind_template_callback (widget_class, get_memory);
  gtk_widget_class_bind_template_callback (widget_class, get_processors);
  gtk_widget_class_bind_template_callback (widget_class, get_firmware);
  gtk_widget_class_bind_template_callback (widget_class, get_agent);
  gtk_widget_class_bind_template_callback (widget_class, get_macs);
  gtk_widget_class_bind_template_callback (widget_class, get_console_reason);
  gtk_widget_class_bind_template_callback (widget_class, has_reasons);
  gtk_widget_class_bind_template_callback (widget_class, origin_activated_cb);
}

static void
strata_machine_details_init (StrataMachineDetails *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
