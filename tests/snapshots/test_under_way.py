#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt is in the middle of a snapshot or a shutdown of the machine, for a client that may be gone. What is true of the machine is about
to change: nothing is taken back, taken up or repaired by what it was before."""

import os
import subprocess
import time

from held_jobs import clear, journals, lab, no_job_left
from strata_tap import expect, expect_equal, expect_words, isolated, run

BLOB = 64 << 20


def start():
    """Memory is saved as it is by default, and packed, so that it takes its time."""
    folder = os.path.join(lab.env['HOME'], '.config/libvirt')
    os.makedirs(folder)
    with open(os.path.join(folder, 'qemu.conf'), 'w', encoding='utf-8') as file:
        file.write('snapshot_image_format = "gzip"\n')
    with open(os.path.join(lab.dir, 'blob'), 'wb') as file:
        file.write(os.urandom(BLOB))
    lab.start()


def machine(vm='vm'):
    """One that runs, with something in its memory."""
    path = lab.make_disk(f'{vm}.qcow2', data='1M')
    lab.made.append(vm)
    lab.define_xml(f'''<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>{vm}</name>
      <memory unit='MiB'>320</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
      <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/><target dev='vda' bus='virtio'/></disk>
      <memballoon model='none'/></devices><qemu:commandline><qemu:arg value='-device'/>
      <qemu:arg value='loader,file={lab.dir}/blob,addr=0x8000000,force-raw=on'/></qemu:commandline></domain>''')
    lab.virsh('start', vm)
    lab.write(vm, 1)
    return path


def memory_files():
    return [name for name in os.listdir(lab.images) if name.endswith('.mem') and os.path.getsize(lab.path(name)) > 0]


def is_at_work(vm='vm'):
    return 'None' not in lab.virsh('domjobinfo', vm).out


def wait_for_save(before=()):
    lab.wait_until(lambda: set(memory_files()) - set(before), 'the memory is being saved')


def wait_for_rest(vm='vm'):
    lab.wait_until(lambda: not is_at_work(vm) and lab.state(vm) == 'running', 'libvirt has finished', seconds=120)


def killed_while_it_saves(*argv):
    """The job; libvirt goes on."""
    before = memory_files()
    process = lab.popen(*argv)
    wait_for_save(before)
    process.kill()
    process.communicate()
    expect(is_at_work(), 'libvirt is at work')
    return os.path.basename(journals()[0])[:-len('.journal')]


def a_snapshot_that_is_still_taken_is_not_taken_back():
    """Once it is there it is, with what the guest wrote since."""
    base = machine()
    job = killed_while_it_saves('snapshot', 'create', 'vm', 's1')
    refused = lab.ctl('job', 'rollback', job)
    expect_equal(refused.status, 3, 'while it is taken', refused)
    expect_words(refused.err, 'busy', 'snapshot', 'domjobinfo')
    expect('as it was' not in refused.err + refused.out, 'nothing was taken back', refused)
    wait_for_rest()
    expect(lab.source('vm') != base and os.path.exists(lab.source('vm')), 'it runs on the overlay')
    lab.write('vm', 2)
    done = lab.ctl('job', 'rollback', job)
    expect_equal(done.status, 0, 'when libvirt has finished', done)
    expect_equal((lab.source('vm'), lab.snapshots('vm'), memory_files()), (base, [], []), 'what is left')
    lab.virsh('destroy', 'vm')
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'read -P 2 8M 64k', base)
    no_job_left()


def a_snapshot_that_is_still_taken_is_not_done():
    base = machine()
    job = killed_while_it_saves('snapshot', 'create', 'vm', 's1')
    refused = lab.ctl('job', 'resume', job)
    expect_equal(refused.status, 3, 'while it is taken', refused)
    expect_words(refused.err, 'busy', 'domjobinfo')
    wait_for_rest()
    done = lab.ctl('job', 'resume', job)
    expect_equal(done.status, 0, 'when libvirt has finished', done)
    expect_equal(lab.snapshots('vm'), ['s1'], 'the snapshots')
    expect(lab.source('vm') != base, 'it runs on the overlay')
    no_job_left()


def a_present_that_is_still_kept_is_not_taken_back():
    machine()
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    lab.write('vm', 2)
    top = lab.source('vm')
    job = killed_while_it_saves('snapshot', 'revert', 'vm', 's1')
    refused = lab.ctl('job', 'rollback', job)
    expect_equal(refused.status, 3, 'while it is kept', refused)
    lab.wait_until(lambda: lab.state('vm') == 'shut off', 'libvirt has kept it, and stopped it', seconds=120)
    done = lab.ctl('job', 'rollback', job)
    expect_equal(done.status, 0, 'when libvirt has finished', done)
    expect_words(done.out, 'goes on from its memory')
    expect_equal((lab.source('vm'), lab.snapshots('vm'), lab.state('vm')), (top, ['s1'], 'running'), 'where it is')
    lab.write('vm', 3)
    lab.virsh('destroy', 'vm')
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'read -P 3 8M 64k', top)
    no_job_left()


def a_guest_that_is_ended_while_its_present_is_kept():
    """By its owner: it isn't started anew, and what was not kept is not said to be."""
    machine()
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    top = lab.source('vm')
    process = lab.popen('snapshot', 'revert', 'vm', 's1')
    wait_for_save()
    lab.virsh('destroy', 'vm')
    said = ''.join(process.communicate(timeout=120))
    expect_equal((process.returncode, lab.state('vm')), (1, 'shut off'), 'what became of it', said)
    expect('as it was' not in said.lower() or 'else' in said, 'not everything is as it was', said)
    expect_equal((lab.source('vm'), lab.snapshots('vm'), memory_files()), (top, ['s1'], []), 'what is left')
    no_job_left()


