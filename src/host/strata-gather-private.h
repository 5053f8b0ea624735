/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-connection.h"

G_BEGIN_DECLS

/* strata-gather.c, -volumes.c and -snapshots.c */
typedef struct
{
  StrataConnection *connection;
  StrataGraph *graph;
  GCancellable *cancellable;
  /* folders outside any pool that were listed already */
  GHashTable *folders;
} StrataGathering;

/* whether libvirt knows what is in FOLDER, which POOL is, without a refresh */
gboolean strata_gathering_is_up_to_date (StrataGathering *self,
                                         virStoragePoolPtr pool,
                                         const char *folder);
/* all the images of POOL, which is up to date; NAME: NULL for one that goes again, FOLDER: NULL if it isn't one */
gboolean strata_gathering_add_volumes (StrataGathering *self,
                                       virStoragePoolPtr pool,
                                       const char *name,
                                       const char *folder,
                                       GError **error);
/* READABLE: whether what is not on the folder's list isn't there */
gboolean strata_gathering_add_folder (StrataGathering *self,
                                      const char *path,
                                      gboolean *readable,
                                      GError **error);
/* PATH and all below it; FORMAT is what the definition or the overlay says of PATH */
gboolean strata_gathering_follow (StrataGathering *self,
                                  const StrataDomainFacts *domain,
                                  const char *path,
                                  const char *format,
                                  gboolean block,
                                  GError **error);
/* before anybody else sees DOMAIN */
gboolean strata_gathering_add_snapshots (StrataGathering *self,
                                         StrataDomainFacts *domain,
                                         GError **error);

G_END_DECLS
