/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The row for one effect of a plan. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-short-paths.h"
#include "strata-effect-row.h"

static const char *
get_icon_name (StrataEffectKind kind)
{
  switch (kind)
    {
    case STRATA_EFFECT_CREATES:
      return "list-add-symbolic";
    case STRATA_EFFECT_CHANGES:
      return "document-edit-symbolic";
    case STRATA_EFFECT_REMOVES:
      return "list-remove-symbolic";
    case STRATA_EFFECT_DISCARDS:
      return "user-trash-symbolic";
    case STRATA_EFFECT_NOTE:
      return "dialog-information-symbolic";
    }

  g_return_val_if_reached (NULL);
}

static const char *
get_kind_name (StrataEffectKind kind)
{
  switch (kind)
    {
    case STRATA_EFFECT_CREATES:
      return C_ ("effect", "Creates");
    case STRATA_EFFECT_CHANGES:
      return C_ ("effect", "Changes");
    case STRATA_EFFECT_REMOVES:
      return C_ ("effect", "Removes");
    case STRATA_EFFECT_DISCARDS:
      return C_ ("effect", "Discards");
    case STRATA_EFFECT_NOTE:
      return C_ ("effect", "Note");
    }

  g_return_val_if_reached (NULL);
}

/* Colour only repeats it. */
static const char *
get_mark_words (StrataEffectRowMark mark)
{
  switch (mark)
    {
    case STRATA_EFFECT_ROW_PLAIN:
      return NULL;
    case STRATA_EFFECT_ROW_NEW:
      return C_ ("effect", "New");
    case STRATA_EFFECT_ROW_GONE:
      return C_ ("effect", "No longer");
    }

  g_return_val_if_reached (NULL);
}

/**
 * strata_effect_row_new:
 * @effect: an effect of a plan
 * @mark: how it stands to what a person has read before
 *
 * Returns: (transfer none): a floating row that says it
 */
GtkWidget *
strata_effect_row_new (const StrataEffect *effect, StrataEffectRowMark mark)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name (get_icon_name (effect->kind));
  g_autofree char *text = strata_short_paths (effect->text);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), text);
  if (!g_str_equal (text, effect->text))
    gtk_widget_set_tooltip_text (row, effect->text);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), get_mark_words (mark));
  if (mark == STRATA_EFFECT_ROW_NEW)
    gtk_widget_add_css_class (row, "plan-new");
  else if (mark == STRATA_EFFECT_ROW_GONE)
    gtk_widget_add_css_class (row, "plan-gone");
  gtk_widget_set_tooltip_text (icon, get_kind_name (effect->kind));
  gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  get_kind_name (effect->kind), -1);
  if (effect->kind == STRATA_EFFECT_DISCARDS)
    gtk_widget_add_css_class (icon, "error");
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);

  if (effect->bytes > 0)
    {
      g_autofree char *size = g_format_size (effect->bytes);
      GtkWidget *bytes = gtk_label_new (size);

      gtk_widget_add_css_class (bytes, "dimmed");
      gtk_widget_add_css_class (bytes, "numeric");
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), bytes);
    }

  return row;
}
