/* SPDX-License-Identifier: GPL-3.0-or-later */

/* STRATA_ERROR: one error domain for the whole program. Besides its code an error carries a hint
 * (what the user can do) and, where libvirt failed, libvirt's own domain, code and words.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "strata-error.h"

typedef struct
{
  char *hint;
  char *command;
  char *vir_message;
  int vir_domain;
  int vir_code;
} StrataErrorPrivate;

static void
strata_error_private_init (StrataErrorPrivate *priv)
{
}

static void
strata_error_private_copy (const StrataErrorPrivate *src, StrataErrorPrivate *dest)
{
  dest->hint = g_strdup (src->hint);
  dest->command = g_strdup (src->command);
  dest->vir_message = g_strdup (src->vir_message);
  dest->vir_domain = src->vir_domain;
  dest->vir_code = src->vir_code;
}

static void
strata_error_private_clear (StrataErrorPrivate *priv)
{
  g_clear_pointer (&priv->hint, g_free);
  g_clear_pointer (&priv->command, g_free);
  g_clear_pointer (&priv->vir_message, g_free);
}

G_DEFINE_EXTENDED_ERROR (StrataError, strata_error)

static const char *const nicks[] = {
  [STRATA_ERROR_FAILED] = "failed",
  [STRATA_ERROR_INVALID] = "invalid",
  [STRATA_ERROR_REFUSED] = "refused",
  [STRATA_ERROR_NOT_FOUND] = "not-found",
  [STRATA_ERROR_EXISTS] = "exists",
  [STRATA_ERROR_BUSY] = "busy",
  [STRATA_ERROR_NO_SPACE] = "no-space",
  [STRATA_ERROR_CONNECTION] = "connection",
  [STRATA_ERROR_PERMISSION] = "permission",
  [STRATA_ERROR_UNSUPPORTED] = "unsupported",
  [STRATA_ERROR_TIMEOUT] = "timeout",
  [STRATA_ERROR_NO_TOOL] = "no-tool",
  [STRATA_ERROR_NO_APPLIANCE] = "no-appliance",
  [STRATA_ERROR_KERNEL_UNREADABLE] = "kernel-unreadable",
  [STRATA_ERROR_NO_OS] = "no-os",
  [STRATA_ERROR_WINDOWS] = "windows",
  [STRATA_ERROR_NOT_SEALED] = "not-sealed",
  [STRATA_ERROR_NEEDS_RECOVERY] = "needs-recovery",
  [STRATA_ERROR_CHANGED] = "changed",
};

/* A full disk has one remedy, wherever it is met, unless the caller knows a better one. */
static void
set_hint (GError *error, const char *hint)
{
  if (hint == NULL && error->code == STRATA_ERROR_NO_SPACE)
    hint = _ ("Free some space there, then try again.");
  g_set_str (&strata_error_get_private (error)->hint, hint);
}

/**
 * strata_error_new:
 * @code: what kind of failure
 * @hint: (nullable): a sentence that says what the user can do
 * @format: what happened, naming the thing it happened to
 * @...: arguments for @format
 *
 * Any thread.
 *
 * Returns: (transfer full): a new error in `STRATA_ERROR`
 */
GError *
strata_error_new (StrataError code, const char *hint, const char *format, ...)
{
  GError *error;
  va_list args;

  va_start (args, format);
  error = g_error_new_valist (STRATA_ERROR, (int) code, format, args);
  va_end (args);

  set_hint (error, hint);

  return error;
}

/**
 * strata_set_error:
 * @error: (out) (optional): where to put it
 * @code: what kind of failure
 * @hint: (nullable): a sentence that says what the user can do
 * @format: what happened, naming the thing it happened to
 * @...: arguments for @format
 *
 * Does nothing if @error is %NULL. Any thread.
 */
void
strata_set_error (GError **error, StrataError code, const char *hint, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (error == NULL)
    return;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  g_propagate_error (error, strata_error_new (code, hint, "%s", message));
}

/**
 * strata_error_new_vir:
 * @code: the code that the program branches on
 * @vir_domain: `virErrorDomain`
 * @vir_code: `virErrorNumber`
 * @vir_message: libvirt's own words
 * @prefix: (nullable): what was being done, "Starting “web-01”"
 *
 * Any thread.
 *
 * Returns: (transfer full): an error that keeps libvirt's words in its message
 */
