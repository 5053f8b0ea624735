/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataApplication: one process, its command line, and what outlives a window. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-application.h"
#include "strata-known-hosts.h"
#include "ui/job/strata-job-watch.h"
#include "strata-window.h"

#define MEBIBYTE ((guint64) 1024 * 1024)

struct _StrataApplication
{
  AdwApplication parent_instance;

  GSettings *settings;
  StrataJobQueue *queue;
  StrataJobWatch *watch;
  GListStore *hosts;
  gboolean held; /* working without a window */
  gboolean quitting;
};

G_DEFINE_FINAL_TYPE (StrataApplication, strata_application, ADW_TYPE_APPLICATION)

static void
present_window (StrataApplication *self, const char *uri, gboolean read_only)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));
  g_autofree char *last = NULL;
  gboolean is_new = window == NULL;

  if (is_new)
    {
      window = GTK_WINDOW (
          strata_window_new (GTK_APPLICATION (self), self->settings, self->queue, self->hosts));
      if (uri == NULL)
        uri = g_getenv ("LIBVIRT_DEFAULT_URI");
      if (uri == NULL || *uri == '\0')
        {
          last = g_settings_get_string (self->settings, "last-connection");
          uri = *last != '\0' ? last : NULL;
        }
    }
  if (uri != NULL)
    strata_window_connect_to (STRATA_WINDOW (window), uri, read_only);
  else if (is_new)
    strata_window_connect_first (STRATA_WINDOW (window));

  gtk_window_present (window);
}

/* What the user chose once holds for every new job; each can be set otherwise while it runs. */
static void
limit_new_jobs (StrataApplication *self, guint position, guint removed, guint added)
{
  guint64 bandwidth = g_settings_get_uint64 (self->settings, "bandwidth") * MEBIBYTE;

  for (guint i = position; bandwidth > 0 && i < position + added; i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), i);

      strata_job_set_bandwidth (job, bandwidth);
    }
}

static void
release_when_idle (StrataApplication *self)
{
  GApplication *application = G_APPLICATION (self);

  if (!self->held || strata_job_queue_get_n_active (self->queue) > 0)
    return;

  self->held = FALSE;
  g_application_release (application);
  if (self->quitting)
    g_application_quit (application);
}

static void
quit_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (user_data));

  /* The window asks first if there is work under way. */
  if (window != NULL)
    gtk_window_close (window);
  else
    g_application_quit (G_APPLICATION (user_data));
}

/* Keeps the process until the last job is over, also without a window. */
static void
work_in_background (StrataApplication *self)
{
  if (self->held)
    return;

  self->held = TRUE;
  g_application_hold (G_APPLICATION (self));
  release_when_idle (self);
}

static void
work_in_background_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  work_in_background (STRATA_APPLICATION (user_data));
}

/* Asks every job to stop, and quits when all have come to rest in a consistent state. */
static void
cancel_and_quit_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  StrataApplication *self = STRATA_APPLICATION (user_data);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->queue));

  self->quitting = TRUE;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), i);

      if (strata_job_can_cancel (job))
        strata_job_cancel (job);
    }

  work_in_background (self);
}

static void
about_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (user_data));
  AdwDialog *dialog = adw_about_dialog_new ();

  g_object_set (
      dialog, "application-name", _ ("Strata"), "application-icon", APPLICATION_ID, "version",
      PACKAGE_VERSION, "comments",
      _ ("Sealed templates and clones of virtual machines. You see every layer, and you never lose one."),
      "developer-name", _ ("The Strata Developers"), "license-type", GTK_LICENSE_GPL_3_0,
      /* Translators: your names, one a line. */
      "translator-credits", _ ("translator-credits"), NULL);
  adw_dialog_present (dialog, GTK_WIDGET (window));
}

static void
activate_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  present_window (STRATA_APPLICATION (user_data), NULL, FALSE);
}

static const GActionEntry entries[] = {
  { .name = "quit", .activate = quit_activated },
  { .name = "about", .activate = about_activated },
  { .name = "present", .activate = activate_activated },
  { .name = "work-in-background", .activate = work_in_background_activated },
  { .name = "cancel-and-quit", .activate = cancel_and_quit_activated },
};

static void
strata_application_startup (GApplication *application)
{
  StrataApplication *self = STRATA_APPLICATION (application);
  GtkApplication *gtk = GTK_APPLICATION (application);

  G_APPLICATION_CLASS (strata_application_parent_class)->startup (application);

  self->settings = g_settings_new (APPLICATION_ID);
  self->queue = strata_job_queue_new (NULL);
  self->hosts = strata_known_hosts_new (self->settings);
  self->watch =
      strata_job_watch_new (GTK_APPLICATION (self), self->queue, G_LIST_MODEL (self->hosts));
  g_signal_connect_object (self->queue, "items-changed", G_CALLBACK (limit_new_jobs), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "notify::n-active", G_CALLBACK (release_when_idle), self,
                           G_CONNECT_SWAPPED);

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  gtk_application_set_accels_for_action (gtk, "app.quit",
                                         (const char *const[]) { "<Control>q", NULL });
  gtk_application_set_accels_for_action (gtk, "window.close",
                                         (const char *const[]) { "<Control>w", NULL });
}

static void
strata_application_activate (GApplication *application)
{
  present_window (STRATA_APPLICATION (application), NULL, FALSE);
}

static int
strata_application_command_line (GApplication *application, GApplicationCommandLine *command_line)
{
  g_auto (GStrv) arguments = g_application_command_line_get_arguments (command_line, NULL);
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);
  const char *uri = arguments[0] != NULL ? arguments[1] : NULL;

  g_variant_dict_lookup (options, "connect", "&s", &uri);
  present_window (STRATA_APPLICATION (application), uri,
                  g_variant_dict_contains (options, "readonly"));

  return 0;
}

static int
strata_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (!g_variant_dict_contains (options, "version"))
    return -1;

  g_print ("Strata %s\n", PACKAGE_VERSION);

  return 0;
}

static void
strata_application_dispose (GObject *object)
{
  StrataApplication *self = STRATA_APPLICATION (object);

  g_clear_object (&self->watch);
  g_clear_object (&self->queue);
  g_clear_object (&self->hosts);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (strata_application_parent_class)->dispose (object);
}

static void
strata_application_class_init (StrataApplicationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  object_class->dispose = strata_application_dispose;

  application_class->startup = strata_application_startup;
  application_class->activate = strata_application_activate;
  application_class->command_line = strata_application_command_line;
  application_class->handle_local_options = strata_application_handle_local_options;
}

static void
strata_application_init (StrataApplication *self)
{
  g_application_add_main_option (G_APPLICATION (self), "version", 0, G_OPTION_FLAG_NONE,
                                 G_OPTION_ARG_NONE, _ ("Show the version and exit"), NULL);
  g_application_add_main_option (
      G_APPLICATION (self), "connect", 'c', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING,
      _ ("The libvirt host, as with virsh: a URI or an alias of libvirt.conf"), _ ("URI"));
  g_application_add_main_option (G_APPLICATION (self), "readonly", 'r', G_OPTION_FLAG_NONE,
                                 G_OPTION_ARG_NONE, _ ("Open it for reading only, as with virsh"),
                                 NULL);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[URI]"));
  g_application_set_option_context_summary (
      G_APPLICATION (self), _ ("Makes sealed templates of virtual machines, and deploys them."));
}

StrataApplication *
strata_application_new (void)
{
  return g_object_new (STRATA_TYPE_APPLICATION, "application-id", APPLICATION_ID,
                       "resource-base-path", "/io/github/stratavm/Strata", "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE, NULL);
}
