/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plain data of the image graph: images, pools, holders. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "strata-graph.h"
#include "base/strata-error.h"

/**
 * strata_image_new:
 * @path: the image's canonical source
 *
 * Returns: (transfer full): an image of which only the path is known
 */
StrataImage *
strata_image_new (const char *path)
{
  StrataImage *self = g_new0 (StrataImage, 1);

  g_return_val_if_fail (path != NULL, NULL);

  g_atomic_ref_count_init (&self->ref_count);
  self->path = g_strdup (path);

  return self;
}

StrataImage *
strata_image_ref (StrataImage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/* The last one who has it. */
void
strata_image_free (StrataImage *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->path);
  g_free (self->format);
  g_free (self->backing_path);
  g_free (self->backing_format);
  g_free (self->data_file);
  g_free (self->pool);
  g_free (self->problem);
  g_free (self->identity);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_free (self->content);
  g_free (self->declared_by);
  g_strfreev (self->claims);
  g_free (self->spelling);
  g_free (self->relative);
  g_free (self->relative_data);
  g_strfreev (self->tags);
  g_strfreev (self->links);
  g_free (self);
}

/* Of one whose permissions aren't known, a device say, nothing can be said. */
gboolean
strata_image_is_writable (const StrataImage *self)
{
  return self->type == STRATA_IMAGE_FILE && !self->missing && (self->mode & 0222) != 0;
}

gboolean
strata_template_is_open (const StrataDomainFacts *template, const StrataImage *self)
{
  return strata_image_is_writable (self) &&
         !(self->mode_fixed && strata_domain_xml_is_protected (template->definition));
}

guint
strata_image_count_tags (const StrataImage *self, const char *name)
{
  guint n = 0;

  for (guint i = 0; self->tags != NULL && self->tags[i] != NULL; i++)
    n += g_str_equal (self->tags[i], name);

  return n;
}

GStrv
strata_image_get_tag_labels (const StrataImage *self)
{
  return self->tags_unknown ? g_strdupv ((char *[]) { (char *) "?", NULL })
                            : g_strdupv (self->tags);
}

/**
 * strata_image_set_problem:
 * @self: an image
 * @state: not SEEN
 * @format: why, a sentence without a full stop
 * @...: arguments for @format
 *
 * The first problem stays.
 */
void
strata_image_set_problem (StrataImage *self, StrataImageSight state, const char *format, ...)
{
  va_list args;

  g_return_if_fail (self != NULL && state != STRATA_IMAGE_SEEN);

  if (self->state != STRATA_IMAGE_SEEN)
    return;

  va_start (args, format);
  self->problem = g_strdup_vprintf (format, args);
  va_end (args);
  self->state = state;
  self->missing = state == STRATA_IMAGE_MISSING;
}

/* After path_has_protocol() in block.c of QEMU's source. */
gboolean
strata_image_name_is_relative (const char *name)
{
  return *name != '\0' && *name != '/' && name[strcspn (name, ":/")] != ':';
}

void
strata_image_add_claim (StrataImage *self, const char *path)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (self->claims != NULL && g_strv_contains ((const char *const *) self->claims, path))
    return;

  if (self->claims != NULL)
    g_strv_builder_addv (builder, (const char **) self->claims);
  g_strv_builder_add (builder, path);
  g_strfreev (self->claims);
  self->claims = g_strv_builder_end (builder);
}

/* A raw image is its bytes, whatever the guest has written into them. */
static void
make_raw (StrataImage *self)
{
  if (self->backing_path != NULL)
    strata_image_add_claim (self, self->backing_path);
  if (self->data_file != NULL)
    strata_image_add_claim (self, self->data_file);
  g_clear_pointer (&self->backing_path, g_free);
  g_clear_pointer (&self->backing_format, g_free);
  g_clear_pointer (&self->data_file, g_free);
  g_clear_pointer (&self->tags, g_strfreev);
  self->tags_unknown = FALSE;
  if (self->length != 0)
    self->capacity = self->length;
}

/**
 * strata_image_declare:
 * @self: an image
 * @format: its format by a definition, or by the header of the image above
 * @by: what says so, for a person: “web”
 *
 * What is said of an image decides, never what is in it: a guest may write any header onto its raw disk. Where two do not
 * agree, or the content can't be what is said, the image is contradicting.
 */
void
strata_image_declare (StrataImage *self, const char *format, const char *by)
{
  gboolean looks_so;

  g_return_if_fail (self != NULL && format != NULL);

  /* One that other graphs have as well is not even written to where nothing changes. */
  if (self->declared)
    {
      if (g_strcmp0 (self->format, format) == 0)
        return;
      self->disputed = TRUE;
      strata_image_set_problem (self, STRATA_IMAGE_CONTRADICTING,
                                /* Translators: an image, two formats, then what says the second */
                                _ ("“%s” is said to be %s, but %s by %s"), self->path, self->format,
                                format, by);
      return;
    }

  looks_so = self->format == NULL || g_str_equal (self->format, format);
  self->declared = TRUE;
  self->declared_by = g_strdup (by);
  g_set_str (&self->content, self->format);
  if (!g_str_equal (format, "raw") && !looks_so && self->state == STRATA_IMAGE_SEEN)
    strata_image_set_problem (
        self, STRATA_IMAGE_CONTRADICTING,
        /* Translators: an image, what says it is of a format, that format, another */
        _ ("By %s “%s” is %s, but its content is %s"), by, self->path, format, self->format);
  g_set_str (&self->format, format);
}

