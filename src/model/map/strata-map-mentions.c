/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every path that a host's documents mention: who would call an image free has to know that no firmware, kernel or
 * device of anybody lies in it.
 */

#include "config.h"

#include "strata-map-private.h"

static const struct
{
  const char *entity;
  const char *character;
} entities[] = {
  { "&apos;", "'" }, { "&quot;", "\"" }, { "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" },
};

static char *
unescape (const char *text, gsize length)
{
  GString *result = g_string_new_len (text, (gssize) length);

  for (gsize i = 0; memchr (text, '&', length) != NULL && i < G_N_ELEMENTS (entities); i++)
    g_string_replace (result, entities[i].entity, entities[i].character, 0);

  return g_string_free (result, FALSE);
}

/* An absolute path is a whole attribute or the whole text of an element. To parse megabytes for that would take long. */
static void
add_mentions (GHashTable *mentions, const char *document)
{
  for (const char *slash = document != NULL ? strchr (document, '/') : NULL; slash != NULL;)
    {
      char before = slash > document ? slash[-1] : '\0';
      gsize length = 0;

      if (before == '\'' || before == '"')
        length = strcspn (slash, before == '\'' ? "'" : "\"");
      else if (before == '>')
        length = strcspn (slash, "<");
      if (length > 1)
        g_hash_table_add (mentions, unescape (slash, length));
      slash = strchr (slash + MAX (length, 1), '/');
    }
}

/**
 * strata_map_collect_mentions:
 * @graph: a host
 *
 * Returns: (transfer full) (element-type utf8): the paths
 */
GHashTable *
strata_map_collect_mentions (StrataGraph *graph)
{
  GHashTable *mentions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      add_mentions (mentions, domain->xml);
      add_mentions (mentions, domain->live_xml);
      for (guint j = 0; j < domain->snapshots->len; j++)
        add_mentions (mentions,
                      ((StrataSnapshotFacts *) g_ptr_array_index (domain->snapshots, j))->xml);
    }

  return mentions;
}