GError *
strata_error_new_vir (StrataError code,
                      int vir_domain,
                      int vir_code,
                      const char *vir_message,
                      const char *prefix)
{
  GError *error;
  StrataErrorPrivate *priv;

  if (prefix != NULL)
    error = g_error_new (STRATA_ERROR, (int) code, "%s: %s", prefix, vir_message);
  else
    error = g_error_new_literal (STRATA_ERROR, (int) code, vir_message);

  priv = strata_error_get_private (error);
  priv->vir_domain = vir_domain;
  priv->vir_code = vir_code;
  priv->vir_message = g_strdup (vir_message);
  set_hint (error, NULL);

  return error;
}

/**
 * strata_error_code_from_words:
 * @words: (nullable): what QEMU or qemu-img said
 *
 * QEMU has no codes, and libvirt hands its words on with one that says only that it failed. They are the C library's,
 * which QEMU doesn't translate.
 *
 * Returns: `STRATA_ERROR_NO_SPACE` or `STRATA_ERROR_FAILED`
 */
StrataError
strata_error_code_from_words (const char *words)
{
  if (words != NULL && (strstr (words, "No space left on device") != NULL ||
                        strstr (words, "Disk quota exceeded") != NULL))
    return STRATA_ERROR_NO_SPACE;

  return STRATA_ERROR_FAILED;
}

/**
 * strata_error_get_hint:
 * @error: any error
 *
 * Returns: (nullable): what the user can do about @error
 */
const char *
strata_error_get_hint (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  if (error->domain != STRATA_ERROR)
    return NULL;

  return strata_error_get_private (error)->hint;
}

/**
 * strata_error_set_hint:
 * @error: an error in `STRATA_ERROR`
 * @hint: (nullable): what the user can do about it
 */
void
strata_error_set_hint (GError *error, const char *hint)
{
  g_return_if_fail (error != NULL && error->domain == STRATA_ERROR);

  g_set_str (&strata_error_get_private (error)->hint, hint);
}

/**
 * strata_error_get_command:
 * @error: any error
 *
 * Returns: (nullable): what to type in a terminal to mend it, beside the hint
 */
const char *
strata_error_get_command (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return error->domain == STRATA_ERROR ? strata_error_get_private (error)->command : NULL;
}

/**
 * strata_error_set_command:
 * @error: an error in `STRATA_ERROR`
 * @command: (nullable): what to type in a terminal to mend it
 */
void
strata_error_set_command (GError *error, const char *command)
{
  g_return_if_fail (error != NULL && error->domain == STRATA_ERROR);

  g_set_str (&strata_error_get_private (error)->command, command);
}

/**
 * strata_error_get_vir_code:
 * @error: any error
 *
 * Returns: the `virErrorNumber`, or 0 (`VIR_ERR_OK`) if libvirt had no part in it
 */
int
strata_error_get_vir_code (const GError *error)
{
  g_return_val_if_fail (error != NULL, 0);

  if (error->domain != STRATA_ERROR)
    return 0;

  return strata_error_get_private (error)->vir_code;
}

/**
 * strata_error_code_to_nick:
 * @code: a code
 *
 * The name that stands for @code in `stratactl --json` and between Strata and its helper.
 *
 * Returns: (transfer none): the name
 */
const char *
strata_error_code_to_nick (StrataError code)
{
  g_return_val_if_fail (code < G_N_ELEMENTS (nicks), nicks[STRATA_ERROR_FAILED]);

  return nicks[code];
}

/**
 * strata_error_code_from_nick:
 * @nick: (nullable): a name
 *
 * Returns: the code @nick stands for, `STRATA_ERROR_FAILED` for one that is not known
 */
StrataError
strata_error_code_from_nick (const char *nick)
{
  for (size_t i = 0; i < G_N_ELEMENTS (nicks); i++)
    {
      if (g_strcmp0 (nick, nicks[i]) == 0)
        return i;
    }

  return STRATA_ERROR_FAILED;
}
