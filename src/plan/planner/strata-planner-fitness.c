/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What has to hold of the domains that a plan is about, whichever planner makes it: that they don't vanish when their guest
 * stops, that nothing is under way in them, that no other definition writes to their disks; and of a snapshot, that it
 * still is what it was.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"
#include "plan/strata-writers.h"

typedef enum
{
  NEEDS_NOTHING = 0,
  NEEDS_PERSISTENT =
      1 << 0, /* it stops the domain, defines it, or keeps metadata that goes with it */
  NEEDS_CALM = 1 << 1,
  NEEDS_SOLE = 1 << 2, /* it makes a promise about what is in its disks */
  NEEDS_ALL = NEEDS_PERSISTENT | NEEDS_CALM | NEEDS_SOLE,
} Needs;

/* A clone of a snapshot holds the frozen images by its own definition, and loses nothing when their domain goes; a layer that is
 * merged below a running guest neither. */
static Needs
get_needs (const StrataRequest *request)
{
  switch (request->kind)
    {
    case STRATA_REQUEST_TEMPLATE_CREATE:
    case STRATA_REQUEST_SEAL_DOMAIN:
    case STRATA_REQUEST_DELETE:
    case STRATA_REQUEST_SNAPSHOT_CREATE:
    case STRATA_REQUEST_SNAPSHOT_REVERT:
      return NEEDS_ALL;
    case STRATA_REQUEST_SNAPSHOT_DELETE:
      return request->metadata_only ? NEEDS_CALM : NEEDS_ALL;
    case STRATA_REQUEST_SNAPSHOT_EDIT:
      return NEEDS_PERSISTENT | NEEDS_CALM;
    case STRATA_REQUEST_CLONE:
      return request->snapshot != NULL ? NEEDS_NOTHING : NEEDS_ALL;
    case STRATA_REQUEST_FLATTEN:
    case STRATA_REQUEST_MERGE:
      return NEEDS_CALM | NEEDS_SOLE;
    case STRATA_REQUEST_TEMPLATE_DEPLOY:
      return NEEDS_SOLE;
    case STRATA_REQUEST_TEMPLATE_IMPORT:
    case STRATA_REQUEST_SEAL_IMAGE:
    case STRATA_REQUEST_RECONCILE:
      break;
    }

  return NEEDS_NOTHING;
}

static gboolean
require_persistent (const StrataDomainFacts *domain, GError **error)
{
  if (domain->persistent)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Make it permanent first: virsh dumpxml --inactive NAME > NAME.xml, then "
         "virsh define NAME.xml."),
      _ ("“%s” is transient: it vanishes when its guest stops, with all that is known "
         "of its snapshots"),
      domain->name);
  return FALSE;
}

static gboolean
require_calm (const StrataDomainFacts *domain, GError **error)
{
  if (domain->busy == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY,
                    _ ("Wait until it is over, or end it: virsh blockjob NAME DISK --abort for a "
                       "block job, virsh domjobabort NAME for a backup."),
                    /* Translators: a virtual machine, then "a block copy of vda to “/path”" */
                    _ ("“%s” is busy: %s is under way"), domain->name, domain->busy);
  return FALSE;
}

static gboolean
require_sole (StrataPlanner *self, const StrataDomainFacts *domain, GError **error)
{
  const char *image;
  g_autoptr (StrataWriters) writers =
      strata_writers_new (self->graph, strata_planner_get_layers (self));
  StrataHolder *other = strata_writers_find_other (writers, domain, &image);
  StrataDomainFacts *owner =
      other != NULL ? strata_graph_find_domain (self->graph, other->uuid) : NULL;

  if (other == NULL)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Take the disk out of one of the two, or give it a copy of its own."),
      /* Translators: an image, then two virtual machines */
      _ ("“%s” is a disk of “%s” and of “%s”: what the one writes would change what is "
         "kept of the other"),
      image, domain->name, owner != NULL ? owner->name : other->uuid);
  return FALSE;
}

/**
 * strata_planner_require_fit:
 * @self: the planner, before it plans
 * @error: `STRATA_ERROR_REFUSED` or `_BUSY`
 *
 * Returns: whether the domain that the request is about lets itself be worked on so; one that is not there is for the
 *   planner to miss
 */
gboolean
strata_planner_require_fit (StrataPlanner *self, GError **error)
{
  Needs needs = get_needs (self->request);
  StrataDomainFacts *domain = self->request->domain != NULL
                                  ? strata_graph_find_domain (self->graph, self->request->domain)
                                  : NULL;

  if (domain == NULL)
    return TRUE;

  return (!(needs & NEEDS_PERSISTENT) || require_persistent (domain, error)) &&
         (!(needs & NEEDS_CALM) || require_calm (domain, error)) &&
         (!(needs & NEEDS_SOLE) || require_sole (self, domain, error));
}

