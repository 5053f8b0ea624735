/* SPDX-License-Identifier: GPL-3.0-or-later */

/* VMDK images that are a text naming the files with their data (monolithicFlat, twoGbMaxExtent…), for which libvirt finds no
 * format. The text is described in VMware's “Virtual Disk Format 5.0”; QEMU reads it in block/vmdk.c.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "strata-vmdk.h"

#define MAGIC       "# Disk DescriptorFile"
#define LONGEST     (20 * 1024) /* QEMU reads no longer one */
#define SECTOR_SIZE 512

/* QEMU fills the text up with zeroes when it writes its CID, at the first write of a guest (block/vmdk.c, DESC_SIZE). That is a hex number
 * without leading zeroes, so that the text may have become shorter, and the end of the longer one is still there. */
#define LONGEST_CID 8

static gboolean
is_padding (const char *text, gssize n)
{
  for (gssize i = (gssize) strlen (text) + 1 + LONGEST_CID; i < n; i++)
    {
      if (text[i] != '\0')
        return FALSE;
    }

  return TRUE;
}

static char *
read_text (const char *path)
{
  g_autofd int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  g_autofree char *text = NULL;
  struct stat status;
  gssize n;

  if (fd < 0 || fstat (fd, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size > LONGEST)
    return NULL;

  text = g_malloc0 (LONGEST + 1);
  n = pread (fd, text, LONGEST, 0);

  return n > 0 && g_str_has_prefix (text, MAGIC) && g_utf8_validate (text, -1, NULL) &&
                 is_padding (text, n)
             ? g_steal_pointer (&text)
             : NULL;
}

static char *
get_path (StrataConnection *connection, const StrataImage *image, const char *name)
{
  g_autofree char *folder = g_path_get_dirname (image->path);
  g_autofree char *path =
      g_path_is_absolute (name) ? g_strdup (name) : g_build_filename (folder, name, NULL);

  return strata_connection_canonical_path (connection, path);
}

/* RW 16384 FLAT "disk-flat.vmdk" 0 */
static guint
add_extents (StrataConnection *connection, StrataImage *image, const char *text)
{
  g_autoptr (GRegex) regex =
      g_regex_new ("^(?:RW|RDONLY|NOACCESS)\\s+(\\d+)\\s+\\w+\\s+\"([^\"]+)\"", G_REGEX_MULTILINE,
                   G_REGEX_MATCH_DEFAULT, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint n = 0;

  image->capacity = 0;
  for (gboolean found = g_regex_match (regex, text, G_REGEX_MATCH_DEFAULT, &match); found;
       found = g_match_info_next (match, NULL))
    {
      g_autofree char *sectors = g_match_info_fetch (match, 1);
      g_autofree char *name = g_match_info_fetch (match, 2);

      g_autofree char *path = get_path (connection, image, name);

      image->capacity += g_ascii_strtoull (sectors, NULL, 10) * SECTOR_SIZE;
      if (n > 0)
        strata_image_add_claim (image, path);
      else if (strata_image_name_is_relative (name))
        image->relative_data = g_strdup (name);
      if (n == 0)
        image->data_file = g_steal_pointer (&path);
      n++;
    }

  return n;
}

static void
set_parent (StrataConnection *connection, StrataImage *image, const char *text)
{
  g_autoptr (GRegex) regex = g_regex_new ("^parentFileNameHint=\"([^\"]+)\"", G_REGEX_MULTILINE,
                                          G_REGEX_MATCH_DEFAULT, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *name = NULL;

  if (!g_regex_match (regex, text, G_REGEX_MATCH_DEFAULT, &match))
    return;

  name = g_match_info_fetch (match, 1);
  image->backing_path = get_path (connection, image, name);
  if (strata_image_name_is_relative (name))
    image->relative = g_strdup (name);
  image->backing_format = g_strdup ("vmdk");
}

/**
 * strata_vmdk_read_descriptor:
 * @connection: a connection
 * @image: an image of which libvirt says that it is raw
 *
 * Makes @image VMDK where it is such a text, with the file of its data. Worker threads only.
 */
void
strata_vmdk_read_descriptor (StrataConnection *connection, StrataImage *image)
{
  g_autofree char *text = NULL;

  STRATA_ASSERT_WORKER ();

  if (!strata_connection_get_facts (connection)->is_local)
    return;
  text = read_text (image->path);
  if (text == NULL)
    return;

  g_set_str (&image->format, "vmdk");
  set_parent (connection, image, text);
  if (add_extents (connection, image, text) != 1)
    strata_image_set_problem (image, STRATA_IMAGE_FOREIGN,
                              _ ("The data of “%s” are in several files"), image->path);
}
