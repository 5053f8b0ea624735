/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-appliance.h"

G_BEGIN_DECLS

typedef struct _StrataCloneLayout StrataCloneLayout;

StrataCloneLayout *strata_clone_layout_new       (StrataAppliance   *appliance,
                                                  guint              n_disks,
                                                  GError           **error);
void               strata_clone_layout_free      (StrataCloneLayout *self);
gboolean           strata_clone_layout_focus     (StrataCloneLayout *self,
                                                  guint              clone,
                                                  GError           **error);
gboolean           strata_clone_layout_can_share (StrataCloneLayout *self,
                                                  guint              n_clones);
gboolean           strata_clone_layout_mount     (StrataCloneLayout *self,
                                                  guint              clone,
                                                  GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataCloneLayout, strata_clone_layout_free)

G_END_DECLS
