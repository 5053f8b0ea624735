/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Making a snapshot. libvirt's call blocks until memory is saved, so another thread looks how far that is, and ends it
 * when the job is cancelled. Taking it back is in strata-snapshot-undo.c.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "host/domain/strata-domain-control.h"
#include "host/domain/strata-reacquire.h"
#include "host/domain/strata-restore.h"
#include "host/connection/strata-connection-private.h"
#include "host/storage/strata-freeze.h"
#include "host/storage/strata-image-tags.h"
#include "host/domain/strata-screenshot.h"
#include "strata-snapshot-create.h"
#include "strata-snapshot-private.h"
#include "strata-snapshot.h"
#include "host/storage/strata-storage.h"

#define LOOK_EVERY_MS 200

typedef struct
{
  virDomainPtr domain;
  const StrataTransfer *transfer;
  GMutex lock;
  GCond over_cond;
  gboolean over;
} Watch;

/* What the call still waits for may be another client's job. */
static gboolean
is_ours (virDomainPtr domain)
{
  virTypedParameterPtr params = NULL;
  int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
  int n = 0;
  int type;

  if (virDomainGetJobStats (domain, &type, &params, &n, 0) < 0)
    return FALSE;
  if (virTypedParamsGetInt (params, n, VIR_DOMAIN_JOB_OPERATION, &operation) < 0)
    g_debug ("no operation is said");
  virTypedParamsFree (params, n);

  return operation == VIR_DOMAIN_JOB_OPERATION_SNAPSHOT;
}

static void
look_at_job (Watch *self)
{
  virDomainJobInfo info;

  if (g_cancellable_is_cancelled (strata_transfer_get_cancellable (self->transfer)))
    {
      /* Before the job has begun there is nothing to abort, so it is said again each time. */
      if (!is_ours (self->domain) || virDomainAbortJob (self->domain) < 0)
        g_debug ("nothing to abort yet");
    }
  else if (self->transfer != NULL && virDomainGetJobInfo (self->domain, &info) == 0 &&
           info.type != VIR_DOMAIN_JOB_NONE && info.dataTotal > 0)
    strata_transfer_report (self->transfer, info.dataProcessed, info.dataTotal);
}

static gpointer
watch_job (gpointer data)
{
  Watch *self = data;

  g_mutex_lock (&self->lock);
  while (!self->over)
    {
      gint64 next = g_get_monotonic_time () + LOOK_EVERY_MS * G_TIME_SPAN_MILLISECOND;

      if (g_cond_wait_until (&self->over_cond, &self->lock, next))
        continue;
      g_mutex_unlock (&self->lock);
      look_at_job (self);
      g_mutex_lock (&self->lock);
    }
  g_mutex_unlock (&self->lock);

  return NULL;
}

static void
end_watch (Watch *self, GThread *thread)
{
  g_mutex_lock (&self->lock);
  self->over = TRUE;
  g_cond_signal (&self->over_cond);
  g_mutex_unlock (&self->lock);

  g_thread_join (thread);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->over_cond);
}

static unsigned int
flags_of (const StrataSnapshotParams *params)
{
  unsigned int flags = VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC;

  if (params->kind == STRATA_SNAPSHOT_KIND_DISK_ONLY)
    flags |= VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY;
  if (params->halt)
    flags |= VIR_DOMAIN_SNAPSHOT_CREATE_HALT;

  return flags;
}

static gboolean
create (virDomainPtr domain, const StrataSnapshotParams *params, Watch *watch, GError **error)
{
  GThread *thread = g_thread_new ("strata-snapshot", watch_job, watch);
  g_autoptr (virDomainSnapshot) snapshot =
      virDomainSnapshotCreateXML (domain, params->xml, flags_of (params));

  if (snapshot == NULL)
    strata_vir_set_error (error, _ ("Taking the snapshot “%s”"), params->name);
  end_watch (watch, thread);

  return snapshot != NULL;
}

