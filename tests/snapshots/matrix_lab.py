# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for test_matrix.py: machines whose every disk, snapshot and clone is known by the hash of what a guest sees there."""

import hashlib
import os
import re
import tempfile

from native_lab import NativeLab
from strata_lab import DOMAIN, disk_xml
from strata_tap import expect
from torture_checks import Checker
from torture_host import Host, run
from torture_model import Machine, Model

SIZE = '64M'
CHUNK = 4096
ZEROS = bytes(CHUNK)


def digest(path):
    """A hash of a raw image that reads only what is no hole, and is the same wherever the holes are."""
    found = hashlib.sha256()
    with open(path, 'rb') as file:
        end = os.fstat(file.fileno()).st_size
        found.update(b'%d' % end)
        at = 0
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA) // CHUNK * CHUNK
            except OSError:
                break
            hole = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            file.seek(at)
            while at < hole:
                data = file.read(CHUNK)
                if data != ZEROS[:len(data)]:
                    found.update(b'%d ' % at + data)
                at += CHUNK
    return found.hexdigest()


class Hashes(Checker):
    """Compares the hashes of contents. What was read once is not read again as long as no file of its chain changed."""

    def _compare(self, what, path, kind, tag, content, explicit=None):
        try:
            key = (tuple(self.host.chain(path, kind)), tag)
            if key not in self._read:
                self._read[key] = self._hash(path, kind, tag)
        except (OSError, RuntimeError) as error:
            return f'{what}: cannot be read: {error}', content
        got = self._read[key]
        if content is not None and got != content:
            return f'{what}: holds other bytes than it did ({path}{", tag " + tag if tag else ""})', content
        return None, got

    def learn(self, path):
        """The hash of an image that nobody has an opinion on."""
        complaint, content = self._compare(path, path, self.host.image(path)[1].format, None, None)
        expect(complaint is None, complaint)
        return content

    def _hash(self, path, kind, tag):
        # Another run may have this one's number in a namespace of its own.
        handle, out = tempfile.mkstemp(prefix='matrix-', dir=self.scratch)
        os.close(handle)
        how = ['-l', f'snapshot.name={tag}'] if tag is not None else []
        try:
            run('qemu-img', 'convert', '-U', '-f', kind, '-O', 'raw', *how, path, out)
            return digest(out)
        finally:
            if os.path.exists(out):
                os.remove(out)


class MatrixLab(NativeLab):
    """Knows in MODEL what has to be there."""

    def start(self):
        super().start()
        # What virsh and qemu-img the torture's part runs are to find the same daemon.
        os.environ.update(self.env)
        self.eye = Host(self.env['LIBVIRT_DEFAULT_URI'], [self.images])
        self.checker = Hashes(self.eye, '/dev/shm' if os.access('/dev/shm', os.W_OK) else self.dir)
        self.model = Model()
        self.writes = 0

    def title(self):
        """What the host is."""
        words = self.virsh('version', '--daemon').out
        versions = [re.search(rf'{what} (\d+\.\d+)', words).group(1) for what in ('daemon:', 'hypervisor: QEMU')]
        return 'libvirt {} and QEMU {}'.format(*versions)

    def add_machine(self, name, state, fmt='qcow2', disks=2):
        """A blank machine that is off, paused or running, with its disks in a pool."""
        suffix = 'img' if fmt == 'raw' else 'qcow2'
        paths = {f'vd{"ab"[i]}': self.make_disk(f'{name}-vd{"ab"[i]}.{suffix}', fmt, SIZE) for i in range(disks)}
        self.virsh('pool-refresh', self.pool)
        self.define_xml(DOMAIN.format(name=name, disks=''.join(disk_xml(p, t, fmt) for t, p in paths.items())))
        self.made.append(name)
        self.model.machines[name] = Machine(name, {target: None for target in paths})
        self.bring(name, state)

    def bring(self, name, state):
        """Starts a machine that is off, if STATE wants that."""
        if state != 'off':
            self.virsh('start', name, *(['--paused'] if state == 'paused' else []))
        self.model.machines[name].state = state

    def drop_clone(self, name):
        """A clone goes, with its own files."""
        self.virsh('destroy', name, check=False)
        self.virsh('undefine', name)
        del self.model.machines[name]
        for entry in os.scandir(self.images):
            if entry.name.startswith(f'{name}-'):
                os.remove(entry.path)

    def write(self, name):
        """The guest writes to every disk: over what it wrote before, zeros among it, and where nothing was; and the model learns
        what is there now."""
        self.writes += 1
        machine = self.model.machines[name]
        sources = self.sources(name)
        for number, target in enumerate(sorted(sources)):
            value = (2 * self.writes + number) % 255 + 1
            commands = [f'write -P {value} 0 192k', 'write -z 64k 64k' if self.writes % 2 else f'write -P {value ^ 1} 64k 64k',
                        f'write -P {value} {self.writes % 60 + 1}M 64k', 'flush']
            if machine.state == 'off':
                path = sources[target]
                run('qemu-io', '-f', self.eye.image(path)[1].format, *(w for c in commands for w in ('-c', c)), path)
            else:
                drives = [self.eye.drive(name, f'virtio-disk{number}', command) for command in commands]
                # While it stands still QEMU may not hold its disks: after memory was saved they might be another host's.
                self.eye.batch(drives if machine.state == 'running' else [f'resume {name}', *drives, f'suspend {name}'])
        for target, path in sources.items():
            before, machine.tips[target] = machine.tips[target], self.checker.learn(path)
            expect(machine.tips[target] != before, f'{name} could not write')

    def sources(self, name):
        """target: the image that the machine is on."""
        return dict(line.split() for line in self.virsh('domblklist', name).out.splitlines() if line.strip())

    def check(self, settled=None):
        """Fails if anything is not as the model has it. SETTLED: a machine whose snapshots Strata has just changed. Returns what
        was seen."""
        seen = self.eye.look(list(self.model.machines))
        self.eye.flush(seen)
        wrong = [*self.checker.domains(self.model), *self.checker.tree(self.model, seen),
                 *self.checker.bytes_of(self.model, seen), *self.checker.chains(seen), *self.checker.strays(self.model, seen)]
        if settled is not None:
            wrong += self.checker.settled(settled, seen[settled])
        expect(not wrong, '\n'.join([*wrong, *self.describe(seen)]))
        return seen

    def describe(self, seen):
        """What is there, for whoever has to find out what went wrong."""
        for name, there in seen.items():
            yield f'{name} ({there.state}), current snapshot {there.current}'
            for target, disk in there.disks.items():
                yield f'  {target}: {disk.path}, by its definition on {disk.chain}'
            for snapshot in there.snapshots.values():
                yield f'  {snapshot.name} on {snapshot.parent}, {snapshot.state}{", retained" if snapshot.retained else ""}'
                for target, where in snapshot.disks.items():
                    disk = snapshot.domain[target]
                    yield f'    {target} {where}: {disk.path} on {disk.chain}, overlay {snapshot.overlays.get(target)}'
        for path in sorted(self.eye.files()):
            image = self.eye.image(path)[1]
            yield f'{path} on {image.backing}, tags {sorted(image.tags)}'

    def clear(self):
        self.made = list({*self.made, *self.model.machines})
        self.model = Model()
        super().clear()
