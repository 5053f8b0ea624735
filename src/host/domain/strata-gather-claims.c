/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering what the headers claim that are in raw images: what such an image would stand on, if its header were true. A guest may
 * have written it, so that nothing is opened for more than to read how it begins, and what is found is held and nothing else.
 */

#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "strata-gather-private.h"
#include "host/storage/strata-volume.h"
#include "host/storage/strata-qcow2.h"
#include "host/storage/strata-vmdk.h"

#define QED_HEADER_SIZE     64
#define QED_FEATURE_BACKING 1
#define LONGEST_BACKING     1023
#define VMDK_TEXT_AT        512

static guint32
get_32_le (const guint8 *bytes)
{
  return (guint32) bytes[0] | (guint32) bytes[1] << 8 | (guint32) bytes[2] << 16 |
         (guint32) bytes[3] << 24;
}

static guint32
get_32_be (const guint8 *bytes)
{
  return (guint32) bytes[3] | (guint32) bytes[2] << 8 | (guint32) bytes[1] << 16 |
         (guint32) bytes[0] << 24;
}

static char *
get_name (const guint8 *bytes, gsize n, guint64 at, guint32 length)
{
  if (at == 0 || length == 0 || length > LONGEST_BACKING || at > n || length > n - at ||
      !g_utf8_validate_len ((const char *) bytes + at, length, NULL))
    return NULL;

  return g_strndup ((const char *) bytes + at, length);
}

/* After docs/interop/qed_spec.txt in QEMU's source. */
static char *
get_qed_backing (const guint8 *bytes, gsize n)
{
  if (n < QED_HEADER_SIZE || memcmp (bytes, "QED", 4) != 0 ||
      (get_32_le (bytes + 16) & QED_FEATURE_BACKING) == 0)
    return NULL;

  return get_name (bytes, n, get_32_le (bytes + 56), get_32_le (bytes + 60));
}

/* The first version of qcow, after QCowHeader in block/qcow.c of QEMU's source. */
static char *
get_qcow_backing (const guint8 *bytes, gsize n)
{
  if (n < 20 || memcmp (bytes, "QFI\xfb", 4) != 0 || get_32_be (bytes + 4) != 1 ||
      get_32_be (bytes + 8) != 0)
    return NULL;

  return get_name (bytes, n, get_32_be (bytes + 12), get_32_be (bytes + 16));
}

/* After vmdk_parent_open() in block/vmdk.c of QEMU's source: a text behind the header. */
static char *
get_vmdk_backing (const guint8 *bytes, gsize n)
{
  static const char key[] = "parentFileNameHint=\"";
  g_autofree char *text = NULL;
  const char *name;
  gsize at;

  if (n <= VMDK_TEXT_AT || (memcmp (bytes, "KDMV", 4) != 0 && memcmp (bytes, "COWD", 4) != 0))
    return NULL;

  text = g_strndup ((const char *) bytes + VMDK_TEXT_AT, n - VMDK_TEXT_AT);
  name = strstr (text, key);
  if (name == NULL)
    return NULL;
  at = (gsize) (name - text) + strlen (key);

  return get_name ((const guint8 *) text, strlen (text), at, (guint32) strcspn (text + at, "\""));
}

/* A name may be QEMU's own, and mean several files. FIELD: (inout): takes the first; RELATIVE: (inout): NAME, where it is in the
 * folder of whatever name the image is opened by */
static void
take_name (StrataGathering *self,
           StrataImage *image,
           const char *name,
           char **field,
           char **relative)
{
  g_auto (GStrv) files = name != NULL ? strata_qemu_name_get_files (name) : NULL;
  g_autofree char *folder = g_path_get_dirname (image->path);

  if (name == NULL || *name == '\0')
    return;
  if (files[0] == NULL && strata_image_name_is_relative (name))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_free (*field);
      *field = strata_connection_canonical_path (self->connection, path);
      g_set_str (relative, name);
      strata_gathering_note_spelling (self, path, *field);
    }

  for (guint i = 0; files[i] != NULL; i++)
    {
      g_autofree char *path = strata_connection_canonical_path (self->connection, files[i]);

      if (i == 0)
        g_set_str (field, path);
      else
        strata_image_add_claim (image, path);
      strata_gathering_note_spelling (self, files[i], path);
    }
}

static void
take_other (StrataGathering *self, StrataImage *image, const char *format, const char *backing)
{
  g_set_str (&image->format, format);
  take_name (self, image, backing, &image->backing_path, &image->relative);
}

/**
 * strata_gathering_take_claim:
 * @self: a gathering
 * @image: an image that is said to be raw
 * @bytes: how it begins
 * @n: how many of its bytes these are
 *
 * Notes down what a header there names. Worker threads only.
 */
