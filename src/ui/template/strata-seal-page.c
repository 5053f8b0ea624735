/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSealPage: what sealing will remove from a guest, by looking inside, and which of it is wanted. */

#include "config.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "guest/strata-guest-client.h"
#include "strata-seal-operation.h"
#include "strata-seal-page.h"
#include "base/strata-error.h"

struct _StrataSealPage
{
  AdwNavigationPage parent_instance;

  GListStore *operations; /* StrataSealOperation */
  GCancellable *cancellable;

  GtkButton *continue_button;
  GtkStack *stack;
  GtkLabel *progress_label;
  AdwPreferencesGroup *intro_group;
  AdwSwitchRow *seal_row;
  AdwActionRow *problem_row;
  AdwPreferencesGroup *found_group;
  GtkListBox *found;
  AdwPreferencesGroup *default_group;
  GtkListBox *defaults;
  AdwPreferencesGroup *other_group;
  GtkListBox *others;
};

enum
{
  CONTINUED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSealPage, strata_seal_page, ADW_TYPE_NAVIGATION_PAGE)

/* What sealing can do on this computer, and what it would find in one guest. */
typedef struct
{
  JsonObject *operations; /* (nullable): what virt-sysprep can do; NULL: nothing is sealed here */
  JsonObject *facts;      /* (nullable): what inspection found */
  GError *error;          /* (nullable): why one of them is missing */
} Inspection;

static void
inspection_free (Inspection *self)
{
  g_clear_pointer (&self->operations, json_object_unref);
  g_clear_pointer (&self->facts, json_object_unref);
  g_clear_error (&self->error);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Inspection, inspection_free)

typedef struct
{
  GPtrArray *disks; /* StrataGuestDisk */
  char *name;
  char **ssh; /* (nullable) */
  gboolean as_root;
  gboolean away; /* on a computer where nothing can be run from here */
  gboolean active;

  StrataGuestProgressFunc progress;
  gpointer progress_data;
  GDestroyNotify progress_destroy;
} Inspect;

/* One message on its way to the main thread. */
typedef struct
{
  GTask *task;
  double fraction;
  char *message;
} Message;

static void
inspect_free (Inspect *inspect)
{
  g_clear_pointer (&inspect->disks, g_ptr_array_unref);
  g_free (inspect->name);
  g_strfreev (inspect->ssh);
  if (inspect->progress_destroy != NULL)
    inspect->progress_destroy (inspect->progress_data);
  g_free (inspect);
}

static void
message_free (Message *message)
{
  g_clear_object (&message->task);
  g_clear_pointer (&message->message, g_free);
  g_free (message);
}

static gboolean
message_arrived_cb (gpointer user_data)
{
  Message *message = user_data;
  Inspect *inspect = g_task_get_task_data (message->task);

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (message->task)))
    inspect->progress (message->fraction, message->message, inspect->progress_data);

  return G_SOURCE_REMOVE;
}

static void
progress_in_worker (double fraction, const char *text, gpointer user_data)
{
  Message *message = g_new0 (Message, 1);

  message->task = g_object_ref (G_TASK (user_data));
  message->fraction = fraction;
  message->message = g_strdup (text);
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, message_arrived_cb, message,
                   (GDestroyNotify) message_free);
}

static void
inspect_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Inspect *inspect = task_data;
  g_autoptr (Inspection) answer = g_new0 (Inspection, 1);
  const char *const names[] = { inspect->name, NULL };
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (inspect->as_root ? names : NULL);
  g_autoptr (StrataGuestClient) lister = strata_guest_client_new (NULL);

  strata_guest_client_set_far (client, (const char *const *) inspect->ssh);
  strata_guest_client_set_progress (client, progress_in_worker, task);

  /* Asking what can be done needs no rights, and the user should not type a password for it. */
  answer->operations = strata_guest_client_list_operations (lister, NULL, &answer->error);
  if (answer->operations != NULL && inspect->active)
    answer->error = strata_error_new (STRATA_ERROR_BUSY, NULL,
                                      _ ("The machine is running, so nobody can look inside yet."));
  else if (answer->operations != NULL && inspect->away)
    answer->error = strata_error_new (STRATA_ERROR_UNSUPPORTED, NULL,
                                      _ ("The machine is on another computer, which can’t be "
                                         "looked into from here."));
  else if (answer->operations != NULL)
    answer->facts =
        strata_guest_client_inspect (client, inspect->disks, TRUE, cancellable, &answer->error);

  g_task_return_pointer (task, g_steal_pointer (&answer), (GDestroyNotify) inspection_free);
}

