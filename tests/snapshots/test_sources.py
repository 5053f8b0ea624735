#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job takes its bytes from is deleted, replaced or written to by another client while the job is at work, or before it is
resumed. It makes nothing of that: it is taken back, or refuses to go on, and says what became of it."""

import json
import os
import shutil
import subprocess
import time

import held_jobs
from held_jobs import hold, journals, lab, let_go, no_job_left, records, stop
from strata_lab import STRATACTL
from strata_tap import expect, expect_equal, expect_words, isolated, run

THEN, BETWEEN, NOW = 0x11, 0x22, 0x33


def tree(vm='vm'):
    """A machine with the external snapshots s1 and s2, each with words of its own; what it was in s1."""
    lab.machine(vm)
    lab.write(vm, THEN)
    lab.strata('snapshot', 'create', vm, 's1')
    lab.write(vm, BETWEEN)
    lab.strata('snapshot', 'create', vm, 's2')
    lab.write(vm, NOW)
    return lab.held(vm, 's1')


def delete(name='s1', vm='vm'):
    """As libvirt does it: what was written next is merged into the image that the snapshot had."""
    # Of a guest that was suspended for its memory to be kept QEMU doesn't own the images, and merges none.
    if lab.state(vm) == 'paused':
        lab.virsh('snapshot-delete', vm, name, '--metadata')
        return
    running = lab.state(vm) == 'running'
    if not running:
        lab.virsh('start', vm)
    lab.virsh('snapshot-delete', vm, name)
    if not running:
        lab.virsh('destroy', vm)


def replace(name, vm='vm'):
    lab.virsh('snapshot-delete', vm, name)
    lab.virsh('snapshot-create-as', vm, name)


def clear():
    """Also what was made where nothing should have been."""
    lab.made += [n for n in lab.virsh('list', '--all', '--name').out.split() if n not in lab.made]
    held_jobs.clear()


def images():
    return sorted(os.listdir(lab.images))


def is_taken_back(process, *words):
    status, said = let_go(process)
    expect_equal(status, 1, 'how it ended', said)
    expect_words(said, *words, 'as it was')
    no_job_left()


def is_not_resumed(job, *words):
    lab.refused('job', 'resume', job, words=words)
    lab.strata('job', 'rollback', job)
    no_job_left()


def has_no_clone():
    expect('clone' not in lab.virsh('list', '--all', '--name').out.split(), 'there is no clone')
    expect([i for i in images() if 'clone' in i] == [], 'there is no image of it', images())


def interrupted(*argv, act, words, kind, number=0):
    """ACT happens before the NUMBER-th step of KIND: while the job stands still there, and when it was killed there."""
    process = hold(*argv, kind=kind, number=number)
    act()
    is_taken_back(process, *words)


def killed(*argv, act, words, kind, number=0):
    job = stop(*argv, kind=kind, number=number)
    act()
    is_not_resumed(job, *words)


def each(test):
    """TEST with either of both, on a lab that is cleared in between."""
    def both():
        for way in (interrupted, killed):
            test(way)
            clear()

    both.__name__ = test.__name__
    return both


@each
def a_snapshot_under_a_thin_clone_is_deleted(way):
    tree()
    way('clone', 'create', 'vm', 'clone', '--snapshot', 's1', '--thin', act=delete, kind='define', words=['s1', 'deleted'])
    has_no_clone()


@each
def a_snapshot_under_a_thin_clone_is_another_one(way):
    def again():
        delete()
        lab.virsh('snapshot-create-as', 'vm', 's1', '--disk-only')

    tree()
    way('clone', 'create', 'vm', 'clone', '--snapshot', 's1', '--thin', act=again, kind='define', words=['s1', 'another snapshot'])
    has_no_clone()


@each
def what_a_thin_clone_stands_on_is_written_to(way):
    """Also what that stands on itself."""
    for name in ('s1', 's2'):
        tree()
        base = lab.seen('vm', 's1').domain['vda'].path

        def write():
            lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 4M 64k', base)

        way('clone', 'create', 'vm', 'clone', '--snapshot', name, '--thin', act=write, kind='define', words=[base, 'written'])
        has_no_clone()
        clear()


@each
def a_snapshot_is_deleted_before_it_is_copied(way):
    tree()
    way('clone', 'create', 'vm', 'clone', '--snapshot', 's1', '--full', act=delete, kind='copy-image', words=['s1', 'deleted'])
    has_no_clone()


def a_snapshot_that_was_copied_may_go():
    then = tree()
    process = hold('clone', 'create', 'vm', 'clone', '--snapshot', 's1', '--full', kind='define')
    delete()
    status, said = let_go(process)
    expect_equal(status, 0, 'how it ended', said)
    lab.made.append('clone')
    expect_equal(lab.tip('clone'), then, 'what the clone reads')
    no_job_left()


def two_disks():
    lab.machine('vm', disks=2)
    lab.virsh('snapshot-create-as', 'vm', 'nightly')
    lab.write('vm', NOW)


@each
def a_nightly_snapshot_is_taken_anew_between_the_copies(way):
    two_disks()
    way('clone', 'create', 'vm', 'clone', '--snapshot', 'nightly', '--full', act=lambda: replace('nightly'), kind='convert-tag',
        number=1, words=['nightly', 'another'])
    has_no_clone()


@each
def a_tag_alone_is_taken_anew_between_the_copies(way):
    """libvirt's document is the same as before: the image has another tag of that name."""
    def again():
        path = lab.source('vm')
        lab.run('qemu-img', 'snapshot', '-d', 'nightly', path)
        lab.run('qemu-img', 'snapshot', '-c', 'nightly', path)

    two_disks()
    way('clone', 'create', 'vm', 'clone', '--snapshot', 'nightly', '--full', act=again, kind='convert-tag', number=1,
        words=['nightly', lab.source('vm'), 'another one'])
    has_no_clone()


