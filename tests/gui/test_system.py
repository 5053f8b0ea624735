# SPDX-License-Identifier: GPL-3.0-or-later
"""The main path by pointer on the system host, as an ordinary user who may open none of its files: a machine becomes a template, four thin
clones come out of it, one runs, is kept, goes back by drag, and loses a snapshot.

STRATA_SYSTEM_HOST_URI names the host; with --far it is the one of STRATA_FAR_HOST_URI. The guest is an empty disk, which isn't sealed."""

import os
import re
import sys
import time

import harness
from harness import Application, Desk, Skip, wait_for
from strata_system_lab import SystemLab

FAR = '--far' in sys.argv
LIST = ('list item',)
CHOICES = ('radio button', 'toggle button', *harness.BUTTONS)
CLONES = [f'gold-0{n}' for n in range(1, 5)]
NAME = CLONES[0]
WORK = 180  # seconds for a job

lab = SystemLab('STRATA_FAR_HOST_URI' if FAR else 'STRATA_SYSTEM_HOST_URI', {'default': '/var/lib/libvirt/images'})


class State:
    desk = None
    window = None
    digest = None


def row(name, rest=''):
    return re.compile(rf'^{re.escape(name)}, {rest}')


def wait_for_jobs():
    State.window.wait('All operations are finished', limit=WORK)


def current():
    return lab.virsh('snapshot-current', NAME, '--name', check=False).out.strip()


def snapshots():
    return sorted(lab.virsh('snapshot-list', NAME, '--name').out.split())


def the_host_has_a_machine():
    lab.start()
    path = lab.image('web.qcow2')
    lab.define_on('web', path)
    assert not os.access(path, os.R_OK), 'the window may open its images'
    State.digest = lab.digest(path)
    State.window = Application(State.desk, '--connect', lab.env['LIBVIRT_DEFAULT_URI'])
    State.window.wait(row('web', 'Off'), LIST, limit=60)


def it_becomes_a_template():
    window = State.window
    window.menu(row('web'), 'Make Template…')
    window.press(re.compile('^Convert$'), CHOICES)
    window.fill('Name of the template', 'gold')
    window.press('Continue')
    window.wait('What Is Cleaned', limit=60)
    window.click(window.wait('Seal the template'))
    time.sleep(1)
    window.press('Continue')
    window.press('Make Template', limit=60)
    window.wait(re.compile('^gold, template'), LIST, limit=WORK)
    wait_for_jobs()
    lab.expect_not_startable('gold', *lab.disks('gold'))


def four_clones_are_deployed():
    window = State.window
    window.menu(re.compile('^gold, template'), 'Deploy…')
    window.press(re.compile('^Thin$'), CHOICES)
    window.wait('How many', ('spin button',)).queryValue().currentValue = 4
    window.wait(re.compile('gold-01, gold-02 … gold-04'))
    window.press('Continue')
    window.press('Deploy 4', limit=60)
    for name in CLONES:
        window.wait(row(name, 'Off, thin · gold'), LIST, limit=WORK)
    wait_for_jobs()


def one_is_kept_twice():
    window = State.window
    window.menu(row(NAME), 'Start')
    window.click(window.wait(row(NAME, 'Running'), LIST, limit=60))
    window.wait('No Snapshots')
    for name in ('first', 'second'):
        window.press('Snapshot')
        window.fill('Name', name)
        window.press('Take Snapshot', limit=60)
        window.wait(row(name), LIST, limit=WORK)
        wait_for_jobs()
    assert (snapshots(), current()) == (['first', 'second'], 'second'), (snapshots(), current())


def dragging_goes_back():
    window = State.window
    window.take_up(row('You are here'), row('first'))
    window.let_go()
    window.wait(re.compile('^Revert to “first”'), limit=60)
    window.press('Revert', limit=60)
    wait_for('the machine to stand on “first”', lambda: current() == 'first', WORK)
    wait_for_jobs()
    assert len(snapshots()) == 3, 'the present state is kept'
    assert lab.virsh('domstate', NAME).out.strip() == 'running', 'it came back with its memory'
    window.screenshot('system-tree')


def one_is_deleted():
    window = State.window
    window.click(window.wait(row('second'), LIST))
    window.wait('Delete…', harness.BUTTONS, sensitive=True, limit=60)
    window.key('Delete')
    window.press('Delete', limit=60)
    window.wait_gone(row('second'), LIST, limit=WORK)
    wait_for_jobs()
    assert 'second' not in snapshots(), snapshots()


def the_template_is_what_it_was():
    assert lab.digest(*lab.disks('gold')) == State.digest, 'the template’s disk has changed'


def nothing_complained():
    State.window.expect_no_complaints()


def main():
    if not lab.env['LIBVIRT_DEFAULT_URI']:
        print('1..0 # SKIP there is no such host')
        return
    try:
        State.desk = Desk()
    except Skip as reason:
        print(f'1..0 # SKIP {reason}')
        return
    try:
        status = harness.run([
            the_host_has_a_machine,
            it_becomes_a_template,
            four_clones_are_deployed,
            one_is_kept_twice,
            dragging_goes_back,
            one_is_deleted,
            the_template_is_what_it_was,
            nothing_complained,
        ], lambda: State.window)
    finally:
        lab.clear()
        lab.close()
    harness.finish(status, State.window, State.desk)


if __name__ == '__main__':
    main()
