/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What virt-sysprep can do to a guest, one of the lines of `virt-sysprep --list-operations`. */
typedef struct
{
  char    *name;
  char    *description;
  gboolean is_default;
} StrataSysprepOperation;

/**
 * StrataSysprepLine:
 * @STRATA_SYSPREP_LINE_OTHER: nothing that we know; the text is the whole line
 * @STRATA_SYSPREP_LINE_STAGE: `[   0.0] Examining the guest ...`; the text is “Examining the guest”
 * @STRATA_SYSPREP_LINE_OPERATION: `[  17.3] Performing "machine-id" ...`; the text is “machine-id”
 * @STRATA_SYSPREP_LINE_WARNING: `virt-sysprep: warning: …`; the text is what follows
 * @STRATA_SYSPREP_LINE_ERROR: `virt-sysprep: error: …`; the text is what follows
 */
typedef enum
{
  STRATA_SYSPREP_LINE_OTHER,
  STRATA_SYSPREP_LINE_STAGE,
  STRATA_SYSPREP_LINE_OPERATION,
  STRATA_SYSPREP_LINE_WARNING,
  STRATA_SYSPREP_LINE_ERROR,
} StrataSysprepLine;

void              strata_sysprep_operation_free   (StrataSysprepOperation *self);
GPtrArray        *strata_sysprep_operations_parse (const char             *text);
char            **strata_sysprep_operations_choose (GPtrArray             *known,
                                                    const char *const      *chosen,
                                                    GError                **error);
StrataSysprepLine strata_sysprep_line_parse       (const char             *line,
                                                   char                  **text);
char            **strata_sysprep_drives_parse     (const char             *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSysprepOperation, strata_sysprep_operation_free)

G_END_DECLS
