#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot is more than its name. Jobs about snapshots are stopped or cancelled, another client deletes the snapshot, takes another
of its name or changes it, and the job is taken back: what came to be since stays, and what is gone is not brought back."""

import json
import os
import signal
import time

from held_jobs import clear, find_step, go_on, hold, is_there, journals, kill_rollback, lab, let_go, no_job_left, records, stop
from strata_tap import expect, expect_equal, expect_words, isolated, run

refused = lab.refused
NOT_BACK = '“s1” is not brought back'
ANOTHER = 'stays: it is another one'


def tree(*names):
    """A machine with external snapshots, each with words of its own."""
    lab.machine('vm')
    lab.write('vm', 0x10)
    for number, name in enumerate(names, 1):
        lab.strata('snapshot', 'create', 'vm', name, '--disk-only')
        lab.write('vm', 0x10 + number)


def delete(name):
    """By another client, with what it froze: that is merged into what was below."""
    lab.virsh('start', 'vm')
    lab.virsh('snapshot-delete', 'vm', name)
    lab.virsh('destroy', 'vm')


def take_anew(name):
    """By another client; what it holds."""
    lab.write('vm', 0x77)
    time.sleep(1.1)     # what a snapshot is known by has seconds
    lab.virsh('snapshot-create-as', 'vm', name, '--disk-only', '--diskspec', f'vda,file={lab.path("theirs.qcow2")}')
    held = lab.held('vm', name)
    lab.write('vm', 0x78)
    return held


def as_another_person(*argv):
    """stratactl of a person who doesn't see the unfinished job."""
    result = lab.ctl(*argv, env={'XDG_STATE_HOME': os.path.join(lab.dir, 'another')})
    expect_equal(result.status, 0, f'{argv}', result)


def rollback(job, *words):
    result = lab.strata('job', 'rollback', job)
    expect_words(result.out, *words, 'All else is as it was')
    no_job_left()


def deletion_of_what_another_deleted():
    for by in (lambda: delete('s1'), lambda: as_another_person('snapshot', 'delete', 'vm', 's1', '--commit')):
        tree('s1', 's2')
        tip, held = lab.tip('vm'), lab.held('vm', 's2')
        job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit')
        by()
        rollback(job, NOT_BACK)
        expect_equal((lab.snapshots('vm'), lab.tip('vm'), lab.held('vm', 's2')), (['s2'], tip, held), 'what is there')
        clear()


def return_to_what_another_deleted():
    tree('s1', 's2')
    tip = lab.tip('vm')
    process = hold('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='define')
    delete('s1')
    status, text = let_go(process)
    expect_equal(status, 1, text)
    expect_words(text, 's1', 'deleted')
    expect_equal((lab.snapshots('vm'), lab.tip('vm')), (['s2'], tip), 'what is there')
    no_job_left()


def failed_return_to_a_memory_that_another_deleted():
    lab.machine('vm', run=True)
    for name in ('s1', 's2'):
        lab.strata('snapshot', 'create', 'vm', name)
    process = hold('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='shut-down')
    lab.virsh('snapshot-delete', 'vm', 's1')
    status, text = let_go(process)
    expect_equal(status, 1, text)
    expect_equal((lab.snapshots('vm'), lab.state('vm')), (['s2'], 'running'), 'what is there')
    no_job_left()


def deletion_and_another_of_that_name():
    tree('s1')
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit')
    lab.virsh('snapshot-delete', 'vm', 's1', '--metadata')
    held = take_anew('s1')
    tip = lab.tip('vm')
    refused('job', 'resume', job, words=['“s1” is another snapshot'])
    rollback(job, '“s1”', ANOTHER)
    expect_equal((lab.held('vm', 's1'), lab.tip('vm')), (held, tip), 'what is there')


def deletion_and_what_another_wrote_down():
    """The mark by which it would be merged away later goes; what another client wrote stays."""
    tree('s1', 's2')
    held = lab.held('vm', 's1')
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit')
    lab.redefine('vm', 's1', change=lambda text: text.replace('</name>', '</name><description>mine</description>', 1))
    lab.strata('job', 'rollback', job)
    expect_equal((lab.snapshots('vm'), lab.held('vm', 's1')), (['s1', 's2'], held), 'what is there')
    expect_words(lab.virsh('snapshot-dumpxml', 'vm', 's1').out, '<description>mine</description>')
    no_job_left()


def drop_notes(job):
    """The journal is that of a Strata which noted less."""
    path = os.path.join(lab.state_dir, 'journal', f'{job}.journal')
    lines = records(path)
    for line in lines:
        for key in list(line.get('results', {})):
            if key.startswith(('snapshot-left:', 'snapshot-id:')):
                del line['results'][key]
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(line) + '\n' for line in lines)


def what_is_not_noted():
    """By a process that was killed before, or by one of old: then the plan has to tell what is the job's."""
    def document():
        return lab.virsh('snapshot-dumpxml', 'vm', 's1').out

    for begun in (True, False):
        for others in (False, True):
            tree('s1', 's2')
            before = document()
            job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='snapshot-define', begun=begun, done=True)
            drop_notes(job)
            expect_equal(lab.snapshots('vm'), ['s2'], 'it was on its way')
            if others:
                delete('s1')
                rollback(job, NOT_BACK)
                expect_equal(lab.snapshots('vm'), ['s2'], 'the snapshots')
            else:
                expect_words(lab.strata('job', 'rollback', job).out, 'Everything is as it was')
                expect_equal((lab.snapshots('vm'), document()), (['s1', 's2'], before), 'what is there')
            clear()

    tree('s1')
    job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='define')
    drop_notes(job)
    delete('kept')
    time.sleep(2)       # later than a job takes it
    held = take_anew('kept')
    refused('job', 'rollback', job, words=['“kept”', 'can’t be told'])
    expect_equal(lab.held('vm', 'kept'), held, 'what is there')


