/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a guest mounts where, by its /etc/fstab or a unit of systemd. */
typedef struct
{
  char *what;
  char *where;
} StrataGuestMount;

void       strata_guest_mount_free         (StrataGuestMount   *self);
gboolean   strata_guest_mount_matters      (StrataGuestMount   *self,
                                            const char *const  *homes);
GPtrArray *strata_guest_mounts_parse_fstab (const char         *text);
void       strata_guest_mounts_parse_unit  (const char         *text,
                                            GPtrArray          *mounts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestMount, strata_guest_mount_free)

G_END_DECLS
