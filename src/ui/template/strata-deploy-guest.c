/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDeployGuest: what is set inside each clone before its first start. */

#include "config.h"

#include <glib/gi18n.h>

#include "guest/strata-password.h"
#include "guest/strata-ssh-key.h"
#include "strata-deploy-guest.h"
#include "base/strata-error.h"

struct _StrataDeployGuest
{
  AdwBin parent_instance;

  char *keys_source; /* (nullable): name of the file that keys_text came from */
  char *keys_text;
  char *script;

  AdwSwitchRow *hostname_row;
  AdwEntryRow *user_row;
  AdwEntryRow *keys_row;
  AdwPasswordEntryRow *password_row;
  AdwActionRow *script_row;
  GtkButton *clear_script_button;
  GtkLabel *problem_label;
};

typedef struct
{
  StrataRequest *request;
  char *password;
} Fill;

G_DEFINE_FINAL_TYPE (StrataDeployGuest, strata_deploy_guest, ADW_TYPE_BIN)

static void
fill_free (Fill *fill)
{
  strata_password_clear (fill->password);
  g_clear_pointer (&fill->request, strata_request_free);
  g_free (fill);
}

static void
set_problem (StrataDeployGuest *self, const char *problem)
{
  gtk_label_set_label (self->problem_label, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem_label), problem != NULL);
}

/* What was typed replaces the file that was chosen before. */
static void
keys_edited_cb (StrataDeployGuest *self)
{
  g_clear_pointer (&self->keys_source, g_free);
  g_clear_pointer (&self->keys_text, g_free);
  set_problem (self, NULL);
}

static void
keys_read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDeployGuest) self = STRATA_DEPLOY_GUEST (user_data);
  g_autofree char *name = g_file_get_basename (G_FILE (object));
  g_autofree char *text = NULL;
  g_auto (GStrv) keys = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_load_contents_finish (G_FILE (object), result, &text, NULL, NULL, &error) ||
      (keys = strata_ssh_keys_parse (text, name, &error)) == NULL)
    {
      set_problem (self, error->message);
      return;
    }

  /* Setting the text clears the two, so they come after it. */
  gtk_editable_set_text (GTK_EDITABLE (self->keys_row), name);
  self->keys_source = g_steal_pointer (&name);
  self->keys_text = g_steal_pointer (&text);
}

static void
keys_chosen_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDeployGuest) self = STRATA_DEPLOY_GUEST (user_data);
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (object), result, NULL);

  if (file != NULL)
    g_file_load_contents_async (file, NULL, keys_read_cb, g_object_ref (self));
}

static void
choose_keys_cb (StrataDeployGuest *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autofree char *path = g_build_filename (g_get_home_dir (), ".ssh", NULL);
  g_autoptr (GFile) folder = g_file_new_for_path (path);

  gtk_file_dialog_set_title (dialog, _ ("Choose Public Keys"));
  gtk_file_dialog_set_initial_folder (dialog, folder);
  gtk_file_dialog_open (dialog, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), NULL,
                        keys_chosen_cb, g_object_ref (self));
}

static void
clear_script_cb (StrataDeployGuest *self)
{
  g_clear_pointer (&self->script, g_free);
  adw_action_row_set_subtitle (self->script_row, _ ("None"));
  gtk_widget_set_visible (GTK_WIDGET (self->clear_script_button), FALSE);
}

static void
script_read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDeployGuest) self = STRATA_DEPLOY_GUEST (user_data);
  g_autofree char *name = g_file_get_basename (G_FILE (object));
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_load_contents_finish (G_FILE (object), result, &text, NULL, NULL, &error))
    set_problem (self, error->message);
  else if (!g_utf8_validate (text, -1, NULL) || !g_str_has_prefix (text, "#!"))
    set_problem (
        self, _ ("A script is text, and its first line says what runs it, such as “#!/bin/sh”."));
  else
    {
      set_problem (self, NULL);
      g_free (self->script);
      self->script = g_steal_pointer (&text);
      adw_action_row_set_subtitle (self->script_row, name);
      gtk_widget_set_visible (GTK_WIDGET (self->clear_script_button), TRUE);
    }
}

static void
script_chosen_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDeployGuest) self = STRATA_DEPLOY_GUEST (user_data);
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (object), result, NULL);

  if (file != NULL)
    g_file_load_contents_async (file, NULL, script_read_cb, g_object_ref (self));
}

