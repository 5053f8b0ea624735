#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines as other tools define them and work on them: two definitions of one disk, transient ones, block jobs and backups under way,
snapshots whose frozen image is written to again, disks that are no plain images. What can't be done is refused by name, doctor finds
it, and neither a byte nor a running guest is lost."""

import os
import re
import subprocess

from native_lab import NativeLab
from strata_lab import DOMAIN, disk_xml, sha256
from strata_tap import Skip, expect, expect_equal, expect_words, isolated, run

lab = NativeLab('new')


def guest_id(name):
    return lab.virsh('domid', name).out.strip()


def codes(name):
    return [f['code'] for f in lab.ctl('--json', 'doctor', name).document['findings']]


def define(name, *disks):
    lab.define_xml(DOMAIN.format(name=name, disks=''.join(disks)))


# Two definitions of one disk

def two_definitions(second=None):
    """The disk of a and b. SECOND: b's name of it."""
    disk = lab.machine('a')
    define('b', disk_xml(second(disk) if second else disk))
    return disk


def link(path):
    other = lab.path('other.qcow2')
    os.symlink(path, other)
    return other


def hard_link(path):
    other = lab.path('other.qcow2')
    os.link(path, other)
    return other


def snapshot_of_a_disk_that_another_has():
    for second in (None, link, hard_link):
        two_definitions(second)
        for kind in ('--external', '--internal'):
            lab.refused('snapshot', 'create', 'a', 's1', kind, words=['“a”', '“b”'])
        expect_equal(lab.virsh('snapshot-list', 'a', '--name').out.split(), [], 'the snapshots')
        clear()


def snapshot_that_was_taken_before_another_had_the_disk():
    """s1 is the other tool's; b writes to what it kept, or may at each moment."""
    disk = lab.machine('a')
    lab.virsh('snapshot-create-as', 'a', 's1')
    define('b', disk_xml(disk))
    lab.write('b', 0x44)
    before = lab.tip('b')
    lab.refused('snapshot', 'revert', 'a', 's1', '--discard-current', words=['“b”'])
    expect_equal(lab.tip('b'), before, 'what b reads')


def snapshot_in_an_image_that_another_runs_on():
    """Another tool froze it, so that a return copies it, and b's guest writes to it meanwhile."""
    disk = lab.machine('a')
    lab.virsh('snapshot-create-as', 'a', 's1')
    lab.virsh('snapshot-create-as', 'a', 'x', '--disk-only', '--atomic')
    define('b', disk_xml(disk))
    lab.virsh('start', 'b')
    before = lab.tip('a')
    lab.refused('snapshot', 'revert', 'a', 's1', '--discard-current', words=[disk, '“b”'])
    lab.virsh('destroy', 'b')
    expect_equal(lab.tip('a'), before, 'what a reads')


def snapshot_in_an_image_on_which_another_stands():
    """The machine runs on the very image that has to be copied."""
    disk = lab.machine('a')
    lab.write('a', 0x11)
    lab.virsh('snapshot-create-as', 'a', 's1')
    lab.write('a', 0x22)
    thin = lab.path('thin.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', disk, '-F', 'qcow2', thin)
    define('b', disk_xml(thin))
    lab.virsh('start', 'a')
    lab.ctl('snapshot', 'revert', 'a', 's1', '--discard-current', '--start')
    expect(lab.source('a') != disk, 'a runs on a copy')
    for path, value in ((lab.source('a'), 0x11), (thin, 0x22)):
        expect('read 512/512' in lab.run('qemu-io', '-r', '-U', '-c', f'read -P {value} 8M 512', path).out, f'what {path} reads')
    lab.virsh('destroy', 'a')


def two_definitions_are_found():
    two_definitions()
    expect('two-definitions' in codes('a') and 'two-definitions' in codes('b'), 'doctor says so of both')


# Snapshots that are stale

