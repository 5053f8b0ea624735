/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-appliance.h"

G_BEGIN_DECLS

/**
 * StrataGuestFinish:
 * @swaps: (element-type utf8): devices whose content goes
 * @swap_files: (element-type utf8): files in the guest whose content goes
 * @snapshots: (element-type utf8): btrfs snapshots that go
 * @pinned: (element-type utf8): NetworkManager's connections that name the card's address
 *
 * What virt-sysprep can't do.
 */
typedef struct
{
  GPtrArray *swaps;
  GPtrArray *swap_files;
  GPtrArray *snapshots;
  GPtrArray *pinned;
} StrataGuestFinish;

StrataGuestFinish *strata_guest_finish_new  (StrataAppliance    *appliance,
                                             const char *const  *operations);
void               strata_guest_finish_free (StrataGuestFinish  *self);
gboolean           strata_guest_finish_run  (StrataGuestFinish  *self,
                                             StrataEventWriter      *writer,
                                             GPtrArray          *disks,
                                             GError            **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestFinish, strata_guest_finish_free)

G_END_DECLS
