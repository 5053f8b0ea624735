/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From libvirt's errors to STRATA_ERROR, by code; by text only where it is QEMU's, which has no codes. */

#include "config.h"

#include <errno.h>
#include <libvirt/virterror.h>

#include "strata-connection.h"
#include "strata-vir.h"
#include "base/strata-error.h"

/* libvirt puts errno into int1 of VIR_ERR_SYSTEM_ERROR, and sends it over the wire. */
static StrataError
code_from_errno (int number)
{
  switch (number)
    {
    case ENOSPC:
    case EDQUOT:
      return STRATA_ERROR_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
      return STRATA_ERROR_PERMISSION;
    case ENOENT:
    case ENOTDIR:
      return STRATA_ERROR_NOT_FOUND;
    case EEXIST:
      return STRATA_ERROR_EXISTS;
    case EBUSY:
    case ETXTBSY:
      return STRATA_ERROR_BUSY;
    case ETIMEDOUT:
      return STRATA_ERROR_TIMEOUT;
    default:
      return STRATA_ERROR_FAILED;
    }
}

/* What fails in the transport itself is about the connection, whatever its number: a daemon that goes
 * away in the middle of a call is an internal error of the RPC layer, for one. */
static StrataError
code_from_transport (const virError *error)
{
  switch (error->code)
    {
    case VIR_ERR_SYSTEM_ERROR:
      if (error->int1 == EACCES || error->int1 == EPERM)
        return STRATA_ERROR_PERMISSION;
      return STRATA_ERROR_CONNECTION;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
      return STRATA_ERROR_PERMISSION;
    default:
      return STRATA_ERROR_CONNECTION;
    }
}

static StrataError
code_from_number (const virError *error)
{
  switch (error->code)
    {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_NETWORK:
    case VIR_ERR_NO_STORAGE_POOL:
    case VIR_ERR_NO_STORAGE_VOL:
    case VIR_ERR_NO_DOMAIN_SNAPSHOT:
    case VIR_ERR_NO_DOMAIN_METADATA:
    case VIR_ERR_NO_SECRET:
      return STRATA_ERROR_NOT_FOUND;
    case VIR_ERR_DOM_EXIST:
    case VIR_ERR_STORAGE_VOL_EXIST:
      return STRATA_ERROR_EXISTS;
    case VIR_ERR_OPERATION_INVALID:
    case VIR_ERR_BLOCK_COPY_ACTIVE:
    case VIR_ERR_RESOURCE_BUSY:
      return STRATA_ERROR_BUSY;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
      return STRATA_ERROR_PERMISSION;
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_INVALID_CONN:
    case VIR_ERR_RPC:
    case VIR_ERR_SSH:
    case VIR_ERR_LIBSSH:
    case VIR_ERR_GNUTLS_ERROR:
      return STRATA_ERROR_CONNECTION;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_OPERATION_UNSUPPORTED:
      return STRATA_ERROR_UNSUPPORTED;
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_AGENT_UNRESPONSIVE:
    case VIR_ERR_AGENT_UNSYNCED:
    case VIR_ERR_AGENT_COMMAND_TIMEOUT:
      return STRATA_ERROR_TIMEOUT;
    case VIR_ERR_XML_ERROR:
    case VIR_ERR_XML_DETAIL:
    case VIR_ERR_XML_INVALID_SCHEMA:
    case VIR_ERR_INVALID_ARG:
      return STRATA_ERROR_INVALID;
    case VIR_ERR_OPERATION_ABORTED:
      return STRATA_ERROR_FAILED;
    case VIR_ERR_SYSTEM_ERROR:
      return code_from_errno (error->int1);
    default:
      return strata_error_code_from_words (error->message);
    }
}

/**
 * strata_vir_error_to_code:
 * @error: libvirt's error
 *
 * Any thread.
 *
 * Returns: what kind of failure it is to Strata
 */
StrataError
strata_vir_error_to_code (const virError *error)
{
  if (error->domain == VIR_FROM_RPC || error->domain == VIR_FROM_REMOTE)
    return code_from_transport (error);

  return code_from_number (error);
}

static _Thread_local virErrorPtr kept;

void
strata_vir_keep_error (void)
{
  g_clear_pointer (&kept, virFreeError);
  kept = virSaveLastError ();
}

/**
 * strata_vir_set_kept_error:
 * @error: where to put it
 * @prefix_format: what was being done
 * @...: for @prefix_format
 *
 * What strata_vir_set_error() is made of: converts the error that the calling thread kept.
 */
void
strata_vir_set_kept_error (GError **error, const char *prefix_format, ...)
{
  virErrorPtr last = g_steal_pointer (&kept);
  g_autofree char *prefix = NULL;
  va_list args;

  va_start (args, prefix_format);
  prefix = g_strdup_vprintf (prefix_format, args);
  va_end (args);

  if (error == NULL)
    ;
  else if (last == NULL || last->code == VIR_ERR_OK)
    strata_set_error (error, STRATA_ERROR_FAILED, NULL, "%s", prefix);
  else
    g_propagate_error (error, strata_error_new_vir (strata_vir_error_to_code (last), last->domain,
                                                    last->code, last->message, prefix));
  g_clear_pointer (&last, virFreeError);
}

int
strata_vir_last_code (void)
{
  return virGetLastErrorCode ();
}

GPtrArray *
strata_vir_take_list (gpointer *items, int n_items, GDestroyNotify free_func)
{
  GPtrArray *list = g_ptr_array_new_full (MAX (n_items, 0), free_func);

  for (int i = 0; i < n_items; i++)
    g_ptr_array_add (list, items[i]);
  free (items);

  return list;
}

GVirDomain *
strata_vir_domain_new (virDomainPtr domain)
{
  return g_object_new (GVIR_TYPE_DOMAIN, "handle", domain, NULL);
}
