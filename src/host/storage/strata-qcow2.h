/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* what strata_qcow2_parse() wants to see of a file, at least */
#define STRATA_QCOW2_HEADER_SIZE 72
/* what strata_qcow2_put_state() writes to */
#define STRATA_QCOW2_STATE_SIZE 104
/* what holds the header with its extensions, unless it was made unusually long; a file of small clusters is shorter */
#define STRATA_QCOW2_HEAD_SIZE 4096

/**
 * StrataQcow2:
 * @backing: (nullable): the image below, as it is written there
 * @backing_format: (nullable): its format, as it is written there
 * @data_file: (nullable): the file that has its data, as it is written there
 * @tags_at: where the table of internal snapshots begins
 * @encrypted: its data are
 * @dirty: its reference counts are behind (lazy_refcounts), which the next writer mends; the data are whole
 * @plain: %FALSE for one of a kind about which qemu-img has to be asked; then only @n_tags, @encrypted, @dirty and
 *   a @backing that is set are true
 */
typedef struct
{
  char *backing;
  char *backing_format;
  char *data_file;
  guint64 capacity;
  guint64 tags_at;
  guint32 n_tags;
  gboolean encrypted;
  gboolean dirty;
  gboolean plain;
} StrataQcow2;

/**
 * StrataQcow2State:
 * @capacity: the size of the disk, in bytes
 * @table_at: where in the file its table of data begins
 * @table_length: of how many entries
 *
 * What a guest saw when an internal snapshot was taken. Nothing of it changes as long as that is there.
 */
typedef struct
{
  guint64 capacity;
  guint64 table_at;
  guint32 table_length;
} StrataQcow2State;

/* BYTES: how the file begins. NULL: it isn't a qcow2 image */
StrataQcow2 *strata_qcow2_parse (const guint8 *bytes, gsize n);
/* FD: the file that SELF was parsed from. NULL: they can't be told */
GStrv strata_qcow2_read_tags (const StrataQcow2 *self, int fd);
gboolean strata_qcow2_find_state (const StrataQcow2 *self,
                                  int fd,
                                  const char *tag,
                                  StrataQcow2State *state);
void strata_qcow2_put_state (guint8 *bytes, const StrataQcow2State *state);
char *strata_qcow2_get_tag_stamp (const StrataQcow2 *self, int fd, const char *tag);
void strata_qcow2_free (StrataQcow2 *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataQcow2, strata_qcow2_free)

G_END_DECLS