def stale(running=True):
    """As backup scripts do it: a snapshot, the copy, and the overlay comes down again; the snapshot stays in the list."""
    disk = lab.machine('vm', run=running)
    overlay = lab.external('vm', 's1')
    lab.write('vm', 0x22)
    lab.virsh('blockcommit', 'vm', 'vda', '--active', '--pivot', '--wait')
    os.remove(overlay)
    lab.write('vm', 0x33)
    expect_equal(lab.source('vm'), disk, 'the machine is on what s1 froze')
    return disk


def stale_snapshot_is_not_read_and_can_be_deleted():
    disk = stale()
    guest, before = guest_id('vm'), lab.tip('vm')
    for how in ('--thin', '--full'):
        lab.refused('clone', 'create', 'vm', 'clone', '--snapshot', 's1', how, words=['“s1”', '“vm”'])
    expect('clone' not in lab.names(), 'there is no clone')
    for how in ([], ['--discard-current']):
        lab.refused('snapshot', 'revert', 'vm', 's1', *how, words=['“s1”', '“vm”'])
    expect_equal((guest_id('vm'), lab.tip('vm')), (guest, before), 'the guest and its disk')
    # What it froze is the machine's own disk.
    lab.strata('snapshot', 'delete', 'vm', 's1')
    expect_equal((lab.snapshots('vm'), lab.source('vm'), lab.tip('vm')), ([], disk, before), 'what is left')


def stale_snapshot_is_found_and_mended():
    disk = stale()
    before = lab.tip('vm')
    found = [f for f in lab.ctl('--json', 'doctor', 'vm').document['findings'] if f['code'] == 'stale-snapshot']
    expect(found and found[0]['mendable'] and 's1' in found[0]['message'], f'doctor finds it: {found}')
    lab.strata('doctor', 'vm', '--repair')
    expect_equal((lab.snapshots('vm'), lab.source('vm'), lab.tip('vm')), ([], disk, before), 'what is left')
    expect('stale-snapshot' not in codes('vm'), 'it is over')


def defined_on_what_a_snapshot_froze_and_not_started():
    """Nothing was written there, and the definition that was may come back."""
    # Times of files and snapshots are compared in whole seconds.
    os.utime(lab.machine('vm'), (1700000000, 1700000000))
    lab.strata('snapshot', 'create', 'vm', 's1')
    frozen, tip = lab.seen('vm', 's1').domain['vda'].path, lab.source('vm')
    before = lab.virsh('dumpxml', '--inactive', 'vm').out
    lab.define_xml(re.sub('<backingStore type.*?</backingStore>', '', before.replace(tip, frozen), flags=re.DOTALL))
    found = [f for f in lab.ctl('--json', 'doctor', 'vm').document['findings'] if f['code'] == 'stale-snapshot']
    expect(found and not found[0]['mendable'], f'doctor speaks of it: {found}')
    lab.ctl('doctor', 'vm', '--repair')
    expect_equal(lab.snapshots('vm'), ['s1'], 'the snapshots')
    lab.define_xml(before)
    lab.strata('snapshot', 'revert', 'vm', 's1')


def stale_below_can_be_taken_out_of_the_list():
    """Two overlays came down by hand: what the second snapshot froze stands on what the machine writes to."""
    lab.machine('vm', run=True)
    for name in ('s1', 's2'):
        lab.external('vm', name)
        lab.write('vm', 0x22 if name == 's1' else 0x33)
    frozen = lab.seen('vm', 's2').domain['vda'].path
    lab.virsh('blockcommit', 'vm', 'vda', '--active', '--pivot', '--wait')
    lab.strata('doctor', 'vm', '--repair')
    before, held = lab.tip('vm'), lab.bytes(frozen)
    found = [f for f in lab.ctl('--json', 'doctor', 'vm').document['findings'] if f['code'] == 'stale-snapshot']
    expect_words(found[0]['message'], 's2')
    hint = found[0]['hint']
    expect_equal(lab.refused('snapshot', 'revert', 'vm', 's2', words=['s2'])['hint'], hint, 'what can be done')
    lab.strata(*re.search('stratactl (.*)”', hint).group(1).split())
    expect_equal((lab.snapshots('vm'), lab.tip('vm'), lab.bytes(frozen)), ([], before, held), 'what is left')
    expect('stale-snapshot' not in codes('vm'), 'it is over')


