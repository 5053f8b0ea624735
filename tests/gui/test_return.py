# SPDX-License-Identifier: GPL-3.0-or-later
"""Back in time with a real guest that runs: three snapshots of different kinds, "You are here" dragged to the first and back, and
asked inside which state it is in; then a layer is merged under it, and the same way is gone by keys alone. At last its file systems
are frozen for a snapshot, by its agent, and not by one that hangs."""

import re
import struct
import subprocess
import tempfile
import time

import harness
from guest import agent, ask, define_web_base, virsh
from harness import Application, Desk, Skip, wait_for

VM = 'web-base'
LIST = ('list item',)
TOGGLES = ('radio button', 'toggle button', *harness.BUTTONS)
FREEZE = 'Freeze the guest’s file systems meanwhile'
BOOT = 600    # seconds, under TCG, on a busy machine
JOB = 180
KINDS = {'first': 'Internal', 'second': 'Disk and Memory', 'third': 'Disk Only'}


class State:
    desk = None
    window = None
    boot = None
    kept = None


def row(name):
    return re.compile(rf'^{re.escape(name)}, ')


def need_guest():
    if State.boot is None:
        raise Skip('there is no guest')


def wait_for_jobs():
    wait_for('the operation to end', lambda: State.window.shows('All operations are finished'), JOB)


def files():
    """What the guest finds on its disk, when it looks again."""
    return set(ask(VM, 'sh', '-c', 'echo 3 >/proc/sys/vm/drop_caches; cd /root; ls first second third extra 2>/dev/null || true').split())


def expect_state(*names):
    wait_for('the guest’s agent', lambda: agent(VM, 'guest-ping') is not None, JOB)
    wait_for(f'{names} in the guest', lambda: files() == set(names), 60)
    assert ask(VM, 'cat', '/proc/sys/kernel/random/boot_id') == State.boot, 'the guest goes on, and has not booted anew'


def write(name, mebibytes=1):
    ask(VM, 'sh', '-c', f'head -c {mebibytes}M /dev/urandom >/root/{name}; sync')


def take(name):
    window = State.window
    window.press('Snapshot')
    window.fill('Name', name)
    window.press(KINDS[name], TOGGLES)
    window.press('Take Snapshot', limit=60)
    window.wait(row(name), LIST, limit=JOB)
    wait_for_jobs()


def confirm_return():
    """The plan shows that the present state is kept; the name of that snapshot."""
    window = State.window
    window.wait('Revert', harness.BUTTONS, sensitive=True, limit=60)
    name = window.wait('Name of that snapshot', harness.TEXTS).queryText().getText(0, -1)
    window.press('Revert')
    return name


def drag_to(name):
    State.window.take_up(re.compile('^You are here'), row(name))
    State.window.let_go()


def a_guest_runs():
    define_web_base()
    virsh('start', VM)
    wait_for('the guest’s agent', lambda: agent(VM, 'guest-ping') is not None, BOOT)
    State.boot = ask(VM, 'cat', '/proc/sys/kernel/random/boot_id')
    State.window = Application(State.desk)
    State.window.click(State.window.wait(row(VM), LIST))
    State.window.wait('No Snapshots')


def three_kinds_are_taken():
    need_guest()
    for name in KINDS:
        write(name, 40 if name == 'second' else 1)
        take(name)
    write('extra')
    expect_state('first', 'second', 'third', 'extra')


def dragging_goes_back_to_the_first():
    need_guest()
    drag_to('first')
    State.kept = confirm_return()
    State.window.wait(row(State.kept), LIST, limit=JOB)
    wait_for('libvirt to say so', lambda: virsh('snapshot-current', VM, '--name', check=False).strip() == 'first', JOB)
    wait_for_jobs()
    expect_state('first')


def dragging_leads_back():
    need_guest()
    drag_to(State.kept)
    confirm_return()
    wait_for('libvirt to say so', lambda: virsh('snapshot-current', VM, '--name', check=False).strip() == State.kept, JOB)
    wait_for_jobs()
    expect_state('first', 'second', 'third', 'extra')


def the_middle_one_is_deleted_under_it():
    """Two layers below the one that the guest writes to become one, while it runs."""
    need_guest()
    window = State.window
    window.click(window.wait(row('second'), LIST))
    window.wait('Delete…', harness.BUTTONS, sensitive=True, limit=60)
    window.key('Delete')
    window.press('Delete', limit=60)
    window.wait_gone(row('second'), LIST, limit=JOB)
    wait_for_jobs()
    expect_state('first', 'second', 'third', 'extra')


def has_focus(name, roles):
    return State.window.find(name, roles).getState().contains(State.desk.atspi.STATE_FOCUSED)


def choose_by_keys(item):
    """An item of the menu that is up."""
    for _ in range(10):
        if has_focus(item, ('menu item',)):
            break
        State.window.key('Down')
        time.sleep(0.1)
    State.window.key('Return')


