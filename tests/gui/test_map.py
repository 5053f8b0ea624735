# SPDX-License-Identifier: GPL-3.0-or-later
"""The map of a real host: a template with two thin clones, a machine with two snapshots, an image that nobody names."""

import os
import re
import subprocess
import time
import uuid

import harness
from harness import Application, Desk, wait_for, xdotool

LIST = ('list item',)
IMAGES = os.path.expanduser('~/images')

DOMAIN = '''<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  {metadata}
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='{image}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <memballoon model='none'/>
  </devices>
</domain>'''

TEMPLATE = '''<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>
    <strata:template version='1' domain='{uuid}'/></strata:strata></metadata>'''


class State:
    desk = None
    window = None


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f'{command}: {done.stderr}')
    return done.stdout


def virsh(*arguments):
    return run('virsh', '-q', '-c', 'qemu:///session', *arguments)


def make_image(name, base=None):
    path = os.path.join(IMAGES, name)
    backing = ['-b', os.path.join(IMAGES, base), '-F', 'qcow2'] if base else []
    run('qemu-img', 'create', '-q', '-f', 'qcow2', *backing, path, '64M')
    run('qemu-io', '-f', 'qcow2', '-c', 'write -q -P 0x5a 0 1M', path)
    return path


def define(name, image, template=False):
    identity = str(uuid.uuid4())
    path = os.path.join(IMAGES, '..', 'define.xml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(DOMAIN.format(name=name, uuid=identity, image=os.path.join(IMAGES, image),
                                 metadata=TEMPLATE.format(uuid=identity) if template else ''))
    virsh('define', path)


def make_host():
    os.makedirs(IMAGES, exist_ok=True)
    virsh('pool-create-as', 'default', 'dir', '--target', IMAGES)
    make_image('web.qcow2')
    define('template-web', 'web.qcow2', template=True)
    for name in ('web-01', 'web-02'):
        make_image(f'{name}.qcow2', 'web.qcow2')
        define(name, f'{name}.qcow2')
    make_image('db.qcow2')
    define('db', 'db.qcow2')
    for number, name in enumerate(('clean', 'before-upgrade'), 1):
        virsh('snapshot-create-as', 'db', name, '--disk-only', '--atomic', '--diskspec',
              f'vda,file={os.path.join(IMAGES, f"db.{number}.qcow2")}')
    make_image('forgotten.qcow2')


def card(name, rest=''):
    return re.compile(rf'^{re.escape(name)}, {rest}')


def focused():
    """The thing on the map that has the keyboard's focus."""
    for node, _ in State.window.walk():
        try:
            if node.getRoleName() in LIST and node.getState().contains(State.desk.atspi.STATE_FOCUSED):
                return node
        except Exception:  # pylint: disable=broad-except
            continue
    raise LookupError('nothing on the map has the focus')


def wait_focus(name):
    wait_for(f'the focus on {name}', lambda: card(name).search(focused().name))
    return focused()


def rest_of(name, rest=''):
    """Waits until something on the map does not move any more."""
    places = [None]

    def rests():
        node = State.window.find(card(name, rest), LIST)
        places.append(str(node.queryComponent().getExtents(State.desk.atspi.WINDOW_COORDS)))
        return node if places[-1] == places[-2] else None

    return wait_for(f'{name} to rest', rests)


def choose(name, rest=''):
    """Clicks once on something on the map."""
    State.window.click(rest_of(name, rest))
    return wait_focus(name)


def the_map_names_everything():
    make_host()
    State.window = Application(State.desk)
    window = State.window
    window.wait(card('db', 'Off'), LIST)
    window.focus()
    window.key('ctrl+m')
    window.wait(card('template-web', 'Template'), LIST)
    for name in ('web.qcow2', 'web-01.qcow2', 'web-02.qcow2', 'db.qcow2', 'db.1.qcow2'):
        window.wait(card(name, 'Image'), LIST)
    for name in ('web-01', 'web-02', 'db'):
        window.wait(card(name, 'Virtual machine'), LIST)
    window.wait(card('forgotten.qcow2', 'Free image'), LIST)
    # A snapshot is at the image that it froze.
    window.wait(re.compile(r'^db\.qcow2, Image, .*clean$'), LIST)
    window.wait(re.compile(r'^db\.1\.qcow2, Image, .*before-upgrade$'), LIST)
    window.wait('4 machines · 7 images · 1 free', ('label',))


def a_template_s_base_says_who_would_break():
    window = State.window
    node = choose('web.qcow2')
    wait_for('the description', lambda: 'these would break: template-web, web-01, web-02.' in node.description)
    window.wait('If it went, these would break: template-web, web-01, web-02.', ('label',))
    window.wait('template-web, web-01.qcow2, web-02.qcow2', ('label',))


