/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-disk-layer.h"

G_BEGIN_DECLS

/* A disk of a machine and the layers that it consists of: a GListModel of StrataDiskLayer, the one that the guest
 * writes to first. Immutable. */
#define STRATA_TYPE_DISK_STACK (strata_disk_stack_get_type ())

G_DECLARE_FINAL_TYPE (StrataDiskStack, strata_disk_stack, STRATA, DISK_STACK, GObject)

/* (element-type StrataDiskStack) (transfer full): of the domain UUID; pure; any thread */
GPtrArray  *strata_disk_stacks_new          (StrataGraph          *graph,
                                             const char           *uuid);
/* the same in a worker */
void        strata_disk_stacks_new_async    (StrataGraph          *graph,
                                             const char           *uuid,
                                             GCancellable         *cancellable,
                                             GAsyncReadyCallback   callback,
                                             gpointer              user_data);
GPtrArray  *strata_disk_stacks_new_finish   (GAsyncResult         *result,
                                             GError              **error);

/* `vda` */
const char *strata_disk_stack_get_target    (StrataDiskStack      *self);
/* "vda · 2.1 GB" */
const char *strata_disk_stack_get_title     (StrataDiskStack      *self);
/* "3 layers · 812 MB on the host" */
const char *strata_disk_stack_get_summary   (StrataDiskStack      *self);
/* bytes of all layers on the host */
guint64     strata_disk_stack_get_total     (StrataDiskStack      *self);
gboolean    strata_disk_stack_equal         (StrataDiskStack      *self,
                                             StrataDiskStack      *other);

G_END_DECLS
