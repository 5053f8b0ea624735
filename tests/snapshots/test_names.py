#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What snapshots and tags are called, by Strata and by others: names that Strata chooses never collide, names that don't fit are refused
before anything is done, and none is taken for another or for a word of ours. And snapshots whose parent libvirt lost."""

import html
import os
import time

from native_lab import NativeLab
from strata_tap import expect, expect_equal, expect_words, isolated, run

lab = NativeLab('new')


def tree(*names):
    """A machine that is off, with external snapshots, each with words of its own; what each of them holds."""
    lab.machine('vm')
    for number, name in enumerate(names, 1):
        lab.strata('snapshot', 'create', 'vm', name, '--disk-only')
        lab.write('vm', number)
    return {name: lab.held('vm', name) for name in names}


def findings(code):
    return [f for f in lab.ctl('--json', 'doctor', 'vm').document['findings'] if f['code'] == code]


# Names that Strata chooses

def two_reverts_in_one_second():
    """The second one's clock is set back to what it was at the first."""
    held = tree('s1', 's2')
    lab.strata('snapshot', 'revert', 'vm', 's1')
    name = next(n for n in lab.snapshots('vm') if n.startswith('present-'))
    present = lab.held('vm', name)
    lab.write('vm', 0x33)
    written = lab.tip('vm')
    # Right after a full second, so that the program starts within it.
    time.sleep(1.02 - time.time() % 1)
    wanted = time.mktime(time.strptime(name, 'present-%Y%m%d-%H%M%S'))
    late = int(time.time() - wanted)
    zone = f'XXX0:{late // 60:02}:{late % 60:02}'
    result = lab.ctl('snapshot', 'revert', 'vm', 's2', env={'TZ': zone})
    expect_equal(result.status, 0, 'the second return', result)
    expect_equal(lab.tip('vm'), held['s2'], 'what the machine reads')
    second = next(n for n in lab.snapshots('vm') if n.startswith(name) and n != name)
    expect_equal((lab.held('vm', name), lab.held('vm', second)), (present, written), f'what {name} and {second} hold')


# Names that QEMU or libvirt read otherwise than they are written

ODD = ('a,b', 'nbd:a', 'a%sb', '-x#y?=z', '{a;b*}')


def made_where_it_is_said(vm, what):
    """What a machine is defined on is there, and it starts from it."""
    for name in lab.snapshots(vm):
        lab.held(vm, name)
    expect(os.path.exists(lab.source(vm)), f'{what}: {lab.source(vm)} is not there: {os.listdir(lab.images)}')
    lab.virsh('start', vm)
    lab.virsh('destroy', vm)


def odd_names_of_snapshots():
    lab.machine('vm')
    for number, name in enumerate(ODD):
        lab.strata('snapshot', 'create', 'vm', '--disk-only', '--', name)
        made_where_it_is_said('vm', name)
        held = lab.held('vm', name)
        lab.write('vm', number + 1)
        written = lab.tip('vm')
        lab.strata('snapshot', 'revert', 'vm', '--save-current', f'kept{name}', '--', name)
        made_where_it_is_said('vm', f'kept {name}')
        expect_equal((lab.tip('vm'), lab.held('vm', f'kept{name}')), (held, written), f'what {name} and what was kept hold')
        lab.strata('snapshot', 'delete', 'vm', '--', f'kept{name}')
        lab.strata('snapshot', 'delete', 'vm', '--', name)
        expect_equal(lab.tip('vm'), held, f'what it reads without {name}')


def odd_names_of_machines():
    for vm in ('v,1', 'v:%s'):
        lab.machine(vm)
        lab.strata('snapshot', 'create', vm, 's1', '--disk-only')
        made_where_it_is_said(vm, vm)
        held = lab.held(vm, 's1')
        lab.strata('clone', 'create', vm, f'{vm}-c', '--snapshot', 's1')
        lab.made.append(f'{vm}-c')
        expect_equal(lab.tip(f'{vm}-c'), held, 'what the clone reads')
        lab.strata('snapshot', 'create', f'{vm}-c', 's1', '--disk-only')
        made_where_it_is_said(f'{vm}-c', f'a clone of {vm}')


def folder_with_a_comma():
    folder = os.path.join(lab.dir, 'p,1')
    os.mkdir(folder)
    lab.define_on('vm', lab.make_disk('vm.qcow2', folder=folder))
    error = lab.refused('snapshot', 'create', 'vm', 's1', '--disk-only', words=[folder, 'comma'])
    expect_words(error['hint'], 'folder')
    lab.strata('snapshot', 'create', 'vm', 's1', '--internal')
    lab.virsh('start', 'vm')
    lab.strata('snapshot', 'create', 'vm', 's2', '--disk-only')
    lab.virsh('destroy', 'vm')
    made_where_it_is_said('vm', folder)


