/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotDetails: what is selected in the tree, in full. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/snapshot/strata-snapshot-words.h"
#include "strata-snapshot-details.h"
#include "strata-snapshot-menu.h"

struct _StrataSnapshotDetails
{
  AdwBin parent_instance;

  GPtrArray *disk_rows; /* in disks, which owns them */

  GtkLabel *title;
  GtkLabel *kind;
  GtkLabel *description;
  GtkPicture *picture;
  GtkWidget *snapshot_buttons;
  GtkWidget *here_buttons;
  GtkWidget *revert_button;
  GtkWidget *clone_button;
  GtkWidget *edit_button;
  GtkWidget *delete_button;
  GtkWidget *facts_group;
  AdwActionRow *time;
  AdwActionRow *state;
  AdwActionRow *parent;
  AdwActionRow *bytes;
  AdwActionRow *memory;
  AdwPreferencesGroup *disks;
};

G_DEFINE_FINAL_TYPE (StrataSnapshotDetails, strata_snapshot_details, ADW_TYPE_BIN)

static void
set_row (AdwActionRow *row, const char *text)
{
  adw_action_row_set_subtitle (row, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (row), text != NULL);
}

static char *
describe_image (StrataGraph *graph, const char *path)
{
  const StrataImage *image = graph != NULL ? strata_graph_get_image (graph, path) : NULL;
  g_autofree char *size = NULL;

  if (image == NULL)
    return g_strdup (path);
  if (image->missing)
    /* Translators: an image file that is not there. */
    return g_strdup_printf (_ ("%s (missing)"), path);

  size = g_format_size (image->allocation);

  /* Translators: an image file, and how much it takes on disk. */
  return g_strdup_printf (_ ("%s (%s)"), path, size);
}

static void
add_disk (StrataSnapshotDetails *self, const char *target, const char *path, StrataGraph *graph)
{
  g_autofree char *text = describe_image (graph, path);
  GtkWidget *row = g_object_new (ADW_TYPE_ACTION_ROW, "use-markup", FALSE, "title", target,
                                 "subtitle", text, "subtitle-selectable", TRUE, NULL);

  gtk_widget_add_css_class (row, "property");
  adw_preferences_group_add (self->disks, row);
  g_ptr_array_add (self->disk_rows, row);
}

static void
show_disks (StrataSnapshotDetails *self,
            const StrataSnapshotFacts *snapshot,
            const StrataDomainFacts *facts,
            StrataGraph *graph)
{
  for (guint i = 0; i < self->disk_rows->len; i++)
    adw_preferences_group_remove (self->disks, g_ptr_array_index (self->disk_rows, i));
  g_ptr_array_set_size (self->disk_rows, 0);

  for (guint i = 0; snapshot != NULL && i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_NONE && disk->image != NULL)
        add_disk (self, disk->target, disk->image, graph);
    }
  for (guint i = 0; snapshot == NULL && i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0)
        add_disk (self, disk->target, disk->source, graph);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->disks), self->disk_rows->len > 0);
}

static char *
describe_memory (const StrataSnapshotFacts *snapshot, StrataGraph *graph)
{
  if (snapshot == NULL || snapshot->memory == STRATA_SNAPSHOT_NONE)
    return NULL;
  if (snapshot->memory == STRATA_SNAPSHOT_INTERNAL)
    return g_strdup (_ ("In the image"));
  if (snapshot->memory_missing)
    return g_strdup_printf (_ ("%s (missing)"), snapshot->memory_file);

  return describe_image (graph, snapshot->memory_file);
}

static void
show_head (StrataSnapshotDetails *self, const StrataSnapshotNodeStyle *look)
{
  const char *kind = strata_snapshot_words_for_kind (look->kind);
  g_autofree char *text = NULL;
  const char *description = look->description;

  if (look->current)
    /* Translators: a snapshot’s kind, “Disk and memory”, of the one on which the machine stands. */
    text = g_strdup_printf (_ ("%s · the machine stands on it"), kind);
  if (look->kind == STRATA_SNAPSHOT_NODE_RETAINED)
    description = _ ("A snapshot that was deleted. Its image is kept because several others stand "
                     "on it, and is merged away when one is left.");
  if (look->kind == STRATA_SNAPSHOT_NODE_HERE)
    description =
        _ ("Drag it onto a snapshot to go back in time. You are asked what becomes of it.");

  gtk_label_set_label (self->title, strata_snapshot_words_for_title (look));
  gtk_label_set_label (self->kind, text != NULL ? text : kind);
  gtk_label_set_label (self->description, description != NULL ? description : "");
  gtk_widget_set_visible (GTK_WIDGET (self->description),
                          description != NULL && *description != '\0');
}

