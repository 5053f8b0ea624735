/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What the integration tests share: a running main context, a connection, folders and tiny VMs that
 * do not outlive the test, and the bytes of images. The body of a test is a worker thread: the
 * default main context runs in another. */

void              strata_test_init          (int                *argc,
                                             char             ***argv);
/* Shared by the program's tests; $STRATA_TEST_URI, or qemu:///session. Where there is no libvirt the test is
 * skipped and NULL returned, or with $STRATA_TEST_REQUIRE_HOST set it fails. */
StrataConnection *strata_test_connection    (void);
const char       *strata_test_uri           (void);
/* a new folder, in $STRATA_TEST_DIR or /tmp */
char             *strata_test_dir           (void);
/* runs FUNC on the default main context and waits for it */
void              strata_test_invoke        (GFunc               func,
                                             gpointer            data);

typedef gboolean (*StrataTestFunc) (gpointer data);

/* asks FUNC again and again until it says yes; FALSE if it has not after SECONDS */
gboolean          strata_test_wait          (StrataTestFunc      func,
                                             gpointer            data,
                                             guint               seconds);

/* runs a program, which has to succeed; its output */
char             *strata_test_run           (const char         *program,
                                             ...) G_GNUC_NULL_TERMINATED;
/* ends PID, too, if the test does not come to it */
void              strata_test_own_process   (GPid                pid);

/* Persistent, of type qemu, off, with blank 64 MB qcow2 disks DIR/NAME-vda.qcow2 …; its UUID. It goes
 * with DIR. */
char             *strata_test_define_tiny   (StrataConnection   *connection,
                                             const char         *name,
                                             const char         *dir,
                                             guint               n_disks);
/* Off, snapshots and all; disks stay. */
void              strata_test_undefine      (StrataConnection   *connection,
                                             const char         *uuid);

void              strata_test_create_image  (const char         *path,
                                             const char         *format,
                                             const char         *size);
void              strata_test_create_overlay (const char        *path,
                                              const char        *backing,
                                              const char        *backing_format);
void              strata_test_write_pattern (const char         *path,
                                             const char         *format,
                                             guint8              byte,
                                             guint64             offset,
                                             guint64             length);
/* sha256 of the file, and of what a guest sees in it */
char             *strata_test_hash          (const char         *path);
char             *strata_test_guest_hash    (const char         *path,
                                             const char         *format);

#define strata_test_assert_ok(ok, error)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gboolean strata_test_ok = (ok);                                                                \
    g_assert_no_error (error);                                                                     \
    g_assert_true (strata_test_ok);                                                                \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
