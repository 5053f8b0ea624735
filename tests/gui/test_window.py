# SPDX-License-Identifier: GPL-3.0-or-later
"""The window itself, on libvirt's mock: lists, search, menus by keyboard, a narrow window, a host that is not there."""

import os
import re
import socket
import subprocess
import time

import harness
from harness import Application, Desk, wait_for

LIST = ('list item',)
MENU = ('menu item',)

NODE = '''<node>
  <cpu><mhz>2000</mhz><model>x86_64</model><active>4</active><memory>8000000</memory></cpu>
{domains}
</node>'''

DOMAIN = '''  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>{name}</name><memory>65536</memory><vcpu>1</vcpu>
    <os><type arch='x86_64'>hvm</type></os>
    <devices><disk type='file' device='disk'><driver type='qcow2'/><source file='/nowhere/{name}.qcow2'/><target dev='vda'/></disk></devices>
    <test:runstate>{state}</test:runstate>
  </domain>'''


class State:
    desk = None
    window = None


def row(name):
    return re.compile(rf'^{re.escape(name)}, ')


def many_machines(path):
    """200 machines: every tenth runs (1), the others are off (5)."""
    domains = [DOMAIN.format(name=f'machine-{n}', state=1 if n % 10 == 0 else 5) for n in range(1, 201)]
    with open(path, 'w', encoding='utf-8') as file:
        file.write(NODE.format(domains='\n'.join(domains)))
    return path


def open_conf():
    """libvirt's own file of aliases."""
    folder = os.path.join(os.path.expanduser('~'), '.config', 'libvirt')
    os.makedirs(folder, exist_ok=True)
    return open(os.path.join(folder, 'libvirt.conf'), 'w', encoding='utf-8')


def the_window_comes_up_with_its_machines():
    path = many_machines(os.path.join(os.path.expanduser('~'), 'node.xml'))
    with open_conf() as conf:
        conf.write(f'uri_aliases = ["mock=test://{path}"]\n')
    State.window = Application(State.desk, '-c', 'mock')
    State.window.wait('Virtual Machines', ('label',))
    State.window.wait(row('machine-1'), LIST)
    first = [n.name for n, _ in State.window.walk() if n.getRoleName() in LIST and n.name.startswith('machine-')][:12]
    numbers = [int(re.match(r'machine-(\d+)', name).group(1)) for name in first]
    assert numbers == sorted(numbers), f'numbers are in order: {first}'


def typing_searches():
    window = State.window
    window.focus()
    window.click(window.wait(row('machine-1'), LIST))
    window.key('ctrl+f')
    window.type('machine-19')
    window.wait(row('machine-190'), LIST)
    window.wait_gone(row('machine-2'), LIST)
    window.type('nonsense')
    window.wait('No Results')
    window.key('Escape')
    window.wait(row('machine-2'), LIST)


def a_click_shows_the_page():
    window = State.window
    window.click(window.wait(row('machine-1'), LIST))
    window.turn_to('Details')
    window.wait('Make Template…', harness.BUTTONS, sensitive=True)
    window.turn_to('Snapshots')
    window.wait_gone('Make Template…', harness.BUTTONS)


def the_menu_comes_by_keyboard_and_says_why_not():
    window = State.window
    window.click(window.wait(row('machine-2'), LIST))
    window.wait('Details')
    for key in ('Menu', 'shift+F10'):
        window.key(key)
        window.wait('Start', MENU)
        item = window.find('Shut Down', MENU)
        assert not item.getState().contains(State.desk.atspi.STATE_SENSITIVE), 'a machine that is off can’t be shut down'
        wait_for('the reason', lambda: item.description == 'It is not running.')
        window.key('Escape')
        window.wait_gone('Start', MENU)


def starting_and_stopping_follow_the_events():
    window = State.window
    window.menu(row('machine-3'), 'Start')
    window.wait(re.compile('^machine-3, Running'), LIST)
    window.menu(row('machine-3'), 'Force Off')
    window.press('Force Off')
    window.wait(re.compile('^machine-3, Off'), LIST)


