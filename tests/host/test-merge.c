/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Merging layers, in workers and under running VMs: whatever goes where, a guest sees the same bytes. */

#include "config.h"

#include <glib/gstdio.h>

#include "host/domain/strata-domain-control.h"
#include "host/blockjob/strata-live-merge.h"
#include "host/storage/strata-storage.h"
#include "host/blockjob/strata-worker.h"
#include "strata-test.h"
#include "base/strata-error.h"

#define SIZE    "32M"
#define UNIT    ((guint64) 512 * 1024)
#define LIMITED (4 * UNIT) /* bytes per second, so that a job can be caught under way */

typedef enum
{
  BASE,
  A,
  B,
  C,
  N_LAYERS,
  NOTHING = N_LAYERS,
} Layer;

/* base <- a <- b <- c, with bytes in some places of each: overwritten, zeroed, not on a cluster's edge */
typedef struct
{
  StrataConnection *connection;
  char *dir;
  char *uuid; /* a VM on c, where there is one */
  char *paths[N_LAYERS + 1];
  char *seen;   /* the hash of what a guest sees on c */
  gboolean raw; /* the base is */
} Chain;

static void
chain_clear (Chain *self)
{
  if (self->uuid != NULL)
    strata_test_undefine (self->connection, self->uuid);
  for (guint i = 0; i < N_LAYERS; i++)
    g_clear_pointer (&self->paths[i], g_free);
  g_clear_pointer (&self->dir, g_free);
  g_clear_pointer (&self->uuid, g_free);
  g_clear_pointer (&self->seen, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chain, chain_clear)

static const char *
get_format (Chain *self, Layer layer)
{
  if (layer == NOTHING)
    return NULL;

  return layer == BASE && self->raw ? "raw" : "qcow2";
}

static char *
hash_in_use (Chain *self, const char *path)
{
  g_autofree char *raw = g_build_filename (self->dir, "raw", NULL);

  g_free (
      strata_test_run ("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", path, raw, NULL));

  return strata_test_hash (raw);
}

static void
check_seen (Chain *self, Layer layer)
{
  g_autofree char *seen = hash_in_use (self, self->paths[layer]);

  g_assert_cmpstr (seen, ==, self->seen);
}

/* What the header of LAYER says. */
static void
check_stands_on (Chain *self, Layer layer, Layer below)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataImage) image =
      strata_storage_read_image (self->connection, self->paths[layer], &error);

  g_assert_no_error (error);
  g_assert_cmpstr (image->backing_path, ==, self->paths[below]);
  g_assert_cmpstr (image->backing_format, ==, get_format (self, below));
}

static void
make_layers (Chain *self, const char *top)
{
  self->paths[BASE] = g_build_filename (self->dir, "base.qcow2", NULL);
  self->paths[A] = g_build_filename (self->dir, "a.qcow2", NULL);
  self->paths[B] = g_build_filename (self->dir, "b.qcow2", NULL);
  self->paths[C] = g_strdup (top);

  g_unlink (top);
  strata_test_create_image (self->paths[BASE], get_format (self, BASE), SIZE);
  for (Layer layer = A; layer <= C; layer++)
    strata_test_create_overlay (self->paths[layer], self->paths[layer - 1],
                                get_format (self, layer - 1));

  strata_test_write_pattern (self->paths[BASE], get_format (self, BASE), 1, 0, 24 * UNIT);
  strata_test_write_pattern (self->paths[BASE], get_format (self, BASE), 2, 40 * UNIT, 4 * UNIT);
  strata_test_write_pattern (self->paths[A], "qcow2", 9, 8 * UNIT, 8 * UNIT);
  strata_test_write_pattern (self->paths[A], "qcow2", 0, 20 * UNIT, 2 * UNIT);
  strata_test_write_pattern (self->paths[B], "qcow2", 5, 12 * UNIT, 8 * UNIT);
  strata_test_write_pattern (self->paths[C], "qcow2", 7, 60 * UNIT + 512, 3 * 512);
  strata_test_write_pattern (self->paths[C], "qcow2", 3, 30 * UNIT, 8 * UNIT);

  self->seen = hash_in_use (self, self->paths[C]);
}

static gboolean
chain_init (Chain *self)
{
  g_autofree char *top = NULL;

  self->connection = strata_test_connection ();
  if (self->connection == NULL)
    return FALSE;

  self->dir = strata_test_dir ();
  top = g_build_filename (self->dir, "c.qcow2", NULL);
  make_layers (self, top);

  return TRUE;
}

