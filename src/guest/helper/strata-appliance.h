/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <guestfs.h>

#include "strata-event-writer.h"

G_BEGIN_DECLS

/**
 * StrataAppliance:
 * @g: libguestfs' handle
 * @writer: where progress goes; the caller's
 * @roots: every root of an operating system that is there
 * @root: the file system that the guest starts from, once strata_appliance_inspect() has found it
 * @type: "linux", "windows", …
 * @mountpoints: pairs of a mount point and what is mounted there, outermost first
 */
typedef struct
{
  guestfs_h     *g;
  StrataEventWriter *writer;
  char          *first_path;
  char         **roots;
  char          *root;
  char          *type;
  GPtrArray     *mountpoints;
  gboolean       launching;
  gboolean       read_only;
} StrataAppliance;

typedef struct
{
  char *path;
  char *mountable;
  gboolean mounted;
} StrataMountpoint;

StrataAppliance *strata_appliance_new       (StrataEventWriter   *writer,
                                             gboolean         read_only);
void             strata_appliance_free      (StrataAppliance *self);
gboolean         strata_appliance_add_disks (StrataAppliance *self,
                                             GPtrArray       *disks,
                                             GError         **error);
gboolean         strata_appliance_launch    (StrataAppliance *self,
                                             GError         **error);
gboolean         strata_appliance_inspect   (StrataAppliance *self,
                                             gboolean         refuse_windows,
                                             GError         **error);
gboolean         strata_appliance_use_root  (StrataAppliance *self,
                                             const char      *root,
                                             GError         **error);
gboolean         strata_appliance_mount     (StrataAppliance *self,
                                             const char      *mountable,
                                             const char      *path,
                                             GError         **error);
gboolean         strata_appliance_mount_all (StrataAppliance *self,
                                             GError         **error);
gboolean         strata_appliance_shutdown  (StrataAppliance *self,
                                             GError         **error);
gboolean         strata_appliance_set_error (StrataAppliance *self,
                                             const char      *what,
                                             GError         **error);
StrataAppliance *strata_appliance_open      (StrataEventWriter   *writer,
                                             GPtrArray       *disks,
                                             gboolean         refuse_windows,
                                             GError         **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataAppliance, strata_appliance_free)

G_END_DECLS
