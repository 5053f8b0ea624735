#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that libvirt or QEMU will open for a machine by another name than a disk of its definition: the disks of a saved state, those
that a snapshot left out, QEMU's command line, the target of a block copy.  What one of them stands on is neither written to nor
removed, by any other machine either."""

import os
import re

from strata_lab import DOMAIN, Lab, disk_xml
from strata_tap import expect, expect_equal, isolated, run

lab = Lab()

SPACE = 'http://libvirt.org/schemas/domain/qemu/1.0'


def image(name, pattern, folder=None):
    path = lab.make_disk(name, size='8M', folder=folder)
    write(path, pattern)
    return path


def overlay(name, backing, pattern=None, folder=None, fmt='qcow2'):
    path = os.path.join(folder or lab.images, name)
    lab.run('qemu-img', 'create', '-q', '-f', fmt, '-b', backing, '-F', 'qcow2', path)
    if pattern is not None:
        write(path, pattern)
    return path


def elsewhere(name='elsewhere'):
    """A folder that is no pool."""
    folder = os.path.join(lab.dir, name)
    os.makedirs(folder, exist_ok=True)
    return folder


def write(path, pattern, at='0'):
    lab.run('qemu-io', '-f', 'qcow2', '-c', f'write -P {pattern} {at} 64k', path)


def reads(path, pattern, at='0', fmt='qcow2'):
    """QEMU may have it open."""
    return 'read 65536/65536' in lab.run('qemu-io', '-r', '-U', '-f', fmt, '-c', f'read -P {pattern} {at} 64k', path).out


def define(name, *disks):
    lab.define_xml(DOMAIN.format(name=name, disks=''.join(disks)))


def on_the_command_line(name, *words):
    arguments = ''.join(f"<qemu:arg value='{word}'/>" for word in words)
    text = DOMAIN.format(name=name, disks='')
    lab.define_xml(text.replace('</domain>', f"<qemu:commandline xmlns:qemu='{SPACE}'>{arguments}</qemu:commandline></domain>"))


def sources(name):
    lines = [line.split(None, 1) for line in lab.virsh('domblklist', name, '--inactive').out.splitlines()]
    return {words[0]: words[1].strip() for words in lines if len(words) == 2 and words[1].startswith('/')}


def ctl(*argv, status=0):
    done = lab.ctl(*argv)
    expect_equal(done.status, status, f'{argv}', done)
    return done


def refused(*argv, words=()):
    done = ctl(*argv, status=3)
    for word in words:
        expect(word in done.err, f'the refusal speaks of {word}', done)


def merged_by_another(below, kept, pattern):
    """“k”, of which no other machine knows, stands on BELOW; what KEPT reads begins with PATTERN."""
    define('k', disk_xml(overlay('k.qcow2', below, 0x33)))
    refused('disk', 'merge', 'k', 'vda', '--commit')
    expect(reads(kept, pattern), 'what was kept')
    expect(os.path.exists(below), 'what it stands on')


# The disks of a saved state

def saved(second):
    """“m” was saved with SECOND, which its definition hasn't any more."""
    define('m', disk_xml(image('a.qcow2', 1)), disk_xml(second, 'vdb'))
    lab.virsh('start', 'm')
    lab.virsh('managedsave', 'm')
    lab.virsh('detach-disk', 'm', 'vdb', '--config')
    expect('vdb' not in sources('m'), 'the disk is detached')


def disk_of_a_saved_state():
    second = image('v.qcow2', 7)
    saved(second)
    merged_by_another(second, second, 7)


def disk_of_a_saved_state_that_stands_on_another():
    base = image('base.qcow2', 7)
    second = overlay('y.qcow2', base, folder=elsewhere())
    saved(second)
    merged_by_another(base, second, 7)
    lab.virsh('undefine', 'k')
    os.remove(lab.path('k.qcow2'))
    expect_equal(lab.ctl('--json', 'doctor').document['findings'], [], 'what doctor finds')


