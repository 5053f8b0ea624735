#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that were detached, exchanged or moved between a snapshot and what is done with it.  A disk is its images and not its name
in the guest: what is no layer of a disk that the machine has stays, and nothing is written below what was moved."""

import os
import re

from native_lab import NativeLab
from strata_lab import DOMAIN, Lab, sha256
from strata_tap import expect, expect_equal, run

lab = Lab()


def disk(path, target='vda', fmt='qcow2', device='disk', inside=''):
    bus = {'vd': 'virtio', 'sd': 'sata', 'fd': 'fdc'}[target[:2]]
    return (f"<disk type='file' device='{device}'><driver name='qemu' type='{fmt}'/><source file='{path}'/>"
            f"<target dev='{target}' bus='{bus}'/>{inside}</disk>")


def define(*disks):
    """Also of a machine that is defined already, whose UUID stays."""
    uuid = lab.virsh('domuuid', 'vm', check=False).out.strip()
    xml = DOMAIN.format(name='vm', disks=''.join(disks))
    lab.define_xml(xml.replace('</name>', f'</name><uuid>{uuid}</uuid>') if uuid else xml)


def write(path, pattern, at='0', fmt='qcow2'):
    lab.run('qemu-io', '-f', fmt, '-c', f'write -P {pattern} {at} 64k', path)


def reads(path, pattern, at='0', fmt='qcow2'):
    return 'read 65536/65536' in lab.run('qemu-io', '-r', '-f', fmt, '-c', f'read -P {pattern} {at} 64k', path).out


def sources():
    lines = [line.split(None, 1) for line in lab.virsh('domblklist', 'vm', '--inactive').out.splitlines()]
    return {words[0]: words[1].strip() for words in lines if len(words) == 2 and words[1].startswith('/')}


def ctl(*argv, status=0):
    done = lab.ctl(*argv)
    expect_equal(done.status, status, f'{argv}', done)
    return done


def two_disks():
    """A machine with two disks, each with words of its own."""
    first, second = lab.make_disk('first.qcow2', size='8M'), lab.make_disk('second.qcow2', size='8M')
    write(first, 1)
    write(second, 2)
    define(disk(first), disk(second, 'vdb'))
    return first, second


def exchanged_and_discarded():
    """Another disk has the name of one that the snapshot has."""
    for kind in ('--disk-only', '--internal'):
        two_disks()
        other = lab.make_disk('other.qcow2', size='8M')
        write(other, 3)
        ctl('snapshot', 'create', 'vm', 's1', kind)
        define(disk(sources()['vda']), disk(other, 'vdb'))
        ctl('snapshot', 'revert', 'vm', 's1', '--discard-current')
        expect(reads(other, 3), 'the other disk is there as it was')
        expect(reads(sources()['vda'], 1) and reads(sources()['vdb'], 2), 'the machine is as it was')
        clear()


def drive_in_the_place_of_a_disk():
    first, second = lab.make_disk('first.qcow2', size='8M'), lab.make_disk('second.qcow2', size='8M')
    disc = lab.make_disk('install.iso', fmt='raw', size='1M')
    write(second, 2)
    define(disk(first), disk(second, 'sda'))
    ctl('snapshot', 'create', 'vm', 's1')
    define(disk(sources()['vda']), disk(disc, 'sda', 'raw', 'cdrom', '<readonly/>'))
    before = sha256(disc)
    ctl('snapshot', 'revert', 'vm', 's1')
    expect_equal(sha256(disc), before, 'the disc')
    expect(reads(sources()['sda'], 2), 'the disk is back')
    clear()


def detached_with_an_internal_snapshot():
    for argv in (['snapshot', 'delete', 'vm', 's1'], ['snapshot', 'revert', 'vm', 's1', '--discard-current'],
                 ['snapshot', 'revert', 'vm', 's1', '--save-current', 'kept']):
        first, second = two_disks()
        ctl('snapshot', 'create', 'vm', 's1', '--internal')
        write(second, 7)
        define(disk(first))
        ctl(*argv)
        expect(reads(second, 7), f'{argv}: what was put by')
        clear()


def merged_by_hand_and_detached():
    """All of the disk is in the image that the snapshot froze."""
    for retained in (False, True):
        first, second = two_disks()
        ctl('snapshot', 'create', 'vm', 's1')
        over = sources()
        clone = lab.path('clone.qcow2')
        if retained:
            for path in (first, second):
                lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', path, '-F', 'qcow2', clone + os.path.basename(path))
            lab.define_xml(DOMAIN.format(name='clone', disks=disk(clone + 'first.qcow2') + disk(clone + 'second.qcow2', 'vdb')))
            ctl('snapshot', 'delete', 'vm', 's1')
            lab.virsh('undefine', 'clone')
            os.remove(clone + 'first.qcow2')
            os.remove(clone + 'second.qcow2')
        write(over['vdb'], 8)
        lab.run('qemu-img', 'commit', '-q', '-d', over['vdb'])
        os.remove(over['vdb'])
        define(disk(over['vda']))
        ctl(*(['doctor', 'vm', '--repair'] if retained else ['snapshot', 'delete', 'vm', 's1']))
        expect(reads(second, 8), 'what was put by')
        clear()


def left_out_and_moved():
    """The disk that the snapshot doesn't have is on an overlay by now, under another name."""
    _, second = two_disks()
    ctl('snapshot', 'create', 'vm', 's1', '--disk', 'vda')
    over = lab.path('over.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', second, '-F', 'qcow2', over)
    write(over, 9, '1M')
    define(disk(sources()['vda']), disk(over, 'sda'))
    ctl('snapshot', 'revert', 'vm', 's1', '--discard-current')
    expect_equal(sources()['vdb'], over, 'the disk that was left out')
    expect(reads(over, 9, '1M'), 'it is as it was')
    clear()


