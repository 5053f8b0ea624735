# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on a real guest, through stratactl: a VM is converted to a sealed template, two thin clones and a full
one come out of it, and the booted guests are asked who they are.

STRATA_LAB_GUEST names a bootable Debian image (tests/lab makes one)."""

import base64
import json
import os
import re
import shutil
import signal
import time

from strata_lab import Lab, sha256
from strata_tap import Skip, expect, expect_equal, expect_words, run

GUEST = os.environ.get('STRATA_LAB_GUEST', '')
HERE = os.path.dirname(os.path.abspath(__file__))
CLONES = ['web-01', 'web-02', 'solid']
APPLIANCES = 900  # seconds for a job that boots appliances, under TCG on a busy machine
BOOT = 300

LAB = Lab()
FACTS = {}


def agent(name, command, **arguments):
    message = json.dumps({'execute': command, 'arguments': arguments})
    answer = LAB.virsh('qemu-agent-command', name, '--timeout', '10', message, check=False)
    return json.loads(answer.out)['return'] if answer.status == 0 else None


def ask(name, script):
    """Runs SCRIPT in the guest; returns what it prints."""
    started = agent(name, 'guest-exec', path='/bin/sh', arg=['-c', script], **{'capture-output': True})
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        status = agent(name, 'guest-exec-status', pid=started['pid'])
        if status['exited']:
            text = base64.b64decode(status.get('out-data', '')).decode()
            error = base64.b64decode(status.get('err-data', '')).decode()
            expect_equal(status['exitcode'], 0, f'“{script}” in {name}', text, error)
            return text.strip()
        time.sleep(0.1)
    raise AssertionError(f'{name} does not come to an end with “{script}”')


def define_guest():
    if not os.path.exists(GUEST):
        raise Skip('STRATA_LAB_GUEST names no guest')
    LAB.start()
    disk = LAB.path('web-base.qcow2')
    shutil.copyfile(GUEST, disk)
    os.chmod(disk, 0o600)
    with open(os.path.join(HERE, '..', 'lab', 'web-base.xml.in'), encoding='utf-8') as file:
        LAB.define_xml(file.read().replace('@TYPE@', 'qemu').replace('@DISK@', disk))


def cancelled_while_sealing_it_is_as_it_was():
    define_guest()
    before = LAB.snapshot()
    process = LAB.popen('-v', 'template', 'create', 'web-base', '--convert', '--name', 'web')
    for line in process.stderr:
        if 'Seal' in line:
            break
    time.sleep(3)  # into the appliance's start
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    expect_equal(process.returncode, 130, 'the exit status')
    LAB.expect_unchanged(before)


def a_sealing_that_did_nothing_is_found_out_and_rolled_back():
    tools = os.path.join(LAB.dir, 'tools')
    os.mkdir(tools)
    real = shutil.which('virt-sysprep')
    path = os.path.join(tools, 'virt-sysprep')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'#!/bin/sh\ncase "$*" in *--list-operations*) exec {real} "$@";; esac\nexit 0\n')
    os.chmod(path, 0o755)
    before = LAB.snapshot()
    result = LAB.ctl('template', 'create', 'web-base', '--convert', '--name', 'web', timeout=APPLIANCES,
                     env={'PATH': tools + ':' + LAB.env['PATH']})
    expect_equal(result.status, 1, 'the exit status', result)
    expect_words(result.err, '/etc/ssh/ssh_host', 'machine-id')
    LAB.expect_unchanged(before)


def a_machine_is_converted():
    result = LAB.ctl('template', 'create', 'web-base', '--convert', '--name', 'web', timeout=APPLIANCES)
    expect_equal(result.status, 0, 'the exit status', result)
    expect_equal(LAB.names(), ['web'], 'the machine became the template')
    expect_equal(os.listdir(LAB.images), ['web-base.qcow2'], 'nothing else is left')
    expect_equal(os.stat(LAB.path('web-base.qcow2')).st_mode & 0o777, 0o400, 'the mode of the disk, which its owner alone could read')
    shown = LAB.ctl('--json', 'template', 'show', 'web').document
    text = json.dumps(shown)
    expect_words(text, 'Debian', '"is-sealed": true', 'machine-id', 'ssh-hostkeys')
    FACTS['template'] = sha256(LAB.path('web-base.qcow2'))


def two_thin_clones_and_a_full_one_are_deployed():
    LAB.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', os.path.join(LAB.dir, 'key'))
    common = ['--ssh-key', os.path.join(LAB.dir, 'key.pub'), '--start']
    thin = LAB.ctl('template', 'deploy', 'web', '--name', 'web-%02d', '--count', '2', '--hostname', 'web-%02d', *common,
                   timeout=APPLIANCES)
    expect_equal(thin.status, 0, 'the exit status', thin)
    full = LAB.ctl('template', 'deploy', 'web', '--name', 'solid', '--full', '--hostname', 'solid', *common,
                   timeout=APPLIANCES)
    expect_equal(full.status, 0, 'the exit status', full)
    refused = LAB.ctl('template', 'delete', 'web')
    expect_equal(refused.status, 3, 'the exit status', refused)
    expect_words(refused.err, 'web-01', 'web-02')
    expect('solid' not in refused.err, 'the full clone stands by itself', refused)


def the_guests_are_three():
    with open(os.path.join(LAB.dir, 'key'), encoding='utf-8') as file:
        key = file.read()
    for name in CLONES:
        LAB.wait_until(lambda n=name: agent(n, 'guest-ping') is not None, f'the agent of {name} answers', BOOT)
        LAB.wait_until(lambda n=name: 'active' == ask(n, 'systemctl is-active ssh || true'), f'sshd of {name} runs', BOOT)
        FACTS[name] = {
            'hostname': ask(name, 'hostname'),
            'machine-id': ask(name, 'cat /etc/machine-id'),
            'ed25519': ask(name, 'ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null').split()[-1],
            'rsa': ask(name, 'ssh-keyscan -t rsa 127.0.0.1 2>/dev/null').split()[-1],
            'mac': ask(name, 'cat /sys/class/net/e*/address'),
            # A real login with the key that was asked for, over sshd.
            'login': ask(name, f"umask 077; cat > /tmp/key <<'K'\n{key}K\nssh -o StrictHostKeyChecking=no -o BatchMode=yes "
                               '-i /tmp/key root@127.0.0.1 hostname'),
        }
        print(f'# {name}: {FACTS[name]}', flush=True)
        expect_equal(FACTS[name]['hostname'], name, 'the host name')
        expect_equal(FACTS[name]['login'], name, 'the login by SSH')
        expect(re.fullmatch('[0-9a-f]{32}', FACTS[name]['machine-id']), 'a machine ID', FACTS[name])
    for what in ('machine-id', 'ed25519', 'rsa', 'mac'):
        expect_equal(len({FACTS[name][what] for name in CLONES}), 3, f'each has its own {what}')


def the_template_is_as_it_was():
    for name in CLONES:
        LAB.virsh('destroy', name)
    expect_equal(sha256(LAB.path('web-base.qcow2')), FACTS['template'], 'the bytes of the template')


if __name__ == '__main__':
    try:
        run([cancelled_while_sealing_it_is_as_it_was, a_sealing_that_did_nothing_is_found_out_and_rolled_back,
             a_machine_is_converted, two_thin_clones_and_a_full_one_are_deployed, the_guests_are_three,
             the_template_is_as_it_was])
    finally:
        LAB.close()
