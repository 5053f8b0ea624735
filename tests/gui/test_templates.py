# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, by clicking: web-base becomes a sealed template, four thin clones come out of it, two are started and asked.

STRATA_LAB_GUEST names a bootable Debian image (tests/lab makes one)."""

import hashlib
import os
import re
import time

import harness
from guest import agent, ask, define_web_base, virsh
from harness import Application, Desk, Skip, wait_for

LIST = ('list item',)
SEALING = 900  # seconds; under TCG, on a busy machine
BOOT = 600
CLONES = ['web-01', 'web-02', 'web-03', 'web-04']


class State:
    desk = None
    window = None
    guests = {}
    template_sum = None


def row(name, rest=''):
    return re.compile(rf'^{re.escape(name)}, {rest}')


def checksum(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def disk_of(name):
    return re.search(r"<source file='([^']+)'", virsh('dumpxml', '--inactive', name)).group(1)


def wait_for_jobs(what, limit):
    """The bar at the foot says when all is finished; the sheet says how it ended."""
    window = State.window
    wait_for(what, lambda: window.shows('All operations are finished'), limit)


def a_machine_is_there():
    define_web_base()
    State.window = Application(State.desk)
    State.window.wait(row('web-base', 'Off'), LIST)


def a_right_click_makes_a_sealed_template():
    window = State.window
    window.menu(row('web-base'), 'Make Template…')
    window.press(re.compile('^Copy$'), ('radio button', 'toggle button', *harness.BUTTONS))
    window.fill('Name of the template', 'template-web')
    window.press('Continue')
    window.wait(re.compile('^Found in This Guest'), limit=SEALING)
    window.wait('SSH host keys')
    window.screenshot('seal')
    window.press('Continue')
    window.press('Make Template', limit=120)
    window.wait(re.compile('^1 operation$'))
    window.screenshot('sealing')
    window.wait(re.compile('^template-web, template'), LIST, limit=SEALING)
    wait_for_jobs('the template to be made', SEALING)
    State.template_sum = checksum(disk_of('template-web'))
    assert virsh('domstate', 'web-base').strip() == 'shut off', 'the machine stays'


def four_thin_clones_are_deployed():
    window = State.window
    window.menu(re.compile('^template-web, template'), 'Deploy…')
    window.wait('How many')
    window.press(re.compile('^Thin$'), ('radio button', 'toggle button', *harness.BUTTONS))
    spin = window.wait('How many', ('spin button',))
    spin.queryValue().currentValue = 4
    window.wait(re.compile('web-01, web-02 … web-04'))
    window.screenshot('deploy')
    window.press('Continue')
    window.press('Deploy 4', limit=60)
    for name in CLONES:
        window.wait(row(name, 'Off, thin · template-web'), LIST, limit=SEALING)
    wait_for_jobs('the clones to be made', SEALING)


def two_are_started():
    window = State.window
    for name in CLONES[:2]:
        window.menu(row(name), 'Start')
        window.wait(row(name, 'Running'), LIST, limit=60)
    window.screenshot('running')


def the_guests_are_different():
    for name in CLONES[:2]:
        wait_for(f'the agent of {name}', lambda n=name: agent(n, 'guest-ping') is not None, BOOT)
        wait_for(f'sshd in {name}', lambda n=name: ask(n, '/bin/systemctl', 'is-active', 'ssh') == 'active', BOOT)
        State.guests[name] = {
            'hostname': ask(name, '/bin/hostname'),
            'machine-id': ask(name, '/bin/cat', '/etc/machine-id'),
            'host-key': ask(name, '/bin/cat', '/etc/ssh/ssh_host_ed25519_key.pub').split()[1],
            'mac': re.search(r"<mac address='([^']+)'", virsh('dumpxml', name)).group(1),
        }
        print(f'# {name}: {State.guests[name]}', flush=True)
        assert State.guests[name]['hostname'] == name, 'the host name is the clone’s'
        assert re.fullmatch('[0-9a-f]{32}', State.guests[name]['machine-id']), 'a machine ID of its own'
    first, second = State.guests.values()
    for what in ('machine-id', 'host-key', 'mac'):
        assert first[what] != second[what], f'both have the {what} {first[what]}'


def the_template_is_untouched_and_shows_its_clones():
    assert checksum(disk_of('template-web')) == State.template_sum, 'the template’s disk has changed'
    window = State.window
    window.click(window.wait(re.compile('^template-web, template'), LIST))
    window.wait('Template, version 1')
    for name in CLONES:
        window.wait(name, ('list item',))
    window.wait(re.compile('^Thin clones stand on its disks: web-01, web-02, web-03, web-04'))
    window.screenshot('template')


def nothing_complained():
    State.window.expect_no_complaints()


def main():
    if not os.path.exists(os.environ.get('STRATA_LAB_GUEST', '')):
        print('1..0 # SKIP STRATA_LAB_GUEST names no guest')
        return
    try:
        State.desk = Desk()
    except Skip as reason:
        print(f'1..0 # SKIP {reason}')
        return
    start = time.monotonic()
    status = harness.run([
        a_machine_is_there,
        a_right_click_makes_a_sealed_template,
        four_thin_clones_are_deployed,
        two_are_started,
        the_guests_are_different,
        the_template_is_untouched_and_shows_its_clones,
        nothing_complained,
    ], lambda: State.window)
    print(f'# {time.monotonic() - start:.1f} s in all', flush=True)
    for name in CLONES:
        virsh('destroy', name, check=False)
    harness.finish(status, State.window, State.desk)


if __name__ == '__main__':
    main()
