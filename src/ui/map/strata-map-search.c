/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapSearch: what the user looks for on the map, and the bar to say it in. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-map-search.h"

struct _StrataMapSearch
{
  AdwBin parent_instance;

  StrataMapView *view;
  GArray *matches; /* from left to right, from above */
  guint current;   /* STRATA_MAP_NONE before the first */

  GtkSearchBar *bar;
  GtkSearchEntry *entry;
  GtkLabel *count;
};

typedef enum
{
  PROP_VIEW = 1,
  PROP_ENABLED,
  N_PROPS,
} StrataMapSearchProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMapSearch, strata_map_search, ADW_TYPE_BIN)

static void
say (StrataMapSearch *self, gboolean searching, gboolean aloud)
{
  guint n = self->matches->len;
  g_autofree char *text = NULL;

  if (!searching)
    text = g_strdup ("");
  else if (n == 0)
    text = g_strdup (_ ("No results"));
  else if (self->current == STRATA_MAP_NONE)
    text = g_strdup_printf (ngettext ("%u result", "%u results", n), n);
  else
    /* Translators: which of how many results: “2 of 5”. */
    text = g_strdup_printf (_ ("%u of %u"), self->current + 1, n);

  gtk_label_set_label (self->count, text);
  if (aloud && *text != '\0')
    gtk_accessible_announce (GTK_ACCESSIBLE (self->view), text,
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static int
compare_places (gconstpointer a, gconstpointer b, gpointer layout)
{
  StrataMapPoint one = strata_map_layout_get_place (layout, *(const guint *) a);
  StrataMapPoint other = strata_map_layout_get_place (layout, *(const guint *) b);

  if (one.y != other.y)
    return one.y < other.y ? -1 : 1;

  return (one.x > other.x) - (one.x < other.x);
}

/* Puts into @matches, and returns for each node, whether it is one. */
static guint8 *
collect (StrataMapSearch *self, StrataMapLayout *layout, const char *text)
{
  guint8 *matches = g_new0 (guint8, MAX (1, layout->places->len));

  for (guint i = 0; i < layout->places->len; i++)
    {
      matches[i] = strata_map_matches (layout->map, i, text);
      if (matches[i])
        g_array_append_val (self->matches, i);
    }
  g_array_sort_with_data (self->matches, compare_places, layout);

  return matches;
}

/* Begins again at the end. */
static void
step (StrataMapSearch *self, int by)
{
  guint n = self->matches->len;

  if (n == 0)
    {
      gtk_widget_error_bell (GTK_WIDGET (self->view));
      return;
    }

  if (self->current == STRATA_MAP_NONE)
    self->current = by > 0 ? 0 : n - 1;
  else
    self->current = (self->current + (guint) ((int) n + by)) % n;
  strata_map_view_go_to (self->view, g_array_index (self->matches, guint, self->current), FALSE);
  say (self, TRUE, TRUE);
}

static void
changed_cb (StrataMapSearch *self)
{
  strata_map_search_again (self);
}

static void
next_cb (StrataMapSearch *self)
{
  step (self, 1);
}

static void
previous_cb (StrataMapSearch *self)
{
  step (self, -1);
}

static void
stopped_cb (StrataMapSearch *self)
{
  gtk_search_bar_set_search_mode (self->bar, FALSE);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
mode_changed_cb (StrataMapSearch *self)
{
  if (gtk_search_bar_get_search_mode (self->bar))
    gtk_widget_grab_focus (GTK_WIDGET (self->entry));
  else
    gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ENABLED]);
}

static void
strata_map_search_dispose (GObject *object)
{
  StrataMapSearch *self = STRATA_MAP_SEARCH (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MAP_SEARCH);
  g_clear_object (&self->view);
  g_clear_pointer (&self->matches, g_array_unref);

  G_OBJECT_CLASS (strata_map_search_parent_class)->dispose (object);
}

static void
strata_map_search_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataMapSearch *self = STRATA_MAP_SEARCH (object);

  switch ((StrataMapSearchProperty) prop_id)
    {
    case PROP_VIEW:
      g_value_set_object (value, self->view);
      break;
    case PROP_ENABLED:
      g_value_set_boolean (value, gtk_search_bar_get_search_mode (self->bar));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_map_search_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  StrataMapSearch *self = STRATA_MAP_SEARCH (object);

  switch ((StrataMapSearchProperty) prop_id)
    {
    case PROP_VIEW:
      if (g_set_object (&self->view, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_ENABLED:
      gtk_search_bar_set_search_mode (self->bar, g_value_get_boolean (value));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_map_search_class_init (StrataMapSearchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_map_search_dispose;
  object_class->get_property = strata_map_search_get_property;
  object_class->set_property = strata_map_search_set_property;

  properties[PROP_VIEW] = g_param_spec_object ("view", NULL, NULL, STRATA_TYPE_MAP_VIEW, flags);
  properties[PROP_ENABLED] = g_param_spec_boolean ("enabled", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-map-search.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMapSearch, bar);
  gtk_widget_class_bind_template_child (widget_class, StrataMapSearch, entry);
  gtk_widget_class_bind_template_child (widget_class, StrataMapSearch, count);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, next_cb);
  gtk_widget_class_bind_template_callback (widget_class, previous_cb);
  gtk_widget_class_bind_template_callback (widget_class, stopped_cb);
  gtk_widget_class_bind_template_callback (widget_class, mode_changed_cb);
}

static void
strata_map_search_init (StrataMapSearch *self)
{
  self->matches = g_array_new (FALSE, FALSE, sizeof (guint));
  self->current = STRATA_MAP_NONE;
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_map_search_start:
 * @self: a search
 *
 * Shows the bar, with the keyboard’s focus.
 */
void
strata_map_search_start (StrataMapSearch *self)
{
  g_return_if_fail (STRATA_IS_MAP_SEARCH (self));

  gtk_search_bar_set_search_mode (self->bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

/**
 * strata_map_search_again:
 * @self: a search
 *
 * Looks for what is written in the bar, if anything is, on what the view shows now.
 */
void
strata_map_search_again (StrataMapSearch *self)
{
  StrataMapHighlight *highlight;
  StrataMapLayout *layout;
  const char *text;
  gboolean searching;

  g_return_if_fail (STRATA_IS_MAP_SEARCH (self));

  highlight = strata_map_view_get_highlight (self->view);
  layout = strata_map_view_get_layout (self->view);
  text = gtk_editable_get_text (GTK_EDITABLE (self->entry));
  searching = *text != '\0' && layout != NULL;
  g_array_set_size (self->matches, 0);
  self->current = STRATA_MAP_NONE;
  /* What is selected, or below a pointer that was left there, would stay lit instead of what matches. */
  if (searching)
    {
      strata_map_highlight_set_hovered (highlight, STRATA_MAP_NONE);
      strata_map_highlight_select (highlight, STRATA_MAP_NONE);
    }
  strata_map_highlight_take_matches (highlight, searching ? collect (self, layout, text) : NULL);
  say (self, searching, TRUE);
}
