/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "image/strata-graph.h"

G_BEGIN_DECLS

/* A domain as the window sees it: a virtual machine or a template. Main thread. Bindable properties:
 * uuid, name, state (StrataDomainState), is-template, is-active, subtitle ("Running · thin, template-web"), os-id,
 * can-start, can-shut-down, can-force-off, can-make-template, can-deploy, can-delete, can-open-console
 * and for each of these *-reason: why not (NULL where it can). */
#define STRATA_TYPE_MACHINE (strata_machine_get_type ())

G_DECLARE_FINAL_TYPE (StrataMachine, strata_machine, STRATA, MACHINE, GObject)

StrataMachine     *strata_machine_new         (StrataDomainFacts *facts);
/* replaces what is known and notifies what changed */
void               strata_machine_set_facts   (StrataMachine     *self,
                                               StrataDomainFacts *facts);
StrataDomainFacts *strata_machine_get_facts   (StrataMachine     *self);
const char        *strata_machine_get_uuid    (StrataMachine     *self);
const char        *strata_machine_get_name    (StrataMachine     *self);
gboolean           strata_machine_is_template (StrataMachine     *self);

G_END_DECLS