/* Steps after which a transient domain, or what is known of it, is gone. */
static gboolean
ends_transient (StrataStep *step)
{
  return strata_step_is (step, STRATA_STEP_SHUT_DOWN, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE,
                         STRATA_STEP_RESTORE, STRATA_STEP_SNAPSHOT_CREATE,
                         STRATA_STEP_SNAPSHOT_REVERT);
}

/* Which only change what is written down. */
static gboolean
is_metadata (StrataStep *step)
{
  return strata_step_is (step, STRATA_STEP_SNAPSHOT_DEFINE, STRATA_STEP_DELETE_METADATA,
                         STRATA_STEP_RECONCILE);
}

static gboolean
require_idle_image (StrataPlanner *self, const char *path, GError **error)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (domain->busy != NULL && domain->busy_images != NULL &&
          g_ptr_array_find_with_equal_func (domain->busy_images, path, g_str_equal, NULL))
        return require_calm (domain, error);
    }

  return TRUE;
}

static gboolean require_idle_images (StrataPlanner *self, JsonObject *args, GError **error);

/* Whatever is a path of an image is compared with those that are: other arguments never equal one. */
static gboolean
require_idle_node (StrataPlanner *self, JsonNode *node, GError **error)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return require_idle_image (self, json_node_get_string (node), error);
  if (JSON_NODE_HOLDS_OBJECT (node))
    return require_idle_images (self, json_node_get_object (node), error);

  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          if (!require_idle_node (self, json_array_get_element (array, i), error))
            return FALSE;
        }
    }

  return TRUE;
}

static gboolean
require_idle_images (StrataPlanner *self, JsonObject *args, GError **error)
{
  JsonObjectIter iter;
  JsonNode *node;

  json_object_iter_init (&iter, args);
  while (json_object_iter_next (&iter, NULL, &node))
    {
      if (!require_idle_node (self, node, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_any_busy (StrataGraph *graph)
{
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      if (((StrataDomainFacts *) g_ptr_array_index (domains, i))->busy != NULL)
        return TRUE;
    }

  return FALSE;
}

static gboolean
require_writable_folder (StrataPlanner *self, const char *path, GError **error)
{
  const StrataPoolFacts *pool = path != NULL ? strata_graph_pool_of_path (self->graph, path) : NULL;

  if (pool == NULL || !pool->read_only)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Make the folder writable, or choose another pool where one can be chosen."),
                    /* Translators: a folder, then the storage pool that it belongs to */
                    _ ("Nothing can be made or removed in “%s”, the folder of the pool “%s”: it is "
                       "read-only"),
                    pool->path, pool->name);
  return FALSE;
}

/* What STEP makes and removes. A step that is begun where nothing can be written would be found out late, perhaps when others
 * can't be undone any more. */
static gboolean
require_writable_folders (StrataPlanner *self, const StrataStep *step, GError **error)
{
  static const struct
  {
    StrataStepKind kind;
    const char *key;
  } table[] = {
    { STRATA_STEP_CONVERT_TAG, "to" },
    { STRATA_STEP_COPY_IMAGE, "destination" },
    { STRATA_STEP_COPY_VERBATIM, "to" },
    { STRATA_STEP_CREATE_OVERLAY, "path" },
    { STRATA_STEP_DELETE_FILE, "path" },
    { STRATA_STEP_DELETE_VOLUME, "path" },
    { STRATA_STEP_SNAPSHOT_CREATE, "memory-file" },
  };
  JsonArray *disks = json_object_has_member (step->args, "disks")
                         ? json_object_get_array_member (step->args, "disks")
                         : NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (table[i].kind == step->kind &&
          !require_writable_folder (
              self, json_object_get_string_member_with_default (step->args, table[i].key, NULL),
              error))
        return FALSE;
    }
  for (guint i = 0; step->kind == STRATA_STEP_SNAPSHOT_CREATE && disks != NULL &&
                    i < json_array_get_length (disks);
       i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);

      if (!require_writable_folder (
              self, json_object_get_string_member_with_default (disk, "overlay", NULL), error))
        return FALSE;
    }

  return TRUE;
}

/* (nullable): the first byte of TEXT that XML 1.0 can't hold, not even escaped */
static const char *
find_unwritable (const char *text)
{
  while (*text != '\0')
    {
      gunichar c = g_utf8_get_char_validated (text, -1);

      if (c >= 0xfffffffe || (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xfffe ||
          c == 0xffff)
        return text;
      text = g_utf8_next_char (text);
    }

  return NULL;
}

/* (transfer full): the value that AT is in; TEXT is a document, or one value */
static char *
dup_value_at (const char *text, const char *at)
{
  const char *begin = at;
  const char *end = at + strcspn (at, "\"'<");

  while (begin > text && strchr ("\"'>", begin[-1]) == NULL)
    begin--;

  return g_strndup (begin, (gsize) (end - begin));
}

static gboolean
require_writable_node (JsonNode *node, GError **error)
{
  const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
  const char *at = text != NULL ? find_unwritable (text) : NULL;
  g_autofree char *value = NULL;
  g_autoptr (GList) values = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node))
    values = json_object_get_values (json_node_get_object (node));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    values = json_array_get_elements (json_node_get_array (node));
  for (GList *item = values; item != NULL; item = item->next)
    {
      if (!require_writable_node (item->data, error))
        return FALSE;
    }
  if (at == NULL)
    return TRUE;

  value = *text == '<' ? dup_value_at (text, at) : g_strdup (text);
  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Give it another name. Where it is an image, let what stands on it name it "
                       "so: “qemu-img rebase -u -b NAME -F FORMAT FILE”."),
                    /* Translators: mostly a file's name, in which there is a control character */
                    _ ("“%s” can’t be written into a definition: XML has no place for a character "
                       "that is in it"),
                    value);
  return FALSE;
}

