# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of snapshots on a real machine that runs: it follows other tools, and "You are here" is moved by pointer and by key.

STRATACTL names the command, which makes some of the snapshots."""

import os
import re
import subprocess
import time

import harness
from harness import Application, Desk, Skip, wait_for, xdotool

LIST = ('list item',)
MENU = ('menu item',)
NAME = 'web-01'

DOMAIN = '''<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='{disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <video><model type='vga'/></video>
    <memballoon model='none'/>
  </devices>
</domain>'''


class State:
    desk = None
    window = None


def row(name):
    return re.compile(rf'^{re.escape(name)}, ')


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f'{command}: {done.stderr}')
    return done.stdout


def virsh(*arguments):
    return run('virsh', '-q', '-c', 'qemu:///session', *arguments)


def stratactl(*arguments):
    return run(os.environ['STRATACTL'], *arguments)


def current():
    return virsh('snapshot-current', NAME, '--name').strip()


def disk():
    return virsh('domblklist', NAME).split()[1]


def define(name):
    folder = os.path.expanduser('~/images')
    path = os.path.join(folder, f'{name}.qcow2')
    run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '64M')
    run('qemu-io', '-c', 'write -P 1 0 1M', path)
    definition = os.path.join(folder, f'{name}.xml')
    with open(definition, 'w', encoding='utf-8') as file:
        file.write(DOMAIN.format(name=name, disk=path))
    virsh('define', definition)


def rows():
    """The names of the tree's rows, from above."""
    tree = State.window.find('Snapshots', ('list',))
    return [tree.getChildAtIndex(n).name.split(', ')[0] for n in range(tree.childCount)]


def is_selected(name):
    return State.window.find(row(name), LIST).getState().contains(State.desk.atspi.STATE_SELECTED)


def choose(name):
    """Selects a row; the window manager gives the window the focus for the click."""
    window = State.window
    window.click(window.wait(row(name), LIST))
    wait_for(f'{name} to be selected', lambda: is_selected(name))


def key_until(key, what, condition):
    """Right after a click the window manager may still be giving the focus away, and then a key is lost."""
    for _ in range(8):
        State.window.key(key)
        try:
            return wait_for(what, condition, 3)
        except TimeoutError:
            continue
    raise TimeoutError(what)


def focused_row():
    """The name of the row that the keys go to."""
    for node, _ in State.window.walk(State.window.find('Snapshots', ('list',))):
        if node.getState().contains(State.desk.atspi.STATE_FOCUSED):
            return node.name.split(', ')[0]
    return None


def keys_go_to(name):
    wait_for(f'{name} to have the focus', lambda: focused_row() == name)


def keys_open_the_menu():
    """By either key, the second of which is lost unless the menu has given the focus back."""
    window = State.window
    before = focused_row()
    for key in ('Menu', 'shift+F10'):
        window.key(key)
        window.wait('Delete…', MENU)
        window.key('Escape')
        window.wait_gone('Delete…', MENU)
        keys_go_to(before)


def take_up(target):
    State.window.take_up(row('You are here'), row(target))


def an_empty_machine_says_what_a_snapshot_is_for():
    os.makedirs(os.path.expanduser('~/images'), exist_ok=True)
    virsh('pool-create-as', 'default', 'dir', '--target', os.path.expanduser('~/images'))
    define(NAME)
    virsh('start', NAME)
    State.window = Application(State.desk)
    window = State.window
    window.click(window.wait(re.compile(f'^{NAME}, Running'), LIST))
    window.wait('No Snapshots')
    window.wait('Take Snapshot…', harness.BUTTONS, sensitive=True)


def what_others_take_appears():
    window = State.window
    virsh('snapshot-create-as', NAME, 'clean install', '--disk-only', '--description', 'As it came')
    window.wait(re.compile('^clean install, Disk, Today .*, current$'), LIST)
    window.wait(re.compile('^You are here, Present state'), LIST)
    assert is_selected('You are here'), 'the place where one is is selected first'
    window.click(window.find(row('clean install'), LIST))
    wait_for('the selection', lambda: is_selected('clean install'))
    stratactl('snapshot', 'create', NAME, 'configured', '--memory')
    stratactl('snapshot', 'create', NAME, 'tried', '--disk-only')
    window.wait(re.compile('^configured, Disk and memory, '), LIST)
    window.wait(row('tried'), LIST)
    wait_for('the order', lambda: rows() == ['clean install', 'configured', 'tried', 'You are here'])
    assert is_selected('clean install'), 'what is selected stays selected'
    wait_for('bytes', lambda: re.search(r'\d\s[kM]B', window.find(row('tried'), LIST).name))
    assert window.find(row('clean install'), LIST).description == 'As it came'

    # Strata has taken a picture of the screen, and virsh has not.
    window.click(window.find(row('configured'), LIST))
    window.wait('The screen when it was taken')
    window.click(window.find(row('clean install'), LIST))
    window.wait_gone('The screen when it was taken')


