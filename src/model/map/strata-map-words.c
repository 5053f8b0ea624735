/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is on a map, in words: for its panel, and for who can't see it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-map-words.h"

/* More names than these are counted and not said. */
#define MANY 6

static gboolean
is_domain (const StrataMapNode *node)
{
  return node->kind == STRATA_MAP_MACHINE || node->kind == STRATA_MAP_TEMPLATE;
}

static char *
join_names (const char *const *names, guint n)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) said = NULL;

  for (guint i = 0; i < MIN (n, MANY); i++)
    g_strv_builder_add (builder, names[i]);
  if (n > MANY)
    g_strv_builder_take (
        builder,
        /* Translators: after a few names: how many more there are. */
        g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u other", "%u others", n - MANY),
                         n - MANY));
  said = g_strv_builder_end (builder);

  /* Translators: between names in a list. */
  return g_strjoinv (C_ ("list", ", "), said);
}

/**
 * strata_map_words_for_kind:
 * @node: something on a map
 *
 * Returns: (transfer none): what it is, in a word or two
 */
const char *
strata_map_words_for_kind (const StrataMapNode *node)
{
  g_return_val_if_fail (node != NULL, NULL);

  switch (node->kind)
    {
    case STRATA_MAP_TEMPLATE:
      return C_ ("map", "Template");
    case STRATA_MAP_MACHINE:
      return C_ ("map", "Virtual machine");
    case STRATA_MAP_MEMORY:
      return node->missing ? C_ ("map", "Missing memory") : C_ ("map", "Saved memory");
    case STRATA_MAP_IMAGE:
      break;
    }

  if (node->missing)
    return C_ ("map", "Missing image");
  if (node->foreign)
    return C_ ("map", "Foreign image");
  if (node->unclear)
    return C_ ("map", "Unclear image");
  if (node->retained)
    return C_ ("map", "Joint");

  return node->free ? C_ ("map", "Free image") : C_ ("map", "Image");
}

/* Each snapshot once, though a machine with two disks in one image may be thought of. */
static GStrv
get_snapshot_names (const StrataMapNode *node)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < node->marks->len; i++)
    {
      const StrataMapMark *mark = g_ptr_array_index (node->marks, i);

      if (!mark->retained)
        g_strv_builder_add (builder, mark->snapshot);
    }

  return g_strv_builder_end (builder);
}

static char *
describe_snapshots (const StrataMapNode *node)
{
  g_auto (GStrv) names = get_snapshot_names (node);
  guint n = g_strv_length (names);

  if (n == 0)
    return NULL;
  if (n == 1)
    return g_strdup (names[0]);

  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u snapshot", "%u snapshots", n), n);
}

/**
 * strata_map_words_for_line:
 * @node: a node
 *
 * Returns: (transfer full): a few words for under its name
 */
char *
strata_map_words_for_line (const StrataMapNode *node)
{
  g_autofree char *size = NULL;
  g_autofree char *snapshots = NULL;
  const char *kind = strata_map_words_for_kind (node);

  if (node->kind == STRATA_MAP_MACHINE)
    return g_strdup (node->state_name);
  if (node->kind == STRATA_MAP_TEMPLATE || node->missing || node->unclear)
    return g_strdup (kind);

  snapshots = describe_snapshots (node);
  if (node->allocation == 0 && node->capacity == 0)
    return g_strdup (snapshots != NULL ? snapshots : kind);

  size = g_format_size (node->allocation);
  if (node->kind == STRATA_MAP_IMAGE && (node->free || node->retained))
    /* Translators: on the map, what kind of image, and its size: “Free image · 1.2 GB”. */
    return g_strdup_printf (C_ ("map", "%s · %s"), kind, size);
  if (snapshots == NULL)
    return g_steal_pointer (&size);

  /* Translators: on the map, an image’s size and its snapshots: “1.2 GB · before-upgrade”. */
  return g_strdup_printf (C_ ("map snapshots", "%s · %s"), size, snapshots);
}

