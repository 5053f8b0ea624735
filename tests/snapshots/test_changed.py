#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was planned is done only on the host for which it was planned: another client acts between the plan and the job, and
between the job's beginning and a step that can't be taken back."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree as ET

from strata_lab import DOMAIN, Lab, STRATACTL, disk_xml
from strata_tap import expect, expect_equal, expect_words, run
from torture_client import wait_stopped
from torture_host import disks_of

LAB = Lab()


class Held:
    """A stratactl that stands still at the stop points STOPS."""

    def __init__(self, stops, *argv):
        self.process = subprocess.Popen([STRATACTL, '--json', *argv], env=dict(LAB.env, STRATA_TEST_STOP_AT=stops), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.wait()

    def wait(self):
        expect(wait_stopped(self.process), 'it stands still')

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def go_to_the_end(self):
        while wait_stopped(self.process):
            self.go_on()

    def end(self):
        self.go_on()
        out, err = self.process.communicate(timeout=90)
        document = json.loads(out) if out.strip() else {}
        return self.process.returncode, document.get('outcome'), document.get('error', {}).get('code'), out + err


def ctl(*argv, status=0):
    result = LAB.ctl(*argv)
    expect_equal(result.status, status, f'stratactl {" ".join(argv)}', result)
    return result


def journals():
    folder = os.path.join(LAB.env.get('XDG_STATE_HOME', os.path.join(LAB.env['HOME'], '.local', 'state')), 'strata', 'journal')
    return os.listdir(folder) if os.path.isdir(folder) else []


def starts():
    LAB.start()
    LAB.define('vm')
    for name in ('s1', 's2'):
        ctl('snapshot', 'create', 'vm', name)


def a_clone_made_after_the_plan_is_kept():
    """The plan merges and deletes the layer on which the clone stands."""
    held = Held('1', 'snapshot', 'delete', 'vm', 's1')
    ctl('clone', 'create', 'vm', 'clone', '--snapshot', 's1')
    status, outcome, code, text = held.end()
    expect_equal((status, outcome, code), (3, 'refused', 'changed'), 'how it ended', text)
    expect_words(text, 'No longer: Commit', 'Look at the plan again')
    expect_equal(journals(), [], 'what is left unfinished')
    expect('s1' in ctl('snapshot', 'list', 'vm').out, 'the snapshot is there')


def the_second_of_two_plans_is_made_again():
    held = Held('1', 'snapshot', 'create', 'vm', 's3')
    ctl('snapshot', 'create', 'vm', 's4')
    status, outcome, code, text = held.end()
    expect_equal((status, outcome, code), (3, 'refused', 'changed'), 'how it ended', text)


def what_is_refused_now_is_not_begun():
    held = Held('1', 'snapshot', 'create', 'vm', 's5')
    ctl('snapshot', 'create', 'vm', 's5')
    status, outcome, code, text = held.end()
    expect_equal((status, outcome, code), (3, 'refused', 'exists'), 'how it ended', text)
    expect_equal(journals(), [], 'what is left unfinished')


def another_job_is_named():
    """The first one stands still under its lock."""
    held = Held('3', 'snapshot', 'create', 'vm', 's6')
    result = LAB.ctl('--json', 'snapshot', 'create', 'vm', 's7')
    expect_equal((result.status, result.document['error']['code']), (3, 'busy'), 'how the second one ended', result)
    expect_words(result.document['error']['message'], 's6')
    running = LAB.ctl('--json', 'job', 'list').document['running']
    expect_equal([(r['pid'], r['here']) for r in running], [(held.process.pid, True)], 'who is at work')
    expect_equal(LAB.ctl('job', 'unlock', running[0]['id']).status, 3, 'a living one keeps its lock')
    for verb in ('resume', 'rollback', 'dismiss'):
        result = LAB.ctl('job', verb, running[0]['id'])
        expect_equal(result.status, 3, f'{verb} of a job that is running', result)
        expect_words(result.err, 'is running now', str(held.process.pid), 's6', 'kill -INT')
    status, _, _, text = held.end()
    expect_equal(status, 0, 'how the first one ended', text)
    ctl('snapshot', 'create', 'vm', 's7')


def who_is_killed_keeps_no_other_from_working():
    held = Held('3', 'snapshot', 'create', 'vm', 's8')
    held.process.kill()
    held.process.communicate()
    LAB.define('other')
    ctl('snapshot', 'create', 'other', 's1')
    listed = LAB.ctl('--json', 'job', 'list').document
    expect_equal(listed['running'], [], 'who is at work')
    ctl('job', 'dismiss', listed['jobs'][0]['id'])


def overlay_of(base, name):
    path = LAB.path(f'{name}-vda.qcow2')
    LAB.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', path)
    LAB.define_xml(DOMAIN.format(name=name, disks=disk_xml(path)))
    return path


def backing_of(path):
    return json.loads(LAB.run('qemu-img', 'info', '-U', '--output=json', path).out).get('backing-filename')


def is_taken_back(ended):
    status, outcome, _, text = ended
    expect_equal((status, outcome), (1, 'rolled-back'), 'how it ended', text)
    expect_equal(LAB.ctl('--json', 'job', 'list').document['jobs'], [], 'what is left unfinished')


def a_base_that_is_started_is_not_read():
    """Before its first step, which can't be undone: nothing was begun."""
    base = LAB.make_disk('started.qcow2')
    path = overlay_of(base, 'on-started')
    held = Held('3', 'clone', 'flatten', 'on-started')
    LAB.define_xml(DOMAIN.format(name='started', disks=disk_xml(base)))
    LAB.virsh('start', 'started')
    ended = held.end()
    is_taken_back(ended)
    expect_words(ended[3], 'to which “started” writes')
    expect_equal(backing_of(path), base, 'what it stands on')
    LAB.virsh('destroy', 'started')


class Writer:
    """A program that is no machine, and has an image open to write to it."""

    def __init__(self, path):
        self.process = subprocess.Popen(['qemu-io', '-f', 'qcow2', path], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write('length\n')
        self.process.stdin.flush()
        expect_words(self.process.stdout.readline(), 'MiB')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate('quit\n')


def what_could_not_begin_is_taken_back():
    """QEMU's own locks are in the way: the first step that can't be undone fails before it changes anything."""
    base = LAB.make_disk('alone.qcow2')
    path = overlay_of(base, 'on-alone')
    with Writer(base):
        is_taken_back(Held('1', 'clone', 'flatten', 'on-alone').end())
    expect_equal(backing_of(path), base, 'what it stands on')
    ctl('clone', 'flatten', 'on-alone')
    expect_equal(backing_of(path), None, 'what it stands on')


def a_merge_that_could_not_begin_is_taken_back():
    LAB.define('unmerged')
    for name in ('s1', 's2'):
        ctl('snapshot', 'create', 'unmerged', name)
    top = disks_of(ET.fromstring(LAB.virsh('dumpxml', 'unmerged').out))['vda'].path
    middle = backing_of(top)
    base = backing_of(middle)
    with Writer(base):
        is_taken_back(Held('1', 'snapshot', 'delete', 'unmerged', 's2', '--commit').end())
    expect_equal((backing_of(top), backing_of(middle)), (middle, base), 'the layers')
    ctl('snapshot', 'delete', 'unmerged', 's2', '--commit')


def an_edited_snapshot_does_not_come_back():
    """Saved from a dialog that was open when it was deleted, or made anew."""
    LAB.define('edited')
    for again in ([], ['e1', '--description', 'another']):
        ctl('snapshot', 'create', 'edited', 'e1')
        held = Held('1', 'snapshot', 'edit', 'edited', 'e1', '--description', 'mine')
        ctl('snapshot', 'delete', 'edited', 'e1')
        if again:
            time.sleep(1.1)     # what a snapshot is known by has seconds
            ctl('snapshot', 'create', 'edited', *again)
        before = snapshots('edited')
        status, _, code, text = held.end()
        expect((status, code) in ((1, 'not-found'), (3, 'refused'), (3, 'changed')), 'how it ended', text)
        expect_equal(snapshots('edited'), before, 'the snapshots')


def snapshots(name):
    there = LAB.virsh('snapshot-list', name, '--name').out.split()
    return [LAB.virsh('snapshot-dumpxml', name, snapshot).out for snapshot in there]


def a_name_is_not_another_snapshot_of_that_name():
    """e1 is deleted, the guest writes, and e1 is taken again, between the plan and the job."""
    path = LAB.define('again')[0]
    for argv in (['snapshot', 'revert', 'again', 'e1', '--discard-current'], ['snapshot', 'delete', 'again', 'e1'],
                 ['clone', 'create', 'again', 'clone-of-e1', '--snapshot', 'e1']):
        ctl('snapshot', 'create', 'again', 'e1', '--internal')
        LAB.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 8 8M 64k', path)
        argv = [*argv, *(['--full'] if argv[0] == 'clone' else [])]
        held = Held('1', *argv)
        ctl('snapshot', 'delete', 'again', 'e1')
        time.sleep(1.1)     # what a snapshot is known by has seconds
        ctl('snapshot', 'create', 'again', 'e1', '--internal')
        LAB.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 8M 64k', path)
        before = LAB.snapshot()
        status, _, code, text = held.end()
        expect((status, code) in ((3, 'refused'), (3, 'changed')), f'how {argv} ended', text)
        expect_equal(LAB.snapshot(), before, f'what is there after {argv}')
        ctl('snapshot', 'delete', 'again', 'e1')


def who_seals_keeps_others_away():
    """One disk is sealed once at a time, and nothing is frozen above it meanwhile."""
    LAB.define('sealed')
    held = Held('3', 'seal', 'sealed')
    try:
        for argv in (['seal', 'sealed'], ['snapshot', 'create', 'sealed', 's1'],
                     ['template', 'create', 'sealed', '--convert', '--no-seal']):
            result = LAB.ctl('--json', *argv)
            expect_equal((result.status, result.document['error']['code']), (3, 'busy'), f'how {argv} ended', result)
            expect_words(result.document['error']['message'], 'Seal', 'sealed')
    finally:
        held.process.kill()
        held.process.communicate()


def what_others_did_before_the_seal():
    """A snapshot was taken, or the machine was started, when the plan was made and nothing locked."""
    for number, act in enumerate((['snapshot-create-as', '--name', 's1', '--disk-only'], ['start'])):
        name = f'sealed{number}'
        LAB.define(name)
        held = Held('1', 'seal', name)
        LAB.virsh(act[0], name, *act[1:])
        before = LAB.virsh('domblklist', name).out
        status, _, code, text = held.end()
        expect((status, code) in ((3, 'refused'), (3, 'changed'), (3, 'busy')), f'how it ended after {act}', text)
        expect_equal(LAB.virsh('domblklist', name).out, before, 'the disks')


def what_is_needed_at_last_is_kept_and_named():
    """The merge is done; before the layer that it emptied goes, a machine comes to stand on it."""
    base, top, late = LAB.make_disk('needed.qcow2', data='1M'), LAB.path('top.qcow2'), LAB.path('late.qcow2')
    LAB.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', top)
    LAB.define_xml(DOMAIN.format(name='needed', disks=disk_xml(top)))
    LAB.virsh('pool-refresh', 'default')
    held = Held('7', 'disk', 'merge', 'needed', 'vda', '--commit')
    LAB.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', top, '-F', 'qcow2', late)
    LAB.define_xml(DOMAIN.format(name='late', disks=disk_xml(late)))
    status, outcome, _, text = held.end()
    expect_equal((status, outcome), (0, 'done'), 'how it ended', text)
    expect_words(text, 'top.qcow2” was kept', 'late', '"notes"')
    expect(os.path.exists(top), 'it is there')


def what_is_made_during_the_way_back_is_kept():
    """The overlay that goes with the snapshot that is taken back has another client's tag by then."""
    LAB.define('back')
    ctl('snapshot', 'create', 'back', 's1', '--disk-only')
    argv = ['snapshot', 'revert', 'back', 's1', '--save-current', 'kept']
    kinds = [step['kind'] for step in ctl('--json', *argv, '--dry-run').document['plan']['steps']]
    # Two points before the steps and two for each.
    taken = 2 + 2 * (kinds.index('snapshot-create') + 1)
    held = Held(','.join(map(str, range(taken, taken + 40))), *argv)
    held.process.send_signal(signal.SIGINT)
    for line in held.process.stderr:
        if 'is undone' in line:
            break
        if 'stop-point' in line:
            held.wait()
            held.go_on()
    held.wait()
    overlay = disks_of(ET.fromstring(LAB.virsh('dumpxml', 'back').out))['vda'].path
    expect_words(overlay, 'kept')
    LAB.virsh('start', 'back')
    LAB.virsh('snapshot-create-as', 'back', 'theirs')
    held.go_to_the_end()
    status, outcome, _, text = held.end()
    expect_equal((status, outcome), (4, 'stuck'), 'how it ended', text)
    expect_words(text, 'theirs')
    expect_words(LAB.run('qemu-img', 'snapshot', '-U', '-l', overlay).out, 'theirs')
    ctl('job', 'dismiss', LAB.ctl('--json', 'job', 'list').document['jobs'][0]['id'])


def a_return_on_a_copy_is_carried_out():
    """The copy stands on another image, and none names it until the machine is defined on it."""
    LAB.define('copied')
    ctl('snapshot', 'create', 'copied', 's1', '--disk-only')
    LAB.virsh('snapshot-create-as', 'copied', 'i1')
    ctl('snapshot', 'create', 'copied', 's2', '--disk-only')
    ctl('snapshot', 'revert', 'copied', 'i1', '--discard-current')


def unmark(name, path):
    """The template is an ordinary machine again, and can be started."""
    xml = re.sub('<metadata>.*?</metadata>|<seclabel.*?</seclabel>', '', LAB.virsh('dumpxml', name).out, flags=re.S)
    os.chmod(path, 0o644)
    LAB.define_xml(xml)


def template(name):
    base, = LAB.define(name)
    ctl('template', 'create', name, '--convert', '--no-seal', '--name', f't-{name}')
    return f't-{name}', base


def deployment_from_what_is_written_to_by_now():
    """The template is started in the middle of a deployment, or its disk is another file, or gone."""
    def restart(name, path):
        unmark(name, path)
        LAB.virsh('start', name)

    def replace(name, path):
        os.rename(path, f'{path}.away')
        shutil.copy(f'{path}.away', path)

    acts = {'restart': (restart, 'would write to .* “restart'), 'replace': (replace, 'another file'),
            'remove': (lambda name, path: os.rename(path, f'{path}.away'), 'gone missing')}
    for which in (0, 1):
        for act, (change, word) in acts.items():
            name, base = template(f'{act}{which}')
            argv = ['template', 'deploy', name, '--name', f'{act}{which}-%d', '--count', '2']
            kinds = [step['kind'] for step in ctl('--json', *argv, '--dry-run').document['plan']['steps']]
            defines = [i for i, kind in enumerate(kinds) if kind == 'define']
            # Two points before the steps and two for each.
            held = Held(str(3 + 2 * defines[which]), *argv)
            change(name, base)
            ended = held.end()
            is_taken_back(ended)
            expect(re.search(word, ended[3]), f'{act} before the machine {which}: why', ended[3])
            expect_equal([n for n in LAB.names() if n.startswith(f'{act}{which}-')], [], 'the clones')
            LAB.virsh('destroy', name, check=False)
            LAB.virsh('undefine', name)


def conversion_of_a_disk_that_another_machine_has_by_now():
    base, = LAB.define('converted')
    held = Held('5', 'template', 'create', 'converted', '--convert', '--no-seal', '--name', 't-converted')
    LAB.define_xml(DOMAIN.format(name='reader', disks=disk_xml(base)))
    LAB.virsh('start', 'reader')
    ended = held.end()
    is_taken_back(ended)
    expect_words(ended[3], 'writes to', base)
    expect('t-converted' not in LAB.names(), 'there is no template')
    LAB.virsh('destroy', 'reader')
    LAB.virsh('undefine', 'reader')


def a_machine_on_what_others_stand_on():
    """The mark of the template is gone, or it never was one."""
    name, base = template('below')
    ctl('template', 'deploy', name, '--name', 'above')
    unmark(name, base)
    found = findings('above')
    expect_equal([f['code'] for f in found], ['written-below'], 'the findings', found)
    expect_words(found[0]['message'], base, name)
    expect_words(found[0]['hint'], f'snapshot create {name}')
    before = LAB.run('qemu-img', 'info', '-U', base).out
    ctl('snapshot', 'create', name, 'apart')
    expect_equal(findings('above'), [], 'it is over')
    expect_equal(LAB.run('qemu-img', 'info', '-U', base).out, before, 'what is stood on')
    LAB.virsh('start', name)
    LAB.virsh('destroy', name)


def findings(name):
    return ctl('--json', 'doctor', name).document['findings']


def save(name):
    LAB.virsh('start', name)
    LAB.virsh('managedsave', name)


def a_state_that_was_saved_before_the_step():
    """It goes with the disks that the machine had when it was saved."""
    LAB.define('saved')
    held = Held('3', 'snapshot', 'create', 'saved', 's1')
    save('saved')
    before = LAB.virsh('domblklist', 'saved').out
    ended = held.end()
    is_taken_back(ended)
    expect_words(ended[3], 'saved')
    expect_equal(LAB.virsh('domblklist', 'saved').out, before, 'the disks')
    LAB.virsh('managedsave-remove', 'saved')
    ctl('snapshot', 'create', 'saved', 's1', '--internal')
    held = Held('3', 'snapshot', 'revert', 'saved', 's1', '--discard-current')
    save('saved')
    definition = LAB.virsh('dumpxml', 'saved').out
    is_taken_back(held.end())
    expect_equal(LAB.virsh('dumpxml', 'saved').out, definition, 'what is defined')
    expect_words(LAB.virsh('list', '--all', '--with-managed-save').out, 'saved')
    LAB.virsh('managedsave-remove', 'saved')


def tags_of(path):
    return LAB.run('qemu-img', 'snapshot', '-U', '-l', path).out.split()


def a_stick(name, tag):
    """An image with an internal snapshot TAG, which no machine names."""
    path = LAB.make_disk(name)
    LAB.run('qemu-img', 'snapshot', '-c', tag, path)
    return path


def plug(name, path, target):
    LAB.virsh('attach-disk', name, path, target, '--targetbus', 'usb', '--driver', 'qemu', '--subdriver', 'qcow2', '--live')


def a_tag_of_that_name_in_a_disk_that_came_later():
    """libvirt has QEMU delete by the name, in every disk that the machine has by then."""
    LAB.define('plugged', run=True)
    ctl('snapshot', 'create', 'plugged', 's1', '--internal')
    stick = a_stick('stick', 's1')
    held = Held('3', 'snapshot', 'delete', 'plugged', 's1')
    plug('plugged', stick, 'sda')
    status, outcome, code, text = held.end()
    expect_equal((status, outcome, code), (1, 'rolled-back', 'refused'), 'how it ended', text)
    expect_words(text, 'stick', 's1')
    expect('s1' in tags_of(stick), 'the snapshot of another machine is there')
    for journal in LAB.ctl('--json', 'job', 'list').document['jobs']:
        ctl('job', 'dismiss', journal['id'])
    result = ctl('snapshot', 'delete', 'plugged', 's1', status=3)
    expect_words(result.err, 'stick', 's1', 'Shut the virtual machine down')
    expect('s1' in tags_of(stick), 'the snapshot of another machine is there')


def the_way_back_of_an_internal_one_spares_a_disk_that_came_later():
    held = Held('6', 'snapshot', 'create', 'plugged', 's2', '--internal')
    held.process.kill()
    held.process.communicate()
    second = a_stick('second', 's2')
    plug('plugged', second, 'sdb')
    job = LAB.ctl('--json', 'job', 'list').document['jobs'][0]['id']
    result = ctl('job', 'rollback', job, status=3)
    expect_words(result.err, 'second', 's2')
    expect('s2' in tags_of(second), 'the snapshot of another machine is there')
    LAB.virsh('destroy', 'plugged')
    ctl('job', 'rollback', job)
    expect('s2' in tags_of(second), 'the snapshot of another machine is there')
    ctl('snapshot', 'delete', 'plugged', 's1')


def a_definition_that_is_removed_before_the_stop():
    """Stopped now, the machine would be gone."""
    LAB.define('passing')
    definition = LAB.virsh('dumpxml', 'passing').out
    ctl('snapshot', 'create', 'passing', 's1')
    for stop in ('4', '6'):
        LAB.virsh('start', 'passing')
        definition = LAB.virsh('dumpxml', 'passing', '--inactive').out
        held = Held(stop, 'snapshot', 'revert', 'passing', 's1', '--start')
        number = LAB.virsh('domid', 'passing').out
        LAB.virsh('undefine', 'passing', '--snapshots-metadata')
        ended = held.end()
        is_taken_back(ended)
        expect_words(ended[3], 'has removed the definition', 'virsh define')
        expect_equal(LAB.virsh('domid', 'passing').out, number, 'the guest that runs')
        LAB.define_xml(definition)
        LAB.virsh('destroy', 'passing')


def a_definition_that_is_removed_after_the_stop():
    """The machine is gone, and its memory isn't."""
    LAB.define('bygone')
    ctl('snapshot', 'create', 'bygone', 's1')
    LAB.virsh('start', 'bygone')
    held = Held('8', 'snapshot', 'revert', 'bygone', 's1', '--start')
    expect_equal(LAB.virsh('domstate', 'bygone').out.strip(), 'shut off', 'the machine whose state was kept')
    definition = LAB.virsh('dumpxml', 'bygone', '--inactive').out
    LAB.virsh('undefine', 'bygone', '--snapshots-metadata')
    ended = held.end()
    expect_equal(ended[0], 4, 'how it ended', ended)
    LAB.define_xml(definition)
    said = ctl('job', 'rollback', LAB.ctl('--json', 'job', 'list').document['jobs'][0]['id']).out
    expect_words(said, 'goes on from its memory')
    expect_equal(LAB.virsh('domstate', 'bygone').out.strip(), 'running', 'the guest')
    LAB.virsh('destroy', 'bygone')


def what_went_with_a_machine_does_not_stay():
    LAB.define('going')
    ctl('snapshot', 'create', 'going', 's1')
    LAB.virsh('start', 'going')
    held = Held(','.join(map(str, range(3, 30))), 'snapshot', 'revert', 'going', 's1')
    while not any(name.startswith('going') and 'tip' in name for name in os.listdir(LAB.images)):
        held.go_on()
        held.wait()
    expect_equal(LAB.virsh('domstate', 'going').out.strip(), 'shut off', 'the machine whose state was kept')
    held.process.kill()
    held.process.communicate()
    LAB.virsh('undefine', 'going', '--snapshots-metadata')
    said = ctl('job', 'dismiss', LAB.ctl('--json', 'job', 'list').document['jobs'][0]['id']).out
    expect('The snapshot' not in said, 'no snapshot stays', said)
    left = [name for name in os.listdir(LAB.images) if name.startswith('going') and ('present' in name or 'tip' in name)]
    expect_equal([said.count(f'/{name}”') for name in left], [1] * 3, f'{left} are named', said)


def disks_of_the_next_start():
    """They differ from those that the machine runs with, when the return is planned or when it has begun."""
    paths = LAB.define('next', disks=2)
    other = LAB.make_disk('next-other.qcow2')
    ctl('snapshot', 'create', 'next', 's1')
    same = LAB.virsh('dumpxml', 'next').out
    second = disks_of(ET.fromstring(same))['vdb'].path
    differs = same.replace(second, other)
    LAB.virsh('start', 'next')
    number = LAB.virsh('domid', 'next').out
    LAB.define_xml(differs)
    said = LAB.ctl('snapshot', 'revert', 'next', 's1')
    expect_equal(said.status, 3, 'how it ended', said)
    expect_words(said.err, 'vdb', second, other)
    LAB.define_xml(same)
    held = Held('6', 'snapshot', 'revert', 'next', 's1')
    now = LAB.virsh('dumpxml', 'next', '--inactive').out
    LAB.define_xml(now.replace(disks_of(ET.fromstring(now))['vdb'].path, other))
    is_taken_back(held.end())
    expect_equal(LAB.virsh('domid', 'next').out, number, 'the guest that runs')
    LAB.virsh('destroy', 'next')
    expect(all(os.path.exists(path) for path in [*paths, other]), 'all is there')


if __name__ == '__main__':
    try:
        run([starts, a_clone_made_after_the_plan_is_kept, the_second_of_two_plans_is_made_again, what_is_refused_now_is_not_begun,
             another_job_is_named, who_is_killed_keeps_no_other_from_working, a_base_that_is_started_is_not_read,
             what_is_made_during_the_way_back_is_kept, a_return_on_a_copy_is_carried_out, what_could_not_begin_is_taken_back,
             a_merge_that_could_not_begin_is_taken_back, an_edited_snapshot_does_not_come_back,
             a_name_is_not_another_snapshot_of_that_name, a_state_that_was_saved_before_the_step,
             deployment_from_what_is_written_to_by_now, conversion_of_a_disk_that_another_machine_has_by_now,
             a_machine_on_what_others_stand_on, who_seals_keeps_others_away, what_others_did_before_the_seal, what_is_needed_at_last_is_kept_and_named,
             a_tag_of_that_name_in_a_disk_that_came_later, the_way_back_of_an_internal_one_spares_a_disk_that_came_later,
             a_definition_that_is_removed_before_the_stop, a_definition_that_is_removed_after_the_stop,
             what_went_with_a_machine_does_not_stay, disks_of_the_next_start])
    finally:
        LAB.close()