def what_others_delete_goes():
    window = State.window
    virsh('snapshot-create-as', NAME, 'mistake')
    window.wait(re.compile('^mistake, Internal, '), LIST)
    virsh('snapshot-delete', NAME, 'mistake')
    window.wait_gone(row('mistake'), LIST)
    assert is_selected('clean install'), 'what is selected stays selected'


def the_menu_is_there_by_key_too():
    window = State.window
    choose('configured')
    for key in ('Menu', 'shift+F10'):
        key_until(key, 'the menu', lambda: window.shows('Revert…', MENU))
        for item in ('Revert…', 'New VM from Here…', 'Edit…', 'Delete…', 'Delete with Children…'):
            window.wait(item, MENU)
        window.key('Escape')
        window.wait_gone('Edit…', MENU)
        keys_go_to('configured')
    for key in ('F2', 'Delete'):
        window.key(key)
        window.wait('Cancel', harness.BUTTONS)
        window.key('Escape')
        window.wait_gone('Cancel', harness.BUTTONS)
        keys_go_to('configured')


def the_keys_outlive_their_row():
    window = State.window
    virsh('snapshot-create-as', NAME, 'mistake')
    window.wait(row('mistake'), LIST)
    choose('mistake')
    keys_go_to('mistake')
    virsh('snapshot-delete', NAME, 'mistake')
    window.wait_gone(row('mistake'), LIST)
    keys_go_to('You are here')
    window.key('Up')
    wait_for('the row above to be selected', lambda: is_selected('tried'))
    keys_open_the_menu()


def escape_cancels_a_drag():
    window = State.window
    before = current(), disk()
    take_up('clean install')
    window.screenshot('snapshots-drag')
    # Without --clearmodifiers, which would let go of the button.
    xdotool('key', 'Escape')
    time.sleep(0.3)
    State.window.let_go()
    time.sleep(0.5)
    assert not window.shows(re.compile('^Go Back to')), 'nothing is asked'
    assert (current(), disk()) == before
    keys_go_to('You are here')
    window.key('Up')
    wait_for('the row above to be selected', lambda: is_selected('tried'))
    keys_open_the_menu()


def dragging_goes_back():
    window = State.window
    old = disk()
    take_up('configured')
    State.window.let_go()
    window.wait('Revert', harness.BUTTONS, sensitive=True, limit=30)
    window.wait(re.compile('^Revert to “configured”'))
    window.press('Revert')
    wait_for('the machine to stand on “configured”', lambda: current() == 'configured', 60)
    wait_for('a new overlay', lambda: disk() != old)
    wait_for('the branch', lambda: rows()[:2] == ['clean install', 'configured'] and rows()[-1] == 'You are here' and
             'tried' in rows()[2:-1] and len(rows()) == 5, 40)
    window.wait(re.compile('^configured, .*, current$'), LIST)
    wait_for('the machine to be back', lambda: virsh('domstate', NAME).strip() == 'running', 40)
    keys_go_to('You are here')
    window.key('Home')
    wait_for('the first row', lambda: is_selected('clean install'))
    keys_open_the_menu()


def branches_are_hidden_by_key():
    window = State.window
    choose('tried')
    state = State.desk.atspi
    assert window.find(row('tried'), LIST).getState().contains(state.STATE_EXPANDED)
    window.key('Left')
    wait_for('the branch to be hidden', lambda: len(rows()) == 4)
    assert not window.find(row('tried'), LIST).getState().contains(state.STATE_EXPANDED)
    window.key('Right')
    wait_for('the branch to show', lambda: len(rows()) == 5)
    window.key('Left', 'Left')
    wait_for('the way out of the branch', lambda: is_selected('configured'))


def keys_move_it_too():
    window = State.window
    choose('You are here')
    window.press('Revert…')
    key_until('Home', 'the first row', lambda: is_selected('clean install'))
    window.key('Escape')
    choose('You are here')
    window.press('Revert…')
    key_until('Home', 'the first row', lambda: is_selected('clean install'))
    # The planner is asked first.
    for _ in range(20):
        window.key('Return')
        try:
            window.wait(re.compile('^Revert to “clean install”'), limit=2)
            break
        except TimeoutError:
            continue
    window.wait('Revert', harness.BUTTONS, sensitive=True, limit=30)
    window.press('Cancel')
    window.wait_gone('Revert', harness.BUTTONS)
    assert current() == 'configured'


def the_machine_list_takes_a_snapshot():
    window = State.window
    window.take_up(row('clean install'), re.compile(f'^{NAME}, Running'))
    window.let_go()
    window.wait('Cancel', harness.BUTTONS)
    window.screenshot('snapshots-clone')
    window.press('Cancel')
    window.wait_gone('Cancel', harness.BUTTONS)


