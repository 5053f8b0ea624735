/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/storage/strata-chain-reader.h"
#include "xml/strata-snapshot-xml.h"

G_BEGIN_DECLS

/* For the files on settling only. */

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
} StrataSettling;

/* two names of one file */
gboolean strata_settling_is_same (StrataSettling *self, const char *a, const char *b);
/* TRUE if there was no current one, and one was chosen */
gboolean strata_settling_settle_current (StrataSettling *self);

G_END_DECLS
