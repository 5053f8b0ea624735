/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapLegend: what the shapes on the map mean. Its swatches have the style of what they stand for. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-map-legend.h"

struct _StrataMapLegend
{
  GtkBox parent_instance;
};

G_DEFINE_FINAL_TYPE (StrataMapLegend, strata_map_legend, GTK_TYPE_BOX)

static const struct
{
  const char *css_class;
  const char *title;
  const char *text;
} entries[] = {
  { "template", NC_ ("map", "Template"), N_ ("What clones are deployed from") },
  { "image", NC_ ("map", "Image"), N_ ("A disk or a layer; a camera marks a snapshot’s") },
  { "machine", NC_ ("map", "Virtual machine"), N_ ("Right of the layers that it runs on") },
  { "joint", NC_ ("map", "Joint"), N_ ("A deleted snapshot’s layer that others stand on") },
  { "memory", NC_ ("map", "Saved memory"), N_ ("What a snapshot keeps of a guest’s memory") },
  { "free", NC_ ("map", "Free image"), N_ ("Nobody names it, and nothing stands on it") },
  { "missing", NC_ ("map", "Missing image"), N_ ("Somebody needs it, and it isn’t there") },
  { "unclear", NC_ ("map", "Unclear image"),
    N_ ("It can’t be told what it is, or Strata doesn’t work on it") },
};

static void
strata_map_legend_class_init (StrataMapLegendClass *klass)
{
}

static GtkWidget *
create_swatch (const char *css_class)
{
  GtkWidget *swatch = g_object_new (ADW_TYPE_BIN, "css-name", "mapcard", "accessible-role",
                                    GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  gtk_widget_add_css_class (swatch, css_class);
  gtk_widget_add_css_class (swatch, "swatch");
  gtk_widget_set_size_request (swatch, 36, 18);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);

  return swatch;
}

static GtkWidget *
create_label (const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 36);
  if (css_class != NULL)
    {
      gtk_widget_add_css_class (label, css_class);
      gtk_widget_add_css_class (label, "dimmed");
    }

  return label;
}

static void
strata_map_legend_init (StrataMapLegend *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 12);
  gtk_widget_add_css_class (GTK_WIDGET (self), "map-legend");

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
      GtkWidget *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

      gtk_box_append (GTK_BOX (row), create_swatch (entries[i].css_class));
      gtk_box_append (GTK_BOX (words),
                      create_label (g_dpgettext2 (NULL, "map", entries[i].title), NULL));
      gtk_box_append (GTK_BOX (words), create_label (_ (entries[i].text), "caption"));
      gtk_box_append (GTK_BOX (row), words);
      gtk_box_append (GTK_BOX (self), row);
    }

  gtk_box_append (
      GTK_BOX (self),
      create_label (_ ("Drag or scroll to move the map; Ctrl and the wheel zoom. Arrow keys walk "
                       "along the lines, Enter opens a machine’s page."),
                    "caption"));
}
