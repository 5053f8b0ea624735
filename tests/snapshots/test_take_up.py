#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that are taken up again, on a host that went on meanwhile. stratactl is held at a step and killed; another client acts;
then the job is resumed, rolled back or dismissed. Nothing that came to be since is lost by it."""

import json
import os
import re
import shlex
import shutil
import signal
import time

from busy_pool import busy_pool
from held_jobs import clear, find_step, go_on, hold, is_there, journals, kill_rollback, lab, let_go, no_job_left, records, stop
from strata_tap import Skip, expect, expect_equal, expect_words, isolated, run

refused = lab.refused


def tree(vm='vm'):
    """A machine with the external snapshots s1 and s2, each with words of its own; its first image."""
    base = lab.machine(vm)
    for number, name in enumerate(('s1', 's2'), 1):
        lab.strata('snapshot', 'create', vm, name, '--disk-only')
        lab.write(vm, number)
    return base


def deletion_and_a_clone_made_meanwhile():
    base = tree()
    job = stop('snapshot', 'delete', 'vm', 's1', kind='commit', begun=True)
    held = lab.seen('vm', 's1').domain['vda'].path if 's1' in lab.snapshots('vm') else base
    lab.define_on('clone', lab.overlay(lab.path('clone.qcow2'), held))
    clone, tip = lab.tip('clone'), lab.tip('vm')

    refused('job', 'resume', job, words=['clone'])
    expect_equal(lab.tip('clone'), clone, 'what the clone reads')
    expect_equal(lab.tip('vm'), tip, 'what the machine reads')
    lab.virsh('undefine', 'clone')
    os.remove(lab.path('clone.qcow2'))
    lab.strata('job', 'resume', job)
    expect_equal(lab.tip('vm'), tip, 'what the machine reads in the end')
    no_job_left()


def deletion_and_an_image_that_goes_missing():
    """A backup of the tip from before the merge stands on what goes, and may be what comes back in its place."""
    for resumed in (False, True):
        tree()
        tip, backup = lab.source('vm'), lab.path('backup.qcow2')
        shutil.copy(tip, backup)
        before = lab.bytes(tip)
        argv = ('snapshot', 'delete', 'vm', 's1')
        if resumed:
            job = stop(*argv, kind='delete-volume')
            gone = deleted_by(records(journals()[0]))
            os.remove(tip)
            refused('job', 'resume', job, words=[tip, gone])
            lab.strata('job', 'dismiss', job)
        else:
            process = hold(*argv, kind='delete-volume')
            gone = deleted_by(records(journals()[0]))
            os.remove(tip)
            status, said = let_go(process)
            expect_equal(status, 0, 'all but the deletion is done', said)
            expect_words(said, f'{gone}” was kept', tip)
        expect(os.path.exists(gone), f'{gone} is there')
        os.rename(backup, tip)
        expect_equal(lab.bytes(tip), before, 'what the backup reads')
        lab.clear()


def beside(how):
    """Snapshots s1 and s2, s2 with one more overlay on what s1 is merged into; what takes that away, and where it is."""
    tree()
    if how == 'copied':
        path = lab.path('backup.qcow2')
        shutil.copy(lab.source('vm'), path)
        return path, lambda: os.remove(path)
    lab.strata('clone', 'create', 'vm', 'clone', '--snapshot', 's2')
    lab.made.append('clone')
    return lab.source('clone'), lambda: lab.virsh('undefine', 'clone', '--remove-all-storage')


def merge_beside_what_is_removed():
    """By its owner, for good: nothing is left to be told of the merge there."""
    for how in ('copied', 'cloned'):
        for number in (0, 1):
            for begun in (None, False, True):
                path, remove = beside(how)
                tip, base = lab.tip('vm'), lab.held('vm', 's2')
                argv = ('snapshot', 'delete', 'vm', 's1')
                if begun is None:
                    process = hold(*argv, kind='commit', number=number)
                    remove()
                    status, said = let_go(process)
                    expect_equal(status, 0, f'{how}, {number}: how it ended', said)
                else:
                    job = stop(*argv, kind='commit', number=number, begun=begun)
                    remove()
                    lab.strata('job', 'resume', job)
                no_job_left()
                expect(not os.path.exists(path), f'{path} is made anew')
                expect_equal(lab.snapshots('vm'), ['s2'], 'the snapshots')
                expect_equal((lab.tip('vm'), lab.held('vm', 's2')), (tip, base), 'what the machine and the snapshot hold')
                expect_equal(lab.ctl('--json', 'doctor').document['findings'], [], 'what is the matter')
                expect_equal(len(os.listdir(lab.images)), 2, 'the images')
                clear()


def merge_beside_what_is_away():
    """With its storage, or though a machine needs it: it has to be told once it is back."""
    for named in (True, False):
        for begun in (False, True):
            tree()
            folder, away = os.path.join(lab.dir, 'other'), os.path.join(lab.dir, 'away')
            os.mkdir(folder)
            lab.define_on('clone', lab.overlay(os.path.join(folder, 'clone.qcow2'), lab.seen('vm', 's2').domain['vda'].path))
            clone = lab.tip('clone')
            job = stop('snapshot', 'delete', 'vm', 's1', kind='commit', number=1, begun=begun)
            if not named:
                lab.virsh('undefine', 'clone')
            os.rename(folder, away)
            refused('job', 'resume', job, words=[os.path.join(folder, 'clone.qcow2')])
            os.mkdir(folder)
            refused('job', 'resume', job, words=[os.path.join(folder, 'clone.qcow2')])
            with open(os.path.join(folder, '.not-mounted'), 'w', encoding='ascii'):
                refused('job', 'resume', job, words=[os.path.join(folder, 'clone.qcow2')])
            shutil.rmtree(folder)
            os.rename(away, folder)
            lab.strata('job', 'resume', job)
            no_job_left()
            expect_equal(lab.bytes(os.path.join(folder, 'clone.qcow2')), clone, 'what the clone reads')
            shutil.rmtree(folder)
            clear()


def only_clone(disks=1):
    """A clone on snapshot s2 of a machine that has left that; what the machine reads."""
    lab.machine('vm', disks=disks)
    for number, name in enumerate(('s1', 's2'), 1):
        lab.strata('snapshot', 'create', 'vm', name, '--disk-only')
        lab.write('vm', number)
    lab.strata('clone', 'create', 'vm', 'clone', '--snapshot', 's2')
    lab.made.append('clone')
    lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
    return lab.tip('vm')


def what_a_backup_put_on_top():
    """Without a word to libvirt's list: the job goes neither way before that is merged back as it says, and what was written is kept."""
    for kind, begun in (('commit', False), ('commit', True), ('pull', False), ('pull', True)):
        lab.machine('vm', run=True)
        for number, name in enumerate(('s1', 's2', 's3'), 1):
            lab.strata('snapshot', 'create', 'vm', name, '--disk-only')
            lab.write('vm', number)
        job = stop('snapshot', 'delete', 'vm', 's2', '--subtree', kind=kind, begun=begun)
        covered = lab.source('vm')
        lab.virsh('snapshot-create-as', 'vm', 'backup', '--disk-only', '--no-metadata')
        overlay = lab.source('vm')
        lab.write('vm', 0x44, '12M')
        tip = lab.tip('vm')
        error = refused('job', 'resume', job, words=['vm', overlay, covered])
        told = lab.ctl('job', 'rollback', job)
        expect_equal(told.status, 3, 'rollback', told)
        expect('finishes it' not in told.err, 'it is said that resuming would finish it', told.err)
        expect_equal(lab.tip('vm'), tip, 'what the machine reads')
        lab.run(*shlex.split(re.search('“(virsh [^”]*)”', error['hint']).group(1)))
        expect_equal(lab.source('vm'), covered, 'what the machine is on')
        os.remove(overlay)
        lab.strata('job', 'resume', job)
        no_job_left()
        expect_equal((lab.tip('vm'), lab.snapshots('vm')), (tip, ['s1']), 'what the machine reads, and its snapshots')
        expect_equal(lab.ctl('--json', 'doctor').document['findings'], [], 'what is the matter')
        clear()


