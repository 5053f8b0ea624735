/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapCardPool: cards for what is in sight. To make a widget costs more than to move it, so that those which go out of sight
 * wait to become another node's.
 */

#include "config.h"

#include "strata-map-card-pool.h"

struct _StrataMapCardPool
{
  GObject parent_instance;

  GtkWidget *parent;
  StrataMapViewport *viewport;
  StrataMapLayout *layout;
  GHashTable *cards; /* index -> StrataMapCard */
  GPtrArray *spare;
  const guint8 *lit; /* the map's */
};

enum
{
  FOCUSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataMapCardPool, strata_map_card_pool, G_TYPE_OBJECT)

static gboolean
is_in_sight (StrataMapCardPool *self, const graphene_rect_t *sight, guint index)
{
  StrataMapPoint place = strata_map_layout_get_place (self->layout, index);

  return place.x + STRATA_MAP_NODE_WIDTH >= sight->origin.x &&
         place.x <= sight->origin.x + sight->size.width &&
         place.y + STRATA_MAP_NODE_HEIGHT >= sight->origin.y &&
         place.y <= sight->origin.y + sight->size.height;
}

static void
dim (StrataMapCardPool *self, guint index, StrataMapCard *card)
{
  strata_map_card_set_dimmed (card, self->lit != NULL && !self->lit[index]);
}

static void
focus_cb (StrataMapCardPool *self, GParamSpec *pspec, GtkWidget *card)
{
  if (gtk_widget_has_focus (card))
    g_signal_emit (self, signals[FOCUSED], 0, strata_map_card_get_index (STRATA_MAP_CARD (card)));
}

static StrataMapCard *
take (StrataMapCardPool *self)
{
  GtkWidget *card;

  if (self->spare->len > 0)
    {
      card = g_ptr_array_steal_index_fast (self->spare, self->spare->len - 1);
      gtk_widget_set_child_visible (card, TRUE);
      gtk_accessible_reset_state (GTK_ACCESSIBLE (card), GTK_ACCESSIBLE_STATE_HIDDEN);
      return STRATA_MAP_CARD (card);
    }

  card = strata_map_card_new ();
  gtk_widget_set_parent (card, self->parent);
  g_signal_connect_object (card, "notify::has-focus", G_CALLBACK (focus_cb), self,
                           G_CONNECT_SWAPPED);

  return STRATA_MAP_CARD (card);
}

