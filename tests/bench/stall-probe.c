/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Preloaded into strata, writes down how long its main loop was busy between one wait for events and the
 * next: "END DURATION" in milliseconds of CLOCK_MONOTONIC, a line for all that took 5 ms or more. Nothing of the
 * application has to be changed for it to be measured.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int poll (struct pollfd *fds, nfds_t n, int timeout);
int ppoll (struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask);

static double left; /* when the main thread last came out of a wait */
static int output = -1;

static double
now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);

  return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

static void
enter (void)
{
  double end = now ();

  if (output < 0)
    output = open (getenv ("STRATA_STALL_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (left > 0 && end - left >= 5)
    dprintf (output, "%.3f %.3f\n", end, end - left);
}

int
poll (struct pollfd *fds, nfds_t n, int timeout)
{
  static int (*real) (struct pollfd *, nfds_t, int);
  int result;

  if (real == NULL)
    *(void **) &real = dlsym (RTLD_NEXT, "poll");
  if (gettid () != getpid ())
    return real (fds, n, timeout);

  enter ();
  result = real (fds, n, timeout);
  left = now ();

  return result;
}

int
ppoll (struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
  static int (*real) (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
  int result;

  if (real == NULL)
    *(void **) &real = dlsym (RTLD_NEXT, "ppoll");
  if (gettid () != getpid ())
    return real (fds, n, timeout, mask);

  enter ();
  result = real (fds, n, timeout, mask);
  left = now ();

  return result;
}
