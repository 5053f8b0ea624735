/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSidebar: the machines and templates of a host, with search, and the choice of host. */

#include "config.h"

#include <glib/gi18n.h>

#include "ui/machine/strata-machine-row.h"
#include "strata-error-dialog.h"
#include "strata-menu-words.h"
#include "strata-sidebar.h"
#include "model/snapshot/strata-snapshot-node.h"

struct _StrataSidebar
{
  AdwBin parent_instance;

  StrataHost *host;
  GListModel *hosts;
  StrataMachine *machine; /* (nullable): what is selected */

  GtkMenuButton *main_button;
  GtkMenuButton *host_button;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  GtkStack *stack;
  GtkListView *list_view;
  GtkSingleSelection *selection;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_MACHINE,
  N_PROPS,
} StrataSidebarProperty;

enum
{
  ACTIVATED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSidebar, strata_sidebar, ADW_TYPE_BIN)

static gboolean
is_connecting (StrataSidebar *self, StrataHostState state)
{
  return state == STRATA_HOST_CONNECTING || state == STRATA_HOST_RECONNECTING;
}

static gboolean
is_string (StrataSidebar *self, const char *string)
{
  return string != NULL;
}

static char *
get_search_text (StrataMachine *machine, const char *name, const char *subtitle)
{
  return g_strconcat (name, "\n", subtitle, NULL);
}

static char *
get_section_title (GtkListHeader *header, gboolean is_template)
{
  return g_strdup (is_template ? _ ("Templates") : _ ("Virtual Machines"));
}

static char *
describe_machine (GtkListItem *item,
                  const char *name,
                  const char *state,
                  const char *subtitle,
                  gboolean is_template)
{
  if (name == NULL)
    return NULL;

  if (is_template)
    /* Translators: a template’s row as a screen reader says it: name, then “4 clones · Debian 12”. */
    return g_strdup_printf (_ ("%s, template, %s"), name, subtitle);

  /* Translators: a machine’s row as a screen reader says it: name, state, then “thin · template-web”. */
  return g_strdup_printf (_ ("%s, %s, %s"), name, state, subtitle);
}

static void
explain_read_only_cb (StrataSidebar *self)
{
  const GError *reason = strata_host_get_read_only_reason (self->host);

  if (reason != NULL)
    strata_error_dialog_explain (_ ("Read-Only"), reason, GTK_WIDGET (self));
}

static void
update_stack (StrataSidebar *self)
{
  const char *page = "list";

  if (g_list_model_get_n_items (G_LIST_MODEL (self->selection)) == 0)
    page = self->host != NULL && g_list_model_get_n_items (G_LIST_MODEL (self->host)) > 0
               ? "none-found"
               : "empty";

  gtk_stack_set_visible_child_name (self->stack, page);
}

static guint
find_position (StrataSidebar *self, StrataMachine *machine)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataMachine) other = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

      if (other == machine)
        return i;
    }

  return GTK_INVALID_LIST_POSITION;
}

static gboolean
is_known (StrataSidebar *self, StrataMachine *machine)
{
  return self->host != NULL &&
         strata_host_find (self->host, strata_machine_get_uuid (machine)) == machine;
}

static void
take_selection (StrataSidebar *self, StrataMachine *machine)
{
  if (g_set_object (&self->machine, machine))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MACHINE]);
}

static void
selection_changed_cb (StrataSidebar *self)
{
  StrataMachine *machine = gtk_single_selection_get_selected_item (self->selection);

  /* Something that the search hides, or that is just being moved, stays selected. */
  if (machine == NULL && self->machine != NULL && is_known (self, self->machine))
    return;

  take_selection (self, machine);
}

/* A machine that became a template moves: it goes from the list and comes back elsewhere. */
static void
items_changed_cb (StrataSidebar *self)
{
  update_stack (self);

  if (self->machine != NULL && !is_known (self, self->machine))
    take_selection (self, NULL);
  if (self->machine != NULL && gtk_single_selection_get_selected_item (self->selection) == NULL)
    gtk_single_selection_set_selected (self->selection, find_position (self, self->machine));
}