gboolean
strata_image_is_raw (const StrataImage *self)
{
  return self->declared && !self->disputed && g_str_equal (self->format, "raw");
}

char *
strata_image_get_claim_hint (const StrataImage *self)
{
  /* Translators: a format such as qcow2 */
  return g_strdup_printf (
      _ ("If it is no raw disk, say so in the definition: “virsh edit”, type='%s' in the disk’s "
         "<driver>. If its guest wrote that header onto a raw disk, overwrite it while the guest is "
         "off: “dd if=/dev/zero of=FILE bs=512 count=1 conv=notrunc”."),
      self->content != NULL ? self->content : "qcow2");
}

/**
 * strata_image_finish:
 * @self: an image of which everything was said that is said of it
 *
 * Of one that is raw by all of it, nothing is left of what is written in it. Where that is disputed its chain is still held. Of
 * any other what is written there has to mean one file, by whatever name it is opened.
 */
void
strata_image_finish (StrataImage *self)
{
  if (strata_image_is_raw (self))
    make_raw (self);
  else if (self->named_apart)
    strata_image_set_problem (
        self, STRATA_IMAGE_AMBIGUOUS,
        /* Translators: a file's name, then the file that it stands on */
        _ ("“%s” has several names in different folders, and names what it stands on (“%s”) without "
           "a folder: by each of its names that is another file"),
        self->path, self->relative != NULL ? self->relative : self->relative_data);
}

gboolean
strata_image_is_identified (const StrataImage *self)
{
  return self->identity != NULL && (g_str_has_prefix (self->identity, "file:") ||
                                    g_str_has_prefix (self->identity, "device:"));
}

void
strata_image_part_free (StrataImagePart *self)
{
  g_free (self->whole);
  g_free (self);
}

static gboolean
has_part (const StrataImage *self, const StrataImagePart *part)
{
  if (g_strcmp0 (self->identity, part->whole) == 0)
    return TRUE;

  for (guint i = 0; self->parts != NULL && i < self->parts->len; i++)
    {
      const StrataImagePart *own = g_ptr_array_index (self->parts, i);

      if (g_str_equal (own->whole, part->whole) && own->start < part->end &&
          part->start < own->end && !(own->scattered && part->scattered))
        return TRUE;
    }

  return FALSE;
}

gboolean
strata_image_overlaps (const StrataImage *self, const StrataImage *other)
{
  for (guint i = 0; self->parts != NULL && i < self->parts->len; i++)
    {
      if (has_part (other, g_ptr_array_index (self->parts, i)))
        return TRUE;
    }
  for (guint i = 0; other->parts != NULL && i < other->parts->len; i++)
    {
      if (has_part (self, g_ptr_array_index (other->parts, i)))
        return TRUE;
    }

  return FALSE;
}

static const char *
get_hint (const StrataImage *self)
{
  switch (self->state)
    {
    case STRATA_IMAGE_SEEN:
      break;
    case STRATA_IMAGE_MISSING:
      return _ ("Bring the file back, or repair the backing chain.");
    case STRATA_IMAGE_UNKNOWN:
      if (self->unread)
        return _ ("Let libvirt or yourself read the file (its owner and permissions), or remove "
                  "what names it.");
      return _ ("Make it visible again (plug the storage in, start its pool), or remove what names "
                "it.");
    case STRATA_IMAGE_AMBIGUOUS:
      if (self->overlapping)
        return _ ("Let only one of the two be a disk or in a storage pool.");
      return _ ("Let everything name the file by one and the same path.");
    case STRATA_IMAGE_CONTRADICTING:
      if (self->disputed && self->content != NULL && !g_str_equal (self->content, "raw"))
        return _ ("Where it isn’t raw, say so in the definition: “virsh edit”, and in the disk’s "
                  "<driver> the type that “qemu-img info” shows.");
      if (self->backing_path != NULL && self->backing_format == NULL)
        return _ ("Find out which it is; “qemu-img rebase -u -b BASE -F FORMAT FILE” writes it "
                  "down.");
      return _ ("Find out which is true, and correct the definition or the image’s header, before "
                "anything is started.");
    case STRATA_IMAGE_FOREIGN:
      return _ ("Leave that disk out, or use QEMU’s own tools for it.");
    }

  return NULL;
}

/**
 * strata_image_require_seen:
 * @self: an image
 * @error: `STRATA_ERROR_REFUSED`, with the problem and what to do about it
 *
 * Returns: whether it was seen and is what it is said to be
 */
gboolean
strata_image_require_seen (const StrataImage *self, GError **error)
{
  if (self->state == STRATA_IMAGE_SEEN)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, get_hint (self), "%s", self->problem);

  return FALSE;
}

StrataSpelling *
strata_spelling_new (const char *pool, const char *name, const char *path)
{
  StrataSpelling *self = g_new0 (StrataSpelling, 1);

  self->pool = g_strdup (pool);
  self->name = g_strdup (name);
  self->path = g_strdup (path);

  return self;
}

void
strata_spelling_free (StrataSpelling *self)
{
  g_free (self->pool);
  g_free (self->name);
  g_free (self->path);
  g_free (self);
}

void
strata_pool_facts_free (StrataPoolFacts *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->type);
  g_free (self->path);
  g_free (self);
}

StrataPoolFacts *
strata_pool_facts_copy (const StrataPoolFacts *self)
{
  StrataPoolFacts *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  copy->type = g_strdup (self->type);
  copy->path = g_strdup (self->path);

  return copy;
}

gboolean
strata_pool_has_folder (const StrataPoolFacts *self)
{
  return self->path != NULL && !strata_path_is_device (self->path);
}
