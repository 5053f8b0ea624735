# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a machine: layers with their holders, checks, merges that are seen, stopped and finished, and refused ones."""

import os
import re
import time

import harness
import strata_lab
from harness import Application, Desk, wait_for
from strata_lab import DOMAIN, Lab, disk_xml

LIST = ('list item',)
MENU = ('menu item',)
TABS = ('page tab',)
SLOW = 8  # MB per second


class State:
    desk = None
    lab = None
    window = None


def row(name):
    return re.compile(rf'^{re.escape(name)}, ')


def layer(path, rest=''):
    return re.compile(rf'^{re.escape(os.path.basename(path))}, .*{rest}')


def ctl(*argv):
    result = State.lab.ctl(*argv)
    assert result.status == 0, f'stratactl {argv}: {result}'
    return result


def write(path, megabytes, pattern):
    State.lab.run('qemu-io', '-f', 'qcow2', '-c', f'write -P {pattern} 0 {megabytes}M', path)


def chain(name):
    return [image['path'] for image in ctl('--json', 'chain', name).document['disks'][0]['chain']]


def flat(name):
    """A copy of what NAME reads."""
    path = os.path.join(State.lab.dir, f'{name}.raw')
    State.lab.run('qemu-img', 'convert', '-O', 'raw', chain(name)[0], path)
    return path


def expect_content(name, copy):
    State.lab.run('qemu-img', 'compare', '-q', '-F', 'raw', chain(name)[0], copy)


def make_hosts():
    """web: two snapshots; hand: a chain without any; clone: a thin clone of a template; bad: a damaged image."""
    lab = State.lab
    lab.start()
    lab.make_disk('web.qcow2', size='512M', data='24M')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(lab.path('web.qcow2'))))
    ctl('snapshot', 'create', 'web', 'clean install')
    write(chain('web')[0], 4, 2)
    ctl('snapshot', 'create', 'web', 'before upgrade')
    write(chain('web')[0], 64, 3)

    below = lab.make_disk('hand-base.qcow2', size='512M', data='16M')
    for name in ('hand-mid.qcow2', 'hand-top.qcow2'):
        lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', below, '-F', 'qcow2', lab.path(name))
        below = lab.path(name)
    write(below, 128, 4)
    lab.define_xml(DOMAIN.format(name='hand', disks=disk_xml(below)))

    lab.define('db')
    lab.virsh('pool-refresh', 'default')
    ctl('template', 'create', 'db', '--name', 'template-db', '--no-seal')
    ctl('template', 'deploy', 'template-db', '--name', 'clone', '--thin')

    damaged = lab.define('bad', data='8M')[0]
    with open(damaged, 'r+b') as file:
        file.seek(65536)
        file.write(bytes(65536))


def show(name):
    """The page of NAME, with its disks."""
    window = State.window
    window.click(window.wait(row(name), LIST))
    window.press('Disks', TABS)
    wait_for(f'the layers of {name}', lambda: all(window.shows(layer(path), LIST) for path in chain(name)))


def the_layers_are_shown_with_their_holders():
    window = State.window = Application(State.desk, **State.lab.env)
    show('web')
    top, mid, base = chain('web')
    window.wait(layer(top, 'held by This VM'), LIST)
    window.wait(layer(mid, 'held by Snapshot “before upgrade”, under This VM'), LIST)
    window.wait(layer(base, 'held by Snapshot “clean install”, under This VM, Snapshot “before upgrade”'), LIST)
    window.wait(layer(base, r'qcow2, 2\d\.\d\sMB of 536\.9\sMB'), LIST)
    window.screenshot('disks')
