#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""--dry-run of every verb, the exit statuses of those about snapshots, and their JSON: what docs/stratactl.md promises."""

import hashlib
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ET

from strata_lab import Lab, disk_xml
from strata_tap import expect, expect_equal, expect_words, run

LAB = Lab()
CODES = {'failed', 'invalid', 'refused', 'not-found', 'exists', 'busy', 'no-space', 'connection', 'permission', 'unsupported',
         'timeout', 'no-tool', 'no-appliance', 'kernel-unreadable', 'no-os', 'windows', 'not-sealed', 'needs-recovery', 'changed', 'cancelled'}
FINDINGS = {'missing', 'no-format', 'wrong-format', 'deep', 'world-readable', 'memory-missing', 'tag-missing', 'no-current',
            'native-unsafe', 'joint', 'orphan', 'orphan-tag', 'doubled-tag'}


def make_disk(name, fmt='qcow2'):
    return LAB.make_disk(name, fmt, '8M', data='1M')


def make_machine(name, *targets, fmt='qcow2'):
    LAB.define_xml(f'''<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory>
      <os><type arch='x86_64' machine='pc'>hvm</type></os>
      <devices>{''.join(disk_xml(make_disk(f'{name}-{t}.{fmt}', fmt), t, fmt) for t in targets)}
      <memballoon model='none'/></devices></domain>''')


def ctl(*argv, status=0):
    result = LAB.ctl(*argv)
    expect_equal(result.status, status, f'stratactl {" ".join(argv)}', result)
    return result


def starts():
    """off: s1, s2, s3, with a thin clone of s1. awake: runs, with memory. inner: two internal ones. raw. A template with a
    clone and one without. A dumped definition."""
    LAB.start()
    make_machine('off', 'vda', 'vdb')
    for name in ('s1', 's2', 's3'):
        ctl('snapshot', 'create', 'off', name, '--description', f'the {name}')
    ctl('clone', 'create', 'off', 'thin', '--snapshot', 's1')
    make_machine('awake', 'vda')
    LAB.virsh('start', 'awake')
    ctl('snapshot', 'create', 'awake', 'm1')
    ctl('snapshot', 'create', 'awake', 'd1', '--disk-only')
    make_machine('inner', 'vda')
    ctl('snapshot', 'create', 'inner', 'i1', '--internal')
    ctl('snapshot', 'create', 'inner', 'i2', '--internal', '--description', 'second')
    make_machine('raw', 'vda', fmt='raw')
    for name in ('used', 'idle'):
        make_machine(f'of-{name}', 'vda')
        ctl('template', 'create', f'of-{name}', '--convert', '--no-seal', '--name', name)
    ctl('template', 'deploy', 'used', '--name', 'clone-1')
    make_machine('dumped', 'vda')
    with open(os.path.join(LAB.dir, 'dumped.xml'), 'w', encoding='utf-8') as file:
        file.write(LAB.virsh('dumpxml', 'dumped').out)
    LAB.virsh('undefine', 'dumped')
    LAB.virsh('pool-refresh', 'default')


# What --dry-run does not do

def everything():
    """All that could have changed, the snapshots' documents too."""
    state = LAB.snapshot()
    for name in LAB.names():
        for snapshot in LAB.virsh('snapshot-list', name, '--name').out.split():
            state[f'snapshot {name}/{snapshot}'] = LAB.virsh('snapshot-dumpxml', name, snapshot).out
        state[f'current of {name}'] = LAB.virsh('snapshot-current', name, '--name', check=False).out
    journal = os.path.join(LAB.state_dir, 'journal')
    state['journal'] = sorted(os.listdir(journal)) if os.path.isdir(journal) else []
    return state


