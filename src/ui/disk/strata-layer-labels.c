/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is written on a layer: who holds it, and what is the matter with it. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-layer-labels.h"

static const char *
get_icon_name (const StrataLayerHolder *holder)
{
  if (holder->retained)
    return "view-pin-symbolic";

  switch (holder->kind)
    {
    case STRATA_HOLDER_DOMAIN:
    case STRATA_HOLDER_CLONE:
      return "computer-symbolic";
    case STRATA_HOLDER_TEMPLATE:
      return "strata-template-symbolic";
    case STRATA_HOLDER_SNAPSHOT:
      return "camera-photo-symbolic";
    case STRATA_HOLDER_IMAGE:
      return "dialog-question-symbolic";
    }

  g_return_val_if_reached (NULL);
}

static void
add_chip (AdwWrapBox *chips, const char *icon_name, const char *text, const char *css_class)
{
  GtkWidget *chip = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *image = gtk_image_new_from_icon_name (icon_name);
  GtkWidget *label = gtk_label_new (text);

  gtk_accessible_update_state (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  gtk_image_set_pixel_size (GTK_IMAGE (image), 12);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_tooltip_text (chip, text);
  gtk_widget_add_css_class (chip, "layer-chip");
  if (css_class != NULL)
    gtk_widget_add_css_class (chip, css_class);
  gtk_box_append (GTK_BOX (chip), image);
  gtk_box_append (GTK_BOX (chip), label);
  adw_wrap_box_append (chips, chip);
}

/**
 * strata_layer_labels_add_chips:
 * @chips: where they go
 * @layer: a layer
 *
 * Who has it as his own; where nobody has, the internal snapshots in it that nobody names.
 */
void
strata_layer_labels_add_chips (AdwWrapBox *chips, StrataDiskLayer *layer)
{
  GPtrArray *owners = strata_disk_layer_get_owners (layer);
  const char *const *tags = strata_disk_layer_get_tags (layer);

  if (strata_disk_layer_is_shared (layer))
    add_chip (chips, "emblem-shared-symbolic", _ ("Shared"), "shared");
  for (guint i = 0; i < owners->len; i++)
    {
      const StrataLayerHolder *holder = g_ptr_array_index (owners, i);

      add_chip (chips, get_icon_name (holder), holder->text, NULL);
    }
  for (guint i = 0; tags[i] != NULL && owners->len == 0; i++)
    {
      g_autofree char *text = g_strdup_printf (_ ("Internal snapshot “%s”"), tags[i]);

      add_chip (chips, "camera-photo-symbolic", text, NULL);
    }
}

/**
 * strata_layer_labels_name_dependents:
 * @layer: a layer
 *
 * Returns: (transfer full) (nullable): who merely stands on it, if anybody does
 */
char *
strata_layer_labels_name_dependents (StrataDiskLayer *layer)
{
  GPtrArray *dependents = strata_disk_layer_get_dependents (layer);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < dependents->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                            ((const StrataLayerHolder *) g_ptr_array_index (dependents, i))->text);

  /* Translators: a list of who stands on a layer */
  return names->len > 0 ? g_strdup_printf (_ ("Under %s"), names->str) : NULL;
}

/**
 * strata_layer_labels_add_problems:
 * @list: where they go
 * @layer: a layer
 */
void
strata_layer_labels_add_problems (GtkBox *list, StrataDiskLayer *layer)
{
  GPtrArray *problems = strata_disk_layer_get_problems (layer);

  for (guint i = 0; i < problems->len; i++)
    {
      const StrataLayerProblem *problem = g_ptr_array_index (problems, i);
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
      GtkWidget *image = gtk_image_new_from_icon_name (problem->grave ? "dialog-error-symbolic"
                                                                      : "dialog-warning-symbolic");
      GtkWidget *label = gtk_label_new (problem->text);

      gtk_widget_add_css_class (box, "caption");
      gtk_widget_add_css_class (box, problem->grave ? "error" : "warning");
      gtk_widget_set_hexpand (label, TRUE);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_accessible_update_state (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
      gtk_box_append (GTK_BOX (box), image);
      gtk_box_append (GTK_BOX (box), label);
      gtk_box_append (list, box);
    }
}
