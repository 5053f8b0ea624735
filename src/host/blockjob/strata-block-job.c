/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A block job, from its start until it is over.
 *
 * Copies and active commits end by being *ready*: source and destination are equal and stay so until
 * a client decides. libvirt says so in an event, which comes on the default main context and can be
 * lost (with the connection, or because no thread runs that context), so the domain is looked at as
 * well. That all bytes are done is not enough: only the event, or `<mirror ready='yes'>`, means ready.
 *
 * Pulls, and commits of what is not on top, end by themselves. That such a job is gone is the only
 * sign that is never lost, and it says nothing about how it ended: the disk's layers do.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "strata-block-job.h"
#include "host/connection/strata-vir.h"
#include "host/connection/strata-xpath.h"
#include "base/strata-error.h"

/* The first looks come soon, for small images; then four a second, which is as often as progress is
 * worth showing. */
#define FIRST_LOOK_MS  20
#define LOOK_EVERY_MS  250
#define GONE_PATIENCE  4
#define END_PATIENCE_S 30

typedef enum
{
  GOAL_READY,
  GOAL_DONE,
} Goal;

/* What was heard of the block job on one disk, in the thread of the default main context, and who waits for it in another. */
typedef struct
{
  GMutex lock;
  GCond changed;
  char *target;
  guint changes;
  gboolean ready;
  gboolean failed;
} BlockEvents;

static BlockEvents *
block_events_new (const char *target)
{
  BlockEvents *self = g_atomic_rc_box_new0 (BlockEvents);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->target = g_strdup (target);

  return self;
}

static void
block_events_clear (gpointer data)
{
  BlockEvents *self = data;

  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->target);
}

static gpointer
block_events_ref (BlockEvents *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
block_events_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, block_events_clear);
}

/* A number that grows with every event. */
static guint
read_events (BlockEvents *self, gboolean *ready, gboolean *failed)
{
  guint seen;

  g_mutex_lock (&self->lock);
  *ready = self->ready;
  *failed = self->failed;
  seen = self->changes;
  g_mutex_unlock (&self->lock);

  return seen;
}

/* Until there is something that came after SEEN was read, or the time is over. */
static void
await_event (BlockEvents *self, guint seen, guint milliseconds)
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

