/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * StrataError:
 * @STRATA_ERROR_FAILED: anything without a code of its own
 * @STRATA_ERROR_INVALID: the request itself is wrong (a name with a slash, a pattern without a number)
 * @STRATA_ERROR_REFUSED: the planner will not do it, because a kept holder is in the way
 * @STRATA_ERROR_NOT_FOUND: no such domain, volume, pool or file
 * @STRATA_ERROR_EXISTS: the name or the path is taken
 * @STRATA_ERROR_BUSY: the domain runs, or the disk is in use
 * @STRATA_ERROR_NO_SPACE: the pool or file system is full, or would be
 * @STRATA_ERROR_CONNECTION: no libvirt daemon, or it went away
 * @STRATA_ERROR_PERMISSION: the user may not do it on this host
 * @STRATA_ERROR_UNSUPPORTED: the host (its version, its storage) can't do it
 * @STRATA_ERROR_TIMEOUT: a guest or a daemon did not answer in time
 * @STRATA_ERROR_NO_TOOL: virt-sysprep or another program is missing
 * @STRATA_ERROR_NO_APPLIANCE: the libguestfs appliance can't be built or started
 * @STRATA_ERROR_KERNEL_UNREADABLE: the appliance can't be built because only root may read the kernel in /boot
 * @STRATA_ERROR_NO_OS: no operating system was found on the disks
 * @STRATA_ERROR_WINDOWS: the guest is Windows, which Strata doesn't seal
 * @STRATA_ERROR_NOT_SEALED: verification found something that sealing should have removed
 * @STRATA_ERROR_NEEDS_RECOVERY: stopped in a consistent state; `job resume` or `job rollback` goes on from it
 * @STRATA_ERROR_CHANGED: the host is not what it was when the plan was made, and the same request gives another one now
 */
typedef enum
{
  STRATA_ERROR_FAILED,
  STRATA_ERROR_INVALID,
  STRATA_ERROR_REFUSED,
  STRATA_ERROR_NOT_FOUND,
  STRATA_ERROR_EXISTS,
  STRATA_ERROR_BUSY,
  STRATA_ERROR_NO_SPACE,
  STRATA_ERROR_CONNECTION,
  STRATA_ERROR_PERMISSION,
  STRATA_ERROR_UNSUPPORTED,
  STRATA_ERROR_TIMEOUT,
  STRATA_ERROR_NO_TOOL,
  STRATA_ERROR_NO_APPLIANCE,
  STRATA_ERROR_KERNEL_UNREADABLE,
  STRATA_ERROR_NO_OS,
  STRATA_ERROR_WINDOWS,
  STRATA_ERROR_NOT_SEALED,
  STRATA_ERROR_NEEDS_RECOVERY,
  STRATA_ERROR_CHANGED,
} StrataError;

#define STRATA_ERROR (strata_error_quark ())

GQuark       strata_error_quark          (void);
GError      *strata_error_new            (StrataError   code,
                                          const char   *hint,
                                          const char   *format,
                                          ...) G_GNUC_PRINTF (3, 4);
void         strata_set_error            (GError      **error,
                                          StrataError   code,
                                          const char   *hint,
                                          const char   *format,
                                          ...) G_GNUC_PRINTF (4, 5);
GError      *strata_error_new_vir        (StrataError   code,
                                          int           vir_domain,
                                          int           vir_code,
                                          const char   *vir_message,
                                          const char   *prefix);
StrataError  strata_error_code_from_words (const char *words);
const char  *strata_error_get_hint       (const GError *error);
void         strata_error_set_hint       (GError       *error,
                                          const char   *hint);
const char  *strata_error_get_command    (const GError *error);
void         strata_error_set_command    (GError       *error,
                                          const char   *command);
int          strata_error_get_vir_code   (const GError *error);
const char  *strata_error_code_to_nick   (StrataError   code);
StrataError  strata_error_code_from_nick (const char   *nick);

G_END_DECLS
