/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The law about images that a definition or a snapshot's document names, and that are not there, or can't be seen: they may
 * come back.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-law-private.h"
#include "base/strata-error.h"
#include "base/strata-visible.h"

/* An image of DOMAIN that isn't there, so that what it stands on isn't known. */
typedef struct
{
  const StrataDomainFacts *domain;
  const StrataSnapshotFacts
      *snapshot; /* (nullable): which alone names it, and has it back with a return */
  const char *path;
} Absence;

/* A raw image stands on nothing, wherever it is. FORMAT: (nullable): by what names TOP */
static const char *
find_absent_link (StrataVerification *self, const char *top, const char *format)
{
  for (StrataChain link = strata_graph_walk (self->graph, top); link.path != NULL;
       strata_chain_next (&link))
    {
      const StrataImage *image = link.image;

      if (image == NULL)
        return format == NULL || g_str_equal (format, "raw") ? NULL : link.path;
      if (image->state == STRATA_IMAGE_MISSING ||
          (image->state == STRATA_IMAGE_UNKNOWN && image->backing_path == NULL))
        return g_strcmp0 (image->format, "raw") == 0 ? NULL : link.path;
      format = image->backing_format;
    }

  return NULL;
}

static const char *
find_absent_disk (StrataVerification *self, const StrataDomainFacts *domain, gboolean next)
{
  GPtrArray *disks = next ? domain->next_disks : domain->disks;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      g_autoptr (StrataHolderKey) key =
          next ? strata_holder_key_new_next_disk (domain->uuid, disk->target)
               : strata_holder_key_new_disk (domain->uuid, disk->target);
      const char *absent = find_absent_link (self, disk->source, disk->format);

      if (absent != NULL && !strata_law_is_discarded (self, key))
        return absent;
    }

  return NULL;
}

static const char *
find_absent (StrataVerification *self, const StrataDomainFacts *domain)
{
  const char *absent = find_absent_disk (self, domain, FALSE);

  if (absent == NULL && domain->next_disks != domain->disks)
    absent = find_absent_disk (self, domain, TRUE);
  for (guint i = 0; i < domain->uses->len && absent == NULL; i++)
    {
      const StrataDiskXml *disk = ((StrataImageUse *) g_ptr_array_index (domain->uses, i))->disk;
      g_autoptr (StrataHolderKey) key = strata_holder_key_new_disk (domain->uuid, NULL);

      if (!strata_law_is_discarded (self, key))
        absent = find_absent_link (self, disk->source, disk->format);
    }

  for (guint i = 0; i < domain->snapshots->len && absent == NULL; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len && !snapshot->retained && absent == NULL; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);
          g_autoptr (StrataHolderKey) key =
              strata_holder_key_new_snapshot (domain->uuid, snapshot->name, disk->target);

          if (disk->location != STRATA_SNAPSHOT_NONE && !strata_law_is_discarded (self, key))
            absent = find_absent_link (self, disk->image, disk->format);
        }
    }

  return absent;
}

/* Likewise, of what SNAPSHOT left out or gives QEMU on its command line. */
static const char *
find_absent_left_out (StrataVerification *self,
                      const StrataDomainFacts *domain,
                      const StrataSnapshotFacts *snapshot)
{
  const char *absent = NULL;

  for (guint i = 0; i < snapshot->disks->len && absent == NULL; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      g_autoptr (StrataHolderKey) key =
          strata_holder_key_new_snapshot (domain->uuid, snapshot->name, disk->target);

      if (disk->location == STRATA_SNAPSHOT_NONE && disk->image != NULL &&
          !strata_law_is_discarded (self, key))
        absent = find_absent_link (self, disk->image, disk->format);
    }
  for (guint i = 0; i < snapshot->options->len && absent == NULL; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (snapshot->options, i);
      g_autoptr (StrataHolderKey) key =
          strata_holder_key_new_use (domain->uuid, snapshot->name, "option", disk->source);

      if (!strata_law_is_discarded (self, key))
        absent = find_absent_link (self, disk->source, disk->format);
    }

  return absent;
}

