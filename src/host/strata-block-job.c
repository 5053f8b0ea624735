/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A block job, from its start until it is over.
 *
 * Copies and active commits end by being *ready*: source and destination are equal and stay so until
 * somebody decides. libvirt says so in an event, which comes on the default main context and can be
 * lost (with the connection, or because nobody runs that context), so the domain is looked at as
 * well. That all bytes are done is not enough: only the event, or `<mirror ready='yes'>`, means ready.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "strata-block-job.h"
#include "strata-vir.h"
#include "strata-xpath.h"
#include "xml/strata-error.h"

/* The first looks come soon, for small images; then four a second, which is as often as progress is
 * worth showing. */
#define FIRST_LOOK_MS  20
#define LOOK_EVERY_MS  250
#define GONE_PATIENCE  4
#define END_PATIENCE_S 30

typedef struct
{
  GMutex lock;
  GCond changed;
  char *target;
  gboolean ready;
  gboolean failed;
  gboolean woken;
} News;

struct _StrataBlockJob
{
  virConnectPtr handle;
  virDomainPtr domain;
  News *news; /* shared with the callback, which may outlive us */
  int callback;
  guint64 last_done;
};

static void
news_clear (gpointer data)
{
  News *news = data;

  g_mutex_clear (&news->lock);
  g_cond_clear (&news->changed);
  g_free (news->target);
}

static void
news_release (gpointer news)
{
  g_atomic_rc_box_release_full (news, news_clear);
}

static void
on_block_job (virConnectPtr handle,
              virDomainPtr domain,
              const char *target,
              int type,
              int status,
              void *user_data)
{
  News *news = user_data;

  if (g_strcmp0 (target, news->target) != 0)
    return;

  g_mutex_lock (&news->lock);
  if (status == VIR_DOMAIN_BLOCK_JOB_READY)
    news->ready = TRUE;
  else if (status == VIR_DOMAIN_BLOCK_JOB_FAILED || status == VIR_DOMAIN_BLOCK_JOB_CANCELED)
    news->failed = TRUE;
  g_cond_signal (&news->changed);
  g_mutex_unlock (&news->lock);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  News *news = user_data;

  g_mutex_lock (&news->lock);
  news->woken = TRUE;
  g_cond_signal (&news->changed);
  g_mutex_unlock (&news->lock);
}

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

  self->news = g_atomic_rc_box_new0 (News);
  g_mutex_init (&self->news->lock);
  g_cond_init (&self->news->changed);
  self->news->target = g_strdup (target);

  virConnectRef (handle);
  self->handle = handle;
  virDomainRef (domain);
  self->domain = domain;

  self->callback = virConnectDomainEventRegisterAny (
      handle, domain, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, VIR_DOMAIN_EVENT_CALLBACK (on_block_job),
      g_atomic_rc_box_acquire (self->news), news_release);
  /* Without the event there are still the looks. */
  if (self->callback < 0)
    news_release (self->news);

  return self;
}

void
strata_block_job_free (StrataBlockJob *self)
{
  if (self->callback >= 0)
    virConnectDomainEventDeregisterAny (self->handle, self->callback);
  g_clear_pointer (&self->news, news_release);
  g_clear_pointer (&self->domain, virDomainFree);
  g_clear_pointer (&self->handle, virConnectClose);
  g_free (self);
}

static gboolean
mirror_is_ready (StrataBlockJob *self)
{
  g_autofree char *xml = virDomainGetXMLDesc (self->domain, 0);
  g_autofree char *expression = g_strdup_printf (
      "/domain/devices/disk[target/@dev='%s']/mirror[@ready='yes']", self->news->target);

  return strata_xpath_boolean (xml, expression);
}

/* QEMU may find more to do while it works, and looks back at what it did; a bar that goes back would
 * only be wondered at. */
static void
report (StrataBlockJob *self,
        guint64 done,
        guint64 total,
        StrataByteFunc progress,
        gpointer user_data)
{
  self->last_done = MAX (self->last_done, MIN (done, total));
  if (progress != NULL)
    progress (self->last_done, MAX (total, self->last_done), user_data);
}