/* A guest that stays frozen is worse than one without the snapshot. */
static gboolean
create_at_rest (virDomainPtr domain,
                const StrataSnapshotParams *params,
                Watch *watch,
                gboolean *created,
                GError **error)
{
  g_autoptr (GError) thaw_error = NULL;

  if (!params->quiesce)
    {
      *created = create (domain, params, watch, error);
      return *created;
    }

  if (!strata_freeze (domain, error))
    return FALSE;
  *created = create (domain, params, watch, error);
  if (strata_thaw (domain, &thaw_error))
    return *created;

  g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&thaw_error));

  return FALSE;
}

static gboolean
names_file (GPtrArray *disks, StrataConnection *connection, const char *path)
{
  g_autofree char *canonical = strata_connection_canonical_path (connection, path);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      g_autofree char *source =
          disk->source != NULL ? strata_connection_canonical_path (connection, disk->source) : NULL;

      if (g_strcmp0 (source, canonical) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Whether the domain, as it runs or as it will start, is on PATH. */
static gboolean
is_used (StrataConnection *connection, const StrataDomainFacts *facts, const char *path)
{
  g_autoptr (GPtrArray) inactive = strata_domain_xml_get_disks (facts->definition);

  return names_file (facts->disks, connection, path) || names_file (inactive, connection, path);
}

/* libvirt removes what it made when it fails; a daemon that fell over did not. What the domain is on by now stays: see
 * strata_snapshot_is_left(). */
static void
remove_leftovers (StrataConnection *connection, const StrataSnapshotParams *params)
{
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (connection, params->uuid, NULL);

  if (params->screenshot != NULL)
    g_unlink (params->screenshot);
  if (facts == NULL || strata_domain_facts_find_snapshot (facts, params->name) != NULL)
    return;

  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      if (!is_used (connection, facts, item->overlay))
        strata_storage_delete (connection, item->overlay, NULL);
    }
  if (params->memory_file != NULL)
    strata_storage_delete (connection, params->memory_file, NULL);
}

static void
clean_up (StrataConnection *connection, const StrataSnapshotParams *params, gboolean created)
{
  g_autoptr (GError) error = NULL;

  if (!created)
    remove_leftovers (connection, params);
  else if (!strata_snapshot_undo (connection, params, &error))
    g_warning ("%s", error->message);
}

/* libvirt says that it was made once its definition names the overlays; on a VM that is off qemu-img made them, under the
 * name that it understood. */
static gboolean
require_made (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      gboolean exists;

      if (!strata_storage_exists (connection, item->overlay, &exists, error))
        return FALSE;
      if (exists)
        continue;
      strata_set_error (error, STRATA_ERROR_FAILED,
                        _ ("Choose a name, and a folder, without odd characters."),
                        _ ("The overlay “%s” was not made, though libvirt says so"), item->overlay);
      return FALSE;
    }

  return TRUE;
}

/* Of a disk that its document doesn't name libvirt decides itself, and freezes it. */
static gboolean
require_all_named (const StrataSnapshotParams *params,
                   const StrataDomainFacts *facts,
                   GError **error)
{
  g_autoptr (StrataSnapshotXml) document = strata_snapshot_xml_new_from_string (params->xml, error);
  g_autoptr (GPtrArray) named = NULL;

  if (document == NULL)
    return FALSE;

  named = strata_snapshot_xml_get_disks (document);
  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);
      gboolean found =
          g_strcmp0 (disk->device, "disk") != 0 && g_strcmp0 (disk->device, "lun") != 0;

      for (guint j = 0; j < named->len; j++)
        found |= g_strcmp0 (((StrataSnapshotDisk *) named->pdata[j])->target, disk->target) == 0;
      if (found)
        continue;
      strata_set_error (error, STRATA_ERROR_CHANGED,
                        _ ("Nothing more is done. Look at the machine, and try again."),
                        _ ("The disk “%s” of “%s” was added in the meantime"), disk->target,
                        facts->name);
      return FALSE;
    }

  return TRUE;
}

