/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is different between two plans of one request, and what is said of a subject that went. */

#include "config.h"

#include "facts-on-paper.h"
#include "model/strata-plan-changes.h"
#include "model/strata-plan-target.h"

static StrataPlan *
make_plan (const char *step, guint64 discarded)
{
  StrataPlan *plan = strata_plan_new ("Go back", "Revert");

  strata_plan_add_step (plan, STRATA_STEP_DEFINE, json_object_new (), "%s", step);
  strata_plan_add_effect (plan, STRATA_EFFECT_CHANGES, 0, "“vm” is at “s1”");
  strata_plan_add_effect (plan, STRATA_EFFECT_DISCARDS, discarded, "What was written since");

  return plan;
}

static void
test_same (void)
{
  g_autoptr (StrataPlan) before = make_plan ("Define “vm”", 340000000);
  g_autoptr (StrataPlan) again = make_plan ("Define “vm”", 340000000);
  g_autoptr (StrataPlan) grown = make_plan ("Define “vm”", 350000000);
  g_autoptr (GPtrArray) gone = strata_plan_changes_list_gone (before, grown);

  g_assert_true (strata_plan_changes_are_none (before, again));
  g_assert_true (strata_plan_changes_are_none (before, grown));
  g_assert_cmpuint (gone->len, ==, 0);
}

static void
test_amount (void)
{
  g_autoptr (StrataPlan) before = make_plan ("Define “vm”", 340000000);
  g_autoptr (StrataPlan) much = make_plan ("Define “vm”", 900000000);
  g_autoptr (StrataPlan) nothing = make_plan ("Define “vm”", 0);
  g_autoptr (GPtrArray) gone = strata_plan_changes_list_gone (before, much);
  GPtrArray *effects = strata_plan_get_effects (much);

  g_assert_false (strata_plan_changes_are_none (before, much));
  g_assert_false (strata_plan_changes_are_none (before, nothing));
  g_assert_cmpuint (gone->len, ==, 1);
  g_assert_true (strata_plan_changes_has_effect (before, g_ptr_array_index (effects, 0)));
  g_assert_false (strata_plan_changes_has_effect (before, g_ptr_array_index (effects, 1)));
}

static void
test_steps (void)
{
  g_autoptr (StrataPlan) before = make_plan ("Define “vm”", 1);
  g_autoptr (StrataPlan) other = make_plan ("Shut down “vm”", 1);
  g_autoptr (StrataPlan) more = make_plan ("Define “vm”", 1);
  g_autoptr (StrataPlan) forward = make_plan ("Define “vm”", 1);

  strata_plan_add_step (more, STRATA_STEP_DEFINE, json_object_new (), "Define it again");
  strata_plan_get_step (forward, 0)->forward_only = TRUE;
  g_assert_false (strata_plan_changes_are_none (before, other));
  g_assert_false (strata_plan_changes_are_none (before, more));
  g_assert_false (strata_plan_changes_are_none (before, forward));
}

static void
assert_loss (StrataPlanTarget *subject, StrataDomainFacts *facts, const char *sentence)
{
  g_autoptr (StrataMachine) machine = facts != NULL ? strata_machine_new (facts) : NULL;
  g_autofree char *loss = strata_plan_target_describe_loss (subject, machine);

  g_assert_cmpstr (loss, ==, sentence);
}

static void
test_subject (void)
{
  g_autoptr (StrataDomainFacts) facts = paper_facts_new ();
  g_autoptr (StrataDomainFacts) none = paper_facts_new ();
  g_autoptr (StrataDomainFacts) another = paper_facts_new ();
  g_autoptr (StrataDomainFacts) renamed = paper_facts_new ();
  g_autoptr (StrataDomainFacts) retained = paper_facts_new ();
  g_autoptr (StrataMachine) machine = NULL;
  g_autoptr (StrataPlanTarget) whole = NULL;
  g_autoptr (StrataPlanTarget) subject = NULL;

  paper_facts_add (facts, "s1", NULL, 1000)->id = g_strdup ("a");
  paper_facts_add (another, "s1", NULL, 2000)->id = g_strdup ("b");
  paper_facts_add (renamed, "s2", NULL, 1000)->id = g_strdup ("a");
  paper_facts_add (retained, "s1", NULL, 1000)->retained = TRUE;
  machine = strata_machine_new (facts);
  whole = strata_plan_target_new (machine, NULL, NULL);
  subject = strata_plan_target_new (machine, "s1", NULL);

  assert_loss (whole, none, NULL);
  assert_loss (whole, NULL, "“vm” was deleted meanwhile");
  assert_loss (subject, facts, NULL);
  assert_loss (subject, NULL, "“vm” was deleted meanwhile");
  assert_loss (subject, none, "“s1” was deleted meanwhile");
  assert_loss (subject, retained, "“s1” was deleted meanwhile");
  assert_loss (subject, renamed, "“s1” was renamed to “s2” meanwhile");
  assert_loss (subject, another, "“s1” was deleted meanwhile, and another one has its name");
}

/* Two snapshots that were taken in the same second: that one is left does not mean that the other was renamed. */
static void
test_twins (void)
{
  g_autoptr (StrataDomainFacts) facts = paper_facts_new ();
  g_autoptr (StrataDomainFacts) left = paper_facts_new ();
  g_autoptr (StrataMachine) machine = NULL;
  g_autoptr (StrataPlanTarget) subject = NULL;

  paper_facts_add (facts, "s1", NULL, 1000)->id = g_strdup ("a");
  paper_facts_add (facts, "s2", "s1", 1000)->id = g_strdup ("a");
  paper_facts_add (left, "s1", NULL, 1000)->id = g_strdup ("a");
  machine = strata_machine_new (facts);
  subject = strata_plan_target_new (machine, "s2", NULL);

  assert_loss (subject, left, "“s2” was deleted meanwhile");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-changes/same", test_same);
  g_test_add_func ("/plan-changes/amount", test_amount);
  g_test_add_func ("/plan-changes/steps", test_steps);
  g_test_add_func ("/plan-changes/subject", test_subject);
  g_test_add_func ("/plan-changes/twins", test_twins);

  return g_test_run ();
}
