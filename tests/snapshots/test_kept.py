#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A return to a snapshot that is taken back after it stopped a running guest. The guest's memory was kept before: it goes on from
that, and where it can't, what was kept stays. The guest writes into its memory when it was booted, so that one boot is told from
another."""

import json
import os
import re
import signal

from held_jobs import clear, find_step, go_on, hold, is_there, journals, kill_rollback, lab, let_go, no_job_left, records, stop
from strata_lab import disk_xml
from strata_tap import expect, expect_equal, expect_words, isolated, run

# xor ax, ax; mov ds, ax; rdtsc; mov [0x9000], eax; then it sleeps for ever.
BOOT_SECTOR = bytes([0x31, 0xC0, 0x8E, 0xD8, 0x0F, 0x31, 0x66, 0xA3, 0x00, 0x90, 0xF4, 0xEB, 0xFD]).ljust(510, b'\0') + b'\x55\xaa'
refused = lab.refused
GOES_ON = 'goes on from its memory'
AS_BEFORE = 'Everything is as it was.'
LOST = 'was started anew: what was in its memory is lost'


def memory():
    """What the guest wrote when it was booted."""
    words = lab.virsh('qemu-monitor-command', '--hmp', 'vm', 'xp /1xw 0x9000').out
    return int(re.search(r': (0x[0-9a-f]+)', words).group(1), 16)


def booted(before=0):
    """Waits until the guest has written; what it did."""
    lab.wait_until(lambda: memory() not in (0, before), 'the guest boots', 60)
    return memory()


def guest(*first, disks=1):
    """A guest that runs, with a snapshot s1 of it before, or one that FIRST makes; what it has in its memory."""
    base = lab.machine('vm', disks=disks)
    sector = os.path.join(lab.dir, 'sector')
    with open(sector, 'wb') as file:
        file.write(BOOT_SECTOR)
    lab.run('qemu-io', '-f', 'qcow2', '-c', f'write -s {sector} 0 512', base)
    lab.write('vm', 0x11)
    if not first:
        lab.strata('snapshot', 'create', 'vm', 's1')
    lab.virsh('start', 'vm')
    there = booted()
    if first:
        lab.strata('snapshot', 'create', 'vm', 's1', *first)
    return there


def number():
    return lab.virsh('domid', 'vm').out.strip()


def files():
    return sorted(os.listdir(lab.images))


def expect_back(there, before, state='running'):
    """The guest has its memory THERE, and nothing of the job is left of the files BEFORE."""
    expect_equal(lab.state('vm'), state, 'the state')
    expect_equal(memory(), there, 'what is in the memory')
    expect_equal(lab.snapshots('vm'), ['s1'], 'the snapshots')
    expect_equal(files(), before, 'the files')
    if state == 'running':
        lab.virsh('suspend', 'vm')  # QEMU writes out what it knows of the image
        lab.virsh('resume', 'vm')
    lab.run('qemu-img', 'check', '-U', '-q', lab.source('vm'))
    no_job_left()


def read(value, offset='8M'):
    path = lab.source('vm')
    lab.virsh('destroy', 'vm', check=False)
    expect_words(lab.run('qemu-io', '-r', '-f', 'qcow2', '-c', f'read -P {value} {offset} 64k', path).out, 'read 65536/65536')


def revert(*extra):
    return 'snapshot', 'revert', 'vm', 's1', *(extra or ('--save-current', 'kept'))


def a_guest_that_was_never_stopped():
    there = guest()
    before, run_before = files(), number()
    job = stop(*revert(), kind='snapshot-create')
    result = lab.strata('job', 'rollback', job)
    expect_words(result.out, AS_BEFORE)
    expect_back(there, before)
    expect_equal(number(), run_before, 'which run it is')


def a_guest_that_was_stopped():
    """By a process that was killed then, or later."""
    for kind in ('snapshot-create', 'shut-down', 'define', 'snapshot-define'):
        there = guest()
        before, definition = files(), lab.virsh('dumpxml', '--inactive', 'vm').out
        job = stop(*revert(), kind=kind, done=True)
        expect_equal(lab.state('vm'), 'shut off', 'the state')
        result = lab.strata('job', 'rollback', job)
        expect_words(result.out, GOES_ON)
        expect(AS_BEFORE not in result.out, 'not everything is as it was', result)
        expect_back(there, before)
        expect_equal(lab.virsh('dumpxml', '--inactive', 'vm').out, definition, 'the definition')
        expect_equal(lab.source('vm'), lab.source('vm', '--inactive'), 'the disk')
        lab.clear()


def nothing_is_known_of_the_stop():
    """The process was killed before it could write down that it was done."""
    there = guest()
    before = files()
    lab.strata('job', 'rollback', stop(*revert(), kind='shut-down', begun=True, done=True))
    expect_back(there, before)


def a_guest_whose_return_is_cancelled():
    there = guest()
    before = files()
    process = hold(*revert(), kind='define')
    process.send_signal(signal.SIGINT)
    status, text = let_go(process)
    expect_equal(status, 130, text)
    expect_words(text, GOES_ON)
    expect('everything is as it was' not in text, 'not everything is as it was', text)
    expect_back(there, before)


def a_return_that_fails():
    there = guest('--description', 'with memory')
    before = files()
    process = hold(*revert(), kind='restore')
    file = lab.path('vm.s1.mem')
    os.rename(file, file + '.away')
    status, text = let_go(process)
    expect_equal(status, 1, text)
    expect_words(text, 'vm.s1.mem', GOES_ON)
    expect(AS_BEFORE not in text, 'not everything is as it was', text)
    os.rename(file + '.away', file)
    expect_back(there, before)


def a_guest_that_stood_still():
    there = guest()
    before = files()
    lab.virsh('suspend', 'vm')
    result = lab.strata('job', 'rollback', stop(*revert(), kind='define'))
    expect_equal(result.out.strip(), AS_BEFORE, 'what it said')
    expect_back(there, before, 'paused')
    lab.virsh('resume', 'vm')
    expect_equal(lab.state('vm'), 'running', 'the state')


def what_is_done_after_the_keeping():
    """The guest is stopped as its state is kept. What it writes when its person starts it all the same isn't in what was kept, and the memory
    doesn't go with it."""
    def starts():
        lab.virsh('start', 'vm')
        lab.write('vm', 0x22)

    def starts_and_stops():
        starts()
        lab.virsh('destroy', 'vm')

    def starts_paused():
        lab.virsh('start', 'vm', '--paused')

    def writes():
        lab.write('vm', 0x22)

    def saves():
        starts()
        lab.virsh('save', 'vm', lab.path('vm.save'))

    guest()
    process = hold(*revert(), kind='snapshot-create', done=True)
    expect_equal(lab.state('vm'), 'shut off', 'the guest whose state was kept')
    starts()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    lab.strata('job', 'rollback', os.path.basename(journals()[0])[:-len('.journal')])
    read(0x22)
    lab.clear()

    states = {starts: 'running', starts_paused: 'paused'}
    for kind, extra in (('external', ()), ('internal', ('--internal',))):
        for act, word in ((starts, 'started'), (starts_paused, 'started'), (starts_and_stops, 'written to'), (writes, 'written to'), (saves, 'written to')):
            what = f'{kind}, {act.__name__}'
            guest()
            if extra:
                lab.strata('snapshot', 'create', 'vm', 'i1', *extra)
            process = hold('snapshot', 'revert', 'vm', 'i1' if extra else 's1', '--save-current', 'kept', kind='shut-down')
            expect_equal(lab.state('vm'), 'shut off', f'the guest that is to be stopped, {what}')
            act()
            status, said = let_go(process)
            expect_equal((status, lab.state('vm')), (1, states.get(act, 'shut off')), what, said)
            expect_words(said, word)
            expect('as it was' not in said.lower() or 'else' in said, f'not everything is as it was, {what}', said)
            expect('kept' in lab.snapshots('vm'), f'what was kept stays, {what}', said)
            if act is saves:
                lab.virsh('restore', lab.path('vm.save'))
                os.remove(lab.path('vm.save'))
            if act is not starts_paused:
                read(0x22)
            lab.clear()


