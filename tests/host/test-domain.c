/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Defining, starting, shutting down, and the events of all that. */

#include "config.h"

#include <string.h>

#include "host/domain/strata-domain-control.h"
#include "strata-test.h"
#include "base/strata-error.h"

/* What the connection said of one domain. */
typedef struct
{
  const char *uuid;
  int changed;
  int removed;
} Heard;

static void
hear_changed (StrataConnection *connection, const char *uuid, Heard *heard)
{
  g_assert_true (g_main_context_is_owner (NULL));
  if (g_str_equal (uuid, heard->uuid))
    g_atomic_int_inc (&heard->changed);
}

static void
hear_removed (StrataConnection *connection, const char *uuid, Heard *heard)
{
  if (g_str_equal (uuid, heard->uuid))
    g_atomic_int_inc (&heard->removed);
}

static gboolean
has_changed (gpointer data)
{
  return g_atomic_int_get (&((Heard *) data)->changed) > 0;
}

static gboolean
was_removed (gpointer data)
{
  return g_atomic_int_get (&((Heard *) data)->removed) > 0;
}

static void
expect_change (Heard *heard)
{
  g_assert_true (strata_test_wait (has_changed, heard, 10));
  g_atomic_int_set (&heard->changed, 0);
}

static void
check_state (StrataConnection *connection, const char *uuid, StrataDomainState expected)
{
  g_autoptr (GError) error = NULL;
  StrataDomainState state;

  strata_test_assert_ok (strata_domain_get_state (connection, uuid, &state, &error), error);
  g_assert_cmpint (state, ==, expected);
}