def make_template_checks_the_name():
    window = State.window
    window.menu(row('machine-5'), 'Make Template…')
    window.wait('Name of the template')
    window.fill('Name of the template', 'machine-7')
    window.wait('There is a machine named “machine-7” already.')
    button = window.find('Continue', harness.BUTTONS)
    assert not button.getState().contains(State.desk.atspi.STATE_SENSITIVE), 'a name that is taken stops it'
    window.fill('Name of the template', 'template-machine-5')
    window.wait('Continue', harness.BUTTONS, sensitive=True)
    window.press('Cancel')
    window.wait_gone('Name of the template')


def a_narrow_window_shows_one_thing_at_a_time():
    window = State.window
    window.resize(380, 680)
    window.wait_gone(row('machine-1'), LIST)
    window.press('Back')
    window.wait(row('machine-1'), LIST)
    window.click(window.find(row('machine-4'), LIST))
    window.wait('Back', harness.BUTTONS)
    window.resize(1000, 680)
    window.wait(row('machine-1'), LIST)


def another_host_can_be_chosen():
    window = State.window
    # Right after the window was resized, the window manager may still be giving the focus away.
    for _ in range(5):
        window.focus()
        window.key('ctrl+n')
        try:
            window.wait('Connect', harness.BUTTONS, limit=10)
            break
        except TimeoutError:
            continue
    window.fill('URI', 'qemu+unix:///session?socket=/nowhere/socket')
    window.press('Connect')
    window.wait('Not Connected')
    window.wait('Try Again', harness.BUTTONS)


def a_connect_can_be_cancelled():
    window = State.window
    path = os.path.join(os.path.expanduser('~'), 'silent')
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen(4)
        silent.settimeout(harness.LIMIT)
        window.press('Connect Elsewhere…')
        window.fill('URI', f'qemu+unix:///session?socket={path}')
        window.press('Connect')
        caller, _ = silent.accept()
        window.wait('Connecting')
        window.press('Cancel')
        window.wait('Not Connected', limit=5)
        caller.close()
        window.press('Try Again')
        caller, _ = silent.accept()
        window.press('Cancel')
        window.wait('Not Connected', limit=5)
        caller.close()


def what_mends_it_can_be_copied():
    window = State.window
    if any(os.path.exists(f'/run/libvirt/{name}-sock') for name in ('libvirt', 'virtqemud')):
        raise harness.Skip('this computer has a system daemon')
    window.press('Connect Elsewhere…')
    window.fill('URI', 'qemu:///system')
    window.press('Connect')
    window.wait(re.compile('^sudo '), ('label',))
    window.press('Copy Command')
    window.wait('Command copied')


def a_narrow_window_says_how_the_connection_stands():
    window = State.window
    window.resize(360, 680)
    window.wait('Try Again', harness.BUTTONS)
    window.press('Back')
    window.press('Main Menu', ('toggle button',))
    window.press('Connect…', MENU)
    window.fill('URI', 'mock')
    window.press('Connect')
    window.wait(row('machine-1'), LIST)


def a_host_may_be_only_to_look_at():
    State.window = window = Application(State.desk, '-r', '-c', 'mock')
    window.wait(row('machine-10'), LIST)
    window.wait('Read-only: nothing can be changed here')
    window.click(window.wait(row('machine-2'), LIST), 3)
    item = window.wait('Start', MENU)
    assert not item.getState().contains(State.desk.atspi.STATE_SENSITIVE), 'it can’t be started'
    wait_for('the reason', lambda: item.description == 'This host is open for reading only.')
    window.key('Escape')
    window.wait_gone('Start', MENU)
    window.press('Why?')
    window.wait(re.compile('--readonly'))
    window.press('Close', limit=5)


def a_first_start_opens_what_is_configured():
    with open_conf() as conf:
        conf.write(f'uri_default = "test://{os.path.expanduser("~")}/node.xml"\n')
    State.window = Application(State.desk, LIBVIRT_DEFAULT_URI='')
    State.window.wait(row('machine-1'), LIST)


