/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDiskLayer: one layer of a disk: what it is, who holds it, what is the matter with it, and what merges it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-disk-layer-private.h"
#include "model/strata-short-paths.h"

typedef enum
{
  PROP_CHECK = 1,
  PROP_CHECK_TEXT,
  N_PROPS,
} StrataDiskLayerProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataDiskLayer, strata_disk_layer, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (StrataLayerCheck,
                    strata_layer_check,
                    G_DEFINE_ENUM_VALUE (STRATA_LAYER_UNCHECKED, "unchecked"),
                    G_DEFINE_ENUM_VALUE (STRATA_LAYER_CHECKING, "checking"),
                    G_DEFINE_ENUM_VALUE (STRATA_LAYER_SOUND, "sound"),
                    G_DEFINE_ENUM_VALUE (STRATA_LAYER_UNREADABLE, "unreadable"),
                    G_DEFINE_ENUM_VALUE (STRATA_LAYER_DAMAGED, "damaged"))

static void
holder_free (gpointer data)
{
  StrataLayerHolder *holder = data;

  g_free (holder->text);
  g_free (holder);
}

static void
problem_free (gpointer data)
{
  StrataLayerProblem *problem = data;

  g_free (problem->text);
  g_free (problem);
}

static void
strata_disk_layer_finalize (GObject *object)
{
  StrataDiskLayer *self = STRATA_DISK_LAYER (object);

  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->format, g_free);
  g_clear_pointer (&self->said_format, g_free);
  g_clear_pointer (&self->pool, g_free);
  g_clear_pointer (&self->domain, g_free);
  g_clear_pointer (&self->target, g_free);
  g_clear_pointer (&self->above, g_free);
  g_clear_pointer (&self->below, g_free);
  g_clear_pointer (&self->cut, g_free);
  g_clear_pointer (&self->cut_below, g_free);
  g_clear_pointer (&self->owners, g_ptr_array_unref);
  g_clear_pointer (&self->dependents, g_ptr_array_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  g_clear_pointer (&self->tags, g_strfreev);
  g_clear_pointer (&self->check_text, g_free);

  G_OBJECT_CLASS (strata_disk_layer_parent_class)->finalize (object);
}

static void
strata_disk_layer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataDiskLayer *self = STRATA_DISK_LAYER (object);

  switch ((StrataDiskLayerProperty) prop_id)
    {
    case PROP_CHECK:
      g_value_set_enum (value, (int) self->check);
      break;
    case PROP_CHECK_TEXT:
      g_value_set_string (value, self->check_text);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_disk_layer_class_init (StrataDiskLayerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = strata_disk_layer_finalize;
  object_class->get_property = strata_disk_layer_get_property;

  properties[PROP_CHECK] = g_param_spec_enum ("check", NULL, NULL, STRATA_TYPE_LAYER_CHECK,
                                              STRATA_LAYER_UNCHECKED, flags);
  properties[PROP_CHECK_TEXT] = g_param_spec_string ("check-text", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_disk_layer_init (StrataDiskLayer *self)
{
  self->owners = g_ptr_array_new_with_free_func (holder_free);
  self->dependents = g_ptr_array_new_with_free_func (holder_free);
  self->problems = g_ptr_array_new_with_free_func (problem_free);
  self->tags = g_new0 (char *, 1);
}

/**
 * strata_disk_layer_new:
 * @path: an image
 *
 * Any thread, until others see it.
 *
 * Returns: (transfer full): a layer of which only the path is known
 */
StrataDiskLayer *
strata_disk_layer_new (const char *path)
{
  StrataDiskLayer *self = g_object_new (STRATA_TYPE_DISK_LAYER, NULL);

  self->path = g_strdup (path);
  self->name = g_path_get_basename (path);
  self->folder = g_path_get_dirname (path);

  return self;
}

/* What is grave comes first. Files go by their names. */
void
strata_disk_layer_add_problem (StrataDiskLayer *self, gboolean grave, const char *format, ...)
{
  StrataLayerProblem *problem = g_new0 (StrataLayerProblem, 1);
  g_autofree char *text = NULL;
  guint i = 0;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  problem->text = strata_short_paths (text);
  problem->grave = grave;
  while (i < self->problems->len &&
         (!grave || ((const StrataLayerProblem *) g_ptr_array_index (self->problems, i))->grave))
    i++;
  g_ptr_array_insert (self->problems, (int) i, problem);
}

void
strata_disk_layer_set_check (StrataDiskLayer *self, StrataLayerCheck check, const char *text)
{
  if (g_set_str (&self->check_text, text))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHECK_TEXT]);
  if (self->check == check)
    return;

  self->check = check;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHECK]);
}

const char *
strata_disk_layer_get_path (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->path;
}

const char *
strata_disk_layer_get_name (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->name;
}

const char *
strata_disk_layer_get_folder (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->folder;
}

const char *
strata_disk_layer_get_format (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->format;
}

const char *
strata_disk_layer_get_pool (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->pool;
}

/**
 * strata_disk_layer_get_size_text:
 * @self: a layer
 *
 * Returns: (transfer full) (nullable): what it takes on the host, of the size that the guest sees; %NULL if it is not there, or
 *   could not be looked at
 */
char *
strata_disk_layer_get_size_text (StrataDiskLayer *self)
{
  g_autofree char *allocation = NULL;
  g_autofree char *capacity = NULL;

  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  if (self->missing || self->capacity == 0)
    return NULL;

  allocation = g_format_size (self->allocation);
  capacity = g_format_size (self->capacity);

  /* Translators: bytes that a layer takes on the host, of the size that the guest sees: “461 MB of 2.1 GB”. */
  return g_strdup_printf (_ ("%s of %s"), allocation, capacity);
}

double
strata_disk_layer_get_thickness (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), 0);

  return self->thickness;
}

GPtrArray *
strata_disk_layer_get_owners (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->owners;
}

GPtrArray *
strata_disk_layer_get_dependents (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->dependents;
}

GPtrArray *
strata_disk_layer_get_problems (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->problems;
}

const char *const *
strata_disk_layer_get_tags (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return (const char *const *) self->tags;
}

StrataLayerCheck
strata_disk_layer_get_check (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), STRATA_LAYER_UNCHECKED);

  return self->check;
}

const char *
strata_disk_layer_get_check_text (StrataDiskLayer *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_LAYER (self), NULL);

  return self->check_text;
}

void
strata_disk_layer_adopt_check (StrataDiskLayer *self, StrataDiskLayer *other)
{
  g_return_if_fail (STRATA_IS_DISK_LAYER (self));
  g_return_if_fail (STRATA_IS_DISK_LAYER (other));

  if (other->check != STRATA_LAYER_CHECKING && g_str_equal (self->path, other->path) &&
      self->allocation == other->allocation && g_strcmp0 (self->below, other->below) == 0)
    strata_disk_layer_set_check (self, other->check, other->check_text);
}
