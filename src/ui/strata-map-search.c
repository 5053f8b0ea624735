/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapSearch: what somebody looks for on the map. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-map-search.h"

struct _StrataMapSearch
{
  GObject parent_instance;

  StrataMapView *view;
  GtkLabel *count;
  GArray *matches; /* from left to right, from above */
  guint current;   /* STRATA_MAP_NONE before the first */
};

G_DEFINE_FINAL_TYPE (StrataMapSearch, strata_map_search, G_TYPE_OBJECT)

static void
strata_map_search_dispose (GObject *object)
{
  StrataMapSearch *self = STRATA_MAP_SEARCH (object);

  g_clear_object (&self->view);
  g_clear_object (&self->count);
  g_clear_pointer (&self->matches, g_array_unref);

  G_OBJECT_CLASS (strata_map_search_parent_class)->dispose (object);
}

static void
strata_map_search_class_init (StrataMapSearchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_map_search_dispose;
}

static void
strata_map_search_init (StrataMapSearch *self)
{
  self->matches = g_array_new (FALSE, FALSE, sizeof (guint));
  self->current = STRATA_MAP_NONE;
}

StrataMapSearch *
strata_map_search_new (StrataMapView *view, GtkLabel *count)
{
  StrataMapSearch *self = g_object_new (STRATA_TYPE_MAP_SEARCH, NULL);

  self->view = g_object_ref (view);
  self->count = g_object_ref (count);

  return self;
}

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

/**
 * strata_map_search_run:
 * @self: a search
 * @text: what to look for, in any case; the empty string ends the search
 */
void
strata_map_search_run (StrataMapSearch *self, const char *text)
{
  StrataMapLayout *layout;
  g_autofree guint8 *matches = NULL;
  gboolean searching;

  g_return_if_fail (STRATA_IS_MAP_SEARCH (self));

  layout = strata_map_view_get_layout (self->view);
  searching = *text != '\0' && layout != NULL;
  g_array_set_size (self->matches, 0);
  self->current = STRATA_MAP_NONE;
  if (searching)
    {
      matches = g_new0 (guint8, MAX (1, layout->places->len));
      /* What was selected would stay lit instead of what matches. */
      strata_map_view_select (self->view, STRATA_MAP_NONE);
    }
  for (guint i = 0; searching && i < layout->places->len; i++)
    {
      matches[i] = strata_map_matches (layout->map, i, text);
      if (matches[i])
        g_array_append_val (self->matches, i);
    }
  if (searching)
    g_array_sort_with_data (self->matches, compare_places, layout);

  strata_map_view_take_matches (self->view, g_steal_pointer (&matches));
  say (self, searching, TRUE);
}

/**
 * strata_map_search_step:
 * @self: a search
 * @by: 1 or -1
 *
 * Goes to the next match, or the one before, and begins again at the end.
 */
void
strata_map_search_step (StrataMapSearch *self, int by)
{
  guint n;

  g_return_if_fail (STRATA_IS_MAP_SEARCH (self));

  n = self->matches->len;
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