def what_a_backup_put_on_what_is_pulled_into():
    lab.machine('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    lab.strata('clone', 'create', 'vm', 'clone', '--snapshot', 's1')
    lab.made.append('clone')
    lab.virsh('start', 'clone')
    job = stop('clone', 'flatten', 'clone', kind='pull', begun=True)
    covered = lab.source('clone')
    lab.virsh('snapshot-create-as', 'clone', 'backup', '--disk-only', '--no-metadata')
    overlay, tip = lab.source('clone'), lab.tip('clone')
    refused('job', 'resume', job, words=['clone', overlay, covered])
    lab.virsh('blockcommit', 'clone', 'vda', '--base', covered, '--active', '--pivot')
    os.remove(overlay)
    lab.strata('job', 'resume', job)
    no_job_left()
    expect_equal(lab.tip('clone'), tip, 'what the clone reads')


def pull_into_what_is_removed():
    """Of a clone with two disks the one is done, or begun."""
    for number, begun in ((0, True), (1, False), (1, True)):
        tip = only_clone(disks=2)
        job = stop('snapshot', 'delete', 'vm', 's2', '--pull', kind='pull', number=number, begun=begun)
        lab.virsh('undefine', 'clone', '--remove-all-storage')
        lab.strata('job', 'resume', job)
        no_job_left()
        expect('clone' not in lab.names(), 'the clone is there')
        expect_equal((lab.snapshots('vm'), lab.tip('vm')), (['s1'], tip), 'the snapshots, and what the machine reads')
        clear()


def a_machine_that_is_removed_before_it_is_defined():
    """It isn't brought back; and where its disk is left, nothing is done without it."""
    for begun in (None, False, True):
        tip = only_clone()
        argv = ('snapshot', 'delete', 'vm', 's2', '--commit')
        if begun is None:
            process = hold(*argv, kind='define')
            lab.virsh('undefine', 'clone', '--remove-all-storage')
            status, said = let_go(process)
            expect_equal(status, 0, 'how it ended', said)
        else:
            job = stop(*argv, kind='define', begun=begun)
            definition = lab.virsh('dumpxml', '--inactive', 'clone').out
            clone, path = lab.tip('clone'), lab.source('clone')
            lab.virsh('undefine', 'clone')
            refused('job', 'resume', job, words=['clone', 'undefined', 'vda'])
            expect_equal(lab.bytes(path), clone, 'what it read')
            if begun:
                lab.define_xml(definition)
                lab.strata('job', 'resume', job)
                expect_equal(lab.tip('clone'), clone, 'what it reads')
            else:
                os.remove(path)
                lab.strata('job', 'resume', job)
        no_job_left()
        expect_equal('clone' in lab.names(), begun is True, 'whether the clone is there')
        expect_equal((lab.snapshots('vm'), lab.tip('vm')), (['s1'], tip), 'the snapshots, and what the machine reads')
        clear()


def deleted_by(lines):
    return next(step['args']['path'] for step in lines[0]['plan']['steps'] if step['kind'] == 'delete-volume')


def internal(vm='vm'):
    lab.machine(vm)
    lab.internal(vm, 'i1')
    lab.write(vm, 0x11)


def return_on_a_copy_is_resumed():
    """The copy stands on another image, and none names it until the machine is defined on it."""
    lab.machine('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    lab.internal('vm', 'i1')
    kept = lab.tip('vm')
    lab.strata('snapshot', 'create', 'vm', 's2', '--disk-only')
    lab.write('vm', 0x11)
    for kind in ('keep-tag', 'define'):
        lab.strata('job', 'rollback', stop('snapshot', 'revert', 'vm', 'i1', '--discard-current', kind=kind))
        no_job_left()
        expect_equal(lab.seen('vm', 'i1').domain['vda'].path, lab.path('vm-vda.s1.qcow2'), 'where the snapshot is')
    lab.strata('job', 'resume', stop('snapshot', 'revert', 'vm', 'i1', '--discard-current', kind='define'))
    expect_equal(lab.tip('vm'), kept, 'what the machine reads')
    no_job_left()


def return_is_not_done_twice():
    internal()
    job = stop('snapshot', 'revert', 'vm', 'i1', '--discard-current', kind='snapshot-revert', begun=True, done=True)
    lab.write('vm', 0x22)
    tip = lab.tip('vm')
    lab.strata('job', 'resume', job, status=(0, 3))
    expect_equal(lab.tip('vm'), tip, 'what was written since')


def return_that_was_done_is_found_done():
    internal()
    held = lab.held('vm', 'i1')
    job = stop('snapshot', 'revert', 'vm', 'i1', '--discard-current', kind='snapshot-revert', begun=True, done=True)
    lab.strata('job', 'resume', job, status=(0, 3))
    expect_equal(lab.tip('vm'), held, 'what the machine reads')


def return_that_was_not_begun_and_what_was_written_since():
    internal()
    job = stop('snapshot', 'revert', 'vm', 'i1', '--discard-current', kind='snapshot-revert', begun=True)
    lab.write('vm', 0x33)
    tip = lab.tip('vm')
    refused('job', 'resume', job, words=['vm'])
    expect_equal(lab.tip('vm'), tip, 'what was written since')


def another_host():
    old = os.environ.get('STRATA_OLD_HOST_URI')
    if not old:
        raise Skip('there is no old host')
    tree()
    job = stop('snapshot', 'delete', 'vm', 's1', kind='commit', begun=True)
    for verb in ('resume',):
        refused('-c', old, 'job', verb, job, words=['another host'])
    lab.strata('job', 'resume', job)


def stopped_return(*, started=False, wrote=False, snapshot=False, changed=False):
    """A return to s1, stopped when the machine is defined on its new image; then somebody uses it. What it has then."""
    tree()
    before = lab.source('vm'), lab.tip('vm')
    job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='define', done=True)
    if started:
        lab.virsh('start', 'vm')
    if wrote:
        lab.write('vm', 0x44)
    if snapshot:
        lab.external('vm', 'work')
        lab.write('vm', 0x55)
    if changed:
        lab.virsh('desc', 'vm', '--config', 'mine')
    return job, before


def rollback_of_what_nobody_used():
    job, (source, tip) = stopped_return()
    lab.strata('job', 'rollback', job)
    expect_equal((lab.source('vm'), lab.tip('vm')), (source, tip), 'what the machine is on')
    no_job_left()


def rollback_and_a_machine_that_runs():
    job, _ = stopped_return(started=True)
    refused('job', 'rollback', job, words=['vm', 'started'])
    expect_equal(lab.state('vm'), 'running', 'the state')


def rollback_and_what_was_written():
    job, _ = stopped_return(wrote=True)
    source, tip = lab.source('vm'), lab.tip('vm')
    refused('job', 'rollback', job, words=['written'])
    expect_equal((lab.source('vm'), lab.tip('vm')), (source, tip), 'what the machine has')
    lab.strata('job', 'resume', job)
    expect_equal((lab.source('vm'), lab.tip('vm')), (source, tip), 'what the machine has in the end')


def rollback_and_a_snapshot():
    job, _ = stopped_return(wrote=True, snapshot=True)
    tip, held = lab.tip('vm'), lab.held('vm', 'work')
    refused('job', 'rollback', job, words=['vm'])
    expect_equal((lab.tip('vm'), lab.held('vm', 'work')), (tip, held), 'what the machine has')


def rollback_and_a_definition_that_was_changed():
    job, _ = stopped_return(changed=True)
    refused('job', 'rollback', job, words=['definition', 'vm'])
    expect_words(lab.virsh('desc', 'vm', '--config').out, 'mine')


def a_merge_whose_storage_is_away():
    lab.machine('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    lab.write('vm', 1)
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True)
    top, tip = lab.source('vm'), lab.tip('vm')
    away = os.path.join(lab.dir, 'away.qcow2')
    os.rename(top, away)
    refused('job', 'resume', job, words=[top, 'missing'])
    expect_equal(lab.source('vm'), top, 'what the machine is on')
    os.rename(away, top)
    lab.strata('job', 'resume', job)
    expect_equal(lab.tip('vm'), tip, 'what the machine reads')
    no_job_left()


def what_was_written_since_the_state_was_kept():
    """By a process that didn't live to see that it was."""
    tree()
    job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='snapshot-create', begun=True, done=True)
    lab.write('vm', 0x66)
    tip = lab.tip('vm')
    refused('job', 'resume', job, words=['vm', 'gone on'])
    expect_equal(lab.tip('vm'), tip, 'what the machine has')
    lab.strata('job', 'rollback', job)
    expect_equal(lab.tip('vm'), tip, 'what the machine has in the end')
    no_job_left()


def what_the_state_was_kept_by_is_gone():
    """It was defined anew without its snapshots, as people do; nothing would name what it has now."""
    tree()
    before = lab.tip('vm')
    job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='create-overlay')
    text = lab.virsh('dumpxml', '--inactive', 'vm').out
    lab.virsh('undefine', 'vm', '--snapshots-metadata')
    lab.define_xml(text)
    source = lab.source('vm')
    refused('job', 'resume', job, words=['“kept”'])
    expect_equal((lab.source('vm'), lab.tip('vm')), (source, before), 'what the machine has')
    lab.strata('job', 'dismiss', job)


def another_snapshot_of_that_name():
    """The job took none; another client did, on the very same file."""
    lab.machine('vm')
    job = stop('snapshot', 'create', 'vm', 's1', '--disk-only', kind='snapshot-create', begun=True)
    lines = records(journals()[0])
    overlay = lines[0]['plan']['steps'][find_step(lines, 'snapshot-create', 0)]['args']['disks'][0]['overlay']
    lab.virsh('snapshot-create-as', 'vm', 's1', '--disk-only', '--atomic', '--diskspec', f'vda,snapshot=external,file={overlay}')
    lab.write('vm', 0x77)
    tip, held = lab.tip('vm'), lab.held('vm', 's1')
    for way in ('rollback', 'resume'):
        refused('job', way, job, words=['vm', 's1'])
    expect_equal((lab.tip('vm'), lab.held('vm', 's1')), (tip, held), 'what is there')
    lab.strata('job', 'dismiss', job)


