/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a person wrote about a snapshot; and, in the first line of it, our mark for one that is none any
 * more. libvirt has no metadata on snapshots, and every tool keeps the description.
 */

#include "config.h"

#include <string.h>

#include "strata-snapshot-xml-private.h"

/* The text after the mark in DESCRIPTION's first line, or NULL if it isn't marked. */
static const char *
skip_mark (const char *description)
{
  const char *rest;

  if (description == NULL || !g_str_has_prefix (description, STRATA_RETAINED_MARK))
    return NULL;

  rest = description + strlen (STRATA_RETAINED_MARK);
  while (*rest == ' ' || *rest == '\t' || *rest == '\r')
    rest++;

  if (*rest == '\n')
    return rest + 1;

  return *rest == '\0' ? rest : NULL;
}

static void
write_description (StrataSnapshotXml *self, const char *description, gboolean retained)
{
  gboolean empty = description == NULL || *description == '\0';
  g_autofree char *marked = NULL;

  if (retained)
    marked = empty ? g_strdup (STRATA_RETAINED_MARK)
                   : g_strconcat (STRATA_RETAINED_MARK "\n", description, NULL);

  strata_snapshot_xml_set_text (self, "description", "name",
                                retained ? marked
                                : empty  ? NULL
                                         : description);
}

/**
 * strata_snapshot_xml_get_description:
 * @self: a snapshot's document
 *
 * Returns: (transfer full) (nullable): its description, without the mark of a retained layer
 */
char *
strata_snapshot_xml_get_description (StrataSnapshotXml *self)
{
  g_autofree char *text = NULL;
  const char *rest;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), NULL);

  text =
      strata_document_get (strata_snapshot_xml_get_document (self), "/domainsnapshot/description");
  rest = skip_mark (text);
  if (rest == NULL)
    return g_steal_pointer (&text);

  return *rest != '\0' ? g_strdup (rest) : NULL;
}

/**
 * strata_snapshot_xml_set_description:
 * @self: a snapshot's document
 * @description: (nullable): any number of lines
 *
 * A retained layer stays one.
 */
void
strata_snapshot_xml_set_description (StrataSnapshotXml *self, const char *description)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));
  g_return_if_fail (description == NULL || g_utf8_validate (description, -1, NULL));

  write_description (self, description, strata_snapshot_xml_get_retained (self));
}

/**
 * strata_snapshot_xml_get_retained:
 * @self: a snapshot's document
 *
 * Returns: whether it is only a layer that is kept for what stands on it
 */
gboolean
strata_snapshot_xml_get_retained (StrataSnapshotXml *self)
{
  g_autofree char *text = NULL;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), FALSE);

  text =
      strata_document_get (strata_snapshot_xml_get_document (self), "/domainsnapshot/description");

  return skip_mark (text) != NULL;
}

/**
 * strata_snapshot_xml_set_retained:
 * @self: a snapshot's document
 * @retained: whether it is only a layer that is kept for what stands on it
 */
void
strata_snapshot_xml_set_retained (StrataSnapshotXml *self, gboolean retained)
{
  g_autofree char *description = NULL;

  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));

  description = strata_snapshot_xml_get_description (self);
  write_description (self, description, retained);
}