def option_of_a_saved_state():
    """It was on QEMU's command line when the machine was saved, and isn't in the definition any more."""
    base = image('base.qcow2', 7)
    second = overlay('y.qcow2', base, folder=elsewhere())
    on_the_command_line('m', '-drive', f'file={second},format=qcow2,if=none,id=more')
    lab.virsh('start', 'm')
    lab.virsh('managedsave', 'm')
    uuid = lab.virsh('domuuid', 'm').out.strip()
    lab.define_xml(DOMAIN.format(name='m', disks='').replace('</name>', f'</name><uuid>{uuid}</uuid>'))
    merged_by_another(base, second, 7)


def saved_to_a_file():
    """libvirt knows nothing of the file, which `virsh restore` would go on from with the disks of then."""
    define('m', disk_xml(image('a.qcow2', 1)))
    lab.virsh('start', 'm')
    memory = os.path.join(lab.dir, 'm.save')
    lab.virsh('save', 'm', memory)
    expect('virsh restore' in ctl('--dry-run', 'snapshot', 'create', 'm', 's1').out, 'the plan speaks of it')
    expect('virsh restore' not in ctl('--dry-run', 'snapshot', 'create', 'm', 's1', '--internal').out, 'a tag is nothing to it')
    lab.virsh('restore', memory)
    lab.virsh('destroy', 'm')
    expect('virsh restore' not in ctl('--dry-run', 'snapshot', 'create', 'm', 's1').out, 'it is restored')


def machine_that_is_saved_with_what_a_snapshot_left_out():
    """Its return would have two machines write to one image."""
    second = image('v.qcow2', 7)
    define('m', disk_xml(image('m.qcow2', 1)), disk_xml(second, 'vdb'))
    ctl('snapshot', 'create', 'm', 's1', '--disk', 'vda')
    lab.virsh('detach-disk', 'm', 'vdb', '--config')
    define('n', disk_xml(image('n.qcow2', 1)), disk_xml(second, 'vdb'))
    lab.virsh('start', 'n')
    lab.virsh('managedsave', 'n')
    lab.virsh('detach-disk', 'n', 'vdb', '--config')
    refused('snapshot', 'revert', 'm', 's1', words=['“n”', second])
    lab.virsh('managedsave-remove', 'n')
    ctl('snapshot', 'revert', 'm', 's1')
    expect_equal(sources('m')['vdb'], second, 'the disk that was left out')


# What a snapshot left out

def left_out(second):
    """“s1” of “m” has SECOND in its definition only, and “m” hasn't it any more."""
    define('m', disk_xml(image('a.qcow2', 1)), disk_xml(second, 'vdb'))
    ctl('snapshot', 'create', 'm', 's1', '--disk', 'vda')
    lab.virsh('detach-disk', 'm', 'vdb', '--config')


def left_out_and_detached():
    second = image('v.qcow2', 7)
    left_out(second)
    merged_by_another(second, second, 7)
    lab.virsh('undefine', 'k')
    os.remove(lab.path('k.qcow2'))
    ctl('snapshot', 'revert', 'm', 's1')
    expect_equal(sources('m')['vdb'], second, 'the disk that was left out')


def only_with_the_next_start():
    """The snapshot was taken while the disk was in the definition and not in the guest, for which the document has no other place."""
    for kind in ('--disk-only', '--internal'):
        second = image('v.qcow2', 7)
        define('m', disk_xml(image('a.qcow2', 1)))
        lab.virsh('start', 'm')
        lab.virsh('attach-disk', 'm', second, 'vdb', '--subdriver', 'qcow2', '--config')
        ctl('snapshot', 'create', 'm', 's1', kind)
        lab.virsh('destroy', 'm')
        lab.virsh('detach-disk', 'm', 'vdb', '--config')
        merged_by_another(second, second, 7)
        lab.virsh('undefine', 'k')
        os.remove(lab.path('k.qcow2'))
        ctl('snapshot', 'revert', 'm', 's1', '--off')
        expect_equal(sources('m').get('vdb'), second, 'the disk is back')
        clear()


