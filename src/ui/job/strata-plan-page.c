/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPlanPage: what will happen, in words, before anything does. With a form above it the plan stays in sight, dimmed, while
 * the next one is made, and a refusal takes its place there; without one both have the page for themselves.
 *
 * The host goes on while a person reads. Whenever it changes the plan is asked for again, and nothing can be confirmed until it is
 * there; if it says the same nothing is to be seen of that. Otherwise what is different from the plan that the page was opened with
 * is marked, and the button waits a moment, so that a press that was meant for the old plan doesn't meet the new one.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-host-watch.h"
#include "model/strata-plan-changes.h"
#include "model/strata-plan-target.h"
#include "model/strata-short-paths.h"
#include "model/snapshot/strata-snapshot-watch.h"
#include "strata-plan-page.h"
#include "strata-plan-view.h"
#include "base/strata-error.h"

struct _StrataPlanPage
{
  AdwNavigationPage parent_instance;

  StrataJobQueue *queue;
  StrataHost *host;
  StrataHostWatch *watch;
  StrataRequest *request;              /* NULL until the first was made */
  StrataPlanTarget *subject;           /* NULL until it is known what it is about */
  GSignalGroup *machine_signals;       /* of the subject */
  StrataSnapshotWatch *snapshot_watch; /* likewise */
  StrataPlan *expected;                /* NULL unless the person has read of it elsewhere */
  StrataPlan *first_plan; /* the first answer to the request; NULL: it was refused, or is to come */
  StrataPlan *plan;       /* the last answer; NULL: refused, or to come */
  GError *refusal;        /* likewise */
  StrataRequestForm *form;   /* NULL: the request is given */
  GCancellable *cancellable; /* while the planner is asked */
  guint timeout_id;          /* a form's change is to be planned soon */
  guint guard_id;            /* the plan has become another one just now */
  guint check_id;            /* the subject is to be looked for */
  gboolean stale;            /* the host changed since the planner was asked */
  gboolean gone;             /* the subject is */
  gboolean had_focus;        /* the button, before it had to wait */

  AdwBanner *banner;
  AdwHeaderBar *header_bar;
  GtkButton *cancel_button;
  GtkButton *confirm_button;
  GtkStack *stack;
  AdwStatusPage *refusal_page;
  GtkWidget *recovery_button;
  StrataPlanView *view;
};

/* Typing a name does not ask at each letter. */
#define PATIENCE_MS 250
/* A press under way is over by then. */
#define GUARD_MS 1000

enum
{
  SUBMITTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataPlanPage, strata_plan_page, ADW_TYPE_NAVIGATION_PAGE)

static gboolean
has_focus_in_form (StrataPlanPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  return focus != NULL && self->form != NULL &&
         gtk_widget_is_ancestor (focus, GTK_WIDGET (self->form));
}

static gboolean
is_waiting (StrataPlanPage *self)
{
  return self->stale || self->cancellable != NULL || self->timeout_id != 0 || self->guard_id != 0;
}

/* The button works on the plan that is shown, and only while that is known to be the host's. A button that may not be pressed
 * loses the focus, and has it back if the plan said the same. */
static void
update_button (StrataPlanPage *self)
{
  GtkWidget *button = GTK_WIDGET (self->confirm_button);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  gboolean waiting = is_waiting (self);
  gboolean can_confirm = self->plan != NULL && !self->gone && !waiting;

  if (!can_confirm && gtk_widget_has_focus (button))
    self->had_focus = TRUE;
  gtk_widget_set_sensitive (button, can_confirm);
  gtk_widget_set_tooltip_text (button, waiting && !self->gone ? _ ("Looking again…") : NULL);
  strata_plan_view_set_spinning (self->view,
                                 (self->stale || self->cancellable != NULL) && !self->gone);
  if (can_confirm && self->had_focus)
    {
      self->had_focus = FALSE;
      if (root != NULL && gtk_root_get_focus (root) == NULL)
        gtk_widget_grab_focus (button);
    }
}

/* MAY_FOCUS: the person has not been reading yet. */
static void
show_plan (StrataPlanPage *self, gboolean may_focus)
{
  gboolean discards = strata_plan_discards (self->plan);

  strata_plan_view_show_plan (self->view, self->plan, self->first_plan);
  gtk_button_set_label (self->confirm_button, strata_plan_get_act (self->plan));
  gtk_widget_remove_css_class (GTK_WIDGET (self->confirm_button),
                               discards ? "suggested-action" : "destructive-action");
  gtk_widget_add_css_class (GTK_WIDGET (self->confirm_button),
                            discards ? "destructive-action" : "suggested-action");
  gtk_widget_set_visible (GTK_WIDGET (self->confirm_button), TRUE);
  gtk_button_set_label (self->cancel_button, _ ("_Cancel"));
  gtk_stack_set_visible_child_name (self->stack, "plan");
  update_button (self);
  /* Enter does not confirm what the user has not read yet when content is lost; and who types goes on typing. */
  if (may_focus && !discards && !has_focus_in_form (self))
    gtk_widget_grab_focus (GTK_WIDGET (self->confirm_button));
}

