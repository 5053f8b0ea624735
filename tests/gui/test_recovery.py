# SPDX-License-Identifier: GPL-3.0-or-later
"""What was killed on its way: the next window tells of it, and goes back or on, with every byte where it was."""

import os
import re
import signal

import harness
import strata_lab
from harness import Application, Desk, wait_for
from layers import LIST, SLOW, State, begin_merge, chain, ctl, expect_content, flat, make_chain, row, show
from strata_lab import Lab

TITLE = 'Unfinished Operations'
LAYERS = ['hand-base.qcow2', 'hand-mid.qcow2', 'hand-top.qcow2']


def make_hosts():
    """hand: a chain without snapshots, and web, which runs."""
    State.lab.start()
    make_chain('hand')
    State.lab.define('web', run=True)
    State.lab.virsh('pool-refresh', 'default')


def unfinished():
    return ctl('--json', 'job', 'list').document['jobs']


def open_window():
    State.window = Application(State.desk, **State.lab.env)


def come_back(step):
    """Another window, in which STEP is shown as the one that was begun."""
    open_window()
    State.window.wait(TITLE, limit=40)
    State.window.wait(re.compile(step), LIST)
    State.window.screenshot('unfinished')


def look_by_menu():
    State.window.press('Main Menu', ('toggle button',))
    State.window.press('Show Unfinished Operations', ('menu item',))


def expect_over():
    State.window.wait_gone(TITLE)
    wait_for('the job to be over', lambda: State.window.shows('All operations are finished'), 60)
    assert unfinished() == [], 'something is unfinished'


def nothing_is_unfinished_at_first():
    open_window()
    window = State.window
    window.wait(re.compile('^web, Running'), LIST)
    window.focus()
    look_by_menu()
    window.wait('No operation was left unfinished')
    assert not window.shows(TITLE), 'there is nothing to show'
    window.close()


def journals():
    folder = os.path.join(State.lab.state_dir, 'journal')
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return ''.join(open(os.path.join(folder, name), encoding='utf-8').read() for name in names)  # pylint: disable=consider-using-with


def what_can_be_taken_back_is():
    """stratactl is killed when it has begun to take a snapshot, of a QEMU that does not answer. libvirt may take it all the same."""
    lab = State.lab
    before = chain('web')
    with open(os.path.join(lab.env['XDG_RUNTIME_DIR'], 'libvirt/qemu/run/web.pid'), encoding='ascii') as file:
        qemu = int(file.read())
    os.kill(qemu, signal.SIGSTOP)
    try:
        process = lab.popen('snapshot', 'create', 'web', 'half', '--disk-only')
        wait_for('the snapshot to be begun', lambda: '"step":1' in journals())
        process.kill()
        process.wait(20)
    finally:
        os.kill(qemu, signal.SIGCONT)
    come_back('^Take the snapshot “half”')
    State.window.press('Roll Back')
    expect_over()
    assert chain('web') == before, 'it is not where it was'
    assert lab.virsh('snapshot-list', 'web', '--name').out.strip() == '', 'the snapshot is there'
    assert lab.virsh('domstate', 'web').out.strip() == 'running', 'it runs no more'
    assert sorted(os.listdir(lab.images)) == sorted([*LAYERS, 'web-vda.qcow2']), 'a file was left'


def past_the_point_of_no_return_there_is_only_the_way_on():
    """The window is killed in the midst of a merge. Escape puts the answer off, and the menu shows it again."""
    show('hand')
    window, layers, copy = State.window, chain('hand'), flat('hand')
    begin_merge(layers[0], 'Merge Down', 'Merge Down', SLOW)
    bar = window.wait(re.compile('^Commit “'), ('progress bar',))
    wait_for('some of it to be done', lambda: 0.05 < bar.queryValue().currentValue < 0.7)
    window.process.kill()
    window.process.wait(20)
    assert len(unfinished()) == 1, 'the job is not unfinished'

    come_back('^Commit “')
    window = State.window
    window.wait('Begun, and not done', ('label',))
    back = window.wait('Roll Back', harness.BUTTONS)
    assert not back.getState().contains(State.desk.atspi.STATE_SENSITIVE), 'there is no way back'
    assert 'point of no return' in back.description, f'it says “{back.description}”'
    window.focus()
    window.key('Escape')
    window.wait_gone(TITLE)
    assert len(unfinished()) == 1, 'nobody decided'

    look_by_menu()
    window.press('Resume')
    expect_over()
    assert chain('hand') == layers[1:], 'what is left'
    assert not os.path.exists(layers[0]), f'{layers[0]} is still there'
    expect_content('hand', copy)


def what_is_dismissed_is_never_asked_about_again():
    """Another merge is killed. What it leaves behind is told first, and the host is left as it is."""
    lab = State.lab
    State.window.close()
    layers, copy = chain('hand'), flat('hand')
    process = lab.popen('disk', 'merge', 'hand', 'vda', '--commit')
    wait_for('the merge to be begun', lambda: '"step":0' in journals() or '"step":1' in journals())
    process.kill()
    process.wait(20)
    files = sorted(os.listdir(lab.images))

    open_window()
    window = State.window
    window.wait(TITLE, limit=40)
    window.press('Dismiss…')
    window.wait('Dismiss the Operation?')
    window.screenshot('dismiss')
    window.press('Cancel')
    window.wait_gone('Dismiss the Operation?')
    assert len(unfinished()) == 1, 'it was dismissed all the same'

    window.press('Dismiss…')
    window.wait('Dismiss the Operation?')
    window.press('Dismiss')
    window.wait_gone(TITLE)
    window.wait(re.compile('^Dismissed: Merge'), ('label',))
    assert unfinished() == [] and journals() == '', 'it is there still'
    assert sorted(os.listdir(lab.images)) == files, 'the host was touched'
    expect_content('hand', copy)
    window.close()

    open_window()
    window = State.window
    window.wait(row('web'), LIST, limit=40)
    window.focus()
    look_by_menu()
    window.wait('No operation was left unfinished')
    assert not window.shows(TITLE), 'it is asked about again'
    assert chain('hand')[-1] == layers[-1], 'what hand stands on'


def nothing_complained():
    State.window.expect_no_complaints()
    State.window.close()


def main():
    try:
        State.desk = Desk()
        State.lab = Lab()
        make_hosts()
    except (harness.Skip, strata_lab.Skip) as reason:
        print(f'1..0 # SKIP {reason}')
        return
    status = harness.run([
        nothing_is_unfinished_at_first,
        what_can_be_taken_back_is,
        past_the_point_of_no_return_there_is_only_the_way_on,
        what_is_dismissed_is_never_asked_about_again,
        nothing_complained,
    ], lambda: State.window)
    harness.finish(status, State.window, State.lab, State.desk)


if __name__ == '__main__':
    main()
