/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotFeasibility: remembers what the planner said about a machine's snapshots, as long as the graph is the same.
 *
 * One question is with the planner at a time: on a large host each costs it a while, and most are for what the user has
 * scrolled or clicked away from by the time it is their turn.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-snapshot-feasibility.h"
#include "model/strata-feasibility.h"
#include "base/strata-error.h"

typedef struct
{
  StrataSnapshotAct act;
  char *name;
} Question;

struct _StrataSnapshotFeasibility
{
  GObject parent_instance;

  StrataGraph *graph;
  char *uuid;
  GHashTable *answers; /* "0 name" -> reason, "" where it is allowed, NULL while it is asked */
  GQueue questions;    /* Question */
  GCancellable *cancellable; /* while one is asked */
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSnapshotFeasibility, strata_snapshot_feasibility, G_TYPE_OBJECT)

static void ask_next (StrataSnapshotFeasibility *self);

static void
question_free (gpointer data)
{
  Question *self = data;

  g_free (self->name);
  g_free (self);
}

static char *
get_key (StrataSnapshotAct act, const char *name)
{
  return g_strdup_printf ("%d %s", act, name);
}

/* A name that nothing has, made of STEM. */
static char *
find_free_name (StrataSnapshotFeasibility *self, const StrataDomainFacts *domain, const char *stem)
{
  for (guint i = 1;; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s-%u", stem, i);

      if (strata_graph_find_domain (self->graph, name) == NULL &&
          (domain == NULL || strata_domain_facts_find_snapshot (domain, name) == NULL))
        return g_steal_pointer (&name);
    }
}

static StrataRequest *
make_request (StrataSnapshotFeasibility *self, const Question *question)
{
  static const StrataRequestKind kinds[STRATA_N_SNAPSHOT_ACTS] = {
    [STRATA_SNAPSHOT_REVERT] = STRATA_REQUEST_SNAPSHOT_REVERT,
    [STRATA_SNAPSHOT_CLONE] = STRATA_REQUEST_CLONE,
    [STRATA_SNAPSHOT_EDIT] = STRATA_REQUEST_SNAPSHOT_EDIT,
    [STRATA_SNAPSHOT_DELETE] = STRATA_REQUEST_SNAPSHOT_DELETE,
    [STRATA_SNAPSHOT_DELETE_CHILDREN] = STRATA_REQUEST_SNAPSHOT_DELETE,
  };
  const StrataDomainFacts *domain = strata_graph_find_domain (self->graph, self->uuid);
  StrataRequest *request = strata_request_new (kinds[question->act]);

  request->domain = g_strdup (self->uuid);
  request->snapshot = g_strdup (question->name);
  request->subtree = question->act == STRATA_SNAPSHOT_DELETE_CHILDREN;
  if (question->act == STRATA_SNAPSHOT_REVERT)
    request->save_as = find_free_name (self, domain, "kept");
  else if (question->act == STRATA_SNAPSHOT_CLONE)
    request->name = find_free_name (self, domain, "clone");
  else if (question->act == STRATA_SNAPSHOT_EDIT)
    request->description = g_strdup ("");

  return request;
}

static char *
describe_refusal (const GError *error)
{
  const char *hint = strata_error_get_hint (error);

  if (hint == NULL)
    return g_strdup_printf (_ ("%s."), error->message);

  /* Translators: why something can’t be done, then what to do instead, a sentence that has its full stop. */
  return g_strdup_printf (_ ("%s. %s"), error->message, hint);
}

