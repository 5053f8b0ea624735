# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the real window: a display, a bus and a window manager of its own; finds by accessibility, presses by pointer and key.

Meant to run in tests/lab/session, which gives a home and a libvirt session that go when the test is over."""

import os
import re
import select
import subprocess
import sys
import time
import traceback

STRATA = os.environ.get('STRATA', 'strata')
ARTIFACTS = os.environ.get('STRATA_GUI_ARTIFACTS', '/tmp')
LIMIT = 20  # seconds, for what takes no work

BUTTONS = ('push button', 'button', 'toggle button', 'radio button')
TEXTS = ('text', 'entry', 'password text')


class Skip(Exception):
    """Raised by a test that can't run on this machine, with the reason."""


class Desk:
    """A display with a window manager, and the buses that GTK wants."""

    def __init__(self, width=1280, height=900):
        self.processes = []
        for program in ('Xvfb', 'openbox', 'xdotool', 'import', 'dbus-daemon'):
            if not any(os.access(os.path.join(d, program), os.X_OK) for d in os.environ['PATH'].split(':')):
                raise Skip(f'the program {program} is not installed')

        for name in ('WAYLAND_DISPLAY', 'XDG_SESSION_TYPE', 'GTK_THEME'):
            os.environ.pop(name, None)
        os.environ.update(GDK_BACKEND='x11', GSK_RENDERER='cairo', GTK_A11Y='atspi', GSETTINGS_BACKEND='memory',
                          ADW_DISABLE_PORTAL='1', NO_AT_BRIDGE='0', XDG_DATA_HOME=os.path.expanduser('~/.local/share'))

        read, write = os.pipe()
        self.start(['Xvfb', '-displayfd', str(write), '-screen', '0', f'{width}x{height}x24', '-nolisten', 'tcp'],
                   pass_fds=(write,))
        os.close(write)
        os.environ['DISPLAY'] = ':' + self.line_from(read)

        read, write = os.pipe()
        self.start(['dbus-daemon', '--session', '--nofork', f'--print-address={write}'], pass_fds=(write,))
        os.close(write)
        os.environ['DBUS_SESSION_BUS_ADDRESS'] = self.line_from(read)
        self.start(['openbox', '--sm-disable'])

        # Only now does the module find the bus.
        import pyatspi  # pylint: disable=import-outside-toplevel
        import gi.repository.Atspi  # pylint: disable=import-outside-toplevel
        self.atspi = pyatspi
        self.no_cache = gi.repository.Atspi.Cache.NONE
        # Without it GTK thinks that nobody reads, and says nothing.
        subprocess.run(['gdbus', 'call', '--session', '--dest', 'org.a11y.Bus', '--object-path', '/org/a11y/bus',
                        '--method', 'org.freedesktop.DBus.Properties.Set', 'org.a11y.Status', 'IsEnabled',
                        '<true>'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=20)

    def start(self, command, **options):
        process = subprocess.Popen(command, stdout=options.pop('stdout', subprocess.DEVNULL),
                                   stderr=options.pop('stderr', subprocess.DEVNULL), **options)
        self.processes.append(process)
        return process

    @staticmethod
    def line_from(descriptor):
        ready, _, _ = select.select([descriptor], [], [], LIMIT)
        if not ready:
            raise TimeoutError('a program did not come up')
        with os.fdopen(descriptor) as file:
            return file.readline().strip()

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(what, condition, limit=LIMIT):
    """Polls CONDITION until it is true, and returns what it gave."""
    end = time.monotonic() + limit
    pause = 0.1
    while True:
        try:
            value = condition()
        except LookupError:
            value = None
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f'waited {limit} s for: {what}')
        # Reading the whole tree costs the application time as well, so what takes long is asked less often.
        time.sleep(pause)
        pause = min(pause * 1.2, 2)


def xdotool(*arguments):
    return subprocess.run(['xdotool', *map(str, arguments)], check=True, capture_output=True, text=True,
                          timeout=20).stdout.strip()