static GPtrArray *
list_disks (StrataDomainFacts *facts)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);

  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0 &&
          (g_strcmp0 (disk->type, "file") == 0 || g_strcmp0 (disk->type, "block") == 0))
        g_ptr_array_add (disks, strata_guest_disk_new (disk->source, disk->format));
    }

  return disks;
}

/* Looks into MACHINE in a worker, through the helper process; a machine that runs is not looked into. PROGRESS is called on the main thread with what the
 * helper says, and is given PROGRESS_DATA, which it frees. What can be done is told also where CANCELLABLE ends the helper. */
static void
inspection_new_async (StrataHost *host,
                      StrataMachine *machine,
                      StrataGuestProgressFunc progress,
                      gpointer progress_data,
                      GDestroyNotify progress_destroy,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  const StrataHostFacts *facts;
  StrataConnection *connection;
  Inspect *inspect;

  connection = strata_host_get_connection (host);
  inspect = g_new0 (Inspect, 1);
  inspect->disks = list_disks (strata_machine_get_facts (machine));
  inspect->name = g_strdup (strata_machine_get_facts (machine)->name);
  inspect->active = strata_machine_is_active (machine);
  facts = connection != NULL ? strata_connection_get_facts (connection) : NULL;
  if (facts != NULL)
    {
      inspect->away = !facts->is_local && facts->ssh == NULL;
      inspect->ssh = g_strdupv (facts->ssh);
      inspect->as_root = !facts->is_session && (!facts->is_local || getuid () != 0);
    }
  inspect->progress = progress;
  inspect->progress_data = progress_data;
  inspect->progress_destroy = progress_destroy;

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-inspect");
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, inspect, (GDestroyNotify) inspect_free);
  g_task_run_in_thread (task, inspect_thread);
}

/* Never NULL: what was not found is explained in its error, `G_IO_ERROR_CANCELLED` if the person did not want to wait for it. */
static Inspection *
inspection_new_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

static void
add_row (GtkListBox *list_box, StrataSealOperation *operation)
{
  GtkWidget *row = adw_switch_row_new ();
  g_autofree char *title = NULL;
  g_autofree char *detail = NULL;

  g_object_get (operation, "title", &title, "detail", &detail, NULL);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), detail);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 3);
  g_object_bind_property (operation, "selected", row, "active",
                          G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  gtk_list_box_append (list_box, row);
}

static void
show_operations (StrataSealPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->operations));
  guint n_found = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataSealOperation) operation =
          g_list_model_get_item (G_LIST_MODEL (self->operations), i);

      if (strata_seal_operation_is_found (operation))
        n_found++;

      if (strata_seal_operation_is_found (operation))
        add_row (self->found, operation);
      else if (strata_seal_operation_is_default (operation))
        add_row (self->defaults, operation);
      else
        add_row (self->others, operation);
    }

  gtk_widget_set_visible (GTK_WIDGET (self->found_group), n_found > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->default_group),
                          gtk_list_box_get_row_at_index (self->defaults, 0) != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->other_group),
                          gtk_list_box_get_row_at_index (self->others, 0) != NULL);
  if (n_found == 0)
    adw_preferences_group_set_title (self->default_group, _ ("What Is Cleaned"));
}

static void
show_problem (StrataSealPage *self, const char *title, const char *detail)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->problem_row), title);
  adw_action_row_set_subtitle (self->problem_row, detail != NULL ? detail : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem_row), TRUE);
}

/* Without virt-sysprep, or where it does not apply, there is only one choice left. */
static void
forbid_sealing (StrataSealPage *self)
{
  adw_switch_row_set_active (self->seal_row, FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->seal_row), FALSE);
}

