# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a machine: layers with their holders, checks, merges that are seen, stopped and finished, and refused ones."""

import os
import re
import time

import harness
import strata_lab
from harness import Application, Desk, wait_for
from layers import (LIST, MENU, SLOW, State, begin_merge, chain, ctl, expect_content, flat, layer, make_chain, row, show, write)
from strata_lab import DOMAIN, Lab, disk_xml


def make_hosts():
    """web: two snapshots; hand and late: chains without any; clone: a thin clone of a template; bad: a damaged image."""
    lab = State.lab
    lab.start()
    lab.make_disk('web.qcow2', size='256M', data='24M')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(lab.path('web.qcow2'))))
    ctl('snapshot', 'create', 'web', 'clean install')
    write(chain('web')[0], 4, 2)
    ctl('snapshot', 'create', 'web', 'before upgrade')
    write(chain('web')[0], 64, 3)
    make_chain('hand')
    make_chain('late')

    lab.define('db')
    lab.virsh('pool-refresh', 'default')
    ctl('template', 'create', 'db', '--name', 'template-db', '--no-seal')
    ctl('template', 'deploy', 'template-db', '--name', 'clone', '--thin')

    damaged = lab.define('bad', data='8M')[0]
    with open(damaged, 'r+b') as file:
        file.seek(65536)
        file.write(bytes(65536))


def the_layers_are_shown_with_their_holders():
    window = State.window = Application(State.desk, **State.lab.env)
    show('web')
    top, mid, base = chain('web')
    window.wait(layer(top, 'held by This VM'), LIST)
    window.wait(layer(mid, 'held by Snapshot “before upgrade”, under This VM'), LIST)
    window.wait(layer(base, 'held by Snapshot “clean install”, under This VM, Snapshot “before upgrade”'), LIST)
    window.wait(layer(base, r'qcow2, 2\d\.\d\sMB of 268\.4\sMB'), LIST)
    window.screenshot('disks')


def the_menu_comes_by_keyboard_and_says_why_not():
    window = State.window
    top = chain('web')[0]
    window.focus()
    # A click shows the menu as well; by Escape the layer has the focus.
    window.click(window.wait(layer(top), LIST))
    for key in (None, 'Menu', 'shift+F10'):
        if key:
            window.key(key)
        item = window.wait('Merge Up…', MENU)
        wait_for('the reason', lambda: item.description == 'No layer stands on it.')  # pylint: disable=cell-var-from-loop
        window.wait('Merge Down…', MENU, sensitive=True)
        window.key('Escape')
        window.wait_gone('Merge Up…', MENU)
    window.menu(layer(top), 'Copy Path')
    window.wait('Path copied')


def a_check_tells_of_each_layer():
    window = State.window
    window.press('Check')
    for path in chain('web'):
        window.wait(layer(path, 'Sound$'), LIST)
    show('bad')
    window.menu(layer(chain('bad')[0]), 'Check')
    window.wait(layer(chain('bad')[0], 'is damaged'), LIST)


def what_is_shared_is_marked_and_what_is_refused_says_why():
    window = State.window
    show('clone')
    top, base = chain('clone')
    window.wait(layer(base, 'shared, held by Template “template-db”, under This VM'), LIST)
    window.screenshot('shared')
    window.click(window.wait(layer(top), LIST), 3)
    item = window.wait('Merge Down…', MENU)
    wait_for('the reason', lambda: 'is a disk of the template “template-db”' in item.description)
    assert not item.getState().contains(State.desk.atspi.STATE_SENSITIVE), 'nothing is merged into a template'
    window.wait('Make Independent…', MENU, sensitive=True)
    window.key('Escape')


def a_merge_that_is_stopped_half_way_leaves_all_as_it_was():
    window = State.window
    show('hand')
    top, mid, base = chain('hand')
    copy = flat('hand')
    definition = State.lab.virsh('dumpxml', 'hand').out
    begin_merge(top, 'Merge Down', 'Merge Down', SLOW)

    bar = window.wait(f'Commit “{os.path.basename(top)}” into “{os.path.basename(mid)}”', ('progress bar',))
    wait_for('some of it to be done', lambda: 0.1 < bar.queryValue().currentValue < 0.9)
    window.wait(re.compile(r'of 67\.\d\sMB · \d+\.\d\sMB/s'), ('label',))
    assert os.path.basename(top) in bar.parent.parent.parent.parent.parent.name, 'it is on the layer that goes'
    window.screenshot('merging')
    window.press('Cancel')
    window.wait_gone(re.compile('^Commit “'), ('progress bar',))
    window.wait('All operations are finished')
    assert chain('hand') == [top, mid, base], 'a layer is gone'
    assert State.lab.virsh('dumpxml', 'hand').out == definition, 'the definition is another'
    expect_content('hand', copy)