static void
show_words (StrataPlanPage *self,
            const char *title,
            const char *words,
            const char *hint,
            gboolean unfinished)
{
  g_autofree char *title_markup = g_markup_escape_text (title, -1);
  g_autofree char *text = NULL;
  g_autofree char *short_text = NULL;
  g_autofree char *markup = NULL;

  if (self->form != NULL)
    {
      strata_plan_view_show_refusal (self->view, words != NULL ? words : title, hint, unfinished);
      return;
    }

  text = g_strdup_printf ("%s%s%s", words != NULL ? words : "",
                          words != NULL && hint != NULL ? "\n\n" : "", hint != NULL ? hint : "");
  short_text = strata_short_paths (text);
  markup = g_markup_escape_text (short_text, -1);
  adw_status_page_set_title (self->refusal_page, title_markup);
  adw_status_page_set_description (self->refusal_page, markup);
  gtk_widget_set_visible (self->recovery_button, unfinished);
  gtk_widget_set_visible (GTK_WIDGET (self->confirm_button), FALSE);
  gtk_button_set_label (self->cancel_button, _ ("_Close"));
  gtk_stack_set_visible_child_name (self->stack, "refused");
}

static void
show_refusal (StrataPlanPage *self)
{
  gboolean unfinished = g_error_matches (self->refusal, STRATA_ERROR, STRATA_ERROR_NEEDS_RECOVERY);

  /* The button below is the way; what one would type is not. */
  show_words (self, _ ("This Cannot Be Done"), self->refusal->message,
              unfinished ? _ ("It has to be finished, rolled back or dismissed first.")
                         : strata_error_get_hint (self->refusal),
              unfinished);
  update_button (self);
}

static void
unguard_cb (gpointer user_data)
{
  StrataPlanPage *self = STRATA_PLAN_PAGE (user_data);

  self->guard_id = 0;
  update_button (self);
}

