/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The register of primitives. */

#include "config.h"

#include "strata-perform-private.h"

/**
 * strata_step_get_ops:
 * @kind: a kind of step
 *
 * Returns: (transfer none): the primitive
 */
const StrataStepOps *
strata_step_get_ops (StrataStepKind kind)
{
  switch (kind)
    {
    case STRATA_STEP_CHECK_CHAIN:
      return &strata_step_check_chain;
    case STRATA_STEP_CHECK_SPACE:
      return &strata_step_check_space;
    case STRATA_STEP_COMMIT:
      return &strata_step_commit;
    case STRATA_STEP_CONVERT_TAG:
      return &strata_step_convert_tag;
    case STRATA_STEP_COPY_FILE:
      return &strata_step_copy_file;
    case STRATA_STEP_COPY_IMAGE:
      return &strata_step_copy_image;
    case STRATA_STEP_COPY_VERBATIM:
      return &strata_step_copy_verbatim;
    case STRATA_STEP_CREATE_OVERLAY:
      return &strata_step_create_overlay;
    case STRATA_STEP_CUSTOMISE:
      return &strata_step_customise;
    case STRATA_STEP_DEFINE:
      return &strata_step_define;
    case STRATA_STEP_DELETE_FILE:
      return &strata_step_delete_file;
    case STRATA_STEP_DELETE_TAG:
      return &strata_step_delete_tag;
    case STRATA_STEP_DELETE_VOLUME:
      return &strata_step_delete_volume;
    case STRATA_STEP_INSPECT:
      return &strata_step_inspect;
    case STRATA_STEP_KEEP_TAG:
      return &strata_step_keep_tag;
    case STRATA_STEP_PULL:
      return &strata_step_pull;
    case STRATA_STEP_REQUIRE_ACTIVE:
      return &strata_step_require_active;
    case STRATA_STEP_REQUIRE_OFF:
      return &strata_step_require_off;
    case STRATA_STEP_RESTORE:
      return &strata_step_restore;
    case STRATA_STEP_SEAL:
      return &strata_step_seal;
    case STRATA_STEP_SET_MODE:
      return &strata_step_set_mode;
    case STRATA_STEP_RECONCILE:
      return &strata_step_reconcile;
    case STRATA_STEP_SHUT_DOWN:
      return &strata_step_shut_down;
    case STRATA_STEP_SNAPSHOT_CREATE:
      return &strata_step_snapshot_create;
    case STRATA_STEP_SNAPSHOT_DEFINE:
      return &strata_step_snapshot_define;
    case STRATA_STEP_SNAPSHOT_DELETE:
      return &strata_step_snapshot_delete;
    case STRATA_STEP_DELETE_METADATA:
      return &strata_step_delete_metadata;
    case STRATA_STEP_SNAPSHOT_REVERT:
      return &strata_step_snapshot_revert;
    case STRATA_STEP_START:
      return &strata_step_start;
    case STRATA_STEP_UNDEFINE:
      return &strata_step_undefine;
    case STRATA_STEP_VERIFY:
      return &strata_step_verify;
    }

  g_assert_not_reached ();
}
