/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The smallest change from one order of items to another, as splices of a list. */

#include "config.h"

#include "strata-list-diff.h"

#define NEW G_MAXUINT

/* For each wanted item where it is in the store, or NEW. */
static guint *
find_old_positions (GListModel *store, GPtrArray *wanted)
{
  g_autoptr (GHashTable) positions = g_hash_table_new (NULL, NULL);
  guint *old = g_new (guint, wanted->len);

  for (guint i = 0; i < g_list_model_get_n_items (store); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (store, i);

      g_hash_table_insert (positions, item, GUINT_TO_POINTER (i + 1));
    }
  for (guint i = 0; i < wanted->len; i++)
    /* Where there is none, 0 less 1 is NEW. */
    old[i] = GPOINTER_TO_UINT (g_hash_table_lookup (positions, wanted->pdata[i])) - 1;

  return old;
}

/* How many of ENDS, indices into OLD with rising values, have a value under VALUE. */
static guint
count_under (const guint *ends, guint n, const guint *old, guint value)
{
  guint low = 0;

  while (low < n)
    {
      guint middle = low + (n - low) / 2;

      if (old[ends[middle]] < value)
        low = middle + 1;
      else
        n = middle;
    }

  return low;
}

/* The longest rising subsequence of OLD; the others become NEW, for they have to be taken out and put back. */
static void
keep_longest_run (guint *old, guint n)
{
  g_autofree guint *ends =
      g_new (guint, n + 1); /* of the runs of each length, the one that ends lowest */
  g_autofree guint *before = g_new (guint, n + 1);
  g_autofree gboolean *kept = g_new0 (gboolean, n + 1);
  guint longest = 0;

  for (guint i = 0; i < n; i++)
    {
      guint length;

      if (old[i] == NEW)
        continue;
      length = count_under (ends, longest, old, old[i]);
      before[i] = length > 0 ? ends[length - 1] : NEW;
      ends[length] = i;
      longest = MAX (longest, length + 1);
    }

  for (guint i = longest > 0 ? ends[longest - 1] : NEW; i != NEW; i = before[i])
    kept[i] = TRUE;
  for (guint i = 0; i < n; i++)
    old[i] = kept[i] ? old[i] : NEW;
}

void
strata_list_diff_apply (GListStore *store, GPtrArray *wanted)
{
  g_autofree guint *old = find_old_positions (G_LIST_MODEL (store), wanted);
  guint n_old = g_list_model_get_n_items (G_LIST_MODEL (store));
  guint next_old = 0; /* what has not been looked at yet, as it was counted at first */

  keep_longest_run (old, wanted->len);
  for (guint i = 0; i <= wanted->len;)
    {
      guint added = 0;
      guint until;

      while (i + added < wanted->len && old[i + added] == NEW)
        added++;
      until = i + added < wanted->len ? old[i + added] : n_old;
      if (added > 0 || until > next_old)
        g_list_store_splice (store, i, until - next_old, wanted->pdata + i, added);
      next_old = until + 1;
      i += added + 1;
    }
}