def left_out_on_a_base():
    base = image('base.qcow2', 7)
    second = overlay('y.qcow2', base, folder=elsewhere())
    left_out(second)
    expect_equal(lab.ctl('--json', 'doctor', 'm').document['findings'], [], 'what doctor finds')
    merged_by_another(base, second, 7)


def left_out_on_a_template():
    base = image('base.qcow2', 7)
    define('b', disk_xml(base))
    ctl('template', 'create', 'b', '--convert', '--no-seal', '--name', 'tpl')
    second = overlay('y.qcow2', base, folder=elsewhere())
    left_out(second)
    refused('template', 'delete', 'tpl', words=['m'])
    expect(reads(second, 7), 'the disk that was left out')


def left_out_is_no_orphan():
    left_out(overlay('y.qcow2', image('base.qcow2', 7)))
    codes = [finding['code'] for finding in lab.ctl('--json', 'doctor').document['findings']]
    expect('orphan' not in codes, f'doctor finds {codes}')


def left_out_and_written_by_its_machine():
    """It is not frozen: its machine has it and goes on, with snapshots that come and go."""
    second = image('v.qcow2', 7)
    define('m', disk_xml(image('a.qcow2', 1)), disk_xml(second, 'vdb'))
    ctl('snapshot', 'create', 'm', 's1', '--disk', 'vda')
    ctl('snapshot', 'create', 'm', 's2')
    write(sources('m')['vdb'], 8)
    ctl('snapshot', 'delete', 'm', 's2', '--commit')
    expect_equal(sources('m')['vdb'], second, 'the disk')
    expect(reads(second, 8), 'what was written to it')


def stays_while_away(late, before):
    """LATE stands on the first image of “m”, which the snapshot s0 froze, and only the snapshot s1 names it."""
    away = os.path.join(lab.dir, 'away')
    os.rename(late, away)
    for way in ([], ['--commit'], ['--pull']):
        refused('snapshot', 'delete', 'm', 's0', *way, words=[late, '“s1”', 'stratactl snapshot delete m s1 --metadata-only'])
    refused('snapshot', 'revert', 'm', 's0', '--discard-current', words=[late])
    ctl('snapshot', 'create', 'm', 's2')
    ctl('snapshot', 'revert', 'm', 's2')
    os.rename(away, late)
    expect(reads(late, before), 'what is back')
    os.remove(late)
    ctl('snapshot', 'delete', 'm', 's1', '--metadata-only')
    ctl('snapshot', 'delete', 'm', 's0')
    clear()


def left_out_and_away():
    """A disk that one snapshot left out, and that the machine hasn't any more."""
    first = image('a.qcow2', 1)
    define('m', disk_xml(first))
    ctl('snapshot', 'create', 'm', 's0')
    write(sources('m')['vda'], 2)
    late = overlay('y.qcow2', first)
    lab.virsh('attach-disk', 'm', late, 'vdb', '--subdriver', 'qcow2', '--config')
    ctl('snapshot', 'create', 'm', 's1', '--disk', 'vda')
    lab.virsh('detach-disk', 'm', 'vdb', '--config')
    stays_while_away(late, 1)


def option_of_a_snapshot_that_is_away():
    first = image('a.qcow2', 1)
    define('m', disk_xml(first))
    ctl('snapshot', 'create', 'm', 's0')
    write(sources('m')['vda'], 2)
    late = overlay('y.qcow2', first)
    without = lab.virsh('dumpxml', 'm').out
    more = f"<qemu:commandline xmlns:qemu='{SPACE}'><qemu:arg value='-drive'/>" \
           f"<qemu:arg value='file={late},format=qcow2,if=none,id=more'/></qemu:commandline></domain>"
    lab.define_xml(without.replace('</domain>', more))
    ctl('snapshot', 'create', 'm', 's1')
    lab.define_xml(re.sub('<qemu:commandline.*</qemu:commandline>', '', lab.virsh('dumpxml', 'm').out, flags=re.S))
    stays_while_away(late, 1)