/**
 * strata_map_words_for_type:
 * @node: a node
 *
 * Returns: (transfer full): what it is
 */
char *
strata_map_words_for_type (const StrataMapNode *node)
{
  const char *more = node->format;

  if (node->kind == STRATA_MAP_MACHINE)
    more = node->state_name;
  else if (node->kind != STRATA_MAP_IMAGE)
    more = NULL;

  if (more == NULL)
    return g_strdup (strata_map_words_for_kind (node));

  /* Translators: on the map, what something is: “Image · qcow2”, “Virtual machine · Running”. */
  return g_strdup_printf (C_ ("map type", "%s · %s"), strata_map_words_for_kind (node), more);
}

/**
 * strata_map_words_for_size:
 * @node: something on a map
 *
 * Returns: (transfer full) (nullable): the bytes it takes on the host and those it pretends to have, if known
 */
char *
strata_map_words_for_size (const StrataMapNode *node)
{
  g_autofree char *allocation = NULL;
  g_autofree char *capacity = NULL;

  if (is_domain (node) || (node->allocation == 0 && node->capacity == 0))
    return NULL;

  allocation = g_format_size (node->allocation);
  if (node->kind == STRATA_MAP_MEMORY)
    return g_steal_pointer (&allocation);
  capacity = g_format_size (node->capacity);

  /* Translators: bytes that a disk takes on the host, of the size that the guest sees: “461 MB of 2.1 GB”. */
  return g_strdup_printf (_ ("%s of %s"), allocation, capacity);
}

/**
 * strata_map_words_for_marks:
 * @node: something on a map
 *
 * Returns: (transfer full) (nullable): the names of the snapshots at it, if there are any
 */
char *
strata_map_words_for_marks (const StrataMapNode *node)
{
  g_auto (GStrv) names = get_snapshot_names (node);

  if (names[0] == NULL)
    return NULL;

  return join_names ((const char *const *) names, g_strv_length (names));
}

static char *
join_nodes (StrataMap *map, GArray *indices)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;

  if (indices->len == 0)
    return NULL;

  for (guint i = 0; i < indices->len; i++)
    g_strv_builder_add (builder,
                        strata_map_get_node (map, g_array_index (indices, guint, i))->name);
  names = g_strv_builder_end (builder);

  return join_names ((const char *const *) names, indices->len);
}

/**
 * strata_map_words_for_below:
 * @map: a map
 * @index: a node of it
 *
 * Returns: (transfer full) (nullable): the names of what it stands on directly
 */
char *
strata_map_words_for_below (StrataMap *map, guint index)
{
  return join_nodes (map, strata_map_get_node (map, index)->below);
}

/**
 * strata_map_words_for_above:
 * @map: a map
 * @index: a node of it
 *
 * Returns: (transfer full) (nullable): the names of who needs it directly
 */
char *
strata_map_words_for_above (StrataMap *map, guint index)
{
  return join_nodes (map, strata_map_get_node (map, index)->above);
}

/* "web-01, web-02 and 3 snapshots" */
static char *
list_losses (const StrataMapImpact *impact)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  g_autofree char *joined = NULL;
  g_autofree char *snapshots = NULL;

  g_strv_builder_addv (builder, (const char **) impact->machines);
  g_strv_builder_addv (builder, (const char **) impact->images);
  names = g_strv_builder_end (builder);
  joined = join_names ((const char *const *) names, g_strv_length (names));
  if (impact->n_snapshots == 0)
    return g_steal_pointer (&joined);

  snapshots = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u snapshot", "%u snapshots", impact->n_snapshots),
      impact->n_snapshots);
  if (names[0] == NULL)
    return g_steal_pointer (&snapshots);

  /* Translators: names of machines, then how many snapshots: “web-01, web-02 and 3 snapshots”. */
  return g_strdup_printf (_ ("%s and %s"), joined, snapshots);
}

/**
 * strata_map_words_for_impact:
 * @map: a map
 * @index: a node of it
 * @impact: what would be if it went
 *
 * Returns: (transfer full): a sentence
 */
