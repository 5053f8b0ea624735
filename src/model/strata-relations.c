/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What machines are to each other: a template and its clones. A clone names its template in its
 * own definition, so the other direction is found by looking at all of them.
 */

#include "config.h"

#include "strata-relations.h"

typedef struct
{
  GStrvBuilder *thin;
  guint n_clones;
} Clones;

static Clones *
clones_new (void)
{
  Clones *clones = g_new0 (Clones, 1);

  clones->thin = g_strv_builder_new ();

  return clones;
}

static void
clones_free (Clones *clones)
{
  g_strv_builder_unref (clones->thin);
  g_free (clones);
}

static void
count_clone (GHashTable *by_template, StrataMachine *machine)
{
  const StrataCloneMark *mark = strata_machine_get_facts (machine)->clone_mark;
  Clones *clones;

  if (mark == NULL || mark->template_uuid == NULL)
    return;

  clones = g_hash_table_lookup (by_template, mark->template_uuid);
  if (clones == NULL)
    {
      clones = clones_new ();
      g_hash_table_insert (by_template, g_strdup (mark->template_uuid), clones);
    }

  clones->n_clones++;
  if (mark->thin)
    g_strv_builder_add (clones->thin, strata_machine_get_name (machine));
}

/**
 * strata_relations_update:
 * @machines: (element-type StrataMachine): all machines of a host
 *
 * Main thread. Takes time in proportion to the number of machines.
 */
void
strata_relations_update (GPtrArray *machines)
{
  g_autoptr (GHashTable) by_template = NULL;
  g_autoptr (GHashTable) os_ids = NULL;

  g_return_if_fail (machines != NULL);

  by_template =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) clones_free);
  os_ids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < machines->len; i++)
    {
      StrataMachine *machine = g_ptr_array_index (machines, i);
      const StrataTemplateMark *mark = strata_machine_get_facts (machine)->template_mark;

      count_clone (by_template, machine);
      if (mark != NULL && mark->os_id != NULL)
        g_hash_table_insert (os_ids, (char *) strata_machine_get_uuid (machine), mark->os_id);
    }

  for (guint i = 0; i < machines->len; i++)
    {
      StrataMachine *machine = g_ptr_array_index (machines, i);
      Clones *clones = g_hash_table_lookup (by_template, strata_machine_get_uuid (machine));
      const char *template_uuid = strata_machine_get_template_uuid (machine);
      g_auto (GStrv) thin = clones != NULL ? g_strv_builder_end (clones->thin) : NULL;

      strata_machine_set_relations (
          machine, template_uuid != NULL ? g_hash_table_lookup (os_ids, template_uuid) : NULL,
          (const char *const *) thin, clones != NULL ? clones->n_clones : 0);
    }
}
