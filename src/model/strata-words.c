/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A domain in a few words for people: its state, its line under the name, its guest's kind. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-words.h"

/* A libosinfo id is a URL: "http://debian.org/debian/12". */
static char *
os_id_from_libosinfo (const char *url)
{
  g_auto (GStrv) parts = NULL;
  guint n;

  if (url == NULL)
    return NULL;

  parts = g_strsplit (url, "/", -1);
  n = g_strv_length (parts);

  return n >= 3 ? g_strdup (parts[n - 2]) : NULL;
}

static char *
describe_template (const StrataDomainFacts *facts, guint n_clones)
{
  g_autofree char *clones = NULL;

  if (n_clones == 0)
    clones = g_strdup (_ ("no clones"));
  else
    /* Translators: how many clones a template has. */
    clones = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u clone", "%u clones", n_clones),
                              n_clones);

  if (facts->template_mark->os == NULL)
    return g_steal_pointer (&clones);

  /* Translators: a template’s clones and its operating system: “4 clones · Debian 12”. */
  return g_strdup_printf (C_ ("template", "%s · %s"), clones, facts->template_mark->os);
}

static char *
describe_machine (const StrataDomainFacts *facts)
{
  const StrataCloneMark *clone = facts->clone_mark;
  g_autofree char *memory = NULL;
  guint vcpus;

  /* Translators: what kind of clone a machine is, and its template’s name. */
  if (clone != NULL && clone->template_name != NULL)
    return g_strdup_printf (clone->thin ? _ ("thin · %s") : _ ("full · %s"), clone->template_name);

  vcpus = strata_domain_xml_get_vcpus (facts->definition);
  memory = g_format_size_full (strata_domain_xml_get_memory (facts->definition),
                               G_FORMAT_SIZE_IEC_UNITS);

  /* Translators: memory and number of processors: “512.0 MiB · 1 CPU”. */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s · %u CPU", "%s · %u CPUs", vcpus),
                          memory, vcpus);
}

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
 * strata_words_for_subtitle:
 * @facts: a domain
 * @n_clones: how many clones it has, if it is a template
 *
 * Any one thread at a time, since the definition is read.
 *
 * Returns: (transfer full): the line under its name
 */
char *
strata_words_for_subtitle (const StrataDomainFacts *facts, guint n_clones)
{
  g_return_val_if_fail (facts != NULL, NULL);

  if (facts->template_mark != NULL)
    return describe_template (facts, n_clones);

  return describe_machine (facts);
}

/**
 * strata_words_for_os_id:
 * @facts: a domain
 * @template_os_id: (nullable): what is known of the template it was deployed from
 *
 * What inspection said counts before what somebody chose when the domain was made. Any one thread
 * at a time, since the definition is read.
 *
 * Returns: (transfer full) (nullable): the short name of the guest's distribution, "debian"
 */
char *
strata_words_for_os_id (const StrataDomainFacts *facts, const char *template_os_id)
{
  g_autofree char *url = NULL;

  g_return_val_if_fail (facts != NULL, NULL);

  if (facts->template_mark != NULL && facts->template_mark->os_id != NULL)
    return g_strdup (facts->template_mark->os_id);
  if (template_os_id != NULL)
    return g_strdup (template_os_id);

  url = strata_domain_xml_get_os_info (facts->definition);

  return os_id_from_libosinfo (url);
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
