/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachinePage: what a virtual machine is and what can be done with it. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-disk-group.h"
#include "strata-machine-actions.h"
#include "strata-machine-look.h"
#include "strata-menu-words.h"
#include "strata-machine-page.h"

struct _StrataMachinePage
{
  AdwBin parent_instance;

  StrataHost *host;
  StrataMachine *machine;

  GMenuModel *menu;
  GtkPopoverMenu *menu_popover;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_MACHINE,
  N_PROPS,
} StrataMachinePageProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMachinePage, strata_machine_page, ADW_TYPE_BIN)

static char *
get_icon_name (StrataMachinePage *self, const char *os_id)
{
  return strata_machine_look_get_icon_name (os_id, FALSE);
}

static char **
get_state_classes (StrataMachinePage *self, guint state)
{
  return strata_machine_look_get_state_classes (state);
}

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

static gboolean
is_string (StrataMachinePage *self, const char *string)
{
  return string != NULL;
}

static gboolean
is_clone (StrataMachinePage *self, StrataDomainFacts *facts)
{
  return facts != NULL && facts->clone_mark != NULL;
}

static char *
describe_origin (StrataMachinePage *self, StrataDomainFacts *facts)
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
get_memory (StrataMachinePage *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_format_size_full (strata_domain_xml_get_memory (facts->definition),
                             G_FORMAT_SIZE_IEC_UNITS);
}

static char *
get_processors (StrataMachinePage *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_strdup_printf ("%u", strata_domain_xml_get_vcpus (facts->definition));
}

static char *
get_firmware (StrataMachinePage *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_strdup (strata_domain_xml_is_uefi (facts->definition) ? _ ("UEFI") : _ ("BIOS"));
}

static char *
get_agent (StrataMachinePage *self, StrataDomainFacts *facts)
{
  if (facts == NULL)
    return NULL;

  return g_strdup (
      strata_domain_xml_has_agent (facts->definition)
          ? _ ("Has a channel for it")
          : _ ("Has no channel for it, so the guest is asked to shut down by its power button"));
}

static char *
get_macs (StrataMachinePage *self, StrataDomainFacts *facts)
{
  g_auto (GStrv) macs = NULL;

  if (facts == NULL)
    return NULL;

  macs = strata_domain_xml_get_macs (facts->definition);

  return macs == NULL || macs[0] == NULL ? g_strdup (_ ("No network")) : g_strjoinv ("\n", macs);
}

static char *
get_console_reason (StrataMachinePage *self, StrataDomainFacts *facts)
{
  /* A binding may be evaluated once more when the page is gone. */
  return g_strdup (self != NULL && self->machine != NULL
                       ? strata_machine_actions_get_reason (self->machine, "machine.open-console")
                       : NULL);
}

static gboolean
has_reasons (StrataMachinePage *self, StrataDomainFacts *facts)
{
  g_autofree char *console = get_console_reason (self, facts);

  return console != NULL || (self != NULL && self->machine != NULL &&
                             !strata_machine_can (self->machine, STRATA_ABILITY_DELETE));
}

static void
origin_activated_cb (StrataMachinePage *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "window.select", "s",
                              strata_machine_get_template_uuid (self->machine));
}

static void
menu_mapped_cb (StrataMachinePage *self)
{
  if (self->machine != NULL)
    strata_menu_words_apply (GTK_WIDGET (self->menu_popover), self->menu, self->machine);
}

static void
strata_machine_page_dispose (GObject *object)
{
  StrataMachinePage *self = STRATA_MACHINE_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MACHINE_PAGE);
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
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
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
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-machine-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMachinePage, menu);
  gtk_widget_class_bind_template_child (widget_class, StrataMachinePage, menu_popover);
  gtk_widget_class_bind_template_callback (widget_class, get_icon_name);
  gtk_widget_class_bind_template_callback (widget_class, get_state_classes);
  gtk_widget_class_bind_template_callback (widget_class, is_off);
  gtk_widget_class_bind_template_callback (widget_class, get_start_hint);
  gtk_widget_class_bind_template_callback (widget_class, get_shut_down_hint);
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
  gtk_widget_class_bind_template_callback (widget_class, menu_mapped_cb);
}

static void
strata_machine_page_init (StrataMachinePage *self)
{
  g_type_ensure (STRATA_TYPE_DISK_GROUP);

  gtk_widget_init_template (GTK_WIDGET (self));
}
