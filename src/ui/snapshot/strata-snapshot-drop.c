/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Takes snapshots that are dragged onto the list of machines: each is to become a new machine. */

#include "config.h"

#include "model/snapshot/strata-snapshot-node.h"
#include "strata-snapshot-drop.h"

static gboolean
drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, gpointer unused)
{
  StrataSnapshotNode *node = g_value_get_object (value);

  if (!strata_snapshot_node_is_snapshot (node))
    return FALSE;

  return gtk_widget_activate_action (
      gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target)), "snapshot.clone", "s",
      strata_snapshot_node_get_name (node));
}

/**
 * strata_snapshot_drop_add:
 * @widget: the list of machines
 *
 * Only a snapshot is offered to be copied; "you are here" is offered to be moved, and is not taken.
 */
void
strata_snapshot_drop_add (GtkWidget *widget)
{
  GtkDropTarget *target = gtk_drop_target_new (STRATA_TYPE_SNAPSHOT_NODE, GDK_ACTION_COPY);

  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), NULL);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (target));
}