def a_guest_that_another_brought_to_life():
    """It runs from a memory, and on the very disks; which isn't what the job kept."""
    def saves_and_starts():
        lab.virsh('start', 'vm')
        booted(there)
        lab.virsh('managedsave', 'vm')
        lab.virsh('start', 'vm')

    def goes_back():
        lab.virsh('snapshot-revert', 'vm', 's1')

    for extra, act in (((), saves_and_starts), (('--internal',), saves_and_starts), (('--internal',), goes_back)):
        for kind in ('snapshot-create', 'shut-down'):
            there = guest(*extra)
            lab.virsh('reset', 'vm')
            there = booted(there)
            job = stop(*revert(), kind=kind, done=True)
            act()
            result = lab.strata('job', 'rollback', job)
            expect_words(result.out, 'kept', 'stays')
            expect(GOES_ON not in result.out, f'it does not go on from that, {extra}, {act.__name__}', result)
            expect('kept' in lab.snapshots('vm'), 'what was kept stays', result)
            lab.virsh('destroy', 'vm')
            lab.strata('snapshot', 'revert', 'vm', 'kept', '--discard-current')
            expect_equal(memory(), there, 'what is in the memory that was kept')
            lab.clear()


def what_was_kept_is_not_written_down():
    """libvirt stops the guest before it writes the snapshot into its list, which it can't."""
    folder = os.path.join(lab.env['HOME'], '.config/libvirt/qemu/snapshot/vm')
    for extra in ((), ('--internal',)):
        there = guest(*extra)
        os.chmod(folder, 0o500)
        refused = lab.ctl(*revert())
        os.chmod(folder, 0o700)
        expect_equal(refused.status, 1, 'the return', refused)
        expect(AS_BEFORE not in refused.err, 'not everything is as it was', refused)
        if extra:
            expect_equal(lab.state('vm'), 'shut off', 'the guest whose memory is in its image')
            expect_words(refused.err, 'vm', 'kept', 'doesn’t list')
            expect_words(lab.run('qemu-img', 'snapshot', '-l', lab.source('vm')).out, 'kept')
        else:
            expect_words(refused.err, GOES_ON)
            expect_equal((lab.state('vm'), memory()), ('running', there), 'the guest')
        lab.clear()