/* libvirt is told a target, and puts the overlay on whatever is there. */
static gboolean
check_bases (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (connection, params->uuid, error);

  if (facts == NULL || !require_all_named (params, facts, error))
    return FALSE;

  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      gboolean found = FALSE;

      for (guint j = 0; j < facts->disks->len; j++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (facts->disks, j);

          found |= g_strcmp0 (disk->target, item->target) == 0 &&
                   strata_storage_is_same (connection, disk->source, item->base);
        }
      if (!found)
        {
          strata_set_error (error, STRATA_ERROR_CHANGED,
                            _ ("Nothing more is done. Look at the machine, and try again."),
                            _ ("The disk “%s” of “%s” is not on “%s” any more"), item->target,
                            facts->name, item->base);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_snapshot_overlay_new:
 * @target: the disk, `vda`
 * @overlay: the overlay that it gets
 * @base: what it is on before
 * @base_format: (nullable): its format
 *
 * Returns: (transfer full): a disk of an external snapshot
 */
StrataSnapshotOverlay *
strata_snapshot_overlay_new (const char *target,
                             const char *overlay,
                             const char *base,
                             const char *base_format)
{
  StrataSnapshotOverlay *self = g_new0 (StrataSnapshotOverlay, 1);

  self->target = g_strdup (target);
  self->overlay = g_strdup (overlay);
  self->base = g_strdup (base);
  self->base_format = g_strdup (base_format);

  return self;
}

/**
 * strata_snapshot_overlay_free:
 * @self: (transfer full): a disk of an external snapshot
 */
void
strata_snapshot_overlay_free (StrataSnapshotOverlay *self)
{
  g_free (self->target);
  g_free (self->overlay);
  g_free (self->base);
  g_free (self->base_format);
  g_free (self);
}

/**
 * strata_snapshot_check_params:
 * @connection: a connection
 * @params: a snapshot to be made
 * @error: where to put `STRATA_ERROR_EXISTS` or another error
 *
 * What is at a path of @params afterwards was made for it, and may be removed when it fails. Worker threads only.
 *
 * Returns: whether neither its name nor any of its files is there
 */
gboolean
strata_snapshot_check_params (StrataConnection *connection,
                              const StrataSnapshotParams *params,
                              GError **error)
{
  gboolean exists;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!strata_snapshot_exists (connection, params->uuid, params->name, &exists, error))
    return FALSE;
  if (exists)
    {
      strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Choose another name."),
                        _ ("There is already a snapshot called “%s”"), params->name);
      return FALSE;
    }

  if (!check_bases (connection, params, error))
    return FALSE;
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      if (!strata_storage_require_absent (connection, item->overlay, error))
        return FALSE;
    }

  return params->memory_file == NULL ||
         strata_storage_require_absent (connection, params->memory_file, error);
}

/* A paused VM may have been left so by an earlier snapshot, or by a return to one. */
static gboolean
make_ready (virDomainPtr domain, const StrataSnapshotParams *params, GError **error)
{
  return params->kind == STRATA_SNAPSHOT_KIND_MEMORY ? strata_reacquire_memory (domain, error)
                                                     : strata_reacquire_images (domain, error);
}

/* Of a machine that is off libvirt 9.0 has qemu-img make the overlays with whatever the daemon's umask leaves. Who may not read
 * what was written before may not read what is written from now on. Where this client may not change that, doctor tells. */
static void
keep_private (StrataConnection *connection, const StrataSnapshotParams *params)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      g_autoptr (GError) local = NULL;
      guint base;
      guint mode;

      if (strata_storage_get_mode (connection, item->base, &base, &local) &&
          strata_storage_get_mode (connection, item->overlay, &mode, &local) &&
          (mode & ~base & 077) != 0)
        strata_storage_set_mode (connection, item->overlay, mode & (base | 0700), &local);
      if (local != NULL)
        g_debug ("%s", local->message);
    }
}

/* libvirt lets the call wait until another client has saved the machine, and then takes one of a machine that is off: without the
 * memory, and on overlays of which the saved state knows nothing. */
