# SPDX-License-Identifier: GPL-3.0-or-later
"""What does it cost to delete a snapshot where one of the two layers that merge is large and the other small?

The data of the layers does not overlap, so what has been moved is what the image that stays has grown by."""

import json
import os
import shutil
import statistics
import subprocess

from bench_lab import MIB, report, run, timed

LARGE = int(os.environ.get('STRATA_BENCH_LARGE', '2048'))  # MiB
SMALL = 10
ROUNDS = 3
NAME = 'skew'


def write(path, start, mebibytes):
    """START, like the length, is in MiB; what is written can be told from zeros, and cannot be made smaller."""
    for at in range(start, start + mebibytes, 512):
        length = min(512, start + mebibytes - at)
        run('qemu-io', '-f', 'qcow2', '-c', f'write -q -P {at // 512 + 1} {at}M {length}M', path)


def read(path, start, mebibytes):
    length = min(512, mebibytes)
    output = run('qemu-io', '-r', '-U', '-f', 'qcow2', '-c', f'read -P {start // 512 + 1} {start}M {length}M', path)
    if 'failed' in output:
        raise RuntimeError(f'{path} lost what was written at {start} MiB')


def allocation(path):
    os.sync()
    return os.stat(path).st_blocks * 512


class Chain:
    """A VM with one snapshot, of which copies are made: FROZEN MiB below it and NEW MiB above."""

    def __init__(self, lab, frozen, new):
        self.lab = lab
        self.frozen, self.new = frozen, new
        self.base, self.overlay = lab.path(NAME + '.qcow2'), lab.path(NAME + '.s1.qcow2')
        run('qemu-img', 'create', '-q', '-f', 'qcow2', self.base, f'{2 * LARGE + 512}M')
        write(self.base, 0, frozen)
        lab.define(NAME, self.base)
        run('virsh', '-q', 'snapshot-create-as', NAME, 's1', '--disk-only', '--diskspec', f'vda,file={self.overlay}')
        write(self.overlay, LARGE, new)
        self.definition = run('virsh', 'dumpxml', NAME)
        self.snapshot = run('virsh', 'snapshot-dumpxml', NAME, 's1')
        # Elsewhere, where nobody looks: Strata would keep the frozen image for a second overlay that stands on it.
        self.kept = lab.path('kept')
        os.mkdir(self.kept)
        for path in (self.base, self.overlay):
            shutil.move(path, self.kept)
        run('virsh', '-q', 'undefine', NAME, '--snapshots-metadata')

    def put(self, running):
        for path in (self.base, self.overlay):
            shutil.copy(os.path.join(self.kept, os.path.basename(path)), path)
            os.chmod(path, 0o600)
        for text, command in ((self.definition, ['define']),
                              (self.snapshot, ['snapshot-create', '--redefine', '--current', '--domain', NAME])):
            path = self.lab.path('document.xml')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            run('virsh', '-q', *command, path)
        if running:
            run('virsh', '-q', 'start', NAME)

    def remove(self):
        subprocess.run(['virsh', '-q', 'destroy', NAME], stderr=subprocess.DEVNULL, check=False)
        run('virsh', '-q', 'undefine', NAME)
        for path in (self.base, self.overlay):
            if os.path.exists(path):
                os.unlink(path)

    def survivor(self):
        """The one image that the VM has now, when it has been looked at whether everything is in it."""
        path = run('virsh', '-q', 'domblklist', NAME).split()[1]
        if 'backing-filename' in json.loads(run('qemu-img', 'info', '-U', '--output=json', path)):
            raise RuntimeError(f'{path} still stands on something')
        read(path, 0, self.frozen)
        read(path, LARGE, self.new)
        return path

    def measure(self, running, *command):
        """(seconds, bytes moved)"""
        self.put(running)
        before = {path: allocation(path) for path in (self.base, self.overlay)}
        seconds = timed(run, *command)
        path = self.survivor()
        moved = allocation(path) - before[path]
        self.remove()
        return seconds, moved

    def forget(self):
        shutil.rmtree(self.kept)


def bench_skew(lab):
    rivals = {'stratactl snapshot delete': ('stratactl', 'snapshot', 'delete', NAME, 's1'),
              'virsh snapshot-delete': ('virsh', '-q', 'snapshot-delete', NAME, 's1')}
    for frozen, new in ((LARGE, SMALL), (SMALL, LARGE)):
        chain = Chain(lab, frozen, new)
        for running in (False, True):
            results = {name: [] for name in rivals}
            for _ in range(ROUNDS):
                for name, command in rivals.items():
                    results[name].append(chain.measure(running, *command))
            rows = []
            for name, pairs in results.items():
                moved = statistics.median(pair[1] for pair in pairs) / MIB
                rows.append((f'{name}: {moved:.0f} MB moved', [pair[0] for pair in pairs]))
            report(f'Deleting a snapshot with {frozen} MB frozen below it and {new} MB written since, VM '
                   + ('running' if running else 'off'), rows)
        chain.forget()
