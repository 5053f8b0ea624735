/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* strata-gather.c, -volumes.c and -snapshots.c */
typedef struct
{
  StrataConnection *connection;
  StrataGraph *graph;
  GCancellable *cancellable;
  /* folders outside any active pool that were listed already */
  GHashTable *folders;
  /* StrataImage.identity -> the image that is in the graph */
  GHashTable *identities;
  /* the images that a definition names, which keep the name that it uses */
  GHashTable *named;
  /* symbolic links to what is there: by their own path, which may be one of several names of their folder */
  GHashTable *links;
  /* StrataPoolXml: pools that are not active */
  GPtrArray *inactive;
  /* names of images besides those of documents and links -> the image's path */
  GHashTable *spellings;
  /* (nullable): those that strata_gathering_take_image() put into the graph */
  GPtrArray *taken;
  /* no folder is looked into for what it has besides */
  gboolean narrow;
  /* one would have been */
  gboolean too_narrow;
} StrataGathering;

/* takes ownership; another name of an image that is there already is noted down as such */
void strata_gathering_take_image (StrataGathering *self, StrataImage *image);
/* the image that PATH is a name of, if it was taken; a definition's own name for it becomes the image's */
StrataImage *strata_gathering_name_image (StrataGathering *self, const char *path);
/* NAME: an absolute path by which QEMU may open the image at PATH */
void strata_gathering_note_spelling (StrataGathering *self, const char *name, const char *path);
/* what images may stand on by other names than those by which they were read, once everything was taken that is named */
void strata_gathering_claim_by_names (StrataGathering *self);
/* what can be known of all names only when everything was taken */
void strata_gathering_reconcile_names (StrataGathering *self);
/* LINK: (nullable): how a document or a pool names something that may be a link */
void strata_gathering_note_link (StrataGathering *self, const char *link);

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
/* (nullable): a set of the names in FOLDER, as this computer sees it */
GHashTable *strata_gathering_list_folder (StrataGathering *self, const char *folder);
/* pools that are not active, without what is in them */
gboolean strata_gathering_note_inactive (StrataGathering *self, GError **error);
/* the images of FOLDER as this computer sees them, without asking libvirt; FALSE where it doesn't */
gboolean strata_gathering_add_folder_here (StrataGathering *self,
                                           const char *folder,
                                           const char *pool);
/* WHY: (out) (optional) (nullable): where it could not be looked into, so that what is not on its list may be there */
gboolean strata_gathering_add_folder (StrataGathering *self,
                                      const char *path,
                                      char **why,
                                      GError **error);
/* whether the folder of PATH is a pool that is not active, which a look must not start */
gboolean strata_gathering_is_inactive (StrataGathering *self, const char *path);
/* PATH and all below it; FORMAT is what the definition or the overlay says of PATH */
gboolean strata_gathering_follow (StrataGathering *self,
                                  const StrataDomainFacts *domain,
                                  const char *path,
                                  const char *format,
                                  gboolean block,
                                  GError **error);
/* VOLUME: of POOL, which the host doesn't have: what it is called from now on; MEDIUM: a CD-ROM's or floppy's */
void strata_gathering_add_unresolved (StrataGathering *self,
                                      const char *pool,
                                      char **volume,
                                      const char *format,
                                      gboolean medium);
/* DISK: an image on QEMU's command line, and all below it */
gboolean strata_gathering_follow_option (StrataGathering *self,
                                         const StrataDomainFacts *domain,
                                         const StrataDiskXml *disk,
                                         GError **error);
/* by their names, as they are in a graph */
void strata_gathering_sort_domains (GPtrArray *domains);
/* DOMAIN, which no other thread knows yet, and all that its documents lead to */
gboolean strata_gathering_add_domain (StrataGathering *self,
                                      StrataDomainFacts *domain,
                                      GError **error);
/* strata-gather-claims.c: how many bytes were read, 0 where none can be; DOMAIN: (nullable) */
gsize strata_gathering_read_head (virDomainPtr domain, const char *path, guint8 *bytes, gsize n);
/* what the header in IMAGE names, which is said to be raw */
void strata_gathering_take_claim (StrataGathering *self,
                                  StrataImage *image,
                                  const guint8 *bytes,
                                  gsize n);
/* PATH, if there is a header in it by which it stands on something */
void strata_gathering_add_claimant (StrataGathering *self, const char *path);
/* once everything was added that definitions lead to */
void strata_gathering_follow_claims (StrataGathering *self);
/* before another thread sees DOMAIN */
gboolean strata_gathering_add_snapshots (StrataGathering *self,
                                         StrataDomainFacts *domain,
                                         GError **error);

G_END_DECLS
