/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapPanel: what there is to say of something on the map. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/map/strata-map-words.h"
#include "strata-map-panel.h"

struct _StrataMapPanel
{
  AdwBin parent_instance;

  GtkLabel *title;
  GtkLabel *type;
  GtkLabel *path;
  GtkLabel *problem;
  GtkGrid *details;
  GtkLabel *impact;
  GtkLabel *freed;
  GtkButton *open;
};

G_DEFINE_FINAL_TYPE (StrataMapPanel, strata_map_panel, ADW_TYPE_BIN)

static void
strata_map_panel_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_MAP_PANEL);

  G_OBJECT_CLASS (strata_map_panel_parent_class)->dispose (object);
}

static void
strata_map_panel_class_init (StrataMapPanelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_map_panel_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-map-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, title);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, type);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, path);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, problem);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, details);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, impact);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, freed);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPanel, open);
}

static void
strata_map_panel_init (StrataMapPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
set_text (GtkLabel *label, const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static void
add_detail (StrataMapPanel *self, int row, const char *title, const char *text)
{
  GtkWidget *name = gtk_label_new (title);
  GtkWidget *value = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_widget_set_valign (name, GTK_ALIGN_START);
  gtk_widget_add_css_class (name, "caption");
  gtk_widget_add_css_class (name, "dimmed");
  gtk_label_set_xalign (GTK_LABEL (value), 0);
  gtk_label_set_wrap (GTK_LABEL (value), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (value), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (value), 30);
  gtk_label_set_lines (GTK_LABEL (value), 3);
  gtk_label_set_ellipsize (GTK_LABEL (value), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (value, TRUE);
  gtk_widget_add_css_class (value, "caption");
  gtk_grid_attach (self->details, name, 0, row, 1, 1);
  gtk_grid_attach (self->details, value, 1, row, 1, 1);
}

static void
fill_details (StrataMapPanel *self, StrataMap *map, guint index)
{
  StrataMapNode *node = strata_map_get_node (map, index);
  g_autofree char *size = strata_map_words_for_size (node);
  g_autofree char *marks = strata_map_words_for_marks (node);
  g_autofree char *below = strata_map_words_for_below (map, index);
  g_autofree char *above = strata_map_words_for_above (map, index);
  const struct
  {
    const char *title;
    const char *text;
  } details[] = {
    { _ ("Size"), size },
    { _ ("Snapshots"), marks },
    { _ ("Stands on"), below },
    { _ ("Used by"), above },
  };
  GtkWidget *child;
  int row = 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->details))) != NULL)
    gtk_grid_remove (self->details, child);
  for (guint i = 0; i < G_N_ELEMENTS (details); i++)
    {
      if (details[i].text != NULL)
        add_detail (self, row++, details[i].title, details[i].text);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->details), row > 0);
}

static void
show_owner (StrataMapPanel *self, const StrataMapNode *owner)
{
  /* Translators: a button that shows the page of the machine of that name. */
  g_autofree char *label = g_strdup_printf (_ ("Show “%s”"), owner->name);

  gtk_button_set_label (self->open, label);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->open), "s", owner->uuid);
}

/**
 * strata_map_panel_show_node:
 * @self: a panel
 * @map: a map
 * @index: a node of it
 */
void
strata_map_panel_show_node (StrataMapPanel *self, StrataMap *map, guint index)
{
  StrataMapNode *node;
  g_autoptr (StrataMapImpact) impact = NULL;
  g_autofree char *type = NULL;
  g_autofree char *words = NULL;
  g_autofree char *freed = NULL;
  const char *owner;

  g_return_if_fail (STRATA_IS_MAP_PANEL (self));
  g_return_if_fail (map != NULL);

  node = strata_map_get_node (map, index);
  impact = strata_map_impact_new (map, index);
  type = strata_map_words_for_type (node);
  words = strata_map_words_for_impact (map, index, impact);
  freed = strata_map_words_for_freed (node, impact);
  owner = strata_map_get_owner (map, index);

  set_text (self->title, node->name);
  set_text (self->type, type);
  set_text (self->path, node->uuid == NULL ? node->id : NULL);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->path), node->id);
  set_text (self->problem, node->problem);
  fill_details (self, map, index);
  set_text (self->impact, words);
  set_text (self->freed, freed);
  gtk_widget_set_visible (GTK_WIDGET (self->open), owner != NULL);
  if (owner != NULL)
    show_owner (self, strata_map_get_node (map, strata_map_find (map, owner)));
}
