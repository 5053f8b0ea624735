# SPDX-License-Identifier: GPL-3.0-or-later
"""The Test Anything Protocol, for tests that are functions: one test, one line."""

import functools
import os
import sys
import time
import traceback


class Skip(Exception):
    """Raised by a test that can't run on this machine, with the reason."""


def expect(condition, what, *details):
    """Fails the running test with WHAT unless CONDITION holds."""
    if not condition:
        raise AssertionError('\n'.join([what, *(str(d) for d in details)]))


def expect_equal(got, wanted, what, *details):
    expect(got == wanted, what, f'  got:    {got!r}', f'  wanted: {wanted!r}', *details)


def expect_words(text, *words):
    """The essential words of a message, in whatever order and case."""
    missing = [w for w in words if w.lower() not in text.lower()]
    expect(not missing, f'the message lacks {missing}', text)


def isolated(test, clear):
    """TEST, after which CLEAR leaves nothing to the next, however it ended."""
    @functools.wraps(test)
    def wrapper():
        try:
            test()
        finally:
            clear()
    return wrapper


def run(tests):
    """Runs TESTS, functions without arguments, in order; ends the process."""
    print(f'1..{len(tests)}', flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace('_', ' ')
        start = time.monotonic()
        try:
            test()
        except Skip as reason:
            print(f'ok {number} - {name} # SKIP {reason}', flush=True)
        except BaseException as error:  # pylint: disable=broad-except
            failed += 1
            print(f'not ok {number} - {name}', flush=True)
            frames = [f'{os.path.basename(f.filename)}:{f.lineno}: {f.line}'
                      for f in traceback.extract_tb(error.__traceback__)[1:]
                      if os.path.dirname(f.filename) == os.path.dirname(os.path.abspath(__file__))]
            text = '\n'.join([f'{type(error).__name__}: {error}', *frames])
            for line in text.splitlines():
                print(f'# {line}', flush=True)
            if isinstance(error, KeyboardInterrupt):
                break
        else:
            print(f'ok {number} - {name}', flush=True)
        print(f'# {time.monotonic() - start:.1f} s', flush=True)
    sys.exit(1 if failed else 0)