def expect_plan(plan, argv):
    expect_equal(set(plan), {'title', 'act', 'steps', 'effects', 'commands', 'resources', 'request', 'given-up'}, f'{argv}: the members of the plan')
    for what in ('title', 'act'):
        expect(isinstance(plan[what], str) and plan[what], f'{argv}: no {what}')
    for step in plan['steps']:
        expect_equal(set(step), {'kind', 'title', 'forward-only', 'bytes', 'args'}, f'{argv}: the members of a step')
        expect(step['kind'] and step['title'] and step['bytes'] >= 0, f'{argv}: an empty step', step)
    for effect in plan['effects']:
        expect(effect['kind'] in ('creates', 'changes', 'removes', 'discards', 'note'), f'{argv}: an effect', effect)
        expect(effect['text'] and effect['bytes'] >= 0, f'{argv}: an effect', effect)
    expect(all(isinstance(c, str) and c for c in plan['commands'] + plan['resources']), f'{argv}: an empty command')


def planned(*cases, commands=True, effects=True):
    def test():
        before = everything()
        for argv in cases:
            document = ctl('--dry-run', '--json', *argv).document
            expect_equal(set(document), {'outcome', 'plan'}, f'{argv}: the document')
            expect_equal(document['outcome'], 'planned', f'{argv}: the outcome')
            plan = document['plan']
            expect_plan(plan, argv)
            expect(plan['steps'], f'{argv}: a plan without a step')
            expect(plan['commands'] or not commands, f'{argv}: it does not say how one would do it by hand')
            expect(plan['effects'] or not effects, f'{argv}: it does not say what changes')
            words = ctl(*argv, '--dry-run')
            expect_equal(words.err, '', f'{argv}: stderr')
            expect_words(words.out, plan['title'], *(s['title'] for s in plan['steps']), *(e['text'] for e in plan['effects']))
        after = everything()
        changed = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
        expect(not changed, f'these changed: {changed}')
        jobs = LAB.ctl('--json', 'job', 'list')
        expect_equal(jobs.document.get('jobs'), [], 'unfinished jobs')

    verb = ' '.join(cases[0][:2]) if cases[0][0] in ('template', 'snapshot', 'clone') else cases[0][0]
    test.__name__ = f'{verb} is planned and nothing happens'
    return test


DUMPED = os.path.join(LAB.dir, 'dumped.xml')
PLANNED = [
    planned(['template', 'create', 'raw', '--no-seal'], ['template', 'create', 'raw', '--convert', '--no-seal'],
            ['template', 'create', 'awake', '--no-seal', '--force-off']),
    planned(['template', 'deploy', 'used', '--name', 'x-%d', '--count', '3'],
            ['template', 'deploy', 'idle', '--name', 'x', '--full', '--start']),
    planned(['template', 'import', DUMPED, '--no-seal']),
    planned(['template', 'delete', 'idle']),
    planned(['snapshot', 'create', 'off', 'x'], ['snapshot', 'create', 'off', 'x', '--disk', 'vdb', '--description', 'words'],
            ['snapshot', 'create', 'awake', 'x'], ['snapshot', 'create', 'awake', 'x', '--disk-only'],
            ['snapshot', 'create', 'awake', 'x', '--internal'], ['snapshot', 'create', 'inner', 'x', '--internal'],
            ['snapshot', 'create', 'raw', 'x']),
    planned(['snapshot', 'revert', 'off', 's1', '--save-current', 'x'], ['snapshot', 'revert', 'off', 's2', '--save-current', 'x', '--start'],
            ['snapshot', 'revert', 'off', 's3', '--discard-current', '--paused'], ['snapshot', 'revert', 'awake', 'm1', '--save-current', 'x'],
            ['snapshot', 'revert', 'awake', 'm1', '--discard-current', '--off'],
            ['snapshot', 'revert', 'inner', 'i1', '--save-current', 'x'],
            ['snapshot', 'revert', 'inner', 'i1', '--discard-current']),
    planned(['snapshot', 'delete', 'off', 's1'], ['snapshot', 'delete', 'off', 's2'], ['snapshot', 'delete', 'off', 's3'],
            ['snapshot', 'delete', 'off', 's3', '--commit'], ['snapshot', 'delete', 'off', 's3', '--pull'],
            ['snapshot', 'delete', 'off', 's1', '--subtree'], ['snapshot', 'delete', 'off', 's2', '--metadata-only'],
            ['snapshot', 'delete', 'awake', 'm1'], ['snapshot', 'delete', 'inner', 'i1']),
    planned(['snapshot', 'edit', 'off', 's2', '--rename', 'x'], ['snapshot', 'edit', 'inner', 'i1', '--description', 'words']),
    planned(['clone', 'create', 'off', 'x'], ['clone', 'create', 'off', 'x', '--snapshot', 's2'],
            ['clone', 'create', 'off', 'x', '--snapshot', 's2', '--full'], ['clone', 'create', 'awake', 'x', '--snapshot', 'm1'],
            ['clone', 'create', 'inner', 'x', '--snapshot', 'i1', '--full']),
    planned(['clone', 'flatten', 'thin'], ['clone', 'flatten', 'off'], ['clone', 'flatten', 'awake']),
    planned(['doctor', 'off', '--repair'], ['doctor', 'awake', '--repair'], ['doctor', 'inner', '--repair'], commands=False, effects=False),
]
if os.environ.get('STRATA_GUEST'):
    PLANNED += [planned(['seal', 'raw'], ['seal', 'raw', 'machine-id', 'logfiles'])]