def left_out_and_a_drive_now():
    first, second = lab.make_disk('first.qcow2', size='8M'), lab.make_disk('second.qcow2', size='8M')
    disc = lab.make_disk('install.iso', fmt='raw', size='1M')
    define(disk(first), disk(second, 'sda'))
    ctl('snapshot', 'create', 'vm', 's1', '--disk', 'vda')
    define(disk(sources()['vda']), disk(disc, 'sda', 'raw', 'cdrom', '<readonly/>'))
    ctl('snapshot', 'revert', 'vm', 's1')
    expect_equal(sources()['sda'], second, 'the disk that was left out')
    clear()


def left_out_and_detached():
    """By one snapshot, of a disk that the other froze. The disk was put by, and is none of the machine's any more."""
    for deletions in ([['s1'], ['s0']], [['s0'], ['s1']], [['s0', '--subtree']]):
        _, second = two_disks()
        ctl('snapshot', 'create', 'vm', 's0')
        put_by = sources()['vdb']
        write(put_by, 9, '1M')
        ctl('snapshot', 'create', 'vm', 's1', '--disk', 'vda')
        define(disk(sources()['vda']))
        for argv in deletions:
            said = ctl('snapshot', 'delete', 'vm', *argv, '--dry-run')
            expect(f'“{put_by}” stays' in said.out, f'{argv}: the plan says what stays', said)
            ctl('snapshot', 'delete', 'vm', *argv)
        expect(reads(put_by, 9, '1M') and reads(put_by, 2), f'{deletions}: what was put by')
        expect(reads(second, 2) and reads(second, 0, '1M'), f'{deletions}: what it stands on')
        clear()


def left_out_on_a_layer_and_detached():
    """It was put on a layer of the first disk by hand, and nothing else stands on that any more."""
    first, _ = two_disks()
    define(disk(first))
    ctl('snapshot', 'create', 'vm', 's1')
    layer = sources()['vda']
    write(layer, 3)
    ctl('clone', 'flatten', 'vm')
    put_by = lab.path('put-by.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', layer, '-F', 'qcow2', put_by)
    write(put_by, 9, '1M')
    define(disk(layer), disk(put_by, 'vdb'))
    ctl('snapshot', 'create', 'vm', 's2', '--disk', 'vda')
    define(disk(sources()['vda']))
    ctl('snapshot', 'revert', 'vm', 's1', '--discard-current')
    said = ctl('snapshot', 'delete', 'vm', 's2', '--dry-run')
    expect(f'“{layer}” stays, and “{put_by}” stays' in said.out, 'the plan says that it stays', said)
    ctl('snapshot', 'delete', 'vm', 's2')
    expect(reads(put_by, 9, '1M') and reads(put_by, 3), 'what was put by')
    expect(reads(layer, 0, '1M'), 'the layer has nothing of it')
    clear()


def on_a_layer_with_a_tag_and_detached():
    """A disk that was put on a frozen layer of the first by hand. Its internal snapshot is all that names it."""
    first, _ = two_disks()
    define(disk(first))
    ctl('snapshot', 'create', 'vm', 's1', '--disk-only')
    tip, put_by = sources()['vda'], lab.path('put-by.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', first, '-F', 'qcow2', put_by)
    define(disk(tip), disk(put_by, 'vdb'))
    ctl('snapshot', 'create', 'vm', 'i1', '--internal')
    write(put_by, 9, '1M')
    define(disk(tip))
    said = ctl('snapshot', 'delete', 'vm', 'i1', '--dry-run')
    expect(f'“{put_by}” stays' in said.out, 'the plan says that it stays', said)
    ctl('snapshot', 'delete', 'vm', 'i1')
    expect(reads(put_by, 9, '1M'), 'what was put by')
    clear()