class Application:
    """Strata, as somebody sees and uses it."""

    def __init__(self, desk, *arguments, **environment):
        self.desk = desk
        self.log = open(os.path.join(ARTIFACTS, 'strata.log'), 'w+', encoding='utf-8')  # pylint: disable=consider-using-with
        self.process = desk.start([STRATA, *arguments], stdout=self.log, stderr=self.log,
                                  env=dict(os.environ, **environment))
        self.window = wait_for('the window', self.find_window, 40)
        wait_for('the accessible tree', lambda: self.root is not None)

    # What is there

    def find_window(self):
        if self.process.poll() is not None:
            raise RuntimeError(f'strata ended with status {self.process.returncode}: {self.words()}')
        ids = subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(self.process.pid), '--name', '.'],
                             capture_output=True, text=True, check=False, timeout=20).stdout.split()
        return ids[0] if ids else None

    @property
    def root(self):
        if self.process.poll() is not None:
            raise RuntimeError(f'strata ended with status {self.process.returncode}')
        desktop = self.desk.atspi.Registry.getDesktop(0)
        for index in range(desktop.childCount):
            try:
                application = desktop.getChildAtIndex(index)
                if application is not None and application.get_process_id() == self.process.pid:
                    # What is kept here is put right by signals, and nobody runs a main loop to hear them.
                    application.set_cache_mask(self.desk.no_cache)
                    return application
            except Exception:  # pylint: disable=broad-except
                continue
        return None

    def walk(self, node=None, depth=0):
        """Everything that shows, with its depth."""
        node = node or self.root
        if node is None:
            return
        try:
            count = node.childCount
        except Exception:  # pylint: disable=broad-except
            return
        for index in range(count):
            try:
                child = node.getChildAtIndex(index)
                # A window that another one covers still counts.
                if child is None or (depth > 0 and not child.getState().contains(self.desk.atspi.STATE_VISIBLE)):
                    continue
            except Exception:  # pylint: disable=broad-except
                continue
            yield child, depth
            yield from self.walk(child, depth + 1)

    def find(self, name, roles=None, sensitive=None):
        """The first thing named NAME (a text, or a compiled pattern), or LookupError."""
        for node, _ in self.walk():
            try:
                label = node.name or ''
                if isinstance(name, re.Pattern) and not name.search(label):
                    continue
                if isinstance(name, str) and label != name:
                    continue
                if roles and node.getRoleName() not in roles:
                    continue
                state = node.getState()
                if not state.contains(self.desk.atspi.STATE_SHOWING):
                    continue
                if sensitive and not state.contains(self.desk.atspi.STATE_SENSITIVE):
                    continue
                return node
            except LookupError:
                raise
            except Exception:  # pylint: disable=broad-except
                continue
        raise LookupError(f'nothing named {name} with role {roles}')

    def wait(self, name, roles=None, limit=LIMIT, sensitive=None):
        return wait_for(f'{name} {roles or ""}', lambda: self.find(name, roles, sensitive), limit)

    def shows(self, name, roles=None):
        try:
            return self.find(name, roles) is not None
        except LookupError:
            return False

    def wait_gone(self, name, roles=None, limit=LIMIT):
        wait_for(f'{name} to go', lambda: not self.shows(name, roles), limit)

    def tree(self):
        lines = []
        for node, depth in self.walk():
            try:
                showing = '' if node.getState().contains(self.desk.atspi.STATE_SHOWING) else ' (hidden)'
                sensitive = '' if node.getState().contains(self.desk.atspi.STATE_SENSITIVE) else ' (insensitive)'
                lines.append(f'{"  " * depth}{node.getRoleName()} “{node.name}” {node.description}{showing}{sensitive}')
            except Exception as error:  # pylint: disable=broad-except
                lines.append(f'{"  " * depth}? {error}')
        return '\n'.join(lines)

    def words(self):
        self.log.flush()
        with open(self.log.name, encoding='utf-8') as file:
            return file.read()

    # What one does

    def place(self, node):
        """The middle of NODE on the screen."""
        box = node.queryComponent().getExtents(self.desk.atspi.WINDOW_COORDS)
        geometry = dict(line.split('=') for line in xdotool('getwindowgeometry', '--shell', self.window).splitlines())
        return int(geometry['X']) + box.x + box.width // 2, int(geometry['Y']) + box.y + box.height // 2

    def click(self, node, button=1):
        x, y = self.place(node)
        xdotool('mousemove', x, y)
        time.sleep(0.05)
        xdotool('click', button)

    def press(self, name, roles=BUTTONS, limit=LIMIT):
        """Activates a button, a switch or a menu's item as a screen reader does."""
        node = self.wait(name, roles, limit, sensitive=True)
        node.queryAction().doAction(0)
        return node

    def turn_to(self, name):
        """Shows the view NAME of the page."""
        self.press(name, ('page tab',))

    def focus(self):
        xdotool('windowfocus', '--sync', self.window)

    @staticmethod
    def key(*keys):
        for key in keys:
            xdotool('key', '--clearmodifiers', key)
            time.sleep(0.03)

    @staticmethod
    def type(text):
        xdotool('type', '--clearmodifiers', '--delay', '15', text)

    def fill(self, name, text, roles=TEXTS):
        """Puts TEXT into a field in place of what it holds."""
        node = self.wait(name, roles)
        node.queryEditableText().setTextContents(text)
        wait_for(f'“{text}” in {name}', lambda: node.queryText().getText(0, -1) == text)
        return node

    def menu(self, row, item):
        """Right click on ROW, then ITEM of the menu."""
        self.click(self.wait(row, ('list item',)), 3)
        self.press(item, ('menu item',))

    def take_up(self, row, target):
        """Presses on ROW and drags it onto TARGET, without letting go."""
        x, y = self.place(self.wait(row, ('list item',)))
        goal_x, goal_y = self.place(self.wait(target, ('list item',)))
        xdotool('mousemove', x, y)
        time.sleep(0.1)
        xdotool('mousedown', 1)
        for step in ((x + 12, y - 4), (x + 30, y - 20), (goal_x, goal_y), (goal_x + 2, goal_y)):
            time.sleep(0.15)
            xdotool('mousemove', *step)
        time.sleep(0.2)

    @staticmethod
    def let_go():
        xdotool('mouseup', 1)

    def expect_no_complaints(self):
        complaints = [line for line in self.words().splitlines() if re.search(r'(CRITICAL|WARNING) \*\*', line)]
        assert not complaints, '\n'.join(complaints)

    def resize(self, width, height):
        xdotool('windowsize', self.window, width, height)
        wait_for(f'a width of {width}', lambda: f'WIDTH={width}\n' in
                 xdotool('getwindowgeometry', '--shell', self.window) + '\n')

    def screenshot(self, name):
        path = os.path.join(ARTIFACTS, f'{name}.png')
        subprocess.run(['import', '-window', 'root', path], check=False, timeout=60)
        return path

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()


def run(tests, application=None):
    """Runs TESTS, functions without arguments, in order; APPLICATION () gives what to look at when one fails."""
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
            text = ''.join(traceback.format_exception(error))
            window = application() if application else None
            if window is not None and window.process.poll() is None:
                text += f'\nPicture: {window.screenshot(test.__name__)}\n{window.tree()}\n{window.words()}'
            print('\n'.join(f'# {line}' for line in text.splitlines()), flush=True)
            if isinstance(error, KeyboardInterrupt):
                break
        else:
            print(f'ok {number} - {name}', flush=True)
        print(f'# {time.monotonic() - start:.1f} s', flush=True)
    return 1 if failed else 0


def finish(status, *things):
    """Closes THINGS and ends the process; what accessibility left running must not hold it up."""
    for thing in things:
        if thing is not None:
            thing.close()
    sys.stdout.flush()
    os._exit(status)