# Exit statuses

def ends(status, code, *cases):
    """Each of CASES ends with STATUS and CODE, in words and in JSON, and leaves all as it was."""
    before = everything()
    for argv in cases:
        for dry in ([], ['--dry-run']):
            result = ctl(*dry, '--json', *argv, status=status)
            error = result.document['error']
            expect_equal(error['code'], code, f'{argv}: the code', result)
            expect(error['code'] in CODES, f'{argv}: a code that is not documented', result)
            expect_equal(result.document['outcome'], 'refused' if status == 3 else 'not-started', f'{argv}: the outcome')
            expect('job' not in result.document, f'{argv}: a job has begun', result)
        result = ctl(*argv, status=status)
        expect_equal(result.out, '', f'{argv}: stdout')
        expect_words(result.err, 'stratactl: ', error['message'], error.get('hint', ''))
    after = everything()
    expect_equal([k for k in before.keys() | after.keys() if before.get(k) != after.get(k)], [], 'what changed')


def what_is_not_there_is_1():
    ends(1, 'not-found',
         ['snapshot', 'create', 'none', 'x'], ['snapshot', 'create', 'off', 'x', '--disk', 'vdz'],
         ['snapshot', 'revert', 'none', 's1'], ['snapshot', 'revert', 'off', 'none'],
         ['snapshot', 'delete', 'none', 's1'], ['snapshot', 'delete', 'off', 'none'],
         ['snapshot', 'edit', 'none', 's1', '--rename', 'x'], ['snapshot', 'edit', 'off', 'none', '--rename', 'x'],
         ['clone', 'create', 'none', 'x'], ['clone', 'create', 'off', 'x', '--snapshot', 'none'], ['clone', 'flatten', 'none'],
         ['doctor', 'none', '--repair'])
    for argv in (['snapshot', 'list', 'none'], ['doctor', 'none'], ['chain', 'none', '--check']):
        result = ctl('--json', *argv, status=1)
        expect_equal(result.document['error']['code'], 'not-found', f'{argv}', result)


def a_wrong_command_line_is_2():
    ends(2, 'invalid',
         ['snapshot'], ['snapshot', 'nonsense'], ['snapshot', 'create'], ['snapshot', 'create', 'off'],
         ['snapshot', 'create', 'off', 'x', 'y'], ['snapshot', 'create', 'off', 'x', '--nonsense'],
         ['snapshot', 'create', 'off', 'x', '--internal', '--external'],
         ['snapshot', 'create', 'awake', 'x', '--internal', '--memory'],
         ['snapshot', 'create', 'awake', 'x', '--memory', '--disk-only'],
         ['snapshot', 'create', 'off', ''], ['snapshot', 'create', 'off', 'a/b'], ['snapshot', 'create', 'off', '.x'],
         ['snapshot', 'revert', 'off'], ['snapshot', 'revert', 'off', 's1', '--save-current', 'x', '--discard-current'],
         ['snapshot', 'revert', 'off', 's1', '--save-current', 'a/b'], ['snapshot', 'revert', 'off', 's1', '--start', '--off'],
         ['snapshot', 'delete', 'off'], ['snapshot', 'delete', 'off', 's1', '--commit', '--pull'],
         ['snapshot', 'delete', 'off', 's1', '--metadata-only', '--pull'],
         ['snapshot', 'edit', 'off', 's1'], ['snapshot', 'edit', 'off', 's1', '--rename', 'a/b'],
         ['snapshot', 'list'], ['clone', 'create', 'off'], ['clone', 'create', 'off', 'x', '--thin', '--full'],
         ['clone', 'create', 'off', 'a/b'], ['clone', 'flatten'], ['doctor', '--repair'])