def what_was_kept_is_out_of_the_list():
    """Its memory is there all the same."""
    there = guest()
    before = files()
    job = stop(*revert(), kind='snapshot-create', done=True)
    lab.virsh('snapshot-delete', 'vm', 'kept', '--metadata')
    expect_words(lab.strata('job', 'rollback', job).out, GOES_ON)
    expect_back(there, before)


def another_run_of_the_guest():
    """The job was killed while it took a snapshot, and the guest was booted since, suspended and resumed."""
    there = guest()
    job = stop('snapshot', 'create', 'vm', 'kept', kind='snapshot-create', begun=True, done=True)
    lab.virsh('destroy', 'vm')
    lab.virsh('start', 'vm')
    booted(there)
    lab.virsh('suspend', 'vm')
    lab.virsh('resume', 'vm')
    expect_words(lab.strata('job', 'rollback', job).out, 'kept', 'stays')
    expect_equal(lab.snapshots('vm'), ['kept', 's1'], 'the snapshots')


def a_host_that_tells_no_times():
    """Of a volume of a group, for one: then nothing can be held against what was noted."""
    there = guest('--internal')
    before = files()
    job = stop(*revert(), kind='snapshot-create', done=True)
    path = journals()[0]
    lines = records(path)
    noted = [line['results'] for line in lines if any(key.startswith('stopped:') for key in line.get('results', {}))]
    expect(noted, 'when the images were written last is noted', lines)
    for results in noted:
        results.update({key: '' for key in results if key.startswith('stopped:')})
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(line) + '\n' for line in lines)
    expect_words(lab.strata('job', 'rollback', job).out, GOES_ON)
    expect_back(there, before)


def a_guest_that_its_person_shut_down():
    """Before anything of it was kept. It stays off, which isn't as it was."""
    guest()
    job = stop(*revert(), kind='snapshot-create', begun=True)
    lab.virsh('destroy', 'vm')
    before = files()
    result = lab.strata('job', 'rollback', job)
    expect_words(result.out, '“vm”, which was on, is off')
    expect(AS_BEFORE not in result.out, 'not everything is as it was', result)
    expect_equal((lab.state('vm'), lab.snapshots('vm'), files()), ('shut off', ['s1'], before), 'what is left')
    read(0x11)


