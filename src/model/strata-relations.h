/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-machine.h"

G_BEGIN_DECLS

/* (element-type StrataMachine): tells each template its clones and each clone its template's guest */
void strata_relations_update (GPtrArray *machines);

G_END_DECLS
