/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-guest-client.h"

G_BEGIN_DECLS

/* A folder of images for one test program, and what is done with them. */
typedef struct
{
  char *folder;
  char *base;
} GuestLab;

GuestLab  *guest_lab_new       (void);
void       guest_lab_free      (GuestLab          *self);
char      *guest_lab_overlay   (GuestLab          *self,
                                const char        *base,
                                const char        *name);
char      *guest_lab_blank     (GuestLab          *self,
                                const char        *name,
                                const char        *start,
                                gsize              length);
char      *guest_lab_path      (GuestLab          *self,
                                const char        *name);
char      *guest_lab_script    (GuestLab          *self,
                                const char        *name,
                                const char        *text);
GPtrArray *guest_lab_disks     (const char        *path,
                                const char        *format);
char      *guest_lab_run       (const char *const *argv);
char      *guest_lab_guestfish (const char *const *disks,
                                const char        *commands);
gboolean   guest_lab_is_used   (const char        *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GuestLab, guest_lab_free)

G_END_DECLS