def slow_copies():
    """An environment in which qemu-img converts 2 MiB a second."""
    folder = os.path.join(lab.dir, 'slow')
    real = shutil.which('qemu-img', path=lab.env.get('PATH', os.defpath))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, 'qemu-img')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'#!/bin/sh\nif [ "$1" = convert ]; then shift; exec {real} convert -r 2M "$@"; fi\nexec {real} "$@"\n')
    os.chmod(path, 0o755)
    return dict(lab.env, PATH=f'{folder}:{lab.env.get("PATH", os.defpath)}')


def a_tag_is_deleted_while_it_is_copied():
    """Its clusters are the guest's again, which writes to them."""
    lab.machine('vm')
    lab.write('vm', THEN, '0', '16M')
    lab.internal('vm', 's1')
    lab.virsh('start', 'vm')
    process = subprocess.Popen([STRATACTL, 'clone', 'create', 'vm', 'clone', '--snapshot', 's1', '--full'], env=slow_copies(),
                               text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    copy = lab.path('clone-vda.qcow2')
    limit = time.monotonic() + 60
    while not os.path.exists(copy) or os.stat(copy).st_blocks < 2048:
        expect(process.poll() is None and time.monotonic() < limit, 'the copy has begun')
        time.sleep(0.05)
    lab.virsh('snapshot-delete', 'vm', 's1')
    expect(process.poll() is None, 'the copy is under way')
    lab.write('vm', NOW, '0', '16M')
    out, err = process.communicate(timeout=120)
    expect_equal(process.returncode, 1, 'how it ended', out + err)
    expect_words(err, 's1', 'deleted', 'Everything is as it was')
    has_no_clone()
    no_job_left()


@each
def a_template_is_written_to_before_its_clones_are_defined(way):
    base = lab.machine('vm')
    lab.strata('template', 'create', 'vm', '--convert', '--no-seal', '--name', 'base')
    lab.made.append('base')

    def write():
        os.chmod(base, 0o600)
        lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 4M 64k', base)
        os.chmod(base, 0o400)

    way('template', 'deploy', 'base', '--name', 'clone-%d', '--count', '3', act=write, kind='define', words=[base, 'written'])
    expect([n for n in lab.virsh('list', '--all', '--name').out.split() if n.startswith('clone')] == [], 'there is no clone')
    expect([i for i in images() if 'clone' in i] == [], 'there is no image of one', images())


def reverts_to_what_is_deleted(way, kind, *, run=False, how=('--save-current', 'kept')):
    tree()
    if run:
        lab.virsh('start', 'vm')
    way('snapshot', 'revert', 'vm', 's1', *how, act=delete, kind=kind, words=['s1', 'deleted'])
    expect_equal(lab.snapshots('vm'), ['s2'], 'its snapshots')
    expect_equal(lab.state('vm'), 'running' if run else 'shut off', 'what it does')
    if run:
        lab.virsh('destroy', 'vm')
    expect('tip' not in lab.source('vm'), 'what it is on', lab.source('vm'))
    done = lab.run('qemu-io', '-r', '-f', 'qcow2', '-c', f'read -P {NOW} 8M 64k', lab.source('vm'))
    expect('verification failed' not in done.out, 'it has the bytes that it had', done.out)
    clear()


@each
def a_snapshot_is_deleted_before_the_machine_is_put_on_it(way):
    reverts_to_what_is_deleted(way, 'define')


def a_running_machine_is_not_stopped_for_a_snapshot_that_is_deleted():
    """With its state discarded, nothing could bring it back."""
    reverts_to_what_is_deleted(interrupted, 'shut-down', run=True)
    reverts_to_what_is_deleted(interrupted, 'shut-down', run=True, how=('--discard-current',))


def a_snapshot_that_is_reverted_to_is_deleted_before_it_is_written_down():
    """By its name alone: the bytes are there, and yet it is not what the machine could be said to be on."""
    def forget():
        lab.virsh('snapshot-delete', 'vm', 's1', '--metadata')

    for way in (interrupted, killed):
        tree()
        way('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', act=forget, kind='snapshot-define', words=['s1', 'deleted'])
        expect('tip' not in lab.source('vm'), 'what it is on', lab.source('vm'))
        clear()


def a_disk_is_given_other_options_before_it_is_defined():
    def change():
        text = lab.virsh('dumpxml', '--inactive', 'vm').out
        for old, new in (("type='qcow2'/>", "type='qcow2' cache='none' discard='unmap'/>"),
                         ("<target dev='vda' bus='virtio'/>",
                          "<target dev='vda' bus='virtio'/><iotune><total_bytes_sec>1000000</total_bytes_sec></iotune>"
                          '<serial>theirs</serial>')):
            expect(old in text, f'{old} is there', text)
            text = text.replace(old, new)
        lab.define_xml(text)

    argv = ('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept')
    for resumed in (False, True):
        tree()
        if resumed:
            job = stop(*argv, kind='define')
            change()
            result = lab.strata('job', 'resume', job, status=1)
            expect_words(result.err, 'vm', 'changed', 'Everything is as it was')
            no_job_left()
        else:
            interrupted(*argv, act=change, kind='define', words=['vm', 'changed'])
        expect_words(lab.virsh('dumpxml', '--inactive', 'vm').out, '<serial>theirs', 'total_bytes_sec', "cache='none'",
                     "discard='unmap'")
        clear()


def a_memory_of_another_moment():
    """The guest would go on with what it knew of other disks. It goes on from where it was stopped."""
    lab.machine('vm', run=True)
    lab.strata('snapshot', 'create', 'vm', 's1')
    lab.write('vm', NOW)
    memory = next(lab.path(i) for i in images() if i.endswith('.mem'))
    kept = lab.path('kept')
    shutil.copy(memory, kept)
    process = hold('snapshot', 'revert', 'vm', 's1', '--save-current', 'present', kind='restore')
    expect_equal(lab.state('vm'), 'shut off', 'what it does')
    shutil.copyfile(kept, memory)
    is_taken_back(process, memory, 'written')
    expect_equal(lab.state('vm'), 'running', 'what it does in the end')
    expect('tip' not in lab.source('vm'), 'what it is on', lab.source('vm'))


def a_job_of_an_earlier_version():
    """What it noted doesn't tell whether the snapshot is still that one: it can be taken back."""
    def forget(keys):
        path = journals()[0]
        lines = records(path)
        if keys:
            for line in lines:
                for key in [k for k in line.get('results', {}) if k.startswith('source')]:
                    del line['results'][key]
        else:
            del lines[0]['plan']['request']['domain-uuid']
        with open(path, 'w', encoding='utf-8') as file:
            file.writelines(json.dumps(line) + '\n' for line in lines)

    for keys, word in ((True, lab.images), (False, 's1')):
        tree()
        killed('clone', 'create', 'vm', 'clone', '--snapshot', 's1', '--thin', act=lambda: forget(keys), kind='define',
               words=[word, 'told'])
        has_no_clone()
        clear()


def a_job_whose_sources_are_as_they_were_is_resumed():
    then = tree()
    job = stop('clone', 'create', 'vm', 'clone', '--snapshot', 's1', '--thin', kind='define')
    lab.write('vm', 0x44)
    lab.strata('job', 'resume', job)
    lab.made.append('clone')
    expect_equal(lab.tip('clone'), then, 'what the clone reads')
    no_job_left()


def main():
    try:
        lab.start()
        run([isolated(test, clear) for test in (
            a_snapshot_under_a_thin_clone_is_deleted, a_snapshot_under_a_thin_clone_is_another_one,
            what_a_thin_clone_stands_on_is_written_to, a_snapshot_is_deleted_before_it_is_copied,
            a_snapshot_that_was_copied_may_go, a_nightly_snapshot_is_taken_anew_between_the_copies,
            a_tag_alone_is_taken_anew_between_the_copies, a_tag_is_deleted_while_it_is_copied,
            a_template_is_written_to_before_its_clones_are_defined, a_snapshot_is_deleted_before_the_machine_is_put_on_it,
            a_running_machine_is_not_stopped_for_a_snapshot_that_is_deleted,
            a_snapshot_that_is_reverted_to_is_deleted_before_it_is_written_down,
            a_disk_is_given_other_options_before_it_is_defined,
            a_memory_of_another_moment, a_job_of_an_earlier_version, a_job_whose_sources_are_as_they_were_is_resumed)])
    finally:
        lab.close()


if __name__ == '__main__':
    main()
