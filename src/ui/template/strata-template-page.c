/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataTemplatePage: what a template is, how it was sealed, and the clones that came of it. */

#include "config.h"

#include <glib/gi18n.h>

#include "ui/disk/strata-disk-group.h"
#include "ui/machine/strata-machine-style.h"
#include "ui/machine/strata-machine-actions.h"
#include "ui/machine/strata-machine-row.h"
#include "strata-template-page.h"

struct _StrataTemplatePage
{
  StrataMachineView parent_instance;

  GSignalGroup *machine_signals;

  GtkListBox *clones;
  GtkFilterListModel *clones_model;
  GtkCustomFilter *clones_filter;
  GMenuModel *menu;
  GtkPopoverMenu *menu_popover;
};

G_DEFINE_FINAL_TYPE (StrataTemplatePage, strata_template_page, STRATA_TYPE_MACHINE_VIEW)

static StrataMachine *
get_machine (StrataTemplatePage *self)
{
  return strata_machine_view_get_machine (STRATA_MACHINE_VIEW (self));
}

static const StrataTemplateMark *
get_mark (StrataDomainFacts *facts)
{
  return facts != NULL ? facts->template_mark : NULL;
}

static char *
get_headline (StrataTemplatePage *self, StrataDomainFacts *facts)
{
  const StrataTemplateMark *mark = get_mark (facts);

  /* Translators: %u counts from 1. */
  return mark != NULL ? g_strdup_printf (_ ("Template, version %u"), mark->version) : NULL;
}

static char *
get_guest (StrataTemplatePage *self, StrataDomainFacts *facts)
{
  const StrataTemplateMark *mark = get_mark (facts);

  if (mark == NULL)
    return NULL;

  return g_strdup (mark->os != NULL ? mark->os : _ ("Unknown: nobody looked inside"));
}

static char *
get_source (StrataTemplatePage *self, StrataDomainFacts *facts)
{
  const StrataTemplateMark *mark = get_mark (facts);

  if (mark == NULL)
    return NULL;

  return g_strdup (mark->source != NULL ? mark->source : _ ("Unknown"));
}

static char *
get_sealed (StrataTemplatePage *self, StrataDomainFacts *facts)
{
  const StrataTemplateMark *mark = get_mark (facts);
  g_autoptr (GDateTime) when = NULL;
  g_autoptr (GDateTime) local = NULL;

  if (mark == NULL)
    return NULL;
  if (mark->sealed == NULL)
    return g_strdup (
        _ ("Not sealed: clones share what identifies the guest, such as SSH host keys"));

  when = g_date_time_new_from_iso8601 (mark->sealed, NULL);
  if (when == NULL)
    return g_strdup (mark->sealed);

  local = g_date_time_to_local (when);

  /* Translators: date and time, see strftime(3). */
  return g_date_time_format (local, _ ("%e %B %Y, %H:%M"));
}

static gboolean
has_operations (StrataTemplatePage *self, StrataDomainFacts *facts)
{
  const StrataTemplateMark *mark = get_mark (facts);

  return mark != NULL && mark->sealed != NULL && mark->operations != NULL &&
         *mark->operations != '\0';
}

static gboolean
has_no_operations (StrataTemplatePage *self, StrataDomainFacts *facts)
{
  return !has_operations (self, facts);
}

static char *
get_operations (StrataTemplatePage *self, StrataDomainFacts *facts)
{
  g_auto (GStrv) names = NULL;

  if (!has_operations (self, facts))
    return NULL;

  names = g_strsplit (facts->template_mark->operations, ",", -1);

  return g_strjoinv (", ", names);
}

static gboolean
is_string (StrataTemplatePage *self, const char *string)
{
  return string != NULL;
}

static gboolean
is_clone (gpointer item, gpointer user_data)
{
  StrataTemplatePage *self = STRATA_TEMPLATE_PAGE (user_data);
  const char *template_uuid = strata_machine_get_template_uuid (STRATA_MACHINE (item));

  return template_uuid != NULL && get_machine (self) != NULL &&
         g_str_equal (template_uuid, strata_machine_get_uuid (get_machine (self)));
}

static GtkWidget *
create_clone_row (gpointer item, gpointer user_data)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *content = g_object_new (STRATA_TYPE_MACHINE_ROW, "machine", item, NULL);

  gtk_widget_set_margin_start (content, 12);
  gtk_widget_set_margin_end (content, 12);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), content);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  strata_machine_get_name (STRATA_MACHINE (item)), -1);

  return row;
}

