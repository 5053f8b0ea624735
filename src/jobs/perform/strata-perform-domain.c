/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that turn domains on and off, define them and remove their definitions. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "jobs/strata-job-private.h"
#include "strata-kept-state.h"
#include "strata-gone.h"
#include "strata-precondition.h"
#include "strata-perform-private.h"
#include "jobs/strata-job-notes.h"
#include "base/strata-error.h"

static gboolean
is_active (StrataStepContext *context, gboolean *active, GError **error)
{
  StrataDomainState state;

  if (!strata_domain_get_state (context->connection, strata_step_context_get (context, "uuid"),
                                &state, error))
    return FALSE;
  *active = state != STRATA_DOMAIN_STATE_OFF && state != STRATA_DOMAIN_STATE_CRASHED;

  return TRUE;
}

/* A machine that was saved in the middle of its work is off, and has not come to its end. */
static gboolean
check_unsaved (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_require_unsaved (context->connection, strata_step_context_get (context, "uuid"),
                                 error);
}

/* What the job itself has defined is known as libvirt said it then. */
static const char *
get_known (StrataStepContext *context)
{
  g_autofree char *key =
      g_strconcat (STRATA_NOTE_DEFINITION, strata_step_context_get (context, "uuid"), NULL);

  return strata_step_context_get_note (context, key);
}

/* require-off -------------------------------------------------------------------------------------- */

static gboolean
require_off_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  gboolean active;

  if (!is_active (context, &active, error))
    return FALSE;
  if (!active)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Shut it down and try again."),
                    _ ("“%s” was started in the meantime"),
                    strata_step_context_get (context, "name"));
  return FALSE;
}

const StrataStepOps strata_step_require_off = {
  .run = require_off_run,
};

/* require-active ----------------------------------------------------------------------------------- */

static gboolean
require_active_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  gboolean active;

  if (!is_active (context, &active, error))
    return FALSE;
  if (active)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Try again."),
                    _ ("“%s” was shut down in the meantime"),
                    strata_step_context_get (context, "name"));
  return FALSE;
}

const StrataStepOps strata_step_require_active = {
  .run = require_active_run,
};

/* shut-down ---------------------------------------------------------------------------------------- */

/* (nullable): what the plan defines of the domain once it is off, at first */
static JsonObject *
find_definition (StrataStepContext *context)
{
  StrataPlan *plan = context->job != NULL ? strata_job_get_plan (context->job) : NULL;
  const char *uuid = strata_step_context_get (context, "uuid");
  gboolean off = FALSE;

  for (guint i = 0; plan != NULL && i < strata_plan_get_n_steps (plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (plan, i);

      if (g_strcmp0 (json_object_get_string_member_with_default (step->args, "uuid", NULL), uuid) !=
          0)
        continue;
      if (off && step->kind == STRATA_STEP_DEFINE)
        return step->args;
      off = off || step->kind == STRATA_STEP_SHUT_DOWN;
    }

  return NULL;
}

gboolean
strata_shut_down_require_possible (StrataStepContext *context,
                                   GCancellable *cancellable,
                                   GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");

  return check_unsaved (context, cancellable, error) &&
         strata_domain_require_idle (context->connection, uuid, error) &&
         strata_require_persistent (context->connection, uuid, error) &&
         strata_require_media (context->connection, strata_step_context_get (context, "name"),
                               strata_step_context_get_array (context, "media"), error) &&
         (!strata_step_context_is (context, "same-disks") ||
          strata_require_same_disks (context->connection, uuid, cancellable, error));
}

/* Directly before the stop, since what it is stopped for can't be done without: that it is there then, that it can be defined,
 * with the disks that it runs on, and what is in its drives. */
static gboolean
shut_down_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  JsonObject *definition = find_definition (context);
  const char *previous =
      definition != NULL ? json_object_get_string_member_with_default (definition, "previous", NULL)
                         : NULL;

  if (!strata_kept_state_require_last (context, error) ||
      !strata_shut_down_require_possible (context, cancellable, error))
    return FALSE;

  return previous == NULL ||
         strata_require_definition (
             context->connection, strata_step_context_get (context, "uuid"), previous,
             json_object_get_string_member_with_default (definition, "xml", NULL),
             get_known (context), error);
}