static void
event_cb (virConnectPtr handle,
          virDomainPtr domain,
          const char *target,
          int type,
          int status,
          void *user_data)
{
  BlockEvents *self = user_data;

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

/* Is an event, too. */
static void
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  BlockEvents *self = user_data;

  g_mutex_lock (&self->lock);
  self->changes++;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

struct _StrataBlockJob
{
  virConnectPtr handle;
  virDomainPtr domain;
  char *target;
  BlockEvents *events; /* shared with the callback, which may outlive us */
  int callback;
  guint64 last_done;
  guint64 last_total;
  guint64 bandwidth; /* what was asked for last */
};

/**
 * strata_block_job_new:
 * @handle: the domain's connection
 * @domain: a running domain
 * @target: a disk of it, `vda`
 *
 * Begins to watch @target. Worker threads only; the job is started after this.
 *
 * Returns: (transfer full): the watch
 */
StrataBlockJob *
strata_block_job_new (virConnectPtr handle, virDomainPtr domain, const char *target)
{
  StrataBlockJob *self = g_new0 (StrataBlockJob, 1);

  STRATA_ASSERT_WORKER ();

  self->target = g_strdup (target);
  self->events = block_events_new (target);
  self->bandwidth = STRATA_BANDWIDTH_SAME;

  virConnectRef (handle);
  self->handle = handle;
  virDomainRef (domain);
  self->domain = domain;

  self->callback = virConnectDomainEventRegisterAny (
      handle, domain, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, VIR_DOMAIN_EVENT_CALLBACK (event_cb),
      block_events_ref (self->events), block_events_unref);
  /* Without the event there are still the looks. */
  if (self->callback < 0)
    block_events_unref (self->events);

  return self;
}

void
strata_block_job_free (StrataBlockJob *self)
{
  if (self->callback >= 0)
    virConnectDomainEventDeregisterAny (self->handle, self->callback);
  g_clear_pointer (&self->events, block_events_unref);
  g_clear_pointer (&self->target, g_free);
  g_clear_pointer (&self->domain, virDomainFree);
  g_clear_pointer (&self->handle, virConnectClose);
  g_free (self);
}

static gboolean
mirror_is_ready (StrataBlockJob *self)
{
  g_autofree char *xml = virDomainGetXMLDesc (self->domain, 0);
  g_autofree char *expression =
      g_strdup_printf ("/domain/devices/disk[target/@dev='%s']/mirror[@ready='yes']", self->target);

  return strata_xpath_boolean (xml, expression);
}

/* A job that goes on at its old speed is no failure. */
static void
set_speed (StrataBlockJob *self, guint64 wanted, guint64 now)
{
  guint64 known = self->bandwidth;

  if (wanted == STRATA_BANDWIDTH_SAME || wanted == known)
    return;

  self->bandwidth = wanted;
  /* It was begun with what was wanted then, which may have changed since. */
  if (known == STRATA_BANDWIDTH_SAME && (wanted == 0 || wanted == now))
    return;
  if (virDomainBlockJobSetSpeed (self->domain, self->target, wanted,
                                 VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES) < 0)
    g_debug ("The speed of the work on “%s” stays: %s", self->target, virGetLastErrorMessage ());
}

/* QEMU may find more to do while it works, and looks back at what it did; a bar that goes back would
 * only be wondered at. */
static guint64
report (StrataBlockJob *self, guint64 done, guint64 total, const StrataTransfer *transfer)
{
  self->last_done = MAX (self->last_done, MIN (done, total));
  self->last_total = MAX (total, self->last_done);

  return strata_transfer_report (transfer, self->last_done, self->last_total);
}

static gboolean
set_given_up (GError **error)
{
  strata_set_error (error, STRATA_ERROR_FAILED,
                    _ ("The host’s log of this virtual machine may say more."),
                    _ ("QEMU gave up the work on a disk"));

  return FALSE;
}

/* A look; RUNNING: whether the job is there. */
static gboolean
look (StrataBlockJob *self, virDomainBlockJobInfo *info, gboolean *running, GError **error)
{
  int n = virDomainGetBlockJobInfo (self->domain, self->target, info,
                                    VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES);

  *running = n == 1;
  if (n < 0)
    strata_vir_set_error (error, _ ("Following the work on a disk"));

  return n >= 0;
}

static gboolean
follow (StrataBlockJob *self, Goal goal, const StrataTransfer *transfer, GError **error)
{
  GCancellable *cancellable = strata_transfer_get_cancellable (transfer);
  guint pause = FIRST_LOOK_MS;
  guint gone = 0;

  for (;;)
    {
      virDomainBlockJobInfo info;
      gboolean running;
      gboolean ready;
      gboolean failed;
      guint seen;

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !look (self, &info, &running, error))
        return FALSE;

      seen = read_events (self->events, &ready, &failed);
      if (goal == GOAL_DONE && !running)
        {
          report (self, self->last_total, self->last_total, transfer);
          return !failed || set_given_up (error);
        }
      if (running && !ready && info.end > 0 && info.cur == info.end)
        ready = mirror_is_ready (self);

      /* An end of 1 stands for "not known yet". */
      if (running && (info.end > 1 || ready))
        set_speed (self, report (self, ready ? info.end : info.cur, info.end, transfer),
                   info.bandwidth);
      if (ready && goal == GOAL_READY)
        return TRUE;

      gone = running ? 0 : gone + 1;
      if (goal == GOAL_READY && (failed || gone >= GONE_PATIENCE))
        return set_given_up (error);

      await_event (self->events, seen, pause);
      pause = MIN (pause * 2, LOOK_EVERY_MS);
    }
}

