/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachineList: the machines of one connection, kept up to date by libvirt's events. An event
 * only marks a machine; a worker looks at all that are marked, and what it saw is applied here, on
 * the main thread.
 */

#include "config.h"

#include "strata-machine-list.h"
#include "base/strata-error.h"

struct _StrataMachineList
{
  GObject parent_instance;

  StrataConnection *connection;
  GCancellable *cancellable; /* of everything asked through the connection */
  GPtrArray *machines;       /* sorted */
  GHashTable *by_uuid;       /* borrows both key and value from the machine */
  GHashTable *marked;        /* UUIDs that have to be looked at */
  gboolean looking;
};

static void look_at_marked (StrataMachineList *self);

static void strata_machine_list_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataMachineList,
                               strata_machine_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      strata_machine_list_list_model_init))

/* What a worker saw when it looked at some machines, or at all. */
typedef struct
{
  GPtrArray *facts; /* StrataDomainFacts */
  GPtrArray *gone;  /* UUIDs of those that are not there any more */
} Query;

static void
query_free (Query *self)
{
  g_clear_pointer (&self->facts, g_ptr_array_unref);
  g_clear_pointer (&self->gone, g_ptr_array_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Query, query_free)

static Query *
look_new (void)
{
  Query *self = g_new0 (Query, 1);

  self->gone = g_ptr_array_new_with_free_func (g_free);

  return self;
}

static Query *
look_at_all (StrataConnection *connection, GCancellable *cancellable, GError **error)
{
  g_autoptr (Query) self = look_new ();

  self->facts = strata_connection_list_domains (connection, cancellable, error);

  return self->facts != NULL ? g_steal_pointer (&self) : NULL;
}

static Query *
look_at_some (StrataConnection *connection, char **uuids, GCancellable *cancellable)
{
  Query *self = look_new ();

  self->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_domain_facts_unref);
  for (guint i = 0; uuids[i] != NULL && !g_cancellable_is_cancelled (cancellable); i++)
    {
      g_autoptr (GError) error = NULL;
      StrataDomainFacts *facts = strata_connection_look_at_domain (connection, uuids[i], &error);

      if (facts != NULL)
        g_ptr_array_add (self->facts, facts);
      else if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        g_ptr_array_add (self->gone, g_strdup (uuids[i]));
      else
        /* The connection has most likely closed, and says so itself. */
        g_debug ("Looking at %s: %s", uuids[i], error->message);
    }

  return self;
}

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  StrataConnection *connection = STRATA_CONNECTION (source);
  GError *error = NULL;
  Query *look;

  look = task_data != NULL ? look_at_some (connection, task_data, cancellable)
                           : look_at_all (connection, cancellable, &error);
  if (look != NULL)
    g_task_return_pointer (task, look, (GDestroyNotify) query_free);
  else
    g_task_return_error (task, error);
}

/* Looks in a worker thread, so that the main loop never waits for libvirt. UUIDS: (nullable): which machines, NULL for all; the
 * callback's object is CONNECTION */
