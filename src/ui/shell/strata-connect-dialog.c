/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataConnectDialog: asks where to connect to, without asking for a URI by heart. */

#include "config.h"

#include <string.h>

#include "strata-connect-dialog.h"

typedef enum
{
  KIND_SESSION,
  KIND_SYSTEM,
  KIND_SSH,
  KIND_OTHER,
} Kind;

struct _StrataConnectDialog
{
  AdwDialog parent_instance;

  AdwComboRow *kinds;
  AdwEntryRow *address_row;
  AdwEntryRow *uri_row;
};

enum
{
  CONNECT_TO,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataConnectDialog, strata_connect_dialog, ADW_TYPE_DIALOG)

static gboolean
is_ssh (StrataConnectDialog *self, guint selected)
{
  return selected == KIND_SSH;
}

/* An alias of libvirt.conf is as good as a URI; libvirt knows. */
static gboolean
is_uri (StrataConnectDialog *self, const char *text)
{
  return text != NULL && *text != '\0' && strpbrk (text, " \t\n") == NULL;
}

/* (transfer full) (nullable): what the choice above stands for; NULL where it is typed below */
static char *
get_chosen_uri (StrataConnectDialog *self)
{
  const char *address = gtk_editable_get_text (GTK_EDITABLE (self->address_row));

  switch ((Kind) adw_combo_row_get_selected (self->kinds))
    {
    case KIND_SESSION:
      return g_strdup ("qemu:///session");
    case KIND_SYSTEM:
      return g_strdup ("qemu:///system");
    case KIND_SSH:
      return *address != '\0' ? g_strdup_printf ("qemu+ssh://%s/system", address) : g_strdup ("");
    case KIND_OTHER:
      return NULL;
    }

  g_return_val_if_reached (NULL);
}

static void
kind_changed_cb (StrataConnectDialog *self)
{
  g_autofree char *uri = get_chosen_uri (self);

  if (uri != NULL)
    gtk_editable_set_text (GTK_EDITABLE (self->uri_row), uri);
}

/* Typing is another choice. */
static void
uri_edited_cb (StrataConnectDialog *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->uri_row));
  g_autofree char *uri = get_chosen_uri (self);

  /* While one text takes the place of another there is none for a moment. */
  if (uri != NULL && *text != '\0' && !g_str_equal (text, uri))
    adw_combo_row_set_selected (self->kinds, KIND_OTHER);
}

static void
connect_clicked_cb (StrataConnectDialog *self)
{
  g_autofree char *uri = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->uri_row)));

  if (!is_uri (self, uri))
    return;

  adw_dialog_close (ADW_DIALOG (self));
  g_signal_emit (self, signals[CONNECT_TO], 0, uri);
}

static void
close_dialog (GtkWidget *widget, const char *action, GVariant *parameter)
{
  adw_dialog_close (ADW_DIALOG (widget));
}

static void
strata_connect_dialog_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_CONNECT_DIALOG);

  G_OBJECT_CLASS (strata_connect_dialog_parent_class)->dispose (object);
}

static void
strata_connect_dialog_class_init (StrataConnectDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_connect_dialog_dispose;

  signals[CONNECT_TO] = g_signal_new ("connect-to", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                      NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-connect-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataConnectDialog, kinds);
  gtk_widget_class_bind_template_child (widget_class, StrataConnectDialog, address_row);
  gtk_widget_class_bind_template_child (widget_class, StrataConnectDialog, uri_row);
  gtk_widget_class_bind_template_callback (widget_class, is_ssh);
  gtk_widget_class_bind_template_callback (widget_class, is_uri);
  gtk_widget_class_bind_template_callback (widget_class, kind_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, uri_edited_cb);
  gtk_widget_class_bind_template_callback (widget_class, connect_clicked_cb);
  gtk_widget_class_install_action (widget_class, "dialog.close", NULL, close_dialog);
}

static void
strata_connect_dialog_init (StrataConnectDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  kind_changed_cb (self);
}

AdwDialog *
strata_connect_dialog_new (void)
{
  return g_object_new (STRATA_TYPE_CONNECT_DIALOG, NULL);
}