/* The answer is another one than the person has been reading. */
static void
warn (StrataPlanPage *self)
{
  self->had_focus = FALSE;
  g_clear_handle_id (&self->guard_id, g_source_remove);
  self->guard_id = g_timeout_add_once (GUARD_MS, unguard_cb, self);
  adw_banner_set_revealed (self->banner, TRUE);
  gtk_accessible_announce (GTK_ACCESSIBLE (self->banner), adw_banner_get_title (self->banner),
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

/* MACHINE: (nullable): the subject as it is now */
static void
follow_machine (StrataPlanPage *self, StrataMachine *machine)
{
  StrataConnection *connection = strata_host_get_connection (self->host);
  gboolean known = connection != NULL && machine != NULL;

  g_signal_group_set_target (self->machine_signals, machine);
  strata_snapshot_watch_refresh (self->snapshot_watch, known ? connection : NULL,
                                 known ? machine : NULL);
}

static void
show_gone (StrataPlanPage *self, const char *sentence)
{
  GtkWidget *view = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_NAVIGATION_VIEW);
  AdwNavigationPage *page = ADW_NAVIGATION_PAGE (self);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  /* A field that can't be typed into any more lets go of the keys before, not after. */
  if (root != NULL)
    gtk_root_set_focus (root, NULL);
  adw_banner_set_revealed (self->banner, FALSE);
  if (self->form != NULL)
    gtk_widget_set_sensitive (GTK_WIDGET (self->form), FALSE);
  gtk_button_set_label (self->cancel_button, _ ("_Close"));
  show_words (self, sentence, NULL, _ ("There is nothing left that this could be done with."),
              FALSE);
  update_button (self);
  /* Steps before this one make no sense any more, and the last is not called after one. */
  if (view != NULL && adw_navigation_view_get_visible_page (ADW_NAVIGATION_VIEW (view)) != page)
    {
      GtkWidget *dialog = gtk_widget_get_ancestor (view, ADW_TYPE_DIALOG);

      /* One that was closed is in none any more. */
      if (dialog == NULL)
        return;
      adw_navigation_page_set_title (page, adw_dialog_get_title (ADW_DIALOG (dialog)));
      adw_navigation_view_replace (ADW_NAVIGATION_VIEW (view), &page, 1);
    }
}

static void
cancel_planning (StrataPlanPage *self)
{
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

/* Whatever was answered, another request begins with nothing. */
static void
forget_answer (StrataPlanPage *self)
{
  cancel_planning (self);
  g_clear_handle_id (&self->guard_id, g_source_remove);
  g_clear_object (&self->first_plan);
  g_clear_object (&self->plan);
  g_clear_error (&self->refusal);
  adw_banner_set_revealed (self->banner, FALSE);
}

/* A host that is not there can't say what is gone; and a machine that was defined again is there again. */
static void
check_subject_cb (gpointer user_data)
{
  StrataPlanPage *self = STRATA_PLAN_PAGE (user_data);
  g_autofree char *sentence = NULL;
  StrataMachine *machine;

  self->check_id = 0;
  if (self->subject == NULL || strata_host_get_connection (self->host) == NULL)
    return;

  machine = strata_host_find (self->host, strata_plan_target_get_uuid (self->subject));
  follow_machine (self, machine);
  sentence = strata_plan_target_describe_loss (self->subject, machine);
  if (sentence == NULL && self->gone)
    {
      self->gone = FALSE;
      if (self->form != NULL)
        gtk_widget_set_sensitive (GTK_WIDGET (self->form), TRUE);
      gtk_button_set_label (self->cancel_button, _ ("_Cancel"));
      forget_answer (self);
      self->stale = self->request != NULL;
      strata_host_watch_schedule (self->watch);
    }
  else if (sentence != NULL && !self->gone)
    {
      self->gone = TRUE;
      cancel_planning (self);
      show_gone (self, sentence);
    }
}

/* A list that is sorted again takes a machine out and puts it in. */
static void
check_subject (StrataPlanPage *self)
{
  if (self->check_id == 0 && self->subject != NULL)
    self->check_id = g_idle_add_once (check_subject_cb, self);
}

static gboolean
is_same_answer (StrataPlanPage *self, StrataPlan *plan, const GError *refusal)
{
  if (plan != NULL)
    return self->plan != NULL && strata_plan_changes_are_none (self->plan, plan);

  return self->refusal != NULL && g_str_equal (self->refusal->message, refusal->message) &&
         g_strcmp0 (strata_error_get_hint (self->refusal), strata_error_get_hint (refusal)) == 0;
}

static gboolean
is_as_at_first (StrataPlanPage *self)
{
  return self->plan != NULL && self->first_plan != NULL &&
         strata_plan_changes_are_none (self->first_plan, self->plan);
}

static void
take_answer (StrataPlanPage *self, StrataPlan *plan, GError *refusal)
{
  gboolean first = self->plan == NULL && self->refusal == NULL;
  gboolean same = is_same_answer (self, plan, refusal);

  g_set_object (&self->plan, plan);
  g_clear_error (&self->refusal);
  self->refusal = refusal;
  if (first && self->expected != NULL)
    g_set_object (&self->first_plan, self->expected);
  else if (first)
    g_set_object (&self->first_plan, plan);
  /* What was expected is known not to be the host's any more, also where no word of it is another. */
  if (first ? self->expected != NULL : !same)
    warn (self);
  if (!first && is_as_at_first (self))
    adw_banner_set_revealed (self->banner, FALSE);

  if (same)
    update_button (self);
  else if (plan != NULL)
    show_plan (self, first);
  else
    show_refusal (self);
  check_subject (self);
}

static void
planned_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataPlanPage) self = STRATA_PLAN_PAGE (user_data);
  g_autoptr (StrataPlan) plan = NULL;
  GError *error = NULL;

  plan = strata_job_queue_plan_finish (STRATA_JOB_QUEUE (object), result, &error);
  /* Another question was asked, or the page to answer is gone. */
  if (self->stack == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    {
      g_clear_error (&error);
      return;
    }

  g_clear_object (&self->cancellable);
  take_answer (self, plan, error);
}

static void
ask (StrataPlanPage *self)
{
  StrataConnection *connection = strata_host_get_connection (self->host);

  self->stale = FALSE;
  if (connection == NULL)
    {
      take_answer (self, NULL,
                   strata_error_new (STRATA_ERROR_CONNECTION, NULL, _ ("“%s” is not connected"),
                                     strata_host_get_name (self->host)));
      return;
    }

  self->cancellable = g_cancellable_new ();
  strata_job_queue_plan_async (self->queue, connection, self->request, self->cancellable,
                               planned_cb, g_object_ref (self));
  update_button (self);
}

static void
host_changed_cb (StrataPlanPage *self)
{
  if (self->request == NULL || self->gone)
    return;

  self->stale = TRUE;
  update_button (self);
}

/* A question that is under way was asked of the host as it was, and is answered first; what a form says is asked soon anyway. */
static void
look_due_cb (StrataPlanPage *self)
{
  if (!self->stale || self->gone || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;

  if (self->cancellable != NULL || self->timeout_id != 0)
    strata_host_watch_schedule (self->watch);
  else
    ask (self);
}

static void
confirm_clicked_cb (StrataPlanPage *self)
{
  StrataConnection *connection = strata_host_get_connection (self->host);

  if (self->plan == NULL || is_waiting (self))
    return;
  if (connection == NULL)
    {
      ask (self);
      return;
    }

  g_signal_emit (self, signals[SUBMITTED], 0,
                 strata_job_queue_submit (self->queue, connection, self->plan));
}

/* A snapshot that is to be taken isn't there yet. */
static void
find_subject (StrataPlanPage *self)
{
  StrataRequest *request = self->request;
  const char *snapshot = request->kind != STRATA_REQUEST_SNAPSHOT_CREATE ? request->snapshot : NULL;
  StrataMachine *machine =
      request->domain != NULL ? strata_host_find (self->host, request->domain) : NULL;

  if (machine == NULL)
    return;

  g_clear_pointer (&self->subject, strata_plan_target_free);
  self->subject = strata_plan_target_new (machine, snapshot, request->snapshot_id);
  follow_machine (self, machine);
  if (snapshot != NULL && request->snapshot_id == NULL)
    request->snapshot_id = strata_machine_dup_snapshot_id (machine, snapshot);
}

/* The dialog has put the focus somewhere by now. */
static void
focus_form_cb (gpointer user_data)
{
  g_autoptr (StrataPlanPage) self = STRATA_PLAN_PAGE (user_data);

  if (self->form != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->form));
}

/* The first page of a dialog is left by Cancel, a later one by the way back. */
static void
mapped_cb (StrataPlanPage *self)
{
  GtkWidget *view = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_NAVIGATION_VIEW);
  gboolean first =
      view != NULL && adw_navigation_view_get_previous_page (ADW_NAVIGATION_VIEW (view),
                                                             ADW_NAVIGATION_PAGE (self)) == NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->cancel_button), first);
  adw_header_bar_set_show_end_title_buttons (self->header_bar, !first);
  if (self->stale)
    strata_host_watch_schedule (self->watch);
  if (self->form != NULL)
    g_idle_add_once (focus_form_cb, g_object_ref (self));
}