/* The same as the disk of a VM that runs, or is paused. */
static gboolean
chain_init_live (Chain *self, const char *name, gboolean paused)
{
  g_autofree char *top = NULL;
  g_autoptr (GError) error = NULL;

  self->connection = strata_test_connection ();
  if (self->connection == NULL)
    return FALSE;

  self->dir = strata_test_dir ();
  self->uuid = strata_test_define_tiny (self->connection, name, self->dir, 1);
  top = g_strdup_printf ("%s/%s-vda.qcow2", self->dir, name);
  make_layers (self, top);
  strata_test_assert_ok (strata_domain_start (self->connection, self->uuid, paused, &error), error);

  return TRUE;
}

static StrataWorker *
start_worker (Chain *self, Layer layer)
{
  g_autoptr (GError) error = NULL;
  StrataWorker *worker = strata_worker_start (self->connection, self->paths[layer], "qcow2",
                                              STRATA_WORKER_FILE, NULL, &error);

  g_assert_no_error (error);

  return worker;
}

/* In workers --------------------------------------------------------------------------------------- */

static void
check_worker_commit (Layer via, Layer top, Layer base)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;

  if (!chain_init (&chain))
    return;

  worker = start_worker (&chain, via);
  strata_test_assert_ok (
      strata_worker_commit_below (worker, chain.paths[top], chain.paths[base], NULL, &error),
      error);
  strata_worker_stop (worker);

  check_stands_on (&chain, via, base);
  for (Layer gone = base + 1; gone <= top; gone++)
    g_assert_cmpint (g_unlink (chain.paths[gone]), ==, 0);
  check_seen (&chain, C);
}

static void
test_worker_commit_lowest (void)
{
  check_worker_commit (B, A, BASE);
}

static void
test_worker_commit_middle (void)
{
  check_worker_commit (C, B, A);
}

static void
test_worker_commit_two (void)
{
  check_worker_commit (C, B, BASE);
}

/* Its name, and that it is raw, come into the header from QEMU. */
static void
test_worker_raw_base (void)
{
  for (int pull = 0; pull < 2; pull++)
    {
      g_auto (Chain) chain = { .raw = TRUE };
      g_autoptr (GError) error = NULL;
      StrataWorker *worker;

      if (!chain_init (&chain))
        return;

      worker = start_worker (&chain, B);
      if (pull)
        strata_test_assert_ok (strata_worker_pull (worker, chain.paths[BASE], NULL, &error), error);
      else
        strata_test_assert_ok (
            strata_worker_commit_below (worker, chain.paths[A], chain.paths[BASE], NULL, &error),
            error);
      strata_worker_stop (worker);
      check_stands_on (&chain, B, BASE);
      g_assert_cmpint (g_unlink (chain.paths[A]), ==, 0);
      check_seen (&chain, C);
    }
}

static void
test_worker_commit_active (void)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;

  if (!chain_init (&chain))
    return;

  worker = start_worker (&chain, C);
  strata_test_assert_ok (strata_worker_commit (worker, chain.paths[A], NULL, &error), error);
  strata_worker_stop (worker);
  check_stands_on (&chain, A, BASE);
  check_seen (&chain, A);
}

static void
check_worker_pull (Layer image, Layer base)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;

  if (!chain_init (&chain))
    return;

  /* A second time there is nothing to do. */
  for (int i = 0; i < 2; i++)
    {
      worker = start_worker (&chain, image);
      strata_test_assert_ok (strata_worker_pull (worker, chain.paths[base], NULL, &error), error);
      strata_worker_stop (worker);
      check_stands_on (&chain, image, base);
    }

  for (Layer gone = base == NOTHING ? BASE : base + 1; gone < image; gone++)
    g_assert_cmpint (g_unlink (chain.paths[gone]), ==, 0);
  check_seen (&chain, C);
}

static void
test_worker_pull (void)
{
  check_worker_pull (C, A);
}

static void
test_worker_pull_below (void)
{
  check_worker_pull (B, BASE);
}

static void
test_worker_pull_all (void)
{
  check_worker_pull (C, NOTHING);
}