static void
show_picture (StrataSnapshotDetails *self, StrataSnapshotNode *node)
{
  GObject *picture = strata_snapshot_node_get_picture (node);

  gtk_picture_set_paintable (self->picture, picture != NULL ? GDK_PAINTABLE (picture) : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->picture), picture != NULL);
}

static void
show_facts (StrataSnapshotDetails *self,
            const StrataSnapshotNodeStyle *look,
            const StrataSnapshotFacts *snapshot,
            StrataGraph *graph)
{
  gboolean here = look->kind == STRATA_SNAPSHOT_NODE_HERE;
  g_autofree char *time = strata_snapshot_words_for_exact_time (look->created);
  g_autofree char *bytes = look->bytes >= 0 ? g_format_size ((guint64) look->bytes) : NULL;
  g_autofree char *memory = describe_memory (snapshot, graph);

  set_row (self->time, time);
  set_row (self->state,
           snapshot != NULL ? strata_snapshot_words_for_state (snapshot->state) : NULL);
  set_row (self->parent, look->parent);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->bytes),
                                 here ? _ ("Written since") : _ ("Takes on disk"));
  set_row (self->bytes, bytes);
  set_row (self->memory, memory);
  gtk_widget_set_visible (self->facts_group, time != NULL || look->parent != NULL || bytes != NULL);
}

static void
strata_snapshot_details_dispose (GObject *object)
{
  StrataSnapshotDetails *self = STRATA_SNAPSHOT_DETAILS (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SNAPSHOT_DETAILS);
  g_clear_pointer (&self->disk_rows, g_ptr_array_unref);

  G_OBJECT_CLASS (strata_snapshot_details_parent_class)->dispose (object);
}

static void
strata_snapshot_details_class_init (StrataSnapshotDetailsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_snapshot_details_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-snapshot-details.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, title);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, kind);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, description);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, picture);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, snapshot_buttons);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, here_buttons);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, revert_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, clone_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, edit_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, delete_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, facts_group);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, time);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, state);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, parent);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, bytes);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, memory);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotDetails, disks);
}

static void
strata_snapshot_details_init (StrataSnapshotDetails *self)
{
  self->disk_rows = g_ptr_array_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_snapshot_details_show:
 * @self: details
 * @node: (nullable): what is selected
 * @facts: (nullable): its machine
 * @graph: (nullable): the host's images
 */
void
strata_snapshot_details_show (StrataSnapshotDetails *self,
                              StrataSnapshotNode *node,
                              StrataDomainFacts *facts,
                              StrataGraph *graph)
{
  const StrataSnapshotNodeStyle *look = node != NULL ? strata_snapshot_node_get_style (node) : NULL;
  const StrataSnapshotFacts *snapshot = NULL;

  g_return_if_fail (STRATA_IS_SNAPSHOT_DETAILS (self));

  if (look != NULL && look->name != NULL && facts != NULL)
    snapshot = strata_domain_facts_find_snapshot (facts, look->name);
  /* What is just being deleted has a row for a moment longer than it has facts. */
  gtk_widget_set_visible (GTK_WIDGET (self), look != NULL && facts != NULL &&
                                                 (look->name == NULL) == (snapshot == NULL));
  if (!gtk_widget_get_visible (GTK_WIDGET (self)))
    return;

  show_head (self, look);
  show_picture (self, node);
  show_facts (self, look, snapshot, graph);
  show_disks (self, snapshot, facts, graph);
  gtk_widget_set_visible (self->snapshot_buttons, strata_snapshot_node_is_snapshot (node));
  gtk_widget_set_visible (self->here_buttons, look->kind == STRATA_SNAPSHOT_NODE_HERE);
}

/**
 * strata_snapshot_details_explain:
 * @self: details
 * @act: what one can do with a snapshot
 * @reason: (nullable): why it can't be done with the one that is shown
 */
void
strata_snapshot_details_explain (StrataSnapshotDetails *self,
                                 StrataSnapshotAct act,
                                 const char *reason)
{
  GtkWidget *buttons[STRATA_N_SNAPSHOT_ACTS] = {
    [STRATA_SNAPSHOT_REVERT] = self->revert_button,
    [STRATA_SNAPSHOT_CLONE] = self->clone_button,
    [STRATA_SNAPSHOT_EDIT] = self->edit_button,
    [STRATA_SNAPSHOT_DELETE] = self->delete_button,
  };

  g_return_if_fail (STRATA_IS_SNAPSHOT_DETAILS (self));

  if (buttons[act] != NULL)
    strata_snapshot_menu_explain (buttons[act], reason);
}
