/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The order in which machines are listed. */

#include "config.h"

#include "strata-machine-order.h"

static int
compare (StrataMachine *a, StrataMachine *b)
{
  int order = strcmp (strata_machine_get_sort_key (a), strata_machine_get_sort_key (b));

  return order != 0 ? order : g_strcmp0 (strata_machine_get_uuid (a), strata_machine_get_uuid (b));
}

static int
compare_pointers (gconstpointer a, gconstpointer b)
{
  return compare (*(StrataMachine *const *) a, *(StrataMachine *const *) b);
}

/**
 * strata_machine_order_sort:
 * @machines: (element-type StrataMachine): machines in any order
 *
 * Main thread.
 */
void
strata_machine_order_sort (GPtrArray *machines)
{
  g_return_if_fail (machines != NULL);

  g_ptr_array_sort (machines, compare_pointers);
}

/**
 * strata_machine_order_find:
 * @machines: (element-type StrataMachine): machines in order
 * @machine: a machine
 *
 * Main thread.
 *
 * Returns: where @machine is or, if it is not there, belongs
 */
guint
strata_machine_order_find (GPtrArray *machines, StrataMachine *machine)
{
  guint low = 0;
  guint high;

  g_return_val_if_fail (machines != NULL, 0);
  g_return_val_if_fail (STRATA_IS_MACHINE (machine), 0);

  high = machines->len;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (compare (g_ptr_array_index (machines, middle), machine) < 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}