/* a is what b stands on, and d too; the same commit on each of them, and nobody needs a. */
static void
test_worker_several_overlays (void)
{
  g_auto (Chain) chain = { 0 };
  g_autofree char *other = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  const char *overlays[2];

  if (!chain_init (&chain))
    return;

  other = g_build_filename (chain.dir, "d.qcow2", NULL);
  strata_test_create_overlay (other, chain.paths[A], "qcow2");
  strata_test_write_pattern (other, "qcow2", 44, 2 * UNIT, 20 * UNIT);
  before = hash_in_use (&chain, other);

  overlays[0] = chain.paths[B];
  overlays[1] = other;
  for (guint i = 0; i < G_N_ELEMENTS (overlays); i++)
    {
      StrataWorker *worker = strata_worker_start (chain.connection, overlays[i], "qcow2",
                                                  STRATA_WORKER_FILE, NULL, &error);

      g_assert_no_error (error);
      strata_test_assert_ok (
          strata_worker_commit_below (worker, chain.paths[A], chain.paths[BASE], NULL, &error),
          error);
      strata_worker_stop (worker);
      check_seen (&chain, C);
      after = hash_in_use (&chain, other);
      g_assert_cmpstr (before, ==, after);
      g_clear_pointer (&after, g_free);
    }

  g_assert_cmpint (g_unlink (chain.paths[A]), ==, 0);
  check_seen (&chain, C);
  after = hash_in_use (&chain, other);
  g_assert_cmpstr (before, ==, after);
}

