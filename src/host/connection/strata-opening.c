/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Opening libvirt's connection, and saying clearly why that failed.
 *
 * libvirt-glib runs libvirt's event loop, but doesn't open: see strata-vir.h.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "strata-opening.h"
#include "strata-remedy.h"
#include "strata-sleep.h"
#include "strata-vir.h"
#include "base/strata-error.h"

/* A session daemon that found itself idle may be closing its socket as we connect; libvirt starts
 * another one for the next client. */
#define RETRY_AFTER_MS 400

#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_MISSES  3

/* Errors are converted and shown by us; libvirt would print each one to stderr as well. */
static void
swallow_error (void *user_data, virErrorPtr error)
{
}

static gpointer
start_libvirt (gpointer data)
{
  virSetErrorFunc (NULL, swallow_error);
  gvir_event_register ();

  return NULL;
}

/* What libvirt was told to open, NULL where that is left to it. */
static const char *
get_named (const char *uri)
{
  if (uri == NULL || *uri == '\0')
    uri = g_getenv ("LIBVIRT_DEFAULT_URI");

  return uri != NULL && *uri != '\0' ? uri : NULL;
}

/* An alias of libvirt.conf, and what was left to libvirt, may be one. */
static gboolean
may_be_session (const char *uri)
{
  return uri == NULL || strstr (uri, "://") == NULL || strstr (uri, ":///session") != NULL;
}

/* What libvirt says about an address it knows nothing of is one of a few codes; they mean something
 * else in any other call. */
static GError *
explain (const char *uri)
{
  g_autoptr (GError) error = NULL;
  int number = virGetLastErrorCode ();
  int domain = virGetLastErrorDomain ();
  gboolean unknown;

  unknown = (number == VIR_ERR_NO_CONNECT || number == VIR_ERR_INVALID_ARG ||
             number == VIR_ERR_CONFIG_UNSUPPORTED || number == VIR_ERR_XML_ERROR) ||
            (number == VIR_ERR_INTERNAL_ERROR && domain == VIR_FROM_URI);
  if (uri != NULL)
    strata_vir_set_error (&error, _ ("Connecting to “%s”"), uri);
  else
    strata_vir_set_error (&error, _ ("Connecting to libvirt’s default host"));

  if (unknown)
    {
      error->code = STRATA_ERROR_INVALID;
      strata_error_set_hint (error,
                             _ ("This is not an address that libvirt knows. Addresses look like "
                                "qemu:///session, qemu:///system or qemu+ssh://user@host/system; "
                                "an alias has to be in libvirt.conf."));
    }
  else
    strata_remedy_add (error, uri);

  return g_steal_pointer (&error);
}

typedef struct
{
  const StrataOpenOptions *options;
  GCancellable *cancellable;
  gboolean asked;
} Asking;

static gboolean
answer (Asking *self, virConnectCredentialPtr credential)
{
  const StrataOpenOptions *options = self->options;
  gboolean secret =
      credential->type == VIR_CRED_PASSPHRASE || credential->type == VIR_CRED_NOECHOPROMPT;
  StrataQuestion question = {
    .words = (char *) credential->prompt,
    .secret = secret,
    .answer = g_strdup (credential->defresult),
  };

  if (!options->ask (options->uri, &question, self->cancellable, options->ask_data))
    {
      g_free (question.answer);
      return FALSE;
    }

  /* libvirt frees it. */
  credential->result = strdup (question.answer != NULL ? question.answer : "");
  credential->resultlen = (unsigned int) strlen (credential->result);
  if (question.answer != NULL && secret)
    explicit_bzero (question.answer, strlen (question.answer));
  g_free (question.answer);

  return TRUE;
}

static int
answer_cb (virConnectCredentialPtr credentials, unsigned int n, void *data)
{
  Asking *self = data;

  self->asked = TRUE;
  for (unsigned int i = 0; i < n; i++)
    {
      if (self->options->ask == NULL || !answer (self, &credentials[i]))
        return -1;
    }

  return 0;
}

