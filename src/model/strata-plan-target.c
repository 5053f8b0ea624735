/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a request is about, and whether that is still there. A name is not enough: a snapshot that was deleted and taken again
 * is another one.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-target.h"

struct _StrataPlanTarget
{
  char *uuid;
  char *name;
  char *snapshot;
  char *id;
  GHashTable *twins; /* names of snapshots that can't be told from it but by their names */
};

/* Two that were taken in the same second of the same disks differ in nothing else. */
static void
add_twins (StrataPlanTarget *self, const StrataDomainFacts *facts)
{
  for (guint i = 0; i < facts->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (facts->snapshots, i);

      if (g_strcmp0 (snapshot->id, self->id) == 0)
        g_hash_table_add (self->twins, g_strdup (snapshot->name));
    }
}

StrataPlanTarget *
strata_plan_target_new (StrataMachine *machine, const char *snapshot, const char *id)
{
  StrataPlanTarget *self;

  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);

  self = g_new0 (StrataPlanTarget, 1);
  self->uuid = g_strdup (strata_machine_get_uuid (machine));
  self->name = g_strdup (strata_machine_get_name (machine));
  self->snapshot = g_strdup (snapshot);
  self->id = id != NULL ? g_strdup (id) : strata_machine_dup_snapshot_id (machine, snapshot);
  self->twins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  add_twins (self, strata_machine_get_facts (machine));

  return self;
}

void
strata_plan_target_free (StrataPlanTarget *self)
{
  g_free (self->uuid);
  g_free (self->name);
  g_free (self->snapshot);
  g_free (self->id);
  g_hash_table_unref (self->twins);
  g_free (self);
}

const char *
strata_plan_target_get_uuid (StrataPlanTarget *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->uuid;
}

/* under a name that no snapshot had when the subject was looked at */
static const StrataSnapshotFacts *
find_renamed (StrataPlanTarget *self, const StrataDomainFacts *facts)
{
  for (guint i = 0; i < facts->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (facts->snapshots, i);

      if (!snapshot->retained && g_strcmp0 (snapshot->id, self->id) == 0 &&
          !g_hash_table_contains (self->twins, snapshot->name))
        return snapshot;
    }

  return NULL;
}

static char *
describe_loss_of_snapshot (StrataPlanTarget *self, const StrataDomainFacts *facts)
{
  const StrataSnapshotFacts *now = strata_domain_facts_find_snapshot (facts, self->snapshot);
  gboolean named = now != NULL && !now->retained;
  const StrataSnapshotFacts *other;

  if (named && (self->id == NULL || g_str_equal (now->id, self->id)))
    return NULL;

  other = self->id != NULL ? find_renamed (self, facts) : NULL;
  if (other != NULL)
    /* Translators: a snapshot’s old and its new name */
    return g_strdup_printf (_ ("“%s” was renamed to “%s” meanwhile"), self->snapshot, other->name);
  if (named)
    /* Translators: a snapshot’s name */
    return g_strdup_printf (_ ("“%s” was deleted meanwhile, and another one has its name"),
                            self->snapshot);

  /* Translators: the name of a snapshot, a machine or a template */
  return g_strdup_printf (_ ("“%s” was deleted meanwhile"), self->snapshot);
}

char *
strata_plan_target_describe_loss (StrataPlanTarget *self, StrataMachine *now)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (now == NULL || STRATA_IS_MACHINE (now), NULL);

  if (now == NULL)
    return g_strdup_printf (_ ("“%s” was deleted meanwhile"), self->name);
  if (self->snapshot == NULL)
    return NULL;

  return describe_loss_of_snapshot (self, strata_machine_get_facts (now));
}
