/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * StrataVolumeXml:
 * @name: the volume's name in its pool
 * @path: (nullable): its path, filled in by libvirt
 * @type: (nullable): `file`, `block`, `network`… filled in by libvirt
 * @format: `qcow2`, `raw`…
 * @backing_path: (nullable): what it is an overlay on
 * @backing_format: (nullable): always given where @backing_path is: an overlay without it is recorded as raw
 * @capacity: virtual size, bytes
 * @allocation: bytes on disk (0 in a request: sparse)
 * @physical: the length of the file, bytes; 0 where libvirt does not say it
 * @times: (nullable): when its file was changed and written, as libvirt says it; the same for two names of one file
 * @encrypted: its content is encrypted by QEMU
 * @mode: permission bits, 0 to leave them to libvirt
 */
typedef struct
{
  char   *name;
  char   *path;
  char   *type;
  char   *format;
  char   *backing_path;
  char   *backing_format;
  guint64 capacity;
  guint64 allocation;
  guint64 physical;
  char   *times;
  gboolean encrypted;
  guint   mode;
} StrataVolumeXml;

StrataVolumeXml *strata_volume_xml_new_from_string (const char            *text,
                                                    GError               **error);
char            *strata_volume_xml_to_string       (const StrataVolumeXml *self);
void             strata_volume_xml_free            (StrataVolumeXml       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataVolumeXml, strata_volume_xml_free)

/* What the names of our own pools begin with, which are not shown. */
#define STRATA_POOL_LEASE_PREFIX "strata-lease-"
#define STRATA_LOCK_PREFIX       "strata-lock-"

/* What a pool's XML says. */
typedef struct
{
  char   *name;
  char   *uuid;
  char   *type;
  char   *path;
  guint64 capacity;
  guint64 available;
} StrataPoolXml;

StrataPoolXml *strata_pool_xml_new_from_string (const char    *text,
                                                GError       **error);
/* a pool of type `dir` at PATH */
char          *strata_pool_xml_new_dir         (const char    *name,
                                                const char    *path);
/* the same with two lines of text that libvirt keeps and doesn't look at */
char          *strata_pool_xml_new_note        (const char    *name,
                                                const char    *path,
                                                const char    *vendor,
                                                const char    *product);
void           strata_pool_xml_free            (StrataPoolXml *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPoolXml, strata_pool_xml_free)

G_END_DECLS