def what_nobody_needs_is_free():
    window = State.window
    choose('forgotten.qcow2')
    window.wait(re.compile('^Nothing needs it'), ('label',))
    window.wait(re.compile(r'^Would free .*B\.$'), ('label',))
    window.screenshot('map-free')


def a_machine_s_own_layers_are_freed_with_it():
    window = State.window
    choose('db', 'Virtual machine')
    window.wait(re.compile(r'^Would free .*, of 3 images\.$'), ('label',))


def searching_goes_from_match_to_match():
    window = State.window
    window.key('ctrl+f')
    window.wait('Search the map', harness.TEXTS)
    window.type('WEB-0')
    window.wait('4 results', ('label',))
    window.screenshot('map-search')
    window.key('Return')
    window.wait('1 of 4', ('label',))
    window.key('Return')
    window.wait('2 of 4', ('label',))
    # By the name of a snapshot the image is found that it froze.
    window.key('ctrl+a')
    window.type('before-up')
    window.wait('1 result', ('label',))
    window.key('Return')
    window.wait('1 of 1', ('label',))
    window.key('Escape')
    wait_focus('db.1.qcow2')


def arrows_walk_along_the_lines():
    window = State.window
    choose('template-web', 'Template')
    window.key('Right')
    wait_focus('web.qcow2')
    window.key('Right')
    wait_focus('web-01.qcow2')
    window.key('Down')
    wait_focus('web-02.qcow2')
    window.key('Right')
    wait_focus('web-02')
    window.key('Left')
    wait_focus('web-02.qcow2')


def box(name):
    return State.window.find(card(name), LIST).queryComponent().getExtents(State.desk.atspi.WINDOW_COORDS)


def show_all():
    State.window.press('Show All')
    rest_of('web.qcow2')


def the_pointer_zooms_and_pans():
    window = State.window
    show_all()
    before = box('web.qcow2')
    x, y = window.place(window.find(card('web.qcow2'), LIST))
    xdotool('mousemove', x, y, 'keydown', 'ctrl', 'click', 5, 'click', 5, 'keyup', 'ctrl')
    wait_for('a smaller map', lambda: box('web.qcow2').width < before.width * 0.8)
    small = box('web.qcow2')
    assert abs(small.x + small.width / 2 - before.x - before.width / 2) < 4, f'it zooms around the pointer: {small} {before}'
    xdotool('keydown', 'ctrl', 'click', 4, 'click', 4, 'keyup', 'ctrl')
    wait_for('the map as it was', lambda: abs(box('web.qcow2').width - before.width) <= 2)

    xdotool('mousemove', x, y + 60, 'mousedown', 1)
    for step in (20, 60, 90, 90):
        xdotool('mousemove', x + step, y + 60 - step // 3)
        time.sleep(0.08)
    xdotool('mouseup', 1)
    wait_for('a map that was moved', lambda: abs(box('web.qcow2').x - before.x - 90) <= 12)
    window.press('Show All')
    wait_for('all of it', lambda: abs(box('web.qcow2').x - before.x) <= 2)


def a_new_image_appears_by_itself():
    window = State.window
    make_image('another.qcow2')
    choose('web.qcow2')
    window.key('F5')
    window.wait(card('another.qcow2', 'Free image'), LIST)
    wait_focus('web.qcow2')


def it_works_in_a_narrow_window():
    window = State.window
    window.resize(380, 680)
    window.wait(card('web.qcow2'), LIST)
    choose('web.qcow2')
    window.wait('If it went, these would break: template-web, web-01, web-02.', ('label',))
    window.screenshot('map-narrow')
    window.press('Back')
    window.wait(card('web-01', 'Off'), LIST)
    window.key('ctrl+m')
    window.wait(card('web.qcow2'), LIST)
    window.resize(1000, 680)


def enter_opens_the_machine_s_page():
    window = State.window
    show_all()
    choose('db', 'Virtual machine')
    window.key('Return')
    window.wait_gone(card('db', 'Virtual machine'), LIST)
    row = window.wait(card('db', 'Off'), LIST)
    wait_for('db to be selected', lambda: row.getState().contains(State.desk.atspi.STATE_SELECTED))


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
        the_map_names_everything,
        a_template_s_base_says_who_would_break,
        what_nobody_needs_is_free,
        a_machine_s_own_layers_are_freed_with_it,
        searching_goes_from_match_to_match,
        arrows_walk_along_the_lines,
        the_pointer_zooms_and_pans,
        a_new_image_appears_by_itself,
        it_works_in_a_narrow_window,
        enter_opens_the_machine_s_page,
        nothing_complained,
    ], lambda: State.window)
    print(f'# {time.monotonic() - start:.1f} s in all', flush=True)
    harness.finish(status, State.window, State.desk)


if __name__ == '__main__':
    main()