static void
explain (StrataSealPage *self, const Inspection *inspection)
{
  const GError *error = inspection->error;

  if (error == NULL)
    return;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_problem (self, _ ("Nobody looked inside"),
                  _ ("Sealing looks for all of it, and checks that it is gone."));
  else if (inspection->operations == NULL ||
           g_error_matches (error, STRATA_ERROR, STRATA_ERROR_WINDOWS) ||
           g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NO_OS))
    {
      forbid_sealing (self);
      show_problem (self, error->message, strata_error_get_hint (error));
    }
  else
    show_problem (self, error->message, strata_error_get_hint (error));
}

static void
inspected_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataSealPage) self = STRATA_SEAL_PAGE (user_data);
  g_autoptr (Inspection) inspection = inspection_new_finish (result);
  JsonArray *array;

  if (self->stack == NULL)
    return;

  explain (self, inspection);
  array = inspection->operations != NULL
              ? json_object_get_array_member (inspection->operations, "operations")
              : NULL;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      g_autoptr (StrataSealOperation) operation =
          strata_seal_operation_new (json_array_get_object_element (array, i), inspection->facts);

      g_list_store_append (self->operations, operation);
    }
  show_operations (self);

  gtk_stack_set_visible_child_name (self->stack, "operations");
  gtk_widget_set_visible (GTK_WIDGET (self->continue_button), TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->continue_button));
}

static void
progress_cb (double fraction, const char *message, gpointer user_data)
{
  StrataSealPage *self = STRATA_SEAL_PAGE (user_data);

  if (self->progress_label != NULL && message != NULL)
    gtk_label_set_label (self->progress_label, message);
}

static void
skip_clicked_cb (StrataSealPage *self)
{
  g_cancellable_cancel (self->cancellable);
}

static void
continue_clicked_cb (StrataSealPage *self)
{
  g_signal_emit (self, signals[CONTINUED], 0);
}

static void
strata_seal_page_dispose (GObject *object)
{
  StrataSealPage *self = STRATA_SEAL_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SEAL_PAGE);
  g_clear_object (&self->operations);

  G_OBJECT_CLASS (strata_seal_page_parent_class)->dispose (object);
}

static void
strata_seal_page_class_init (StrataSealPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_seal_page_dispose;

  signals[CONTINUED] = g_signal_new ("continued", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-seal-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, continue_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, progress_label);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, intro_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, seal_row);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, problem_row);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, found_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, found);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, default_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, defaults);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, other_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSealPage, others);
  gtk_widget_class_bind_template_callback (widget_class, skip_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, continue_clicked_cb);
}

static void
strata_seal_page_init (StrataSealPage *self)
{
  self->operations = g_list_store_new (STRATA_TYPE_SEAL_OPERATION);

  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_seal_page_inspect:
 * @self: a page
 * @host: the machine's host
 * @machine: whose guest is to be looked at
 *
 * Starts looking; a second call does nothing.
 */
void
strata_seal_page_inspect (StrataSealPage *self, StrataHost *host, StrataMachine *machine)
{
  g_return_if_fail (STRATA_IS_SEAL_PAGE (self));

  if (self->cancellable != NULL)
    return;

  self->cancellable = g_cancellable_new ();
  inspection_new_async (host, machine, progress_cb, g_object_ref (self), g_object_unref,
                        self->cancellable, inspected_cb, g_object_ref (self));
}

/**
 * strata_seal_page_dup_operations:
 * @self: a page
 *
 * Returns: (transfer full): names of the operations that are wanted, empty if the template shall not be sealed
 */
char **
strata_seal_page_dup_operations (StrataSealPage *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n;

  g_return_val_if_fail (STRATA_IS_SEAL_PAGE (self), NULL);

  n = adw_switch_row_get_active (self->seal_row)
          ? g_list_model_get_n_items (G_LIST_MODEL (self->operations))
          : 0;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataSealOperation) operation =
          g_list_model_get_item (G_LIST_MODEL (self->operations), i);

      if (strata_seal_operation_get_selected (operation))
        g_strv_builder_add (builder, strata_seal_operation_get_name (operation));
    }

  return g_strv_builder_end (builder);
}
