/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataCreateSnapshotForm: what a snapshot is to be like. Kinds that can't be had are said with their reasons, by the planner. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-feasibility.h"
#include "model/strata-words.h"
#include "strata-create-snapshot-form.h"

typedef struct
{
  const char *name; /* of the toggle */
  StrataSnapshotKind kind;
} Kind;

static const Kind kinds[] = {
  { "memory", STRATA_SNAPSHOT_KIND_MEMORY },
  { "disk", STRATA_SNAPSHOT_KIND_DISK_ONLY },
  { "internal", STRATA_SNAPSHOT_KIND_INTERNAL },
};

struct _StrataCreateSnapshotForm
{
  StrataRequestForm parent_instance;

  StrataGraphMonitor *monitor; /* held */
  StrataMachine *machine;
  GCancellable *cancellable;
  GPtrArray *disk_switches; /* borrowed AdwSwitchRow, whose name is the target */
  char *suggestion;
  char *reasons[G_N_ELEMENTS (kinds)];

  AdwEntryRow *name_row;
  AdwEntryRow *description_row;
  AdwToggleGroup *kind;
  GtkLabel *reasons_label;
  AdwExpanderRow *disks_row;
  AdwSwitchRow *freeze_row;
};

G_DEFINE_FINAL_TYPE (StrataCreateSnapshotForm,
                     strata_create_snapshot_form,
                     STRATA_TYPE_REQUEST_FORM)

static StrataSnapshotKind
get_kind (StrataCreateSnapshotForm *self)
{
  const char *name = adw_toggle_group_get_active_name (self->kind);

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (g_strcmp0 (kinds[i].name, name) == 0)
        return kinds[i].kind;
    }

  return STRATA_SNAPSHOT_KIND_AUTO;
}

static char *
describe_kind (StrataCreateSnapshotForm *self, const char *name)
{
  if (g_strcmp0 (name, "memory") == 0)
    return g_strdup (
        _ ("The disks are frozen and go on in overlays, and the guest’s memory is kept in "
           "a file: going back, the guest goes on as if nothing had happened."));
  if (g_strcmp0 (name, "internal") == 0)
    return g_strdup (
        _ ("Everything is kept inside the qcow2 images. The machine stands still while "
           "its memory is written."));

  return g_strdup (_ (
      "The disks are frozen and go on in overlays. After a revert the guest starts as after a power cut."));
}

/* NULL: every disk that can be */
static GStrv
dup_targets (StrataCreateSnapshotForm *self)
{
  g_autoptr (GStrvBuilder) targets = g_strv_builder_new ();
  gboolean all = TRUE;

  for (guint i = 0; i < self->disk_switches->len; i++)
    {
      AdwSwitchRow *row = g_ptr_array_index (self->disk_switches, i);

      if (adw_switch_row_get_active (row))
        g_strv_builder_add (targets, gtk_widget_get_name (GTK_WIDGET (row)));
      else
        all = FALSE;
    }

  return all ? NULL : g_strv_builder_end (targets);
}

static StrataRequest *
strata_create_snapshot_form_make_request (StrataRequestForm *form)
{
  StrataCreateSnapshotForm *self = STRATA_CREATE_SNAPSHOT_FORM (form);
  StrataRequest *request = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
  const char *description = gtk_editable_get_text (GTK_EDITABLE (self->description_row));

  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->snapshot = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row)));
  request->description = *description != '\0' ? g_strdup (description) : NULL;
  request->snapshot_kind = get_kind (self);
  request->quiesce = gtk_widget_get_sensitive (GTK_WIDGET (self->freeze_row)) &&
                     adw_switch_row_get_active (self->freeze_row);
  if (request->snapshot_kind != STRATA_SNAPSHOT_KIND_INTERNAL)
    request->disks = dup_targets (self);

  return request;
}

static void
update_freeze (StrataCreateSnapshotForm *self)
{
  StrataDomainFacts *facts = strata_machine_get_facts (self->machine);
  const char *reason = NULL;

  if (facts->state != STRATA_DOMAIN_STATE_RUNNING)
    reason = _ ("The machine is not running.");
  else if (!strata_domain_xml_has_agent (facts->definition))
    reason = _ ("The machine has no channel for a guest agent, which would do it.");
  else if (get_kind (self) != STRATA_SNAPSHOT_KIND_DISK_ONLY)
    reason = _ ("Only for disks alone: with its memory, nothing of the guest is lost anyway.");

  adw_action_row_set_subtitle (
      ADW_ACTION_ROW (self->freeze_row),
      reason != NULL ? reason : _ ("By the guest agent, so that files are whole on the disk"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->freeze_row), reason == NULL);
}