static void
query_async (StrataConnection *connection,
             const char *const *uuids,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  task = g_task_new (connection, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-look");
  if (uuids != NULL)
    g_task_set_task_data (task, g_strdupv ((char **) uuids), (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (task, look_thread);
}

/* By name, numbers in order ("web-2" before "web-10"), by UUID where names are alike. */
static int
compare (StrataMachine *a, StrataMachine *b)
{
  int order = strcmp (strata_machine_get_sort_key (a), strata_machine_get_sort_key (b));

  return order != 0 ? order : g_strcmp0 (strata_machine_get_uuid (a), strata_machine_get_uuid (b));
}

static int
compare_pointers (gconstpointer a, gconstpointer b)
{
  return compare (*(StrataMachine *const *) a, *(StrataMachine *const *) b);
}

static void
sort_machines (GPtrArray *machines)
{
  g_ptr_array_sort (machines, compare_pointers);
}

/* Where MACHINE is in the sorted MACHINES or, if it is not there, belongs. */
static guint
find_place (GPtrArray *machines, StrataMachine *machine)
{
  guint low = 0;
  guint high;

  high = machines->len;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (compare (g_ptr_array_index (machines, middle), machine) < 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

/* What machines are to each other: a template and its clones. A clone names its template in its own definition, so the other
 * direction is found by looking at all of them. */
typedef struct
{
  GStrvBuilder *thin;
  guint n_clones;
} Clones;

static Clones *
clones_new (void)
{
  Clones *clones = g_new0 (Clones, 1);

  clones->thin = g_strv_builder_new ();

  return clones;
}

static void
clones_free (Clones *clones)
{
  g_strv_builder_unref (clones->thin);
  g_free (clones);
}

static void
count_clone (GHashTable *by_template, StrataMachine *machine)
{
  const StrataCloneMark *mark = strata_machine_get_facts (machine)->clone_mark;
  Clones *clones;

  if (mark == NULL || mark->template_uuid == NULL)
    return;

  clones = g_hash_table_lookup (by_template, mark->template_uuid);
  if (clones == NULL)
    {
      clones = clones_new ();
      g_hash_table_insert (by_template, g_strdup (mark->template_uuid), clones);
    }

  clones->n_clones++;
  if (mark->thin)
    g_strv_builder_add (clones->thin, strata_machine_get_name (machine));
}

/* Tells each template its clones and each clone its template's guest; takes time in proportion to the number of machines. */
static void
update_relations (GPtrArray *machines)
{
  g_autoptr (GHashTable) by_template = NULL;
  g_autoptr (GHashTable) os_ids = NULL;

  by_template =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) clones_free);
  os_ids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < machines->len; i++)
    {
      StrataMachine *machine = g_ptr_array_index (machines, i);
      const StrataTemplateMark *mark = strata_machine_get_facts (machine)->template_mark;

      count_clone (by_template, machine);
      if (mark != NULL && mark->os_id != NULL)
        g_hash_table_insert (os_ids, (char *) strata_machine_get_uuid (machine), mark->os_id);
    }

  for (guint i = 0; i < machines->len; i++)
    {
      StrataMachine *machine = g_ptr_array_index (machines, i);
      Clones *clones = g_hash_table_lookup (by_template, strata_machine_get_uuid (machine));
      const char *template_uuid = strata_machine_get_template_uuid (machine);
      g_auto (GStrv) thin = clones != NULL ? g_strv_builder_end (clones->thin) : NULL;

      strata_machine_set_relations (
          machine, template_uuid != NULL ? g_hash_table_lookup (os_ids, template_uuid) : NULL,
          (const char *const *) thin, clones != NULL ? clones->n_clones : 0);
    }
}

static void
insert (StrataMachineList *self, StrataMachine *machine)
{
  guint position = find_place (self->machines, machine);

  g_ptr_array_insert (self->machines, position, g_object_ref (machine));
  g_hash_table_insert (self->by_uuid, (char *) strata_machine_get_uuid (machine), machine);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
}

static void
take_out (StrataMachineList *self, StrataMachine *machine)
{
  guint position;

  if (!g_ptr_array_find (self->machines, machine, &position))
    g_assert_not_reached ();

  g_hash_table_remove (self->by_uuid, strata_machine_get_uuid (machine));
  g_ptr_array_remove_index (self->machines, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

/* The hash table borrows the UUID from the facts, which are about to be replaced. */
static void
renew (StrataMachineList *self, StrataMachine *machine, StrataDomainFacts *facts)
{
  g_hash_table_remove (self->by_uuid, facts->uuid);
  strata_machine_set_facts (machine, facts);
  g_hash_table_insert (self->by_uuid, (char *) strata_machine_get_uuid (machine), machine);
}

static void
apply_one (StrataMachineList *self, StrataDomainFacts *facts)
{
  g_autoptr (StrataMachine) machine = NULL;

  machine = g_hash_table_lookup (self->by_uuid, facts->uuid);
  if (machine == NULL)
    {
      machine = strata_machine_new (facts);
      insert (self, machine);
      return;
    }

  g_object_ref (machine);
  /* A sort by these two is made only when items come and go. */
  if (g_strcmp0 (strata_machine_get_name (machine), facts->name) == 0 &&
      strata_machine_is_template (machine) == (facts->template_mark != NULL))
    {
      renew (self, machine, facts);
      return;
    }

  take_out (self, machine);
  strata_machine_set_facts (machine, facts);
  insert (self, machine);
}

/* All at once, so that a thousand machines are one change of the list. */
static void
apply_all (StrataMachineList *self, GPtrArray *facts)
{
  g_autoptr (GPtrArray) old = g_steal_pointer (&self->machines);

  self->machines = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < facts->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (facts, i);
      StrataMachine *machine = g_hash_table_lookup (self->by_uuid, domain->uuid);

      if (machine != NULL)
        renew (self, machine, domain);
      g_ptr_array_add (self->machines,
                       machine != NULL ? g_object_ref (machine) : strata_machine_new (domain));
    }
  sort_machines (self->machines);

  g_hash_table_remove_all (self->by_uuid);
  for (guint i = 0; i < self->machines->len; i++)
    {
      StrataMachine *machine = g_ptr_array_index (self->machines, i);

      g_hash_table_insert (self->by_uuid, (char *) strata_machine_get_uuid (machine), machine);
    }

  g_list_model_items_changed (G_LIST_MODEL (self), 0, old->len, self->machines->len);
}

static void
looked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataMachineList) self = STRATA_MACHINE_LIST (user_data);
  g_autoptr (Query) look = g_task_propagate_pointer (G_TASK (result), NULL);

  if (look == NULL || STRATA_CONNECTION (object) != self->connection)
    return;

  self->looking = FALSE;
  for (guint i = 0; i < look->facts->len; i++)
    apply_one (self, g_ptr_array_index (look->facts, i));
  for (guint i = 0; i < look->gone->len; i++)
    {
      StrataMachine *machine =
          g_hash_table_lookup (self->by_uuid, g_ptr_array_index (look->gone, i));

      if (machine != NULL)
        take_out (self, machine);
    }
  update_relations (self->machines);

  look_at_marked (self);
}

static GStrv
steal_marked (StrataMachineList *self)
{
  g_auto (GStrv) uuids = (GStrv) g_hash_table_get_keys_as_array (self->marked, NULL);

  g_hash_table_steal_all (self->marked);

  return g_steal_pointer (&uuids);
}

static void
look_at_marked (StrataMachineList *self)
{
  g_auto (GStrv) uuids = NULL;

  if (self->looking || self->connection == NULL || g_hash_table_size (self->marked) == 0)
    return;

  uuids = steal_marked (self);
  self->looking = TRUE;
  query_async (self->connection, (const char *const *) uuids, self->cancellable, looked_cb,
               g_object_ref (self));
}

static void
domain_changed_cb (StrataMachineList *self, const char *uuid)
{
  g_hash_table_add (self->marked, g_strdup (uuid));
  look_at_marked (self);
}

static void
domain_removed_cb (StrataMachineList *self, const char *uuid)
{
  StrataMachine *machine = g_hash_table_lookup (self->by_uuid, uuid);

  if (machine != NULL)
    take_out (self, machine);

  /* A look that is under way may still have seen it; one more sets that right. */
  domain_changed_cb (self, uuid);
}

static void
listed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  StrataMachineList *self = g_task_get_source_object (task);
  g_autoptr (Query) look = NULL;
  GError *error = NULL;

  look = g_task_propagate_pointer (G_TASK (result), &error);
  if (look == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (STRATA_CONNECTION (object) == self->connection)
    {
      self->looking = FALSE;
      apply_all (self, look->facts);
      update_relations (self->machines);
      look_at_marked (self);
    }
  g_task_return_boolean (task, TRUE);
}

static GType
strata_machine_list_get_item_type (GListModel *model)
{
  return STRATA_TYPE_MACHINE;
}

static guint
strata_machine_list_get_n_items (GListModel *model)
{
  return STRATA_MACHINE_LIST (model)->machines->len;
}

static gpointer
strata_machine_list_get_item (GListModel *model, guint position)
{
  StrataMachineList *self = STRATA_MACHINE_LIST (model);

  if (position >= self->machines->len)
    return NULL;

  return g_object_ref (g_ptr_array_index (self->machines, position));
}

static void
strata_machine_list_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = strata_machine_list_get_item_type;
  iface->get_n_items = strata_machine_list_get_n_items;
  iface->get_item = strata_machine_list_get_item;
}

