/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* A part of the window that shows one machine. Properties: host, machine, queue. */
#define STRATA_TYPE_MACHINE_VIEW (strata_machine_view_get_type ())

G_DECLARE_DERIVABLE_TYPE (StrataMachineView, strata_machine_view, STRATA, MACHINE_VIEW, AdwBin)

struct _StrataMachineViewClass
{
  AdwBinClass parent_class;

  /* host, machine or queue is another one; never during init() or after dispose() */
  void (*subject_changed) (StrataMachineView *self);
  /* whether it shows machines like this one; otherwise it keeps the one it has. All, if it is NULL */
  gboolean (*accepts) (StrataMachine *machine);
};

/* each is NULL until it is known */
StrataHost     *strata_machine_view_get_host    (StrataMachineView *self);
StrataMachine  *strata_machine_view_get_machine (StrataMachineView *self);
StrataJobQueue *strata_machine_view_get_queue   (StrataMachineView *self);

G_END_DECLS