def rollback_of_a_snapshot_and_a_changed_definition():
    base = lab.machine('vm')
    job = stop('snapshot', 'create', 'vm', 's1', '--disk-only', kind='snapshot-create', done=True)
    data = lab.make_disk('data.qcow2')
    lab.virsh('attach-disk', 'vm', data, 'vdb', '--subdriver', 'qcow2', '--config')
    lab.virsh('desc', 'vm', '--config', 'mine')
    lab.strata('job', 'rollback', job)
    expect_equal(lab.source('vm'), base, 'what the machine is on')
    expect_words(lab.virsh('domblklist', 'vm').out, data)
    expect_words(lab.virsh('desc', 'vm', '--config').out, 'mine')
    no_job_left()


def a_definition_that_was_changed_before_the_step():
    tree()
    for argv in (('snapshot', 'revert', 'vm', 's1', '--discard-current'), ('snapshot', 'delete', 'vm', 's2', '--commit')):
        process = hold(*argv, kind='define')
        lab.virsh('desc', 'vm', '--config', 'mine')
        lab.virsh('setmaxmem', 'vm', '65536', '--config')
        status, text = let_go(process)
        expect(status != 0, f'{argv} was done', text)
        expect_words(text, 'changed', 'vm')
        expect_words(lab.virsh('desc', 'vm', '--config').out, 'mine')
        expect_words(lab.virsh('dumpxml', '--inactive', 'vm').out, '65536')
        for path in journals():
            os.remove(path)
        lab.virsh('desc', 'vm', '--config', '')
        lab.virsh('setmaxmem', 'vm', '16384', '--config')


def a_file_of_that_name_in_another_folder():
    """The folder was moved, and a link to another stands in its place."""
    tree()
    process = hold('snapshot', 'delete', 'vm', 's2', '--commit', kind='delete-volume')
    lines = records(journals()[0])
    path = lines[0]['plan']['steps'][find_step(lines, 'delete-volume', 0)]['args']['path']
    backup, moved = os.path.join(lab.dir, 'backup'), os.path.join(lab.dir, 'moved')
    shutil.copytree(lab.images, backup)
    os.rename(lab.images, moved)
    os.symlink(backup, lab.images)
    try:
        status, text = let_go(process)
        there = os.path.exists(os.path.join(backup, os.path.basename(path)))
    finally:
        os.remove(lab.images)
        os.rename(moved, lab.images)
        shutil.rmtree(backup)
    expect(there, 'the other file is gone', status, text)
    expect_words(text, path)


def a_merge_and_what_was_written_since():
    """The layer was merged, and the job killed; the machine was used on that layer before it is resumed."""
    tree()
    job = stop('snapshot', 'delete', 'vm', 's2', '--commit', kind='commit', done=True)
    lab.write('vm', 0x66)
    tip = lab.tip('vm')
    lab.strata('job', 'resume', job)
    expect_equal(lab.tip('vm'), tip, 'what the machine reads in the end')
    no_job_left()


def a_merge_and_a_machine_that_was_started_since():
    tree()
    job = stop('snapshot', 'delete', 'vm', 's2', '--commit', kind='commit', done=True)
    lab.virsh('start', 'vm')
    refused('job', 'resume', job, words=['vm'])
    lab.virsh('destroy', 'vm')
    tip = lab.tip('vm')
    lab.strata('job', 'resume', job)
    expect_equal(lab.tip('vm'), tip, 'what the machine reads in the end')
    no_job_left()


def a_merge_and_what_is_written_before_it_is_defined():
    """Nothing is killed; the job is only slow."""
    tree()
    process = hold('snapshot', 'delete', 'vm', 's2', '--commit', kind='commit', done=True)
    lab.write('vm', 0x67)
    tip = lab.tip('vm')
    status, said = let_go(process)
    expect_equal(status, 4, said)
    expect_words(said, 'job resume')
    lab.strata('job', 'resume', os.path.basename(journals()[0])[:-len('.journal')])
    expect_equal(lab.tip('vm'), tip, 'what the machine reads in the end')
    no_job_left()


def two_merges_and_what_was_written_since():
    """Both layers are merged again, whichever of the two was merged when the job was killed."""
    def images():
        return [source.get('file') for source in lab.xml('vm', '--inactive').findall('.//disk/source')]

    for number in range(2):
        lab.machine('vm', disks=2)
        below = images()
        lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
        over = images()
        job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', number=number, done=True)
        for pattern, path in enumerate(over, 0x21):
            lab.run('qemu-io', '-f', 'qcow2', '-c', f'write -P {pattern} 2M 64k', path)
        lab.strata('job', 'resume', job)
        expect_equal(images(), below, 'what the machine is on')
        for pattern, path in enumerate(below, 0x21):
            expect_words(lab.run('qemu-io', '-r', '-f', 'qcow2', '-c', f'read -P {pattern} 2M 64k', path).out, 'read 65536/65536')
        no_job_left()
        lab.clear()


def a_merge_below_a_return_that_another_made():
    """virsh takes the machine back below the layer that was to be merged: it is no disk's any more, and holds what a snapshot kept."""
    tree()
    held = lab.held('vm', 's2')
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True)
    lab.virsh('snapshot-revert', 'vm', 's1')
    refused('job', 'resume', job, words=['vm'])
    expect_equal(lab.held('vm', 's2'), held, 'what s2 kept')
    lab.strata('job', 'dismiss', job)
    expect_equal(lab.held('vm', 's2'), held, 'what s2 kept, in the end')


def discarded_and_written_since():
    """What was agreed to be discarded was the state of then; the machine was used since."""
    for make, kind in (('--disk-only', 'define'), ('--internal', 'snapshot-revert')):
        lab.machine('vm')
        lab.strata('snapshot', 'create', 'vm', 's1', make)
        lab.write('vm', 0x31)
        job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind=kind)
        lab.write('vm', 0x32)
        tip = lab.tip('vm')
        refused('job', 'resume', job, words=['vm'])
        expect_equal(lab.tip('vm'), tip, 'what the machine reads')
        lab.strata('job', 'rollback', job)
        expect_equal(lab.tip('vm'), tip, 'what the machine reads in the end')
        no_job_left()
        lab.clear()


def a_file_that_another_put_where_a_copy_was_begun():
    """The half copy was removed, and another file has its name since."""
    lab.machine('vm')
    job = stop('clone', 'create', 'vm', 'copy', '--full', kind='copy-image', begun=True)
    path = journals()[0]
    lines = records(path)
    made = next(step['args']['destination'] for step in lines[0]['plan']['steps'] if step['kind'] == 'copy-image')
    lines[-1]['results'] = {f'begun:{made}': str(int(time.time()) - 600)}
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(line) + '\n' for line in lines)
    with open(made, 'w', encoding='utf-8') as file:
        file.write('of another')
    for verb in ('rollback', 'resume'):
        refused('job', verb, job, words=[os.path.basename(made)])
        with open(made, encoding='utf-8') as file:
            expect_equal(file.read(), 'of another', f'what is in the file after {verb}')
    os.remove(made)
    lab.strata('job', 'rollback', job)
    no_job_left()


def snapshots_that_another_deleted_meanwhile():
    """Of what is gone nothing is left to write down."""
    for others in (['s3'], ['s2'], ['s2', 's3']):
        tree()
        lab.strata('snapshot', 'create', 'vm', 's3', '--disk-only')
        lab.write('vm', 3)
        tip = lab.tip('vm')
        job = stop('snapshot', 'delete', 'vm', 's1', '--subtree', kind='snapshot-define')
        for name in others:
            lab.virsh('snapshot-delete', '--metadata', 'vm', name)
        lab.strata('job', 'resume', job)
        expect_equal(lab.tip('vm'), tip, f'what the machine reads without {others}')
        expect_equal(lab.snapshots('vm'), [], 'the snapshots')
        no_job_left()
        lab.clear()


def refusals_name_the_way_out():
    """What a refusal says can be done can be done, and nothing else is said."""
    job, _ = stopped_return(wrote=True)
    hint = refused('job', 'rollback', job, words=['written'])['hint']
    expect('rollback' not in hint, 'it does not send back', hint)
    expect_words(hint, f'job resume {job}', f'job dismiss {job}')
    lab.strata('job', 'resume', job)
    clear()

    tree()
    job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='snapshot-create', begun=True, done=True)
    lab.write('vm', 0x66)
    hint = refused('job', 'resume', job, words=['vm', 'gone on'])['hint']
    expect_words(hint, f'job rollback {job}', f'job dismiss {job}')
    lab.strata('job', 'rollback', job)
    clear()

    tree()
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True)
    hint = refused('job', 'rollback', job, words=['no way back'])['hint']
    expect_words(hint, f'job resume {job}', f'job dismiss {job}')
    lab.strata('job', 'resume', job)


def a_job_that_can_go_neither_way():
    """Another client puts its snapshot on what a revert kept and was to delete."""
    tree()
    job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='create-overlay', done=True)
    overlay = lab.source('vm')
    lab.virsh('snapshot-create-as', 'vm', 'theirs', '--disk-only')
    held = lab.held('vm', 'theirs')
    for verb in ('resume', 'rollback', 'resume'):
        hint = refused('job', verb, job, words=['vm'])['hint']
        expect_words(hint, 'neither', f'job dismiss {job}', 'what stays')
        expect('job resume' not in hint and 'job rollback' not in hint, 'it sends nowhere else', hint)
    remains = lab.ctl('--json', 'job', 'dismiss', job).document['remains']
    expect_words('\n'.join(remains), '“kept” of “vm”', overlay)
    expect_equal(lab.held('vm', 'theirs'), held, 'what is kept')
    no_job_left()