def undo_takes_a_return_back():
    """What was kept comes back, and its snapshot goes. The machine is off in between, since that snapshot has no memory: nothing was
    written that could be lost, and nothing is asked."""
    window = State.window

    def names():
        return sorted(virsh('snapshot-list', NAME, '--name').splitlines())

    before = names()
    assert current() == 'configured'
    choose('tried')
    window.press('Revert…')
    window.press('Revert', limit=30)
    wait_for('the machine to stand on “tried”', lambda: current() == 'tried', 60)
    assert len(names()) == len(before) + 1, 'the present state is kept'
    window.press('Undo', limit=40)
    wait_for('all to be as it was', lambda: current() == 'configured' and names() == before, 90)
    wait_for('the machine to be back', lambda: virsh('domstate', NAME).strip() == 'running', 40)


def what_cannot_be_read_is_no_empty_machine():
    """libvirt can't write this machine's definition any more, which is not that it has no snapshots."""
    window = State.window
    folder = os.path.expanduser('~/images')
    run('qemu-img', 'create', '-q', '-f', 'raw', os.path.join(folder, 'unsaid.img'), '1M')
    virsh('pool-refresh', 'default')
    definition = DOMAIN.format(name='unsaid', disk='').replace("type='file' device", "type='volume' device").replace(
        " type='qcow2'", '').replace("<source file=''/>", "<source pool='default' volume='unsaid.img'/>")
    path = os.path.join(folder, 'unsaid.xml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(definition)
    virsh('define', path)
    virsh('start', 'unsaid')
    subprocess.run(['virsh', '-q', '-c', 'qemu:///session', 'snapshot-create-as', 'unsaid', 's1', '--disk-only', '--diskspec',
                    f'vda,file={folder}/unsaid.s1'], check=False, capture_output=True, timeout=60)
    said = subprocess.run(['virsh', '-q', '-c', 'qemu:///session', 'dumpxml', '--inactive', 'unsaid'], check=False,
                          capture_output=True, timeout=60)
    try:
        if said.returncode == 0:
            return  # this libvirt can
        virsh('suspend', 'unsaid')  # libvirt has no event of a snapshot that failed
        window.click(window.wait(re.compile('^unsaid, Paused'), LIST))
        window.wait('Snapshots Can’t Be Shown')
        window.wait(re.compile('virsh dumpxml'))
    finally:
        virsh('destroy', 'unsaid')
        virsh('undefine', 'unsaid', *(() if said.returncode else ('--snapshots-metadata',)))
        window.click(window.wait(re.compile(f'^{NAME}, '), LIST))


def every_control_has_a_name():
    """On each view and on the map: what can be pressed, chosen or typed into says what it is."""
    window = State.window
    roles = (*harness.BUTTONS, *harness.TEXTS, *LIST, *MENU, 'page tab', 'check box', 'switch', 'combo box', 'spin button', 'link')
    nameless = set()

    def look(view):
        for node, _ in window.walk():
            try:
                # A menu button is a button in a button, of which the outer one has the name.
                if node.getRoleName() in roles and not node.name and not (node.parent and node.parent.name):
                    nameless.add(f'{view}: {node.getRoleName()} “{node.description}”')
            except Exception:  # pylint: disable=broad-except
                continue

    choose('configured')
    look('the tree')
    for view in ('Disks', 'Details'):
        window.turn_to(view)
        time.sleep(1)
        look(view)
    window.focus()
    window.key('ctrl+m')
    window.wait('Map')
    time.sleep(1)
    look('the map')
    assert not nameless, '\n'.join(sorted(nameless))


def nothing_complained():
    State.window.expect_no_complaints()


def main():
    try:
        State.desk = Desk()
    except Skip as reason:
        print(f'1..0 # SKIP {reason}')
        return
    start = time.monotonic()
    status = harness.run([
        an_empty_machine_says_what_a_snapshot_is_for,
        what_others_take_appears,
        what_others_delete_goes,
        the_menu_is_there_by_key_too,
        the_keys_outlive_their_row,
        escape_cancels_a_drag,
        dragging_goes_back,
        branches_are_hidden_by_key,
        keys_move_it_too,
        the_machine_list_takes_a_snapshot,
        undo_takes_a_return_back,
        what_cannot_be_read_is_no_empty_machine,
        every_control_has_a_name,
        nothing_complained,
    ], lambda: State.window)
    print(f'# {time.monotonic() - start:.1f} s in all', flush=True)
    subprocess.run(['virsh', '-q', '-c', 'qemu:///session', 'destroy', NAME], check=False, capture_output=True)
    harness.finish(status, State.window, State.desk)


if __name__ == '__main__':
    main()
