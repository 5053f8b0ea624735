/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDiskStack: a disk with its layers, computed from the host's graph.
 *
 * A broken chain is shown as far as it goes, and says where it breaks.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "graph/strata-layers.h"
#include "strata-disk-layer-private.h"
#include "strata-disk-stack.h"
#include "model/strata-feasibility.h"
#include "plan/strata-writers.h"

/* On libvirt before 12 a chain of more than 24 images may not start. */
#define DEEP 20

struct _StrataDiskStack
{
  GObject parent_instance;

  char *target;
  char *title;
  char *summary;
  GPtrArray *layers; /* StrataDiskLayer, top first */
  guint64 total;
};

static GType
get_item_type (GListModel *model)
{
  return STRATA_TYPE_DISK_LAYER;
}

static guint
get_n_items (GListModel *model)
{
  return STRATA_DISK_STACK (model)->layers->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  StrataDiskStack *self = STRATA_DISK_STACK (model);

  return position < self->layers->len ? g_object_ref (g_ptr_array_index (self->layers, position))
                                      : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataDiskStack,
                               strata_disk_stack,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
strata_disk_stack_finalize (GObject *object)
{
  StrataDiskStack *self = STRATA_DISK_STACK (object);

  g_clear_pointer (&self->target, g_free);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->summary, g_free);
  g_clear_pointer (&self->layers, g_ptr_array_unref);

  G_OBJECT_CLASS (strata_disk_stack_parent_class)->finalize (object);
}

static void
strata_disk_stack_class_init (StrataDiskStackClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_disk_stack_finalize;
}

static void
strata_disk_stack_init (StrataDiskStack *self)
{
  self->layers = g_ptr_array_new_with_free_func (g_object_unref);
}

static StrataDiskLayer *
find_layer (StrataDiskStack *self, const char *path)
{
  for (guint i = 0; i < self->layers->len; i++)
    {
      StrataDiskLayer *layer = g_ptr_array_index (self->layers, i);

      if (g_strcmp0 (layer->path, path) == 0)
        return layer;
    }

  return NULL;
}

static StrataDiskLayer *
add_layer (StrataDiskStack *self,
           StrataGraph *graph,
           StrataDomainFacts *domain,
           const StrataDiskXml *disk,
           const char *path,
           const char *said_format)
{
  StrataDiskLayer *above =
      self->layers->len > 0 ? g_ptr_array_index (self->layers, self->layers->len - 1) : NULL;
  StrataDiskLayer *layer = strata_disk_layer_new (path);

  layer->domain = g_strdup (domain->uuid);
  layer->target = g_strdup (disk->target);
  layer->said_format = g_strdup (said_format);
  layer->live = above == NULL && strata_domain_facts_is_active (domain);
  strata_disk_layer_read (layer, strata_graph_get_image (graph, path),
                          above != NULL || g_strcmp0 (disk->type, "network") != 0);
  strata_disk_layer_compare_format (layer, above);
  if (above != NULL)
    {
      layer->above = g_strdup (above->path);
      above->below = g_strdup (path);
      layer->cut = g_strdup (strata_disk_layer_find_cut (graph, domain, path));
      above->cut_below = g_strdup (layer->cut);
    }
  g_ptr_array_add (self->layers, layer);

  return layer;
}

static void
find_disagreement (StrataDiskStack *self, StrataGraph *graph, const StrataDiskXml *disk)
{
  StrataDiskLayer *layer;
  const char *above;
  const char *said;
  const char *below;

  if (!strata_graph_find_disagreement (graph, disk, &above, &said, &below))
    return;

  layer = find_layer (self, above);
  if (layer != NULL)
    {
      g_autofree char *text = strata_disagreement_to_text (above, said, below);

      strata_disk_layer_add_problem (layer, TRUE, "%s", text);
    }
}