static void
row_activated_cb (StrataSidebar *self)
{
  g_signal_emit (self, signals[ACTIVATED], 0);
}

/* A click chooses; the arrow keys only look, so that they don't leave the list of a narrow window. */
static void
list_clicked_cb (StrataSidebar *self, int n_press, double x, double y)
{
  GtkWidget *picked = gtk_widget_pick (GTK_WIDGET (self->list_view), x, y, GTK_PICK_DEFAULT);

  if (picked != NULL && gtk_widget_get_ancestor (picked, STRATA_TYPE_MACHINE_ROW) != NULL)
    g_signal_emit (self, signals[ACTIVATED], 0);
}

static void
search_activated_cb (StrataSidebar *self)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (self->selection)) == 0)
    return;

  gtk_single_selection_set_selected (self->selection, 0);
  g_signal_emit (self, signals[ACTIVATED], 0);
}

static void
pop_up_menu (GtkWidget *widget, const char *action, GVariant *parameter)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  GtkWidget *child = focus != NULL ? gtk_widget_get_first_child (focus) : NULL;

  if (STRATA_IS_MACHINE_ROW (child))
    strata_machine_row_pop_up_menu (STRATA_MACHINE_ROW (child), -1, -1);
}

/* A menu of all of them, and a way to another. */
static GMenuModel *
make_host_menu (GListModel *hosts)
{
  g_autoptr (GMenu) known = g_menu_new ();
  g_autoptr (GMenu) others = g_menu_new ();
  GMenu *menu = g_menu_new ();

  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (StrataHost) host = g_list_model_get_item (hosts, i);
      g_autoptr (GMenuItem) item = g_menu_item_new (strata_host_get_name (host), NULL);

      g_menu_item_set_action_and_target (item, "window.host-uri", "s", strata_host_get_uri (host));
      g_menu_append_item (known, item);
    }

  g_menu_append (others, _ ("_Connect…"), "window.connect");
  g_menu_append (others, _ ("_Remove This Host From the List"), "window.remove-host");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (known));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (others));

  return G_MENU_MODEL (menu);
}

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

/* A snapshot that is dragged onto the list of machines becomes a new one. Only a snapshot is offered to be copied; "you are here" is
 * offered to be moved, and is not taken. */
static void
take_drops (GtkWidget *widget)
{
  GtkDropTarget *target = gtk_drop_target_new (STRATA_TYPE_SNAPSHOT_NODE, GDK_ACTION_COPY);

  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), NULL);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (target));
}

static void
rebuild_host_menu (StrataSidebar *self)
{
  g_autoptr (GMenuModel) menu = make_host_menu (self->hosts);

  gtk_menu_button_set_menu_model (self->host_button, menu);
  strata_menu_words_follow (self->host_button);
}

static void
strata_sidebar_dispose (GObject *object)
{
  StrataSidebar *self = STRATA_SIDEBAR (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SIDEBAR);
  g_clear_object (&self->host);
  g_clear_object (&self->hosts);
  g_clear_object (&self->machine);

  G_OBJECT_CLASS (strata_sidebar_parent_class)->dispose (object);
}