def a_job_that_is_cancelled_too_late():
    """What is said is what comes of it."""
    lab.machine('vm')
    lab.made.append('twin')
    process = hold('clone', 'create', 'vm', 'twin', '--full', kind='define', done=True)
    process.send_signal(signal.SIGINT)
    status, text = let_go(process)
    expect_equal(status, 0, text)
    expect_words(text, 'oo late to cancel', 'twin')
    expect('everything is as it was' not in text, 'nothing is', text)
    no_job_left()
    clear()

    tree()
    process = hold('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', done=True)
    process.send_signal(signal.SIGINT)
    status, text = let_go(process)
    expect_equal(status, 130, text)
    expect('taken back' not in text, 'it is not', text)
    expect_words(text, 'is past the point of no return, and stops', 'job resume')
    lab.strata('job', 'resume', os.path.basename(journals()[0])[:-len('.journal')])
    no_job_left()


def dismissal_where_the_machine_is_gone():
    lab.machine('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='snapshot-create')
    lab.virsh('undefine', 'vm', '--snapshots-metadata')
    remains = lab.ctl('--json', 'job', 'dismiss', job).document['remains']
    for sentence in remains:
        for path in re.findall('“(/[^”]*)”', sentence):
            expect(os.path.exists(path), 'it was never made', sentence)


def a_state_that_was_saved_since():
    tree()
    job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='define')
    lab.virsh('start', 'vm')
    lab.virsh('managedsave', 'vm')
    source = lab.source('vm')
    refused('job', 'resume', job, words=['vm', 'was saved'])
    lab.strata('job', 'rollback', job)
    expect_equal(lab.source('vm'), source, 'what the saved machine is on')
    lab.virsh('start', 'vm')
    lab.virsh('destroy', 'vm')
    no_job_left()


def rollback_of_a_snapshot_and_a_saved_state():
    lab.machine('vm')
    before = lab.source('vm')
    job = stop('snapshot', 'create', 'vm', 's1', '--disk-only', kind='snapshot-create', done=True)
    lab.virsh('start', 'vm')
    lab.virsh('managedsave', 'vm')
    source = lab.source('vm')
    refused('job', 'rollback', job, words=['vm', 'saved state'])
    expect_equal(lab.source('vm'), source, 'what the saved machine is on')
    lab.virsh('managedsave-remove', 'vm')
    lab.strata('job', 'rollback', job)
    expect_equal(lab.source('vm'), before, 'what the machine is on')
    no_job_left()


def a_plan_on_what_is_unfinished():
    job, _ = stopped_return()
    for argv in (['snapshot', 'create', 'vm', 's9', '--disk-only'], ['snapshot', 'revert', 'vm', 's2', '--discard-current'],
                 ['snapshot', 'delete', 'vm', 's1'], ['clone', 'create', 'vm', 'twin', '--snapshot', 's1']):
        for extra in ([], ['--dry-run']):
            error = refused(*extra, *argv, words=['s1', 'unfinished'])
            expect_equal(error['code'], 'needs-recovery', 'the code')
            expect_words(error['hint'], f'resume {job}', f'rollback {job}', f'dismiss {job}')
    expect('s9' not in lab.snapshots('vm'), 's9 is there')


def unseen(image):
    """An overlay on IMAGE, of another machine, in a pool that is off and away."""
    folder = os.path.join(lab.dir, 'unseen')
    os.mkdir(folder)
    lab.virsh('pool-create-as', 'unseen', 'dir', '--target', folder)
    other = lab.overlay(os.path.join(folder, 'other.qcow2'), image)
    lab.define_on('other', other)
    tip = lab.tip('other')
    lab.virsh('pool-destroy', 'unseen')
    lab.virsh('pool-define-as', 'unseen', 'dir', '--target', folder)
    os.rename(folder, folder + '-away')
    return folder, tip


def back_in_sight(folder, tip):
    os.rename(folder + '-away', folder)
    expect_equal(lab.tip('other'), tip, 'what the other has')
    lab.virsh('undefine', 'other')
    lab.virsh('pool-undefine', 'unseen')
    shutil.rmtree(folder)


def rollback_below_what_is_unseen():
    """It would merge into what the snapshot froze, and put a machine back on a disk on which another stands by now."""
    job, _, base = snapshot_and_its_overlay()
    lab.write('vm', 0x5b)
    tip = lab.tip('vm')
    seen = unseen(base)
    refused('job', 'rollback', job, words=['unseen', base])
    back_in_sight(*seen)
    lab.strata('job', 'rollback', job)
    expect_equal((lab.source('vm'), lab.tip('vm')), (base, tip), 'what the machine has in the end')
    no_job_left()


def rollback_of_a_return_and_a_disk_below_what_is_unseen():
    lab.machine('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    second = lab.make_disk('second.qcow2')
    put_on('vm', second, 'vdb')
    definition = lab.virsh('dumpxml', 'vm').out
    job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='define', done=True)
    seen = unseen(second)
    refused('job', 'rollback', job, words=['unseen', second])
    back_in_sight(*seen)
    lab.strata('job', 'rollback', job)
    expect_equal(lab.virsh('dumpxml', 'vm').out, definition, 'the machine has it again')
    no_job_left()


def dismissal():
    job, _ = stopped_return(wrote=True)
    tip = lab.tip('vm')
    result = lab.ctl('--json', '--dry-run', 'job', 'dismiss', job)
    expect_equal((result.status, result.document['outcome']), (0, 'planned'), 'what would be', result)
    result = lab.ctl('--json', 'job', 'dismiss', job)
    expect_equal((result.status, result.document['outcome']), (0, 'done'), 'dismissed', result)
    remains = '\n'.join(result.document['remains'])
    expect_words(remains, lab.source('vm'), 'was to delete')
    no_job_left()
    expect_equal(lab.tip('vm'), tip, 'what the machine has')
    lab.strata('snapshot', 'create', 'vm', 's9', '--disk-only')


def dismissal_of_what_can_not_start():
    """An image that was made read-only for the template, which doctor finds, too."""
    path = lab.machine('vm')
    job = stop('template', 'create', 'vm', '--name', 't', '--convert', '--no-seal', kind='set-mode', done=True)
    result = lab.ctl('--json', 'job', 'dismiss', job)
    expect_equal(result.status, 0, 'dismissed', result)
    expect_words('\n'.join(result.document['remains']), path, 'read-only', 'chmod')
    expect(any(f['code'] == 'read-only' and path in f['message'] for f in lab.ctl('--json', 'doctor').document['findings']),
           'doctor finds it')
    os.chmod(path, 0o600)
    lab.virsh('start', 'vm')
    lab.virsh('destroy', 'vm')
    expect_equal(lab.ctl('--json', 'doctor').document['findings'], [], 'what doctor finds in the end')


def dismissal_of_half_a_renaming():
    """Two names of one memory, each of which keeps the other from being deleted."""
    lab.machine('vm', run=True)
    lab.strata('snapshot', 'create', 'vm', 's1')
    job = stop('snapshot', 'edit', 'vm', 's1', '--rename', 't1', kind='snapshot-define', done=True)
    result = lab.ctl('--json', 'job', 'dismiss', job)
    expect_equal(result.status, 0, 'dismissed', result)
    expect_words('\n'.join(result.document['remains']), '“t1”', '--metadata-only', '“s1”')
    expect_words(refused('snapshot', 'delete', 'vm', 's1', words=['t1'])['hint'], '--metadata-only')
    lab.strata('snapshot', 'delete', 'vm', 't1', '--metadata-only')
    lab.strata('snapshot', 'delete', 'vm', 's1')


def a_way_back_that_was_broken_off():
    """Of a snapshot that was being merged away nothing can be had any more: not by a resume, not by another, not after a dismissal."""
    def broken_off(run):
        lab.machine('vm', run=run)
        job = stop('snapshot', 'create', 'vm', 's1', '--disk-only', kind='snapshot-create', done=True)
        lab.write('vm', 0x33)
        base = lab.seen('vm', 's1').domain['vda'].path
        # The first thing that it does is to say that the snapshot keeps nothing; it comes no further than that.
        os.chmod(base, 0o400)
        os.chmod(lab.images, 0o500)
        refused = lab.ctl('job', 'rollback', job)
        os.chmod(lab.images, 0o700)
        os.chmod(base, 0o600)
        return job, refused

    for run, end in ((False, 'resume'), (False, 'dismiss')):
        job, refused_back = broken_off(run)
        expect_equal(refused_back.status, 4, 'the way back fails', refused_back)
        expect(lab.seen('vm', 's1').retained, 'the snapshot keeps nothing any more')
        expect_equal(lab.ctl('snapshot', 'revert', 'vm', 's1').status, 3, 'to go back to it')
        if end == 'resume':
            expect_equal(lab.ctl('job', 'resume', job).status, 3, 'to finish it forwards')
            lab.strata('job', 'rollback', job)
            expect_equal(lab.snapshots('vm'), [], 'the snapshots')
        else:
            result = lab.ctl('--json', 'job', 'dismiss', job)
            expect_words('\n'.join(result.document['remains']), 'keeps nothing any more')
            expect_equal(lab.ctl('snapshot', 'revert', 'vm', 's1').status, 3, 'to go back to it then')
        lab.run('qemu-io', '-f', 'qcow2', '-c', 'read -P 0x33 8M 64k', lab.source('vm'))
        clear()