def the_same_way_by_keys_alone():
    """Ctrl+Shift+S and a name; then from the list, with "You are here" chosen by End: its menu, Revert…, up to the first, Enter; and
    the plan, whose button has the focus since nothing is discarded, by Enter as well."""
    need_guest()
    window = State.window
    window.focus()
    window.click(window.wait(row('first'), LIST))
    window.key('ctrl+shift+s')
    window.wait('Take Snapshot', harness.BUTTONS, sensitive=True, limit=60)
    wait_for('the focus in the name', lambda: has_focus('Name', harness.TEXTS))
    window.key('ctrl+a')
    window.type('by-keys')
    wait_for('the name', lambda: window.find('Name', harness.TEXTS).queryText().getText(0, -1) == 'by-keys')
    time.sleep(1)   # the plan is made anew a moment after the last letter
    window.wait('Take Snapshot', harness.BUTTONS, sensitive=True, limit=60)
    window.key('Return')
    window.wait(row('by-keys'), LIST, limit=JOB)
    wait_for_jobs()

    window.key('End', 'Menu')
    window.wait(re.compile('^Revert'), ('menu item',))
    choose_by_keys(re.compile('^Revert'))
    window.key('Home', 'Return')
    window.wait('Revert', harness.BUTTONS, sensitive=True, limit=60)
    wait_for('the focus on the button', lambda: has_focus('Revert', harness.BUTTONS))
    window.key('Return')
    wait_for('libvirt to say so', lambda: virsh('snapshot-current', VM, '--name', check=False).strip() == 'first', JOB)
    wait_for_jobs()
    expect_state('first')


def image():
    """What its disk is on."""
    return virsh('domblklist', VM).split()[1]


def is_whole(path):
    """Whether the ext4 on the first partition needs nothing of its journal, as when it was unmounted or frozen."""
    with tempfile.NamedTemporaryFile() as raw:
        subprocess.run(['qemu-img', 'dd', '-U', '-f', 'qcow2', '-O', 'raw', 'bs=1M', 'count=4', f'if={path}', f'of={raw.name}'],
                       check=True, timeout=60)
        head = raw.read()
    start, = struct.unpack_from('<I', head, 446 + 8)
    superblock = start * 512 + 1024
    assert head[superblock + 0x38:superblock + 0x3a] == b'\x53\xef', 'there is no ext4'
    features, = struct.unpack_from('<I', head, superblock + 0x60)
    return not features & 4    # EXT4_FEATURE_INCOMPAT_RECOVER


def begin_to_take(name, freeze):
    window = State.window
    window.press('Snapshot')
    window.fill('Name', name)
    window.press('Disk Only', TOGGLES)
    if freeze:
        window.click(window.wait(FREEZE, ('check box',)))
    window.press('Take Snapshot', limit=60)


def expect_it_writes(name):
    """A file system that is frozen would let this wait for ever."""
    assert agent(VM, 'guest-fsfreeze-status') == 'thawed', 'it is frozen'
    write(name)


def file_systems_are_frozen_meanwhile():
    need_guest()
    for name, freeze in (('torn', False), ('whole', True)):
        write('extra')
        frozen = image()
        begin_to_take(name, freeze)
        State.window.wait(row(name), LIST, limit=JOB)
        wait_for_jobs()
        assert is_whole(frozen) == freeze, f'{name}: {frozen}'
        expect_it_writes('extra')


def an_agent_that_hangs_freezes_nothing():
    need_guest()
    window, there = State.window, image()
    # Its child stops it, and lets it go on later.
    agent(VM, 'guest-exec', path='/bin/sh', arg=['-c', 'sleep 1; kill -STOP $PPID; sleep 60; kill -CONT $PPID'])
    time.sleep(2)
    begin_to_take('never', True)
    window.wait(re.compile('^Failed, nothing changed'), limit=JOB)
    window.key('ctrl+j')
    window.wait(re.compile('qemu-guest-agent'))
    window.screenshot('hung-agent')
    window.key('Escape')
    assert image() == there, 'the machine is where it was'
    assert 'never' not in virsh('snapshot-list', VM, '--name'), 'there is no such snapshot'
    wait_for('the guest’s agent', lambda: agent(VM, 'guest-ping') is not None, JOB)
    expect_it_writes('extra')


def nothing_complained():
    need_guest()
    State.window.expect_no_complaints()


def main():
    try:
        State.desk = Desk()
    except Skip as reason:
        print(f'1..0 # SKIP {reason}')
        return
    status = harness.run([
        a_guest_runs,
        three_kinds_are_taken,
        dragging_goes_back_to_the_first,
        dragging_leads_back,
        the_middle_one_is_deleted_under_it,
        the_same_way_by_keys_alone,
        file_systems_are_frozen_meanwhile,
        an_agent_that_hangs_freezes_nothing,
        nothing_complained,
    ], lambda: State.window)
    harness.finish(status, State.window, State.desk)


if __name__ == '__main__':
    main()
