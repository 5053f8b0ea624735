/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How much there is of everything on a map. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-map-summary.h"

/**
 * strata_map_summary_to_words:
 * @map: a map
 *
 * Returns: (transfer full): how much there is on it
 */
char *
strata_map_summary_to_words (StrataMap *map)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) parts = NULL;
  guint n_domains = 0;
  guint n_images = 0;
  guint n_free = 0;
  guint n_missing = 0;
  guint n_unclear = 0;

  for (guint i = 0; i < strata_map_get_n_nodes (map); i++)
    {
      StrataMapNode *node = strata_map_get_node (map, i);

      n_domains += node->uuid != NULL;
      n_images += node->kind == STRATA_MAP_IMAGE && !node->missing;
      n_free += node->free;
      n_missing += node->missing;
      n_unclear += node->unclear && !node->foreign;
    }

  g_strv_builder_take (builder, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u machine",
                                                              "%u machines", n_domains),
                                                 n_domains));
  g_strv_builder_take (
      builder,
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u image", "%u images", n_images), n_images));
  if (n_free > 0)
    /* Translators: how many images no machine needs. */
    g_strv_builder_take (
        builder,
        g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u free", "%u free", n_free), n_free));
  if (n_missing > 0)
    g_strv_builder_take (builder, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u missing",
                                                                "%u missing", n_missing),
                                                   n_missing));
  if (n_unclear > 0)
    /* Translators: how many images could not be seen, or are not what they are said to be. */
    g_strv_builder_take (builder, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u unclear",
                                                                "%u unclear", n_unclear),
                                                   n_unclear));
  parts = g_strv_builder_end (builder);

  return g_strjoinv (" · ", parts);
}
