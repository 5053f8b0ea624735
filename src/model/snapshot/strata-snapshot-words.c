/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A snapshot in a few words for people: its kind, when it was taken, what it holds. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-snapshot-words.h"

/**
 * strata_snapshot_words_for_title:
 * @look: a node's look
 *
 * Returns: (transfer none): what the row is called
 */
const char *
strata_snapshot_words_for_title (const StrataSnapshotNodeStyle *look)
{
  return look->kind == STRATA_SNAPSHOT_NODE_HERE ? _ ("You are here") : look->name;
}

/**
 * strata_snapshot_words_for_kind:
 * @kind: a kind
 *
 * Returns: (transfer none): the kind, in a word or three
 */
const char *
strata_snapshot_words_for_kind (StrataSnapshotNodeKind kind)
{
  switch (kind)
    {
    case STRATA_SNAPSHOT_NODE_DISK:
      return C_ ("kind of snapshot", "Disk");
    case STRATA_SNAPSHOT_NODE_MEMORY:
      return C_ ("kind of snapshot", "Disk and memory");
    case STRATA_SNAPSHOT_NODE_INTERNAL:
      return C_ ("kind of snapshot", "Internal");
    case STRATA_SNAPSHOT_NODE_RETAINED:
      return C_ ("kind of snapshot", "Retained layer");
    case STRATA_SNAPSHOT_NODE_HERE:
      return C_ ("kind of snapshot", "Present state");
    }

  g_return_val_if_reached (NULL);
}

/**
 * strata_snapshot_words_for_detail:
 * @look: a node's look
 *
 * Returns: (transfer full) (nullable): what else there is to say about it, in one line
 */
char *
strata_snapshot_words_for_detail (const StrataSnapshotNodeStyle *look)
{
  g_autofree char *line = NULL;

  if (look->kind == STRATA_SNAPSHOT_NODE_RETAINED)
    return g_strdup (_ ("Deleted; kept for what stands on it"));
  if (look->kind == STRATA_SNAPSHOT_NODE_HERE)
    /* Translators: %s is the snapshot on which the machine stands. */
    return look->parent != NULL ? g_strdup_printf (_ ("Since “%s”"), look->parent) : NULL;
  if (look->description == NULL || *look->description == '\0')
    return NULL;

  line = g_strdup (look->description);

  return g_strdup (g_strstrip (g_strdelimit (line, "\n\r\t", ' ')));
}

/**
 * strata_snapshot_words_for_bytes:
 * @look: a node's look
 *
 * Returns: (transfer full) (nullable): what it holds; %NULL where that is not known
 */
char *
strata_snapshot_words_for_bytes (const StrataSnapshotNodeStyle *look)
{
  g_autofree char *size = NULL;

  if (look->bytes < 0)
    return NULL;

  size = g_format_size ((guint64) look->bytes);
  if (look->kind != STRATA_SNAPSHOT_NODE_HERE)
    return g_steal_pointer (&size);

  /* Translators: what was written since the last snapshot: “+340 MB”. */
  return g_strdup_printf (_ ("+%s"), size);
}

static gint64
count_days (GDateTime *from, GDateTime *to)
{
  GDate first;
  GDate second;

  g_date_clear (&first, 1);
  g_date_clear (&second, 1);
  g_date_set_dmy (&first, (GDateDay) g_date_time_get_day_of_month (from),
                  (GDateMonth) g_date_time_get_month (from),
                  (GDateYear) g_date_time_get_year (from));
  g_date_set_dmy (&second, (GDateDay) g_date_time_get_day_of_month (to),
                  (GDateMonth) g_date_time_get_month (to), (GDateYear) g_date_time_get_year (to));

  return g_date_days_between (&first, &second);
}

/**
 * strata_snapshot_words_for_time:
 * @created: seconds since 1970
 * @now: the time it is, in the time zone of the person
 *
 * Returns: (transfer full) (nullable): when that was, as one says it today
 */
char *
strata_snapshot_words_for_time (gint64 created, GDateTime *now)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (created);
  g_autoptr (GDateTime) time = NULL;
  gint64 days;

  if (created <= 0 || utc == NULL)
    return NULL;

  time = g_date_time_to_timezone (utc, g_date_time_get_timezone (now));
  days = count_days (time, now);
  if (days == 0)
    /* Translators: when a snapshot was taken, for g_date_time_format(): “Today 14:03”. */
    return g_date_time_format (time, _ ("Today %H:%M"));
  if (days == 1)
    /* Translators: when a snapshot was taken, for g_date_time_format(): “Yesterday 14:03”. */
    return g_date_time_format (time, _ ("Yesterday %H:%M"));
  if (g_date_time_get_year (time) == g_date_time_get_year (now))
    /* Translators: when a snapshot was taken, for g_date_time_format(): “3 Nov”. */
    return g_date_time_format (time, _ ("%-e %b"));

  /* Translators: when a snapshot was taken, for g_date_time_format(): “3 Nov 2024”. */
  return g_date_time_format (time, _ ("%-e %b %Y"));
}

/**
 * strata_snapshot_words_for_exact_time:
 * @created: seconds since 1970
 *
 * Returns: (transfer full) (nullable): when that was, in full
 */
char *
strata_snapshot_words_for_exact_time (gint64 created)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (created);

  if (created <= 0 || time == NULL)
    return NULL;

  /* Translators: when a snapshot was taken, for g_date_time_format(): “3 November 2025, 14:03:07”. */
  return g_date_time_format (time, _ ("%-e %B %Y, %H:%M:%S"));
}

/**
 * strata_snapshot_words_for_state:
 * @state: (nullable): libvirt's word
 *
 * Returns: (transfer none) (nullable): the state the machine was in; libvirt's word where there is no better
 */
const char *
strata_snapshot_words_for_state (const char *state)
{
  if (g_strcmp0 (state, "running") == 0)
    return C_ ("machine state", "Running");
  if (g_strcmp0 (state, "paused") == 0)
    return C_ ("machine state", "Paused");
  if (g_strcmp0 (state, "shutoff") == 0)
    return C_ ("machine state", "Off");
  /* Without the memory, so that the guest finds its disks as after a power cut. */
  if (g_strcmp0 (state, "disk-snapshot") == 0)
    return _ ("Running; only its disks were kept");

  return state;
}

/**
 * strata_snapshot_words_for_row:
 * @look: a node's look
 * @now: the time it is
 *
 * Returns: (transfer full): name, kind, time, bytes and whether the machine stands on it, as far as known
 */
char *
strata_snapshot_words_for_row (const StrataSnapshotNodeStyle *look, GDateTime *now)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_null_terminated (6, NULL, TRUE);
  g_autofree char *time = strata_snapshot_words_for_time (look->created, now);
  g_autofree char *bytes = strata_snapshot_words_for_bytes (look);
  const char *all[] = { strata_snapshot_words_for_title (look),
                        strata_snapshot_words_for_kind (look->kind), time, bytes,
                        look->current ? _ ("current") : NULL };

  for (size_t i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL)
      g_ptr_array_add (words, (char *) all[i]);

  /* Translators: what separates the words that a screen reader says of a row. */
  return g_strjoinv (_ (", "), (GStrv) words->pdata);
}
