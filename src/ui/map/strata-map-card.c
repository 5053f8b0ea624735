/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapCard: a node of the map in sight. Its shape and colours are the style sheet's; what it draws itself is an icon and
 * two lines. Widgets of their own for these would make a crowded map slow.
 */

#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "model/map/strata-map-words.h"
#include "strata-map-card.h"

#define ICON_SIZE  16
#define MARK_SIZE  12
#define PADDING    12
#define LINE_SCALE 0.84
#define LINE_ALPHA 0.7

struct _StrataMapCard
{
  GtkWidget parent_instance;

  PangoLayout *name;
  PangoLayout *line;
  GtkIconPaintable *icon;
  GtkIconPaintable *mark; /* (nullable): it has snapshots */
  const char *icon_name;
  const char *css_class;
  guint index;
  gboolean described;
};

G_DEFINE_FINAL_TYPE (StrataMapCard, strata_map_card, GTK_TYPE_WIDGET)

static GtkIconPaintable *
load_icon (StrataMapCard *self, const char *name, int size)
{
  GtkWidget *widget = GTK_WIDGET (self);

  return gtk_icon_theme_lookup_icon (
      gtk_icon_theme_get_for_display (gtk_widget_get_display (widget)), name, NULL, size,
      gtk_widget_get_scale_factor (widget), gtk_widget_get_direction (widget), 0);
}

static const char *
get_icon_name (const StrataMapNode *node)
{
  if (node->missing || node->unclear)
    return "dialog-warning-symbolic";

  switch (node->kind)
    {
    case STRATA_MAP_TEMPLATE:
      return "strata-template-symbolic";
    case STRATA_MAP_MACHINE:
      return "computer-symbolic";
    case STRATA_MAP_MEMORY:
      return "media-flash-symbolic";
    case STRATA_MAP_IMAGE:
      return "drive-harddisk-symbolic";
    }

  g_return_val_if_reached (NULL);
}

static gboolean
has_snapshots (const StrataMapNode *node)
{
  for (guint i = 0; node->kind == STRATA_MAP_IMAGE && i < node->marks->len; i++)
    {
      if (!((StrataMapMark *) g_ptr_array_index (node->marks, i))->retained)
        return TRUE;
    }

  return FALSE;
}

static void
draw_icon (GtkIconPaintable *icon,
           GtkSnapshot *snapshot,
           float x,
           float y,
           float size,
           const GdkRGBA *colour)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (icon), snapshot, size, size,
                                            colour, 1);
  gtk_snapshot_restore (snapshot);
}

static void
draw_text (GtkSnapshot *snapshot, PangoLayout *layout, float x, float y, const GdkRGBA *colour)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

static void
strata_map_card_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  StrataMapCard *self = STRATA_MAP_CARD (widget);
  float width = (float) gtk_widget_get_width (widget);
  float height = (float) gtk_widget_get_height (widget);
  gboolean contrast = adw_style_manager_get_high_contrast (
      adw_style_manager_get_for_display (gtk_widget_get_display (widget)));
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  float text =
      mirrored ? PADDING + (self->mark != NULL ? MARK_SIZE + 6 : 0) : PADDING + ICON_SIZE + 9;
  GdkRGBA colour;
  GdkRGBA faint;
  int heights[2];

  if (self->icon == NULL)
    return;

  gtk_widget_get_color (widget, &colour);
  faint = colour;
  faint.alpha *= contrast ? 1.0f : LINE_ALPHA;
  pango_layout_get_pixel_size (self->name, NULL, &heights[0]);
  pango_layout_get_pixel_size (self->line, NULL, &heights[1]);

  draw_icon (self->icon, snapshot, mirrored ? width - PADDING - ICON_SIZE : PADDING,
             (height - ICON_SIZE) / 2, ICON_SIZE, &colour);
  draw_text (snapshot, self->name, text, (height - heights[0] - heights[1]) / 2, &colour);
  draw_text (snapshot, self->line, text, (height + heights[0] - heights[1]) / 2, &faint);
  if (self->mark != NULL)
    draw_icon (self->mark, snapshot, mirrored ? PADDING : width - PADDING - MARK_SIZE,
               (height - MARK_SIZE) / 2, MARK_SIZE, &faint);
}

static void
strata_map_card_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  /* The map says how large it is. */
  *minimum = 0;
  *natural = 0;
}

static PangoLayout *
create_layout (StrataMapCard *self, double scale, PangoEllipsizeMode ellipsize)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), NULL);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_scale_new (scale));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_set_ellipsize (layout, ellipsize);
  pango_layout_set_single_paragraph_mode (layout, TRUE);

  return layout;
}

static void
set_width (StrataMapCard *self, int width)
{
  int text = width - 2 * PADDING - ICON_SIZE - 9 - (self->mark != NULL ? MARK_SIZE + 6 : 0);

  pango_layout_set_width (self->name, MAX (0, text) * PANGO_SCALE);
  pango_layout_set_width (self->line, MAX (0, text) * PANGO_SCALE);
}

static void
strata_map_card_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  set_width (STRATA_MAP_CARD (widget), width);
}

/* Fonts, their size or the scale of the screen are other ones now. */
static void
forget_looks (StrataMapCard *self)
{
  pango_layout_context_changed (self->name);
  pango_layout_context_changed (self->line);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
strata_map_card_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (strata_map_card_parent_class)->css_changed (widget, change);
  forget_looks (STRATA_MAP_CARD (widget));
}

