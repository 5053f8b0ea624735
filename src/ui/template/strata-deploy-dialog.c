/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDeployDialog: from a template to the plan of its clones. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/disk/strata-disk.h"
#include "model/strata-host-deploy-targets.h"
#include "strata-deploy-dialog.h"
#include "strata-deploy-guest.h"
#include "strata-deploy-names.h"
#include "ui/job/strata-plan-page.h"

struct _StrataDeployDialog
{
  AdwDialog parent_instance;

  StrataHost *host;
  StrataMachine *machine;
  StrataDeployTargets *places; /* (nullable): until they are known */
  GCancellable *cancellable;
  AdwNavigationPage *plan_page;
  guint64 disk_bytes; /* of all layers of all disks; 0 until that is known */

  AdwNavigationView *view;
  GtkButton *continue_button;
  AdwToggleGroup *kind;
  StrataDeployNames *names;
  AdwComboRow *pool_row;
  GtkStringList *pools;
  AdwComboRow *network_row;
  GtkStringList *networks;
  StrataDeployGuest *guest;
  AdwSwitchRow *start_row;
};

typedef enum
{
  PROP_DISK_BYTES = 1,
  N_PROPS,
} StrataDeployDialogProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataDeployDialog, strata_deploy_dialog, ADW_TYPE_DIALOG)

static char *
describe_kind (StrataDeployDialog *self, const char *kind, guint64 disk_bytes, guint count)
{
  /* A binding may be evaluated once more when the dialog is gone. */
  const char *name =
      self != NULL && self->machine != NULL ? strata_machine_get_name (self->machine) : "";
  g_autofree char *each = g_format_size (disk_bytes);
  g_autofree char *all = g_format_size (disk_bytes * count);

  if (g_strcmp0 (kind, "full") != 0)
    /* Translators: %s is the template. */
    return g_strdup_printf (
        _ ("Clones take next to no space at first, and are made at once. Their disks stand on those of “%s”, which has to stay as long as they do."),
        name);

  if (disk_bytes == 0)
    return g_strdup (_ ("Each clone gets a copy of all disks, and depends on nothing."));

  /* Translators: space of one clone, then of all of them. */
  return g_strdup_printf (
      _ ("Each clone gets a copy of all disks, about %s (%s together), and depends on nothing."),
      each, all);
}

static const StrataPoolFacts *
get_pool (StrataDeployDialog *self)
{
  guint selected = adw_combo_row_get_selected (self->pool_row);

  /* The first is the template's own. */
  if (self->places == NULL || selected == 0 || selected > self->places->pools->len)
    return NULL;

  return g_ptr_array_index (self->places->pools, selected - 1);
}

static void
pool_selected_cb (StrataDeployDialog *self)
{
  const StrataPoolFacts *pool = get_pool (self);
  g_autofree char *size = pool != NULL ? g_format_size (pool->available) : NULL;
  g_autofree char *text = NULL;

  if (pool != NULL)
    /* Translators: %s is an amount of space, “12.3 GB”. */
    text = g_strdup_printf (_ ("%s free"), size);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->pool_row), text != NULL ? text : "");
}

static void
places_loaded_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDeployDialog) self = STRATA_DEPLOY_DIALOG (user_data);
  g_autoptr (GError) error = NULL;
  StrataDeployTargets *places =
      strata_host_load_places_finish (STRATA_HOST (object), result, &error);

  /* Without them the template's own pool and network remain to choose, and the plan says what is wrong. */
  if (places == NULL || self->pools == NULL)
    {
      g_clear_pointer (&places, strata_deploy_targets_free);
      return;
    }

  self->places = places;
  for (guint i = 0; i < places->pools->len; i++)
    gtk_string_list_append (self->pools,
                            ((StrataPoolFacts *) g_ptr_array_index (places->pools, i))->name);
  for (guint i = 0; i < places->networks->len; i++)
    gtk_string_list_append (self->networks, g_ptr_array_index (places->networks, i));
  gtk_widget_set_visible (GTK_WIDGET (self->network_row), places->networks->len > 0);
}

static void
disks_loaded_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDeployDialog) self = STRATA_DEPLOY_DIALOG (user_data);
  g_autoptr (GListModel) disks = strata_host_load_disks_finish (STRATA_HOST (object), result, NULL);

  for (guint i = 0; disks != NULL && i < g_list_model_get_n_items (disks); i++)
    {
      g_autoptr (StrataDisk) disk = g_list_model_get_item (disks, i);

      self->disk_bytes += strata_disk_get_total (disk);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DISK_BYTES]);
}

static StrataRequest *
make_request (StrataDeployDialog *self)
{
  StrataRequest *request = strata_request_new (STRATA_REQUEST_TEMPLATE_DEPLOY);
  const StrataPoolFacts *pool = get_pool (self);
  guint network = adw_combo_row_get_selected (self->network_row);

  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->full = g_strcmp0 (adw_toggle_group_get_active_name (self->kind), "full") == 0;
  request->names = strata_deploy_names_dup_names (self->names);
  request->count = g_strv_length (request->names);
  request->pool = g_strdup (pool != NULL ? pool->name : NULL);
  if (network > 0 && network != GTK_INVALID_LIST_POSITION)
    request->network = g_strdup (gtk_string_list_get_string (self->networks, network));
  request->start = adw_switch_row_get_active (self->start_row);

  return request;
}