def a_host_can_be_removed():
    window = State.window
    window.press('Test Host', ('toggle button',))
    for name in ('This Computer', 'This Computer (System)', 'Test Host'):
        window.wait(name, ('radio menu item', 'menu item', 'check menu item'))
    window.press('Remove This Host From the List', MENU)
    window.wait('No Virtual Machines Here')
    window.wait('System’s Machines', harness.BUTTONS)
    window.press('This Computer', ('toggle button',))
    window.wait('This Computer (System)', ('radio menu item', 'menu item', 'check menu item'))
    assert not window.shows('Test Host', ('radio menu item', 'menu item', 'check menu item')), 'it is gone'
    item = window.find('Remove This Host From the List', MENU)
    assert not item.getState().contains(State.desk.atspi.STATE_SENSITIVE), 'this computer stays'
    window.key('Escape')


def a_first_start_opens_the_one_with_machines():
    State.window.close()
    with open_conf():
        pass
    path = os.path.join(os.path.expanduser('~'), 'mine.xml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('<domain type="qemu"><name>mine</name><memory>32768</memory><os><type arch="x86_64">hvm</type></os></domain>')
    subprocess.run(['virsh', '-q', '-c', 'qemu:///session', 'define', path], check=True, timeout=60)
    State.window = Application(State.desk, LIBVIRT_DEFAULT_URI='')
    State.window.wait(row('mine'), LIST)
    State.window.wait('This Computer', harness.BUTTONS)


def fill_password(text):
    """What shows of it are dots."""
    field = State.window.wait('Password', harness.TEXTS)
    field.queryEditableText().setTextContents(text)
    wait_for('the password', lambda: len(field.queryText().getText(0, -1)) == len(text))


def a_host_asks_for_a_password():
    State.window.close()
    path = os.path.join(os.path.expanduser('~'), 'guarded.xml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(NODE.format(domains='<auth><user password="sesame">ann</user></auth>' + DOMAIN.format(name='guarded', state=5)))
    State.window = window = Application(State.desk, '-c', f'test://{path}')
    window.wait('Log In to “Test Host”')
    window.fill('Name', 'ann')
    window.press('Continue')
    fill_password('sesamo')
    window.press('Continue')
    window.wait('Not Connected')
    window.press('Try Again')
    window.fill('Name', 'ann')
    window.press('Continue')
    window.wait('Password', harness.TEXTS)
    window.press('Cancel')
    window.wait('Not Connected')
    window.press('Try Again')
    window.fill('Name', 'ann')
    window.press('Continue')
    fill_password('sesame')
    window.press('Continue')
    window.wait(row('guarded'), LIST)


def nothing_complained():
    State.window.expect_no_complaints()
    State.window.close()
    wait_for('the process to end', lambda: State.window.process.poll() is not None)


def main():
    try:
        State.desk = Desk()
    except harness.Skip as reason:
        print(f'1..0 # SKIP {reason}')
        return
    start = time.monotonic()
    status = harness.run([
        the_window_comes_up_with_its_machines,
        typing_searches,
        a_click_shows_the_page,
        the_menu_comes_by_keyboard_and_says_why_not,
        starting_and_stopping_follow_the_events,
        make_template_checks_the_name,
        a_narrow_window_shows_one_thing_at_a_time,
        another_host_can_be_chosen,
        a_connect_can_be_cancelled,
        what_mends_it_can_be_copied,
        a_narrow_window_says_how_the_connection_stands,
        nothing_complained,
        a_host_may_be_only_to_look_at,
        nothing_complained,
        a_first_start_opens_what_is_configured,
        a_host_can_be_removed,
        a_first_start_opens_the_one_with_machines,
        a_host_asks_for_a_password,
        nothing_complained,
    ], lambda: State.window)
    print(f'# {time.monotonic() - start:.1f} s in all', flush=True)
    harness.finish(status, State.window, State.desk)


if __name__ == '__main__':
    main()
