/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRequest: what somebody wants, as plain data. */

#include "config.h"

#include "strata-request.h"

G_DEFINE_BOXED_TYPE (StrataRequest, strata_request, strata_request_copy, strata_request_free)

/**
 * strata_request_new:
 * @kind: what is wanted
 *
 * Returns: (transfer full): a request to fill in
 */
StrataRequest *
strata_request_new (StrataRequestKind kind)
{
  StrataRequest *self = g_new0 (StrataRequest, 1);

  self->kind = kind;

  return self;
}

StrataRequest *
strata_request_copy (const StrataRequest *self)
{
  StrataRequest *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_memdup2 (self, sizeof *self);
  copy->domain = g_strdup (self->domain);
  copy->name = g_strdup (self->name);
  copy->file = g_strdup (self->file);
  copy->text = g_strdup (self->text);
  copy->operations = g_strdupv (self->operations);
  copy->names = g_strdupv (self->names);
  copy->pool = g_strdup (self->pool);
  copy->network = g_strdup (self->network);
  copy->hostname = g_strdup (self->hostname);
  copy->ssh_keys = g_strdupv (self->ssh_keys);
  copy->root_hash = g_strdup (self->root_hash);
  copy->user = g_strdup (self->user);
  copy->user_hash = g_strdup (self->user_hash);
  copy->first_boot = g_strdup (self->first_boot);
  copy->snapshot = g_strdup (self->snapshot);
  copy->description = g_strdup (self->description);
  copy->disks = g_strdupv (self->disks);
  copy->save_as = g_strdup (self->save_as);
  copy->target = g_strdup (self->target);
  copy->image = g_strdup (self->image);
  copy->rename = g_strdup (self->rename);

  return copy;
}

void
strata_request_free (StrataRequest *self)
{
  if (self == NULL)
    return;

  g_free (self->domain);
  g_free (self->name);
  g_free (self->file);
  g_free (self->text);
  g_strfreev (self->operations);
  g_strfreev (self->names);
  g_free (self->pool);
  g_free (self->network);
  g_free (self->hostname);
  g_strfreev (self->ssh_keys);
  g_free (self->root_hash);
  g_free (self->user);
  g_free (self->user_hash);
  g_free (self->first_boot);
  g_free (self->snapshot);
  g_free (self->description);
  g_strfreev (self->disks);
  g_free (self->save_as);
  g_free (self->target);
  g_free (self->image);
  g_free (self->rename);
  g_free (self);
}