def merge_that_another_has_done():
    tree()
    job = stop('snapshot', 'delete', 'vm', 's2', kind='commit', begun=True)
    lines = records(journals()[0])
    args = lines[0]['plan']['steps'][find_step(lines, 'commit', 0)]['args']
    tip = lab.tip('vm')
    # By hand: down, the machine onto what it went into, and the file away.
    lab.run('qemu-img', 'commit', '-q', '-b', args['base'], '-d', args['top'])
    if lab.source('vm') == args['top']:
        lab.define_xml(lab.virsh('dumpxml', '--inactive', 'vm').out.replace(args['top'], args['base']))
    else:
        lab.run('qemu-img', 'rebase', '-u', '-f', 'qcow2', '-b', args['base'], '-F', 'qcow2', lab.source('vm'))
    os.remove(args['top'])
    expect_equal(lab.tip('vm'), tip, 'merged by hand')
    lab.strata('job', 'resume', job)
    expect_equal(lab.tip('vm'), tip, 'what the machine reads')
    expect('s2' not in lab.snapshots('vm'), 's2 is still there')
    no_job_left()


def merging(vm='vm', run=True):
    """A machine on an overlay that a snapshot made, with bytes of its own; the overlay, and what it stands on."""
    base = lab.machine(vm, run=run)
    lab.strata('snapshot', 'create', vm, 's1', '--disk-only')
    lab.write(vm, 0x5a)
    return lab.source(vm), base


def exchange(vm, target='vda'):
    """The disk is put by, and a backup has its place."""
    other = lab.make_disk('other.qcow2', data='1M')
    lab.virsh('detach-disk', vm, target, '--config')
    lab.virsh('attach-disk', vm, other, target, '--subdriver', 'qcow2', '--config')
    return other


def put_on(vm, path, target='vda', bus='virtio'):
    """The machine's first disk, by its definition."""
    text = lab.virsh('dumpxml', '--inactive', vm).out
    disk = re.search("<disk type='file' device='disk'>.*?</disk>", text, re.DOTALL).group(0)
    lab.define_xml(text.replace(disk, f"""<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
        <source file='{path}'/><target dev='{target}' bus='{bus}'/></disk>"""))


def a_disk_that_was_exchanged_before_its_merge():
    """The machine was on when the plan was made, and is off when its turn comes."""
    top, _ = merging()
    process = hold('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit')
    lab.virsh('destroy', 'vm')
    tip = lab.bytes(top)
    exchange('vm')
    status, text = let_go(process)
    expect(status != 0, 'it was done', text)
    expect_words(text, 'vm', top)
    expect_equal(lab.bytes(top), tip, 'what was on the disk')


def a_disk_that_was_exchanged_in_the_middle_of_its_merge():
    top, base = merging()
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True)
    lab.virsh('destroy', 'vm')
    tip = lab.bytes(top)
    exchange('vm')
    refused('job', 'resume', job, words=['vm', top, base])
    expect_equal(lab.bytes(top), tip, 'what was on the disk')
    put_on('vm', top)
    lab.strata('job', 'resume', job)
    expect_equal((lab.source('vm'), lab.tip('vm')), (base, tip), 'what the machine has in the end')
    expect(not os.path.exists(top), 'the overlay is still there')
    no_job_left()


def a_disk_that_was_moved_in_the_middle_of_its_merge():
    """To another bus, and another has its name."""
    top, base = merging()
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True)
    lab.virsh('destroy', 'vm')
    tip = lab.bytes(top)
    put_on('vm', top, 'hda', 'ide')
    other = lab.make_disk('other.qcow2', data='1M')
    lab.virsh('attach-disk', 'vm', other, 'vda', '--subdriver', 'qcow2', '--config')
    lab.strata('job', 'resume', job)
    disks = lab.virsh('domblklist', 'vm').out
    expect_equal(re.findall(r'(\S+) +(/\S+)', disks), [('hda', base), ('vda', other)], 'the disks')
    expect_equal(lab.bytes(base), tip, 'what is on the disk')
    no_job_left()


def a_definition_that_was_changed_after_a_live_merge():
    """From a document that was read before: the machine would start on what is stale by now."""
    top, base = merging()
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True, done=True)
    lab.write('vm', 0x6b)
    put_on('vm', top, 'hda', 'ide')
    lab.strata('job', 'resume', job)
    expect_equal(re.findall(r'(\S+) +(/\S+)', lab.virsh('domblklist', '--inactive', 'vm').out), [('hda', base)], 'the disks')
    expect(not os.path.exists(top), 'the overlay is still there')
    no_job_left()


def a_merge_that_was_done_and_not_written_down():
    top, base = merging()
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True, done=True)
    lab.virsh('destroy', 'vm')
    tip = lab.bytes(base)
    exchange('vm')
    refused('job', 'resume', job, words=['vm', top, base])
    put_on('vm', base)
    lab.strata('job', 'resume', job)
    expect_equal((lab.source('vm'), lab.tip('vm')), (base, tip), 'what the machine has in the end')
    no_job_left()


def a_definition_from_before_the_snapshot_in_the_middle_of_a_merge():
    """It has the machine on the base, which doesn't show that the merge is done; nor does that it runs on the base after a start."""
    for started in (False, True):
        top, base = merging()
        job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit', begun=True)
        lab.virsh('destroy', 'vm')
        tip = lab.bytes(top)
        put_on('vm', base)
        if started:
            lab.virsh('start', 'vm')
        refused('job', 'resume', job, words=['vm', top, base])
        expect_equal(lab.bytes(top), tip, 'what was on the disk')
        if started:
            lab.virsh('destroy', 'vm')
        put_on('vm', top)
        lab.strata('job', 'resume', job)
        expect_equal((lab.source('vm'), lab.tip('vm')), (base, tip), 'what the machine has in the end')
        no_job_left()
        lab.clear()


def pool_that_is_busy_when_it_is_noted():
    """When what is to go was last written to is asked while a colleague copies an image in the pool."""
    tree()
    process = hold('snapshot', 'delete', 'vm', 's2', '--commit', kind='commit')
    with busy_pool(lab):
        while not is_there('commit', 0, True):
            expect(go_on(process), 'it ended')
    process.kill()
    process.communicate()
    lab.write('vm', 0x66)
    tip = lab.tip('vm')
    lab.strata('job', 'resume', os.path.basename(journals()[0])[:-len('.journal')])
    expect_equal(lab.tip('vm'), tip, 'what the machine reads in the end')
    no_job_left()
    lab.clear()

    for taken_back in (False, True):
        tree()
        lab.virsh('start', 'vm')
        process = hold('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', '--off', kind='shut-down')
        with busy_pool(lab):
            while not is_there('shut-down', 0, True):
                expect(go_on(process), 'it ended')
        lab.virsh('start', 'vm')
        lab.write('vm', 0x44)
        written = lab.source('vm')
        lab.virsh('destroy', 'vm')
        if taken_back:
            process.kill()
            process.communicate()
            lab.strata('job', 'rollback', os.path.basename(journals()[0])[:-len('.journal')], status=(0, 3))
        else:
            _, said = let_go(process)
            expect_words(said, written)
        expect_words(lab.run('qemu-io', '-r', '-f', 'qcow2', '-c', 'read -P 0x44 8M 64k', written).out, 'read 65536/65536')
        for path in journals():
            os.remove(path)
        lab.clear()


def stamp_that_could_not_be_had():
    """As a pool leaves it that is busy for longer than a job waits."""
    tree()
    job = stop('snapshot', 'delete', 'vm', 's2', '--commit', kind='delete-volume')
    path = journals()[0]
    lines = records(path)
    for line in lines[1:]:
        for key in line.get('results', {}):
            if key.startswith('merged:'):
                line['results'][key] = '?'
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(line) + '\n' for line in lines)
    gone = deleted_by(lines)
    said = lab.strata('job', 'resume', job)
    expect(os.path.exists(gone), f'{gone} is there')
    expect_words(str(said), gone, 'busy')


def a_machine_that_was_booted_before_its_memory_came_back():
    """The power goes while the memory is read, and the machine is started with the computer, or by hand to look at it."""
    for start in (['start', 'vm'], ['start', 'vm', '--paused']):
        lab.machine('vm', run=True)
        lab.strata('snapshot', 'create', 'vm', 's1')
        lab.write('vm', 0x22)
        job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='restore', begun=True)
        lab.virsh(*start)
        number = lab.virsh('domid', 'vm').out
        result = lab.ctl('job', 'resume', job)
        expect_equal(result.status, 4, 'resuming it', result)
        expect_words(result.err, 'vm', 'started')
        expect_equal(lab.virsh('domid', 'vm').out, number, 'the guest')
        lab.virsh('destroy', 'vm')
        lab.strata('job', 'resume', job)
        expect_words(lab.virsh('domstate', '--reason', 'vm').out, 'running', 'unpaused')
        expect('kept' in lab.snapshots('vm'), 'the state before is kept')
        no_job_left()
        lab.virsh('destroy', 'vm')
        lab.clear()