static void
test_worker_wrong_layers (void)
{
  g_auto (Chain) chain = { 0 };
  g_autofree char *stranger = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;

  if (!chain_init (&chain))
    return;

  stranger = g_build_filename (chain.dir, "stranger.qcow2", NULL);
  strata_test_create_image (stranger, "qcow2", SIZE);
  worker = start_worker (&chain, C);
  g_assert_false (strata_worker_commit_below (worker, chain.paths[B], stranger, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_clear_error (&error);
  /* its own image is not below it */
  g_assert_false (
      strata_worker_commit_below (worker, chain.paths[C], chain.paths[A], NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_clear_error (&error);
  /* up is not down */
  g_assert_false (
      strata_worker_commit_below (worker, chain.paths[A], chain.paths[B], NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (strata_worker_pull (worker, stranger, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  strata_worker_stop (worker);
  check_seen (&chain, C);
}

/* Stopped half-way ---------------------------------------------------------------------------------- */

typedef struct
{
  GCancellable *cancellable;
  guint64 done;
  guint64 total;
} Seen;

static guint64
cancel_soon (guint64 done, guint64 total, gpointer data)
{
  Seen *seen = data;

  g_assert_cmpuint (done, >=, seen->done);
  g_assert_cmpuint (done, <=, total);
  seen->done = done;
  seen->total = total;
  if (done >= UNIT && seen->cancellable != NULL)
    g_cancellable_cancel (seen->cancellable);

  return STRATA_BANDWIDTH_SAME;
}

static void
check_caught (Seen *seen, gboolean ok, GError **error)
{
  g_assert_false (ok);
  g_assert_error (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (error);
  g_assert_cmpuint (seen->done, <, seen->total);
  g_clear_object (&seen->cancellable);
}

static void
test_worker_cancel (void)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;
  Seen seen = { g_cancellable_new () };

  if (!chain_init (&chain))
    return;

  worker = start_worker (&chain, C);
  check_caught (&seen,
                strata_worker_commit_below (
                    worker, chain.paths[B], chain.paths[A],
                    &(StrataTransfer) { LIMITED, cancel_soon, &seen, seen.cancellable }, &error),
                &error);
  strata_worker_stop (worker);
  check_stands_on (&chain, C, B);
  check_seen (&chain, C);

  seen = (Seen) { g_cancellable_new () };
  worker = start_worker (&chain, C);
  check_caught (&seen,
                strata_worker_pull (
                    worker, chain.paths[BASE],
                    &(StrataTransfer) { LIMITED, cancel_soon, &seen, seen.cancellable }, &error),
                &error);
  check_stands_on (&chain, C, B);
  check_seen (&chain, C);
  /* in the same worker, and then the other way */
  seen = (Seen) { NULL };
  strata_test_assert_ok (strata_worker_pull (worker, chain.paths[A],
                                             &(StrataTransfer) { 0, cancel_soon, &seen, NULL },
                                             &error),
                         error);
  g_assert_cmpuint (seen.done, ==, seen.total);
  strata_worker_stop (worker);
  check_stands_on (&chain, C, A);
  check_worker_commit (C, B, A);
  check_seen (&chain, C);
}

/* Under a VM --------------------------------------------------------------------------------------- */

/* Now, and when the VM is off. */
static void
check_live (Chain *self, Layer top, Layer below)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) layers = strata_live_chain (self->connection, self->uuid, "vda", &error);
  g_autoptr (StrataDomainFacts) facts = NULL;
  const StrataDiskXml *disk;

  g_assert_no_error (error);
  g_assert_cmpstr (layers[0], ==, self->paths[top]);
  g_assert_cmpstr (layers[1], ==, self->paths[below]);
  check_seen (self, top);

  strata_test_assert_ok (strata_domain_force_off (self->connection, self->uuid, &error), error);
  check_stands_on (self, top, below);
  facts = strata_connection_get_domain (self->connection, self->uuid, &error);
  g_assert_no_error (error);
  disk = g_ptr_array_index (facts->disks, 0);
  g_assert_cmpstr (disk->source, ==, self->paths[top]);
  g_assert_null (disk->backing);
  check_seen (self, top);
}

static void
check_live_commit (Layer top, Layer base, gboolean paused)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };

  if (!chain_init_live (&chain, "strata-test-live-commit", paused))
    return;

  strata_test_assert_ok (
      strata_live_commit (chain.connection, chain.uuid, "vda", chain.paths[top], chain.paths[base],
                          top == C, &(StrataTransfer) { 0, cancel_soon, &seen, NULL }, &error),
      error);
  g_assert_cmpuint (seen.done, ==, seen.total);
  if (top == C)
    check_live (&chain, base, base == BASE ? NOTHING : base - 1);
  else if (top == B)
    check_live (&chain, C, base);
  else
    check_live (&chain, C, B);
}

static void
check_live_pull (Layer base, gboolean paused)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (GError) error = NULL;

  if (!chain_init_live (&chain, "strata-test-live-pull", paused))
    return;

  for (int i = 0; i < 2; i++)
    strata_test_assert_ok (
        strata_live_pull (chain.connection, chain.uuid, "vda", chain.paths[base], NULL, &error),
        error);
  check_live (&chain, C, base);
}

static void
test_live_running (void)
{
  check_live_commit (C, B, FALSE);
  check_live_commit (C, BASE, FALSE);
  check_live_commit (B, A, FALSE);
  check_live_commit (B, BASE, FALSE);
  check_live_commit (A, BASE, FALSE);
  check_live_pull (A, FALSE);
  check_live_pull (BASE, FALSE);
  check_live_pull (NOTHING, FALSE);
}

static void
test_live_paused (void)
{
  check_live_commit (C, A, TRUE);
  check_live_commit (B, A, TRUE);
  check_live_pull (A, TRUE);
  check_live_pull (NOTHING, TRUE);
}

static void
test_live_raw_base (void)
{
  for (int pull = 0; pull < 2; pull++)
    {
      g_auto (Chain) chain = { .raw = TRUE };
      g_autoptr (GError) error = NULL;

      if (!chain_init_live (&chain, "strata-test-raw-base", FALSE))
        return;

      if (pull)
        strata_test_assert_ok (
            strata_live_pull (chain.connection, chain.uuid, "vda", chain.paths[BASE], NULL, &error),
            error);
      else
        strata_test_assert_ok (strata_live_commit (chain.connection, chain.uuid, "vda",
                                                   chain.paths[B], chain.paths[BASE], FALSE, NULL,
                                                   &error),
                               error);
      check_live (&chain, C, BASE);
    }
}

static gboolean
has_no_job (gpointer data)
{
  Chain *chain = data;
  virDomainPtr domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (chain->connection), chain->uuid);
  virDomainBlockJobInfo info;
  int n = virDomainGetBlockJobInfo (domain, "vda", &info, 0);

  virDomainFree (domain);

  return n == 0;
}

static void
test_live_cancel (void)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };

  if (!chain_init_live (&chain, "strata-test-live-cancel", FALSE))
    return;

  for (int active = 0; active < 2; active++)
    {
      seen = (Seen) { g_cancellable_new () };
      check_caught (
          &seen,
          strata_live_commit (
              chain.connection, chain.uuid, "vda", chain.paths[active ? C : B], chain.paths[A],
              active, &(StrataTransfer) { LIMITED, cancel_soon, &seen, seen.cancellable }, &error),
          &error);
      g_assert_true (has_no_job (&chain));
      check_seen (&chain, C);
    }

  seen = (Seen) { g_cancellable_new () };
  check_caught (&seen,
                strata_live_pull (
                    chain.connection, chain.uuid, "vda", chain.paths[BASE],
                    &(StrataTransfer) { LIMITED, cancel_soon, &seen, seen.cancellable }, &error),
                &error);
  g_assert_true (has_no_job (&chain));
  check_seen (&chain, C);

  strata_test_assert_ok (strata_live_commit (chain.connection, chain.uuid, "vda", chain.paths[B],
                                             chain.paths[A], FALSE, NULL, &error),
                         error);
  check_live (&chain, C, A);
}