static void
choose_script_cb (StrataDeployGuest *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();

  gtk_file_dialog_set_title (dialog, _ ("Choose a Script"));
  gtk_file_dialog_open (dialog, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), NULL,
                        script_chosen_cb, g_object_ref (self));
}

static void
hash_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Fill *fill = task_data;
  GError *error = NULL;
  char *hash = strata_password_hash (fill->password, &error);

  if (hash == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (fill->request->user != NULL)
    fill->request->user_hash = hash;
  else
    fill->request->root_hash = hash;
  g_task_return_pointer (task, g_steal_pointer (&fill->request),
                         (GDestroyNotify) strata_request_free);
}

static gboolean
fill_keys (StrataDeployGuest *self, StrataRequest *request, GError **error)
{
  const char *typed = gtk_editable_get_text (GTK_EDITABLE (self->keys_row));

  if (self->keys_text != NULL)
    request->ssh_keys = strata_ssh_keys_parse (self->keys_text, self->keys_source, error);
  else if (*typed != '\0')
    request->ssh_keys = strata_ssh_keys_parse (typed, _ ("SSH public key"), error);
  else
    return TRUE;

  return request->ssh_keys != NULL;
}

static void
strata_deploy_guest_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_DEPLOY_GUEST);

  G_OBJECT_CLASS (strata_deploy_guest_parent_class)->dispose (object);
}

static void
strata_deploy_guest_finalize (GObject *object)
{
  StrataDeployGuest *self = STRATA_DEPLOY_GUEST (object);

  g_clear_pointer (&self->keys_source, g_free);
  g_clear_pointer (&self->keys_text, g_free);
  g_clear_pointer (&self->script, g_free);

  G_OBJECT_CLASS (strata_deploy_guest_parent_class)->finalize (object);
}

static void
strata_deploy_guest_class_init (StrataDeployGuestClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_deploy_guest_dispose;
  G_OBJECT_CLASS (klass)->finalize = strata_deploy_guest_finalize;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-deploy-guest.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataDeployGuest, hostname_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployGuest, user_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployGuest, keys_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployGuest, password_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployGuest, script_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployGuest, clear_script_button);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployGuest, problem_label);
  gtk_widget_class_bind_template_callback (widget_class, keys_edited_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_keys_cb);
  gtk_widget_class_bind_template_callback (widget_class, clear_script_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_script_cb);
}

static void
strata_deploy_guest_init (StrataDeployGuest *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
strata_deploy_guest_set_guest_known (StrataDeployGuest *self, gboolean known)
{
  g_return_if_fail (STRATA_IS_DEPLOY_GUEST (self));

  adw_switch_row_set_active (self->hostname_row, known);
}

/**
 * strata_deploy_guest_fill_async:
 * @self: the widget
 * @request: (transfer full): a request
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Writes what was chosen into @request.
 */
void
strata_deploy_guest_fill_async (StrataDeployGuest *self,
                                StrataRequest *request,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  const char *user = gtk_editable_get_text (GTK_EDITABLE (self->user_row));
  const char *password = gtk_editable_get_text (GTK_EDITABLE (self->password_row));
  Fill *fill = g_new0 (Fill, 1);
  GError *error = NULL;

  fill->request = request;
  g_task_set_static_name (task, "strata-fill");
  g_task_set_task_data (task, fill, (GDestroyNotify) fill_free);

  if (!fill_keys (self, request, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  if (adw_switch_row_get_active (self->hostname_row))
    request->hostname = g_strdup ("%s");
  request->user = *user != '\0' && !g_str_equal (user, "root") ? g_strdup (user) : NULL;
  request->first_boot = g_strdup (self->script);

  if (*password != '\0')
    {
      fill->password = g_strdup (password);
      g_task_run_in_thread (task, hash_thread);
    }
  else
    g_task_return_pointer (task, g_steal_pointer (&fill->request),
                           (GDestroyNotify) strata_request_free);
}

/**
 * strata_deploy_guest_fill_finish:
 * @self: the widget
 * @result: what the callback got
 * @error: `STRATA_ERROR_INVALID`, which the widget shows too
 *
 * Returns: (transfer full) (nullable): the request, filled
 */
StrataRequest *
strata_deploy_guest_fill_finish (StrataDeployGuest *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) local = NULL;
  StrataRequest *request;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  request = g_task_propagate_pointer (G_TASK (result), &local);
  if (self->problem_label != NULL)
    set_problem (self, local != NULL ? local->message : NULL);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));

  return request;
}