def a_guest_that_another_suspended():
    """Whoever suspended it after the plan was made, to copy its disk for one, finds it so when the job is cancelled."""
    there = guest()
    before = files()
    process = hold(*revert(), kind='snapshot-create')
    lab.virsh('suspend', 'vm')
    while not is_there('snapshot-create', 0, True):
        expect(go_on(process), 'it ended before the state was kept')
    process.send_signal(signal.SIGINT)
    status, text = let_go(process)
    expect_equal((status, lab.state('vm')), (130, 'paused'), 'the guest that was suspended', text)
    expect_back(there, before, 'paused')


def the_way_back_is_killed():
    """Wherever: the next one ends the same."""
    point, over = 1, False
    while not over:
        there = guest()
        before = files()
        job = stop(*revert(), kind='snapshot-define')
        over = kill_rollback(job, point)
        if not over:
            lab.strata('job', 'rollback', job)
        expect_back(there, before)
        lab.clear()
        point += 1
    expect(point > 4, 'it was never killed', point)


def a_guest_is_brought_back_once():
    """Its person works with it after a way back that was killed, and shuts it down: that is the present by then."""
    point, killed = 1, 0
    while True:
        guest()
        job = stop(*revert(), kind='snapshot-create', done=True)
        over = kill_rollback(job, point)
        if not over and lab.state('vm') == 'running':
            killed += 1
            lab.virsh('destroy', 'vm')
            lab.virsh('start', 'vm')
            lab.write('vm', 0x22)
            lab.virsh('destroy', 'vm')
            lab.strata('job', 'rollback', job)
            expect_equal(lab.state('vm'), 'shut off', f'the machine that was shut down, {point}')
            read(0x22)
        lab.clear()
        clear()
        if over:
            break
        point += 1
    expect(killed > 0, 'it was never killed after the guest was back')


def a_guest_is_brought_back_once_though_its_second_disk_fails():
    """The first way back comes as far as the first disk; then its person works with it, and shuts it down."""
    guest(disks=2)
    second = lab.virsh('domblklist', 'vm').out.split()[3]
    job = stop(*revert(), kind='snapshot-create', done=True)
    os.chmod(second, 0o400)
    stuck = lab.ctl('job', 'rollback', job)
    expect_equal((stuck.status, lab.state('vm')), (4, 'running'), 'the first way back', stuck)
    lab.virsh('destroy', 'vm')
    os.chmod(second, 0o600)
    lab.virsh('start', 'vm')
    lab.write('vm', 0x22)
    lab.virsh('destroy', 'vm')
    lab.strata('job', 'rollback', job)
    expect_equal(lab.state('vm'), 'shut off', 'the machine that was shut down')
    read(0x22)


def a_way_back_that_fails_at_first():
    """Who goes on by libvirt's own revert has not what was kept."""
    for extra in ((), ('--internal',)):
        path = disc()
        add_drive('vm', drive('cdrom', 'hda', 'ide', path))
        lab.virsh('start', 'vm')
        lab.strata('snapshot', 'create', 'vm', 's1', *extra)
        process = hold(*revert(), kind='snapshot-create', done=True)
        os.rename(path, path + '.away')
        process.send_signal(signal.SIGINT)
        status, text = let_go(process)
        expect_equal((status, lab.state('vm')), (4, 'shut off'), 'the first way back', text)
        os.rename(path + '.away', path)
        job = os.path.basename(journals()[0])[:-len('.journal')]
        lab.virsh('snapshot-revert', 'vm', 's1', *(() if extra else ('--running',)))
        result = lab.ctl('job', 'rollback', job)
        expect('kept' in lab.snapshots('vm'), 'what was kept stays', result)
        expect(GOES_ON not in result.out, 'it does not go on from that', result)
        lab.clear()
        clear()


def the_way_back_is_killed_before_it_says_so():
    """The guest goes on already, and the journal doesn't know it."""
    there = guest()
    before = files()
    job = stop(*revert(), kind='define')
    path = journals()[0]
    step = find_step(records(path), 'shut-down', 0)
    point = 1
    while {'event': 'clear', 'step': step} not in [{k: r.get(k) for k in ('event', 'step')} for r in records(path)]:
        kill_rollback(job, point)
        point += 1
        expect(point < 9 and os.path.exists(path), 'the stop was never undone')
    with open(path, encoding='utf-8') as file:
        lines = file.readlines()
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(line for line in lines if f'"event":"clear","step":{step}' not in line.replace(' ', ''))
    run_before = number()
    expect_words(lab.strata('job', 'rollback', job).out, GOES_ON)
    expect_equal(number(), run_before, 'which run it is')
    expect_back(there, before)