def kept_state_that_another_took_anew():
    """Taken back, cancelled and gone on with: nothing but the new one names what was written by then."""
    argv = ('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept')
    for way in ('rollback', 'cancel', 'resume'):
        tree('s1')
        if way == 'cancel':
            process = hold(*argv, kind='define')
        else:
            job = stop(*argv, kind='define')
        delete('kept')
        held = take_anew('kept')
        tip = lab.tip('vm')
        if way == 'cancel':
            process.send_signal(signal.SIGINT)
            status, text = let_go(process)
            expect_equal(status, 130, text)
            expect_words(text, '“kept”', ANOTHER)
        elif way == 'resume':
            refused('job', 'resume', job, words=['“kept”'])
            lab.strata('job', 'dismiss', job)
        else:
            rollback(job, '“kept”', ANOTHER)
        no_job_left()
        expect_equal((sorted(lab.snapshots('vm')), lab.held('vm', 'kept'), lab.tip('vm')), (['kept', 's1'], held, tip), f'after {way}')
        clear()


def kept_state_below_another_of_that_name():
    """Only its name was deleted, and the new one froze the job's own file."""
    tree('s1')
    job = stop('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept', kind='define')
    lab.virsh('snapshot-delete', 'vm', 'kept', '--metadata')
    held = take_anew('kept')
    tip = lab.tip('vm')
    refused('job', 'rollback', job)
    expect_equal((lab.held('vm', 'kept'), lab.tip('vm')), (held, tip), 'what is there')
    lab.strata('job', 'dismiss', job)


def tag_that_another_took_anew():
    base = lab.machine('vm')
    job = stop('snapshot', 'create', 'vm', 's1', '--internal', kind='snapshot-create', done=True)
    lab.virsh('snapshot-delete', 'vm', 's1')
    lab.write('vm', 0x66)
    time.sleep(1.1)     # what a snapshot is known by has seconds
    lab.internal('vm', 's1')
    held = lab.held('vm', 's1')
    lab.write('vm', 0x67)
    rollback(job, '“s1”', ANOTHER)
    expect_equal((lab.snapshots('vm'), lab.held('vm', 's1')), (['s1'], held), 'what is there')
    expect_words(lab.run('qemu-img', 'snapshot', '-l', base).out, 's1')


def new_name_that_another_took_anew():
    tree('s1')
    kept = lab.held('vm', 's1')
    job = stop('snapshot', 'edit', 'vm', 's1', '--rename', 'stable', kind='snapshot-forget')
    lab.virsh('snapshot-delete', 'vm', 'stable', '--metadata')
    held = take_anew('stable')
    rollback(job, '“stable”', ANOTHER)
    expect_equal([lab.held('vm', name) for name in ('s1', 'stable')], [kept, held], 'what they hold')
    expect_equal(lab.current('vm'), 'stable', 'which is current')


def old_name_that_another_deleted():
    """Of two that are the same to a person; the other one is all that names what it froze."""
    tree('s1', 's2')
    held = lab.held('vm', 's1')
    job = stop('snapshot', 'edit', 'vm', 's1', '--rename', 'stable', kind='snapshot-forget')
    lab.virsh('snapshot-delete', 'vm', 's1', '--metadata')
    rollback(job, '“stable” stays', '“s1”')
    expect_equal((sorted(lab.snapshots('vm')), lab.held('vm', 'stable')), (['s2', 'stable'], held), 'what is there')
    expect_words(lab.virsh('snapshot-info', 'vm', 's2').out, 'stable')


def child_of_a_renamed_one_that_another_deleted():
    tree('s1', 's2', 's3')
    tip, held = lab.tip('vm'), [lab.held('vm', name) for name in ('s1', 's3')]
    job = stop('snapshot', 'edit', 'vm', 's1', '--rename', 'stable', kind='snapshot-forget', done=True)
    delete('s2')
    rollback(job, '“s2” is not brought back')
    expect_equal((lab.snapshots('vm'), lab.tip('vm')), (['s1', 's3'], tip), 'what is there')
    expect_equal([lab.held('vm', name) for name in ('s1', 's3')], held, 'what they hold')
    expect_words(lab.virsh('snapshot-info', 'vm', 's3').out, 's1')


