/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/planner/strata-planner.h"
#include "jobs/strata-job-private.h"

/* Carries out one plan again and again on real domains, and each time lets it fail, or cancels it, at
 * another step. */

typedef enum
{
  WALK_FAIL,
  WALK_CANCEL,
} WalkTrouble;

typedef struct
{
  StrataConnection *connection;
  char *dir;      /* images; every domain with a disk in it belongs to the walk */
  char *journal;  /* a folder */
  gboolean seals; /* write into the overlays what sealing would have written */

  /* the trouble to make */
  WalkTrouble trouble;
  int index; /* -1: none */
  StrataHookPoint point;
} Walk;

/* domains (definition, state) and files (mode, hash) as text: equal texts, nothing changed */
char *walk_inventory (Walk *self);
StrataPlan *walk_plan (Walk *self, const StrataRequest *request);
/* the plan without what needs a guest: inspect, seal, verify */
StrataPlan *walk_drop_guest (StrataPlan *plan);
StrataJobOutcome walk_run (Walk *self, StrataPlan *plan, char **id);
StrataJobOutcome walk_take_up (Walk *self, const char *id, gboolean resume);
/* every domain's chain is whole; returns the hash of what a guest sees on NAME's first disk, NULL if there is no NAME */
char *walk_read (Walk *self, const char *name);
void walk_clean (Walk *self);