void
strata_gathering_take_claim (StrataGathering *self,
                             StrataImage *image,
                             const guint8 *bytes,
                             gsize n)
{
  g_autoptr (StrataQcow2) header = strata_qcow2_parse (bytes, n);
  g_autofree char *qed = get_qed_backing (bytes, n);
  g_autofree char *qcow = get_qcow_backing (bytes, n);
  g_autofree char *vmdk = get_vmdk_backing (bytes, n);

  if (header != NULL)
    {
      g_set_str (&image->format, "qcow2");
      g_set_str (&image->backing_format, header->backing_format);
      take_name (self, image, header->backing, &image->backing_path, &image->relative);
      take_name (self, image, header->data_file, &image->data_file, &image->relative_data);
    }
  else if (qed != NULL)
    take_other (self, image, "qed", qed);
  else if (qcow != NULL)
    take_other (self, image, "qcow", qcow);
  else if (vmdk != NULL)
    take_other (self, image, "vmdk", vmdk);
  else
    strata_vmdk_read_descriptor (self->connection, image);
}

/* How the file or the device begins, where the client or libvirt may read it; a file may be shorter. DOMAIN: (nullable): one that has
 * it as its disk */
gsize
strata_gathering_read_head (virDomainPtr domain, const char *path, guint8 *bytes, gsize n)
{
  g_autofd int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  gssize got = fd >= 0 ? pread (fd, bytes, n, 0) : -1;

  if (got >= 0)
    return (gsize) got;

  /* libvirt reads it for a disk of the domain itself, and not for what such a disk stands on. It doesn't say where it ends. */
  memset (bytes, 0, n);

  return domain != NULL && virDomainBlockPeek (domain, path, 0, n, bytes, 0) == 0 ? n : 0;
}

static gboolean
stands_on_something (const StrataImage *image)
{
  return image->backing_path != NULL || image->data_file != NULL;
}

/* NULL where the client can't read it, and for whatever has no header by which it stands on anything. */
static StrataImage *
look_at_header (StrataGathering *self, const char *path)
{
  g_autoptr (StrataImage) image = NULL;
  guint8 bytes[STRATA_QCOW2_HEAD_SIZE];
  struct stat status;
  gsize n;

  if (lstat (path, &status) != 0 || !S_ISREG (status.st_mode))
    return NULL;
  n = strata_gathering_read_head (NULL, path, bytes, sizeof bytes);

  image = strata_image_new (path);
  image->capacity = (guint64) status.st_size;
  image->allocation = (guint64) status.st_blocks * 512;
  image->mode = status.st_mode & 07777;
  strata_gathering_take_claim (self, image, bytes, n);
  strata_image_identify (self->connection, image, NULL);

  return stands_on_something (image) ? g_steal_pointer (&image) : NULL;
}

/**
 * strata_gathering_add_claimant:
 * @self: a gathering
 * @path: a file of which nothing is said, or that it is raw
 *
 * Adds it if it is there, this computer sees it, and there is a header in it by which it stands on something. Worker threads only.
 */
void
strata_gathering_add_claimant (StrataGathering *self, const char *path)
{
  g_autofree char *folder = NULL;
  g_autofree char *name = NULL;
  g_autoptr (StrataImage) image = NULL;

  if (!g_path_is_absolute (path) || strata_path_is_device (path) ||
      !strata_connection_get_facts (self->connection)->is_local ||
      strata_graph_get_image (self->graph, path) != NULL)
    return;

  folder = g_path_get_dirname (path);
  name = g_path_get_basename (path);
  image = strata_volume_read_here (self->connection, folder, name, NULL);
  if (image == NULL)
    image = look_at_header (self, path);
  if (image != NULL && stands_on_something (image))
    strata_gathering_take_image (self, g_steal_pointer (&image));
}

/* LEFT: whose claims are still to be followed; KNOWN: a set of all that were ever in it */
static void
follow_claim (StrataGathering *self, const char *path, GPtrArray *left, GHashTable *known)
{
  StrataImage *below;

  strata_gathering_add_claimant (self, path);
  below = strata_graph_get_image (self->graph, path);
  if (below != NULL && g_hash_table_add (known, below))
    g_ptr_array_add (left, below);
}

/**
 * strata_gathering_follow_claims:
 * @self: a gathering to which everything was added that definitions lead to
 *
 * An overlay that is outside of every pool, and that only a header in a raw image or an overlay leads to which none names, stands on
 * its base like any other. Worker threads only.
 */
void
strata_gathering_follow_claims (StrataGathering *self)
{
  g_autoptr (GPtrArray) left = strata_graph_get_images (self->graph);
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < left->len; i++)
    g_hash_table_add (known, g_ptr_array_index (left, i));

  for (guint i = 0; i < left->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (left, i);
      GStrv claims = image->claims;

      if (image->backing_path != NULL)
        follow_claim (self, image->backing_path, left, known);
      for (guint j = 0; claims != NULL && claims[j] != NULL; j++)
        follow_claim (self, claims[j], left, known);
    }
}
