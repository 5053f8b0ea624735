/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What strata-guest and its client say to each other: text, a line each. Any thread. */

#include "config.h"

#include "strata-guest-lines.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/**
 * strata_guest_lines_take:
 * @pending: what came, from which the line goes
 *
 * Returns: (transfer full) (nullable): the first line without its end, %NULL where that hasn't come yet
 */
char *
strata_guest_lines_take (GString *pending)
{
  char *end = memchr (pending->str, '\n', pending->len);
  char *line;

  if (end == NULL)
    return NULL;

  line = g_strndup (pending->str, end - pending->str);
  g_string_erase (pending, 0, end - pending->str + 1);

  return line;
}

/**
 * strata_guest_lines_send:
 * @socket: a socket and not a pipe: writing to a process that has died must not raise SIGPIPE
 * @text: a line
 *
 * That a process which has died did not get it shows when its answer is read.
 */
void
strata_guest_lines_send (int socket, const char *text)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  size_t length = strlen (line);

  for (size_t sent = 0; sent < length;)
    {
      ssize_t n = send (socket, line + sent, length - sent, MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return;
      sent += n;
    }
}