static void
filled_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDeployDialog) self = STRATA_DEPLOY_DIALOG (user_data);
  g_autoptr (StrataRequest) request = NULL;

  /* What is wrong with it stands beside the field. */
  request = strata_deploy_guest_fill_finish (STRATA_DEPLOY_GUEST (object), result, NULL);
  if (self->view == NULL)
    return;

  if (request == NULL)
    return;

  adw_navigation_view_push (self->view, self->plan_page);
  strata_plan_page_plan (STRATA_PLAN_PAGE (self->plan_page), request);
}

static void
continue_clicked_cb (StrataDeployDialog *self)
{
  strata_deploy_guest_fill_async (self->guest, make_request (self), filled_cb, g_object_ref (self));
}

static void
submitted_cb (StrataDeployDialog *self)
{
  adw_dialog_force_close (ADW_DIALOG (self));
}

static void
close_dialog (GtkWidget *widget, const char *action, GVariant *parameter)
{
  adw_dialog_close (ADW_DIALOG (widget));
}

static void
strata_deploy_dialog_dispose (GObject *object)
{
  StrataDeployDialog *self = STRATA_DEPLOY_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_DEPLOY_DIALOG);
  g_clear_pointer (&self->places, strata_deploy_targets_free);
  g_clear_object (&self->machine);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_deploy_dialog_parent_class)->dispose (object);
}

static void
strata_deploy_dialog_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataDeployDialogProperty) prop_id)
    {
    case PROP_DISK_BYTES:
      g_value_set_uint64 (value, STRATA_DEPLOY_DIALOG (object)->disk_bytes);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_deploy_dialog_class_init (StrataDeployDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_deploy_dialog_dispose;
  object_class->get_property = strata_deploy_dialog_get_property;

  properties[PROP_DISK_BYTES] = g_param_spec_uint64 ("disk-bytes", NULL, NULL, 0, G_MAXUINT64, 0,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-deploy-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, view);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, continue_button);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, kind);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, names);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, pool_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, pools);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, network_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, networks);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, guest);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployDialog, start_row);
  gtk_widget_class_bind_template_callback (widget_class, describe_kind);
  gtk_widget_class_bind_template_callback (widget_class, pool_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, continue_clicked_cb);
  gtk_widget_class_install_action (widget_class, "dialog.close", NULL, close_dialog);
}

static void
strata_deploy_dialog_init (StrataDeployDialog *self)
{
  g_type_ensure (STRATA_TYPE_DEPLOY_NAMES);
  g_type_ensure (STRATA_TYPE_DEPLOY_GUEST);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  gtk_string_list_append (self->pools, _ ("Beside the template"));
  gtk_string_list_append (self->networks, _ ("As in the template"));
  gtk_widget_set_visible (GTK_WIDGET (self->network_row), FALSE);
}

/**
 * strata_deploy_dialog_new:
 * @queue: where the job goes
 * @host: the template's host
 * @machine: the template
 *
 * Returns: (transfer none): a floating dialog
 */
AdwDialog *
strata_deploy_dialog_new (StrataJobQueue *queue, StrataHost *host, StrataMachine *machine)
{
  StrataDeployDialog *self;
  const StrataTemplateMark *mark;
  g_autofree char *title = NULL;

  g_return_val_if_fail (STRATA_IS_HOST (host), NULL);
  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);

  self = g_object_new (STRATA_TYPE_DEPLOY_DIALOG, NULL);
  self->host = g_object_ref (host);
  self->machine = g_object_ref (machine);
  title = g_strdup_printf (_ ("Deploy “%s”"), strata_machine_get_name (machine));
  adw_dialog_set_title (ADW_DIALOG (self), title);
  adw_navigation_page_set_title (adw_navigation_view_find_page (self->view, "form"), title);

  self->plan_page = strata_plan_page_new (queue, host);
  strata_plan_page_set_machine (STRATA_PLAN_PAGE (self->plan_page), machine);
  adw_navigation_view_add (self->view, self->plan_page);
  g_signal_connect_object (self->plan_page, "submitted", G_CALLBACK (submitted_cb), self,
                           G_CONNECT_SWAPPED);

  mark = strata_machine_get_facts (machine)->template_mark;
  strata_deploy_guest_set_guest_known (self->guest, mark != NULL && mark->os != NULL);
  strata_deploy_names_propose (self->names, host, strata_machine_get_name (machine));
  strata_host_load_places_async (host, self->cancellable, places_loaded_cb, g_object_ref (self));
  strata_host_load_disks_async (host, machine, self->cancellable, disks_loaded_cb,
                                g_object_ref (self));
  /* The machine is known only now, and the sentence under the toggles names it. */
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DISK_BYTES]);

  return ADW_DIALOG (self);
}