def left_out_and_gone_for_good():
    """The snapshot that names it can go, with its files."""
    second = image('v.qcow2', 7)
    left_out(second)
    os.remove(second)
    write(sources('m')['vda'], 3)
    ctl('snapshot', 'delete', 'm', 's1')
    expect(reads(sources('m')['vda'], 3), 'the machine goes on')


def left_out_and_taken_up():
    """The image that “s1” left out is merged into the one that stands on it: that is the disk, from then on."""
    second = image('v.qcow2', 7)
    define('m', disk_xml(image('a.qcow2', 1)), disk_xml(second, 'vdb'))
    ctl('snapshot', 'create', 'm', 's1', '--disk', 'vda')
    ctl('snapshot', 'create', 'm', 's2')
    over = sources('m')['vdb']
    write(over, 8, '1M')
    ctl('snapshot', 'delete', 'm', 's2', '--pull')
    expect(not os.path.exists(second), 'it went')
    ctl('snapshot', 'revert', 'm', 's1', '--discard-current')
    expect_equal(sources('m')['vdb'], over, 'the disk that was left out')
    expect(reads(over, 7) and reads(over, 8, '1M'), 'all that was written to it')


def left_out_and_discarded():
    """What “s1” left out is discarded by a return to a snapshot that has the disk: “s1” goes on with that."""
    define('m', disk_xml(image('a.qcow2', 1)), disk_xml(image('v.qcow2', 7), 'vdb'))
    ctl('snapshot', 'create', 'm', 's0')
    gone = sources('m')['vdb']
    ctl('snapshot', 'create', 'm', 's1', '--disk', 'vda')
    ctl('snapshot', 'revert', 'm', 's0', '--discard-current')
    now = sources('m')['vdb']
    expect(now != gone and not os.path.exists(gone), 'what was written since is discarded')
    ctl('snapshot', 'revert', 'm', 's1', '--discard-current')
    expect_equal(sources('m')['vdb'], now, 'the disk that was left out')


def memory_without_a_disk():
    """A guest whose memory comes back would damage a disk that isn't as that memory knows it."""
    define('m', disk_xml(image('a.qcow2', 1)), disk_xml(image('v.qcow2', 7), 'vdb'))
    lab.virsh('start', 'm')
    taken = ctl('snapshot', 'create', 'm', 's1', '--memory', '--disk', 'vda', '--dry-run')
    expect('vdb' in taken.out and 'memory' in taken.out, 'the plan says what it leaves out', taken)
    ctl('snapshot', 'create', 'm', 's1', '--memory', '--disk', 'vda')
    back = ctl('snapshot', 'revert', 'm', 's1', '--discard-current', '--dry-run')
    expect('Disk vdb was left out' in back.out, 'the plan says that it can not be told', back)
    back = ctl('snapshot', 'revert', 'm', 's1', '--discard-current', '--dry-run', '--off')
    expect('Disk vdb was left out' not in back.out, 'without the memory there is nothing to say', back)
    ctl('snapshot', 'create', 'm', 's2', '--disk-only')
    refused('snapshot', 'revert', 'm', 's1', '--discard-current', words=['vdb', 'memory', '--off'])
    ctl('snapshot', 'revert', 'm', 's1', '--discard-current', '--off')


