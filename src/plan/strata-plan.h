/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>
#include <json-glib/json-glib.h>

#include "graph/strata-graph.h"
#include "graph/strata-holder-key.h"
#include "strata-request.h"
#include "strata-step-kind.h"

G_BEGIN_DECLS

/**
 * StrataStep:
 * @kind: what it does
 * @title: what a person reads while it runs
 * @forward_only: from the first such step on, nothing is undone any more
 * @bytes: about how much it moves, for the progress bar; 0 if it moves next to nothing
 * @args: everything the step needs, so that it can be run by another process from the journal
 *
 * One step of a plan, as data.
 */
typedef struct
{
  StrataStepKind kind;
  char *title;
  JsonObject *args;
  guint64 bytes;
  gboolean forward_only;
} StrataStep;

/* Whether @step is of one of the kinds that follow it. */
#define strata_step_is(step, ...) strata_step_kind_is ((step)->kind, __VA_ARGS__)

typedef enum
{
  STRATA_EFFECT_CREATES, /* a file or domain comes to be */
  STRATA_EFFECT_CHANGES, /* something that stays is changed */
  STRATA_EFFECT_REMOVES, /* a file or domain goes; its content lives on elsewhere or has no holder */
  STRATA_EFFECT_DISCARDS, /* content is lost, as asked */
  STRATA_EFFECT_NOTE,     /* worth knowing */
} StrataEffectKind;

typedef struct
{
  StrataEffectKind kind;
  char *text;
  guint64 bytes;
} StrataEffect;

/* (nullable): the string KEY of what it needs */
const char *strata_step_get_arg (const StrataStep *step, const char *key);

/* An ordered list of steps, what they amount to in words, and what one would have typed instead.
 * Filled by the planner, then read only; may cross threads. */
#define STRATA_TYPE_PLAN (strata_plan_get_type ())

G_DECLARE_FINAL_TYPE (StrataPlan, strata_plan, STRATA, PLAN, GObject)

StrataPlan *strata_plan_new (const char *title, const char *act);
StrataPlan *strata_plan_new_from_json (JsonObject *object, GError **error);
JsonObject *strata_plan_to_json (StrataPlan *self);

const char *strata_plan_get_title (StrataPlan *self);
/* the confirm button's words: "Make Template", "Deploy 4" */
const char *strata_plan_get_act (StrataPlan *self);
guint strata_plan_get_n_steps (StrataPlan *self);
StrataStep *strata_plan_get_step (StrataPlan *self, guint index);
GPtrArray *strata_plan_get_effects (StrataPlan *self);
GPtrArray *strata_plan_get_commands (StrataPlan *self);
/* domains' UUIDs and images' paths, with STRATA_READS before what is only read: see strata_resources_conflict() */
GPtrArray *strata_plan_get_resources (StrataPlan *self);
gboolean strata_plan_discards (StrataPlan *self);
/* (nullable) what it answers; a journal of the first version has none */
const StrataRequest *strata_plan_get_request (StrataPlan *self);
/* (element-type StrataHolderKey) */
GPtrArray *strata_plan_get_given_up (StrataPlan *self);
char *strata_plan_to_text (StrataPlan *self);

/* For the planner. ARGS is a floating list of key, GValue-less pairs: see strata_plan_add_step() */
StrataStep *strata_plan_add_step (StrataPlan *self,
                                  StrataStepKind kind,
                                  JsonObject *args,
                                  const char *title_format,
                                  ...) G_GNUC_PRINTF (4, 5);
void strata_plan_add_effect (StrataPlan *self,
                             StrataEffectKind kind,
                             guint64 bytes,
                             const char *format,
                             ...) G_GNUC_PRINTF (4, 5);
void strata_plan_add_command (StrataPlan *self, const char *program, ...) G_GNUC_NULL_TERMINATED;
/* likewise; WORDS: (array zero-terminated=1) */
void strata_plan_add_command_words (StrataPlan *self, const char *const *words);
void strata_plan_add_resource (StrataPlan *self, const char *resource);
/* REQUEST is copied */
void strata_plan_set_request (StrataPlan *self, const StrataRequest *request);
/* Whose content the request itself discards or changes: the law makes no promise to those */
void strata_plan_discard (StrataPlan *self, StrataHolderKey *key);
void strata_plan_discard_domain (StrataPlan *self, const char *uuid);
void strata_plan_discard_snapshot (StrataPlan *self, const char *uuid, const char *snapshot);
/* where the plan doesn't say it */
void strata_plan_discard_by_steps (StrataPlan *self);
gboolean strata_plan_is_discarded (StrataPlan *self, const StrataHolderKey *key);

/* strata-plan-resources.c */
#define STRATA_READS "read:"

/* whether two jobs that need these may not run at the same time */
gboolean strata_resources_conflict (GPtrArray *a, GPtrArray *b);
/* whether who has HELD may do what needs NEEDED */
gboolean strata_resources_cover (GPtrArray *held, GPtrArray *needed);
/* what of GRAPH the plan, made for it, needs while it is carried out */
GPtrArray *strata_plan_get_lock_resources (StrataPlan *self, StrataGraph *graph);

/* strata-plan-difference.c: how FRESH, made for the same request, differs from what was confirmed; NULL if in nothing that
 * matters */
char *strata_plan_find_difference (StrataPlan *confirmed, StrataPlan *fresh);

G_END_DECLS