def what_is_in_the_way_is_3():
    ends(3, 'exists',
         ['snapshot', 'create', 'off', 's1'], ['snapshot', 'revert', 'off', 's1', '--save-current', 's2'],
         ['snapshot', 'edit', 'off', 's1', '--rename', 's2'], ['clone', 'create', 'off', 'thin'])
    ends(3, 'refused',
         ['snapshot', 'create', 'off', 'x', '--memory'], ['snapshot', 'create', 'raw', 'x', '--internal'],
         ['snapshot', 'create', 'off', 'x', '--quiesce'], ['snapshot', 'create', 'awake', 'x', '--quiesce'],
         ['snapshot', 'create', 'used', 'x'], ['snapshot', 'delete', 'off', 's1', '--commit'],
         ['snapshot', 'edit', 'inner', 'i1', '--rename', 'x'], ['clone', 'create', 'off', 'x', '--thin'],
         ['clone', 'create', 'inner', 'x', '--snapshot', 'i1', '--thin'], ['clone', 'flatten', 'raw'])
    ends(3, 'busy', ['clone', 'create', 'awake', 'x'])


def guest_of(name):
    """The image that NAME has, and a hash of what its guest reads."""
    image = LAB.virsh('domblklist', name).out.split()[-1]
    raw = LAB.path('guest.raw')
    LAB.run('qemu-img', 'convert', '-U', '-O', 'raw', image, raw)
    with open(raw, 'rb') as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    os.remove(raw)
    return image, digest


