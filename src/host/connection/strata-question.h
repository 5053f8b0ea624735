/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * StrataQuestion:
 * @words: what is asked for, as the program that asks puts it
 * @secret: not to be shown while it is typed
 * @answer: (nullable): what the user gave, or what is suggested before
 */
typedef struct
{
  char *words;
  gboolean secret;
  char *answer;
} StrataQuestion;

/**
 * StrataAskFunc:
 * @uri: the host that asks
 * @question: to be answered
 * @cancellable: (nullable): ends the waiting
 * @user_data: what the caller gave
 *
 * Called in the worker that opens the host, and blocks as long as the user takes.
 *
 * Returns: %FALSE if there is no answer
 */
typedef gboolean (*StrataAskFunc) (const char *uri,
                                   StrataQuestion *question,
                                   GCancellable *cancellable,
                                   gpointer user_data);

/**
 * StrataOpenOptions:
 * @uri: (nullable): as virConnectOpen() understands it: a URI, an alias of libvirt.conf, or %NULL for libvirt's own choice
 *   (`$LIBVIRT_DEFAULT_URI`, `uri_default` of libvirt.conf, what is there)
 * @read_only: nothing is to be changed through it, so that it needs no right to
 * @follow: whether its signals are wanted; to be told of each kind of event is a call to the daemon
 * @ask: (nullable): answers what the host asks for
 * @ask_data: (nullable): for @ask; it is kept until the opening is over, also where that was cancelled
 */
typedef struct
{
  const char *uri;
  gboolean read_only;
  gboolean follow;
  StrataAskFunc ask;
  GObject *ask_data;
} StrataOpenOptions;

G_END_DECLS
