/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A line of a guest's /etc/passwd. */
typedef struct
{
  char *name;
  char *home;
  char *shell;
  int   uid;
  int   gid;
} StrataGuestAccount;

void                strata_guest_account_free          (StrataGuestAccount *self);
GPtrArray          *strata_guest_accounts_parse        (const char         *passwd);
StrataGuestAccount *strata_guest_accounts_find         (GPtrArray          *accounts,
                                                        const char         *name);
gboolean            strata_guest_account_is_person     (StrataGuestAccount *self);
char               *strata_guest_shadow_set_hash       (const char         *shadow,
                                                        const char         *name,
                                                        const char         *hash,
                                                        gint64              today);
char               *strata_guest_hosts_set_hostname    (const char         *hosts,
                                                        const char         *hostname,
                                                        gboolean            add);
char               *strata_guest_authorized_keys_merge (const char         *authorized_keys,
                                                        const char *const  *keys);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestAccount, strata_guest_account_free)

G_END_DECLS
