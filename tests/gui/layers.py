# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of machines, as they are seen and merged in the window."""

import os
import re

import harness
from harness import wait_for
from strata_lab import DOMAIN, disk_xml

LIST = ('list item',)
MENU = ('menu item',)
TABS = ('page tab',)
SLOW = 4  # MB per second


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


def make_chain(name):
    """A machine whose disk has three layers, and no snapshot; the topmost holds most."""
    lab = State.lab
    below = lab.make_disk(f'{name}-base.qcow2', size='256M', data='16M')
    for layer_name in (f'{name}-mid.qcow2', f'{name}-top.qcow2'):
        lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', below, '-F', 'qcow2', lab.path(layer_name))
        below = lab.path(layer_name)
    write(below, 64, 4)
    lab.define_xml(DOMAIN.format(name=name, disks=disk_xml(below)))


def show(name):
    """The page of NAME, with its disks."""
    window = State.window
    window.click(window.wait(row(name), LIST))
    window.press('Disks', TABS)
    wait_for(f'the layers of {name}', lambda: all(window.shows(layer(path), LIST) for path in chain(name)))


def begin_merge(path, item, act, speed):
    window = State.window
    window.menu(layer(path), f'{item}…')
    window.wait(act, harness.BUTTONS, sensitive=True)
    window.wait(re.compile('^Speed limit'), ('spin button',)).queryValue().currentValue = speed
    window.press(act)
