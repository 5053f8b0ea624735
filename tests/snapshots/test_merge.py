# SPDX-License-Identifier: GPL-3.0-or-later
"""disk merge on chains that were made by hand: each layer goes up or down, with the machine off and running, and what is read
stays what it was."""

import os

from strata_lab import DOMAIN, Lab, disk_xml
from strata_tap import expect, expect_equal, run

lab = Lab()


def chain(*names):
    """Images, each on the one before, each with words of its own; the first is the bottom."""
    below = None
    for number, name in enumerate(names):
        path = lab.path(f'{name}.qcow2')
        backing = ['-b', below, '-F', 'qcow2'] if below else []
        lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', *backing, path, *([] if below else ['64M']))
        lab.run('qemu-io', '-f', 'qcow2', '-c', f'write -P {number + 1} {number}M 2M', path)
        below = path
    return below


def machine(running=False):
    """vm on top, mid and base; returns the path of a flat copy of what it reads."""
    top = chain('base', 'mid', 'top')
    flat = lab.path('flat.raw')
    lab.run('qemu-img', 'convert', '-O', 'raw', top, flat)
    lab.define_xml(DOMAIN.format(name='vm', disks=disk_xml(top)))
    lab.virsh('pool-refresh', 'default')
    if running:
        lab.virsh('start', 'vm')
    return flat


def merge(*options):
    return lab.ctl('--json', 'disk', 'merge', 'vm', 'vda', *options)


def layers():
    document = lab.ctl('--json', 'chain', 'vm').document
    return [os.path.basename(image['path']) for image in document['disks'][0]['chain']]


def expect_content(flat):
    if lab.virsh('domstate', 'vm').out.strip() != 'shut off':
        lab.virsh('destroy', 'vm')
    top = lab.path(layers()[0])
    lab.run('qemu-img', 'compare', '-q', '-f', 'qcow2', '-F', 'raw', top, flat)
    lab.virsh('start', 'vm')
    lab.clear()


def merged(options, left, running=False):
    flat = machine(running)
    result = merge(*options)
    expect_equal(result.status, 0, f'disk merge {options}', result)
    expect_equal(layers(), left, f'the layers after disk merge {options}')
    gone = {'base.qcow2', 'mid.qcow2', 'top.qcow2'} - set(left)
    expect(not any(os.path.exists(lab.path(name)) for name in gone), f'{gone} is still there')
    expect_content(flat)


def each_layer_goes_down():
    mid = lab.path('mid.qcow2')
    merged(['--commit'], ['mid.qcow2', 'base.qcow2'])
    merged(['--commit', '--image', mid], ['top.qcow2', 'base.qcow2'])


def each_layer_goes_up():
    mid = lab.path('mid.qcow2')
    merged(['--pull'], ['top.qcow2', 'base.qcow2'])
    merged(['--pull', '--image', mid], ['top.qcow2', 'mid.qcow2'])


def under_a_running_machine():
    mid = lab.path('mid.qcow2')
    merged(['--commit'], ['mid.qcow2', 'base.qcow2'], running=True)
    merged(['--pull'], ['top.qcow2', 'base.qcow2'], running=True)
    merged(['--commit', '--image', mid], ['top.qcow2', 'base.qcow2'], running=True)


def refusals_change_nothing():
    machine(running=True)
    mid = lab.path('mid.qcow2')
    before = lab.snapshot()
    result = merge('--pull', '--image', mid)
    expect_equal(result.status, 3, 'libvirt pulls only into what the machine writes to', result)
    result = merge('--image', lab.path('base.qcow2'))
    expect_equal(result.status, 3, 'the bottom stands on nothing', result)
    result = lab.ctl('disk', 'merge', 'vm', 'vdz')
    expect_equal(result.status, 1, 'there is no such disk', result)
    result = merge('--commit', '--pull')
    expect_equal(result.status, 2, 'both ways at once', result)
    lab.expect_unchanged(before)
    lab.clear()


def a_snapshot_is_between():
    machine()
    expect_equal(lab.ctl('snapshot', 'create', 'vm', 's1').status, 0, 'snapshot create')
    before = lab.snapshot()
    result = merge('--commit')
    expect_equal(result.status, 3, 'a snapshot froze the lower one', result)
    expect('s1' in result.document['error']['message'], 'the snapshot is not named', result)
    lab.expect_unchanged(before)
    flat = lab.path('flat.raw')
    result = merge('--commit', '--image', lab.path('top.qcow2'))
    expect_equal(result.status, 0, 'what is below the snapshot', result)
    expect_equal(lab.ctl('snapshot', 'revert', 'vm', 's1', '--discard-current').status, 0, 'the snapshot is whole')
    expect_content(flat)


def starts():
    lab.start()


if __name__ == '__main__':
    try:
        run([starts, each_layer_goes_down, each_layer_goes_up, under_a_running_machine,
             refusals_change_nothing, a_snapshot_is_between])
    finally:
        lab.close()
