/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachinePage: what can be done with a virtual machine, and its views: snapshots, disks, details. */

#include "config.h"

#include <glib/gi18n.h>

#include "ui/disk/strata-disk-page.h"
#include "strata-machine-details.h"
#include "strata-machine-page.h"
#include "strata-machine-actions.h"
#include "ui/snapshot/strata-snapshot-page.h"

struct _StrataMachinePage
{
  StrataMachineView parent_instance;

  GMenuModel *menu;
  GtkPopoverMenu *menu_popover;
};

G_DEFINE_FINAL_TYPE (StrataMachinePage, strata_machine_page, STRATA_TYPE_MACHINE_VIEW)

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
  StrataMachine *machine = strata_machine_view_get_machine (STRATA_MACHINE_VIEW (self));

  if (machine != NULL)
    strata_machine_actions_explain (GTK_WIDGET (self->menu_popover), self->menu, machine);
}

/* The window has one page for machines and one for templates; each keeps what is its kind and
 * shows the last of it while the other is up. */
static gboolean
strata_machine_page_accepts (StrataMachine *machine)
{
  return !strata_machine_is_template (machine);
}

static void
strata_machine_page_dispose (GObject *object)
{
  StrataMachinePage *self = STRATA_MACHINE_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MACHINE_PAGE);

  G_OBJECT_CLASS (strata_machine_page_parent_class)->dispose (object);
}

static void
strata_machine_page_class_init (StrataMachinePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_machine_page_dispose;
  STRATA_MACHINE_VIEW_CLASS (klass)->accepts = strata_machine_page_accepts;

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
