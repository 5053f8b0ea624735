/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataHolderKey: who it is that holds an image, a tag or a memory file. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-holder-key.h"
#include "base/strata-error.h"

G_DEFINE_BOXED_TYPE (StrataHolderKey,
                     strata_holder_key,
                     strata_holder_key_copy,
                     strata_holder_key_free)

/* What is written into journals; in the order of the enum. */
static const char *const nicks[] = { "disk",    "next-disk", "snapshot", "memory", "image",
                                     "backing", "template",  "tag",      "claim",  "use" };

static StrataHolderKey *
new_key (StrataHolderKeyKind kind,
         const char *uuid,
         const char *snapshot,
         const char *target,
         const char *path,
         const char *tag)
{
  StrataHolderKey *self = g_new0 (StrataHolderKey, 1);

  self->kind = kind;
  self->uuid = g_strdup (uuid);
  self->snapshot = g_strdup (snapshot);
  self->target = g_strdup (target);
  self->path = g_strdup (path);
  self->tag = g_strdup (tag);

  return self;
}

/**
 * strata_holder_key_new_disk:
 * @uuid: a domain's UUID
 * @target: (nullable): `vda`; %NULL for all its disks
 *
 * Returns: (transfer full): the key
 */
StrataHolderKey *
strata_holder_key_new_disk (const char *uuid, const char *target)
{
  return new_key (STRATA_HOLDER_KEY_DISK, uuid, NULL, target, NULL, NULL);
}

StrataHolderKey *
strata_holder_key_new_next_disk (const char *uuid, const char *target)
{
  return new_key (STRATA_HOLDER_KEY_NEXT_DISK, uuid, NULL, target, NULL, NULL);
}

StrataHolderKey *
strata_holder_key_new_snapshot (const char *uuid, const char *snapshot, const char *target)
{
  return new_key (STRATA_HOLDER_KEY_SNAPSHOT, uuid, snapshot, target, NULL, NULL);
}

StrataHolderKey *
strata_holder_key_new_memory (const char *uuid, const char *snapshot)
{
  return new_key (STRATA_HOLDER_KEY_MEMORY, uuid, snapshot, NULL, NULL, NULL);
}

StrataHolderKey *
strata_holder_key_new_image (const char *path)
{
  return new_key (STRATA_HOLDER_KEY_IMAGE, NULL, NULL, NULL, path, NULL);
}

StrataHolderKey *
strata_holder_key_new_backing (const char *uuid, const char *target, const char *path)
{
  return new_key (STRATA_HOLDER_KEY_BACKING, uuid, NULL, target, path, NULL);
}

StrataHolderKey *
strata_holder_key_new_template (const char *uuid, const char *target, const char *path)
{
  return new_key (STRATA_HOLDER_KEY_TEMPLATE, uuid, NULL, target, path, NULL);
}

StrataHolderKey *
strata_holder_key_new_tag (const char *path, const char *tag)
{
  return new_key (STRATA_HOLDER_KEY_TAG, NULL, NULL, NULL, path, tag);
}

StrataHolderKey *
strata_holder_key_new_claim (const char *path, const char *claimed)
{
  return new_key (STRATA_HOLDER_KEY_CLAIM, NULL, NULL, claimed, path, NULL);
}

StrataHolderKey *
strata_holder_key_new_use (const char *uuid,
                           const char *snapshot,
                           const char *kind,
                           const char *path)
{
  return new_key (STRATA_HOLDER_KEY_USE, uuid, snapshot, NULL, path, kind);
}

/* Sets VALUE to NULL where there is none, which only NEEDED makes wrong. */
static gboolean
read_member (JsonObject *object, const char *name, gboolean needed, const char **value)
{
  JsonNode *node = json_object_get_member (object, name);

  *value = NULL;
  if (node == NULL)
    return !needed;
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  *value = json_node_get_string (node);

  return TRUE;
}

/* -1 for a word that is none of them */
static int
find_kind (const char *nick)
{
  for (size_t i = 0; i < G_N_ELEMENTS (nicks); i++)
    {
      if (g_strcmp0 (nicks[i], nick) == 0)
        return (int) i;
    }

  return -1;
}

/**
 * strata_holder_key_new_from_json:
 * @object: what strata_holder_key_to_json() made
 * @error: where to put `STRATA_ERROR_INVALID`
 *
 * Returns: (transfer full): the key
 */
