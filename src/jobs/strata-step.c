/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The register of primitives, and about how long each takes. */

#include "config.h"

#include "strata-job-private.h"
#include "strata-step-private.h"

static const StrataStepClass *const classes[] = {
  &strata_step_require_off,     &strata_step_shut_down,       &strata_step_start,
  &strata_step_define,          &strata_step_undefine,        &strata_step_check_space,
  &strata_step_create_overlay,  &strata_step_copy_image,      &strata_step_copy_file,
  &strata_step_commit,          &strata_step_set_mode,        &strata_step_delete_volume,
  &strata_step_delete_file,     &strata_step_inspect,         &strata_step_seal,
  &strata_step_verify,          &strata_step_customise,       &strata_step_pull,
  &strata_step_copy_verbatim,   &strata_step_convert_tag,     &strata_step_check_chain,
  &strata_step_keep_tag,        &strata_step_delete_tag,      &strata_step_require_active,
  &strata_step_snapshot_create, &strata_step_snapshot_delete, &strata_step_snapshot_revert,
  &strata_step_snapshot_define, &strata_step_snapshot_forget, &strata_step_settle,
  &strata_step_restore,
};

/**
 * strata_step_class_find:
 * @kind: the name in plans
 *
 * Returns: (transfer none) (nullable): the primitive
 */
const StrataStepClass *
strata_step_class_find (const char *kind)
{
  for (size_t i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      if (g_str_equal (classes[i]->kind, kind))
        return classes[i];
    }

  return NULL;
}

/**
 * strata_step_spec_get_weight:
 * @step: a step of a plan
 *
 * Only for the progress bar, which should move evenly: seconds, as measured under TCG for what boots
 * an appliance, and at 200 MB/s for what moves bytes.
 *
 * Returns: seconds, above 0
 */
double
strata_step_spec_get_weight (StrataStepSpec *step)
{
  static const struct
  {
    const char *kind;
    double seconds;
  } slow[] = {
    { "inspect", 12 },        { "seal", 30 },           { "verify", 12 },
    { "customise", 15 },      { "shut-down", 8 },       { "commit", 3 },
    { "copy-image", 1 },      { "start", 1 },           { "pull", 3 },
    { "copy-verbatim", 1 },   { "convert-tag", 1 },     { "check-chain", 1 },
    { "snapshot-create", 1 }, { "snapshot-revert", 2 }, { "restore", 2 },
    { "settle", 0.3 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (slow); i++)
    {
      if (g_str_equal (slow[i].kind, step->kind))
        return slow[i].seconds + (double) step->bytes / 200e6;
    }

  return 0.1;
}