static void
update_disks (StrataCreateSnapshotForm *self)
{
  gboolean internal = get_kind (self) == STRATA_SNAPSHOT_KIND_INTERNAL;
  guint n = 0;
  g_autofree char *text = NULL;

  for (guint i = 0; i < self->disk_switches->len; i++)
    n += adw_switch_row_get_active (g_ptr_array_index (self->disk_switches, i)) ? 1 : 0;

  if (internal)
    text = g_strdup (_ ("An internal snapshot always has every disk in it."));
  else
    /* Translators: how many disks are in the snapshot: “2 of 3”. */
    text = g_strdup_printf (_ ("%u of %u"), n, self->disk_switches->len);
  adw_expander_row_set_subtitle (self->disks_row, text);
  gtk_widget_set_sensitive (GTK_WIDGET (self->disks_row), !internal);
}

static void
changed_cb (StrataCreateSnapshotForm *self)
{
  if (self->machine == NULL)
    return; /* still being made */
  update_disks (self);
  strata_request_form_changed (STRATA_REQUEST_FORM (self));
}

static void
kind_changed_cb (StrataCreateSnapshotForm *self)
{
  if (self->machine == NULL)
    return;
  update_freeze (self);
  changed_cb (self);
}

static void
activated_cb (StrataCreateSnapshotForm *self)
{
  strata_request_form_activate (STRATA_REQUEST_FORM (self));
}

static void
add_disks (StrataCreateSnapshotForm *self)
{
  GPtrArray *disks = strata_machine_get_facts (self->machine)->disks;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      GtkWidget *row;

      if (disk->source == NULL || disk->read_only || g_strcmp0 (disk->device, "disk") != 0)
        continue;

      row = adw_switch_row_new ();
      gtk_widget_set_name (row, disk->target);
      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), disk->target);
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), disk->source);
      adw_switch_row_set_active (ADW_SWITCH_ROW (row), TRUE);
      g_signal_connect_object (row, "notify::active", G_CALLBACK (changed_cb), self,
                               G_CONNECT_SWAPPED);
      adw_expander_row_add_row (self->disks_row, row);
      g_ptr_array_add (self->disk_switches, row);
    }
}

/* Which kinds can be had ------------------------------------------------------------------------ */

static void
show_reasons (StrataCreateSnapshotForm *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      AdwToggle *toggle = adw_toggle_group_get_toggle_by_name (self->kind, kinds[i].name);

      adw_toggle_set_enabled (toggle, self->reasons[i] == NULL);
      adw_toggle_set_tooltip (toggle, self->reasons[i] != NULL ? self->reasons[i] : "");
      if (self->reasons[i] != NULL)
        /* Translators: a kind of snapshot (“Internal”), and why it can’t be had. */
        g_string_append_printf (text, _ ("%s%s: %s."), text->len > 0 ? "\n" : "",
                                adw_toggle_get_label (toggle), self->reasons[i]);
    }
  gtk_label_set_label (self->reasons_label, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->reasons_label), text->len > 0);
}

/* The first that can be had, where the chosen one cannot. */
static void
choose_possible (StrataCreateSnapshotForm *self)
{
  const char *chosen = adw_toggle_group_get_active_name (self->kind);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (g_strcmp0 (kinds[i].name, chosen) == 0 && self->reasons[i] == NULL)
        return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (self->reasons[i] != NULL)
        continue;
      adw_toggle_group_set_active_name (self->kind, kinds[i].name);
      return;
    }
}

typedef struct
{
  StrataCreateSnapshotForm *form;
  guint kind;
} Question;

static void
judged_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  g_autoptr (StrataCreateSnapshotForm) self = question->form;
  g_autoptr (GError) error = NULL;

  strata_feasibility_ask_finish (STRATA_GRAPH (object), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->kind == NULL)
    return;

  g_set_str (&self->reasons[question->kind], error != NULL ? error->message : NULL);
  show_reasons (self);
  choose_possible (self);
}

