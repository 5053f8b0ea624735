/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Why something can't be done with a machine now, in words for the person who would do it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-capability.h"

static const char *const can_names[STRATA_N_ABILITIES] = {
  [STRATA_CAPABILITY_START] = "can-start",
  [STRATA_CAPABILITY_SHUT_DOWN] = "can-shut-down",
  [STRATA_CAPABILITY_FORCE_OFF] = "can-force-off",
  [STRATA_CAPABILITY_MAKE_TEMPLATE] = "can-make-template",
  [STRATA_CAPABILITY_DEPLOY] = "can-deploy",
  [STRATA_CAPABILITY_DELETE] = "can-delete",
  [STRATA_CAPABILITY_OPEN_CONSOLE] = "can-open-console",
  [STRATA_CAPABILITY_TAKE_SNAPSHOT] = "can-take-snapshot",
};

static const char *const reason_names[STRATA_N_ABILITIES] = {
  [STRATA_CAPABILITY_START] = "start-reason",
  [STRATA_CAPABILITY_SHUT_DOWN] = "shut-down-reason",
  [STRATA_CAPABILITY_FORCE_OFF] = "force-off-reason",
  [STRATA_CAPABILITY_MAKE_TEMPLATE] = "make-template-reason",
  [STRATA_CAPABILITY_DEPLOY] = "deploy-reason",
  [STRATA_CAPABILITY_DELETE] = "delete-reason",
  [STRATA_CAPABILITY_OPEN_CONSOLE] = "open-console-reason",
  [STRATA_CAPABILITY_TAKE_SNAPSHOT] = "take-snapshot-reason",
};

static const char *
get_start_reason (const StrataDomainFacts *facts)
{
  if (facts->template_mark != NULL)
    return _ (
        "A template is never started, so that its disks stay as they are. Deploy a clone and start that.");
  if (strata_domain_facts_is_active (facts))
    return _ ("It is running already.");

  return NULL;
}

static const char *
get_shut_down_reason (const StrataDomainFacts *facts)
{
  switch (facts->state)
    {
    case STRATA_DOMAIN_STATE_RUNNING:
      return NULL;

    case STRATA_DOMAIN_STATE_PAUSED:
    case STRATA_DOMAIN_STATE_SUSPENDED:
      return _ ("It is paused, so its guest would not notice. Force it off instead.");

    case STRATA_DOMAIN_STATE_SHUTTING_DOWN:
      return _ ("It is shutting down already.");

    case STRATA_DOMAIN_STATE_CRASHED:
      return _ ("Its guest has crashed. Force it off instead.");

    case STRATA_DOMAIN_STATE_OFF:
      return _ ("It is not running.");
    }

  g_return_val_if_reached (NULL);
}

static gboolean
has_writable_disk (const StrataDomainFacts *facts)
{
  for (guint i = 0; facts->disks != NULL && i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (disk->source != NULL && !disk->read_only && g_strcmp0 (disk->device, "disk") == 0)
        return TRUE;
    }

  return FALSE;
}

static const char *
get_make_template_reason (const StrataDomainFacts *facts)
{
  if (facts->template_mark != NULL)
    return _ ("It is a template already.");
  if (!facts->persistent)
    return _ ("It is transient: libvirt forgets it when it stops.");
  if (!has_writable_disk (facts))
    return _ ("It has no disk of its own to make a template from.");

  return NULL;
}

static const char *
get_console_reason (const StrataDomainFacts *facts)
{
  g_autofree char *graphics = NULL;

  if (facts->template_mark != NULL)
    return _ ("A template is never started, so it has no screen.");
  if (!strata_domain_facts_is_active (facts))
    return _ ("It is not running.");

  graphics = strata_domain_xml_get_graphics (facts->definition);
  if (graphics == NULL)
    return _ ("It has no graphical screen.");

  return NULL;
}

static const char *
get_take_snapshot_reason (const StrataDomainFacts *facts)
{
  if (facts->template_mark != NULL)
    return _ ("A template stays as it is. Deploy a clone and take snapshots of that.");
  if (!facts->persistent)
    return _ ("It is transient: libvirt forgets it when it stops.");
  if (!has_writable_disk (facts))
    return _ ("It has no disk of its own to take a snapshot of.");

  return NULL;
}

static char *
get_delete_reason (const StrataDomainFacts *facts, const char *const *thin_clones)
{
  g_autofree char *names = NULL;

  if (strata_domain_facts_is_active (facts))
    return g_strdup (_ ("It is running. Shut it down first."));
  if (thin_clones == NULL || thin_clones[0] == NULL)
    return NULL;

  names = g_strjoinv (", ", (char **) thin_clones);

  /* Translators: %s is a list of names: “web-01, web-02”. */
  return g_strdup_printf (_ ("Thin clones stand on its disks: %s. Delete them first."), names);
}

/**
 * strata_capability_get_reason:
 * @capability: what a person would do
 * @facts: the machine
 * @thin_clones: (nullable): names of the clones whose disks stand on the machine's
 *
 * Any thread, but @facts' definition is read, which one thread may do at a time.
 *
 * Returns: (transfer full) (nullable): why it can't be done, a whole sentence; %NULL if it can
 */
char *
strata_capability_get_reason (StrataCapability capability,
                              const StrataDomainFacts *facts,
                              const char *const *thin_clones)
{
  g_return_val_if_fail (facts != NULL, NULL);

  switch (capability)
    {
    case STRATA_CAPABILITY_START:
      return g_strdup (get_start_reason (facts));

    case STRATA_CAPABILITY_SHUT_DOWN:
      return g_strdup (get_shut_down_reason (facts));

    case STRATA_CAPABILITY_FORCE_OFF:
      return g_strdup (strata_domain_facts_is_active (facts) ? NULL : _ ("It is not running."));

    case STRATA_CAPABILITY_MAKE_TEMPLATE:
      return g_strdup (get_make_template_reason (facts));

    case STRATA_CAPABILITY_DEPLOY:
      return g_strdup (facts->template_mark != NULL
                           ? NULL
                           : _ ("Only a template is deployed. Make one of it first."));

    case STRATA_CAPABILITY_DELETE:
      return get_delete_reason (facts, thin_clones);

    case STRATA_CAPABILITY_OPEN_CONSOLE:
      return g_strdup (get_console_reason (facts));

    case STRATA_CAPABILITY_TAKE_SNAPSHOT:
      return g_strdup (get_take_snapshot_reason (facts));
    }

  g_return_val_if_reached (NULL);
}

/**
 * strata_capability_get_property_name:
 * @capability: what a person would do
 *
 * Returns: (transfer none): the property of a machine that says whether it can be done, "can-start"
 */
const char *
strata_capability_get_property_name (StrataCapability capability)
{
  g_return_val_if_fail (capability < STRATA_N_ABILITIES, NULL);

  return can_names[capability];
}

/**
 * strata_capability_get_reason_property_name:
 * @capability: what a person would do
 *
 * Returns: (transfer none): the property of a machine that says why it can't be done, "start-reason"
 */
const char *
strata_capability_get_reason_property_name (StrataCapability capability)
{
  g_return_val_if_fail (capability < STRATA_N_ABILITIES, NULL);

  return reason_names[capability];
}