static gboolean
require_as_ordered (StrataConnection *connection,
                    virDomainPtr domain,
                    const StrataSnapshotParams *params,
                    GError **error)
{
  g_autofree char *xml = strata_snapshot_get_xml (connection, params->uuid, params->name, error);
  g_autoptr (StrataSnapshotFacts) facts =
      xml != NULL ? strata_snapshot_facts_new (xml, FALSE, error) : NULL;

  if (facts == NULL)
    return FALSE;
  if (virDomainHasManagedSaveImage (domain, 0) != 1 &&
      (params->kind != STRATA_SNAPSHOT_KIND_MEMORY || facts->memory == STRATA_SNAPSHOT_EXTERNAL) &&
      (params->kind != STRATA_SNAPSHOT_KIND_INTERNAL || facts->memory == STRATA_SNAPSHOT_INTERNAL))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Look at the machine, and try again."),
                    _ ("Another program saved or stopped “%s” before the snapshot was taken"),
                    virDomainGetName (domain));
  return FALSE;
}

/**
 * strata_snapshot_create:
 * @connection: a connection
 * @params: what to make; strata_snapshot_check_params() said yes to it
 * @transfer: (nullable): tells in another thread, while memory is saved; cancelled, that ends, and the guest goes on as before
 * @error: where to put an error
 *
 * Worker threads only. The guest stands still while its memory is saved.
 *
 * Returns: whether it was made; if not, strata_snapshot_is_left() says whether there is something to undo
 */
gboolean
strata_snapshot_create (StrataConnection *connection,
                        const StrataSnapshotParams *params,
                        const StrataTransfer *transfer,
                        GError **error)
{
  Watch watch = { .transfer = transfer };
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean created = FALSE;
  gboolean active;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, params->uuid, error);
  if (domain == NULL ||
      g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error))
    return FALSE;
  active = virDomainIsActive (domain) == 1;
  if (active && (!strata_domain_require_idle (connection, params->uuid, error) ||
                 !make_ready (domain, params, error)))
    return FALSE;

  if (params->screenshot != NULL &&
      !strata_screenshot_save (connection, domain, params->screenshot, &failure))
    {
      g_debug ("%s", failure->message);
      g_clear_error (&failure);
    }

  g_mutex_init (&watch.lock);
  g_cond_init (&watch.over_cond);
  watch.domain = domain;
  if (create_at_rest (domain, params, &watch, &created, &failure) &&
      require_made (connection, params, &failure) &&
      (!active || require_as_ordered (connection, domain, params, &failure)))
    {
      keep_private (connection, params);
      return TRUE;
    }

  /* What was kept of a guest that libvirt has stopped is all that there is of it. */
  if (!params->halt || !strata_domain_was_halted (connection, params->uuid))
    clean_up (connection, params, created);
  if (created ||
      !g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error))
    g_propagate_error (error, g_steal_pointer (&failure));

  return FALSE;
}

static gboolean
has_tag (StrataConnection *connection, const StrataSnapshotParams *params)
{
  for (guint i = 0; params->images != NULL && params->images[i] != NULL; i++)
    {
      g_auto (GStrv) tags =
          strata_image_tags_list (connection, params->images[i], "qcow2", NULL, NULL);

      if (tags != NULL && g_strv_contains ((const char *const *) tags, params->name))
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_snapshot_is_left:
 * @connection: a connection
 * @params: a snapshot whose creation failed
 *
 * libvirt puts a running guest on the overlays before it writes the domain's definition and the snapshot's document; when it
 * can't write them, the guest stays on overlays that neither names. Of a domain that is off it deletes the overlays then, and
 * goes on naming them until the daemon is restarted. Worker threads only.
 *
 * Returns: whether there is something to undo, or that can't be told
 */
gboolean
strata_snapshot_is_left (StrataConnection *connection, const StrataSnapshotParams *params)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataDomainFacts) facts = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), TRUE);

  facts = strata_connection_get_domain (connection, params->uuid, &error);
  if (facts == NULL)
    return !g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  if (strata_domain_facts_find_snapshot (facts, params->name) != NULL)
    return TRUE;

  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      if (is_used (connection, facts, item->overlay))
        return TRUE;
    }

  return params->kind == STRATA_SNAPSHOT_KIND_INTERNAL && has_tag (connection, params);
}