static void
strata_map_card_dispose (GObject *object)
{
  StrataMapCard *self = STRATA_MAP_CARD (object);

  g_clear_object (&self->icon);
  g_clear_object (&self->mark);

  G_OBJECT_CLASS (strata_map_card_parent_class)->dispose (object);
}

static void
strata_map_card_finalize (GObject *object)
{
  StrataMapCard *self = STRATA_MAP_CARD (object);

  g_clear_object (&self->name);
  g_clear_object (&self->line);

  G_OBJECT_CLASS (strata_map_card_parent_class)->finalize (object);
}

static void
strata_map_card_class_init (StrataMapCardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_map_card_dispose;
  object_class->finalize = strata_map_card_finalize;
  widget_class->snapshot = strata_map_card_snapshot;
  widget_class->measure = strata_map_card_measure;
  widget_class->size_allocate = strata_map_card_size_allocate;
  widget_class->css_changed = strata_map_card_css_changed;

  gtk_widget_class_set_css_name (widget_class, "mapcard");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST_ITEM);
}

static void
strata_map_card_init (StrataMapCard *self)
{
  self->index = STRATA_MAP_NONE;
  self->name = create_layout (self, 1, PANGO_ELLIPSIZE_MIDDLE);
  self->line = create_layout (self, LINE_SCALE, PANGO_ELLIPSIZE_END);
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
}

/**
 * strata_map_card_new:
 *
 * Returns: (transfer floating): a card of no node
 */
GtkWidget *
strata_map_card_new (void)
{
  return g_object_new (STRATA_TYPE_MAP_CARD, NULL);
}

static const char *
get_css_class (StrataMapNode *node)
{
  if (node->missing)
    return "missing";
  if (node->unclear)
    return "unclear";

  switch (node->kind)
    {
    case STRATA_MAP_TEMPLATE:
      return "template";
    case STRATA_MAP_MACHINE:
      return "machine";
    case STRATA_MAP_MEMORY:
      return "memory";
    case STRATA_MAP_IMAGE:
      return node->retained ? "joint" : node->free ? "free" : "image";
    }

  g_return_val_if_reached (NULL);
}

static void
set_icon (StrataMapCard *self, const StrataMapNode *node)
{
  const char *icon_name = get_icon_name (node);

  if (g_strcmp0 (icon_name, self->icon_name) != 0)
    {
      g_clear_object (&self->icon);
      self->icon = load_icon (self, icon_name, ICON_SIZE);
      self->icon_name = icon_name;
    }
  if (has_snapshots (node) && self->mark == NULL)
    self->mark = load_icon (self, "camera-photo-symbolic", MARK_SIZE);
  else if (!has_snapshots (node))
    g_clear_object (&self->mark);
}

static char *
get_label (const StrataMapNode *node, const char *line)
{
  const char *kind = strata_map_words_for_kind (node);

  if (g_str_has_prefix (line, kind))
    /* Translators: something on the map as a screen reader says it: its name, and what it is. */
    return g_strdup_printf (C_ ("map", "%s, %s"), node->name, line);

  /* Translators: something on the map as a screen reader says it: its name, what it is, and its state or size. */
  return g_strdup_printf (C_ ("map", "%s, %s, %s"), node->name, kind, line);
}

/**
 * strata_map_card_set_node:
 * @self: a card
 * @map: a map
 * @index: a node of it
 */
void
strata_map_card_set_node (StrataMapCard *self, StrataMap *map, guint index)
{
  StrataMapNode *node = strata_map_get_node (map, index);
  const char *css_class = get_css_class (node);
  g_autofree char *line = strata_map_words_for_line (node);
  g_autofree char *label = NULL;

  g_return_if_fail (STRATA_IS_MAP_CARD (self));

  self->index = index;
  self->described = FALSE;
  if (g_strcmp0 (css_class, self->css_class) != 0)
    {
      if (self->css_class != NULL)
        gtk_widget_remove_css_class (GTK_WIDGET (self), self->css_class);
      gtk_widget_add_css_class (GTK_WIDGET (self), css_class);
      self->css_class = css_class;
    }
  set_icon (self, node);
  pango_layout_set_text (self->name, node->name, -1);
  pango_layout_set_text (self->line, line, -1);
  set_width (self, gtk_widget_get_width (GTK_WIDGET (self)));

  label = get_label (node, line);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_accessible_reset_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/**
 * strata_map_card_get_index:
 * @self: a card
 *
 * Returns: the node that it shows, or %STRATA_MAP_NONE
 */
guint
strata_map_card_get_index (StrataMapCard *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_CARD (self), STRATA_MAP_NONE);

  return self->index;
}

/**
 * strata_map_card_describe:
 * @self: a card
 * @map: the map that its node is on
 *
 * Tells a screen reader what would be if the node went. It takes a moment, and is done when a screen reader is there.
 */
void
strata_map_card_describe (StrataMapCard *self, StrataMap *map)
{
  g_autoptr (StrataMapImpact) impact = NULL;
  g_autofree char *text = NULL;

  g_return_if_fail (STRATA_IS_MAP_CARD (self));

  if (self->described)
    return;

  impact = strata_map_impact_new (map, self->index);
  text = strata_map_words_for_description (map, self->index, impact);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
  self->described = TRUE;
}

/**
 * strata_map_card_set_dimmed:
 * @self: a card
 * @dimmed: whether others matter more
 */
void
strata_map_card_set_dimmed (StrataMapCard *self, gboolean dimmed)
{
  g_return_if_fail (STRATA_IS_MAP_CARD (self));

  (dimmed ? gtk_widget_add_css_class : gtk_widget_remove_css_class) (GTK_WIDGET (self),
                                                                     "dimmed-card");
}
