#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real guest goes back to where its memory was kept, goes on from there, and notices nothing of what is merged below it.

STRATA_LAB_GUEST names a bootable Debian image (tests/lab makes one)."""

import base64
import json
import os
import shutil
import time

from strata_lab import Lab
from strata_tap import Skip, expect, expect_equal, run

GUEST = os.environ.get('STRATA_LAB_GUEST', '')
HERE = os.path.dirname(os.path.abspath(__file__))
VM = 'web-base'
BOOT = 400      # seconds, under emulation on a busy machine
SLACK = 10      # seconds that clocks may be apart

LAB = Lab()
KNOWN = {}


# The guest, by its agent

def agent(command, **arguments):
    message = json.dumps({'execute': command, 'arguments': arguments})
    answer = LAB.virsh('qemu-agent-command', VM, '--timeout', '20', message, check=False)
    return json.loads(answer.out)['return'] if answer.status == 0 else None


def ask(script):
    """Runs SCRIPT in the guest; returns what it prints."""
    started = agent('guest-exec', path='/bin/sh', arg=['-c', script], **{'capture-output': True})
    expect(started is not None, f'the agent does not answer to “{script}”')
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        status = agent('guest-exec-status', pid=started['pid'])
        if status is not None and status['exited']:
            text = base64.b64decode(status.get('out-data', '')).decode()
            expect_equal(status['exitcode'], 0, f'“{script}”', text, base64.b64decode(status.get('err-data', '')).decode())
            return text.strip()
        time.sleep(0.2)
    raise AssertionError(f'the guest does not come to an end with “{script}”')


def answers(seconds=60):
    LAB.wait_until(lambda: agent('guest-ping') is not None, 'the agent answers', seconds)


def uptime():
    return float(ask('cat /proc/uptime').split()[0])


def write(name):
    """A file on the disk, and one of that name in memory."""
    KNOWN[name] = ask(f'head -c 3000000 /dev/urandom >/root/{name}; sync; echo {name} >/run/{name}; sha256sum </root/{name}')


def expect_files(*names):
    """The guest has these of all files, with the bytes that it wrote: not as it remembers them, but from its disk."""
    there = ask('echo 3 >/proc/sys/vm/drop_caches; cd /root; for i in one two three four; do [ ! -e $i ] || echo "$i $(sha256sum <$i)"; done')
    expect_equal(dict(line.split(' ', 1) for line in there.splitlines()), {n: KNOWN[n] for n in names}, 'the files on the disk')
    there = ask('cd /run; ls one two three four 2>/dev/null || true')
    expect_equal(set(there.split()), set(names), 'the files in memory')


def expect_goes_on():
    """It is the same boot, and time goes by."""
    expect_equal(LAB.virsh('domstate', VM).out.strip(), 'running', 'the state')
    expect_equal(ask('cat /proc/sys/kernel/random/boot_id'), KNOWN['boot'], 'which boot it is')
    first = uptime()
    time.sleep(1.5)
    expect(uptime() > first + 0.5, 'its time stands still')


def ctl(*argv):
    result = LAB.ctl(*argv, timeout=300)
    expect_equal(result.status, 0, f'stratactl {" ".join(argv)}', result)
    return result


def revert(*argv):
    """Goes back; returns how many seconds ago that was begun, and the guest's uptime."""
    begin = time.monotonic()
    ctl('snapshot', 'revert', VM, *argv)
    answers()
    up = uptime()
    took = time.monotonic() - begin
    print(f'# {" ".join(argv)}: up {up:.1f} s, {took:.1f} s after the revert was begun', flush=True)
    return took, up


# What happens

def a_guest_boots():
    if not os.path.exists(GUEST):
        raise Skip('STRATA_LAB_GUEST names no guest')
    LAB.start()
    disk = LAB.path('web-base.qcow2')
    shutil.copyfile(GUEST, disk)
    os.chmod(disk, 0o600)
    LAB.virsh('pool-refresh', 'default')
    with open(os.path.join(HERE, '../lab/web-base.xml.in'), encoding='utf-8') as file:
        LAB.define_xml(file.read().replace('@TYPE@', 'qemu').replace('@DISK@', disk))
    LAB.virsh('start', VM)
    answers(BOOT)
    KNOWN['boot'] = ask('cat /proc/sys/kernel/random/boot_id')
    write('one')
    expect_files('one')


