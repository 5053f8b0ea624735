/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapHighlight: what of a map one looks at: what the pointer is on, what is selected, what was searched for; and so, who is
 * lit.
 */

#include "config.h"

#include "strata-map-highlight.h"

struct _StrataMapHighlight
{
  GObject parent_instance;

  StrataMap *map;
  guint8 *kin;     /* (nullable): of what is active */
  guint8 *matches; /* (nullable) */
  guint hovered;
  guint selected;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataMapHighlight, strata_map_highlight, G_TYPE_OBJECT)

/* Everything that depends on what is active. */
static void
change (StrataMapHighlight *self)
{
  guint active = strata_map_highlight_get_active (self);

  g_clear_pointer (&self->kin, g_free);
  if (active != STRATA_MAP_NONE)
    self->kin = strata_map_get_kin (self->map, active);
  g_signal_emit (self, signals[CHANGED], 0);
}

static guint
find_again (StrataMap *before, StrataMap *map, guint index)
{
  if (before == NULL || map == NULL || index == STRATA_MAP_NONE)
    return STRATA_MAP_NONE;

  return strata_map_find (map, strata_map_get_node (before, index)->id);
}

static void
strata_map_highlight_finalize (GObject *object)
{
  StrataMapHighlight *self = STRATA_MAP_HIGHLIGHT (object);

  g_clear_pointer (&self->map, strata_map_unref);
  g_clear_pointer (&self->kin, g_free);
  g_clear_pointer (&self->matches, g_free);

  G_OBJECT_CLASS (strata_map_highlight_parent_class)->finalize (object);
}

static void
strata_map_highlight_class_init (StrataMapHighlightClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_map_highlight_finalize;

  signals[CHANGED] = g_signal_new ("changed", STRATA_TYPE_MAP_HIGHLIGHT, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_map_highlight_init (StrataMapHighlight *self)
{
  self->hovered = STRATA_MAP_NONE;
  self->selected = STRATA_MAP_NONE;
}

/**
 * strata_map_highlight_new:
 *
 * Returns: (transfer full): the highlight on no map
 */
StrataMapHighlight *
strata_map_highlight_new (void)
{
  return g_object_new (STRATA_TYPE_MAP_HIGHLIGHT, NULL);
}

/**
 * strata_map_highlight_set_map:
 * @self: a highlight
 * @map: (nullable): another map
 *
 * What is selected and what the pointer is on stays so if it is still there; matches have to be found again.
 */
void
strata_map_highlight_set_map (StrataMapHighlight *self, StrataMap *map)
{
  g_autoptr (StrataMap) before = NULL;

  g_return_if_fail (STRATA_IS_MAP_HIGHLIGHT (self));

  before = g_steal_pointer (&self->map);
  self->map = map != NULL ? strata_map_ref (map) : NULL;
  self->hovered = find_again (before, map, self->hovered);
  self->selected = find_again (before, map, self->selected);
  g_clear_pointer (&self->matches, g_free);
  change (self);
}

/**
 * strata_map_highlight_get_active:
 * @self: a highlight
 *
 * Returns: what the pointer is on, else what is selected, else %STRATA_MAP_NONE
 */
guint
strata_map_highlight_get_active (StrataMapHighlight *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_HIGHLIGHT (self), STRATA_MAP_NONE);

  return self->hovered != STRATA_MAP_NONE ? self->hovered : self->selected;
}

/**
 * strata_map_highlight_get_selected:
 * @self: a highlight
 *
 * Returns: what is selected, or %STRATA_MAP_NONE
 */
guint
strata_map_highlight_get_selected (StrataMapHighlight *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_HIGHLIGHT (self), STRATA_MAP_NONE);

  return self->selected;
}

/**
 * strata_map_highlight_select:
 * @self: a highlight
 * @index: a node, or %STRATA_MAP_NONE for nothing
 */
void
strata_map_highlight_select (StrataMapHighlight *self, guint index)
{
  g_return_if_fail (STRATA_IS_MAP_HIGHLIGHT (self));

  if (self->selected == index)
    return;
  self->selected = index;
  change (self);
}

/**
 * strata_map_highlight_set_hovered:
 * @self: a highlight
 * @index: a node, or %STRATA_MAP_NONE for nothing
 */
void
strata_map_highlight_set_hovered (StrataMapHighlight *self, guint index)
{
  g_return_if_fail (STRATA_IS_MAP_HIGHLIGHT (self));

  if (self->hovered == index)
    return;
  self->hovered = index;
  change (self);
}

/**
 * strata_map_highlight_take_matches:
 * @self: a highlight
 * @matches: (nullable) (transfer full): for each node, whether it is what a person looks for
 *
 * They are lit while nothing is active.
 */
void
strata_map_highlight_take_matches (StrataMapHighlight *self, guint8 *matches)
{
  g_return_if_fail (STRATA_IS_MAP_HIGHLIGHT (self));

  g_free (self->matches);
  self->matches = matches;
  change (self);
}

/**
 * strata_map_highlight_get_lit:
 * @self: a highlight
 *
 * Returns: (transfer none) (nullable): for each node, whether it is lit, until the next change; %NULL where none is more than
 *   the others
 */
const guint8 *
strata_map_highlight_get_lit (StrataMapHighlight *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_HIGHLIGHT (self), NULL);

  return self->kin != NULL ? self->kin : self->matches;
}
