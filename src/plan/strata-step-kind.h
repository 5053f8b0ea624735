/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a step of a plan does. A plan on disk has the word: see strata_step_kind_get_word(). */
typedef enum
{
  STRATA_STEP_CHECK_CHAIN,
  STRATA_STEP_CHECK_SPACE,
  STRATA_STEP_COMMIT,
  STRATA_STEP_CONVERT_TAG,
  STRATA_STEP_COPY_FILE,
  STRATA_STEP_COPY_IMAGE,
  STRATA_STEP_COPY_VERBATIM,
  STRATA_STEP_CREATE_OVERLAY,
  STRATA_STEP_CUSTOMISE,
  STRATA_STEP_DEFINE,
  STRATA_STEP_DELETE_FILE,
  STRATA_STEP_DELETE_TAG,
  STRATA_STEP_DELETE_VOLUME,
  STRATA_STEP_INSPECT,
  STRATA_STEP_KEEP_TAG,
  STRATA_STEP_PULL,
  STRATA_STEP_REQUIRE_ACTIVE,
  STRATA_STEP_REQUIRE_OFF,
  STRATA_STEP_RESTORE,
  STRATA_STEP_SEAL,
  STRATA_STEP_SET_MODE,
  STRATA_STEP_RECONCILE,
  STRATA_STEP_SHUT_DOWN,
  STRATA_STEP_SNAPSHOT_CREATE,
  STRATA_STEP_SNAPSHOT_DEFINE,
  STRATA_STEP_SNAPSHOT_DELETE,
  STRATA_STEP_DELETE_METADATA,
  STRATA_STEP_SNAPSHOT_REVERT,
  STRATA_STEP_START,
  STRATA_STEP_UNDEFINE,
  STRATA_STEP_VERIFY,
} StrataStepKind;

#define STRATA_N_STEP_KINDS (STRATA_STEP_VERIFY + 1)

typedef enum
{
  STRATA_TOUCH_NOTHING, /* no image */
  STRATA_TOUCH_READS,   /* reads them, or puts something on them */
  STRATA_TOUCH_FILLS,   /* writes into one what it reads already of those below: what stands on it, also unseen, reads the same */
  STRATA_TOUCH_CHANGES, /* writes into what was there before, or changes what it stands on */
  STRATA_TOUCH_REMOVES,
} StrataTouch;

const char *strata_step_kind_get_word (StrataStepKind kind);
gboolean strata_step_kind_from_word (const char *word, StrataStepKind *kind);
StrataTouch strata_step_kind_get_touch (StrataStepKind kind);
gboolean strata_step_kind_needs_law (StrataStepKind kind);
double strata_step_kind_get_seconds (StrataStepKind kind);
gboolean strata_step_kind_takes (StrataStepKind kind, JsonObject *args);

/* Whether @kind is one of those that follow it. */
#define strata_step_kind_is(kind, ...)                                                             \
  (strata_step_kind_is_among ((kind), (const StrataStepKind[]){ __VA_ARGS__ },                     \
                              sizeof ((const StrataStepKind[]){ __VA_ARGS__ }) /                   \
                                  sizeof (StrataStepKind)))

static inline gboolean
strata_step_kind_is_among (StrataStepKind kind, const StrataStepKind *kinds, size_t n)
{
  for (size_t i = 0; i < n; i++)
    {
      if (kinds[i] == kind)
        return TRUE;
    }

  return FALSE;
}

G_END_DECLS
