/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-worker.h"

G_BEGIN_DECLS

/* the one disk of a worker */
#define STRATA_WORKER_TARGET "vda"

struct _StrataWorker
{
  StrataConnection *connection;
  virDomainPtr domain;
  char *path;
};

G_END_DECLS
