/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDomainFacts: what was true of one domain when it was looked at. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-graph.h"
#include "base/strata-error.h"

G_DEFINE_BOXED_TYPE (StrataDomainFacts,
                     strata_domain_facts,
                     strata_domain_facts_ref,
                     strata_domain_facts_unref)

void
strata_image_use_free (StrataImageUse *self)
{
  strata_disk_xml_free (self->disk);
  g_free (self);
}

static void
strata_domain_facts_clear (gpointer data)
{
  StrataDomainFacts *self = data;

  g_clear_pointer (&self->uuid, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->xml, g_free);
  g_clear_pointer (&self->live_xml, g_free);
  g_clear_pointer (&self->busy, g_free);
  g_clear_pointer (&self->job, g_free);
  g_clear_pointer (&self->saved_unread, g_free);
  g_clear_pointer (&self->unread, g_free);
  g_clear_pointer (&self->busy_images, g_ptr_array_unref);
  g_clear_object (&self->definition);
  g_clear_pointer (&self->template_mark, strata_template_mark_free);
  g_clear_pointer (&self->clone_mark, strata_clone_mark_free);
  g_clear_pointer (&self->thin_mark, strata_thin_mark_free);
  g_clear_pointer (&self->clone_marks, g_ptr_array_unref);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_clear_pointer (&self->next_disks, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_hash_table_unref);
  g_clear_pointer (&self->uses, g_ptr_array_unref);
  g_clear_pointer (&self->spellings, g_ptr_array_unref);
  g_clear_pointer (&self->snapshots, g_ptr_array_unref);
  g_clear_pointer (&self->place_hashes, g_array_unref);
}

/**
 * strata_domain_facts_new:
 * @xml: the inactive definition, with its secrets
 * @live_xml: (nullable): the live definition while the domain runs
 * @state: the domain's state
 * @error: where to put `STRATA_ERROR_INVALID`
 *
 * Any thread. The remaining fields (persistent, autostart, managed_save) are for the caller to set
 * before another thread sees the facts.
 *
 * Returns: (transfer full): the facts, or %NULL where a definition can't be parsed
 */
StrataDomainFacts *
strata_domain_facts_new (const char *xml,
                         const char *live_xml,
                         StrataDomainState state,
                         GError **error)
{
  g_autoptr (StrataDomainFacts) self = NULL;
  g_autoptr (StrataDomainXml) live = NULL;

  g_return_val_if_fail (xml != NULL, NULL);

  self = g_atomic_rc_box_new0 (StrataDomainFacts);
  self->definition = strata_domain_xml_new_from_string (xml, error);
  if (self->definition == NULL)
    return NULL;

  if (live_xml != NULL)
    {
      live = strata_domain_xml_new_from_string (live_xml, error);
      if (live == NULL)
        return NULL;
    }

  self->xml = g_strdup (xml);
  self->live_xml = g_strdup (live_xml);
  self->uuid = strata_domain_xml_get_uuid (self->definition);
  self->name = strata_domain_xml_get_name (self->definition);
  self->template_mark = strata_domain_xml_get_template_mark (self->definition);
  self->clone_mark = strata_domain_xml_get_clone_mark (self->definition);
  self->thin_mark = strata_domain_xml_get_thin_mark (self->definition);
  self->clone_marks = strata_domain_xml_get_clone_marks (self->definition);
  if (live != NULL)
    g_ptr_array_extend_and_steal (self->clone_marks, strata_domain_xml_get_clone_marks (live));
  self->disks = strata_domain_xml_get_disks (live != NULL ? live : self->definition);
  self->next_disks =
      live != NULL ? strata_domain_xml_get_disks (self->definition) : g_ptr_array_ref (self->disks);
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  strata_domain_xml_add_files (self->definition, self->files);
  if (live != NULL)
    strata_domain_xml_add_files (live, self->files);
  self->uses = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_image_use_free);
  strata_domain_facts_take_uses (self, STRATA_IMAGE_USE_OPTION,
                                 strata_domain_xml_get_option_disks (self->definition));
  if (live != NULL)
    {
      strata_domain_facts_take_uses (self, STRATA_IMAGE_USE_OPTION,
                                     strata_domain_xml_get_option_disks (live));
      strata_domain_facts_take_uses (self, STRATA_IMAGE_USE_COPY,
                                     strata_domain_xml_get_copy_targets (live));
    }
  self->spellings = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_spelling_free);
  self->snapshots = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_facts_free);
  self->state = state;
  self->persistent = TRUE;

  return g_steal_pointer (&self);
}