def disk_of_the_memory_only():
    """It was attached to the guest and not to the definition, and another machine has it by now: with the memory it would come back."""
    second = image('v.qcow2', 7)
    # A “pc” without ACPI takes no disk while it runs.
    lab.define_xml(DOMAIN.format(name='m', disks=disk_xml(image('a.qcow2', 1))).replace("machine='pc'", "machine='q35'"))
    lab.virsh('start', 'm')
    lab.virsh('attach-disk', 'm', second, 'vdb', '--subdriver', 'qcow2', '--live')
    ctl('snapshot', 'create', 'm', 's1', '--memory', '--disk', 'vda')
    lab.virsh('destroy', 'm')
    define('n', disk_xml(second))
    for argv in ([], ['--discard-current']):
        refused('snapshot', 'revert', 'm', 's1', *argv, words=['“m”', second, '“n”'])
    expect(reads(second, 7), 'the disk of the other')
    ctl('snapshot', 'revert', 'm', 's1', '--off')
    lab.virsh('undefine', 'n')
    ctl('snapshot', 'revert', 'm', 's1', '--discard-current')
    expect(second in lab.virsh('domblklist', 'm').out, 'the disk is back')


# QEMU's command line

def option_keeps(name, *words, fmt='qcow2', folder=None):
    """An overlay called NAME, which only WORDS name, where {} is its path."""
    disk = image('a.qcow2', 1)
    late = overlay(name, disk, folder=folder or elsewhere(), fmt=fmt)
    on_the_command_line('z', *(word.replace('{}', late).replace('{,,}', late.replace(',', ',,')) for word in words))
    define('m', disk_xml(disk))
    ctl('snapshot', 'create', 'm', 's1')
    write(sources('m')['vda'], 5)
    refused('snapshot', 'delete', 'm', 's1', '--commit')
    expect(reads(late, 1, fmt=fmt), f'what {words} reads')
    os.remove(late)


def options():
    for name, words, fmt, folder in (
            ('y.qcow2', ['-drive', 'file={},format=qcow2,if=ide'], 'qcow2', None),
            ('y.qed', ['-drive', 'file={},format=qed,if=ide'], 'qed', None),
            ('y.qcow2', ['-drive', 'file={,,},format=qcow2,if=ide'], 'qcow2', 'with,comma'),
            ('y.qcow2', ['-drive', 'file={},format=qcow2,if=ide'], 'qcow2', 'with=equals'),
            ('y.qcow2', ['-drive', 'file=file:{},format=qcow2,if=ide'], 'qcow2', None),
            ('y.qcow2', ['-drive', 'driver=qcow2,file.driver=file,file.filename={},if=ide'], 'qcow2', None),
            ('y.qcow2', ['-blockdev', 'driver=qcow2,node-name=y,file.driver=file,file.filename={,,}'], 'qcow2', 'with,comma'),
            ('y.qcow2', ['-blockdev', '{"driver":"qcow2","node-name":"y","file":{"driver":"file","filename":"{}"}}'], 'qcow2', 'a=b,c'),
            ('y.qcow2', ['-hda', '{}'], 'qcow2', 'a=b,c')):
        option_keeps(name, *words, fmt=fmt, folder=elsewhere(folder) if folder else None)
        clear()


def option_that_is_away():
    """Storage that isn't mounted now, with what QEMU is to open there."""
    disk = image('a.qcow2', 1)
    late = overlay('y.qcow2', disk, folder=elsewhere('stick'))
    on_the_command_line('z', '-drive', f'file={late},format=qcow2,if=ide')
    define('m', disk_xml(disk))
    ctl('snapshot', 'create', 'm', 's1')
    write(sources('m')['vda'], 5)
    away = os.path.join(lab.dir, 'away')
    os.rename(late, away)
    refused('snapshot', 'delete', 'm', 's1', '--commit', words=[late])
    os.rename(away, late)
    expect(reads(late, 1), 'what QEMU is to open')
    os.remove(late)


