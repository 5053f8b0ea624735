/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-connection.h"

G_BEGIN_DECLS

/* For the files of this folder only. */

/* held while a transient pool of ours exists, since two pools may not be on one folder */
GMutex *strata_connection_get_lease_lock (StrataConnection *self);
/* PATH as the host names it: on a local host symbolic links are resolved, so that a file has one name */
char *strata_connection_canonical_path (StrataConnection *self, const char *path);
/* the same; FOLDERS: folders that were looked up already, as they are spelled -> their canonical paths, to which it adds */
char *strata_connection_canonical_path_by (StrataConnection *self,
                                           GHashTable *folders,
                                           const char *path);
/* the same; FOLDER: a canonical path, where PATH most often is */
char *strata_connection_canonical_path_in (StrataConnection *self,
                                           const char *folder,
                                           const char *path);
gboolean strata_connection_is_device (const char *path, gpointer connection);
/* strata-domain-read.c */
char *strata_connection_get_volume_path (StrataConnection *self,
                                         const char *pool_name,
                                         const char *volume_name);
virDomainPtr strata_connection_lookup_domain (StrataConnection *self,
                                              const char *uuid,
                                              GError **error);
gboolean strata_connection_read_state (virDomainPtr domain, StrataDomainState *state);
StrataDomainFacts *strata_connection_read_domain (StrataConnection *self,
                                                  virDomainPtr domain,
                                                  GError **error);
/* the disks of its saved state, where FACTS say that it has one; FALSE only where libvirt is gone */
gboolean strata_connection_read_saved (StrataConnection *self,
                                       StrataDomainFacts *facts,
                                       GError **error);
/* all but persistent, autostart, managed_save, which the list of domains tells of many at once */
StrataDomainFacts *strata_connection_read_without_traits (StrataConnection *self,
                                                          virDomainPtr domain,
                                                          GError **error);

/* strata-domain-jobs.c: sets what is under way in a running domain, after its paths were made canonical */
void strata_connection_read_jobs (StrataConnection *self,
                                  virDomainPtr domain,
                                  StrataDomainFacts *facts);

G_END_DECLS