static Absence
find_absence (StrataVerification *self, const StrataDomainFacts *domain)
{
  Absence absence = { domain, NULL, find_absent (self, domain) };

  for (guint i = 0; i < domain->snapshots->len && absence.path == NULL; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      if (snapshot->retained)
        continue;
      absence.snapshot = snapshot;
      absence.path = find_absent_left_out (self, domain, snapshot);
    }

  return absence;
}

static void
hold_chain (StrataVerification *self, const char *top, Absence absence)
{
  for (StrataChain link = strata_graph_walk (self->graph, top); link.image != NULL;
       strata_chain_next (&link))
    g_hash_table_insert (self->lineages, link.image->path, g_memdup2 (&absence, sizeof absence));
}

static void
hold_disks (StrataVerification *self, GPtrArray *disks, Absence absence)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      hold_chain (self, disk->source, absence);
      for (guint j = 0; disk->backings != NULL && disk->backings[j] != NULL; j++)
        hold_chain (self, disk->backings[j], absence);
    }
}

/* Every image of DOMAIN may be what the one of ABSENCE stands on. */
static void
hold_lineage (StrataVerification *self, const StrataDomainFacts *domain, Absence absence)
{
  hold_disks (self, domain->disks, absence);
  hold_disks (self, domain->next_disks, absence);
  for (guint i = 0; i < domain->uses->len; i++)
    hold_chain (self, ((StrataImageUse *) g_ptr_array_index (domain->uses, i))->disk->source,
                absence);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);
      GHashTableIter iter;
      const char *path;

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE)
            hold_chain (self, disk->image, absence);
        }
      g_hash_table_iter_init (&iter, snapshot->named);
      while (g_hash_table_iter_next (&iter, (gpointer *) &path, NULL))
        hold_chain (self, path, absence);
    }
}

/* Whether a step of the plan is about the domain UUID, which may be gone by its steps that are done. */
static gboolean
is_of_plan (StrataVerification *self, const char *uuid)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (strata_law_is_about (strata_plan_get_step (self->plan, i), "uuid", uuid))
        return TRUE;
    }

  return FALSE;
}

/* What a begun plan is still to delete was its domain's, and nothing else says so once the steps before have taken the names
 * of it out. */
static void
hold_left (StrataVerification *self, Absence absence)
{
  for (guint i = 0; self->done != NULL && i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);
      const char *path = strata_graph_resolve (self->graph, strata_layers_arg (step->args, "path"));

      if (path != NULL && !self->done[i] &&
          (step->kind == STRATA_STEP_DELETE_VOLUME || step->kind == STRATA_STEP_DELETE_TAG))
        g_hash_table_insert (self->lineages, (char *) path, g_memdup2 (&absence, sizeof absence));
    }
}

/* What the mark of a thin clone says its disks stood on, whichever domain names that by now; and all that is of the domain of
 * which it was made. Where an older mark names no images, a domain of that name may be what that one became. */
static void
hold_marked (StrataVerification *self, const StrataThinMark *mark, Absence absence)
{
  const StrataDomainFacts *source = strata_graph_find_domain (self->graph, mark->source);

  if (source == NULL && mark->bases == NULL)
    source = strata_graph_find_domain (self->graph, mark->source_name);
  if (source != NULL)
    hold_lineage (self, source, absence);
  for (guint i = 0; mark->bases != NULL && mark->bases[i] != NULL; i++)
    hold_chain (self, strata_graph_resolve (self->graph, mark->bases[i]), absence);
}

static void
collect_lineages (StrataVerification *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  self->lineages = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      const StrataThinMark *mark = domain->thin_mark;
      Absence absence = find_absence (self, domain);

      if (absence.path == NULL)
        continue;
      hold_lineage (self, domain, absence);
      if (mark != NULL)
        hold_marked (self, mark, absence);
      if (is_of_plan (self, domain->uuid) || (mark != NULL && is_of_plan (self, mark->source)))
        hold_left (self, absence);
    }
}