StrataHolderKey *
strata_holder_key_new_from_json (JsonObject *object, GError **error)
{
  const char *nick, *uuid, *snapshot, *target, *path, *tag;
  int kind = read_member (object, "kind", TRUE, &nick) ? find_kind (nick) : -1;
  gboolean of_image = kind == STRATA_HOLDER_KEY_IMAGE || kind == STRATA_HOLDER_KEY_TAG ||
                      kind == STRATA_HOLDER_KEY_CLAIM;
  gboolean of_snapshot = kind == STRATA_HOLDER_KEY_SNAPSHOT || kind == STRATA_HOLDER_KEY_MEMORY;

  if (kind < 0 || !read_member (object, "uuid", !of_image, &uuid) ||
      !read_member (object, "snapshot", of_snapshot, &snapshot) ||
      !read_member (object, "target", FALSE, &target) ||
      !read_member (object, "path", of_image, &path) || !read_member (object, "tag", FALSE, &tag))
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("What a stored plan gives up can’t be read"));
      return NULL;
    }

  return new_key ((StrataHolderKeyKind) kind, uuid, snapshot, target, path, tag);
}

static void
set_member (JsonObject *object, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
}

/**
 * strata_holder_key_to_json:
 * @self: a key
 *
 * Returns: (transfer full): an object with a member "kind", and one for each field that is set
 */
JsonObject *
strata_holder_key_to_json (const StrataHolderKey *self)
{
  JsonObject *object = json_object_new ();

  set_member (object, "kind", nicks[self->kind]);
  set_member (object, "uuid", self->uuid);
  set_member (object, "snapshot", self->snapshot);
  set_member (object, "target", self->target);
  set_member (object, "path", self->path);
  set_member (object, "tag", self->tag);

  return object;
}

StrataHolderKey *
strata_holder_key_copy (const StrataHolderKey *self)
{
  return new_key (self->kind, self->uuid, self->snapshot, self->target, self->path, self->tag);
}

void
strata_holder_key_free (StrataHolderKey *self)
{
  if (self == NULL)
    return;

  g_free (self->uuid);
  g_free (self->snapshot);
  g_free (self->target);
  g_free (self->path);
  g_free (self->tag);
  g_free (self);
}

static guint
mix (guint hash, const char *field)
{
  return hash * 31 + (field != NULL ? g_str_hash (field) : 1);
}

guint
strata_holder_key_hash (gconstpointer self)
{
  const StrataHolderKey *key = self;
  guint hash = (guint) key->kind;

  hash = mix (hash, key->uuid);
  hash = mix (hash, key->snapshot);
  hash = mix (hash, key->target);
  hash = mix (hash, key->path);

  return mix (hash, key->tag);
}

gboolean
strata_holder_key_equal (gconstpointer self, gconstpointer other)
{
  const StrataHolderKey *a = self;
  const StrataHolderKey *b = other;

  return a->kind == b->kind && g_strcmp0 (a->uuid, b->uuid) == 0 &&
         g_strcmp0 (a->snapshot, b->snapshot) == 0 && g_strcmp0 (a->target, b->target) == 0 &&
         g_strcmp0 (a->path, b->path) == 0 && g_strcmp0 (a->tag, b->tag) == 0;
}

/**
 * strata_holder_key_covers:
 * @self: a key, perhaps of every disk
 * @other: a key of one disk, memory file, image or tag
 *
 * A domain's disks are covered with those of its next start, and a snapshot's disks with its memory file: a request that
 * discards the one discards the other.
 *
 * Returns: whether @other is meant by @self as well
 */
gboolean
strata_holder_key_covers (const StrataHolderKey *self, const StrataHolderKey *other)
{
  gboolean same_domain = g_strcmp0 (self->uuid, other->uuid) == 0;

  if (strata_holder_key_equal (self, other))
    return TRUE;
  if (self->target != NULL)
    return FALSE;

  switch (self->kind)
    {
    case STRATA_HOLDER_KEY_DISK:
      return same_domain &&
             (other->kind == STRATA_HOLDER_KEY_DISK || other->kind == STRATA_HOLDER_KEY_NEXT_DISK ||
              other->kind == STRATA_HOLDER_KEY_BACKING ||
              other->kind == STRATA_HOLDER_KEY_TEMPLATE ||
              (other->kind == STRATA_HOLDER_KEY_USE && other->snapshot == NULL));
    case STRATA_HOLDER_KEY_NEXT_DISK:
      return same_domain && other->kind == STRATA_HOLDER_KEY_NEXT_DISK;
    case STRATA_HOLDER_KEY_SNAPSHOT:
      return same_domain && g_strcmp0 (self->snapshot, other->snapshot) == 0 &&
             (other->kind == STRATA_HOLDER_KEY_SNAPSHOT ||
              other->kind == STRATA_HOLDER_KEY_MEMORY || other->kind == STRATA_HOLDER_KEY_USE);
    case STRATA_HOLDER_KEY_MEMORY:
    case STRATA_HOLDER_KEY_IMAGE:
    case STRATA_HOLDER_KEY_BACKING:
    case STRATA_HOLDER_KEY_TEMPLATE:
    case STRATA_HOLDER_KEY_TAG:
    case STRATA_HOLDER_KEY_CLAIM:
    case STRATA_HOLDER_KEY_USE:
      break;
    }

  return FALSE;
}