def a_machine_whose_start_was_not_written_down():
    """It was used since; what was made for it is the only place where that is."""
    lab.machine('vm')
    lab.made += ['gold', 'c']
    lab.strata('template', 'create', 'vm', '--no-seal', '--convert', '--name', 'gold')
    argv = ('template', 'deploy', 'gold', '--name', 'c', '--start')
    job = stop(*argv, kind='start', begun=True, done=True)
    lab.write('c', 0x55)
    lab.virsh('destroy', 'c')
    refused('job', 'rollback', job, words=['c.qcow2', 'written to since'])
    expect_words(lab.run('qemu-io', '-r', '-f', 'qcow2', '-c', 'read -P 0x55 8M 64k', lab.source('c')).out, 'read 65536/65536')
    lab.strata('job', 'resume', job)
    expect_equal(lab.state('c'), 'running', 'the machine in the end')
    no_job_left()
    lab.clear()

    # Of one that nobody used everything is taken back.
    lab.machine('vm')
    lab.made += ['gold', 'c']
    lab.strata('template', 'create', 'vm', '--no-seal', '--convert', '--name', 'gold')
    job = stop(*argv, kind='start', begun=True)
    lab.strata('job', 'rollback', job)
    expect_equal(sorted(lab.names()), ['gold'], 'the machines')
    no_job_left()


def a_stop_that_was_not_written_down():
    """For a return that keeps nothing: the machine was started again, used and shut down since."""
    for make, name in ((tree, 's1'), (internal, 'i1')):
        make()
        lab.virsh('start', 'vm')
        job = stop('snapshot', 'revert', 'vm', name, '--discard-current', kind='shut-down', begun=True, done=True)
        lab.virsh('start', 'vm')
        lab.write('vm', 0x55)
        source = lab.source('vm')
        lab.virsh('destroy', 'vm')
        refused('job', 'resume', job, words=['vm', 'gone on'])
        expect_equal(lab.source('vm'), source, 'what the machine is on')
        expect_words(lab.run('qemu-io', '-r', '-f', 'qcow2', '-c', 'read -P 0x55 8M 64k', source).out, 'read 65536/65536')
        lab.strata('job', 'dismiss', job)
        no_job_left()
        lab.clear()


def what_may_not_be_deleted():
    """A layer in a folder that is read-only now goes on being there, and nothing waits for it."""
    folder = os.path.join(lab.dir, 'archive')
    os.mkdir(folder)
    base = lab.make_disk('base.qcow2', data='1M', folder=folder)
    for taken_up in (False, True):
        top = lab.overlay(lab.path('top.qcow2'), base)
        lab.define_on('vm', top)
        tip = lab.tip('vm')
        try:
            if taken_up:
                job = stop('disk', 'merge', 'vm', 'vda', '--pull', kind='delete-volume', begun=True)
                os.chmod(folder, 0o555)
                expect_words(lab.ctl('job', 'dismiss', job, '--dry-run').out, base, 'stays')
                said = lab.strata('job', 'resume', job)
            else:
                os.chmod(folder, 0o555)
                said = lab.strata('disk', 'merge', 'vm', 'vda', '--pull')
            expect_words(str(said), base, 'was kept')
            expect_equal(lab.tip('vm'), tip, 'what the machine reads')
            no_job_left()
        finally:
            os.chmod(folder, 0o755)
        lab.clear()
    os.remove(base)


def a_disk_that_was_exchanged_before_its_pull():
    base = lab.machine('vm', run=True)
    for number, name in enumerate(('s1', 's2'), 1):
        lab.strata('snapshot', 'create', 'vm', name, '--disk-only')
        lab.write('vm', number)
    top = lab.source('vm')
    process = hold('snapshot', 'delete', 'vm', 's2', '--pull', kind='pull')
    lab.virsh('destroy', 'vm')
    tip = lab.bytes(top)
    exchange('vm')
    status, text = let_go(process)
    expect_equal(lab.bytes(top), tip, 'what was on the disk', status, text)
    put_on('vm', top)
    for path in journals():
        lab.strata('job', 'resume', os.path.basename(path)[:-len('.journal')])
    expect_equal((lab.source('vm'), lab.tip('vm')), (top, tip), 'what the machine has in the end')
    expect(os.path.exists(base), 'its base')


def a_disk_that_was_exchanged_before_a_snapshot():
    lab.machine('vm', run=False)
    process = hold('snapshot', 'create', 'vm', 's1', '--disk-only', kind='snapshot-create')
    other = exchange('vm')
    status, text = let_go(process)
    expect(status != 0, 'it was done', text)
    expect_equal(lab.source('vm'), other, 'what the machine is on')


def snapshot_and_its_overlay():
    """A snapshot that a killed process took; the job, the overlay and what that stands on."""
    base = lab.machine('vm')
    return stop('snapshot', 'create', 'vm', 's1', '--disk-only', kind='snapshot-create', done=True), lab.source('vm'), base


def rollback_and_a_disk_that_was_detached():
    job, overlay, base = snapshot_and_its_overlay()
    lab.write('vm', 0x5b)
    tip = lab.bytes(overlay)
    lab.virsh('detach-disk', 'vm', 'vda', '--config')
    refused('job', 'rollback', job, words=[overlay, 'written', 'vm'])
    expect_equal(lab.bytes(overlay), tip, 'what is on the disk')
    lab.virsh('attach-disk', 'vm', overlay, 'vda', '--subdriver', 'qcow2', '--config')
    lab.strata('job', 'rollback', job)
    expect_equal((lab.source('vm'), lab.tip('vm')), (base, tip), 'what the machine has in the end')
    no_job_left()


def rollback_and_a_detached_disk_without_a_word():
    job, overlay, _ = snapshot_and_its_overlay()
    lab.virsh('detach-disk', 'vm', 'vda', '--config')
    lab.strata('job', 'rollback', job)
    expect(not os.path.exists(overlay), 'the overlay is still there')
    no_job_left()


def rollback_and_a_disk_that_was_moved():
    job, overlay, base = snapshot_and_its_overlay()
    lab.write('vm', 0x5b)
    tip = lab.bytes(overlay)
    put_on('vm', overlay, 'hda', 'ide')
    lab.strata('job', 'rollback', job)
    expect_equal(re.findall(r'(\S+) +(/\S+)', lab.virsh('domblklist', 'vm').out), [('hda', base)], 'the disks')
    expect_equal(lab.bytes(base), tip, 'what is on the disk')
    no_job_left()


def rollback_and_a_disk_that_another_machine_has():
    job, overlay, _ = snapshot_and_its_overlay()
    lab.write('vm', 0x5b)
    tip = lab.bytes(overlay)
    lab.virsh('detach-disk', 'vm', 'vda', '--config')
    lab.define_on('other', overlay)
    refused('job', 'rollback', job, words=['other'])
    expect_equal(lab.tip('other'), tip, 'what the other has')


def rollback_and_another_disk_that_was_exchanged():
    """It took no part in the snapshot."""
    base = lab.machine('vm', disks=2)
    job = stop('snapshot', 'create', 'vm', 's1', '--disk-only', '--disk', 'vda', kind='snapshot-create', done=True)
    other = exchange('vm', 'vdb')
    lab.strata('job', 'rollback', job)
    expect_equal(re.findall(r'(\S+) +(/\S+)', lab.virsh('domblklist', 'vm').out), [('vda', base), ('vdb', other)], 'the disks')
    no_job_left()


def a_disk_that_comes_back_and_that_another_took_meanwhile():
    """With the return the machine would write to it, or to what it stands on; found before each step from which on it would."""
    for take in (lambda disk: disk, lambda disk: lab.overlay(lab.path('other.qcow2'), disk)):
        for kind in ('create-overlay', 'define', 'start'):
            lab.machine('vm', disks=2)
            second = dict(re.findall(r'(\S+) +(/\S+)', lab.virsh('domblklist', 'vm').out))['vdb']
            lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only', '--disk', 'vda')
            lab.virsh('detach-disk', 'vm', 'vdb', '--config')
            tip = lab.tip('vm')
            process = hold('snapshot', 'revert', 'vm', 's1', '--discard-current', '--start', kind=kind)
            lab.define_on('other', take(second))
            status, text = let_go(process)
            expect(status != 0, f'it was done, {kind} and all', text)
            expect_words(text, second, '“other”', 'Everything is as it was')
            expect_equal((lab.state('vm'), lab.tip('vm')), ('shut off', tip), 'the machine')
            no_job_left()
            clear()


def a_machine_that_was_started_before_its_layers_are_merged():
    """They are open in it."""
    tree()
    for argv, kind in (('s1', '--commit'), 'commit'), (('s2', '--pull'), 'pull'):
        job = stop('snapshot', 'delete', 'vm', *argv, kind=kind, begun=True)
        lab.virsh('start', 'vm')
        held, tip = lab.held('vm', 's2'), lab.source('vm')
        refused('job', 'resume', job, words=['vm', 'started'])
        expect_equal((lab.held('vm', 's2'), lab.source('vm')), (held, tip), 'what is there')
        lab.virsh('destroy', 'vm')
        lab.strata('job', 'resume', job)
        no_job_left()


