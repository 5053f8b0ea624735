/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What libvirt tells of a block job, in the thread of the default main context, and who waits for it in
 * another.
 */

#include "config.h"

#include "strata-block-events.h"

struct _StrataBlockEvents
{
  GMutex lock;
  GCond changed;
  char *target;
  guint changes;
  gboolean ready;
  gboolean failed;
};

StrataBlockEvents *
strata_block_events_new (const char *target)
{
  StrataBlockEvents *self = g_atomic_rc_box_new0 (StrataBlockEvents);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->target = g_strdup (target);

  return self;
}

static void
clear (gpointer data)
{
  StrataBlockEvents *self = data;

  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->target);
}

gpointer
strata_block_events_ref (StrataBlockEvents *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
strata_block_events_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, clear);
}

guint
strata_block_events_read (StrataBlockEvents *self, gboolean *ready, gboolean *failed)
{
  guint seen;

  g_mutex_lock (&self->lock);
  *ready = self->ready;
  *failed = self->failed;
  seen = self->changes;
  g_mutex_unlock (&self->lock);

  return seen;
}

void
strata_block_events_await (StrataBlockEvents *self, guint seen, guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND;

  g_mutex_lock (&self->lock);
  while (self->changes == seen)
    {
      if (!g_cond_wait_until (&self->changed, &self->lock, end))
        break;
    }
  g_mutex_unlock (&self->lock);
}

void
strata_block_events_on_event (virConnectPtr handle,
                              virDomainPtr domain,
                              const char *target,
                              int type,
                              int status,
                              void *user_data)
{
  StrataBlockEvents *self = user_data;

  if (g_strcmp0 (target, self->target) != 0)
    return;

  g_mutex_lock (&self->lock);
  if (status == VIR_DOMAIN_BLOCK_JOB_READY)
    self->ready = TRUE;
  else if (status == VIR_DOMAIN_BLOCK_JOB_FAILED || status == VIR_DOMAIN_BLOCK_JOB_CANCELED)
    self->failed = TRUE;
  self->changes++;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
strata_block_events_on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  StrataBlockEvents *self = user_data;

  g_mutex_lock (&self->lock);
  self->changes++;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}