static void
cancel_clicked_cb (StrataPlanPage *self)
{
  GtkWidget *dialog = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_DIALOG);

  adw_dialog_close (ADW_DIALOG (dialog));
}

static void
show_planning (StrataPlanPage *self)
{
  if (self->form == NULL)
    {
      gtk_widget_set_visible (GTK_WIDGET (self->confirm_button), FALSE);
      gtk_stack_set_visible_child_name (self->stack, "planning");
      return;
    }

  strata_plan_view_dim (self->view);
  update_button (self);
}

static void
plan_form_cb (gpointer user_data)
{
  StrataPlanPage *self = STRATA_PLAN_PAGE (user_data);
  g_autoptr (StrataRequest) request = NULL;

  self->timeout_id = 0;
  request = strata_request_form_make_request (self->form);
  if (request != NULL)
    strata_plan_page_plan (self, request);
  else
    g_clear_pointer (&self->request, strata_request_free);
}

static void
form_changed_cb (StrataPlanPage *self)
{
  forget_answer (self);
  self->timeout_id = g_timeout_add_once (PATIENCE_MS, plan_form_cb, self);
  update_button (self);
}

static void
form_activated_cb (StrataPlanPage *self)
{
  if (gtk_widget_is_sensitive (GTK_WIDGET (self->confirm_button)) &&
      gtk_widget_get_visible (GTK_WIDGET (self->confirm_button)))
    confirm_clicked_cb (self);
}

static void
strata_plan_page_dispose (GObject *object)
{
  StrataPlanPage *self = STRATA_PLAN_PAGE (object);

  cancel_planning (self);
  g_clear_handle_id (&self->guard_id, g_source_remove);
  g_clear_handle_id (&self->check_id, g_source_remove);
  self->form = NULL;
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_PLAN_PAGE);
  g_clear_object (&self->watch);
  g_clear_object (&self->machine_signals);
  g_clear_object (&self->snapshot_watch);
  g_clear_object (&self->expected);
  g_clear_pointer (&self->request, strata_request_free);
  g_clear_pointer (&self->subject, strata_plan_target_free);
  g_clear_object (&self->first_plan);
  g_clear_object (&self->plan);
  g_clear_error (&self->refusal);
  g_clear_object (&self->queue);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_plan_page_parent_class)->dispose (object);
}