def made_independent_between():
    """The disk stands on no layer of its snapshots any more, and is one with them all the same."""
    for order in ('s2', 's1'), ('s1', 's2'):
        first, _ = two_disks()
        define(disk(first))
        ctl('clone', 'create', 'vm', 'other', '--full')
        ctl('snapshot', 'create', 'other', 's1')
        ctl('snapshot', 'create', 'other', 's2')
        ctl('clone', 'flatten', 'other')
        for name in order:
            ctl('snapshot', 'delete', 'other', name)
        findings = [item for item in lab.ctl('--json', 'doctor').document['findings'] if 'other' in item['message']]
        expect_equal(findings, [], f'{order}: what doctor finds')
        lines = lab.virsh('domblklist', 'other').out
        files = [name for name in os.listdir(lab.images) if name.startswith('other')]
        expect(len(files) == 1 and files[0] in lines, f'{order}: the files', files, lines)
        clear()


def added_since():
    """Going back, with the present state kept, of a machine that has a disk which the snapshot has not, or left out."""
    for argv in ([], ['--disk', 'vda']):
        first, second = two_disks()
        if not argv:
            define(disk(first))
        ctl('snapshot', 'create', 'vm', 's1', *argv)
        define(disk(sources()['vda']), disk(second, 'vdb'))
        write(second, 4)
        ctl('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept')
        expect(reads(second, 4), 'the disk is as it was')
        if argv:
            expect(reads(sources()['vdb'], 4), 'the disk that was left out')
        ctl('snapshot', 'revert', 'vm', 'kept', '--discard-current')
        expect(reads(sources()['vdb'], 4), 'the disk is back with the state that was kept')
        clear()


def second_disk_on_a_frozen_layer():
    """Put there by hand, to look for a file, say. It is not the disk that the snapshot has."""
    first, _ = two_disks()
    define(disk(first))
    ctl('snapshot', 'create', 'vm', 's1')
    looked = lab.path('looked.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', first, '-F', 'qcow2', looked)
    write(looked, 6, '1M')
    define(disk(sources()['vda']), disk(looked, 'vdb'))
    ctl('snapshot', 'create', 'vm', 's2', '--disk', 'vda')
    ctl('snapshot', 'revert', 'vm', 's2', '--discard-current')
    expect_equal(sources()['vdb'], looked, 'the disk that was left out')
    ctl('snapshot', 'revert', 'vm', 's1', '--discard-current')
    expect(reads(looked, 6, '1M'), 'the second disk is there as it was')
    clear()


def second_disk_with_the_name_of_the_first():
    """One of the two is to be discarded, and the name says another than the snapshot does."""
    first, _ = two_disks()
    define(disk(first))
    ctl('snapshot', 'create', 'vm', 's1')
    tip = sources()['vda']
    write(tip, 3)
    looked = lab.path('looked.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', first, '-F', 'qcow2', looked)
    write(looked, 6, '1M')
    define(disk(looked), disk(tip, 'vdb'))
    said = ctl('snapshot', 'revert', 'vm', 's1', '--discard-current', status=3)
    expect(looked in said.err and tip in said.err, 'both are named', said)
    define(disk(looked, 'vdc'), disk(tip, 'vdb'))
    ctl('snapshot', 'revert', 'vm', 's1', '--discard-current')
    expect(reads(looked, 6, '1M') and not os.path.exists(tip), 'what the snapshot says was its disk is discarded')
    clear()


def what_is_not_kept_is_not_discarded():
    """A disk that is read-only by now is in no snapshot of the present state."""
    for kind in ('--disk-only', '--internal'):
        two_disks()
        ctl('snapshot', 'create', 'vm', 's1', kind)
        there = sources()
        write(there['vdb'], 5)
        define(disk(there['vda']), disk(there['vdb'], 'vdb', inside='<readonly/>'))
        refused = ctl('snapshot', 'revert', 'vm', 's1', status=3)
        expect(os.path.basename(there['vdb']) in refused.err, 'the refusal names the image', refused)
        expect(reads(there['vdb'], 5), 'the disk is as it was')
        clear()


def gone_on_on_a_copy():
    """What the machine left behind for a copy goes with the last that needs it, and no file is left."""
    first = lab.make_disk('first.qcow2', size='8M')
    define(disk(first))
    write(first, 1)
    ctl('snapshot', 'create', 'vm', 'inner', '--internal')
    write(first, 2)
    ctl('snapshot', 'create', 'vm', 'outer')
    ctl('snapshot', 'revert', 'vm', 'inner', '--discard-current')
    expect(reads(sources()['vda'], 1), 'the machine is as it was then')
    ctl('snapshot', 'delete', 'vm', 'outer')
    ctl('snapshot', 'delete', 'vm', 'inner')
    expect(reads(sources()['vda'], 1), 'the machine is as it was then')
    expect_equal(sorted(os.listdir(lab.images)), [os.path.basename(sources()['vda'])], 'the files')
    clear()


