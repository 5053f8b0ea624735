/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _StrataGuestProcess StrataGuestProcess;

/* the exit status where there is no helper on another host */
#define STRATA_GUEST_NOT_THERE 125

/**
 * StrataGuestRead:
 * @STRATA_GUEST_READ_LINE: a line came
 * @STRATA_GUEST_READ_END: there will be no more
 * @STRATA_GUEST_READ_TIMEOUT: none came in time
 * @STRATA_GUEST_READ_CANCELLED: the cancellable was cancelled
 */
typedef enum
{
  STRATA_GUEST_READ_LINE,
  STRATA_GUEST_READ_END,
  STRATA_GUEST_READ_TIMEOUT,
  STRATA_GUEST_READ_CANCELLED,
} StrataGuestRead;

StrataGuestProcess *strata_guest_process_new        (const char *const   *names,
                                                     const char *const   *ssh,
                                                     GError             **error);
void                strata_guest_process_free       (StrataGuestProcess  *self);
void                strata_guest_process_send       (StrataGuestProcess  *self,
                                                     const char          *text);
StrataGuestRead     strata_guest_process_read       (StrataGuestProcess  *self,
                                                     int                  timeout_ms,
                                                     GCancellable        *cancellable,
                                                     char               **line);
int                 strata_guest_process_wait       (StrataGuestProcess  *self);
const char         *strata_guest_process_get_stderr (StrataGuestProcess  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestProcess, strata_guest_process_free)

G_END_DECLS