static gboolean
wait_for (StrataBlockJob *self, Goal goal, const StrataTransfer *transfer, GError **error)
{
  GCancellable *cancellable = strata_transfer_get_cancellable (transfer);
  gboolean reached;
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb),
                                     block_events_ref (self->events), block_events_unref);
  report (self, 0, 0, transfer);
  reached = follow (self, goal, transfer, error);
  g_cancellable_disconnect (cancellable, handler);

  return reached;
}

/**
 * strata_block_job_wait_ready:
 * @self: a watch, whose job was started
 * @transfer: (nullable): tells at once, and never goes back; cancelled, the waiting ends and the job goes on
 * @error: where to put an error
 *
 * Worker threads only.
 *
 * Returns: whether the job is ready
 */
gboolean
strata_block_job_wait_ready (StrataBlockJob *self, const StrataTransfer *transfer, GError **error)
{
  STRATA_ASSERT_WORKER ();

  return wait_for (self, GOAL_READY, transfer, error);
}

/**
 * strata_block_job_wait_done:
 * @self: a watch, whose job was started, or was there before; one that ends by itself
 * @transfer: (nullable): tells at once, and never goes back; cancelled, the waiting ends and the job goes on
 * @error: where to put an error
 *
 * An event that says how the job ended may be lost, so the caller looks whether the disk's layers are
 * what they shall be. Worker threads only.
 *
 * Returns: whether the job is over, and nothing was heard of a failure
 */
gboolean
strata_block_job_wait_done (StrataBlockJob *self, const StrataTransfer *transfer, GError **error)
{
  STRATA_ASSERT_WORKER ();

  return wait_for (self, GOAL_DONE, transfer, error);
}

static gboolean
wait_until_over (StrataBlockJob *self)
{
  gint64 end = g_get_monotonic_time () + END_PATIENCE_S * G_TIME_SPAN_SECOND;
  virDomainBlockJobInfo info;

  while (virDomainGetBlockJobInfo (self->domain, self->target, &info, 0) == 1)
    {
      if (g_get_monotonic_time () > end)
        return FALSE;
      g_usleep (FIRST_LOOK_MS * 1000);
    }

  return TRUE;
}

/**
 * strata_block_job_finish:
 * @self: a watch, whose job is ready
 * @pivot: whether the domain goes on with the destination
 * @error: where to put an error
 *
 * Without a pivot the destination is what the source was at this moment. Worker threads only.
 *
 * Returns: whether the job is over as asked
 */
gboolean
strata_block_job_finish (StrataBlockJob *self, gboolean pivot, GError **error)
{
  unsigned int flags = pivot ? VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT : 0;
  gint64 end = g_get_monotonic_time () + END_PATIENCE_S * G_TIME_SPAN_SECOND;

  STRATA_ASSERT_WORKER ();

  /* The daemon itself may hear of "ready" a moment after QEMU said it. */
  while (virDomainBlockJobAbort (self->domain, self->target, flags) < 0)
    {
      if (strata_vir_last_code () != VIR_ERR_BLOCK_COPY_ACTIVE || g_get_monotonic_time () > end)
        {
          strata_vir_set_error (error, _ ("Finishing the work on a disk"));
          return FALSE;
        }
      g_usleep (FIRST_LOOK_MS * 1000);
    }

  if (wait_until_over (self))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_TIMEOUT, NULL,
                    _ ("QEMU did not finish the work on a disk in time"));

  return FALSE;
}

/**
 * strata_block_job_abort:
 * @self: a watch
 *
 * Ends the job wherever it is. Worker threads only.
 */
void
strata_block_job_abort (StrataBlockJob *self)
{
  if (virDomainBlockJobAbort (self->domain, self->target, 0) == 0)
    wait_until_over (self);
}
