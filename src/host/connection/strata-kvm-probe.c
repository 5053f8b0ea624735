/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Does KVM work here? That /dev/kvm exists and opens, and that libvirt offers KVM, does not say so:
 * there are hosts (nested ones above all) where a guest then hangs at its first instruction.
 *
 * So a guest is run: a transient domain without any disk, whose firmware finds nothing to boot and
 * resets the machine, which libvirt is told to answer by stopping it. The guest's own reset is
 * reported as "finished after guest request", and nothing but a virtual CPU that executes the firmware
 * can cause it. It takes a fraction of a second where KVM works; where it does not, we stop waiting.
 */

#include "config.h"

#include "strata-kvm-probe.h"
#include "strata-vir.h"

#define WAIT_SECONDS 2

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean ran;
  gboolean over;
} Trial;

static void
trial_clear (gpointer data)
{
  Trial *trial = data;

  g_mutex_clear (&trial->lock);
  g_cond_clear (&trial->changed);
}

static void
trial_release (gpointer trial)
{
  g_atomic_rc_box_release_full (trial, trial_clear);
}

static void
on_lifecycle (virConnectPtr handle, virDomainPtr domain, int event, int detail, void *user_data)
{
  Trial *trial = user_data;

  g_mutex_lock (&trial->lock);
  if (event == VIR_DOMAIN_EVENT_SHUTDOWN && detail == VIR_DOMAIN_EVENT_SHUTDOWN_GUEST)
    trial->ran = TRUE;
  if (event == VIR_DOMAIN_EVENT_SHUTDOWN || event == VIR_DOMAIN_EVENT_STOPPED)
    trial->over = TRUE;
  g_cond_signal (&trial->changed);
  g_mutex_unlock (&trial->lock);
}

/* Named as a worker, so that it is hidden and reaped like one. SeaBIOS, the firmware of the machine
 * type "pc", is what has the reboot time-out; elsewhere than on x86 the question stays open and
 * the answer is no. */
static char *
trial_xml (const char *type, const char *uuid)
{
  return g_strdup_printf ("<domain type='%s'><name>strata-worker-%s</name><uuid>%s</uuid>"
                          "<memory unit='MiB'>16</memory>"
                          "<os><type arch='x86_64' machine='pc'>hvm</type>"
                          "<bootmenu enable='no'/><bios rebootTimeout='0'/></os>"
                          "<on_reboot>destroy</on_reboot>"
                          "<devices><controller type='usb' model='none'/>"
                          "<memballoon model='none'/></devices></domain>",
                          type, uuid, uuid);
}

static void
wait_for (Trial *trial, GCancellable *cancellable)
{
  gint64 end = g_get_monotonic_time () + WAIT_SECONDS * G_TIME_SPAN_SECOND;

  g_mutex_lock (&trial->lock);
  while (!trial->over && g_get_monotonic_time () < end && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait_until (&trial->changed, &trial->lock,
                       MIN (end, g_get_monotonic_time () + 100 * G_TIME_SPAN_MILLISECOND));
  g_mutex_unlock (&trial->lock);
}

static gpointer
destroy (gpointer data)
{
  g_autoptr (GVirDomain) domain = data;

  gvir_domain_stop (domain, 0, NULL);

  return NULL;
}

/* A QEMU that hangs in KVM takes its time to be killed; no caller has to wait for that. */
static void
end_trial (virDomainPtr domain)
{
  g_thread_unref (g_thread_new ("strata-end-trial", destroy, strata_vir_domain_new (domain)));
}

/**
 * strata_kvm_probe_run:
 * @handle: an open connection
 * @type: a domain type, "kvm" ("qemu" to test the trial itself)
 * @cancellable: (nullable): ends it early
 *
 * Worker threads only, with the default main context running in another: the answer is an event.
 *
 * Returns: whether a guest of @type was seen to run its firmware
 */
gboolean
strata_kvm_probe_run (virConnectPtr handle, const char *type, GCancellable *cancellable)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml = trial_xml (type, uuid);
  g_autofree char *offered =
      virConnectGetDomainCapabilities (handle, NULL, "x86_64", "pc", type, 0);
  g_autoptr (virDomain) domain = NULL;
  Trial *trial;
  gboolean ran;
  int id;

  STRATA_ASSERT_WORKER ();

  if (offered == NULL)
    return FALSE;

  trial = g_atomic_rc_box_new0 (Trial);
  g_mutex_init (&trial->lock);
  g_cond_init (&trial->changed);

  /* Paused first, because the reset may come before a subscription that follows the start. */
  domain = virDomainCreateXML (handle, xml, VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_AUTODESTROY);
  if (domain != NULL)
    {
      g_autoptr (GVirDomain) object = strata_vir_domain_new (domain);

      id = virConnectDomainEventRegisterAny (handle, domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                             VIR_DOMAIN_EVENT_CALLBACK (on_lifecycle),
                                             g_atomic_rc_box_acquire (trial), trial_release);
      if (id < 0)
        trial_release (trial);
      else if (gvir_domain_resume (object, NULL))
        wait_for (trial, cancellable);

      end_trial (domain);
      if (id >= 0)
        virConnectDomainEventDeregisterAny (handle, id);
    }

  g_mutex_lock (&trial->lock);
  ran = trial->ran;
  g_mutex_unlock (&trial->lock);
  trial_release (trial);

  return ran;
}