StrataDomainFacts *
strata_domain_facts_ref (StrataDomainFacts *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
strata_domain_facts_unref (StrataDomainFacts *self)
{
  g_atomic_rc_box_release_full (self, strata_domain_facts_clear);
}

/**
 * strata_domain_facts_is_active:
 * @self: facts
 *
 * Returns: whether QEMU has the domain's disks open
 */
gboolean
strata_domain_facts_is_active (const StrataDomainFacts *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->state != STRATA_DOMAIN_STATE_OFF && self->state != STRATA_DOMAIN_STATE_CRASHED;
}

gboolean
strata_domain_facts_is_told (const StrataDomainFacts *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->unread == NULL || strata_domain_xml_get_memory (self->definition) > 0;
}

gboolean
strata_domain_facts_require_read (const StrataDomainFacts *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->unread == NULL)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("See with “virsh dumpxml” what libvirt says, and define it anew with the images that it has now."),
      "%s", self->unread);
  return FALSE;
}

static gboolean
has_use (const StrataDomainFacts *self, StrataImageUseKind kind, const StrataDiskXml *disk)
{
  for (guint i = 0; i < self->uses->len; i++)
    {
      const StrataImageUse *use = g_ptr_array_index (self->uses, i);

      if (use->kind == kind && g_strcmp0 (use->disk->source, disk->source) == 0)
        return TRUE;
    }

  return FALSE;
}

void
strata_domain_facts_take_uses (StrataDomainFacts *self, StrataImageUseKind kind, GPtrArray *disks)
{
  g_return_if_fail (self != NULL && disks != NULL);

  while (disks->len > 0)
    {
      StrataDiskXml *disk = g_ptr_array_steal_index (disks, 0);
      StrataImageUse *use;

      /* A running domain has most options twice. */
      if (disk->source == NULL || has_use (self, kind, disk))
        {
          strata_disk_xml_free (disk);
          continue;
        }
      use = g_new0 (StrataImageUse, 1);
      use->kind = kind;
      use->disk = disk;
      g_ptr_array_add (self->uses, use);
    }
  g_ptr_array_unref (disks);
}

void
strata_domain_facts_take_snapshot (StrataDomainFacts *self, StrataSnapshotFacts *snapshot)
{
  g_return_if_fail (self != NULL && snapshot != NULL);

  g_ptr_array_add (self->snapshots, snapshot);
}

void
strata_domain_facts_find_lost (StrataDomainFacts *self)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->snapshots->len; i++)
    g_hash_table_add (names, ((StrataSnapshotFacts *) self->snapshots->pdata[i])->name);

  for (guint i = 0; i < self->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (self->snapshots, i);

      if (snapshot->parent != NULL && !g_hash_table_contains (names, snapshot->parent))
        snapshot->lost_parent = g_steal_pointer (&snapshot->parent);
    }
}

/**
 * strata_domain_facts_find_snapshot:
 * @self: facts
 * @name: (nullable): a snapshot's name
 *
 * Returns: (transfer none) (nullable): the snapshot, retained layers too
 */
StrataSnapshotFacts *
strata_domain_facts_find_snapshot (const StrataDomainFacts *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (self->snapshots, i);

      if (g_strcmp0 (snapshot->name, name) == 0)
        return snapshot;
    }

  return NULL;
}

/**
 * strata_domain_facts_get_current:
 * @self: facts
 *
 * Returns: (transfer none) (nullable): the snapshot on which the domain stands
 */
StrataSnapshotFacts *
strata_domain_facts_get_current (const StrataDomainFacts *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (self->snapshots, i);

      if (snapshot->current)
        return snapshot;
    }

  return NULL;
}

/**
 * strata_domain_facts_get_snapshot_names:
 * @self: facts
 *
 * Returns: (transfer full): the names of what a person calls snapshots; retained layers are none
 */
GStrv
strata_domain_facts_get_snapshot_names (const StrataDomainFacts *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (self->snapshots, i);

      if (!snapshot->retained)
        g_strv_builder_add (builder, snapshot->name);
    }

  return g_strv_builder_end (builder);
}