static void
clone_activated_cb (StrataTemplatePage *self, GtkListBoxRow *row)
{
  StrataMachineRow *content = STRATA_MACHINE_ROW (gtk_list_box_row_get_child (row));

  gtk_widget_activate_action (GTK_WIDGET (self), "window.select", "s",
                              strata_machine_get_uuid (strata_machine_row_get_machine (content)));
}

static void
clones_changed_cb (StrataTemplatePage *self)
{
  gtk_filter_changed (GTK_FILTER (self->clones_filter), GTK_FILTER_CHANGE_DIFFERENT);
}

static void
menu_mapped_cb (StrataTemplatePage *self)
{
  if (get_machine (self) != NULL)
    strata_machine_actions_explain (GTK_WIDGET (self->menu_popover), self->menu,
                                    get_machine (self));
}

static void
strata_template_page_subject_changed (StrataMachineView *view)
{
  StrataTemplatePage *self = STRATA_TEMPLATE_PAGE (view);

  g_signal_group_set_target (self->machine_signals, get_machine (self));
  clones_changed_cb (self);
}

static void
strata_template_page_dispose (GObject *object)
{
  StrataTemplatePage *self = STRATA_TEMPLATE_PAGE (object);

  if (self->clones_filter != NULL)
    gtk_custom_filter_set_filter_func (self->clones_filter, NULL, NULL, NULL);
  g_clear_object (&self->machine_signals);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_TEMPLATE_PAGE);

  G_OBJECT_CLASS (strata_template_page_parent_class)->dispose (object);
}

static void
strata_template_page_class_init (StrataTemplatePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  StrataMachineViewClass *view_class = STRATA_MACHINE_VIEW_CLASS (klass);

  object_class->dispose = strata_template_page_dispose;
  view_class->subject_changed = strata_template_page_subject_changed;
  view_class->accepts = strata_machine_is_template;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-template-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataTemplatePage, clones);
  gtk_widget_class_bind_template_child (widget_class, StrataTemplatePage, clones_model);
  gtk_widget_class_bind_template_child (widget_class, StrataTemplatePage, clones_filter);
  gtk_widget_class_bind_template_child (widget_class, StrataTemplatePage, menu);
  gtk_widget_class_bind_template_child (widget_class, StrataTemplatePage, menu_popover);
  gtk_widget_class_bind_template_callback (widget_class, get_headline);
  gtk_widget_class_bind_template_callback (widget_class, get_guest);
  gtk_widget_class_bind_template_callback (widget_class, get_source);
  gtk_widget_class_bind_template_callback (widget_class, get_sealed);
  gtk_widget_class_bind_template_callback (widget_class, has_operations);
  gtk_widget_class_bind_template_callback (widget_class, has_no_operations);
  gtk_widget_class_bind_template_callback (widget_class, get_operations);
  gtk_widget_class_bind_template_callback (widget_class, is_string);
  gtk_widget_class_bind_template_callback (widget_class, clone_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, menu_mapped_cb);
}

static void
strata_template_page_init (StrataTemplatePage *self)
{
  g_type_ensure (STRATA_TYPE_DISK_GROUP);
  g_type_ensure (STRATA_TYPE_MACHINE_ROW);

  self->machine_signals = g_signal_group_new (STRATA_TYPE_MACHINE);
  g_signal_group_connect_swapped (self->machine_signals, "notify::n-clones",
                                  G_CALLBACK (clones_changed_cb), self);

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_custom_filter_set_filter_func (self->clones_filter, is_clone, self, NULL);
  gtk_list_box_bind_model (self->clones, G_LIST_MODEL (self->clones_model), create_clone_row, NULL,
                           NULL);
}

/**
 * strata_template_page_show_clones:
 * @self: a page
 *
 * Puts the focus on the first clone, which scrolls to it.
 */
void
strata_template_page_show_clones (StrataTemplatePage *self)
{
  GtkListBoxRow *first;

  g_return_if_fail (STRATA_IS_TEMPLATE_PAGE (self));

  first = gtk_list_box_get_row_at_index (self->clones, 0);
  if (first != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (first));
  else
    gtk_widget_child_focus (GTK_WIDGET (self->clones), GTK_DIR_TAB_FORWARD);
}