static virConnectPtr
open_once (Asking *asking, gboolean read_only)
{
  static int kinds[] = { VIR_CRED_USERNAME,   VIR_CRED_AUTHNAME,     VIR_CRED_ECHOPROMPT,
                         VIR_CRED_PASSPHRASE, VIR_CRED_NOECHOPROMPT, VIR_CRED_REALM };
  virConnectAuth auth = { kinds, G_N_ELEMENTS (kinds), answer_cb, asking };

  return virConnectOpenAuth (asking->options->uri, &auth, read_only ? VIR_CONNECT_RO : 0);
}

/* Whatever code libvirt has for it, the host asked for something and did not get what lets the user in. */
static void
explain_asked (GError *error)
{
  error->code = STRATA_ERROR_PERMISSION;
  strata_error_set_hint (
      error, _ ("This host asks for a name and a password. Type them in the window or in a "
                "terminal, or put them into libvirt’s auth.conf."));
  strata_error_set_command (error, NULL);
}

static virConnectPtr
open_patiently (Asking *asking, GError **error)
{
  g_autoptr (GError) first = NULL;
  const char *named = get_named (asking->options->uri);
  virConnectPtr handle = open_once (asking, asking->options->read_only);

  if (handle != NULL)
    return handle;

  first = explain (named);
  if (asking->asked)
    {
      explain_asked (first);
    }
  else if (first->code == STRATA_ERROR_CONNECTION && may_be_session (named))
    {
      if (!strata_sleep (RETRY_AFTER_MS, asking->cancellable, error))
        return NULL;
      handle = open_once (asking, asking->options->read_only);
    }
  if (handle == NULL)
    g_propagate_error (error, g_steal_pointer (&first));

  return handle;
}

/* REFUSAL: (nullable): why it could not be opened for more */
static GError *
make_read_only (const GError *refusal)
{
  GError *reason;

  if (refusal == NULL)
    return strata_error_new (
        STRATA_ERROR_PERMISSION,
        _ ("It was opened with --readonly; open it without, to change something."),
        _ ("This host is open for reading only"));

  reason = strata_error_new (STRATA_ERROR_PERMISSION, strata_error_get_hint (refusal),
                             _ ("This host is open for reading only (%s)"), refusal->message);
  strata_error_set_command (reason, strata_error_get_command (refusal));

  return reason;
}

/**
 * strata_opening_run:
 * @options: what is to be opened, and how
 * @reason: (out) (nullable): why it is open for reading only, %NULL where it is not
 * @cancellable: (nullable): looked at before each attempt; libvirt itself can't be interrupted
 * @error: where to put `STRATA_ERROR_CONNECTION`, `PERMISSION` or `INVALID`, with a hint
 *
 * Worker threads only. Who is refused, and was asked nothing, may still be let in to look, which each user of a computer may by libvirt's own rules.
 *
 * Returns: (transfer full): an open handle
 */
virConnectPtr
strata_opening_run (const StrataOpenOptions *options,
                    GError **reason,
                    GCancellable *cancellable,
                    GError **error)
{
  static GOnce once = G_ONCE_INIT;
  g_autoptr (GError) refusal = NULL;
  Asking asking = { .options = options, .cancellable = cancellable };
  gboolean read_only = options->read_only;
  virConnectPtr handle;

  STRATA_ASSERT_WORKER ();

  g_once (&once, start_libvirt, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  handle = open_patiently (&asking, &refusal);
  if (handle == NULL && !read_only && !asking.asked &&
      g_error_matches (refusal, STRATA_ERROR, STRATA_ERROR_PERMISSION))
    {
      read_only = TRUE;
      handle = open_once (&asking, TRUE);
    }
  if (handle == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&refusal));
      return NULL;
    }

  *reason = read_only ? make_read_only (refusal) : NULL;
  /* Not every driver has it (test:/// does not), and a connection without it is as good. */
  virConnectSetKeepAlive (handle, KEEPALIVE_SECONDS, KEEPALIVE_MISSES);

  return handle;
}
