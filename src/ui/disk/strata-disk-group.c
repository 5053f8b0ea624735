/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDiskGroup: the disks of a machine, looked at again whenever the machine changes. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/disk/strata-disk.h"
#include "strata-disk-group.h"

struct _StrataDiskGroup
{
  StrataMachineView parent_instance;

  GSignalGroup *machine_signals;
  GCancellable *cancellable;

  AdwSpinner *spinner;
  GtkListBox *list_box;
};

G_DEFINE_FINAL_TYPE (StrataDiskGroup, strata_disk_group, STRATA_TYPE_MACHINE_VIEW)

/* "web-01.qcow2, on template-web.qcow2" */
static char *
describe_layers (StrataDisk *disk)
{
  const char *const *layers = strata_disk_get_layers (disk);
  g_autoptr (GStrvBuilder) below = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  g_autofree char *joined = NULL;

  if (strata_disk_get_problem (disk) != NULL)
    return g_strdup_printf ("%s\n%s", strata_disk_get_path (disk), strata_disk_get_problem (disk));
  if (layers[0] == NULL || layers[1] == NULL)
    return g_strdup (strata_disk_get_path (disk));

  for (guint i = 1; layers[i] != NULL; i++)
    g_strv_builder_take (below, g_path_get_basename (layers[i]));
  names = g_strv_builder_end (below);
  /* Translators: between the layers of a disk: “template-web.qcow2, on base.qcow2”. */
  joined = g_strjoinv (_ (", on "), names);

  /* Translators: a disk’s file, and on the next line the layers under it. */
  return g_strdup_printf (_ ("%s\non %s"), strata_disk_get_path (disk), joined);
}

static char *
describe_size (StrataDisk *disk)
{
  g_autofree char *capacity = g_format_size (strata_disk_get_capacity (disk));
  g_autofree char *allocation = g_format_size (strata_disk_get_allocation (disk));

  if (strata_disk_get_capacity (disk) == 0)
    return g_strdup ("");

  /* Translators: bytes that a disk takes on the host, of the size that the guest sees: “461 MB of 2.1 GB”. */
  return g_strdup_printf (_ ("%s of %s"), allocation, capacity);
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  StrataDisk *disk = STRATA_DISK (item);
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *size;
  g_autofree char *title = NULL;
  g_autofree char *layers = describe_layers (disk);
  g_autofree char *size_text = describe_size (disk);

  title =
      g_strdup_printf ("%s · %s", strata_disk_get_target (disk),
                       strata_disk_get_format (disk) != NULL ? strata_disk_get_format (disk) : "?");
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), layers);
  adw_action_row_set_subtitle_selectable (ADW_ACTION_ROW (row), TRUE);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("drive-harddisk-symbolic"));

  size = gtk_label_new (size_text);
  gtk_widget_add_css_class (size, "dimmed");
  gtk_widget_add_css_class (size, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), size);

  return row;
}

static void
loaded_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDiskGroup) self = STRATA_DISK_GROUP (user_data);
  g_autoptr (GListModel) disks = NULL;
  g_autoptr (GError) error = NULL;

  disks = strata_host_load_disks_finish (STRATA_HOST (object), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->list_box == NULL)
    return;

  gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
  /* Without a connection what was seen last stays. */
  if (disks != NULL)
    gtk_list_box_bind_model (self->list_box, disks, create_row, NULL, NULL);
}

static void
reload (StrataDiskGroup *self)
{
  StrataHost *host = strata_machine_view_get_host (STRATA_MACHINE_VIEW (self));
  StrataMachine *machine = strata_machine_view_get_machine (STRATA_MACHINE_VIEW (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (host == NULL || machine == NULL)
    return;

  self->cancellable = g_cancellable_new ();
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), TRUE);
  strata_host_load_disks_async (host, machine, self->cancellable, loaded_cb, g_object_ref (self));
}

static void
strata_disk_group_subject_changed (StrataMachineView *view)
{
  StrataDiskGroup *self = STRATA_DISK_GROUP (view);

  g_signal_group_set_target (self->machine_signals, strata_machine_view_get_machine (view));
  gtk_list_box_bind_model (self->list_box, NULL, NULL, NULL, NULL);
  reload (self);
}

static void
strata_disk_group_dispose (GObject *object)
{
  StrataDiskGroup *self = STRATA_DISK_GROUP (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->machine_signals);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_DISK_GROUP);

  G_OBJECT_CLASS (strata_disk_group_parent_class)->dispose (object);
}

static void
strata_disk_group_class_init (StrataDiskGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_disk_group_dispose;
  STRATA_MACHINE_VIEW_CLASS (klass)->subject_changed = strata_disk_group_subject_changed;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-disk-group.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataDiskGroup, spinner);
  gtk_widget_class_bind_template_child (widget_class, StrataDiskGroup, list_box);
}

static void
strata_disk_group_init (StrataDiskGroup *self)
{
  self->machine_signals = g_signal_group_new (STRATA_TYPE_MACHINE);
  g_signal_group_connect_swapped (self->machine_signals, "notify::facts", G_CALLBACK (reload),
                                  self);

  gtk_widget_init_template (GTK_WIDGET (self));
}
