/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/* What can be done with a machine from the window, as far as that can be told without asking the planner. */
typedef enum
{
  STRATA_CAPABILITY_START,
  STRATA_CAPABILITY_SHUT_DOWN,
  STRATA_CAPABILITY_FORCE_OFF,
  STRATA_CAPABILITY_MAKE_TEMPLATE,
  STRATA_CAPABILITY_DEPLOY,
  STRATA_CAPABILITY_DELETE,
  STRATA_CAPABILITY_OPEN_CONSOLE,
  STRATA_CAPABILITY_TAKE_SNAPSHOT,
} StrataCapability;

#define STRATA_N_ABILITIES (STRATA_CAPABILITY_TAKE_SNAPSHOT + 1)

/* A domain as the window sees it: a virtual machine or a template. Main thread. Bindable properties:
 * uuid, name, state (StrataDomainState), state-name ("Running"), is-template, is-active, subtitle ("thin · template-web"),
 * os-id, template-uuid (of what it was deployed from), n-clones, facts (StrataDomainFacts),
 * can-start, can-shut-down, can-force-off, can-make-template, can-deploy, can-delete, can-open-console
 * and for each of these start-reason, shut-down-reason…: why not (NULL where it can). */
#define STRATA_TYPE_MACHINE (strata_machine_get_type ())

G_DECLARE_FINAL_TYPE (StrataMachine, strata_machine, STRATA, MACHINE, GObject)

StrataMachine     *strata_machine_new               (StrataDomainFacts  *facts);
/* replaces what is known and notifies what changed */
void               strata_machine_set_facts         (StrataMachine      *self,
                                                     StrataDomainFacts  *facts);
StrataDomainFacts *strata_machine_get_facts         (StrataMachine      *self);
/* what only its neighbours tell: the clones of a template, the guest's kind from a clone's template */
void               strata_machine_set_relations     (StrataMachine      *self,
                                                     const char         *template_os_id,
                                                     const char *const  *thin_clones,
                                                     guint               n_clones);
const char        *strata_machine_get_sort_key      (StrataMachine      *self);
const char        *strata_machine_get_uuid          (StrataMachine      *self);
const char        *strata_machine_get_name          (StrataMachine      *self);
const char        *strata_machine_get_template_uuid (StrataMachine      *self);
gboolean           strata_machine_is_template       (StrataMachine      *self);
gboolean           strata_machine_is_active         (StrataMachine      *self);
gboolean           strata_machine_can               (StrataMachine      *self,
                                                     StrataCapability       capability);
/* why not; NULL where it can */
const char        *strata_machine_get_reason        (StrataMachine      *self,
                                                     StrataCapability       capability);
/* (transfer full) (nullable): which snapshot of that name it is */
char              *strata_machine_dup_snapshot_id   (StrataMachine      *self,
                                                     const char         *snapshot);

G_END_DECLS