def option_of_a_snapshot_only(kept, words, *extra):
    """“s1” of “m” has WORDS on QEMU's command line, and “m” hasn't them any more."""
    arguments = ''.join(f"<qemu:arg value='{word}'/>" for word in words)
    text = DOMAIN.format(name='m', disks=disk_xml(kept))
    lab.define_xml(text.replace('</domain>', f"<qemu:commandline xmlns:qemu='{SPACE}'>{arguments}</qemu:commandline></domain>"))
    ctl('snapshot', 'create', 'm', 's1', *extra)
    uuid = lab.virsh('domuuid', 'm').out.strip()
    now = text.replace(disk_xml(kept), disk_xml(sources('m')['vda']))
    lab.define_xml(now.replace('</name>', f'</name><uuid>{uuid}</uuid>'))
    expect('qemu:arg' not in lab.virsh('dumpxml', 'm').out, 'the definition has them no more')


def option_of_a_snapshot():
    """With the snapshot the machine has its command line back."""
    base = image('base.qcow2', 7)
    late = overlay('y.qcow2', base, folder=elsewhere())
    option_of_a_snapshot_only(image('a.qcow2', 1), ['-drive', f'file={late},format=qcow2,if=none,id=more'])
    merged_by_another(base, late, 7)
    lab.virsh('undefine', 'k')
    os.remove(lab.path('k.qcow2'))
    define('n', disk_xml(late))
    ctl('snapshot', 'create', 'n', 'n1')
    ctl('snapshot', 'delete', 'n', 'n1', '--pull')
    expect(reads(late, 7), 'what comes back with the command line')


def option_that_comes_back_and_writes():
    """To what a snapshot of another machine froze since."""
    for kind in ('--disk-only', '--internal'):
        shared = image('v.qcow2', 7)
        option_of_a_snapshot_only(image('a.qcow2', 1), ['-drive', f'file={shared},format=qcow2,if=none,id=more'], kind)
        define('n', disk_xml(shared))
        ctl('snapshot', 'create', 'n', 'n1')
        refused('snapshot', 'revert', 'm', 's1', '--discard-current', words=['“m”', shared])
        refused('clone', 'create', 'm', 'c', '--snapshot', 's1', '--full', words=[shared])
        expect(reads(shared, 7), 'what is frozen')
        clear()


# A block copy that is under way

def target_of_a_block_copy():
    base = image('base.qcow2', 7)
    second = image('base2.qcow2', 7)
    target = overlay('copy.qcow2', second, folder=elsewhere())
    define('m', disk_xml(overlay('m.qcow2', base)))
    lab.virsh('start', 'm')
    lab.virsh('blockcopy', 'm', 'vda', target, '--format', 'qcow2', '--shallow', '--reuse-external', '--transient-job')
    define('k', disk_xml(overlay('k.qcow2', second, 0x33)))
    refused('disk', 'merge', 'k', 'vda', '--commit')
    lab.virsh('blockjob', 'm', 'vda', '--pivot')
    lab.virsh('destroy', 'm')
    expect(reads(target, 7), 'what was copied')
    os.remove(target)


def clear():
    for name in lab.names():
        lab.virsh('destroy', name, check=False)
        lab.virsh('managedsave-remove', name, check=False)
        lab.virsh('undefine', '--snapshots-metadata', name, check=False)
    for name in os.listdir(lab.images):
        if os.path.exists(lab.path(name)):
            os.chmod(lab.path(name), 0o600)
    lab.clear()


if __name__ == '__main__':
    try:
        lab.start()
        run([isolated(test, clear) for test in (
            disk_of_a_saved_state, disk_of_a_saved_state_that_stands_on_another, option_of_a_saved_state, saved_to_a_file,
            machine_that_is_saved_with_what_a_snapshot_left_out, only_with_the_next_start, left_out_and_detached, left_out_on_a_base,
            left_out_on_a_template, left_out_is_no_orphan, left_out_and_written_by_its_machine,
            left_out_and_away, option_of_a_snapshot_that_is_away, left_out_and_gone_for_good,
            left_out_and_taken_up, left_out_and_discarded, memory_without_a_disk, disk_of_the_memory_only, options, option_that_is_away,
            option_of_a_snapshot, option_that_comes_back_and_writes, target_of_a_block_copy)])
    finally:
        lab.close()
