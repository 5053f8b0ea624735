/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What stands below an image, by the headers as they are now. Each is read once. Blocking; one worker thread. */
typedef struct _StrataChainReader StrataChainReader;

StrataChainReader *strata_chain_reader_new (StrataConnection *connection,
                                            GCancellable *cancellable);
void strata_chain_reader_free (StrataChainReader *self);
/* PATHS, FORMATS: (transfer full): from the image directly below PATH, whose format is FORMAT, to the bottom, named as
 * the headers do. FALSE where it can't be told to its end. */
gboolean strata_chain_reader_read (StrataChainReader *self,
                                   const char *path,
                                   const char *format,
                                   GStrv *paths,
                                   GStrv *formats);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataChainReader, strata_chain_reader_free)

G_END_DECLS