static void
judge_kind (StrataCreateSnapshotForm *self, StrataGraph *graph, guint kind)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
  Question *question = g_new0 (Question, 1);

  request->domain = g_strdup (strata_machine_get_uuid (self->machine));
  request->snapshot = g_strdup (self->suggestion);
  request->snapshot_kind = kinds[kind].kind;
  question->form = g_object_ref (self);
  question->kind = kind;
  strata_feasibility_ask_async (graph, request, self->cancellable, judged_cb, question);
}

static void
judge_kinds (StrataCreateSnapshotForm *self)
{
  StrataGraph *graph = strata_graph_monitor_get_graph (self->monitor);

  for (guint i = 0; graph != NULL && i < G_N_ELEMENTS (kinds); i++)
    judge_kind (self, graph, i);
}

static gboolean
strata_create_snapshot_form_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (STRATA_CREATE_SNAPSHOT_FORM (widget)->name_row));
}

static void
strata_create_snapshot_form_dispose (GObject *object)
{
  StrataCreateSnapshotForm *self = STRATA_CREATE_SNAPSHOT_FORM (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->monitor != NULL)
    strata_graph_monitor_release (self->monitor);
  g_clear_object (&self->monitor);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_CREATE_SNAPSHOT_FORM);
  g_clear_object (&self->machine);

  G_OBJECT_CLASS (strata_create_snapshot_form_parent_class)->dispose (object);
}

static void
strata_create_snapshot_form_finalize (GObject *object)
{
  StrataCreateSnapshotForm *self = STRATA_CREATE_SNAPSHOT_FORM (object);

  g_clear_pointer (&self->disk_switches, g_ptr_array_unref);
  g_clear_pointer (&self->suggestion, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_clear_pointer (&self->reasons[i], g_free);

  G_OBJECT_CLASS (strata_create_snapshot_form_parent_class)->finalize (object);
}

static void
strata_create_snapshot_form_class_init (StrataCreateSnapshotFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_create_snapshot_form_dispose;
  object_class->finalize = strata_create_snapshot_form_finalize;
  widget_class->grab_focus = strata_create_snapshot_form_grab_focus;
  STRATA_REQUEST_FORM_CLASS (klass)->make_request = strata_create_snapshot_form_make_request;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-create-snapshot-form.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataCreateSnapshotForm, name_row);
  gtk_widget_class_bind_template_child (widget_class, StrataCreateSnapshotForm, description_row);
  gtk_widget_class_bind_template_child (widget_class, StrataCreateSnapshotForm, kind);
  gtk_widget_class_bind_template_child (widget_class, StrataCreateSnapshotForm, reasons_label);
  gtk_widget_class_bind_template_child (widget_class, StrataCreateSnapshotForm, disks_row);
  gtk_widget_class_bind_template_child (widget_class, StrataCreateSnapshotForm, freeze_row);
  gtk_widget_class_bind_template_callback (widget_class, describe_kind);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, kind_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
strata_create_snapshot_form_init (StrataCreateSnapshotForm *self)
{
  self->cancellable = g_cancellable_new ();
  self->disk_switches = g_ptr_array_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_create_snapshot_form_new:
 * @host: the machine's host
 * @machine: of what the snapshot is taken
 *
 * Returns: (transfer none): a floating form
 */
StrataRequestForm *
strata_create_snapshot_form_new (StrataHost *host, StrataMachine *machine)
{
  StrataCreateSnapshotForm *self;

  g_return_val_if_fail (STRATA_IS_HOST (host), NULL);
  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);

  self = g_object_new (STRATA_TYPE_CREATE_SNAPSHOT_FORM, NULL);
  /* Until the planner has said more. */
  if (!strata_machine_is_active (machine))
    adw_toggle_group_set_active_name (self->kind, "disk");
  self->suggestion = strata_words_for_new_snapshot (strata_machine_get_facts (machine));
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), self->suggestion);

  self->machine = g_object_ref (machine);
  add_disks (self);
  update_disks (self);
  update_freeze (self);

  self->monitor = g_object_ref (strata_host_get_graph_monitor (host));
  strata_graph_monitor_hold (self->monitor);
  g_signal_connect_object (self->monitor, "notify::graph", G_CALLBACK (judge_kinds), self,
                           G_CONNECT_SWAPPED);
  judge_kinds (self);

  return STRATA_REQUEST_FORM (self);
}
