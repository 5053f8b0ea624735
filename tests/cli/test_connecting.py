# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are open for reading only: asked for, and where libvirt lets a user only look."""

import os
import shutil
import subprocess

from strata_lab import Lab
from strata_tap import Skip, expect, expect_equal, expect_words, isolated, run

lab = Lab()

CHANGES = [['snapshot', 'create', 'web', 's2'], ['snapshot', 'revert', 'web', 's1'], ['snapshot', 'delete', 'web', 's1'],
           ['template', 'create', 'web', '--no-seal'], ['clone', 'create', 'web', 'copy'], ['doctor', 'web', '--repair'],
           ['job', 'unlock', 'none']]


def expect_only_looking(*options):
    """Everything can be shown and nothing is changed, nor begun."""
    before = lab.snapshot()
    for argv in (['list'], ['show', 'web'], ['chain', 'web', '--check'], ['snapshot', 'list', 'web'], ['doctor'], ['job', 'list']):
        result = lab.ctl('--json', *options, *argv)
        expect_equal(result.status, 0, f'{argv}', result)
    expect_equal(lab.ctl('--json', *options, 'doctor').document['findings'], [], 'what is the matter')
    for argv in CHANGES + [['--dry-run', *CHANGES[0]]]:
        result = lab.ctl('--json', *options, *argv)
        expect_equal(result.status, 1, f'{argv}', result)
        expect_equal((result.document['outcome'], result.document['error']['code']), ('not-started', 'permission'), f'{argv}', result)
        expect_words(result.document['error']['message'], 'reading only')
        expect('job' not in result.document, f'{argv}: a job was begun', result)
    lab.expect_unchanged(before)
    expect_equal(lab.ctl('--json', 'job', 'list').document['jobs'], [], 'what was left unfinished')


def machine():
    lab.define('web')
    expect_equal(lab.ctl('snapshot', 'create', 'web', 's1').status, 0, 'a snapshot')


def it_is_opened_for_reading_only():
    machine()
    expect_only_looking('--readonly')
    result = lab.ctl('-r', *CHANGES[0])
    expect_words(result.err, '--readonly')


def who_is_refused_may_look():
    """A daemon that wants a password, which can’t be asked for, turns the first caller away; another one lets the second in."""
    libvirtd = shutil.which('libvirtd')
    if libvirtd is None:
        raise Skip('no libvirtd')
    machine()
    strict = os.path.join(lab.dir, 'strict')
    os.makedirs(strict)
    conf = os.path.join(strict, 'conf')
    with open(conf, 'w', encoding='utf-8') as file:
        file.write('auth_unix_rw = "sasl"\n')
    script = os.path.join(lab.dir, 'strict-host')
    seen = os.path.join(strict, 'seen')
    with open(script, 'w', encoding='utf-8') as file:
        file.write(f'#!/bin/sh\nsocket={lab.env["XDG_RUNTIME_DIR"]}/libvirt/libvirt-sock\n'
                   f'[ -e {seen} ] || socket={strict}/libvirt/libvirt-sock\n: >{seen}\nexec socat - UNIX-CONNECT:$socket\n')
    os.chmod(script, 0o755)
    with subprocess.Popen([libvirtd, '--config', conf, '--timeout', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env=dict(lab.env, XDG_RUNTIME_DIR=strict, XDG_CONFIG_HOME=strict, XDG_CACHE_HOME=strict)) as daemon:
        try:
            lab.wait_until(lambda: os.path.exists(f'{strict}/libvirt/libvirt-sock'), 'its socket')
            uri = f'qemu+ext://far/session?command={script}'
            result = lab.ctl('-c', uri, 'list')
            expect_equal(result.status, 0, 'looking', result)
            expect_words(result.out, 'web')
            os.remove(seen)
            result = lab.ctl('--json', '-c', uri, *CHANGES[0])
            expect_equal((result.status, result.document['error']['code']), (1, 'permission'), 'changing', result)
            expect_words(result.document['error']['message'], 'reading only', 'auth')
            expect_words(result.document['error']['hint'], 'group “libvirt”')
        finally:
            daemon.terminate()


def clear():
    for name in lab.names():
        lab.virsh('undefine', '--snapshots-metadata', name)
    lab.clear()


def the_host_is_there():
    lab.start()


try:
    run([the_host_is_there, *(isolated(test, clear) for test in [it_is_opened_for_reading_only, who_is_refused_may_look])])
finally:
    lab.close()