/**
 * strata_planner_require_writable:
 * @step: a step
 * @error: `STRATA_ERROR_REFUSED`, with the name that can't be
 *
 * An image may have any name, and a header may tell of it; libvirt's documents are XML.
 *
 * Returns: whether what @step would write into a document of libvirt's can be written there
 */
gboolean
strata_planner_require_writable (const StrataStep *step, GError **error)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), step->args);

  return !strata_step_is (step, STRATA_STEP_COMMIT, STRATA_STEP_CONVERT_TAG, STRATA_STEP_COPY_IMAGE,
                          STRATA_STEP_COPY_VERBATIM, STRATA_STEP_CREATE_OVERLAY, STRATA_STEP_DEFINE,
                          STRATA_STEP_PULL, STRATA_STEP_RESTORE, STRATA_STEP_RECONCILE,
                          STRATA_STEP_UNDEFINE, STRATA_STEP_SNAPSHOT_CREATE,
                          STRATA_STEP_SNAPSHOT_DEFINE, STRATA_STEP_DELETE_METADATA) ||
         require_writable_node (node, error);
}

/**
 * strata_planner_require_fit_steps:
 * @self: the planner, with its plan
 * @error: `STRATA_ERROR_REFUSED` or `_BUSY`
 *
 * A plan reaches further than the domain it is asked for: it defines others that read what it merges, and names images
 * that a job of another one is working on.
 *
 * Returns: whether no step meets a domain, or an image, that it may not meet now
 */
gboolean
strata_planner_require_fit_steps (StrataPlanner *self, GError **error)
{
  gboolean busy = is_any_busy (self->graph);

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);
      const char *uuid = json_object_get_string_member_with_default (step->args, "uuid", NULL);
      StrataDomainFacts *domain =
          uuid != NULL ? strata_graph_find_domain (self->graph, uuid) : NULL;

      if (!require_writable_folders (self, step, error) ||
          !strata_planner_require_writable (step, error))
        return FALSE;
      if (is_metadata (step))
        continue;
      if (domain != NULL && ((ends_transient (step) && !require_persistent (domain, error)) ||
                             !require_calm (domain, error)))
        return FALSE;
      if (busy && !require_idle_images (self, step->args, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_planner_require_fresh:
 * @self: the planner
 * @domain: a domain
 * @snapshot: a snapshot of it
 * @error: `STRATA_ERROR_REFUSED`
 *
 * Returns: whether no domain has written to what @snapshot froze
 */
gboolean
strata_planner_require_fresh (StrataPlanner *self,
                              const StrataDomainFacts *domain,
                              const StrataSnapshotFacts *snapshot,
                              GError **error)
{
  g_autoptr (StrataWriters) writers =
      strata_writers_new (self->graph, strata_planner_get_layers (self));
  gboolean lost;
  g_autofree char *why = strata_writers_find_stale (writers, domain, snapshot, &lost);

  /* Whether it holds what it kept can't be told meanwhile. */
  if (domain->job != NULL)
    {
      strata_set_error (error, STRATA_ERROR_BUSY,
                        _ ("Wait until it is over (virsh domjobinfo NAME), and try again."),
                        _ ("“%s” is busy: %s is under way"), domain->name, domain->job);
      return FALSE;
    }
  if (why == NULL)
    return TRUE;

  if (!lost)
    {
      g_autofree char *hint = strata_writers_get_stale_hint (writers, domain, snapshot);

      strata_set_error (error, STRATA_ERROR_REFUSED, hint,
                        /* Translators: a snapshot, a virtual machine, and the reason */
                        _ ("The snapshot “%s” of “%s” may not hold what it kept any more: %s"),
                        snapshot->name, domain->name, why);
      return FALSE;
    }
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Delete it: no file is touched by that. “stratactl doctor --repair” does so with each such snapshot."),
      /* Translators: a snapshot, a virtual machine, and the reason */
      _ ("The snapshot “%s” of “%s” doesn’t hold what it kept any more: %s"), snapshot->name,
      domain->name, why);
  return FALSE;
}
