# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool in which a colleague copies an image."""

import contextlib
import os
import signal
import subprocess

from strata_tap import expect


def find_child(pid, name):
    for entry in os.listdir('/proc'):
        try:
            with open(f'/proc/{entry}/stat', encoding='utf-8') as file:
                words = file.read()
        except (OSError, UnicodeDecodeError):
            continue
        if f'({name})' in words and int(words.rpartition(')')[2].split()[1]) == pid:
            return int(entry)
    return None


def hold_copy(lab, megabytes):
    """virsh, which clones a volume, and the program that does it for libvirtd, stopped; None if it was done before it was found."""
    lab.make_disk('big.qcow2', size=f'{megabytes + 56}M', data=f'{megabytes}M')
    lab.virsh('pool-refresh', 'default')
    clone = subprocess.Popen(['virsh', '-q', 'vol-clone', '--pool', 'default', 'big.qcow2', 'copy'], env=lab.env)
    while clone.poll() is None:
        maker = find_child(lab.daemon_pid(), 'qemu-img')
        if maker is not None:
            os.kill(maker, signal.SIGSTOP)
            return clone, maker
    for name in ('copy', 'big.qcow2'):
        lab.virsh('vol-delete', '--pool', 'default', name)
    return None


@contextlib.contextmanager
def busy_pool(lab):
    """An image is being made in the pool, and libvirt refuses to refresh it meanwhile; a dangling link makes every look ask for that."""
    held = None
    for megabytes in (200, 400, 800, 1600):
        held = held or hold_copy(lab, megabytes)
    expect(held is not None, 'no copy was slow enough')
    clone, maker = held
    os.symlink(lab.path('nowhere'), lab.path('dangling'))
    try:
        expect(lab.virsh('pool-refresh', 'default', check=False).status != 0, 'the pool is busy')
        yield
    finally:
        os.kill(maker, signal.SIGCONT)
        clone.wait()
        os.remove(lab.path('dangling'))
