/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-connection.h"

G_BEGIN_DECLS

/* A lock on some of a host's domains and images, which the daemon makes atomic for all processes, users and computers
 * that speak to it. Blocking; worker threads only. */
typedef struct _StrataLock StrataLock;

/**
 * StrataLockFacts:
 * @job_id: the job that holds it
 * @title: what the job does
 * @user: who started it
 * @host: the name of the computer on which it runs
 * @since: when it was taken, ISO 8601 in UTC
 * @resources: (element-type utf8): as strata_plan_get_resources() has them
 * @pid: its process on @host
 * @is_ours: this process holds it
 * @is_here: its process is on this computer, in this process namespace, and lives
 *
 * What the host says of one lock.
 */
typedef struct
{
  char *job_id;
  char *title;
  char *user;
  char *host;
  char *since;
  GPtrArray *resources;
  int pid;
  gboolean is_ours;
  gboolean is_here;
} StrataLockFacts;

/* RESOURCES: all or none of them. A job that has one is waited for some seconds, then BUSY. */
StrataLock *strata_lock_take (StrataConnection *connection,
                              const char *job_id,
                              const char *title,
                              GPtrArray *resources,
                              GCancellable *cancellable,
                              GError **error);
void strata_lock_free (StrataLock *self);
gboolean strata_lock_is_held (StrataLock *self, GError **error);

/* (element-type StrataLockFacts) (transfer full) */
GPtrArray *strata_lock_list (StrataConnection *connection, GError **error);
gboolean strata_lock_break (StrataConnection *connection, const char *job_id, GError **error);
void strata_lock_facts_free (StrataLockFacts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLock, strata_lock_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLockFacts, strata_lock_facts_free)

G_END_DECLS