def what_stops_on_its_way_is_4_and_goes_on():
    """Another program has the layer below the second disk open, which only shows when the first is merged already."""
    make_machine('stuck', 'vda', 'vdb')
    ctl('snapshot', 'create', 'stuck', 's1')
    base = LAB.path('stuck-vdb.qcow2')
    overlay, before = guest_of('stuck')
    with subprocess.Popen(['qemu-io', '-f', 'qcow2', base], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        other.stdin.write('length\n')
        other.stdin.flush()
        other.stdout.read(1)    # it is open
        document = ctl('--json', 'snapshot', 'delete', 'stuck', 's1', '--commit', status=4).document
        other.stdin.close()
    expect_equal((document['outcome'], document['error']['code'] in CODES), ('stopped', True), 'the outcome', document)
    expect_equal(guest_of('stuck'), (overlay, before), 'what the guest reads')

    jobs = ctl('--json', 'job', 'list').document['jobs']
    expect_equal(len(jobs), 1, 'what is unfinished', jobs)
    expect_equal(ctl('--json', 'job', 'resume', jobs[0]['id']).document['outcome'], 'done', 'resumed')
    expect_equal((snapshots('stuck'), os.path.exists(overlay)), ({}, False), 'no snapshot, and one layer')
    expect_equal(guest_of('stuck'), (base, before), 'what the guest reads')


# JSON

def expect_members(thing, what, members, optional=()):
    """THING has all of MEMBERS, {name: type}, and of OPTIONAL some."""
    missing = [m for m in members if m not in thing]
    expect(not missing, f'{what} lacks {missing}', json.dumps(thing))
    known = {**members, **dict(optional)}
    expect(set(thing) <= set(known), f'{what} has more than is documented: {set(thing) - set(known)}')
    for name, value in thing.items():
        expect(isinstance(value, known[name]) and (known[name] is bool or not isinstance(value, bool)),
               f'{what}: {name} is no {known[name].__name__}', value)


def snapshots(name):
    document = ctl('--json', 'snapshot', 'list', name).document
    expect_equal(set(document), {'outcome', 'name', 'snapshots'}, 'the document')
    expect_equal((document['outcome'], document['name']), ('done', name), 'outcome and name')
    for snapshot in document['snapshots']:
        expect_members(snapshot, 'a snapshot', {'name': str, 'kind': str, 'created': str, 'state': str, 'current': bool, 'disks': list},
                       {'parent': str, 'description': str, 'memory-file': str})
        expect(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', snapshot['created']), 'a time', snapshot['created'])
        for disk in snapshot['disks']:
            expect_members(disk, 'a disk', {'target': str, 'location': str},
                           {'image': str, 'allocation': int, 'missing': bool})
    return {s['name']: s for s in document['snapshots']}


def the_list_of_snapshots_is_as_documented():
    off = snapshots('off')
    expect_equal([(s['name'], s.get('parent'), s['description'], s['kind'], s['state'], s['current']) for s in off.values()],
                 [('s1', None, 'the s1', 'disk-only', 'shutoff', False), ('s2', 's1', 'the s2', 'disk-only', 'shutoff', False),
                  ('s3', 's2', 'the s3', 'disk-only', 'shutoff', True)], 'the snapshots of “off”')
    expect_equal([(d['target'], d['location'], d['missing']) for d in off['s1']['disks']],
                 [('vda', 'external', False), ('vdb', 'external', False)], 'the disks of s1')
    expect_equal(off['s1']['disks'][0]['image'], LAB.path('off-vda.qcow2'), 'the frozen image')
    expect(off['s1']['disks'][0]['allocation'] > 1 << 20, 'its allocation', off['s1'])

    awake = snapshots('awake')
    expect_equal([(s['kind'], s['state']) for s in awake.values()], [('memory', 'running'), ('disk-only', 'disk-snapshot')], 'kinds')
    expect(os.path.exists(awake['m1']['memory-file']), 'the memory is there', awake)
    expect('memory-file' not in awake['d1'], 'no memory', awake)

    inner = snapshots('inner')
    expect_equal([(s['kind'], s['disks'][0]['location'], s['disks'][0]['image']) for s in inner.values()],
                 [('internal', 'internal', LAB.path('inner-vda.qcow2'))] * 2, 'internal ones')
    expect_equal(snapshots('raw'), {}, 'a machine without any')


def the_list_in_words_has_them_all():
    table = ctl('snapshot', 'list', 'off').out
    expect_equal(len(table.splitlines()), 4, 'a heading and three lines', table)
    tree = ctl('snapshot', 'list', 'off', '--tree').out.splitlines()
    expect_equal([line.strip(' ╰├─│').split(' ')[0] for line in tree], ['s1', 's2', 's3', '◉'], 'the tree')
    expect_words(ctl('snapshot', 'list', 'raw', '--tree').out, 'raw', 'no snapshots')


def findings(*argv):
    document = ctl('--json', *argv).document
    expect_equal(document['outcome'], 'done', f'{argv}')
    for finding in document['findings']:
        expect_members(finding, 'a finding', {'code': str, 'message': str, 'hint': str, 'mendable': bool}, {'name': str})
        expect(finding['code'] in FINDINGS, 'a code that is not documented', finding)
    words = ctl(*argv).out
    expect_words(words, *(f['message'] for f in document['findings']))
    expect(document['findings'] or 'Nothing is the matter.' in words, 'no word of it', words)
    return document['findings']


def chain_and_check_are_as_documented():
    document = ctl('--json', 'chain', 'off', '--check').document
    expect_equal(set(document), {'outcome', 'name', 'disks', 'findings'}, 'the document')
    for disk in document['disks']:
        expect_members(disk, 'a disk', {'target': str, 'chain': list})
        expect_equal(len(disk['chain']), 4, 'its layers')
        for image in disk['chain']:
            expect_members(image, 'an image', {'path': str, 'format': str, 'capacity': int, 'allocation': int, 'missing': bool,
                                                'state': str},
                           {'pool': str, 'problem': str, 'data-file': str})
            expect_equal((image['format'], image['pool'], image['capacity']), ('qcow2', 'default', 8 << 20), 'an image')
    expect_equal(set(ctl('--json', 'chain', 'off').document), {'outcome', 'name', 'disks'}, 'without --check')
    findings('chain', 'off', '--check')


def what_the_doctor_finds_is_as_documented():
    expect_equal(findings('doctor', 'inner'), [], 'nothing is the matter with “inner”')
    expect_equal({f['code'] for f in findings('doctor', 'off')}, {'native-unsafe'}, 'a thin clone stands on s1')

    ctl('snapshot', 'delete', 'off', 's1')
    codes = {f['code']: f for f in findings('doctor', 'off')}
    expect_equal(set(codes), {'joint', 'native-unsafe'}, 'a joint')
    expect_equal(codes['joint']['name'], 'off', 'whose')
    expect_equal(snapshots('off')['s1']['kind'], 'joint', 'and in the list')
    expect_words(ctl('snapshot', 'list', 'off', '--tree').out, 's1  (joint')
    ends(3, 'refused', ['snapshot', 'revert', 'off', 's1'], ['clone', 'create', 'off', 'x', '--snapshot', 's1'])

    os.remove(snapshots('awake')['m1']['memory-file'])
    expect_equal({f['code'] for f in findings('doctor', 'awake')}, {'memory-missing'}, 'the memory is gone')
    ends(3, 'refused', ['snapshot', 'revert', 'awake', 'm1'])

    LAB.run('qemu-img', 'snapshot', '-c', 'nobody', LAB.path('inner-vda.qcow2'))
    LAB.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', LAB.path('inner-vda.qcow2'), '-F', 'qcow2', LAB.path('stray.qcow2'))
    LAB.virsh('pool-refresh', 'default')
    codes = {f['code']: f for f in findings('doctor')}
    expect({'orphan', 'orphan-tag', 'joint', 'memory-missing'} <= set(codes), 'the whole host', codes)
    expect('name' not in codes['orphan'], 'it is nobody’s', codes['orphan'])


def the_doctor_mends():
    LAB.virsh('snapshot-delete', 'inner', 'i2', '--metadata')
    os.remove(LAB.path('stray.qcow2'))
    LAB.run('qemu-img', 'snapshot', '-d', 'nobody', LAB.path('inner-vda.qcow2'))
    path = os.path.join(LAB.dir, 'snapshot.xml')
    document = ET.fromstring(LAB.virsh('snapshot-dumpxml', 'off', 's2').out)
    for disk in document.iterfind('.//disk'):
        for below in disk.findall('backingStore'):
            disk.remove(below)
    ET.ElementTree(document).write(path)
    LAB.virsh('snapshot-create', 'off', path, '--redefine')
    found = [f for f in findings('doctor', 'off') if 's2' in f['message']]
    expect(found and all(f['mendable'] for f in found), 'it can be mended', found)
    done = ctl('--json', 'doctor', 'off', '--repair').document
    expect_members(done, 'the document of a job', {'outcome': str, 'job': str, 'title': str, 'created': list}, {'notes': list})
    expect_equal((done['outcome'], done['created']), ('done', []), 'outcome, and what was made')
    expect_equal([f for f in findings('doctor', 'off') if 's2' in f['message']], [], 'what is left')


if __name__ == '__main__':
    try:
        run([starts, *PLANNED, what_is_not_there_is_1, a_wrong_command_line_is_2, what_is_in_the_way_is_3,
             what_stops_on_its_way_is_4_and_goes_on,
             the_list_of_snapshots_is_as_documented, the_list_in_words_has_them_all, chain_and_check_are_as_documented,
             what_the_doctor_finds_is_as_documented, the_doctor_mends])
    finally:
        LAB.close()
