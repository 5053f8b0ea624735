/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Chains of images, followed from header to header. On this computer qemu-img reads them, which costs less than a
 * refresh of a storage pool; where it may not, or on another host, libvirt does.
 */

#include "config.h"

#include "strata-chain-reader.h"
#include "host/connection/strata-connection-private.h"
#include "strata-qemu-img.h"
#include "strata-storage.h"

/* QEMU itself does not open a longer one. */
#define LONGEST_CHAIN 200

typedef struct
{
  char *backing;
  char *backing_format;
  gboolean known;
} Header;

struct _StrataChainReader
{
  StrataConnection *connection;
  GCancellable *cancellable;
  GHashTable *headers;
};

static void
header_free (Header *self)
{
  g_free (self->backing);
  g_free (self->backing_format);
  g_free (self);
}

StrataChainReader *
strata_chain_reader_new (StrataConnection *connection, GCancellable *cancellable)
{
  StrataChainReader *self = g_new0 (StrataChainReader, 1);

  STRATA_ASSERT_WORKER ();

  self->connection = g_object_ref (connection);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->headers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) header_free);

  return self;
}

void
strata_chain_reader_free (StrataChainReader *self)
{
  g_hash_table_unref (self->headers);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->connection);
  g_free (self);
}

/* The format is said, not guessed: what a guest wrote into a raw disk may look like a header. */
static gboolean
read_here (StrataChainReader *self, Header *header, const char *path, const char *format)
{
  g_autoptr (JsonObject) info = NULL;

  if (!strata_connection_get_facts (self->connection)->is_local)
    return FALSE;
  info = strata_qemu_img_read_info (path, format, self->cancellable);
  if (info == NULL)
    return FALSE;

  header->known = TRUE;
  header->backing =
      g_strdup (json_object_get_string_member_with_default (info, "full-backing-filename", NULL));
  header->backing_format =
      g_strdup (json_object_get_string_member_with_default (info, "backing-filename-format", NULL));

  return TRUE;
}

static void
read_there (StrataChainReader *self, Header *header, const char *path)
{
  g_autoptr (StrataImage) image = strata_storage_read_image (self->connection, path, NULL);

  if (image == NULL || image->missing)
    return;

  header->known = TRUE;
  header->backing_format = g_strdup (image->backing_format);
  /* PATH may be a link, and libvirt was asked for the file that it leads to; QEMU looks beside the link. So a link below keeps
   * its name, too. */
  if (image->relative != NULL)
    {
      g_autofree char *folder = g_path_get_dirname (path);

      header->backing = g_canonicalize_filename (image->relative, folder);
    }
  else
    header->backing = g_strdup (image->spelling != NULL ? image->spelling : image->backing_path);
}

static const Header *
look (StrataChainReader *self, const char *path, const char *format)
{
  Header *header = g_hash_table_lookup (self->headers, path);

  if (header != NULL)
    return header;

  header = g_new0 (Header, 1);
  if (!read_here (self, header, path, format))
    read_there (self, header, path);
  g_hash_table_insert (self->headers, g_strdup (path), header);

  return header;
}

/**
 * strata_chain_reader_read:
 * @self: a reader
 * @path: an image
 * @format: (nullable): its format
 * @paths: (out): the images below it
 * @formats: (out): their formats
 *
 * Worker threads only.
 *
 * Returns: whether the chain is known to its end: every image of it is there, is a file or a device, and says its
 *   format
 */
gboolean
strata_chain_reader_read (StrataChainReader *self,
                          const char *path,
                          const char *format,
                          GStrv *paths,
                          GStrv *formats)
{
  g_autoptr (GStrvBuilder) path_builder = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) format_builder = g_strv_builder_new ();

  STRATA_ASSERT_WORKER ();

  for (guint i = 0; g_strcmp0 (format, "raw") != 0; i++)
    {
      const Header *header;

      if (format == NULL || !g_path_is_absolute (path) || i == LONGEST_CHAIN)
        return FALSE;
      header = look (self, path, format);
      if (!header->known)
        return FALSE;
      if (header->backing == NULL)
        break;

      path = header->backing;
      format = header->backing_format;
      g_strv_builder_add (path_builder, path);
      g_strv_builder_add (format_builder, format != NULL ? format : "");
    }

  /* A raw bottom is not read, but it has to be a file or a device too. */
  if (!g_path_is_absolute (path))
    return FALSE;
  *paths = g_strv_builder_end (path_builder);
  *formats = g_strv_builder_end (format_builder);

  return TRUE;
}
