/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  STRATA_HOLDER_KEY_DISK, /* a domain's disk, as QEMU has it open or, while it is off, defined */
  STRATA_HOLDER_KEY_NEXT_DISK, /* the disk it will have at its next start, where that is another one */
  STRATA_HOLDER_KEY_SNAPSHOT, /* a disk of a snapshot */
  STRATA_HOLDER_KEY_MEMORY,   /* a snapshot's memory file */
  STRATA_HOLDER_KEY_IMAGE,    /* an overlay that no domain and no snapshot names */
  STRATA_HOLDER_KEY_BACKING, /* what a domain's disk stands on by its definition, where the headers say otherwise */
  STRATA_HOLDER_KEY_TEMPLATE, /* a template's disk below a thin clone whose own image is away */
  STRATA_HOLDER_KEY_TAG,      /* an internal snapshot that no domain names */
  STRATA_HOLDER_KEY_CLAIM,    /* a raw image that stands on another if the header in it is true */
  STRATA_HOLDER_KEY_USE, /* what is opened for a domain besides its disks: a StrataImageUse, of that path; of a snapshot what will be */
} StrataHolderKeyKind;

/**
 * StrataHolderKey:
 * @uuid: (nullable): the domain's; of DISK, NEXT_DISK, SNAPSHOT, MEMORY, BACKING, TEMPLATE and USE
 * @snapshot: (nullable): the snapshot's name; of SNAPSHOT and MEMORY, and of USE where it is a snapshot's
 * @target: (nullable): `vda`; of DISK, NEXT_DISK, SNAPSHOT, BACKING and TEMPLATE. %NULL stands for every disk
 * @path: (nullable): of IMAGE, BACKING, TEMPLATE, TAG and USE
 * @tag: (nullable): of TAG; of USE a word for its kind
 *
 * Who holds something, the same before and after each step of a plan. Names come from people and from other programs and
 * may have any character, so that they are never put together into one string. Immutable.
 */
typedef struct
{
  StrataHolderKeyKind kind;
  char *uuid;
  char *snapshot;
  char *target;
  char *path;
  char *tag;
} StrataHolderKey;

#define STRATA_TYPE_HOLDER_KEY (strata_holder_key_get_type ())

GType strata_holder_key_get_type (void);
StrataHolderKey *strata_holder_key_new_disk (const char *uuid, const char *target);
StrataHolderKey *strata_holder_key_new_next_disk (const char *uuid, const char *target);
StrataHolderKey *strata_holder_key_new_snapshot (const char *uuid,
                                                 const char *snapshot,
                                                 const char *target);
StrataHolderKey *strata_holder_key_new_memory (const char *uuid, const char *snapshot);
StrataHolderKey *strata_holder_key_new_image (const char *path);
StrataHolderKey *strata_holder_key_new_backing (const char *uuid,
                                                const char *target,
                                                const char *path);
StrataHolderKey *strata_holder_key_new_template (const char *uuid,
                                                 const char *target,
                                                 const char *path);
StrataHolderKey *strata_holder_key_new_tag (const char *path, const char *tag);
/* CLAIMED: what the raw image PATH would stand on */
StrataHolderKey *strata_holder_key_new_claim (const char *path, const char *claimed);
/* SNAPSHOT: (nullable): a snapshot's name; KIND: "saved", "copy" or "option" */
StrataHolderKey *strata_holder_key_new_use (const char *uuid,
                                            const char *snapshot,
                                            const char *kind,
                                            const char *path);
StrataHolderKey *strata_holder_key_new_from_json (JsonObject *object, GError **error);
JsonObject *strata_holder_key_to_json (const StrataHolderKey *self);
StrataHolderKey *strata_holder_key_copy (const StrataHolderKey *self);
void strata_holder_key_free (StrataHolderKey *self);
guint strata_holder_key_hash (gconstpointer self);
gboolean strata_holder_key_equal (gconstpointer self, gconstpointer other);
gboolean strata_holder_key_covers (const StrataHolderKey *self, const StrataHolderKey *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataHolderKey, strata_holder_key_free)

G_END_DECLS