def name_of_a_copy_used_again():
    """The copy's mark names the image that it was taken of; another disk has that name by now."""
    first = lab.make_disk('first.qcow2', size='8M')
    define(disk(first))
    ctl('snapshot', 'create', 'vm', 'inner', '--internal')
    ctl('snapshot', 'create', 'vm', 'outer', '--disk-only')
    ctl('snapshot', 'revert', 'vm', 'inner', '--discard-current')
    ctl('snapshot', 'delete', 'vm', 'outer')
    expect(not os.path.exists(first), 'nothing needs the first image any more')
    ctl('snapshot', 'create', 'vm', 's3')
    lab.make_disk('first.qcow2', size='8M')
    write(first, 7)
    define(disk(sources()['vda']), disk(first, 'vdb'))
    ctl('snapshot', 'revert', 'vm', 's3', '--discard-current')
    expect(reads(first, 7), 'the other disk is there as it was')
    clear()


def detached_before_an_old_libvirt_deletes():
    """libvirt 9.0 deletes the document of a snapshot, and fails then, where the machine has not all its disks any more."""
    old, vm = NativeLab('old'), f'vm-{os.getpid()}'
    try:
        old.start()
        old.machine(vm, disks=2, run=True)
        old.strata('snapshot', 'create', vm, 's1')
        old.strata('snapshot', 'create', vm, 's2')
        old.virsh('destroy', vm)
        old.virsh('detach-disk', vm, 'vdb', '--config')
        old.strata('snapshot', 'create', vm, 's9')
        tip = old.tip(vm)
        old.strata('snapshot', 'delete', vm, 's2')
        expect_equal(old.snapshots(vm), ['s1', 's9'], 'the snapshots')
        expect_equal(old.tip(vm), tip, 'what it reads')
        expect_equal(old.ctl('--json', 'job', 'list').document['jobs'], [], 'what is unfinished')
    finally:
        for name in old.made:
            old.virsh('destroy', name, check=False)
            old.virsh('undefine', name, '--snapshots-metadata', check=False)
        old.close()


def some_of_the_disks():
    """Each snapshot has one of the two disks, and is deleted after a revert, also one whose document libvirt made shorter."""
    for shorten in (False, True):
        two_disks()
        for name, target in (('s1', 'vda'), ('s2', 'vdb')):
            ctl('snapshot', 'create', 'vm', name, '--disk', target)
        ctl('snapshot', 'revert', 'vm', 's2')
        present = [name for name in lab.virsh('snapshot-list', 'vm', '--name').out.split() if name.startswith('present')][0]
        if shorten:
            lab.virsh('snapshot-delete', 'vm', present, '--metadata')
        else:
            ctl('snapshot', 'delete', 'vm', present)
            words = re.findall(r"<disk name='(vd.)' snapshot='(\w+)'", lab.virsh('snapshot-dumpxml', 'vm', 's2').out)
            expect_equal(sorted(words), [('vda', 'no'), ('vdb', 'external')], 'what the document says of its disks')
        for name in ('s2', 's1'):
            ctl('snapshot', 'delete', 'vm', name)
        if not shorten:
            expect_equal(lab.virsh('snapshot-list', 'vm', '--name').out.split(), [], 'the snapshots')
        expect_equal(lab.ctl('--json', 'job', 'list').document['jobs'], [], 'what is unfinished')
        expect(reads(sources()['vda'], 1) and reads(sources()['vdb'], 2), 'what it reads')
        clear()


def clear():
    for name in lab.names():
        lab.virsh('destroy', name, check=False)
        lab.virsh('undefine', '--nvram', '--snapshots-metadata', name, check=False)
    lab.clear()


if __name__ == '__main__':
    try:
        run([lab.start, exchanged_and_discarded, drive_in_the_place_of_a_disk, detached_with_an_internal_snapshot,
             merged_by_hand_and_detached, left_out_and_moved, left_out_and_a_drive_now, left_out_and_detached,
             left_out_on_a_layer_and_detached, on_a_layer_with_a_tag_and_detached, made_independent_between, added_since,
             second_disk_on_a_frozen_layer,
             second_disk_with_the_name_of_the_first,
             what_is_not_kept_is_not_discarded, gone_on_on_a_copy, name_of_a_copy_used_again,
             detached_before_an_old_libvirt_deletes, some_of_the_disks])
    finally:
        lab.close()