def nothing_was_kept():
    there = guest()
    result = lab.strata('job', 'rollback', stop(*revert('--discard-current'), kind='define'))
    expect_words(result.out, 'vm', LOST)
    expect(AS_BEFORE not in result.out, 'not everything is as it was', result)
    expect(booted(there) != there, 'it was not booted')
    no_job_left()


def a_guest_of_which_a_template_is_made():
    """The job itself starts it again, as it was, once its disks are read; also when it is taken back after that."""
    for state in ('running', 'paused'):
        guest()
        if state == 'paused':
            lab.virsh('suspend', 'vm')
        making = 'template', 'create', 'vm', '--copy', '--no-seal', '--force-off', '--name', 't'
        result = lab.strata('job', 'rollback', stop(*making, kind='start', done=True))
        expect_words(result.out, 'vm', LOST)
        expect_equal(lab.state('vm'), state, 'the state when it was taken back')
        lab.strata(*making)
        expect_equal(lab.state('vm'), state, 'the state in the end')
        lab.virsh('undefine', 't')
        lab.clear()


def a_guest_whose_disk_another_came_to_stand_on():
    """While it is off another client puts a machine on its disk: whether the job ends or is taken back, it stays off."""
    making = 'template', 'create', 'vm', '--copy', '--no-seal', '--force-off', '--name', 't'
    for back in (False, True):
        guest()
        process = hold(*making, kind='start')
        thin = lab.overlay(lab.path('thin.qcow2'), lab.source('vm'))
        lab.define_on('other', thin)
        before = lab.bytes(thin)
        if back:
            process.send_signal(signal.SIGINT)
        status, text = let_go(process)
        expect_equal(status, 130 if back else 0, text)
        expect_words(text, '“vm” stays off', '“other”')
        expect_equal((lab.state('vm'), lab.bytes(thin)), ('shut off', before), 'the machine, and what the other reads')
        lab.made = lab.names()
        lab.clear()


def a_guest_that_is_defined_with_other_disks():
    """It would be stopped on the one, and the template made of the other: neither when the plan is made, nor later."""
    guest()
    number_before, was = number(), lab.virsh('dumpxml', 'vm', '--inactive').out
    other = was.replace(lab.source('vm'), lab.make_disk('other.qcow2', data='1M'))
    process = hold('template', 'create', 'vm', '--copy', '--no-seal', '--force-off', '--name', 't', kind='shut-down')
    before = files()
    lab.define_xml(other)
    status, text = let_go(process)
    expect_equal(status, 1, text)
    expect_words(text, 'vda', 'other.qcow2', 'Shut it down first', AS_BEFORE)
    expect_equal((number(), files()), (number_before, before), 'which run it is, and the files')
    no_job_left()
    for options in (['--copy', '--force-off'], ['--copy', '--shut-down', '--timeout', '2'], ['--convert', '--force-off']):
        lab.refused('template', 'create', 'vm', '--no-seal', '--name', 't', *options, words=['vda', 'other.qcow2'])
    expect_words(lab.strata('snapshot', 'create', 'vm', 's2', '--dry-run').out, 'runs with other disks', 'vda', 'other.qcow2')
    lab.define_xml(was.replace('</devices>', disk_xml(lab.make_disk('more.qcow2'), target='vdh') + '</devices>'))
    lab.refused('template', 'create', 'vm', '--copy', '--force-off', '--no-seal', '--name', 't', words=['vdh', 'more.qcow2', 'not there'])
    expect_equal((number(), lab.names()), (number_before, ['vm']), 'which run it is, and the machines')


def a_guest_that_its_person_started():
    """What was kept of it stays, and can be returned to."""
    there = guest()
    job = stop(*revert(), kind='shut-down', done=True)
    lab.virsh('start', 'vm')
    booted(there)
    lab.write('vm', 0x33, '9M')
    result = lab.strata('job', 'rollback', job)
    expect_words(result.out, 'kept', 'stays')
    expect(AS_BEFORE not in result.out, 'not everything is as it was', result)
    expect_equal((lab.snapshots('vm'), lab.current('vm')), (['kept', 's1'], 'kept'), 'the snapshots')
    expect_equal(lab.ctl('doctor').out.strip(), 'Nothing is the matter.', 'what the doctor says')
    no_job_left()
    lab.strata('snapshot', 'revert', 'vm', 'kept', '--save-current', 'then')
    expect_equal((lab.state('vm'), memory()), ('running', there), 'the guest that was kept')