static gboolean
shut_down_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  gboolean force = strata_step_context_is (context, "force");

  if (force && !strata_kept_state_require_last (context, error))
    return FALSE;
  if (force ? strata_domain_force_off (context->connection, uuid, error)
            : strata_domain_shut_down (context->connection, uuid,
                                       (guint) strata_step_context_get_int (context, "timeout"),
                                       cancellable, error))
    {
      strata_kept_state_note_stopped (context);
      return TRUE;
    }
  /* The power button that was pressed can't be released. */
  if (!force && (g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_TIMEOUT) ||
                 g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
    strata_kept_state_tell_asked (context);

  return FALSE;
}

static gboolean
shut_down_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  gboolean active;

  if (!is_active (context, &active, error))
    return FALSE;
  *done = !active;

  return active ||
         (check_unsaved (context, NULL, error) && strata_kept_state_require_last (context, error));
}

const StrataStepOps strata_step_shut_down = {
  .interruptible = TRUE,
  .check = shut_down_check,
  .run = shut_down_run,
  .undo = strata_kept_state_bring_back,
  .is_done = shut_down_is_done,
};

/* start -------------------------------------------------------------------------------------------- */

static gboolean
start_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  gboolean started;

  if (strata_step_context_is (context, "was-running"))
    return strata_kept_state_start_again (context, &started, error);

  return strata_domain_start (context->connection, strata_step_context_get (context, "uuid"),
                              strata_step_context_is (context, "paused"), error);
}

/* A clone that was started goes; a VM that was running before the job goes on running. */
static gboolean
start_undo (StrataStepContext *context, GError **error)
{
  if (strata_step_context_is (context, "was-running"))
    return TRUE;

  return strata_domain_force_off (context->connection, strata_step_context_get (context, "uuid"),
                                  error);
}

static gboolean
start_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  return is_active (context, done, error);
}

const StrataStepOps strata_step_start = {
  .check = check_unsaved,
  .run = start_run,
  .undo = start_undo,
  .is_done = start_is_done,
};

/* define ------------------------------------------------------------------------------------------- */

/* The template's mark says what inspection and sealing found, which the planner could not know. */
static char *
stamp (StrataStepContext *context, const char *xml, GError **error)
{
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, error);
  g_autoptr (StrataTemplateMark) mark = NULL;
  const char *const keys[] = { "sealed", "operations", "os", "os-id", "notes" };
  char **fields[5];

  if (definition == NULL)
    return NULL;

  mark = strata_domain_xml_get_template_mark (definition);
  if (mark == NULL)
    return g_strdup (xml);

  fields[0] = &mark->sealed;
  fields[1] = &mark->operations;
  fields[2] = &mark->os;
  fields[3] = &mark->os_id;
  fields[4] = &mark->notes;
  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *value = strata_job_get_result (context->job, keys[i]);

      if (value != NULL)
        g_set_str (fields[i], value);
    }
  strata_domain_xml_set_template_mark (definition, mark);

  return strata_domain_xml_to_string (definition);
}

/* Whether it was there, and isn't any more: what is gone isn't brought back. */
static gboolean
is_machine_gone (StrataStepContext *context, gboolean *gone, GError **error)
{
  const char *previous = strata_step_context_get (context, "previous");

  *gone = FALSE;

  return previous == NULL || strata_gone_find_machine (context->connection, context->results,
                                                       strata_step_context_get (context, "uuid"),
                                                       previous, gone, error);
}

/* Over a definition that another program has changed we would take away what that one has done. */
static gboolean
define_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *previous = strata_step_context_get (context, "previous");
  gboolean gone;

  if (!is_machine_gone (context, &gone, error))
    return FALSE;

  return previous == NULL || gone ||
         (check_unsaved (context, cancellable, error) &&
          strata_require_definition (context->connection, strata_step_context_get (context, "uuid"),
                                     previous, strata_step_context_get (context, "xml"),
                                     get_known (context), error));
}

static gboolean
define_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autofree char *xml = NULL;
  gboolean gone;

  if (!is_machine_gone (context, &gone, error))
    return FALSE;
  if (gone)
    return TRUE;

  if (strata_step_context_is (context, "stamp"))
    xml = stamp (context, strata_step_context_get (context, "xml"), error);
  else
    xml = g_strdup (strata_step_context_get (context, "xml"));

  return xml != NULL && strata_domain_define (context->connection, xml, error);
}

