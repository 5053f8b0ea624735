/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJobQueue: the jobs of one process. Jobs that share a domain or an image run one after the other. */

#include "config.h"

#include "strata-job-private.h"
#include "strata-job-queue-private.h"

struct _StrataJobQueue
{
  GObject parent_instance;

  GPtrArray *jobs; /* StrataJob */
  char *journal_dir;
  guint n_active;
};

enum
{
  PROP_0,
  PROP_N_ACTIVE,
  PROP_FRACTION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static GType
get_item_type (GListModel *model)
{
  return STRATA_TYPE_JOB;
}

static guint
get_n_items (GListModel *model)
{
  return STRATA_JOB_QUEUE (model)->jobs->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  StrataJobQueue *self = STRATA_JOB_QUEUE (model);

  if (position >= self->jobs->len)
    return NULL;

  return g_object_ref (g_ptr_array_index (self->jobs, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataJobQueue,
                               strata_job_queue,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static gboolean
exclude_each_other (StrataJob *a, StrataJob *b)
{
  return g_strcmp0 (strata_connection_get_uri (strata_job_get_connection (a)),
                    strata_connection_get_uri (strata_job_get_connection (b))) == 0 &&
         strata_resources_conflict (strata_plan_get_resources (strata_job_get_plan (a)),
                                    strata_plan_get_resources (strata_job_get_plan (b)));
}

static gboolean
has_to_wait (StrataJobQueue *self, guint index)
{
  for (guint i = 0; i < index; i++)
    {
      StrataJob *earlier = g_ptr_array_index (self->jobs, i);

      if (!strata_job_is_finished (earlier) &&
          exclude_each_other (earlier, g_ptr_array_index (self->jobs, index)))
        return TRUE;
    }

  return FALSE;
}

static double
get_fraction (StrataJobQueue *self)
{
  double sum = 0;

  for (guint i = 0; i < self->jobs->len; i++)
    {
      StrataJob *job = g_ptr_array_index (self->jobs, i);

      if (!strata_job_is_finished (job))
        sum += strata_job_get_progress (job)->fraction;
    }

  return self->n_active > 0 ? sum / self->n_active : 0;
}

static void
update (StrataJobQueue *self)
{
  guint n_active = 0;

  for (guint i = 0; i < self->jobs->len; i++)
    {
      StrataJob *job = g_ptr_array_index (self->jobs, i);

      if (strata_job_get_state (job) == STRATA_JOB_QUEUED && !has_to_wait (self, i))
        strata_job_start (job);
      n_active += !strata_job_is_finished (job);
    }

  if (self->n_active != n_active)
    {
      self->n_active = n_active;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ACTIVE]);
    }
}

static void
on_job_state (StrataJobQueue *self)
{
  update (self);
}

static void
on_job_fraction (StrataJobQueue *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
}

static void
strata_job_queue_finalize (GObject *object)
{
  StrataJobQueue *self = STRATA_JOB_QUEUE (object);

  g_ptr_array_unref (self->jobs);
  g_free (self->journal_dir);

  G_OBJECT_CLASS (strata_job_queue_parent_class)->finalize (object);
}

static void
strata_job_queue_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataJobQueue *self = STRATA_JOB_QUEUE (object);

  switch (prop_id)
    {
    case PROP_N_ACTIVE:
      g_value_set_uint (value, self->n_active);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, get_fraction (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_job_queue_class_init (StrataJobQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = strata_job_queue_finalize;
  object_class->get_property = strata_job_queue_get_property;

  properties[PROP_N_ACTIVE] = g_param_spec_uint ("n-active", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_job_queue_init (StrataJobQueue *self)
{
  self->jobs = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * strata_job_queue_new:
 * @journal_dir: (nullable): where journals are kept; %NULL for the user's state folder
 *
 * Returns: (transfer full): an empty queue, to be used on the calling thread's main context
 */
StrataJobQueue *
strata_job_queue_new (const char *journal_dir)
{
  StrataJobQueue *self = g_object_new (STRATA_TYPE_JOB_QUEUE, NULL);

  self->journal_dir =
      journal_dir != NULL ? g_strdup (journal_dir) : strata_journal_get_default_dir ();

  return self;
}

guint
strata_job_queue_get_n_active (StrataJobQueue *self)
{
  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (self), 0);

  return self->n_active;
}

/**
 * strata_job_queue_clear_finished:
 * @self: a queue
 *
 * Takes the jobs that are over off the list.
 */
void
strata_job_queue_clear_finished (StrataJobQueue *self)
{
  g_return_if_fail (STRATA_IS_JOB_QUEUE (self));

  for (guint i = self->jobs->len; i > 0; i--)
    {
      if (strata_job_is_finished (g_ptr_array_index (self->jobs, i - 1)))
        {
          g_ptr_array_remove_index (self->jobs, i - 1);
          g_list_model_items_changed (G_LIST_MODEL (self), i - 1, 1, 0);
        }
    }
}

static StrataJob *
add_job (StrataJobQueue *self, StrataJob *job)
{
  g_signal_connect_object (job, "notify::state", G_CALLBACK (on_job_state), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (job, "notify::fraction", G_CALLBACK (on_job_fraction), self,
                           G_CONNECT_SWAPPED);
  g_ptr_array_add (self->jobs, job);
  g_list_model_items_changed (G_LIST_MODEL (self), self->jobs->len - 1, 0, 1);
  update (self);

  return job;
}

/**
 * strata_job_queue_submit:
 * @self: a queue
 * @connection: the host
 * @plan: what to do
 *
 * Returns: (transfer none): the job, running already or waiting for another
 */
StrataJob *
strata_job_queue_submit (StrataJobQueue *self, StrataConnection *connection, StrataPlan *plan)
{
  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (self), NULL);
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);
  g_return_val_if_fail (STRATA_IS_PLAN (plan), NULL);

  return add_job (self, strata_job_new (connection, plan, self->journal_dir));
}

const char *
strata_job_queue_get_journal_dir (StrataJobQueue *self)
{
  return self->journal_dir;
}

/* JOURNAL: (transfer full); RESUME: go forward, otherwise back */
StrataJob *
strata_job_queue_add_journal (StrataJobQueue *self,
                              StrataConnection *connection,
                              StrataJournal *journal,
                              gboolean resume)
{
  return add_job (self, strata_job_new_from_journal (connection, journal, resume));
}