def names_that_a_shell_would_obey():
    """What is printed to be typed is typed as it is printed."""
    folder = os.path.join(lab.dir, "it's $(touch pwned); a b")
    machine, snapshot = 'm$(touch pwned)\'`id` "b"', 's; touch\u202epwned'
    os.mkdir(folder)
    lab.define_on(machine, html.escape(lab.make_disk('v \u202em.qcow2', folder=folder)))
    plan = lab.ctl('--json', 'snapshot', 'create', machine, snapshot, '--disk-only', '--dry-run').document['plan']
    expect_equal(len(plan['commands']), 1, 'the commands', plan)
    typed = lab.run('bash', '-c', f'set -- {plan["commands"][0]}; printf "%s\\0" "$@"').out.split('\0')
    expect_equal(typed[:4], ['virsh', 'snapshot-create-as', machine, snapshot], 'what a shell reads', plan)
    expect(any(word.startswith(f'vda,file={folder}/') for word in typed), 'what a shell reads of the path', typed)


def names_that_a_terminal_would_obey():
    base = lab.make_disk('plain.qcow2')
    lab.define_on('vm', base)
    odd = lab.path('y\x1b]0;owned\x07\x1b[2K\r\u202eNothing is\nthe matter.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', odd)
    for argv in (['doctor'], ['show', 'vm'], ['chain', 'vm', '--check'], ['snapshot', 'delete', 'vm', 'no\x1b[2Jne'],
                 ['snapshot', 'create', 'vm', 'a\x1b[2Jb', '--disk-only', '--dry-run'], ['template', 'import', odd, '--name', 't']):
        said = lab.ctl(*argv)
        for text in (said.out, said.err):
            expect(not any(ord(c) < 0x20 and c != '\n' or c in '\x7f\u202e' for c in text), f'{argv} prints what is visible', said)
    expect_words(lab.ctl('doctor').out, '\\x1b]0;owned\\x07', '\\u202eNothing is\\x0athe matter.qcow2')


def names_that_no_definition_can_hold():
    """What a plan would write of them into a document of libvirt's is found out when it is made."""
    odd = lab.path('b\x1b]0;pwn\x07\u202ex.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', odd, '16M')
    overlay = lab.path('y.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', odd, '-F', 'qcow2', overlay)
    lab.define_on('vm', overlay)
    lab.write('vm', 0x11)
    files, tip = os.listdir(lab.images), lab.tip('vm')
    for argv in (['disk', 'merge', 'vm', 'vda', '--commit'],):
        error = lab.refused(*argv, words=[odd, 'definition', 'XML'])
        expect_words(error['hint'], 'qemu-img rebase')
    expect_equal((os.listdir(lab.images), lab.tip('vm')), (files, tip), 'what is there')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    lab.refused('clone', 'create', 'vm', 'c', '--snapshot', 's1', '--thin', words=[odd])
    lab.strata('clone', 'flatten', 'vm')
    expect_equal(lab.tip('vm'), tip, 'what it reads')


# Long names

def name_of_two_hundred_and_forty_bytes():
    """It is refused before anything is done, and what is not refused can be reverted to and deleted."""
    lab.machine('vm')
    files = os.listdir(lab.images)
    for name in ('k' * 240, 'k' * 243, 'k' * 250, 'k' * 300, 'ä' * 124):
        for kind in ('--disk-only', '--internal'):
            result = lab.ctl('--json', 'snapshot', 'create', 'vm', name, kind)
            expect_equal((result.status, result.document['outcome']), (2, 'not-started'), f'{len(name.encode())} bytes, {kind}', result)
            expect_equal(result.document['error']['code'], 'invalid', 'the code', result)
    expect_equal(os.listdir(lab.images), files, 'the files')


def longest_name_that_is_taken():
    lab.machine('vm')
    for length in range(240, 200, -1):
        name = 'k' * length
        if lab.ctl('snapshot', 'create', 'vm', name, '--disk-only').status == 0:
            break
    held = lab.held('vm', name)
    lab.write('vm', 1)
    lab.strata('snapshot', 'revert', 'vm', name)
    expect_equal(lab.tip('vm'), held, 'what it reads')
    lab.strata('snapshot', 'delete', 'vm', name)


def long_name_that_another_tool_gave():
    name = 'k' * 243
    lab.machine('vm')
    lab.virsh('snapshot-create-as', 'vm', name, '--disk-only', '--diskspec', f'vda,snapshot=external,file={lab.path("over.qcow2")}')
    held = lab.held('vm', name)
    lab.write('vm', 1)
    lab.strata('snapshot', 'revert', 'vm', name)
    expect_equal(lab.tip('vm'), held, 'what it reads')