static void
strata_plan_page_class_init (StrataPlanPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_plan_page_dispose;

  g_type_ensure (STRATA_TYPE_PLAN_VIEW);

  signals[SUBMITTED] = g_signal_new ("submitted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 1, STRATA_TYPE_JOB);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-plan-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, header_bar);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, confirm_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, refusal_page);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, recovery_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, banner);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, view);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, confirm_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, mapped_cb);
}

static void
strata_plan_page_init (StrataPlanPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->snapshot_watch = strata_snapshot_watch_new ();
  self->machine_signals = g_signal_group_new (STRATA_TYPE_MACHINE);
  g_signal_group_connect_swapped (self->machine_signals, "notify::facts",
                                  G_CALLBACK (check_subject), self);
}

/**
 * strata_plan_page_new:
 * @queue: where the job goes when confirmed
 * @host: the host it is about
 *
 * Returns: (transfer none): a floating page
 */
AdwNavigationPage *
strata_plan_page_new (StrataJobQueue *queue, StrataHost *host)
{
  StrataPlanPage *self;

  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);
  g_return_val_if_fail (STRATA_IS_HOST (host), NULL);

  self = g_object_new (STRATA_TYPE_PLAN_PAGE, NULL);
  self->queue = g_object_ref (queue);
  self->host = g_object_ref (host);
  self->watch = strata_host_watch_new (host);
  g_signal_connect_object (self->watch, "changed", G_CALLBACK (host_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->watch, "due", G_CALLBACK (look_due_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (host, "items-changed", G_CALLBACK (check_subject), self,
                           G_CONNECT_SWAPPED);

  return ADW_NAVIGATION_PAGE (self);
}

/**
 * strata_plan_page_plan:
 * @self: a page
 * @request: what is wanted
 *
 * Asks the planner, in a worker, and shows its answer.
 */
void
strata_plan_page_plan (StrataPlanPage *self, const StrataRequest *request)
{
  g_return_if_fail (STRATA_IS_PLAN_PAGE (self));
  g_return_if_fail (request != NULL);

  forget_answer (self);
  g_clear_pointer (&self->request, strata_request_free);
  self->request = strata_request_copy (request);
  find_subject (self);
  if (self->gone)
    return;

  show_planning (self);
  ask (self);
}

/**
 * strata_plan_page_expect:
 * @self: a page that was not asked for a plan yet
 * @plan: what a person has read of it elsewhere
 *
 * What is different from @plan is marked.
 */
void
strata_plan_page_expect (StrataPlanPage *self, StrataPlan *plan)
{
  g_return_if_fail (STRATA_IS_PLAN_PAGE (self));
  g_return_if_fail (STRATA_IS_PLAN (plan));

  self->expected = g_object_ref (plan);
}

/**
 * strata_plan_page_set_machine:
 * @self: a page that comes after others
 * @machine: what its plan will be about
 *
 * Says so, in place of the pages before it, when @machine goes.
 */
void
strata_plan_page_set_machine (StrataPlanPage *self, StrataMachine *machine)
{
  g_return_if_fail (STRATA_IS_PLAN_PAGE (self));
  g_return_if_fail (STRATA_IS_MACHINE (machine));

  g_clear_pointer (&self->subject, strata_plan_target_free);
  self->subject = strata_plan_target_new (machine, NULL, NULL);
  follow_machine (self, machine);
}

/**
 * strata_plan_page_set_form:
 * @self: a page without a form
 * @form: (transfer floating): what can be chosen
 *
 * Shows @form above the plan of what it says, now and whenever that changes.
 */
void
strata_plan_page_set_form (StrataPlanPage *self, StrataRequestForm *form)
{
  g_return_if_fail (STRATA_IS_PLAN_PAGE (self));
  g_return_if_fail (STRATA_IS_REQUEST_FORM (form));
  g_return_if_fail (self->form == NULL);

  self->form = form;
  strata_plan_view_set_form (self->view, GTK_WIDGET (form));
  gtk_stack_set_visible_child_name (self->stack, "plan");
  g_signal_connect_object (form, "changed", G_CALLBACK (form_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (form, "activated", G_CALLBACK (form_activated_cb), self,
                           G_CONNECT_SWAPPED);
  show_planning (self);
  plan_form_cb (self);
}