def a_snapshot_that_another_takes_is_not_repaired_away():
    machine()
    virsh = subprocess.Popen(['virsh', '-q', 'snapshot-create-as', 'vm', 's1', '--memspec', f'file={lab.path("vm.s1.mem")}',
                              '--diskspec', f'vda,snapshot=external,file={lab.path("vm.s1")}'], env=lab.env)
    wait_for_save()
    doctor = lab.ctl('--json', 'doctor')
    codes = [finding['code'] for finding in doctor.document['findings'] if finding.get('machine', 'vm') == 'vm']
    expect_equal(codes, ['busy'], 'what doctor finds meanwhile', doctor)
    lab.ctl('doctor', '--repair', 'vm')
    refused = lab.ctl('snapshot', 'delete', 'vm', 's1', '--metadata-only')
    expect(is_at_work(), 'libvirt is still at work')
    expect_equal(refused.status, 3, 'its deletion', refused)
    expect_words(refused.err, 'busy', 'domjobinfo')
    expect_equal(virsh.wait(120), 0, 'virsh')
    expect_equal(lab.snapshots('vm'), ['s1'], 'the snapshots')
    expect_equal(lab.ctl('--json', 'doctor').document['findings'], [], 'what doctor finds in the end')


def a_guest_that_was_asked_to_shut_down():
    """It may do so when nobody waits for it any more."""
    machine()
    ended = lab.ctl('template', 'create', 'vm', '--name', 't', '--copy', '--no-seal', '--shut-down', '--timeout', '1')
    expect_equal((ended.status, lab.state('vm')), (1, 'running'), 'how it ended', ended)
    expect_words(ended.err, 'asked to shut down')
    expect('Everything is as it was' not in ended.err, 'what it says', ended)
    process = lab.popen('template', 'create', 'vm', '--name', 't', '--copy', '--no-seal', '--shut-down')
    lab.wait_until(lambda: journals(), 'the job has begun')
    time.sleep(1)
    process.kill()
    process.communicate()
    job = os.path.basename(journals()[0])[:-len('.journal')]
    done = lab.ctl('job', 'rollback', job)
    expect_equal(done.status, 0, 'it is taken back', done)
    expect_words(done.out + done.err, 'asked to shut down')
    expect('Everything is as it was' not in done.out + done.err, 'what it says', done)


if __name__ == '__main__':
    try:
        run([start, *(isolated(test, clear) for test in (
            a_snapshot_that_is_still_taken_is_not_taken_back, a_snapshot_that_is_still_taken_is_not_done,
            a_present_that_is_still_kept_is_not_taken_back,
         a_guest_that_is_ended_while_its_present_is_kept, a_snapshot_that_another_takes_is_not_repaired_away,
            a_guest_that_was_asked_to_shut_down))])
    finally:
        lab.close()