# Names that were words of ours

def snapshot_called_next():
    """It is in the image that the machine leaves, and stays with it."""
    lab.machine('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    lab.write('vm', 1)
    lab.internal('vm', '@next')
    held = lab.held('vm', '@next')
    lab.write('vm', 2)
    lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
    expect_equal(lab.held('vm', '@next'), held, 'what @next holds')
    lab.strata('clone', 'create', 'vm', 'clone', '--snapshot', '@next', '--full')
    expect_equal(lab.tip('clone'), held, 'what a clone of it reads')


def tag_called_question_mark():
    """It is a name, and does not stand for all that could not be read."""
    lab.machine('vm')
    lab.internal('vm', 'i1')
    lab.write('vm', 1)
    image, before = lab.source('vm'), lab.tip('vm')
    lab.run('qemu-img', 'snapshot', '-d', 'i1', image)
    lab.run('qemu-img', 'snapshot', '-c', '?', image)
    lab.refused('snapshot', 'revert', 'vm', 'i1', '--discard-current', words=['i1'])
    expect_equal(lab.tip('vm'), before, 'what it reads')


def tags_with_separators_in_their_names():
    """The tag “1” in “…:i” is not the tag “i:1” in “…”."""
    lab.machine('vm')
    image = lab.source('vm')
    lab.internal('vm', 'i:1')
    other = f'{image}:i'
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', other, '16M')
    lab.run('qemu-img', 'snapshot', '-c', '1', other)
    lab.define_on('other', other)
    lab.strata('template', 'create', 'other', '--convert', '--no-seal', '--name', 't')
    lab.refused('template', 'delete', 't', words=['“1”'])
    expect(os.path.exists(other), 'the image is there')


def tag_with_a_slash():
    lab.machine('vm')
    image = lab.source('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    lab.run('qemu-img', 'snapshot', '-c', 'a/b', image)
    held = lab.bytes(image, 'a/b')
    lab.write('vm', 1)
    lab.strata('snapshot', 'delete', 'vm', 's1', status=(0, 3))
    expect_equal(lab.bytes(image, 'a/b'), held, 'what the tag holds')


# One name for two

def doubled(first_is_ours):
    """Two tags i1 in the machine's image, of which libvirt knows one; what each of them holds."""
    lab.machine('vm')
    image = lab.source('vm')
    makers = [lambda: lab.internal('vm', 'i1'), lambda: lab.run('qemu-img', 'snapshot', '-c', 'i1', image)]
    for number, make in enumerate(makers if first_is_ours else reversed(makers), 1):
        make()
        lab.write('vm', number)
    return image, [line.split()[:2] for line in tags(image)]


def tags(image):
    return lab.run('qemu-img', 'snapshot', '-l', image).out.splitlines()[2:]


def doubled_tag_is_not_deleted():
    for first in (True, False):
        image, there = doubled(first)
        lab.refused('snapshot', 'delete', 'vm', 'i1', words=['“i1”', 'another'])
        expect_equal([line.split()[:2] for line in tags(image)], there, 'the tags')
        expect_equal(lab.snapshots('vm'), ['i1'], 'the snapshots')
        clear()


def doubled_tag_is_not_read():
    """Which of the two a copy has QEMU decides."""
    for first in (True, False):
        doubled(first)
        lab.refused('clone', 'create', 'vm', 'clone', '--snapshot', 'i1', '--full', words=['“i1”', 'another'])
        lab.refused('snapshot', 'revert', 'vm', 'i1', '--discard-current', words=['“i1”', 'another'])
        clear()


def doubled_tag_on_another_computer():
    image, there = doubled(True)
    far = lab.far_host()
    for argv in (['snapshot', 'delete', 'vm', 'i1'], ['snapshot', 'revert', 'vm', 'i1', '--discard-current'],
                 ['clone', 'create', 'vm', 'clone', '--snapshot', 'i1', '--full']):
        lab.refused('-c', far, *argv, words=['“i1”', 'another'])
    expect_equal([line.split()[:2] for line in tags(image)], there, 'the tags')
    lab.run('qemu-img', 'snapshot', '-d', 'i1', image)
    lab.strata('-c', far, 'snapshot', 'delete', 'vm', 'i1')
    expect_equal(tags(image), [], 'the tags in the end')


def doubled_tag_can_be_forgotten_and_made_single():
    image, there = doubled(True)
    expect(findings('doubled-tag'), 'doctor finds it')
    lab.run('qemu-img', 'snapshot', '-d', 'i1', image)
    expect_equal(len(tags(image)), 1, 'the tags')
    expect(not findings('doubled-tag'), 'it is over')
    lab.strata('snapshot', 'delete', 'vm', 'i1')
    expect_equal(tags(image), [], 'the tags')


def tag_that_is_there_is_not_made_twice():
    lab.machine('vm')
    image = lab.source('vm')
    lab.run('qemu-img', 'snapshot', '-c', 'i1', image)
    lab.refused('snapshot', 'create', 'vm', 'i1', '--internal', words=['vda', 'of that name'])
    expect_equal(len(tags(image)), 1, 'the tags')


# Parents that libvirt lost

def memory_of_a_machine_that_was_renamed():
    """libvirt restores it only under the name that it was saved with; the guest isn't stopped for nothing."""
    lab.machine('before')
    lab.virsh('start', 'before')
    lab.strata('snapshot', 'create', 'before', 's1')
    lab.virsh('destroy', 'before')
    lab.virsh('domrename', 'before', 'after')
    lab.made.append('after')
    lab.virsh('start', 'after')
    lab.refused('snapshot', 'revert', 'after', 's1', '--discard-current', words=['s1', 'after', 'before'])
    expect_equal(lab.virsh('domstate', 'after').out.strip(), 'running', 'the machine')
    lab.virsh('destroy', 'after')
    lab.strata('snapshot', 'revert', 'after', 's1', '--discard-current', '--off')
    lab.virsh('domrename', 'after', 'before')
    lab.strata('snapshot', 'revert', 'before', 's1', '--discard-current')
    expect_equal(lab.virsh('domstate', 'before').out.strip(), 'running', 'the machine, in the end')


def lose(name):
    """libvirt's daemon is started anew without what it knew of a snapshot."""
    lab.stop_daemon()
    os.remove(os.path.join(lab.env['HOME'], '.config/libvirt/qemu/snapshot/vm', f'{name}.xml'))


def what_stands_on_a_lost_snapshot_can_be_worked_on():
    held = tree('s1', 's2', 's3')
    lose('s1')
    listed = lab.ctl('--json', 'snapshot', 'list', 'vm').document['snapshots']
    expect_equal({s['name'] for s in listed}, {'s2', 's3'}, 'what is listed')
    lab.strata('snapshot', 'edit', 'vm', 's2', '--description', 'x')
    lab.strata('snapshot', 'revert', 'vm', 's2')
    expect_equal(lab.tip('vm'), held['s2'], 'what it reads')
    lab.strata('snapshot', 'delete', 'vm', 's2')
    expect_equal((lab.tip('vm'), lab.held('vm', 's3')), (held['s2'], held['s3']), 'what is left')


def lost_parent_is_found_and_mended():
    held = tree('s1', 's2', 's3')
    lose('s2')
    found = findings('lost-parent')
    expect(found and found[0]['mendable'], f'doctor finds it: {found}')
    expect_words(found[0]['message'], 's3', 's2')
    lab.strata('doctor', 'vm', '--repair')
    expect(not findings('lost-parent'), 'it is over')
    parents = {s['name']: s.get('parent') for s in lab.ctl('--json', 'snapshot', 'list', 'vm').document['snapshots']}
    expect_equal(parents, {'s1': None, 's3': 's1'}, 'the parents')
    expect_equal((lab.held('vm', 's1'), lab.held('vm', 's3')), (held['s1'], held['s3']), 'what they hold')


def clear():
    lab.made = lab.names()
    for name in os.listdir(lab.images):
        os.chmod(lab.path(name), 0o600)
    lab.clear()


if __name__ == '__main__':
    try:
        lab.start()
        run([isolated(test, clear) for test in (
            two_reverts_in_one_second, odd_names_of_snapshots, odd_names_of_machines, folder_with_a_comma, names_that_a_shell_would_obey,
            names_that_a_terminal_would_obey,
            names_that_no_definition_can_hold, name_of_two_hundred_and_forty_bytes, longest_name_that_is_taken, long_name_that_another_tool_gave,
            snapshot_called_next, tag_called_question_mark, tags_with_separators_in_their_names, tag_with_a_slash,
            doubled_tag_is_not_deleted, doubled_tag_is_not_read, doubled_tag_on_another_computer,
            doubled_tag_can_be_forgotten_and_made_single, tag_that_is_there_is_not_made_twice,
            what_stands_on_a_lost_snapshot_can_be_worked_on, lost_parent_is_found_and_mended,
            memory_of_a_machine_that_was_renamed)])
    finally:
        lab.close()