def need_guest():
    if 'boot' not in KNOWN:
        raise Skip('there is no guest')


def its_memory_is_kept():
    need_guest()
    KNOWN['up at m1'] = uptime()
    begin = time.monotonic()
    ctl('snapshot', 'create', VM, 'm1')
    print(f'# {time.monotonic() - begin:.1f} s', flush=True)
    snapshot, = LAB.ctl('--json', 'snapshot', 'list', VM).document['snapshots']
    expect_equal((snapshot['kind'], snapshot['state']), ('memory', 'running'), 'the snapshot')
    expect(os.path.getsize(snapshot['memory-file']) > 10 << 20, 'its memory is too small', snapshot)
    expect_goes_on()
    write('two')
    ctl('snapshot', 'create', VM, 'd1', '--disk-only')
    write('three')
    expect_files('one', 'two', 'three')
    expect_goes_on()


def it_goes_back():
    need_guest()
    KNOWN['up before'] = uptime()
    took, up = revert('m1', '--save-current', 'kept')
    KNOWN['revert took'] = took
    expect(KNOWN['up at m1'] <= up <= KNOWN['up at m1'] + took + SLACK, 'the uptime is not that of the snapshot', KNOWN, up)
    expect_goes_on()
    expect_files('one')
    write('four')
    expect_files('one', 'four')


def it_comes_back_to_what_was_kept():
    need_guest()
    took, up = revert('kept', '--discard-current')
    expect(KNOWN['up before'] <= up <= KNOWN['up before'] + KNOWN['revert took'] + took + SLACK,
           'the uptime is not that of the snapshot', KNOWN, up)
    expect_goes_on()
    expect_files('one', 'two', 'three')


def it_runs_while_snapshots_below_it_are_deleted():
    need_guest()
    ask('nohup sh -c "while :; do date >>/root/log; sync; sleep 0.2; done" >/dev/null 2>&1 &')
    for name in ('d1', 'm1', 'kept'):
        before, lines = uptime(), int(ask('wc -l </root/log'))
        begin = time.monotonic()
        ctl('snapshot', 'delete', VM, name)
        print(f'# {name}: {time.monotonic() - begin:.1f} s', flush=True)
        expect(uptime() >= before, 'it went back')
        expect_goes_on()
        expect(int(ask('wc -l </root/log')) > lines, 'it does not write any more')
        expect_files('one', 'two', 'three')
    expect_equal(LAB.ctl('--json', 'snapshot', 'list', VM).document['snapshots'], [], 'the snapshots')
    expect_equal(len(os.listdir(LAB.images)), 1, 'the files', os.listdir(LAB.images))


def its_disk_is_sound_and_boots():
    need_guest()
    agent('guest-shutdown')
    LAB.wait_until(lambda: LAB.virsh('domstate', VM).out.strip() == 'shut off', 'it is off', 120)
    LAB.run('qemu-img', 'check', '-q', LAB.path(os.listdir(LAB.images)[0]))
    LAB.virsh('start', VM)
    answers(BOOT)
    expect(ask('cat /proc/sys/kernel/random/boot_id') != KNOWN['boot'], 'it is another boot')
    there = ask('cd /root; for i in one two three; do echo "$i $(sha256sum <$i)"; done')
    expect_equal(dict(line.split(' ', 1) for line in there.splitlines()), {n: KNOWN[n] for n in ('one', 'two', 'three')}, 'the files')
    expect_equal(ask('dmesg | grep -ciE "ext4-fs error|i/o error" || true'), '0', 'errors that the kernel saw')


if __name__ == '__main__':
    try:
        run([a_guest_boots, its_memory_is_kept, it_goes_back, it_comes_back_to_what_was_kept,
             it_runs_while_snapshots_below_it_are_deleted, its_disk_is_sound_and_boots])
    finally:
        LAB.close()