def a_memory_that_does_not_go_with_its_disks_any_more():
    """The guest of the snapshot knows nothing of what another start of the machine wrote."""
    for begun in (False, True):
        lab.machine('vm')
        lab.virsh('start', 'vm')
        lab.strata('snapshot', 'create', 'vm', 's1')
        job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='restore', begun=begun)
        lab.virsh('start', 'vm')
        lab.virsh('destroy', 'vm')
        lab.write('vm', 0x44)
        tip, held = lab.tip('vm'), lab.held('vm', 's1')
        refused('job', 'resume', job, words=['vm', 'written'])
        expect_equal((lab.tip('vm'), lab.held('vm', 's1')), (tip, held), 'what is there')
        lab.strata('job', 'dismiss', job)
        lab.strata('snapshot', 'revert', 'vm', 's1', '--save-current', 'since')
        expect_equal(lab.held('vm', 's1'), held, 'what it holds')
        clear()


def a_disk_that_was_added_before_a_snapshot():
    """libvirt would freeze it as well."""
    base = lab.machine('vm')
    data = lab.make_disk('data.qcow2')
    job = stop('snapshot', 'create', 'vm', 's1', '--disk-only', kind='snapshot-create')
    lab.virsh('attach-disk', 'vm', data, 'vdb', '--subdriver', 'qcow2', '--config')
    result = lab.ctl('job', 'resume', job)
    expect_equal(result.status, 1, 'the job is taken back', result)
    expect_words(result.err, 'vdb', 'added')
    expect_equal((lab.source('vm'), lab.snapshots('vm')), (base, []), 'what it is on')
    expect_words(lab.virsh('domblklist', 'vm').out, data)
    no_job_left()