static void
test_life (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (GError) error = NULL;
  Heard heard = { 0 };
  gboolean exists;
  gulong handlers[2];

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-life", dir, 2);
  heard.uuid = uuid;
  handlers[0] = g_signal_connect (connection, "domain-changed", G_CALLBACK (hear_changed), &heard);
  handlers[1] = g_signal_connect (connection, "domain-removed", G_CALLBACK (hear_removed), &heard);

  xml = strata_domain_get_xml (connection, uuid, &error);
  g_assert_no_error (error);
  strata_test_assert_ok (strata_domain_define (connection, xml, &error), error);
  expect_change (&heard);
  check_state (connection, uuid, STRATA_DOMAIN_STATE_OFF);

  strata_test_assert_ok (strata_domain_start (connection, uuid, TRUE, &error), error);
  expect_change (&heard);
  check_state (connection, uuid, STRATA_DOMAIN_STATE_PAUSED);
  facts = strata_connection_get_domain (connection, uuid, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (facts->name, ==, "strata-test-life");
  g_assert_nonnull (facts->live_xml);
  g_assert_cmpuint (facts->disks->len, ==, 2);
  g_assert_true (facts->persistent);
  g_assert_false (facts->autostart);
  g_assert_cmpuint (facts->snapshots->len, ==, 0);

  g_assert_false (strata_domain_start (connection, uuid, FALSE, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_clear_error (&error);

  strata_test_assert_ok (strata_domain_force_off (connection, uuid, &error), error);
  expect_change (&heard);
  strata_test_assert_ok (strata_domain_force_off (connection, uuid, &error), error);
  check_state (connection, uuid, STRATA_DOMAIN_STATE_OFF);
  g_assert_cmpint (g_atomic_int_get (&heard.removed), ==, 0);

  strata_test_assert_ok (
      strata_domain_undefine (connection, uuid, STRATA_UNDEFINE_KEEP_NVRAM, &error), error);
  g_assert_true (strata_test_wait (was_removed, &heard, 10));
  strata_test_assert_ok (strata_domain_exists (connection, uuid, &exists, &error), error);
  g_assert_false (exists);
  strata_test_assert_ok (
      strata_domain_undefine (connection, uuid, STRATA_UNDEFINE_REMOVE_NVRAM, &error), error);

  g_clear_pointer (&facts, strata_domain_facts_unref);
  facts = strata_connection_get_domain (connection, uuid, &error);
  g_assert_null (facts);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);

  g_signal_handler_disconnect (connection, handlers[0]);
  g_signal_handler_disconnect (connection, handlers[1]);
}

static void
test_name_taken (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *other_xml = NULL;
  g_autofree char *other_uuid = g_uuid_string_random ();
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-taken", dir, 0);
  xml = strata_domain_get_xml (connection, uuid, &error);
  g_assert_no_error (error);
  definition = strata_domain_xml_new_from_string (xml, &error);
  g_assert_no_error (error);
  strata_domain_xml_set_uuid (definition, other_uuid);
  other_xml = strata_domain_xml_to_string (definition);

  g_assert_false (strata_domain_define (connection, other_xml, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "strata-test-taken"));
  g_clear_error (&error);

  g_assert_false (strata_domain_define (connection, "<domain><name>x</name></domain>", &error));
  g_assert_nonnull (error);

  strata_test_undefine (connection, uuid);
}

static void
test_template_is_not_started (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *marked = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (GError) error = NULL;
  StrataTemplateMark mark = { .version = 1 };

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-template", dir, 1);
  xml = strata_domain_get_xml (connection, uuid, &error);
  definition = strata_domain_xml_new_from_string (xml, &error);
  g_assert_no_error (error);
  mark.domain = uuid;
  strata_domain_xml_set_template_mark (definition, &mark);
  marked = strata_domain_xml_to_string (definition);
  strata_test_assert_ok (strata_domain_define (connection, marked, &error), error);

  g_assert_false (strata_domain_start (connection, uuid, FALSE, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  check_state (connection, uuid, STRATA_DOMAIN_STATE_OFF);

  strata_test_undefine (connection, uuid);
}

/* While it runs its next start gets other images without its being defined anew, which libvirt doesn't survive beside a snapshot. */
static void
test_other_images_while_it_runs (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *other = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (StrataDomainFacts) before = NULL;
  g_autoptr (StrataDomainFacts) after = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (StrataDomainXml) next = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-images", dir, 2);
  other = g_build_filename (dir, "other.img", NULL);
  strata_test_create_image (other, "raw", "64M");
  strata_test_assert_ok (strata_domain_start (connection, uuid, TRUE, &error), error);
  before = strata_connection_get_domain (connection, uuid, &error);
  g_assert_no_error (error);

  definition = strata_domain_xml_new_from_string (before->xml, &error);
  g_assert_no_error (error);
  g_assert_true (strata_domain_xml_set_disk_file (definition, "vdb", other, "raw"));
  xml = strata_domain_xml_to_string (definition);
  strata_test_assert_ok (strata_domain_define (connection, xml, &error), error);

  after = strata_connection_get_domain (connection, uuid, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (after->live_xml, ==, before->live_xml);
  next = strata_domain_xml_new_from_string (after->xml, &error);
  g_assert_no_error (error);
  g_assert_true (strata_domain_xml_equal_but_images (next, definition));
  for (guint i = 0; i < after->next_disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (after->next_disks, i);
      const StrataDiskXml *then = g_ptr_array_index (before->next_disks, i);
      gboolean changed = g_strcmp0 (disk->target, "vdb") == 0;

      g_assert_cmpstr (disk->source, ==, changed ? other : then->source);
      g_assert_cmpstr (disk->format, ==, changed ? "raw" : then->format);
    }

  strata_test_assert_ok (strata_domain_force_off (connection, uuid, &error), error);
  strata_test_assert_ok (strata_domain_define (connection, before->xml, &error), error);
  strata_test_undefine (connection, uuid);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (300000);
  g_cancellable_cancel (cancellable);

  return NULL;
}

/* There is no guest in it that would listen. */
static void
test_shut_down_takes_too_long (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;
  GThread *canceller;
  gint64 start;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-deaf", dir, 1);
  strata_test_assert_ok (strata_domain_shut_down (connection, uuid, 5, NULL, &error), error);
  strata_test_assert_ok (strata_domain_start (connection, uuid, FALSE, &error), error);
  check_state (connection, uuid, STRATA_DOMAIN_STATE_RUNNING);

  strata_test_assert_ok (strata_domain_shut_down (connection, uuid, 0, NULL, &error), error);
  g_assert_false (strata_domain_shut_down (connection, uuid, 1, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_TIMEOUT);
  g_assert_nonnull (strstr (error->message, "strata-test-deaf"));
  g_assert_nonnull (strata_error_get_hint (error));
  g_clear_error (&error);

  start = g_get_monotonic_time ();
  canceller = g_thread_new ("canceller", cancel_soon, cancellable);
  g_assert_false (strata_domain_shut_down (connection, uuid, 60, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_TIME_SPAN_SECOND);
  g_clear_error (&error);
  g_thread_join (canceller);

  answer =
      strata_domain_agent_command (connection, uuid, "{\"execute\":\"guest-ping\"}", 1, &error);
  g_assert_null (answer);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED);

  strata_test_undefine (connection, uuid);
}

/* libvirt would drop what it knows of the snapshots. */
static void
test_undefine_keeps_snapshots (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (GError) error = NULL;
  virDomainSnapshotPtr snapshot;
  virDomainPtr domain;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-snapshot", dir, 1);
  domain = virDomainLookupByUUIDString (strata_connection_get_handle (connection), uuid);
  snapshot =
      virDomainSnapshotCreateXML (domain, "<domainsnapshot><name>one</name></domainsnapshot>", 0);
  g_assert_nonnull (snapshot);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);

  g_assert_false (strata_domain_undefine (connection, uuid, STRATA_UNDEFINE_KEEP_NVRAM, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_clear_error (&error);
  facts = strata_connection_get_domain (connection, uuid, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (facts->snapshots->len, ==, 1);
  g_assert_nonnull (strata_domain_facts_find_snapshot (facts, "one"));

  strata_test_undefine (connection, uuid);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/domain/life", test_life);
  g_test_add_func ("/domain/name-taken", test_name_taken);
  g_test_add_func ("/domain/other-images-while-it-runs", test_other_images_while_it_runs);
  g_test_add_func ("/domain/template-is-not-started", test_template_is_not_started);
  g_test_add_func ("/domain/shut-down-takes-too-long", test_shut_down_takes_too_long);
  g_test_add_func ("/domain/undefine-keeps-snapshots", test_undefine_keeps_snapshots);

  return g_test_run ();
}