/* Whether PATH is an overlay that a snapshot of the plan, which is taken by now, put on a disk. */
static gboolean
is_overlay_of_plan (StrataVerification *self, const char *path)
{
  for (guint i = 0; self->done != NULL && i < strata_plan_get_n_steps (self->plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (self->plan, i);
      JsonArray *disks = self->done[i] && step->kind == STRATA_STEP_SNAPSHOT_CREATE
                             ? json_object_get_array_member (step->args, "disks")
                             : NULL;

      for (guint j = 0; disks != NULL && j < json_array_get_length (disks); j++)
        {
          if (g_strcmp0 (strata_layers_arg (json_array_get_object_element (disks, j), "overlay"),
                         path) == 0)
            return TRUE;
        }
    }

  return FALSE;
}

/* What a job made itself came to be after all that can't be seen, so that nothing of that stands on it. STEP is one of a begun plan,
 * or of the way back, by which the process that did the steps gives a domain what it had until then. */
gboolean
strata_law_is_own (StrataVerification *self, const StrataStep *step, const StrataImage *image)
{
  g_autoptr (StrataHolderKey) key = strata_holder_key_new_image (image->path);

  return strata_law_is_made (self, key) || is_overlay_of_plan (self, image->path) ||
         strata_law_is_about (step, "own", image->path) ||
         json_object_get_boolean_member_with_default (step->args, "at-once", FALSE);
}

/* What STEP names and does not write to is only read. */
static gboolean
is_only_read (StrataVerification *self, const StrataStep *step, const StrataImage *image)
{
  if (strata_law_is_own (self, step, image))
    return TRUE;

  return step->kind == STRATA_STEP_PULL && !strata_law_is_about (step, "image", image->path);
}

/* A disk that was left out and is deleted for good no machine misses, but each snapshot that left it out still names it. */
static void
refuse_for_snapshot (const Absence *absence, const StrataImage *image, GError **error)
{
  g_autofree char *path = strata_quote_word (absence->path);
  g_autofree char *machine = strata_quote_word (absence->domain->name);
  g_autofree char *name = strata_quote_word (absence->snapshot->name);
  g_autofree char *hint = g_strdup_printf (
      /* Translators: an image, a virtual machine, a snapshot; SIZE is a word in capitals */
      _ ("Bring it back or, if it is gone for good, put an empty one in its place (“qemu-img create "
         "-f qcow2 %s SIZE”), or take the snapshot out of the list (“stratactl snapshot delete %s %s "
         "--metadata-only”); its files stay as they are."),
      path, machine, name);

  strata_set_error (error, STRATA_ERROR_REFUSED, hint,
                    /* Translators: an image, a snapshot, a virtual machine, another image */
                    _ ("“%s”, which comes back with the snapshot “%s” of “%s”, isn’t there, so "
                       "nothing shows that it doesn’t stand on “%s”"),
                    absence->path, absence->snapshot->name, absence->domain->name, image->path);
}

/* An image that isn't there says nothing of what it stands on, and its bytes are gone if that is. It was made on images of
 * its own domain or, a thin clone's, of the one that it is a clone of. What is made independent takes none of its bytes, but
 * it does take what tells on which images it was made. */
gboolean
strata_law_require_no_absence (StrataVerification *self,
                               const StrataStep *step,
                               const StrataImage *image,
                               GError **error)
{
  const Absence *absence;
  const StrataImage *absent;

  if (self->lineages == NULL)
    collect_lineages (self);
  absence = g_hash_table_lookup (self->lineages, image->path);
  if (absence == NULL || is_only_read (self, step, image))
    return TRUE;

  absent = strata_graph_get_image (self->graph, absence->path);
  if (absent != NULL && absent->state == STRATA_IMAGE_UNKNOWN)
    {
      strata_law_refuse_unseen (self->graph, absent, image->path, error);
      return FALSE;
    }
  if (absence->snapshot != NULL)
    {
      refuse_for_snapshot (absence, image, error);
      return FALSE;
    }

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Bring it back, or take what names it out (“virsh undefine”, “virsh detach-disk”, "
         "“stratactl snapshot delete --metadata-only”)."),
      /* Translators: an image, a virtual machine, another image */
      _ ("“%s”, which “%s” needs, isn’t there, so nothing shows that it doesn’t stand on “%s”"),
      absence->path, absence->domain->name, image->path);
  return FALSE;
}