static void
add_layers (StrataDiskStack *self,
            StrataGraph *graph,
            StrataDomainFacts *domain,
            const StrataDiskXml *disk)
{
  StrataChain link = strata_graph_walk (graph, disk->source);
  const char *said_format = disk->format;
  StrataDiskLayer *again = NULL;

  for (; link.path != NULL && again == NULL; strata_chain_next (&link))
    {
      again = find_layer (self, link.path);
      if (again == NULL)
        add_layer (self, graph, domain, disk, link.path, said_format);
      if (link.image == NULL || link.image->missing)
        break;
      said_format = link.image->backing_format;
    }
  if (link.loops != NULL)
    again = find_layer (self, link.loops);
  if (again != NULL)
    strata_disk_layer_add_problem (g_ptr_array_index (self->layers, self->layers->len - 1), TRUE,
                                   /* Translators: a file */
                                   _ ("It stands on “%s” again: the chain bites its own tail"),
                                   again->name);

  find_disagreement (self, graph, disk);
  if (self->layers->len >= DEEP)
    strata_disk_layer_add_problem (
        g_ptr_array_index (self->layers, 0), FALSE,
        g_dngettext (GETTEXT_PACKAGE,
                     "It stands on %u image; delete snapshots, so that layers merge",
                     "It stands on %u images; delete snapshots, so that layers merge",
                     self->layers->len - 1),
        self->layers->len - 1);
}

static void
find_holders (StrataDiskStack *self, StrataHolderList *list)
{
  for (guint i = 0; i < self->layers->len; i++)
    strata_disk_layer_find_holders (g_ptr_array_index (self->layers, i), list);
}

static void
measure (StrataDiskStack *self)
{
  const StrataDiskLayer *top = g_ptr_array_index (self->layers, 0);
  guint64 most = 1;
  guint n = self->layers->len;
  g_autofree char *capacity = g_format_size (top->capacity);
  g_autofree char *total = NULL;
  g_autofree char *depth = NULL;

  for (guint i = 0; i < n; i++)
    {
      const StrataDiskLayer *layer = g_ptr_array_index (self->layers, i);

      most = MAX (most, layer->allocation);
      self->total += layer->allocation;
    }
  for (guint i = 0; i < n; i++)
    {
      StrataDiskLayer *layer = g_ptr_array_index (self->layers, i);

      layer->thickness = sqrt ((double) layer->allocation / (double) most);
    }

  self->title = top->capacity == 0 ? g_strdup (self->target)
                                   : g_strdup_printf ("%s · %s", self->target, capacity);
  total = g_format_size (self->total);
  depth = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u layer", "%u layers", n), n);
  if (self->total == 0)
    self->summary = g_steal_pointer (&depth);
  else
    /* Translators: “3 layers”, then the bytes of all of them: “812 MB” */
    self->summary = g_strdup_printf (_ ("%s · %s on the host"), depth, total);
}

/* What another domain or program writes to, where bytes were promised. */
static void
find_writers (StrataDiskStack *self, StrataWriters *writers, StrataDomainFacts *domain)
{
  const char *image = NULL;
  StrataHolder *other = strata_writers_find_other (writers, domain, &image);
  StrataDomainFacts *owner =
      other != NULL ? strata_graph_find_domain (writers->graph, other->uuid) : NULL;
  StrataDiskLayer *layer = owner != NULL ? find_layer (self, image) : NULL;

  if (layer != NULL)
    strata_disk_layer_add_problem (
        layer, TRUE,
        /* Translators: a virtual machine */
        _ ("It is a disk of “%s” too: what the one writes changes what the other has. Take it out "
           "of one of the two, or give that one a copy."),
        owner->name);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);
      const StrataSnapshotDisk *disk = strata_snapshot_facts_find_disk (snapshot, self->target);
      gboolean lost;
      g_autofree char *stale = strata_writers_find_stale (writers, domain, snapshot, &lost);

      layer = stale != NULL && disk != NULL ? find_layer (self, disk->image) : NULL;
      if (layer != NULL)
        strata_disk_layer_add_problem (
            layer, TRUE,
            /* Translators: a snapshot, and the reason */
            lost ? _ ("The snapshot “%s” doesn’t hold what it kept any more: %s")
                 : _ ("The snapshot “%s” may not hold what it kept any more: %s"),
            snapshot->name, stale);
    }
}