def a_guest_that_its_person_started_and_stopped():
    there = guest()
    job = stop(*revert(), kind='shut-down', done=True)
    lab.virsh('start', 'vm')
    booted(there)
    lab.write('vm', 0x33, '9M')
    lab.virsh('destroy', 'vm')
    result = lab.strata('job', 'rollback', job)
    expect_words(result.out, 'stays off', 'kept')
    expect_equal((lab.state('vm'), lab.snapshots('vm'), lab.current('vm')), ('shut off', ['kept', 's1'], 'kept'), 'the machine')
    read(0x33, '9M')
    no_job_left()


def what_was_kept_cannot_be_read():
    """Nothing of it is deleted; when it can be read again, the guest goes on."""
    there = guest()
    before = files()
    job = stop(*revert(), kind='define')
    file = lab.path('vm.kept.mem')
    os.rename(file, file + '.away')
    with open(file, 'wb') as empty:
        empty.write(b'\0' * 4096)
    result = lab.ctl('job', 'rollback', job)
    expect_equal(result.status, 4, 'the exit status', result)
    expect_words(result.err, 'vm', 'kept')
    expect_equal((lab.state('vm'), lab.snapshots('vm')), ('shut off', ['kept', 's1']), 'the machine')
    os.rename(file + '.away', file)
    lab.strata('job', 'rollback', job)
    expect_back(there, before)


def a_guest_that_is_kept_inside_of_its_image():
    there = guest('--internal')
    before = files()
    lab.virsh('reset', 'vm')
    there = booted(there)
    job = stop(*revert(), kind='shut-down', done=True)
    result = lab.strata('job', 'rollback', job)
    expect_words(result.out, GOES_ON)
    expect_back(there, before)
    lab.clear()

    there = guest('--internal')
    before = files()
    result = lab.strata('job', 'rollback', stop(*revert(), kind='snapshot-create'))
    expect_equal(result.out.strip(), AS_BEFORE, 'what it said')
    expect_back(there, before)


def a_snapshot_of_a_guest_that_was_booted_since():
    """The job that takes it was killed; its memory is that of a guest that is no more."""
    there = guest()
    job = stop('snapshot', 'create', 'vm', 'kept', kind='settle')
    lab.virsh('destroy', 'vm')
    lab.virsh('start', 'vm')
    booted(there)
    expect_words(lab.strata('job', 'rollback', job).out, 'kept', 'stays')
    expect_equal(lab.snapshots('vm'), ['kept', 's1'], 'the snapshots')
    expect(os.path.exists(lab.path('vm.kept.mem')), 'the memory is gone')


def drive(device, target, bus, file=None, optional=False):
    source = f"<source file='{file}'{' startupPolicy=' + chr(39) + 'optional' + chr(39) if optional else ''}/>" if file else ''
    return f"""<disk type='file' device='{device}'><driver name='qemu' type='raw'/>{source}<target dev='{target}' bus='{bus}'/></disk>"""


def add_drive(vm, text):
    lab.define_xml(lab.virsh('dumpxml', '--inactive', vm).out.replace('</devices>', text + '</devices>'))


def disc():
    """A machine with a disc in its drive; the disc's file."""
    lab.machine('vm')
    path = os.path.join(lab.dir, 'cd.iso')
    with open(path, 'wb') as file:
        file.truncate(1 << 20)
    return path


def take_out(path):
    lab.virsh('change-media', 'vm', 'hda', '--eject', '--live', '--config')
    os.remove(path)