static void
start_job (Chain *self, gboolean active)
{
  virDomainPtr domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (self->connection), self->uuid);

  g_assert_cmpint (virDomainBlockCommit (domain, "vda", self->paths[A],
                                         active ? NULL : self->paths[B], LIMITED,
                                         VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES |
                                             (active ? VIR_DOMAIN_BLOCK_COMMIT_ACTIVE : 0)),
                   ==, 0);
  virDomainFree (domain);
}

/* A client began it and died. */
static void
test_live_left_over (void)
{
  for (int active = 0; active < 2; active++)
    {
      g_auto (Chain) chain = { 0 };
      g_autoptr (GError) error = NULL;

      if (!chain_init_live (&chain, "strata-test-left-over", FALSE))
        return;

      start_job (&chain, active);
      g_assert_false (has_no_job (&chain));
      /* to another place than that goes to */
      g_assert_false (active &&
                      strata_live_commit (chain.connection, chain.uuid, "vda", chain.paths[C],
                                          chain.paths[BASE], TRUE, NULL, &error));
      g_assert_cmpint (active, ==, g_error_matches (error, STRATA_ERROR, STRATA_ERROR_BUSY));
      g_clear_error (&error);

      strata_test_assert_ok (strata_live_commit (chain.connection, chain.uuid, "vda",
                                                 chain.paths[active ? C : B], chain.paths[A],
                                                 active, NULL, &error),
                             error);
      if (active)
        check_live (&chain, A, BASE);
      else
        check_live (&chain, C, A);
    }
}

static void
test_live_wrong (void)
{
  g_auto (Chain) chain = { 0 };
  g_autofree char *stranger = NULL;
  g_autoptr (GError) error = NULL;

  if (!chain_init_live (&chain, "strata-test-live-wrong", TRUE))
    return;

  stranger = g_build_filename (chain.dir, "stranger.qcow2", NULL);
  g_assert_false (strata_live_commit (chain.connection, chain.uuid, "vda", stranger,
                                      chain.paths[BASE], TRUE, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (strata_live_commit (chain.connection, chain.uuid, "vda", chain.paths[C],
                                      chain.paths[BASE], FALSE, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (strata_live_commit (chain.connection, chain.uuid, "vda", chain.paths[B], stranger,
                                      FALSE, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (strata_live_pull (chain.connection, chain.uuid, "vda", stranger, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_clear_error (&error);

  strata_test_assert_ok (strata_domain_force_off (chain.connection, chain.uuid, &error), error);
  g_assert_false (strata_live_pull (chain.connection, chain.uuid, "vda", NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  check_seen (&chain, C);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/merge/worker/commit-lowest", test_worker_commit_lowest);
  g_test_add_func ("/merge/worker/commit-middle", test_worker_commit_middle);
  g_test_add_func ("/merge/worker/commit-two", test_worker_commit_two);
  g_test_add_func ("/merge/worker/raw-base", test_worker_raw_base);
  g_test_add_func ("/merge/worker/commit-active", test_worker_commit_active);
  g_test_add_func ("/merge/worker/pull", test_worker_pull);
  g_test_add_func ("/merge/worker/pull-below", test_worker_pull_below);
  g_test_add_func ("/merge/worker/pull-all", test_worker_pull_all);
  g_test_add_func ("/merge/worker/several-overlays", test_worker_several_overlays);
  g_test_add_func ("/merge/worker/wrong-layers", test_worker_wrong_layers);
  g_test_add_func ("/merge/worker/cancel", test_worker_cancel);
  g_test_add_func ("/merge/live/running", test_live_running);
  g_test_add_func ("/merge/live/paused", test_live_paused);
  g_test_add_func ("/merge/live/raw-base", test_live_raw_base);
  g_test_add_func ("/merge/live/cancel", test_live_cancel);
  g_test_add_func ("/merge/live/left-over", test_live_left_over);
  g_test_add_func ("/merge/live/wrong", test_live_wrong);

  return g_test_run ();
}