static void
strata_machine_list_dispose (GObject *object)
{
  StrataMachineList *self = STRATA_MACHINE_LIST (object);

  strata_machine_list_unfollow (self);

  G_OBJECT_CLASS (strata_machine_list_parent_class)->dispose (object);
}

static void
strata_machine_list_finalize (GObject *object)
{
  StrataMachineList *self = STRATA_MACHINE_LIST (object);

  g_clear_pointer (&self->by_uuid, g_hash_table_unref);
  g_clear_pointer (&self->machines, g_ptr_array_unref);
  g_clear_pointer (&self->marked, g_hash_table_unref);

  G_OBJECT_CLASS (strata_machine_list_parent_class)->finalize (object);
}

static void
strata_machine_list_class_init (StrataMachineListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_machine_list_dispose;
  object_class->finalize = strata_machine_list_finalize;
}

static void
strata_machine_list_init (StrataMachineList *self)
{
  self->machines = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_uuid = g_hash_table_new (g_str_hash, g_str_equal);
  self->marked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

StrataMachineList *
strata_machine_list_new (void)
{
  return g_object_new (STRATA_TYPE_MACHINE_LIST, NULL);
}

/**
 * strata_machine_list_follow_async:
 * @self: a list
 * @connection: the connection to follow from now on
 * @cancellable: (nullable): ends the first look
 * @callback: called on the main thread when all machines were looked at
 * @user_data: for @callback
 *
 * Main thread.
 */
void
strata_machine_list_follow_async (StrataMachineList *self,
                                  StrataConnection *connection,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task;

  g_return_if_fail (STRATA_IS_MACHINE_LIST (self));
  g_return_if_fail (STRATA_IS_CONNECTION (connection));

  strata_machine_list_unfollow (self);
  self->connection = g_object_ref (connection);
  self->cancellable = g_cancellable_new ();
  self->looking = TRUE;
  g_signal_connect_object (connection, "domain-changed", G_CALLBACK (domain_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (connection, "domain-removed", G_CALLBACK (domain_removed_cb), self,
                           G_CONNECT_SWAPPED);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_machine_list_follow_async);

  query_async (connection, NULL, cancellable, listed_cb, task);
}

gboolean
strata_machine_list_follow_finish (StrataMachineList *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * strata_machine_list_unfollow:
 * @self: a list
 *
 * The machines stay as they were last seen. Main thread.
 */
void
strata_machine_list_unfollow (StrataMachineList *self)
{
  g_return_if_fail (STRATA_IS_MACHINE_LIST (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
  g_hash_table_remove_all (self->marked);
  self->looking = FALSE;
}

void
strata_machine_list_clear (StrataMachineList *self)
{
  guint n;

  g_return_if_fail (STRATA_IS_MACHINE_LIST (self));

  n = self->machines->len;
  g_hash_table_remove_all (self->by_uuid);
  g_ptr_array_set_size (self->machines, 0);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, n, 0);
}

/**
 * strata_machine_list_find:
 * @self: a list
 * @name_or_uuid: a UUID, or a name
 *
 * Main thread.
 *
 * Returns: (transfer none) (nullable): the machine
 */
StrataMachine *
strata_machine_list_find (StrataMachineList *self, const char *name_or_uuid)
{
  StrataMachine *machine;

  g_return_val_if_fail (STRATA_IS_MACHINE_LIST (self), NULL);
  g_return_val_if_fail (name_or_uuid != NULL, NULL);

  machine = g_hash_table_lookup (self->by_uuid, name_or_uuid);
  for (guint i = 0; machine == NULL && i < self->machines->len; i++)
    {
      StrataMachine *candidate = g_ptr_array_index (self->machines, i);

      if (g_strcmp0 (strata_machine_get_name (candidate), name_or_uuid) == 0)
        machine = candidate;
    }

  return machine;
}