char *
strata_map_words_for_impact (StrataMap *map, guint index, const StrataMapImpact *impact)
{
  StrataMapNode *node = strata_map_get_node (map, index);
  g_autofree char *losses = NULL;

  if (strata_map_impact_is_harmless (impact))
    {
      if (node->unclear && !node->foreign)
        return g_strdup (_ ("Whether anything needs it can’t be told."));
      if (node->kind == STRATA_MAP_IMAGE && node->free)
        return g_strdup (
            _ ("Nothing needs it: no virtual machine names it, and nothing stands on it."));
      if (node->kind == STRATA_MAP_IMAGE && node->above->len == 0 && !node->missing)
        return g_strdup (_ ("A definition names it, though not as a disk."));
      return g_strdup (_ ("Nothing else needs it."));
    }

  losses = list_losses (impact);
  if (node->missing)
    /* Translators: of a file that is not there: who can’t be started for want of it. */
    return g_strdup_printf (_ ("It is missing. Broken by that: %s."), losses);
  if (is_domain (node))
    /* Translators: what would break if a machine and its disks went: “web-01 and 2 snapshots”. */
    return g_strdup_printf (_ ("If it went with its disks, these would break: %s."), losses);

  /* Translators: what would break if an image went: “web-01 and 2 snapshots”. */
  return g_strdup_printf (_ ("If it went, these would break: %s."), losses);
}

/**
 * strata_map_words_for_freed:
 * @node: a node
 * @impact: what would be if it went
 *
 * Returns: (transfer full) (nullable): a sentence, or %NULL for what isn't there anyway
 */
char *
strata_map_words_for_freed (const StrataMapNode *node, const StrataMapImpact *impact)
{
  g_autofree char *size = NULL;

  if (node->missing || node->unclear)
    return NULL;
  if (impact->n_freed == 0)
    return is_domain (node) && node->below->len > 0
               ? g_strdup (_ ("Would free nothing: others need its images."))
               : NULL;

  size = g_format_size (impact->freed);
  if (impact->n_freed == 1)
    /* Translators: a size: “Would free 1.2 GB.” */
    return g_strdup_printf (_ ("Would free %s."), size);

  /* Translators: a size, and how many images it is the sum of. */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Would free %s, of %u image.",
                                       "Would free %s, of %u images.", impact->n_freed),
                          size, impact->n_freed);
}

/**
 * strata_map_words_for_description:
 * @map: a map
 * @index: a node of it
 * @impact: what would be if it went
 *
 * Returns: (transfer full): what it stands on, who needs it, and what would be if it went
 */
char *
strata_map_words_for_description (StrataMap *map, guint index, const StrataMapImpact *impact)
{
  StrataMapNode *node = strata_map_get_node (map, index);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) sentences = NULL;
  g_autofree char *below = strata_map_words_for_below (map, index);
  g_autofree char *above = strata_map_words_for_above (map, index);
  g_autofree char *marks = strata_map_words_for_marks (node);
  g_autofree char *freed = strata_map_words_for_freed (node, impact);

  if (node->problem != NULL)
    /* Translators: a sentence about what is the matter, without its full stop. */
    g_strv_builder_take (builder, g_strdup_printf (_ ("%s."), node->problem));
  if (marks != NULL)
    /* Translators: names of snapshots. */
    g_strv_builder_take (builder, g_strdup_printf (_ ("Snapshots: %s."), marks));
  if (below != NULL)
    /* Translators: names of images. */
    g_strv_builder_take (builder, g_strdup_printf (_ ("Stands on %s."), below));
  if (above != NULL)
    /* Translators: names of machines and images. */
    g_strv_builder_take (builder, g_strdup_printf (_ ("Used by %s."), above));
  g_strv_builder_take (builder, strata_map_words_for_impact (map, index, impact));
  if (freed != NULL)
    g_strv_builder_add (builder, freed);
  sentences = g_strv_builder_end (builder);

  return g_strjoinv (" ", sentences);
}