def another_client_at_work_before_a_step():
    """libvirt would let the step wait until that is over, and find another machine then."""
    for argv, kind in (('create', 'vm', 's2', '--disk-only'), 'snapshot-create'), (('revert', 'vm', 's1', '--discard-current'), 'shut-down'):
        base = lab.machine('vm')
        lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
        lab.virsh('start', 'vm')
        process = hold('snapshot', *argv, kind=kind)
        path = lab.path('backup.xml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(f"""<domainbackup mode='pull'><server transport='unix' socket='{lab.dir}/nbd'/><disks>
              <disk name='vda' type='file'><scratch file='{lab.path('scratch.qcow2')}'/></disk></disks></domainbackup>""")
        lab.virsh('backup-begin', 'vm', path)
        status, said = let_go(process)
        expect_equal(status, 1, 'it is taken back', said)
        expect_words(said, '“vm” is busy: a backup is under way', 'domjobinfo', 'Everything is as it was')
        expect('Unbounded' in lab.virsh('domjobinfo', 'vm').out, 'the backup goes on')
        expect_equal((lab.snapshots('vm'), lab.virsh('domstate', 'vm').out.strip()), (['s1'], 'running'), 'the machine', base)
        no_job_left()
        lab.virsh('domjobabort', 'vm')
        lab.virsh('destroy', 'vm')
        clear()


def copies_of_two_moments():
    """A machine that was used between the copies of its two disks is copied anew, or not at all."""
    for resumed in (True, False):
        base = lab.machine('vm')
        data = lab.make_disk('data.qcow2')
        lab.virsh('attach-disk', 'vm', data, 'vdb', '--subdriver', 'qcow2', '--config')
        images = sorted(os.listdir(lab.images))
        if resumed:
            job = stop('clone', 'create', 'vm', 'copy', '--full', kind='copy-image', done=True)
        else:
            process = hold('clone', 'create', 'vm', 'copy', '--full', kind='copy-image', done=True)
        for path in (base, data):
            lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 4M 64k', path)
        if resumed:
            refused('job', 'resume', job, words=['written', 'moment'])
            lab.strata('job', 'rollback', job)
        else:
            status, said = let_go(process)
            expect_equal(status, 1, 'it is taken back', said)
            expect_words(said, 'moment')
        expect_equal(sorted(os.listdir(lab.images)), images, 'the files')
        no_job_left()
        clear()


def rollback_of_an_edit_and_what_libvirt_wrote_since():
    tree()
    job = stop('snapshot', 'edit', 'vm', 's2', '--description', 'x', kind='snapshot-define', done=True)
    lab.virsh('snapshot-delete', 'vm', 's1', '--metadata')
    held = lab.held('vm', 's2')
    result = lab.strata('job', 'rollback', job)
    expect_words(result.out + result.err, 's2', 'stays')
    expect_equal((lab.held('vm', 's2'), lab.snapshots('vm')), (held, ['s2']), 'what is there')
    no_job_left()


def a_machine_that_was_started_before_the_return():
    """After it was found to be off. libvirt's own call would end it."""
    for extra in (['--discard-current'], ['--save-current', 'kept']):
        internal()
        process = hold('snapshot', 'revert', 'vm', 'i1', *extra, kind='snapshot-revert')
        lab.virsh('start', 'vm')
        lab.write('vm', 0x5c)
        number = lab.virsh('domid', 'vm').out
        status, text = let_go(process)
        expect(status != 0, 'it was done', text)
        expect_words(text, 'vm', 'started')
        expect_equal((lab.state('vm'), lab.virsh('domid', 'vm').out), ('running', number), 'the machine')
        lab.virsh('destroy', 'vm')
        expect_words(lab.run('qemu-io', '-r', '-f', 'qcow2', '-c', 'read -P 0x5c 8M 64k', lab.source('vm')).out, 'read 65536/65536')
        for path in journals():
            os.remove(path)
        lab.clear()


def a_machine_that_was_started_before_it_is_defined():
    """On other images, while the guest writes to those that it has."""
    tree()
    process = hold('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='define')
    source = lab.source('vm')
    lab.virsh('start', 'vm')
    lab.write('vm', 0x5c)
    status, text = let_go(process)
    expect(status != 0, 'it was done', text)
    expect_words(text, 'vm', 'started')
    expect_equal((lab.state('vm'), lab.source('vm'), lab.source('vm', '--inactive')), ('running', source, source), 'the machine')


def mode_of(path):
    return os.stat(path).st_mode & 0o777


def rollback_and_another_file_whose_mode_was_set():
    """The image was moved away, and another has its name."""
    path = lab.machine('vm')
    before = mode_of(path)
    job = stop('template', 'create', 'vm', '--convert', '--no-seal', '--name', 'T', kind='set-mode', done=True)
    expect_equal(mode_of(path) & 0o222, 0, 'the mode of the image')
    away = os.path.join(lab.dir, 'away.qcow2')
    os.rename(path, away)
    lab.make_disk(os.path.basename(path))
    os.chmod(path, 0o600)
    lab.strata('job', 'rollback', job)
    expect_equal((mode_of(path), mode_of(away) & 0o222), (0o600, 0), 'the modes')
    no_job_left()
    os.remove(path)
    os.rename(away, path)
    os.chmod(path, before)


def another_file_whose_mode_is_to_be_set():
    path = lab.machine('vm')
    process = hold('template', 'create', 'vm', '--convert', '--no-seal', '--name', 'T', kind='set-mode')
    os.rename(path, os.path.join(lab.dir, 'away.qcow2'))
    lab.make_disk(os.path.basename(path))
    os.chmod(path, 0o600)
    status, text = let_go(process)
    expect(status != 0, 'it was done', text)
    expect_equal(mode_of(path), 0o600, 'the mode')
    os.remove(os.path.join(lab.dir, 'away.qcow2'))


def put_variables(vm, variables):
    """UEFI variables that no guest has looked at yet."""
    for path in (variables, lab.path('code.fd')):
        if not os.path.exists(path):
            with open(path, 'w', encoding='utf-8') as file:
                file.write('of a firmware')
    text = lab.virsh('dumpxml', '--inactive', vm).out
    lab.define_xml(text.replace('</os>', f"""<loader readonly='yes' type='pflash'>{lab.path('code.fd')}</loader>
        <nvram>{variables}</nvram></os><features><acpi/></features>""", 1))


def undefine_with_variables(*names):
    for name in names:
        lab.virsh('undefine', '--nvram', name)


def copied_variables(*, begun):
    """Of a clone whose making was stopped: the job, and the copy."""
    lab.machine('vm')
    put_variables('vm', lab.path('vm.fd'))
    argv = ('clone', 'create', 'vm', 'copy', '--full')
    if begun:
        job = stop(*argv, kind='copy-file', begun=True, done=True)
    else:
        job = stop(*argv, kind='define')
    lines = records(journals()[0])
    return job, lines[0]['plan']['steps'][find_step(lines, 'copy-file', 0)]['args']['to']


def rollback_of_copied_variables():
    for begun in (True, False):
        job, copy = copied_variables(begun=begun)
        expect(os.path.exists(copy), 'there is no copy')
        lab.strata('job', 'rollback', job)
        expect(not os.path.lexists(copy), 'the copy is still there')
        no_job_left()
        undefine_with_variables('vm')
        lab.clear()


def rollback_and_another_file_in_the_place_of_copied_variables():
    for link in (False, True):
        job, copy = copied_variables(begun=False)
        other = os.path.join(lab.dir, 'other.fd')
        with open(other, 'w', encoding='utf-8') as file:
            file.write('of another')
        os.remove(copy)
        (os.symlink if link else shutil.copy)(other, copy)
        lab.strata('job', 'rollback', job)
        with open(copy, encoding='utf-8') as file:
            expect_equal((os.path.islink(copy), file.read()), (link, 'of another'), 'what has the name')
        no_job_left()
        os.remove(copy)
        undefine_with_variables('vm')
        lab.clear()


def variables_that_another_machine_uses():
    variables = lab.path('vm.fd')
    lab.machine('vm')
    put_variables('vm', variables)
    process = hold('template', 'create', 'vm', '--convert', '--no-seal', '--name', 'T', kind='delete-file')
    lab.define_on('other', lab.make_disk('other.qcow2'))
    put_variables('other', variables)
    status, text = let_go(process)
    expect_equal(status, 0, 'how it ended', text)
    expect(os.path.exists(variables), 'they are gone')
    expect_words(text, variables, 'other')
    undefine_with_variables('other', 'T')


def a_link_in_the_place_of_variables_that_are_deleted():
    variables, other = lab.path('vm.fd'), os.path.join(lab.dir, 'other.fd')
    lab.machine('vm')
    put_variables('vm', variables)
    process = hold('template', 'create', 'vm', '--convert', '--no-seal', '--name', 'T', kind='delete-file')
    os.rename(variables, other)
    os.symlink(other, variables)
    status, text = let_go(process)
    expect_equal(status, 0, 'how it ended', text)
    expect(os.path.islink(variables) and os.path.exists(other), 'the link, or what it leads to, is gone')
    expect_words(text, variables)
    undefine_with_variables('T')
    os.remove(other)


def torn_and_damaged_journals():
    job, (source, _) = stopped_return()
    path = journals()[0]
    with open(path, 'a', encoding='utf-8') as file:
        file.write('{"event":"begin","st')
    lab.strata('job', 'rollback', job)
    expect_equal(lab.source('vm'), source, 'what the machine is on')

    lab.clear()
    job, _ = stopped_return()
    path = journals()[0]
    with open(path, 'a', encoding='utf-8') as file:
        file.write('nonsense\n{"event":"begin","step":0}\n')
    listed = lab.ctl('--json', 'job', 'list').document['jobs'][0]
    expect_words(listed['damage'], 'line')
    expect_equal((listed['can-roll-back'], listed['version']), (False, 2), 'what can be done')
    for verb in ('resume', 'rollback'):
        result = lab.ctl('--json', 'job', verb, job)
        expect_equal((result.status, result.document['error']['code']), (1, 'invalid'), verb, result)
    lab.strata('job', 'dismiss', job)
    no_job_left()


def a_step_that_was_undone_and_not_written_down():
    """The way back is killed after it has undone one step and before it says so, or the folder of the journal is full."""
    for kind in ('create-overlay', 'define'):
        for point in range(1, 20):
            tree()
            kept, before = lab.held('vm', 's1'), lab.source('vm')
            job = stop('snapshot', 'revert', 'vm', 's1', kind=kind, done=True)
            with open(journals()[0], encoding='utf-8') as file:
                saved = file.read()
            expect(not kill_rollback(job, point), 'one step was undone')
            path = journals()[0]
            undone = len(records(path)) - len(saved.splitlines())
            with open(path, 'w', encoding='utf-8') as file:
                file.write(saved)
            expect(undone <= 1, 'not more than that is undone')
            if undone == 1:
                break
            lab.strata('job', 'rollback', job)
            lab.clear()
        lab.strata('job', 'resume', job)
        expect_equal(lab.tip('vm'), kept, f'{kind}: what it reads')
        expect(lab.source('vm') != before, f'{kind}: what it is on')
        lab.strata('snapshot', 'revert', 'vm', lab.snapshots('vm')[-1], '--discard-current')
        no_job_left()
        clear()


def an_image_of_the_job_that_is_gone():
    """Nothing is defined on what isn't there."""
    base = lab.machine('vm')
    tip = lab.bytes(base)
    lab.virsh('define', two_disks_of('vm', base))
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    on = lab.source('vm')
    job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='define')
    made = [step['args']['path'] for step in records(journals()[0])[0]['plan']['steps'] if step['kind'] == 'create-overlay']
    expect_equal(len(made), 2, 'the images that it makes')
    os.remove(made[0])
    refused('job', 'resume', job, words=[made[0]])
    expect_equal(lab.source('vm'), on, 'what it is on')
    lab.strata('job', 'rollback', job)
    expect_equal((lab.source('vm'), lab.tip('vm')), (on, tip), 'what it is on in the end')
    no_job_left()


def two_disks_of(vm, base):
    """A file with the definition of VM, which gets a second disk."""
    second = lab.make_disk('second.qcow2')
    text = lab.virsh('dumpxml', vm).out
    start, end = text.index('<disk '), text.index('</disk>') + len('</disk>')
    disk = text[start:end]
    other = re.sub(r'<(address|alias) [^>]*/>', '', disk.replace(base, second).replace("'vda'", "'vdb'"))
    path = os.path.join(lab.dir, 'two.xml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text[:end] + other + text[end:])
    return path


try:
    lab.start()
    run([isolated(test, clear) for test in (
        deletion_and_a_clone_made_meanwhile, deletion_and_an_image_that_goes_missing,
        merge_beside_what_is_removed, merge_beside_what_is_away, pull_into_what_is_removed,
        a_machine_that_is_removed_before_it_is_defined, return_on_a_copy_is_resumed, return_is_not_done_twice, return_that_was_done_is_found_done,
        return_that_was_not_begun_and_what_was_written_since, another_host, rollback_of_what_nobody_used,
        rollback_and_a_machine_that_runs, rollback_and_what_was_written, rollback_and_a_snapshot,
        rollback_and_a_definition_that_was_changed, a_state_that_was_saved_since, rollback_of_a_snapshot_and_a_saved_state,
        a_merge_whose_storage_is_away, what_was_written_since_the_state_was_kept, what_the_state_was_kept_by_is_gone,
        another_snapshot_of_that_name,
        rollback_of_a_snapshot_and_a_changed_definition, a_definition_that_was_changed_before_the_step,
        a_file_of_that_name_in_another_folder, snapshots_that_another_deleted_meanwhile,
        a_file_that_another_put_where_a_copy_was_begun,
        a_merge_and_what_was_written_since, a_merge_and_a_machine_that_was_started_since,
        a_merge_and_what_is_written_before_it_is_defined, two_merges_and_what_was_written_since,
        a_merge_below_a_return_that_another_made, discarded_and_written_since, refusals_name_the_way_out,
        a_job_that_can_go_neither_way, a_job_that_is_cancelled_too_late, dismissal_where_the_machine_is_gone,
        a_plan_on_what_is_unfinished, rollback_below_what_is_unseen,
        rollback_of_a_return_and_a_disk_below_what_is_unseen, a_way_back_that_was_broken_off, dismissal, dismissal_of_what_can_not_start, dismissal_of_half_a_renaming,
        merge_that_another_has_done, a_disk_that_was_exchanged_before_its_merge, a_disk_that_was_exchanged_in_the_middle_of_its_merge,
        a_disk_that_was_moved_in_the_middle_of_its_merge, a_definition_that_was_changed_after_a_live_merge,
        a_merge_that_was_done_and_not_written_down, a_definition_from_before_the_snapshot_in_the_middle_of_a_merge,
        pool_that_is_busy_when_it_is_noted, stamp_that_could_not_be_had,
        a_machine_that_was_booted_before_its_memory_came_back, a_machine_whose_start_was_not_written_down,
        a_stop_that_was_not_written_down, what_may_not_be_deleted,
        a_disk_that_was_exchanged_before_its_pull,
        a_disk_that_was_exchanged_before_a_snapshot, rollback_and_a_disk_that_was_detached,
        rollback_and_a_detached_disk_without_a_word, rollback_and_a_disk_that_was_moved,
        rollback_and_a_disk_that_another_machine_has, rollback_and_another_disk_that_was_exchanged,
        a_disk_that_comes_back_and_that_another_took_meanwhile,
        a_machine_that_was_started_before_its_layers_are_merged, a_machine_that_was_started_before_the_return,
        a_machine_that_was_started_before_it_is_defined, a_memory_that_does_not_go_with_its_disks_any_more,
        a_disk_that_was_added_before_a_snapshot, copies_of_two_moments, rollback_of_an_edit_and_what_libvirt_wrote_since,
        another_client_at_work_before_a_step,
        rollback_and_another_file_whose_mode_was_set, another_file_whose_mode_is_to_be_set, rollback_of_copied_variables,
        rollback_and_another_file_in_the_place_of_copied_variables, variables_that_another_machine_uses,
        a_link_in_the_place_of_variables_that_are_deleted, torn_and_damaged_journals,
        a_step_that_was_undone_and_not_written_down, an_image_of_the_job_that_is_gone)])
finally:
    lab.close()