def renamed_one_that_another_deleted():
    tree('s1', 's2')
    tip, held = lab.tip('vm'), lab.held('vm', 's2')
    job = stop('snapshot', 'edit', 'vm', 's1', '--rename', 'stable', kind='snapshot-forget', done=True)
    delete('stable')
    rollback(job, NOT_BACK)
    expect_equal((lab.snapshots('vm'), lab.tip('vm'), lab.held('vm', 's2')), (['s2'], tip, held), 'what is there')


def old_name_that_another_took():
    """There is no place for the one that comes back, which is refused before anything is done."""
    tree('s1')
    kept = lab.held('vm', 's1')
    job = stop('snapshot', 'edit', 'vm', 's1', '--rename', 'stable', kind='snapshot-forget', done=True)
    held = take_anew('s1')
    hint = refused('job', 'rollback', job, words=['“s1”', 'another'])['hint']
    expect_words(hint, 'virsh snapshot-delete', f'job resume {job}')
    expect_equal([lab.held('vm', name) for name in ('stable', 's1')], [kept, held], 'what they hold')
    lab.strata('job', 'resume', job)
    expect_equal([lab.held('vm', name) for name in ('stable', 's1')], [kept, held], 'what they hold in the end')
    no_job_left()


def forgotten_one_whose_image_was_written_to():
    tree('s1', 's2')
    base = lab.seen('vm', 's1').domain['vda'].path
    job = stop('snapshot', 'delete', 'vm', 's1', '--metadata-only', kind='snapshot-forget', done=True)
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 4M 64k', base)
    rollback(job, NOT_BACK)
    expect_equal(lab.snapshots('vm'), ['s2'], 'the snapshots')


def which_is_current_by_another():
    tree('s1', 's2', 's3')
    job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='snapshot-define', done=True)
    lab.virsh('snapshot-current', 'vm', 's2')
    rollback(job, 'current one stays')
    expect_equal(lab.current('vm'), 's2', 'which is current')


def an_edit_that_was_undone_and_not_written_down():
    """It is done once more by who resumes the job."""
    tree('s1')
    for argv, kind, words in ((['--description', 'mine'], 'snapshot-define', '<description>mine'),
                              (['--rename', 'stable'], 'snapshot-forget', '<name>stable')):
        job = stop('snapshot', 'edit', 'vm', 's1', *argv, kind=kind, done=True)
        path, = journals()
        with open(path, encoding='utf-8') as file:
            text = file.read()
        for point in range(1, 20):
            undone = kill_rollback(job, point) or len(records(path)) > len(text.splitlines())
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            if undone:
                break
        lab.strata('job', 'resume', job)
        name, = lab.snapshots('vm')
        expect_words(lab.virsh('snapshot-dumpxml', 'vm', name).out, words)
        no_job_left()


def dismissal_of_what_was_not_done():
    """The definition had begun, and nothing was defined."""
    tree('s1')
    tip = lab.source('vm')
    job = stop('snapshot', 'revert', 'vm', 's1', '--discard-current', kind='define', begun=True)
    lines = records(journals()[0])
    made = lines[0]['plan']['steps'][find_step(lines, 'create-overlay', 0)]['args']['path']
    remains = lab.ctl('--json', 'job', 'dismiss', job).document['remains']
    expect_equal(remains, [f'The file “{made}”, which the job made, stays.', f'The file “{tip}” stays, and “vm” needs it.'], 'what stays')


def dismissal_and_another_of_that_name():
    tree('s1')
    job = stop('snapshot', 'delete', 'vm', 's1', '--commit', kind='commit')
    said = '\n'.join(lab.ctl('--json', '--dry-run', 'job', 'dismiss', job).document['remains'])
    expect_words(said, '“s1”', 'retained layer')
    lab.virsh('snapshot-delete', 'vm', 's1', '--metadata')
    take_anew('s1')
    said = '\n'.join(lab.ctl('--json', 'job', 'dismiss', job).document['remains'])
    expect('The snapshot' not in said, 'it is none of the job’s', said)


try:
    lab.start()
    run([isolated(test, clear) for test in (
        deletion_of_what_another_deleted, return_to_what_another_deleted, failed_return_to_a_memory_that_another_deleted,
        deletion_and_another_of_that_name, deletion_and_what_another_wrote_down,
        what_is_not_noted, kept_state_that_another_took_anew,
        kept_state_below_another_of_that_name, tag_that_another_took_anew, new_name_that_another_took_anew,
        old_name_that_another_deleted, child_of_a_renamed_one_that_another_deleted, renamed_one_that_another_deleted,
        old_name_that_another_took, forgotten_one_whose_image_was_written_to, which_is_current_by_another,
        an_edit_that_was_undone_and_not_written_down,
        dismissal_of_what_was_not_done, dismissal_and_another_of_that_name)])
finally:
    lab.close()
