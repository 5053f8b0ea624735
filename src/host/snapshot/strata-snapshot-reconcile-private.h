/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/storage/strata-chain-reader.h"
#include "xml/strata-snapshot-xml.h"

G_BEGIN_DECLS

/* For the files on reconciling only. */

typedef struct
{
  const StrataSnapshotFacts *facts;
  StrataSnapshotXml *document;
  gboolean current;
  gboolean changed;
  /* names files that will go, so that it has to be written */
  gboolean moved;
} StrataSettlingItem;

typedef struct
{
  StrataConnection *connection;
  StrataDomainFacts *domain;
  StrataChainReader *chains;
  GPtrArray *items; /* StrataSettlingItem */
  GPtrArray *remarks;
} StrataReconciling;

/* two names of one file */
gboolean strata_reconciling_is_same (StrataReconciling *self, const char *a, const char *b);
/* TRUE if there was no current one, and one was chosen */
gboolean strata_reconciling_reconcile_current (StrataReconciling *self);

G_END_DECLS
