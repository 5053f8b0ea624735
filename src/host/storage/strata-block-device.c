/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a block device is, as the kernel says: how large, and where its bytes are. A loop device that shows all of its file is
 * that file. A part of a file, a partition, or what the device mapper makes of other devices is an image of its own, whose bytes
 * are on another one as well.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "strata-block-device.h"

#define SECTOR    512
#define MAX_DEPTH 8

typedef struct
{
  StrataImage *image;
  const char *sys;
} Reading;

/* Where the image is on a device that is looked at. */
typedef struct
{
  guint64 start;
  guint64 end;
  gboolean scattered;
  guint depth;
} Range;

static gboolean
read_number (const char *folder, const char *name, guint64 *number)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) &&
         g_ascii_string_to_unsigned (g_strchomp (text), 10, 0, G_MAXUINT64, number, NULL);
}

static gboolean
read_device (const char *folder, dev_t *device)
{
  g_autofree char *path = g_build_filename (folder, "dev", NULL);
  g_autofree char *text = NULL;
  unsigned int high;
  unsigned int low;

  if (!g_file_get_contents (path, &text, NULL, NULL) || sscanf (text, "%u:%u", &high, &low) != 2)
    return FALSE;
  *device = makedev (high, low);

  return TRUE;
}

static char *
find_folder (const char *sys, dev_t device)
{
  g_autofree char *link = g_strdup_printf ("%s/%u:%u", sys, major (device), minor (device));

  return realpath (link, NULL);
}

static char *
name_device (dev_t device)
{
  return g_strdup_printf ("device:%" G_GUINT64_FORMAT, (guint64) device);
}

static char *
name_file (const struct stat *status)
{
  return g_strdup_printf ("file:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status->st_dev,
                          (guint64) status->st_ino);
}

/* The file below a loop device; FALSE where there is none any more. */
static gboolean
find_file (const char *folder, struct stat *status)
{
  g_autofree char *place = g_build_filename (folder, "loop", "backing_file", NULL);
  g_autofree char *file = NULL;

  return g_file_get_contents (place, &file, NULL, NULL) && stat (g_strchomp (file), status) == 0;
}

static gboolean
shows_all (const char *folder)
{
  guint64 offset;
  guint64 limit;

  return read_number (folder, "loop/offset", &offset) && offset == 0 &&
         read_number (folder, "loop/sizelimit", &limit) && limit == 0;
}

static guint64
add (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

static void
add_part (Reading *self, char *whole, const Range *range)
{
  StrataImagePart *part = g_new0 (StrataImagePart, 1);

  part->whole = whole;
  part->start = range->start;
  part->end = range->end;
  part->scattered = range->scattered;
  if (self->image->parts == NULL)
    self->image->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_image_part_free);
  g_ptr_array_add (self->image->parts, part);
}

static void follow (Reading *self, dev_t device, const char *folder, const Range *range);

/* The image is in RANGE of what is on DEVICE, from OFFSET on. */
static void
go_down (Reading *self, dev_t device, const Range *range, guint64 offset)
{
  g_autofree char *folder = find_folder (self->sys, device);
  Range below = *range;

  below.start = add (range->start, offset);
  below.end = add (range->end, offset);
  below.depth++;
  add_part (self, name_device (device), &below);
  if (folder != NULL && below.depth < MAX_DEPTH)
    follow (self, device, folder, &below);
}

static void
follow_loop (Reading *self, const char *folder, const Range *range)
{
  guint64 offset = 0;
  Range below = *range;
  struct stat status;

  if (!find_file (folder, &status))
    return;
  /* Where it can't be told, it may be anywhere. */
  if (!read_number (folder, "loop/offset", &offset))
    below = (Range) { 0, G_MAXUINT64, range->scattered, range->depth };
  if (S_ISBLK (status.st_mode))
    {
      go_down (self, status.st_rdev, &below, offset);
      return;
    }

  below.start = add (below.start, offset);
  below.end = add (below.end, offset);
  add_part (self, name_file (&status), &below);
}

static void
follow_partition (Reading *self, const char *folder, const Range *range)
{
  g_autofree char *whole = g_path_get_dirname (folder);
  guint64 start = 0;
  guint64 number;
  dev_t device;

  if (read_number (folder, "partition", &number) && read_number (folder, "start", &start) &&
      read_device (whole, &device))
    go_down (self, device, range, start * SECTOR);
}

/* Which bytes of those the device mapper has there isn't said; it gives none to two of its own. */
static void
follow_mapped (Reading *self, const char *folder, const Range *range)
{
  g_autofree char *slaves = g_build_filename (folder, "slaves", NULL);
  g_autoptr (GDir) dir = g_dir_open (slaves, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *slave = g_build_filename (slaves, name, NULL);
      Range below = { 0, G_MAXUINT64, TRUE, range->depth };
      guint64 sectors;
      dev_t device;

      if (!read_device (slave, &device))
        continue;
      if (read_number (slave, "size", &sectors))
        below.end = sectors * SECTOR;
      go_down (self, device, &below, 0);
    }
}

static void
follow (Reading *self, dev_t device, const char *folder, const Range *range)
{
  follow_loop (self, folder, range);
  follow_partition (self, folder, range);
  follow_mapped (self, folder, range);
}

/**
 * strata_block_device_identify:
 * @image: an image that is a block device
 * @sys: `STRATA_BLOCK_DEVICES`
 * @device: its number
 *
 * Sets what it is, its identity and its parts, and its size where that isn't known.
 */
void
strata_block_device_identify (StrataImage *image, const char *sys, dev_t device)
{
  g_autofree char *folder = find_folder (sys, device);
  Reading self = { image, sys };
  Range all = { 0, G_MAXUINT64, FALSE, 0 };
  guint64 sectors;
  struct stat status;

  image->type = STRATA_IMAGE_BLOCK;
  image->n_names = 0;
  if (folder != NULL && read_number (folder, "size", &sectors))
    {
      all.end = sectors * SECTOR;
      image->length = all.end;
      if (image->capacity == 0 && g_strcmp0 (image->format, "raw") == 0)
        image->capacity = image->allocation = all.end;
    }

  if (folder != NULL && shows_all (folder) && find_file (folder, &status))
    {
      if (S_ISBLK (status.st_mode))
        {
          strata_block_device_identify (image, sys, status.st_rdev);
          return;
        }
      image->identity = name_file (&status);
      image->n_names = (guint) status.st_nlink;
      return;
    }

  image->identity = name_device (device);
  if (folder != NULL)
    follow (&self, device, folder, &all);
}
