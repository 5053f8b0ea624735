/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* Whether PATH (FORMAT) and every image below it is there, is what its overlay says it is, and, where the
 * client may read it, is not damaged. It writes nothing; the images may be in use. Blocking; worker
 * threads only. */
gboolean strata_chain_check (StrataConnection  *connection,
                             const char        *path,
                             const char        *format,
                             GCancellable      *cancellable,
                             GError           **error);

/**
 * StrataImageState:
 * @STRATA_IMAGE_SOUND: looked through, and whole
 * @STRATA_IMAGE_PLAIN: there; its format has nothing that could be damaged
 * @STRATA_IMAGE_CLOSED: there, and what its overlay says it is; what is in it can't be read from here
 */
typedef enum
{
  STRATA_IMAGE_SOUND,
  STRATA_IMAGE_PLAIN,
  STRATA_IMAGE_CLOSED,
} StrataImageState;

/* the same of PATH alone, for what can be told of it; NEXT, NEXT_FORMAT: (out) (transfer full) (nullable): what it stands
 * on. Blocking; worker threads only. */
gboolean strata_image_check (StrataConnection  *connection,
                             const char        *path,
                             const char        *format,
                             StrataImageState  *state,
                             char             **next,
                             char             **next_format,
                             GCancellable      *cancellable,
                             GError           **error);

G_END_DECLS