static void
strata_sidebar_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataSidebar *self = STRATA_SIDEBAR (object);

  switch ((StrataSidebarProperty) prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, self->host);
      break;
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_sidebar_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  StrataSidebar *self = STRATA_SIDEBAR (object);

  switch ((StrataSidebarProperty) prop_id)
    {
    case PROP_HOST:
      strata_sidebar_set_host (self, g_value_get_object (value));
      break;
    case PROP_MACHINE:
      strata_sidebar_set_machine (self, g_value_get_object (value));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_sidebar_class_init (StrataSidebarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_sidebar_dispose;
  object_class->get_property = strata_sidebar_get_property;
  object_class->set_property = strata_sidebar_set_property;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags);
  properties[PROP_MACHINE] =
      g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSidebar, main_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSidebar, host_button);
  gtk_widget_class_bind_template_child (widget_class, StrataSidebar, search_bar);
  gtk_widget_class_bind_template_child (widget_class, StrataSidebar, search_entry);
  gtk_widget_class_bind_template_child (widget_class, StrataSidebar, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSidebar, list_view);
  gtk_widget_class_bind_template_child (widget_class, StrataSidebar, selection);
  gtk_widget_class_bind_template_callback (widget_class, is_connecting);
  gtk_widget_class_bind_template_callback (widget_class, explain_read_only_cb);
  gtk_widget_class_bind_template_callback (widget_class, is_string);
  gtk_widget_class_bind_template_callback (widget_class, get_search_text);
  gtk_widget_class_bind_template_callback (widget_class, get_section_title);
  gtk_widget_class_bind_template_callback (widget_class, describe_machine);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, items_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, list_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_activated_cb);

  gtk_widget_class_install_action (widget_class, "sidebar.menu", NULL, pop_up_menu);
}

static void
strata_sidebar_init (StrataSidebar *self)
{
  g_type_ensure (STRATA_TYPE_MACHINE_ROW);
  g_type_ensure (STRATA_TYPE_HOST);

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  gtk_search_bar_set_key_capture_widget (self->search_bar, GTK_WIDGET (self));
  strata_menu_words_follow (self->main_button);
  take_drops (GTK_WIDGET (self->list_view));
  update_stack (self);
}

StrataHost *
strata_sidebar_get_host (StrataSidebar *self)
{
  g_return_val_if_fail (STRATA_IS_SIDEBAR (self), NULL);

  return self->host;
}

void
strata_sidebar_set_host (StrataSidebar *self, StrataHost *host)
{
  g_return_if_fail (STRATA_IS_SIDEBAR (self));

  if (!g_set_object (&self->host, host))
    return;

  take_selection (self, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST]);
  update_stack (self);
}

/**
 * strata_sidebar_set_hosts:
 * @self: a sidebar
 * @hosts: (not nullable): a list of StrataHost, among which the person chooses
 */
void
strata_sidebar_set_hosts (StrataSidebar *self, GListModel *hosts)
{
  g_return_if_fail (STRATA_IS_SIDEBAR (self));
  g_return_if_fail (self->hosts == NULL);

  self->hosts = g_object_ref (hosts);
  g_signal_connect_object (hosts, "items-changed", G_CALLBACK (rebuild_host_menu), self,
                           G_CONNECT_SWAPPED);
  rebuild_host_menu (self);
}

StrataMachine *
strata_sidebar_get_machine (StrataSidebar *self)
{
  g_return_val_if_fail (STRATA_IS_SIDEBAR (self), NULL);

  return self->machine;
}

/**
 * strata_sidebar_set_machine:
 * @self: a sidebar
 * @machine: (nullable): a machine of its host
 *
 * Selects @machine and shows its row.
 */
void
strata_sidebar_set_machine (StrataSidebar *self, StrataMachine *machine)
{
  guint position;

  g_return_if_fail (STRATA_IS_SIDEBAR (self));

  if (machine == self->machine)
    return;

  take_selection (self, machine);
  position = machine != NULL ? find_position (self, machine) : GTK_INVALID_LIST_POSITION;
  gtk_single_selection_set_selected (self->selection, position);
  if (position != GTK_INVALID_LIST_POSITION)
    gtk_list_view_scroll_to (self->list_view, position, GTK_LIST_SCROLL_NONE, NULL);
}

/**
 * strata_sidebar_search:
 * @self: a sidebar
 *
 * Opens the search and puts the cursor into it.
 */
void
strata_sidebar_search (StrataSidebar *self)
{
  g_return_if_fail (STRATA_IS_SIDEBAR (self));

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

void
strata_sidebar_focus_list (StrataSidebar *self)
{
  g_return_if_fail (STRATA_IS_SIDEBAR (self));

  gtk_widget_grab_focus (GTK_WIDGET (self->list_view));
}
