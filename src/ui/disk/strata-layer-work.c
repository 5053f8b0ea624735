/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLayerWork: joins the jobs and the layers: which layer does the present step of which job merge?
 *
 * A merge shows on the layer that goes. Where none goes, because others stand on it, it shows on the one that takes up.
 */

#include "config.h"

#include "strata-layer-work.h"

struct _StrataLayerWork
{
  GObject parent_instance;

  StrataJobQueue *queue;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataLayerWork, strata_layer_work, G_TYPE_OBJECT)

static void
job_changed_cb (StrataLayerWork *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
items_changed_cb (StrataLayerWork *self, guint position, guint removed, guint added)
{
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), position + i);

      /* What has not changed is told again as removed and added. */
      g_signal_handlers_disconnect_by_func (job, job_changed_cb, self);
      g_signal_connect_object (job, "notify::step", G_CALLBACK (job_changed_cb), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (job, "notify::state", G_CALLBACK (job_changed_cb), self,
                               G_CONNECT_SWAPPED);
    }

  job_changed_cb (self);
}

/* What the plan removes after the step at INDEX first; a merge's own leftover follows it. */
static const char *
find_removed (StrataPlan *plan, guint index)
{
  for (guint i = index + 1; i < strata_plan_get_n_steps (plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (plan, i);

      if (strata_step_is (step, STRATA_STEP_DELETE_FILE, STRATA_STEP_DELETE_TAG,
                          STRATA_STEP_DELETE_VOLUME))
        return strata_step_get_arg (step, "path");
      if (step->kind == STRATA_STEP_COMMIT || step->kind == STRATA_STEP_PULL)
        break;
    }

  return NULL;
}

static const char *
find_subject (StrataPlan *plan, guint index)
{
  const StrataStep *step = strata_plan_get_step (plan, index);
  const char *removed;

  if (step->kind == STRATA_STEP_COMMIT)
    return strata_step_get_arg (step, "top");
  if (step->kind != STRATA_STEP_PULL)
    return NULL;

  removed = find_removed (plan, index);

  return removed != NULL ? removed : strata_step_get_arg (step, "image");
}

static gboolean
works_on (StrataJob *job, const char *uuid, const char *path)
{
  StrataPlan *plan = strata_job_get_plan (job);
  guint step = strata_job_get_progress (job)->step;

  return !strata_job_is_finished (job) && step > 0 && step <= strata_plan_get_n_steps (plan) &&
         g_strcmp0 (find_subject (plan, step - 1), path) == 0 &&
         g_ptr_array_find_with_equal_func (strata_plan_get_resources (plan), uuid, g_str_equal,
                                           NULL);
}

static void
strata_layer_work_dispose (GObject *object)
{
  StrataLayerWork *self = STRATA_LAYER_WORK (object);

  g_clear_object (&self->queue);

  G_OBJECT_CLASS (strata_layer_work_parent_class)->dispose (object);
}

static void
strata_layer_work_class_init (StrataLayerWorkClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_layer_work_dispose;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_layer_work_init (StrataLayerWork *self)
{
}

/**
 * strata_layer_work_new:
 * @queue: the jobs
 *
 * Returns: (transfer full): what they do to layers
 */
StrataLayerWork *
strata_layer_work_new (StrataJobQueue *queue)
{
  StrataLayerWork *self;

  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);

  self = g_object_new (STRATA_TYPE_LAYER_WORK, NULL);
  self->queue = g_object_ref (queue);
  g_signal_connect_object (queue, "items-changed", G_CALLBACK (items_changed_cb), self,
                           G_CONNECT_SWAPPED);
  items_changed_cb (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (queue)));

  return self;
}

/**
 * strata_layer_work_find:
 * @self: the work
 * @uuid: a domain
 * @path: an image of it
 *
 * Returns: (transfer none) (nullable): the job whose present step merges it
 */
StrataJob *
strata_layer_work_find (StrataLayerWork *self, const char *uuid, const char *path)
{
  guint n;

  g_return_val_if_fail (STRATA_IS_LAYER_WORK (self), NULL);

  n = g_list_model_get_n_items (G_LIST_MODEL (self->queue));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), i);

      if (works_on (job, uuid, path))
        return job; /* the queue keeps it */
    }

  return NULL;
}