static void
drop (StrataMapCardPool *self, StrataMapCard *card)
{
  gtk_widget_set_child_visible (GTK_WIDGET (card), FALSE);
  gtk_accessible_update_state (GTK_ACCESSIBLE (card), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  g_ptr_array_add (self->spare, card);
}

static void
strata_map_card_pool_dispose (GObject *object)
{
  StrataMapCardPool *self = STRATA_MAP_CARD_POOL (object);

  g_clear_pointer (&self->cards, g_hash_table_unref);
  g_clear_pointer (&self->spare, g_ptr_array_unref);
  g_clear_pointer (&self->layout, strata_map_layout_unref);
  g_clear_object (&self->viewport);

  G_OBJECT_CLASS (strata_map_card_pool_parent_class)->dispose (object);
}

static void
strata_map_card_pool_class_init (StrataMapCardPoolClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_map_card_pool_dispose;

  signals[FOCUSED] = g_signal_new ("focused", STRATA_TYPE_MAP_CARD_POOL, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
strata_map_card_pool_init (StrataMapCardPool *self)
{
  self->cards = g_hash_table_new (g_direct_hash, g_direct_equal);
  self->spare = g_ptr_array_new ();
}

/**
 * strata_map_card_pool_new:
 * @parent: the map, which must live as long, and unparents its children
 * @viewport: what it is seen through
 *
 * Returns: (transfer full): a pool without cards
 */
StrataMapCardPool *
strata_map_card_pool_new (GtkWidget *parent, StrataMapViewport *viewport)
{
  StrataMapCardPool *self = g_object_new (STRATA_TYPE_MAP_CARD_POOL, NULL);

  self->parent = parent;
  self->viewport = g_object_ref (viewport);

  return self;
}

/**
 * strata_map_card_pool_deal:
 * @self: a pool
 * @layout: (nullable): another layout
 *
 * Cards stay with whom they show, so that the keyboard's focus stays too.
 */
void
strata_map_card_pool_deal (StrataMapCardPool *self, StrataMapLayout *layout)
{
  g_autoptr (GHashTable) before = g_steal_pointer (&self->cards);
  g_autoptr (StrataMapLayout) old = g_steal_pointer (&self->layout);
  GHashTableIter iter;
  gpointer index;
  gpointer card;

  g_return_if_fail (STRATA_IS_MAP_CARD_POOL (self));

  self->lit = NULL;
  self->layout = layout != NULL ? strata_map_layout_ref (layout) : NULL;
  self->cards = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &index, &card))
    {
      StrataMapNode *node = strata_map_get_node (old->map, GPOINTER_TO_UINT (index));
      guint now = layout != NULL ? strata_map_find (layout->map, node->id) : STRATA_MAP_NONE;

      if (now == STRATA_MAP_NONE)
        {
          drop (self, card);
          continue;
        }
      strata_map_card_set_node (card, layout->map, now);
      g_hash_table_insert (self->cards, GUINT_TO_POINTER (now), card);
    }
}

/**
 * strata_map_card_pool_sync:
 * @self: a pool
 *
 * Deals a card to each node in sight, and takes those of the others, except the one with the keyboard’s focus. Not to
 * be called while children are being placed.
 */
void
strata_map_card_pool_sync (StrataMapCardPool *self)
{
  graphene_rect_t sight = strata_map_viewport_get_sight (self->viewport);
  GHashTableIter iter;
  gpointer index;
  gpointer card;

  g_return_if_fail (STRATA_IS_MAP_CARD_POOL (self));

  if (self->layout == NULL)
    return;

  g_hash_table_iter_init (&iter, self->cards);
  while (g_hash_table_iter_next (&iter, &index, &card))
    {
      if (is_in_sight (self, &sight, GPOINTER_TO_UINT (index)) || gtk_widget_has_focus (card))
        continue;
      drop (self, card);
      g_hash_table_iter_remove (&iter);
    }
  for (guint i = 0; i < self->layout->places->len; i++)
    {
      if (is_in_sight (self, &sight, i))
        strata_map_card_pool_ensure (self, i);
    }
}

/**
 * strata_map_card_pool_place:
 * @self: a pool
 *
 * Places each card where the viewport sees it. To be called by the map’s size_allocate only.
 */
void
strata_map_card_pool_place (StrataMapCardPool *self)
{
  float zoom = (float) strata_map_viewport_get_zoom (self->viewport);
  GHashTableIter iter;
  gpointer index;
  gpointer card;

  g_return_if_fail (STRATA_IS_MAP_CARD_POOL (self));

  g_hash_table_iter_init (&iter, self->cards);
  while (g_hash_table_iter_next (&iter, &index, &card))
    {
      StrataMapPoint place = strata_map_layout_get_place (self->layout, GPOINTER_TO_UINT (index));
      graphene_point_t corner = strata_map_viewport_to_view (self->viewport, place.x, place.y);
      GskTransform *transform = gsk_transform_translate (NULL, &corner);

      gtk_widget_measure (card, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
      gtk_widget_allocate (card, (int) STRATA_MAP_NODE_WIDTH, (int) STRATA_MAP_NODE_HEIGHT, -1,
                           gsk_transform_scale (transform, zoom, zoom));
    }
}

/**
 * strata_map_card_pool_draw:
 * @self: a pool
 * @snapshot: where to
 */
void
strata_map_card_pool_draw (StrataMapCardPool *self, GtkSnapshot *snapshot)
{
  GHashTableIter iter;
  gpointer card;

  g_return_if_fail (STRATA_IS_MAP_CARD_POOL (self));

  g_hash_table_iter_init (&iter, self->cards);
  while (g_hash_table_iter_next (&iter, NULL, &card))
    gtk_widget_snapshot_child (self->parent, card, snapshot);
}

/**
 * strata_map_card_pool_light:
 * @self: a pool
 * @lit: (nullable): for each node, whether it is lit; it has to stay until another is given
 */
void
strata_map_card_pool_light (StrataMapCardPool *self, const guint8 *lit)
{
  GHashTableIter iter;
  gpointer index;
  gpointer card;

  g_return_if_fail (STRATA_IS_MAP_CARD_POOL (self));

  self->lit = lit;
  g_hash_table_iter_init (&iter, self->cards);
  while (g_hash_table_iter_next (&iter, &index, &card))
    dim (self, GPOINTER_TO_UINT (index), card);
}

/**
 * strata_map_card_pool_ensure:
 * @self: a pool
 * @index: a node of the layout, in sight or not
 *
 * Returns: (transfer none): its card, which was dealt now if it had none
 */
StrataMapCard *
strata_map_card_pool_ensure (StrataMapCardPool *self, guint index)
{
  StrataMapCard *card;

  g_return_val_if_fail (STRATA_IS_MAP_CARD_POOL (self), NULL);
  g_return_val_if_fail (self->layout != NULL && index < self->layout->places->len, NULL);

  card = g_hash_table_lookup (self->cards, GUINT_TO_POINTER (index));
  if (card != NULL)
    return card;

  card = take (self);
  strata_map_card_set_node (card, self->layout->map, index);
  dim (self, index, card);
  g_hash_table_insert (self->cards, GUINT_TO_POINTER (index), card);

  return card;
}