static void
asked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataSnapshotFeasibility) self = STRATA_SNAPSHOT_FEASIBILITY (user_data);
  g_autoptr (GError) error = NULL;
  gboolean allowed = strata_feasibility_ask_finish (STRATA_GRAPH (object), result, &error);
  Question *question;

  /* About another graph, or another machine. */
  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;

  g_clear_object (&self->cancellable);
  question = g_queue_pop_head (&self->questions);
  g_hash_table_replace (self->answers, get_key (question->act, question->name),
                        allowed ? g_strdup ("") : describe_refusal (error));
  question_free (question);
  ask_next (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* The one at the head stays there until its answer is in. */
static void
ask_next (StrataSnapshotFeasibility *self)
{
  Question *question = g_queue_peek_head (&self->questions);
  g_autoptr (StrataRequest) request = NULL;

  if (question == NULL || self->cancellable != NULL)
    return;

  self->cancellable = g_cancellable_new ();
  request = make_request (self, question);
  strata_feasibility_ask_async (self->graph, request, self->cancellable, asked_cb,
                                g_object_ref (self));
}

static void
forget (StrataSnapshotFeasibility *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_queue_clear_full (&self->questions, question_free);
  g_hash_table_remove_all (self->answers);
}

static void
strata_snapshot_feasibility_dispose (GObject *object)
{
  StrataSnapshotFeasibility *self = STRATA_SNAPSHOT_FEASIBILITY (object);

  forget (self);
  g_clear_object (&self->graph);

  G_OBJECT_CLASS (strata_snapshot_feasibility_parent_class)->dispose (object);
}

static void
strata_snapshot_feasibility_finalize (GObject *object)
{
  StrataSnapshotFeasibility *self = STRATA_SNAPSHOT_FEASIBILITY (object);

  g_free (self->uuid);
  g_hash_table_unref (self->answers);

  G_OBJECT_CLASS (strata_snapshot_feasibility_parent_class)->finalize (object);
}

static void
strata_snapshot_feasibility_class_init (StrataSnapshotFeasibilityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_snapshot_feasibility_dispose;
  object_class->finalize = strata_snapshot_feasibility_finalize;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_snapshot_feasibility_init (StrataSnapshotFeasibility *self)
{
  self->answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_queue_init (&self->questions);
}

StrataSnapshotFeasibility *
strata_snapshot_feasibility_new (void)
{
  return g_object_new (STRATA_TYPE_SNAPSHOT_FEASIBILITY, NULL);
}

/**
 * strata_snapshot_feasibility_set_subject:
 * @self: feasibility
 * @graph: (nullable): the host's images
 * @uuid: (nullable): the machine's UUID
 *
 * What was said about another graph or machine counts no more.
 */
void
strata_snapshot_feasibility_set_subject (StrataSnapshotFeasibility *self,
                                         StrataGraph *graph,
                                         const char *uuid)
{
  gboolean changed;

  g_return_if_fail (STRATA_IS_SNAPSHOT_FEASIBILITY (self));

  changed = g_set_str (&self->uuid, uuid);
  if (!g_set_object (&self->graph, graph) && !changed)
    return;

  forget (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * strata_snapshot_feasibility_ask:
 * @self: feasibility
 * @act: what the user would do
 * @name: the snapshot
 * @reason: (out) (optional) (nullable): why not, in whole sentences, where it is refused
 *
 * Asks the planner unless it has answered already.
 *
 * Returns: its feasibility, or %STRATA_FEASIBILITY_UNKNOWN until "changed"
 */
StrataFeasibility
strata_snapshot_feasibility_ask (StrataSnapshotFeasibility *self,
                                 StrataSnapshotAct act,
                                 const char *name,
                                 const char **reason)
{
  g_autofree char *key = NULL;
  const char *answer;
  gpointer found = NULL;
  Question *question;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_FEASIBILITY (self), STRATA_FEASIBILITY_UNKNOWN);
  g_return_val_if_fail (name != NULL, STRATA_FEASIBILITY_UNKNOWN);

  if (reason != NULL)
    *reason = NULL;
  if (self->graph == NULL || self->uuid == NULL)
    return STRATA_FEASIBILITY_UNKNOWN;

  key = get_key (act, name);
  if (g_hash_table_lookup_extended (self->answers, key, NULL, &found))
    {
      answer = found;
      if (answer == NULL)
        return STRATA_FEASIBILITY_UNKNOWN;
      if (*answer == '\0')
        return STRATA_FEASIBILITY_ALLOWED;
      if (reason != NULL)
        *reason = answer;
      return STRATA_FEASIBILITY_REFUSED;
    }

  question = g_new (Question, 1);
  question->act = act;
  question->name = g_strdup (name);
  g_hash_table_insert (self->answers, g_steal_pointer (&key), NULL);
  g_queue_push_tail (&self->questions, question);
  ask_next (self);

  return STRATA_FEASIBILITY_UNKNOWN;
}

/**
 * strata_snapshot_feasibility_drop:
 * @self: feasibility
 *
 * Gives up the questions that the planner has not begun with.
 */
void
strata_snapshot_feasibility_drop (StrataSnapshotFeasibility *self)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_FEASIBILITY (self));

  while (g_queue_get_length (&self->questions) > 1)
    {
      Question *question = g_queue_pop_tail (&self->questions);
      g_autofree char *key = get_key (question->act, question->name);

      g_hash_table_remove (self->answers, key);
      question_free (question);
    }
}