/**
 * strata_disk_stacks_new:
 * @graph: a host
 * @uuid: a domain of it
 *
 * Pure. Any thread; the layers then belong to the caller.
 *
 * Returns: (transfer full) (element-type StrataDiskStack): its disks, without CD-ROMs and floppies; none if there is no
 *   such domain
 */
GPtrArray *
strata_disk_stacks_new (StrataGraph *graph, const char *uuid)
{
  GPtrArray *stacks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (StrataLayers) host = NULL;
  g_autoptr (StrataHolderList) list = NULL;
  g_autoptr (StrataWriters) writers = NULL;
  StrataDomainFacts *domain;

  g_return_val_if_fail (STRATA_IS_GRAPH (graph), stacks);

  domain = strata_graph_find_domain (graph, uuid);
  if (domain != NULL)
    {
      host = strata_layers_new (graph);
      writers = strata_writers_new (graph, host);
      list = strata_holder_list_new (graph);
    }
  for (guint i = 0; domain != NULL && i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);
      StrataDiskStack *self;

      if (disk->source == NULL ||
          (g_strcmp0 (disk->device, "disk") != 0 && g_strcmp0 (disk->device, "lun") != 0))
        continue;

      self = g_object_new (STRATA_TYPE_DISK_STACK, NULL);
      self->target = g_strdup (disk->target);
      add_layers (self, graph, domain, disk);
      find_holders (self, list);
      find_writers (self, writers, domain);
      measure (self);
      g_ptr_array_add (stacks, self);
    }

  return stacks;
}

typedef struct
{
  char *uuid;
  GMutex *lock; /* of the graph, which the task keeps */
} Order;

static void
order_free (gpointer data)
{
  Order *order = data;

  g_free (order->uuid);
  g_free (order);
}

static void
new_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Order *order = task_data;
  GPtrArray *stacks;

  if (g_task_return_error_if_cancelled (task))
    return;

  g_mutex_lock (order->lock);
  stacks = strata_disk_stacks_new (source, order->uuid);
  g_mutex_unlock (order->lock);

  g_task_return_pointer (task, stacks, (GDestroyNotify) g_ptr_array_unref);
}

/**
 * strata_disk_stacks_new_async:
 * @graph: a host
 * @uuid: a domain of it
 * @cancellable: (nullable): to give up
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Who holds what is looked for over all of the host, which takes its time where that is large. Main thread.
 */
void
strata_disk_stacks_new_async (StrataGraph *graph,
                              const char *uuid,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Order *order;

  g_return_if_fail (STRATA_IS_GRAPH (graph));

  order = g_new (Order, 1);
  order->uuid = g_strdup (uuid);
  order->lock = strata_feasibility_get_lock (graph);
  task = g_task_new (graph, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-disk-stacks");
  g_task_set_task_data (task, order, order_free);
  g_task_run_in_thread (task, new_thread);
}

GPtrArray *
strata_disk_stacks_new_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

const char *
strata_disk_stack_get_target (StrataDiskStack *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_STACK (self), NULL);

  return self->target;
}

const char *
strata_disk_stack_get_title (StrataDiskStack *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_STACK (self), NULL);

  return self->title;
}

const char *
strata_disk_stack_get_summary (StrataDiskStack *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_STACK (self), NULL);

  return self->summary;
}

guint64
strata_disk_stack_get_total (StrataDiskStack *self)
{
  g_return_val_if_fail (STRATA_IS_DISK_STACK (self), 0);

  return self->total;
}

/**
 * strata_disk_stack_equal:
 * @self: a disk
 * @other: another
 *
 * Returns: whether a person would see no difference
 */
gboolean
strata_disk_stack_equal (StrataDiskStack *self, StrataDiskStack *other)
{
  if (!g_str_equal (self->title, other->title) || self->layers->len != other->layers->len)
    return FALSE;

  for (guint i = 0; i < self->layers->len; i++)
    {
      if (!strata_disk_layer_equal (g_ptr_array_index (self->layers, i),
                                    g_ptr_array_index (other->layers, i)))
        return FALSE;
    }

  return TRUE;
}
