#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of template deploy come to inside a real guest. The template isn't sealed and
nothing is booted but the appliance, twice: once by stratactl, once to look."""

import os

from strata_lab import DOMAIN, Lab, disk_xml, sha256
from strata_tap import Skip, expect, expect_equal, expect_words, run

GUEST = os.environ.get('STRATA_LAB_GUEST')
SECRET = 'correct-horse-battery'

lab = Lab()


def read(name, paths):
    """Files of a clone that is off."""
    disk, = lab.ctl('--json', 'show', name).document['machine']['disks']
    commands = [f'download {path} {lab.dir}/read-{i}' for i, path in enumerate(paths)]
    lab.run('guestfish', '--ro', '--format=qcow2', '-a', disk['path'], '-i',
            stdin='\n'.join(commands) + '\n', timeout=300)
    texts = []
    for i in range(len(paths)):
        with open(f'{lab.dir}/read-{i}', encoding='utf-8') as file:
            texts.append(file.read())
    return texts


def make_machine():
    disk = lab.path('web-vda.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', GUEST, '-F', 'qcow2', disk)
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(disk)))


def write(name, text):
    path = os.path.join(lab.dir, name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def clones_are_fitted_out():
    if not GUEST or not os.path.exists(GUEST):
        raise Skip('$STRATA_LAB_GUEST names no guest')
    lab.start()
    make_machine()
    before = sha256(GUEST)
    result = lab.ctl('template', 'create', 'web', '--convert', '--no-seal')
    expect_equal(result.status, 0, 'template', result)

    key = os.path.join(lab.dir, 'key')
    lab.run('ssh-keygen', '-q', '-N', '', '-C', 'ann@here', '-t', 'ed25519', '-f', key)
    result = lab.ctl('--json', 'template', 'deploy', 'template-web', '--name', 'web-%02d',
                     '--count', '2', '--hostname', 'www%d', '--ssh-key', key + '.pub', '--user', 'ann',
                     '--password-file', write('password', SECRET + '\n'), '--first-boot',
                     write('first', '#!/bin/sh\necho hello > /root/hello\n'), timeout=900)
    expect_equal(result.status, 0, 'status', result)
    expect_equal(result.document['created'], ['web-01', 'web-02'], 'created', result)

    hostname, keys, shadow, script = read('web-02', [
        '/etc/hostname', '/home/ann/.ssh/authorized_keys', '/etc/shadow',
        '/var/lib/strata/first-boot'])
    expect_equal(hostname.strip(), 'www2', 'the host name')
    with open(key + '.pub', encoding='ascii') as file:
        expect(file.read().strip() in keys, 'the key', keys)
    hashed, = [line.split(':')[1] for line in shadow.splitlines() if line.startswith('ann:')]
    expect(hashed.startswith('$') and SECRET not in hashed, 'the password', hashed)
    expect_words(script, 'echo hello')
    expect_equal(sha256(GUEST), before, 'what the machine stood on')


try:
    run([clones_are_fitted_out])
finally:
    lab.close()