/* Waits until something may have changed. */
static void
await_news (News *news, guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND;

  g_mutex_lock (&news->lock);
  while (!news->ready && !news->failed && !news->woken)
    {
      if (!g_cond_wait_until (&news->changed, &news->lock, end))
        break;
    }
  g_mutex_unlock (&news->lock);
}

static void
read_news (News *news, gboolean *ready, gboolean *failed)
{
  g_mutex_lock (&news->lock);
  *ready = news->ready;
  *failed = news->failed;
  g_mutex_unlock (&news->lock);
}

static gboolean
follow (StrataBlockJob *self,
        StrataByteFunc progress,
        gpointer user_data,
        GCancellable *cancellable,
        GError **error)
{
  guint pause = FIRST_LOOK_MS;
  guint gone = 0;

  for (;;)
    {
      virDomainBlockJobInfo info;
      gboolean ready;
      gboolean failed;
      int n;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      n = virDomainGetBlockJobInfo (self->domain, self->news->target, &info,
                                    VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES);
      if (n < 0)
        {
          strata_vir_set_error (error, _ ("Following the copying of a disk"));
          return FALSE;
        }
      read_news (self->news, &ready, &failed);
      if (n == 1 && !ready && info.end > 0 && info.cur == info.end)
        ready = mirror_is_ready (self);

      /* An end of 1 stands for "not known yet". */
      if (n == 1 && (info.end > 1 || ready))
        report (self, ready ? info.end : info.cur, info.end, progress, user_data);
      if (ready)
        return TRUE;

      gone = n == 0 ? gone + 1 : 0;
      if (failed || gone >= GONE_PATIENCE)
        {
          strata_set_error (error, STRATA_ERROR_FAILED,
                            _ ("The host’s log of this virtual machine may say more."),
                            _ ("QEMU gave the copying of a disk up"));
          return FALSE;
        }

      await_news (self->news, pause);
      pause = MIN (pause * 2, LOOK_EVERY_MS);
    }
}

/**
 * strata_block_job_wait_ready:
 * @self: a watch, whose job was started
 * @progress: (nullable): called in this thread, about four times a second, never going back
 * @user_data: for @progress
 * @cancellable: (nullable): ends the waiting; the job goes on
 * @error: where to put an error
 *
 * Worker threads only.
 *
 * Returns: whether the job is ready
 */
gboolean
strata_block_job_wait_ready (StrataBlockJob *self,
                             StrataByteFunc progress,
                             gpointer user_data,
                             GCancellable *cancellable,
                             GError **error)
{
  gboolean ready;
  gulong handler = 0;

  STRATA_ASSERT_WORKER ();

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled),
                                     g_atomic_rc_box_acquire (self->news), news_release);
  ready = follow (self, progress, user_data, cancellable, error);
  g_cancellable_disconnect (cancellable, handler);

  return ready;
}

static gboolean
wait_until_over (StrataBlockJob *self)
{
  gint64 end = g_get_monotonic_time () + END_PATIENCE_S * G_TIME_SPAN_SECOND;
  virDomainBlockJobInfo info;

  while (virDomainGetBlockJobInfo (self->domain, self->news->target, &info, 0) == 1)
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
  while (virDomainBlockJobAbort (self->domain, self->news->target, flags) < 0)
    {
      if (strata_vir_last_code () != VIR_ERR_BLOCK_COPY_ACTIVE || g_get_monotonic_time () > end)
        {
          strata_vir_set_error (error, _ ("Finishing the copying of a disk"));
          return FALSE;
        }
      g_usleep (FIRST_LOOK_MS * 1000);
    }

  if (wait_until_over (self))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_TIMEOUT, NULL,
                    _ ("QEMU did not finish the copying of a disk in time"));

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
  if (virDomainBlockJobAbort (self->domain, self->news->target, 0) == 0)
    wait_until_over (self);
}
