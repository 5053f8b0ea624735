# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that is open while others go on: it follows the host, says what is different, and says so when what it is about has gone."""

import re

import harness
import strata_lab
from harness import Application, Desk, wait_for
from layers import LIST, MENU, SLOW, TABS, State, begin_merge, chain, ctl, expect_content, flat, layer, make_chain, row, show
from strata_lab import Lab

CHANGED = re.compile('^The host has changed since you opened this')
CANNOT = 'This Cannot Be Done'


def make_hosts():
    """web with two snapshots; mail with one, which will be gone; and old, which will be."""
    lab = State.lab
    lab.start()
    for name in ('web', 'mail', 'old'):
        lab.define(name)
    ctl('snapshot', 'create', 'web', 's1', '--disk-only')
    ctl('snapshot', 'create', 'web', 's2', '--disk-only')
    ctl('snapshot', 'create', 'mail', 'm1', '--disk-only', '--description', 'first')
    make_chain('hand')
    lab.virsh('pool-refresh', 'default')


def sensitive(name):
    return State.window.find(name, harness.BUTTONS).getState().contains(State.desk.atspi.STATE_SENSITIVE)


def turn_to(name):
    State.window.click(State.window.wait(row(name), LIST))
    State.window.press('Snapshots', TABS)


def leave(title):
    State.window.press(re.compile('^(Cancel|Close)$'))
    State.window.wait_gone(title)


def another_plan_is_marked_and_has_to_be_confirmed_again():
    """The guest is started under an open plan, and the same request is another one."""
    window = State.window
    turn_to('web')
    window.menu(row('s1'), 'Revert…')
    window.wait('Revert', harness.BUTTONS, sensitive=True)
    assert not window.shows(CHANGED), 'nothing has changed yet'
    State.lab.virsh('start', 'web')
    window.wait(CHANGED)
    window.wait('New', ('label',))
    window.screenshot('marked')
    window.wait('Revert', harness.BUTTONS, sensitive=True)
    State.lab.virsh('destroy', 'web')
    window.wait_gone(CHANGED)
    wait_for('the button', lambda: sensitive('Revert'))
    leave('Revert to “s1”')


def what_says_the_same_shows_nothing():
    """Another machine comes: the plan is asked for again, and is the one that was read."""
    window = State.window
    turn_to('web')
    window.menu(row('s1'), 'Delete…')
    window.wait('Delete', harness.BUTTONS, sensitive=True)
    State.lab.define('other')
    window.wait(row('other'), LIST)
    wait_for('the button', lambda: sensitive('Delete'))
    assert not window.shows(CHANGED), 'the plan is the same'
    leave('Delete Snapshot')


def a_refusal_takes_the_place_of_the_plan():
    """A thin clone comes to stand on what is about to be deleted."""
    window = State.window
    window.menu(row('web'), 'Delete…')
    window.wait('Delete', harness.BUTTONS, sensitive=True)
    ctl('clone', 'create', 'web', 'copy', '--snapshot', 's1')
    window.wait(CANNOT)
    window.wait(CHANGED)
    window.wait(re.compile('copy'), ('label',))
    assert not window.shows('Delete', harness.BUTTONS), 'it can still be confirmed'
    window.screenshot('refused')
    leave(CANNOT)


def a_snapshot_that_was_deleted_does_not_come_back():
    window = State.window
    turn_to('mail')
    window.menu(row('m1'), 'Edit…')
    window.wait('Save', harness.BUTTONS, sensitive=True)
    ctl('snapshot', 'delete', 'mail', 'm1')
    window.wait('“m1” was deleted meanwhile')
    assert not sensitive('Save'), 'it can still be saved'
    window.screenshot('gone')
    leave('Edit Snapshot')
    assert State.lab.virsh('snapshot-list', 'mail', '--name').out.strip() == '', 'it is there again'