def a_merge_is_finished():
    window = State.window
    show('web')
    top, mid, base = chain('web')
    copy = flat('web')
    begin_merge(mid, 'Merge Up', 'Delete', 0)
    window.wait_gone(layer(mid), LIST, 60)
    window.wait(layer(top, 'held by This VM'), LIST)
    wait_for('the job to be over', lambda: window.shows('All operations are finished'))
    assert chain('web') == [top, base], 'what is left'
    assert not os.path.exists(mid), f'{mid} is still there'
    expect_content('web', copy)


def under_a_running_machine_too():
    window = State.window
    copy = flat('web')
    State.lab.virsh('start', 'web')
    window.wait(re.compile('^web, Running'), LIST)
    top, base = chain('web')
    # The base takes 68 MB; the speed is let go on the way, and the rest of it takes no time.
    begin_merge(top, 'Merge Down', 'Delete', 2)
    bar = window.wait(f'Commit “{os.path.basename(top)}” into “{os.path.basename(base)}”', ('progress bar',))
    wait_for('a beginning', lambda: bar.queryValue().currentValue > 0)
    window.press('Limit the Speed', ('toggle button',))
    window.wait(re.compile('^At most, in MB per second'), ('spin button',)).queryValue().currentValue = 0
    window.wait_gone(layer(top), LIST, 20)
    window.key('Escape')
    assert chain('web') == [base], 'what is left'
    State.lab.virsh('destroy', 'web')
    window.wait(re.compile('^web, Off'), LIST)
    expect_content('web', copy)


def nothing_complained():
    State.window.expect_no_complaints()
    State.window.close()


def a_window_that_is_closed_during_a_merge_asks_first():
    window = State.window = Application(State.desk, **State.lab.env)
    window.wait('Unfinished Operations')
    window.key('Escape')
    window.wait_gone('Unfinished Operations')
    show('late')
    top, mid, base = chain('late')
    copy = flat('late')
    definition = State.lab.virsh('dumpxml', 'late').out
    begin_merge(top, 'Merge Down', 'Merge Down', SLOW)
    title = f'Commit “{os.path.basename(top)}” into “{os.path.basename(mid)}”'
    bar = window.wait(title, ('progress bar',))
    wait_for('some of it to be done', lambda: bar.queryValue().currentValue > 0.1)
    window.key('ctrl+w')
    window.press('Stay')
    window.wait_gone('Work Is Under Way')
    window.wait(title, ('progress bar',))
    window.key('ctrl+w')
    window.press('Cancel and Quit')
    window.process.wait(60)
    assert chain('late') == [top, mid, base], 'a layer is gone'
    assert State.lab.virsh('dumpxml', 'late').out == definition, 'the definition is another'
    expect_content('late', copy)
    job = [job['id'] for job in State.lab.ctl('--json', 'job', 'list').document['jobs'] if 'late-top' in str(job)]
    ctl('job', 'resume', *job)
    assert chain('late') == [mid, base], 'what is left'
    expect_content('late', copy)


def main():
    try:
        State.desk = Desk()
        State.lab = Lab()
        make_hosts()
    except (harness.Skip, strata_lab.Skip) as reason:
        print(f'1..0 # SKIP {reason}')
        return
    start = time.monotonic()
    status = harness.run([
        the_layers_are_shown_with_their_holders,
        the_menu_comes_by_keyboard_and_says_why_not,
        a_check_tells_of_each_layer,
        what_is_shared_is_marked_and_what_is_refused_says_why,
        a_merge_that_is_stopped_half_way_leaves_all_as_it_was,
        a_merge_is_finished,
        under_a_running_machine_too,
        nothing_complained,
        a_window_that_is_closed_during_a_merge_asks_first,
    ], lambda: State.window)
    print(f'# {time.monotonic() - start:.1f} s in all', flush=True)
    harness.finish(status, State.window, State.lab, State.desk)


if __name__ == '__main__':
    main()
