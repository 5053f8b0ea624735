/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-host.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_POWER_START,
  STRATA_POWER_SHUT_DOWN,
  STRATA_POWER_FORCE_OFF,
} StrataPowerAct;

void              strata_host_power_async    (StrataHost          *self,
                                              StrataMachine       *machine,
                                              StrataPowerAct       act,
                                              GCancellable        *cancellable,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data);
gboolean          strata_host_power_finish   (StrataHost          *self,
                                              GAsyncResult        *result,
                                              GError             **error);

G_END_DECLS