static gboolean
define_undo (StrataStepContext *context, GError **error)
{
  const char *previous = strata_step_context_get (context, "previous");

  if (previous != NULL)
    return strata_domain_define (context->connection, previous, error);

  return strata_domain_undefine (context->connection, strata_step_context_get (context, "uuid"),
                                 STRATA_UNDEFINE_KEEP_NVRAM, error);
}

static gboolean
have_same_disks (const char *one, const char *other)
{
  g_autoptr (StrataDomainXml) a =
      one != NULL ? strata_domain_xml_new_from_string (one, NULL) : NULL;
  g_autoptr (StrataDomainXml) b =
      other != NULL ? strata_domain_xml_new_from_string (other, NULL) : NULL;
  g_autoptr (GPtrArray) of_a = a != NULL ? strata_domain_xml_get_disks (a) : NULL;
  g_autoptr (GPtrArray) of_b = b != NULL ? strata_domain_xml_get_disks (b) : NULL;

  if (of_a == NULL || of_b == NULL || of_a->len != of_b->len)
    return FALSE;

  for (guint i = 0; i < of_a->len; i++)
    {
      const StrataDiskXml *disk = of_a->pdata[i];
      const StrataDiskXml *twin = of_b->pdata[i];

      if (g_strcmp0 (disk->target, twin->target) != 0 ||
          g_strcmp0 (disk->source, twin->source) != 0)
        return FALSE;
    }

  return TRUE;
}

/* libvirt completes what it is given, so that a definition that it says is compared with one that it said; where there is
 * none, the disks have to do. */
static gboolean
define_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *xml = strata_step_context_get (context, "xml");
  const char *previous = strata_step_context_get (context, "previous");
  g_autofree char *key = g_strconcat (STRATA_NOTE_DEFINITION_BEFORE, uuid, NULL);
  const char *before = strata_step_context_get_note (context, key);
  g_autofree char *now = NULL;
  gboolean exists;

  *done = FALSE;
  if (!strata_domain_exists (context->connection, uuid, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;
  now = strata_domain_get_xml (context->connection, uuid, error);
  if (now == NULL)
    return FALSE;

  if (g_strcmp0 (before, now) == 0)
    return TRUE;
  if (before == NULL && have_same_disks (now, previous))
    return TRUE;
  *done = have_same_disks (now, xml);
  if (*done)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Define it as it was, and try again."),
                    _ ("The definition of “%s” was changed since the job was stopped"),
                    strata_step_context_get (context, "name"));
  return FALSE;
}

const StrataStepOps strata_step_define = {
  .check = define_check,
  .run = define_run,
  .undo = define_undo,
  .is_done = define_is_done,
};

/* undefine ----------------------------------------------------------------------------------------- */

/* One that runs would go on as a transient one, and one that is gone already is no change. */
static gboolean
undefine_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  gboolean exists;

  if (!strata_domain_exists (context->connection, uuid, &exists, error))
    return FALSE;

  return !exists || (check_unsaved (context, cancellable, error) &&
                     strata_require_off (context->connection, uuid, error) &&
                     strata_require_definition (context->connection, uuid,
                                                strata_step_context_get (context, "xml"), NULL,
                                                get_known (context), error));
}

static gboolean
undefine_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_domain_undefine (context->connection, strata_step_context_get (context, "uuid"),
                                 STRATA_UNDEFINE_KEEP_NVRAM, error);
}

static gboolean
undefine_undo (StrataStepContext *context, GError **error)
{
  if (!strata_domain_define (context->connection, strata_step_context_get (context, "xml"), error))
    return FALSE;

  return !strata_step_context_is (context, "autostart") ||
         strata_domain_set_autostart (context->connection,
                                      strata_step_context_get (context, "uuid"), TRUE, error);
}

static gboolean
undefine_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  gboolean exists;

  if (!strata_domain_exists (context->connection, strata_step_context_get (context, "uuid"),
                             &exists, error))
    return FALSE;
  *done = !exists;

  return TRUE;
}

const StrataStepOps strata_step_undefine = {
  .check = undefine_check,
  .run = undefine_run,
  .undo = undefine_undo,
  .is_done = undefine_is_done,
};
