/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Words for people about a domain: its state, and the name of its next snapshot. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-words.h"

/**
 * strata_words_for_state:
 * @facts: a domain
 *
 * Returns: (transfer none): its state, in a word
 */
const char *
strata_words_for_state (const StrataDomainFacts *facts)
{
  g_return_val_if_fail (facts != NULL, NULL);

  switch (facts->state)
    {
    case STRATA_DOMAIN_STATE_OFF:
      return facts->managed_save ? C_ ("machine state", "Saved") : C_ ("machine state", "Off");
    case STRATA_DOMAIN_STATE_RUNNING:
      return C_ ("machine state", "Running");
    case STRATA_DOMAIN_STATE_PAUSED:
      return C_ ("machine state", "Paused");
    case STRATA_DOMAIN_STATE_SHUTTING_DOWN:
      return C_ ("machine state", "Shutting down");
    case STRATA_DOMAIN_STATE_CRASHED:
      return C_ ("machine state", "Crashed");
    case STRATA_DOMAIN_STATE_SUSPENDED:
      return C_ ("machine state", "Suspended");
    }

  g_return_val_if_reached (NULL);
}

/**
 * strata_words_for_new_snapshot:
 * @facts: a domain
 *
 * Returns: (transfer full): a name that none of its snapshots has, "snapshot-3"
 */
char *
strata_words_for_new_snapshot (const StrataDomainFacts *facts)
{
  g_return_val_if_fail (facts != NULL, NULL);

  for (guint i = 1;; i++)
    {
      /* Translators: the name suggested for a snapshot; a file is named after it, so use no spaces. */
      g_autofree char *name = g_strdup_printf (_ ("snapshot-%u"), i);

      if (strata_domain_facts_find_snapshot (facts, name) == NULL)
        return g_steal_pointer (&name);
    }
}
