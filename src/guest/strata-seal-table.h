/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define STRATA_SEAL_MAX_GLOBS 32

/**
 * StrataSealAddition:
 * @name: the name of the check that it is gone
 * @operation: (nullable): virt-sysprep's operation that it belongs to, %NULL if it is always removed
 * @description: what should be so afterwards
 * @globs: what is removed; “~” is each home directory
 *
 * What sealing removes beyond what virt-sysprep does.
 */
typedef struct
{
  const char *name;
  const char *operation;
  const char *description;
  const char *globs[STRATA_SEAL_MAX_GLOBS];
} StrataSealAddition;

/**
 * StrataSealStay:
 * @what: whose it is, in words
 * @globs: where it is
 *
 * What sealing leaves, and two machines should not share.
 */
typedef struct
{
  const char *what;
  const char *globs[STRATA_SEAL_MAX_GLOBS];
} StrataSealStay;

const StrataSealStay     *strata_seal_stays      (gsize              *n_stays);
const StrataSealAddition *strata_seal_additions  (gsize              *n_additions);
GPtrArray                *strata_seal_expand     (const char *const  *globs,
                                                  const char *const  *homes);
gboolean                  strata_seal_may_change (const char         *path,
                                                  const char *const  *operations,
                                                  const char *const  *homes);

G_END_DECLS
