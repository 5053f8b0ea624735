/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _StrataGuestListing StrataGuestListing;

StrataGuestListing *strata_guest_listing_new         (void);
void                strata_guest_listing_free        (StrataGuestListing *self);
void                strata_guest_listing_add_home    (StrataGuestListing *self,
                                                      const char         *path);
void                strata_guest_listing_add_scratch (StrataGuestListing *self,
                                                      const char         *path);
void                strata_guest_listing_add_system  (StrataGuestListing *self,
                                                      const char         *mountable,
                                                      const char         *mountpoint,
                                                      gboolean            readable);
void                strata_guest_listing_add_file    (StrataGuestListing *self,
                                                      const char         *path,
                                                      guint               mode,
                                                      gint64              size,
                                                      gint64              mtime,
                                                      const char         *target);
char               *strata_guest_listing_pack        (StrataGuestListing *self);
StrataGuestListing *strata_guest_listing_unpack      (const char         *text,
                                                      GError            **error);
GPtrArray          *strata_guest_listing_compare     (StrataGuestListing *before,
                                                      StrataGuestListing *after,
                                                      const char *const  *operations);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestListing, strata_guest_listing_free)

G_END_DECLS