def another_snapshot_of_that_name_is_not_the_one():
    window = State.window
    turn_to('mail')
    ctl('snapshot', 'create', 'mail', 'm1', '--disk-only')
    window.wait(row('m1'), LIST)
    window.menu(row('m1'), 'Revert…')
    window.wait('Revert', harness.BUTTONS, sensitive=True)
    ctl('snapshot', 'delete', 'mail', 'm1')
    window.wait('“m1” was deleted meanwhile')
    ctl('snapshot', 'create', 'mail', 'm1', '--disk-only')
    assert not sensitive('Revert'), 'it is another one'
    leave('Revert to “m1”')


def undo_means_the_snapshot_that_was_taken():
    """What keeps the present state is deleted after the revert, and another one has its name."""
    window, lab = State.window, State.lab

    def names():
        return set(lab.virsh('snapshot-list', 'mail', '--name').out.split())

    turn_to('mail')
    window.wait(row('m1'), LIST)
    before = names()
    window.menu(row('m1'), 'Revert…')
    window.press('Revert', limit=30)
    window.wait('Undo', harness.BUTTONS, limit=60)
    kept = (names() - before).pop()
    ctl('snapshot', 'delete', 'mail', kept)
    ctl('snapshot', 'create', 'mail', kept, '--disk-only')
    after = names()
    window.press('Undo')
    window.wait('That Did Not Work')
    window.wait(re.compile('is another snapshot now'), ('label',))
    window.press('Close')
    window.wait_gone('That Did Not Work')
    assert names() == after, 'something was undone'


def steps_give_way_when_the_machine_goes():
    """The first page of a dialog that has its plan last."""
    window = State.window
    window.menu(row('old'), 'Make Template…')
    window.wait('Continue', harness.BUTTONS, sensitive=True)
    State.lab.virsh('undefine', 'old')
    window.wait('“old” was deleted meanwhile')
    window.screenshot('gone-steps')
    assert not window.shows('Continue', harness.BUTTONS), 'there are steps left'
    window.press('Close')
    window.wait_gone('“old” was deleted meanwhile')


def a_queued_job_shows_its_new_plan():
    """What waits for a merge would work on an image that is gone then; it is done when a person has seen that."""
    window, layers, copy = State.window, chain('hand'), flat('hand')
    show('hand')
    begin_merge(layers[0], 'Merge Down', 'Merge Down', SLOW)
    window.wait(re.compile('^Commit “'), ('progress bar',))
    window.menu(layer(layers[0]), 'Make Independent…')
    window.press('Make Independent', limit=40)
    window.wait('The Host Has Changed', limit=90)
    window.screenshot('has-changed')
    assert chain('hand') == layers[1:], 'it was done all the same'
    window.press('Show New Plan…')
    window.wait(CHANGED)
    window.wait('New', ('label',))
    window.wait('No longer', ('label',))
    window.screenshot('new-plan')
    window.press('Make Independent', limit=40)
    window.wait_gone(CHANGED)
    wait_for('it to stand alone', lambda: chain('hand') == layers[1:2], 60)
    expect_content('hand', copy)


def nothing_complained():
    State.window.expect_no_complaints()


def main():
    try:
        State.desk = Desk()
        State.lab = Lab()
        make_hosts()
        State.window = Application(State.desk, **State.lab.env)
    except (harness.Skip, strata_lab.Skip) as reason:
        print(f'1..0 # SKIP {reason}')
        return
    status = harness.run([
        another_plan_is_marked_and_has_to_be_confirmed_again,
        what_says_the_same_shows_nothing,
        a_refusal_takes_the_place_of_the_plan,
        a_snapshot_that_was_deleted_does_not_come_back,
        another_snapshot_of_that_name_is_not_the_one,
        undo_means_the_snapshot_that_was_taken,
        steps_give_way_when_the_machine_goes,
        a_queued_job_shows_its_new_plan,
        nothing_complained,
    ], lambda: State.window)
    harness.finish(status, State.window, State.lab, State.desk)


if __name__ == '__main__':
    main()
