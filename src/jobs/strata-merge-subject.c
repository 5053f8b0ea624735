/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The disk of a VM whose layers are to be merged, whether the VM runs or not. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/strata-live-merge.h"
#include "host/strata-storage.h"
#include "strata-merge-subject.h"
#include "xml/strata-error.h"

/* QEMU itself does not open a longer one. */
#define LONGEST_CHAIN 200

void
strata_merge_subject_clear (StrataMergeSubject *self)
{
  self->disk = NULL;
  g_clear_pointer (&self->facts, strata_domain_facts_unref);
  g_clear_pointer (&self->layers, g_strfreev);
}

static const StrataDiskXml *
find_disk (const StrataDomainFacts *facts, const char *target)
{
  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (g_strcmp0 (disk->target, target) == 0 && disk->source != NULL)
        return disk;
    }

  return NULL;
}

/* By the headers, since no QEMU has it open. FORMAT: what the definition says of PATH; below a raw image is nothing, whatever a
 * guest wrote into it. */
static GStrv
list_layers (StrataConnection *connection, const char *path, const char *format, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *next = g_strdup (path);
  g_autofree char *next_format = g_strdup (format);

  for (guint i = 0; next != NULL && g_path_is_absolute (next) && i < LONGEST_CHAIN; i++)
    {
      g_autoptr (StrataImage) image = strata_storage_look (connection, next, error);

      if (image == NULL)
        return NULL;
      g_strv_builder_add (builder, next);
      if (g_strcmp0 (next_format, "raw") == 0)
        break;
      g_set_str (&next, image->backing_path);
      g_set_str (&next_format, image->backing_format);
    }

  return g_strv_builder_end (builder);
}

/**
 * strata_merge_subject_look:
 * @self: a subject
 * @connection: a connection
 * @uuid: a domain's UUID
 * @target: a disk of it, `vda`
 * @error: where to put `STRATA_ERROR_NOT_FOUND` or another error
 *
 * Worker threads only.
 *
 * Returns: whether @self says what is true now
 */
gboolean
strata_merge_subject_look (StrataMergeSubject *self,
                           StrataConnection *connection,
                           const char *uuid,
                           const char *target,
                           GError **error)
{
  strata_merge_subject_clear (self);
  self->connection = connection;
  self->facts = strata_connection_get_domain (connection, uuid, error);
  if (self->facts == NULL)
    return FALSE;

  self->active = strata_domain_facts_is_active (self->facts);
  self->disk = find_disk (self->facts, target);
  if (self->disk == NULL)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("“%s” has no disk “%s” any more"),
                        self->facts->name, target);
      return FALSE;
    }

  if (self->active)
    self->layers = strata_live_chain (connection, uuid, target, error);
  else
    self->layers = list_layers (connection, self->disk->source, self->disk->format, error);

  return self->layers != NULL;
}

gboolean
strata_merge_subject_has (const StrataMergeSubject *self, const char *path)
{
  return strata_storage_is_among (self->connection, (const char *const *) self->layers, path);
}

gboolean
strata_merge_subject_check_top (const StrataMergeSubject *self, const char *path, GError **error)
{
  if (strata_storage_is_same (self->connection, self->layers[0], path))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Try again; what is to be done differs now."),
                    _ ("“%s” does not run on “%s” any more"), self->facts->name, path);

  return FALSE;
}

/**
 * strata_merge_subject_went_off:
 * @self: a subject that was active
 * @connection: a connection
 * @error: (inout): what the merge failed with
 *
 * Worker threads only.
 *
 * Returns: whether that was because the domain is off now; @error is clear then, and else an error
 */
gboolean
strata_merge_subject_went_off (StrataMergeSubject *self,
                               StrataConnection *connection,
                               GError **error)
{
  g_autofree char *uuid = g_strdup (self->facts->uuid);
  g_autofree char *target = g_strdup (self->disk->target);
  g_auto (StrataMergeSubject) now = { 0 };

  if (g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
      !strata_merge_subject_look (&now, connection, uuid, target, NULL) || now.active)
    return FALSE;

  g_clear_error (error);
  strata_merge_subject_clear (self);
  *self = now;
  now = (StrataMergeSubject) { 0 };

  return TRUE;
}