def a_disc_that_is_gone():
    """The guest isn't stopped for what can't be done."""
    for kind in ((), ('--internal',)):
        path = disc()
        add_drive('vm', drive('cdrom', 'hda', 'ide', path))
        lab.virsh('start', 'vm')
        lab.strata('snapshot', 'create', 'vm', 's1', *kind)
        take_out(path)
        run_before = number()
        for extra in ((), ('--discard-current',)):
            refused('snapshot', 'revert', 'vm', 's1', *extra, words=('cd.iso', 'hda', 's1'))
        expect_equal((lab.state('vm'), number(), lab.snapshots('vm')), ('running', run_before, ['s1']), 'the machine')
        if not kind:
            lab.strata('snapshot', 'revert', 'vm', 's1', '--off')
            expect_equal(lab.state('vm'), 'shut off', 'the state')
        lab.clear()

    path = disc()
    add_drive('vm', drive('cdrom', 'hda', 'ide', path, optional=True))
    lab.virsh('start', 'vm')
    lab.strata('snapshot', 'create', 'vm', 's1')
    take_out(path)
    lab.strata('snapshot', 'revert', 'vm', 's1')
    expect_equal(lab.state('vm'), 'running', 'the state')


def a_disc_that_goes_meanwhile():
    for kind in ((), ('--internal',)):
        path = disc()
        add_drive('vm', drive('cdrom', 'hda', 'ide', path))
        lab.virsh('start', 'vm')
        lab.strata('snapshot', 'create', 'vm', 's1', *kind)
        lab.virsh('change-media', 'vm', 'hda', '--eject', '--live', '--config')
        run_before = number()
        process = hold(*revert(), kind='snapshot-create')
        os.remove(path)
        status, text = let_go(process)
        expect_equal(status, 1, text)
        expect_words(text, 'cd.iso', AS_BEFORE)
        expect_equal((lab.state('vm'), number(), lab.snapshots('vm')), ('running', run_before, ['s1']), 'the machine')
        no_job_left()
        lab.clear()


def a_floppy_drive():
    """libvirt takes no internal snapshot then, and doesn't let one be changed."""
    for run_it in (False, True):
        lab.machine('vm')
        add_drive('vm', drive('floppy', 'fda', 'fdc'))
        lab.write('vm', 0x11)
        lab.internal('vm', 's1')
        if run_it:
            lab.virsh('start', 'vm')
        lab.write('vm', 0x22)
        refused('snapshot', 'create', 'vm', 'i1', '--internal', words=('vm', 'floppy'))
        refused(*revert(), words=('vm', 'floppy', 's1'))
        lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
        read(0x11)
        lab.clear()


def a_floppy_drive_that_was_added():
    """The state is kept in another kind."""
    for run_it in (False, True):
        lab.machine('vm')
        lab.write('vm', 0x11)
        lab.internal('vm', 's1')
        add_drive('vm', drive('floppy', 'fda', 'fdc'))
        if run_it:
            lab.virsh('start', 'vm')
        lab.write('vm', 0x22)
        lab.strata(*revert())
        expect_equal(lab.snapshots('vm'), ['kept', 's1'], 'the snapshots')
        read(0x11)
        lab.strata('snapshot', 'revert', 'vm', 'kept', '--discard-current', '--off')
        read(0x22)
        lab.clear()


try:
    lab.start()
    run([isolated(test, clear) for test in (
        a_guest_that_was_never_stopped, a_guest_that_was_stopped, nothing_is_known_of_the_stop, a_guest_whose_return_is_cancelled,
        a_return_that_fails, a_guest_that_stood_still, what_is_done_after_the_keeping, a_host_that_tells_no_times, a_guest_that_its_person_shut_down,
        a_guest_that_another_suspended, a_guest_that_another_brought_to_life, what_was_kept_is_not_written_down,
        what_was_kept_is_out_of_the_list, another_run_of_the_guest, the_way_back_is_killed, a_guest_is_brought_back_once,
        a_guest_is_brought_back_once_though_its_second_disk_fails, a_way_back_that_fails_at_first,
        the_way_back_is_killed_before_it_says_so, nothing_was_kept,
        a_guest_of_which_a_template_is_made, a_guest_whose_disk_another_came_to_stand_on,
        a_guest_that_is_defined_with_other_disks, a_guest_that_its_person_started,
        a_guest_that_its_person_started_and_stopped, what_was_kept_cannot_be_read, a_guest_that_is_kept_inside_of_its_image,
        a_snapshot_of_a_guest_that_was_booted_since,
        a_disc_that_is_gone, a_disc_that_goes_meanwhile, a_floppy_drive, a_floppy_drive_that_was_added)])
finally:
    lab.close()
