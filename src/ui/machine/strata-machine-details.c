/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachineDetails: what a virtual machine is, and what cannot be done with it now. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-machine-actions.h"
#include "strata-machine-details.h"
#include "strata-machine-style.h"

struct _StrataMachineDetails
{
  StrataMachineView parent_instance;
};

G_DEFINE_FINAL_TYPE (StrataMachineDetails, strata_machine_details, STRATA_TYPE_MACHINE_VIEW)

static char *
get_icon_name (StrataMachineDetails *self, const char *os_id)
{
  return strata_machine_style_get_icon_name (os_id, FALSE);
}

static char **
get_state_classes (StrataMachineDetails *self, guint state)
{
  return strata_machine_style_get_state_classes (state);
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

/* A binding may be evaluated once more when the page is gone. */
static StrataMachine *
get_machine (StrataMachineDetails *self)
{
  return self != NULL ? strata_machine_view_get_machine (STRATA_MACHINE_VIEW (self)) : NULL;
}

static char *
get_console_reason (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  StrataMachine *machine = get_machine (self);

  return g_strdup (
      machine != NULL ? strata_machine_actions_get_reason (machine, "machine.open-console") : NULL);
}

static gboolean
has_reasons (StrataMachineDetails *self, StrataDomainFacts *facts)
{
  g_autofree char *console = get_console_reason (self, facts);
  StrataMachine *machine = get_machine (self);

  return console != NULL ||
         (machine != NULL && !strata_machine_can (machine, STRATA_CAPABILITY_DELETE));
}

static void
origin_activated_cb (StrataMachineDetails *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "window.select", "s",
                              strata_machine_get_template_uuid (get_machine (self)));
}

static void
strata_machine_details_dispose (GObject *object)
{
  StrataMachineDetails *self = STRATA_MACHINE_DETAILS (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MACHINE_DETAILS);

  G_OBJECT_CLASS (strata_machine_details_parent_class)->dispose (object);
}

static void
strata_machine_details_class_init (StrataMachineDetailsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_machine_details_dispose;

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