# Transient machines

def transient(how):
    """vm, running, with the snapshots s1 and i1, and none of it is kept when it stops."""
    lab.machine('vm')
    if how == 'created':
        path = os.path.join(lab.dir, 'vm.xml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(lab.virsh('dumpxml', 'vm').out)
        lab.virsh('undefine', 'vm')
        lab.virsh('create', path)
    lab.external('vm', 's1')
    lab.internal('vm', 'i1')
    if how == 'undefined':
        lab.virsh('start', 'vm')
        lab.virsh('undefine', 'vm')
    return guest_id('vm')


def transient_machine_is_not_stopped(how):
    def test():
        guest = transient(how)
        for argv in (['snapshot', 'revert', 'vm', 's1', '--discard-current'], ['snapshot', 'revert', 'vm', 's1'],
                     ['snapshot', 'revert', 'vm', 'i1', '--discard-current'], ['snapshot', 'create', 'vm', 's2', '--disk-only'],
                     *(['template', 'create', 'vm', '--no-seal', *options] for options in (
                         ['--force-off'], ['--shut-down', '--timeout', '2'], ['--convert', '--force-off']))):
            lab.refused(*argv, words=['“vm”', 'transient'])
            expect(lab.names() == ['vm'] and lab.state('vm') == 'running' and guest_id('vm') == guest, f'the machine is gone after {argv}')

    test.__name__ = f'transient machine, {how}, is not stopped'
    return test


def transient_machine_is_found_and_made_permanent():
    """The hint leads somewhere."""
    transient('undefined')
    found = [f for f in lab.ctl('--json', 'doctor', 'vm').document['findings'] if f['code'] == 'transient']
    expect_words(found[0]['hint'], 'virsh define')
    lab.define_xml(lab.virsh('dumpxml', '--inactive', 'vm').out)
    expect('transient' not in codes('vm'), 'it is over')
    lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
    expect_equal(lab.names(), ['vm'], 'the machines')


# Block jobs and backups

def copying():
    """A block copy of vm's disk that does not end by itself."""
    lab.machine('vm', run=True)
    lab.strata('snapshot', 'create', 'vm', 's0', '--disk-only')
    lab.write('vm', 0x22, '8M', '6M')
    lab.virsh('blockcopy', 'vm', 'vda', lab.path('copy.qcow2'), '--transient-job', '--bandwidth', '65536', '--bytes')
    return 'copy'


def backing_up():
    lab.machine('vm', run=True)
    lab.strata('snapshot', 'create', 'vm', 's0', '--disk-only')
    path = os.path.join(lab.dir, 'backup.xml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f"""<domainbackup mode='pull'><server transport='unix' socket='{lab.dir}/nbd'/><disks>
          <disk name='vda' type='file'><scratch file='{lab.path('scratch.qcow2')}'/></disk></disks></domainbackup>""")
    lab.virsh('backup-begin', 'vm', path)
    return 'backup'


def goes_on():
    return 'Block Copy' in lab.virsh('blockjob', 'vm', 'vda').err or 'Unbounded' in lab.virsh('domjobinfo', 'vm').out


def busy_machine(begin):
    def test():
        words = begin()
        guest = guest_id('vm')
        expect(goes_on(), 'it is under way')
        for argv in (['snapshot', 'revert', 'vm', 's0', '--discard-current'], ['snapshot', 'revert', 'vm', 's0'],
                     ['template', 'create', 'vm', '--force-off', '--no-seal'], ['snapshot', 'create', 'vm', 's1', '--disk-only'],
                     ['snapshot', 'delete', 'vm', 's0'], ['clone', 'flatten', 'vm']):
            error = lab.refused(*argv, words=['“vm”', words])
            expect_equal(error['code'], 'busy', f'the code after {argv}')
            expect(guest_id('vm') == guest and goes_on(), f'it is not under way after {argv}')
        expect('busy' in codes('vm'), 'doctor says so')

    test.__name__ = f'{begin.__name__} goes on'
    return test


# Disks that are no plain images

def slice_xml(path):
    return disk_xml(path, fmt='raw').replace(
        f"<source file='{path}'/>",
        f"<source file='{path}'><slices><slice type='storage' offset='1048576' size='1048576'/></slices></source>")


def slice_of_a_file():
    """The disk is the second MiB of the file, and nothing reads or freezes the first for it."""
    path = lab.make_disk('big.raw', fmt='raw', size='2M', data='1M')
    define('vm', slice_xml(path))
    before = sha256(path)
    for argv in (['clone', 'create', 'vm', 'clone'], ['template', 'create', 'vm', '--no-seal'], ['snapshot', 'create', 'vm', 's1'],
                 ['template', 'create', 'vm', '--no-seal', '--convert']):
        lab.refused(*argv, words=['vda', '“vm”', 'part of'])
    expect_equal((lab.names(), sha256(path)), (['vm'], before), 'what is there')
    expect('foreign' in codes('vm'), 'doctor says so')


def encrypted_image():
    path = lab.path('e.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '--object', 'secret,id=s,data=pw', '-o',
            'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10', path, '16M')
    define('vm', disk_xml(path))
    for argv in (['snapshot', 'create', 'vm', 's1'], ['clone', 'create', 'vm', 'clone'], ['template', 'create', 'vm', '--no-seal']):
        lab.refused(*argv, words=['e.qcow2', 'encrypted'])
    expect('foreign' in codes('vm'), 'doctor says so')


def base_on_the_network():
    """A base that an NBD server has is held and shown; merging with it is refused before anything is done."""
    base = lab.make_disk('base.raw', fmt='raw', data='1M')
    socket = os.path.join(lab.dir, 'nbd')
    with subprocess.Popen(['qemu-nbd', '-t', '-k', socket, '-f', 'raw', '-r', base], env=lab.env) as server:
        try:
            lab.wait_until(lambda: lab.run('qemu-img', 'info', f'nbd+unix:///?socket={socket}', check=False).status == 0, 'it serves')
            tip = lab.overlay(lab.path('vm.qcow2'), f'nbd+unix:///?socket={socket}', 'raw')
            define('vm', disk_xml(tip))
            before = lab.bytes(tip)
            for argv in (['clone', 'flatten', 'vm'], ['template', 'create', 'vm', '--no-seal'], ['disk', 'merge', 'vm', 'vda', '--commit']):
                error = lab.refused(*argv, words=['nbd'])
                expect('missing' not in error['message'], f'it is not missing: {error["message"]}')
            result = lab.ctl('--json', 'snapshot', 'create', 'vm', 's1')
            if result.status == 0:
                lab.strata('snapshot', 'revert', 'vm', 's1')
                lab.strata('snapshot', 'delete', 'vm', 's1')
            expect_equal(lab.tip('vm'), before, 'what the machine reads')
            expect_equal(lab.ctl('--json', 'job', 'list').document['jobs'], [], 'what is unfinished')
        finally:
            server.terminate()


def base_named_by_json():
    """It is a file of this computer, and held like one."""
    base = lab.make_disk('base.raw', fmt='raw', data='1M')
    name = 'json:{"driver":"raw","file":{"driver":"file","filename":"' + base + '"}}'
    define('vm', disk_xml(lab.overlay(lab.path('vm.qcow2'), name, 'raw')))
    define('other', disk_xml(base, fmt='raw'))
    for argv in (['template', 'create', 'other', '--no-seal', '--convert'], ['seal', base]):
        lab.refused(*argv, words=['“vm”'])


def data_file():
    """A data file is part of its image: it is sealed by no other name, becomes read-only and goes with it."""
    data = lab.path('d.raw')
    image = lab.path('vm.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', f'data_file={data},data_file_raw=on', image, '16M')
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 17 0 1M', image)
    define('vm', disk_xml(image))
    before = lab.bytes(image)
    lab.refused('seal', data, words=['vm'])
    lab.strata('template', 'create', 'vm', '--convert', '--no-seal', '--name', 't')
    expect_equal((os.stat(data).st_mode & 0o777, lab.bytes(image)), (0o444, before), 'the data file of the template')
    lab.strata('template', 'delete', 't')
    expect_equal((os.path.exists(image), os.path.exists(data)), (False, False), 'what is left')


def volume_of_a_pool():
    """A disk of type “volume”, off and running, is worked with like the file that it is."""
    path = lab.make_disk('vm.qcow2', data='1M')
    lab.virsh('pool-refresh', 'default')
    define('vm', disk_xml(path).replace("type='file' device", "type='volume' device").replace(
        f"<source file='{path}'/>", "<source pool='default' volume='vm.qcow2'/>"))
    before = lab.bytes(path)
    lab.strata('clone', 'create', 'vm', 'full')
    expect_equal(lab.tip('full'), before, 'the clone')
    for state in ('off', 'running'):
        if state == 'running':
            lab.virsh('start', 'vm')
        lab.strata('snapshot', 'create', 'vm', 's1', *(['--disk-only'] if state == 'running' else []))
        lab.write('vm', 0x22)
        lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
        expect_equal(lab.tip('vm'), before, f'what it reads after the return, {state}')
        lab.strata('snapshot', 'delete', 'vm', 's1')
        expect_equal(lab.tip('vm'), before, f'what it reads after the deletion, {state}')


# Names that not every computer can make

def bind_mount():
    """b stands on a's base by the name that a bind mount gives it. STRATA_TEST_BIND_MOUNT: FOLDER:FOLDER, the same one."""
    real, _, other = os.environ.get('STRATA_TEST_BIND_MOUNT', '').partition(':')
    if not other:
        raise Skip('no bind mount was given')
    base = lab.make_disk('bound.qcow2', data='1M', folder=real)
    try:
        top = lab.overlay(lab.path('a.qcow2'), base)
        lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 7 8M 64k', top)
        define('a', disk_xml(top))
        define('b', disk_xml(lab.overlay(lab.path('b.qcow2'), os.path.join(other, 'bound.qcow2'))))
        before = lab.tip('b')
        lab.refused('disk', 'merge', 'a', 'vda', '--commit', words=['b.qcow2'])
        expect_equal(lab.tip('b'), before, 'what b reads')
    finally:
        os.remove(base)


def block_device():
    """STRATA_TEST_DEVICE: one of 32 MiB that may be written."""
    device = os.environ.get('STRATA_TEST_DEVICE')
    if not device:
        raise Skip('no block device was given')
    return device


def raw_device(value):
    """A block device whose first bytes are VALUE."""
    device = block_device()
    lab.run('qemu-io', '-f', 'raw', '-c', 'write -z 0 32M', '-c', f'write -P {value} 0 64k', device)
    return device


def holds(path, value, fmt='qcow2'):
    """Whether the first bytes that a guest reads there are VALUE."""
    return 'failed' not in lab.run('qemu-io', '-U', '-r', '-f', fmt, '-c', f'read -P {value} 0 64k', path, check=False).out


def clone_of_a_device():
    """In /dev no image can be made: copies and overlays go to the pool."""
    device = raw_device(0x21)
    define('vm', disk_xml(device, fmt='raw', kind='block'))
    lab.strata('clone', 'create', 'vm', 'full')
    lab.strata('snapshot', 'create', 'vm', 's1')
    lab.strata('clone', 'create', 'vm', 'thin', '--snapshot', 's1')
    lab.strata('clone', 'create', 'vm', 'then', '--snapshot', 's1', '--full')
    for name in ('full', 'thin', 'then'):
        expect_equal(os.path.dirname(lab.source(name)), lab.images, f'where the disk of {name} is')
        expect(holds(lab.source(name), 0x21), f'what {name} reads')
        lab.virsh('start', name)
        lab.virsh('destroy', name)


def device_stays_a_device():
    """QEMU refuses a device that the definition calls a file: the machine would not start any more."""
    device = raw_device(0x22)
    define('vm', disk_xml(device, fmt='raw', kind='block'))
    lab.strata('snapshot', 'create', 'vm', 's1')
    lab.strata('snapshot', 'delete', 'vm', 's1')
    expect(device in lab.virsh('domblklist', 'vm').out, 'the machine is on the device')
    expect(holds(device, 0x22, 'raw'), 'what it reads')
    lab.virsh('start', 'vm')
    lab.virsh('destroy', 'vm')
    lab.refused('template', 'create', 'vm', '--convert', '--no-seal', words=[device])


def device_that_is_left_out_stays_a_device():
    device = raw_device(0x23)
    define('vm', disk_xml(lab.make_disk('own.qcow2')), disk_xml(device, fmt='raw', kind='block', target='vdb'))
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk', 'vda')
    lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
    lab.virsh('start', 'vm')
    lab.virsh('destroy', 'vm')


def device_that_is_merged_away_stays():
    """Strata deletes files, no devices."""
    device = block_device()
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', device, '16M')
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 0x24 0 64k', device)
    define('vm', disk_xml(device, kind='block'))
    lab.strata('snapshot', 'create', 'vm', 'i1', '--internal')
    lab.strata('clone', 'create', 'vm', 'then', '--snapshot', 'i1', '--full')
    expect(holds(lab.source('then'), 0x24), 'what the clone reads')
    lab.strata('snapshot', 'delete', 'vm', 'i1')
    lab.strata('snapshot', 'create', 'vm', 's1')
    lab.strata('snapshot', 'delete', 'vm', 's1', '--pull')
    expect(holds(lab.source('vm'), 0x24), 'what the machine reads')
    expect(os.path.dirname(lab.source('vm')) == lab.images and os.path.exists(device), 'the device is there')


def chain_below_a_device():
    """A qcow2 image on a block device stands on a file."""
    device = block_device()
    base = lab.machine('base')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', device)
    define('vm', disk_xml(device, kind='block'))
    before = lab.bytes(device)
    chain = lab.ctl('--json', 'chain', 'vm').document['disks'][0]['chain']
    expect_equal([layer['path'] for layer in chain], [device, base], 'the chain')
    lab.refused('template', 'create', 'base', '--convert', '--no-seal', words=['“vm”'])
    lab.refused('seal', 'base', words=['“vm”'])
    expect_equal(lab.bytes(device), before, 'what vm reads')


def clear():
    lab.made = lab.names()
    for name in os.listdir(lab.images):
        if os.path.exists(lab.path(name)):
            os.chmod(lab.path(name), 0o600)
    lab.clear()


if __name__ == '__main__':
    try:
        lab.start()
        run([isolated(test, clear) for test in (
            snapshot_of_a_disk_that_another_has, snapshot_that_was_taken_before_another_had_the_disk,
            snapshot_in_an_image_that_another_runs_on, snapshot_in_an_image_on_which_another_stands, two_definitions_are_found,
            stale_snapshot_is_not_read_and_can_be_deleted, stale_snapshot_is_found_and_mended, stale_below_can_be_taken_out_of_the_list,
            defined_on_what_a_snapshot_froze_and_not_started,
            transient_machine_is_not_stopped('undefined'), transient_machine_is_not_stopped('created'),
            transient_machine_is_found_and_made_permanent, busy_machine(copying), busy_machine(backing_up), slice_of_a_file,
            encrypted_image, base_on_the_network, base_named_by_json, data_file, volume_of_a_pool, bind_mount, clone_of_a_device,
            device_stays_a_device, device_that_is_left_out_stays_a_device, device_that_is_merged_away_stays, chain_below_a_device)])
    finally:
        lab.close()
