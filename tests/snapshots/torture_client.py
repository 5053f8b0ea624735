# SPDX-License-Identifier: GPL-3.0-or-later
"""Another client of torture.py's host: virsh, qemu-img and a second stratactl, which act while stratactl is held between two of its
steps, and whenever they like. What they were promised is read from the host at the moment they did it."""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

from torture_host import LIMIT, run
from torture_model import ANY, Machine, Snapshot
from torture_world import DISK, DOMAIN, POOL

MOST_MACHINES = 20


@dataclass
class Act:
    """What the client did. CHANGE: does the same to a model."""

    words: str
    change: Callable


def nothing(_model):
    pass


class Client:
    def __init__(self, operations):
        self.operations = operations
        self.host = operations.host
        self.checker = operations.checker
        self.made = 0

    def act(self, rng, machine):
        """One to three things, to MACHINE or to another one; a list of Acts."""
        table = [(5, self.clone), (3, self.clone_of_a_layer), (3, self.external), (3, self.internal), (2, self.define_over),
                 (3, self.start), (2, self.destroy), (2, self.undefine), (2, self.rebase), (2, self.drop_metadata),
                 (2, self.commit_by_hand), (1, self.transient), (5, self.second)]
        acts = []
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            target = machine.name if rng.random() < 0.65 else rng.choice(list(self.operations.model.machines))
            action = rng.choices([a for _, a in table], [w for w, _ in table])[0]
            if target not in self.host.names():
                continue
            self.made += 1
            try:
                done = action(rng, target)
            except RuntimeError as error:
                if 'lock' not in str(error):
                    raise
                done = Act(f'{action.__name__.replace("_", " ")} of {target} [refused by a lock]', nothing)
            if done is not None:
                acts.append(done)
        return acts

    # Tools

    def _name(self, letter):
        return f'{letter}{self.operations.number}n{self.made}'

    def _see(self, name):
        return self.host.look([name])[name]

    def _virsh(self, *argv):
        """(whether it did it, the words)."""
        done = self.host.virsh(*argv, check=False)
        words = 'virsh ' + ' '.join(argv)
        return done.returncode == 0, words if done.returncode == 0 else f'{words} [refused]'

    def _learn(self, disk, tag=None):
        """What a guest reads there now. What can't be read now is not promised."""
        try:
            return self.checker.content(disk, tag)
        except (OSError, RuntimeError):
            return None

    # What it does

    def clone(self, rng, name):
        """A thin clone of a machine that is off, with qemu-img and virsh alone."""
        seen = self._see(name)
        if seen.state != 'off' or len(self.operations.model.machines) >= MOST_MACHINES:
            return None
        return self._clone_of(name, list(seen.inactive_disks.values()))

    def clone_of_a_layer(self, rng, name):
        """The same of what an external snapshot froze."""
        seen = self._see(name)
        frozen = [list(d for t, d in s.domain.items() if s.disks.get(t) == 'external') for s in seen.snapshots.values()]
        frozen = [disks for disks in frozen if disks and all(os.path.exists(d.path) for d in disks)]
        if not frozen or len(self.operations.model.machines) >= MOST_MACHINES:
            return None
        return self._clone_of(name, rng.choice(frozen))

    def _clone_of(self, name, disks):
        new, text, tips = self._name('n'), '', {}
        if any(d.transient for d in disks):
            return None
        for disk in disks:
            path = os.path.join(self.host.folders[0], f'{new}-{disk.target}.qcow2')
            run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', disk.path, '-F', disk.format, path)
            text += DISK.format(format='qcow2', path=path, target=disk.target)
            made = type(disk)(disk.target, path, 'qcow2', [], False)
            tips[disk.target] = self._learn(made)
            if tips[disk.target] is None:
                return None
        self.host.define(DOMAIN.format(name=new, disks=text))

        def change(model):
            model.machines[new] = Machine(new, dict(tips), is_clone=True)

        return Act(f'qemu-img and virsh: {new}, a thin clone of {name} ({", ".join(os.path.basename(d.path) for d in disks)})', change)

    def external(self, rng, name):
        seen, new = self._see(name), self._name('x')
        argv = ['snapshot-create-as', name, new, '--disk-only', '--atomic']
        for target, disk in seen.disks.items():
            argv += ['--diskspec', f'{target},snapshot=external,file={os.path.dirname(disk.path)}/{name}-{target}.{new}']
        return self._snapshot(name, new, argv)

    def internal(self, rng, name):
        new = self._name('i')
        return self._snapshot(name, new, ['snapshot-create-as', name, new])

    def _snapshot(self, name, new, argv):
        did, words = self._virsh(*argv)
        if not did:
            return Act(words, nothing)
        there = self._see(name).snapshots[new]
        contents = {t: self._learn(there.domain[t], new if where == 'internal' else None) for t, where in there.disks.items()}

        def change(model):
            machine = model.machines[name]
            machine.add(Snapshot(new, ANY, dict(contents)))
            machine.current = ANY
            model.left.update(p for t in contents for p in [f'{os.path.dirname(there.domain[t].path)}/{name}-{t}.{new}'])

        return Act(words, change)

    def define_over(self, rng, name):
        text = self.host.virsh('dumpxml', '--inactive', '--security-info', name).stdout
        kib = rng.choice([16, 20, 24, 28]) * 1024
        text = re.sub(r"<(memory|currentMemory) unit='KiB'>\d+<", rf"<\1 unit='KiB'>{kib}<", text)
        self.host.define(text)
        return Act(f'virsh define {name}, with {kib} KiB of memory', nothing)

    def start(self, rng, name):
        did, words = self._virsh('start', name)
        return Act(words, self._state(name, 'running') if did else nothing)

    def destroy(self, rng, name):
        did, words = self._virsh('destroy', name)
        gone = did and name not in self.host.names()
        return Act(words, self._gone(name) if gone else self._state(name, 'off') if did else nothing)

    @staticmethod
    def _state(name, state):
        def change(model):
            model.machines[name].state = state

        return change

    def _gone(self, name):
        def change(model):
            model.machines.pop(name)

        return change

    def undefine(self, rng, name):
        """A clone's definition goes, its files stay; one that runs becomes transient."""
        machine = self.operations.model.machines.get(name)
        if machine is None or not machine.is_clone:
            return None
        did, words = self._virsh('undefine', name, '--snapshots-metadata', '--managed-save', '--nvram')
        return Act(words, self._gone(name) if did and name not in self.host.names() else nothing)

    def rebase(self, rng, name):
        """The image of a machine that is off goes onto an equal copy of its backing file."""
        seen = self._see(name)
        disk = rng.choice(list(seen.inactive_disks.values()))
        if seen.state != 'off' or disk.format != 'qcow2' or disk.chain:
            return None
        image = self.host.image(disk.path)[1]
        if image.backing is None or image.backing_format is None or not os.path.exists(image.backing):
            return None
        copy = f'{image.backing}.copy{self.operations.number}n{self.made}'
        run('cp', '--sparse=always', image.backing, copy)
        run('qemu-img', 'rebase', '-u', '-f', 'qcow2', '-b', copy, '-F', image.backing_format, disk.path)

        def change(model):
            model.left |= {copy, image.backing}

        return Act(f'qemu-img rebase -u {os.path.basename(disk.path)} onto {os.path.basename(copy)}', change)

    def drop_metadata(self, rng, name):
        seen = self._see(name)
        visible = [s for s in seen.snapshots.values() if not s.retained]
        if not visible:
            return None
        gone = rng.choice(visible)
        # libvirt 9.0 takes the overlays for merged, and says so in the documents of those that were taken on them.
        if self.host.uri == os.environ.get('STRATA_OLD_HOST_URI') and any(
                disk.path in gone.overlays.values() for other in seen.snapshots.values() if other is not gone
                for disk in other.images()):
            return None
        did, words = self._virsh('snapshot-delete', name, gone.name, '--metadata')
        if not did:
            return Act(words, nothing)
        files = self.operations.files_of(seen)

        def change(model):
            model.machines[name].remove(gone.name)
            model.machines[name].current = ANY
            model.left |= files

        return Act(words, change)

    def commit_by_hand(self, rng, name):
        """What backup scripts do: a snapshot, and its overlay committed again, which leaves the snapshot on the live disk."""
        seen = self._see(name)
        target, disk = rng.choice(list(seen.disks.items()))
        if seen.state != 'running' or disk.transient:
            return None
        new = self._name('h')
        overlay = f'{os.path.dirname(disk.path)}/{name}-{target}.{new}'
        argv = ['snapshot-create-as', name, new, '--disk-only', '--atomic', '--diskspec', f'{target},snapshot=external,file={overlay}']
        for other in seen.disks:
            argv += ['--diskspec', f'{other},snapshot=no'] if other != target else []
        made = self._snapshot(name, new, argv)
        if made.change is nothing:
            return made
        did, words = self._virsh('blockcommit', name, target, '--active', '--shallow', '--pivot', '--wait')
        if did and os.path.exists(overlay):
            os.remove(overlay)
        return Act(f'{made.words}; {words}', made.change)

    def transient(self, rng, name):
        """A machine that libvirt forgets when it ends, on an image of its own."""
        if len(self.operations.model.machines) >= MOST_MACHINES:
            return None
        new = self._name('t')
        path = os.path.join(self.host.folders[0], f'{new}-vda.qcow2')
        run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '8M')
        run('qemu-io', '-f', 'qcow2', '-c', 'write -P 0x77 1M 1M', path)
        content = bytes(256) + b'\x77' * 256 + bytes(8 * 256 - 512)
        xml = os.path.join(self.host.folders[0], 'create.xml')
        with open(xml, 'w', encoding='utf-8') as file:
            file.write(DOMAIN.format(name=new, disks=DISK.format(format='qcow2', path=path, target='vda')))
        did, words = self._virsh('create', xml)
        os.remove(xml)

        def change(model):
            model.left.add(path)
            if did:
                model.machines[new] = Machine(new, {'vda': content}, state='running', is_clone=True)

        return Act(words, change)

    def second(self, rng, name):
        """A second stratactl, of the same user or another one."""
        return self.operations.second(name)


class BusyPool:
    """While it stands, the pool builds a volume and refuses to be refreshed."""

    def __init__(self, host):
        self.host, self.process, self.builder = host, None, None

    def __enter__(self):
        new = 'busy.qcow2'
        self.process = subprocess.Popen(['virsh', '-q', '-c', self.host.uri, 'vol-clone', '--pool', POOL, 'slow.qcow2', new],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.builder is None and self.process.poll() is None:
            self.builder = self._find(os.path.join(self.host.folders[0], new))
        if self.builder is not None:
            os.kill(self.builder, signal.SIGSTOP)
        return self

    def end(self):
        """It goes on."""

    @staticmethod
    def _find(path):
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/cmdline', 'rb') as file:
                    words = file.read().split(b'\0')
            except OSError:
                continue
            if words[0].endswith(b'qemu-img') and path.encode() in words:
                return int(pid)
        return None

    def __exit__(self, *_):
        if self.builder is not None:
            try:
                os.kill(self.builder, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.process.wait(timeout=LIMIT)
        self.host.virsh('vol-delete', '--pool', POOL, 'busy.qcow2', check=False)


class StoppedPool:
    def __init__(self, host):
        self.host = host

    def __enter__(self):
        self.host.virsh('pool-destroy', POOL, check=False)
        return self

    def end(self):
        """It goes on."""

    def __exit__(self, *_):
        self.host.virsh('pool-start', POOL, check=False)


class AwayFolder:
    """Storage that is unplugged for a while."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        os.rename(self.folder, self.folder + '.away')
        os.mkdir(self.folder)
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if not os.path.isdir(self.folder + '.away'):
            return
        for name in os.listdir(self.folder):   # what was made meanwhile goes where it was meant to be
            os.rename(os.path.join(self.folder, name), os.path.join(self.folder + '.away', name))
        os.rmdir(self.folder)
        os.rename(self.folder + '.away', self.folder)


def is_stopped(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0] == 'T'
    except OSError:
        return False


def wait_stopped(process, limit=LIMIT):
    """Whether PROCESS stopped itself, before it ended."""
    end = time.monotonic() + limit
    while process.poll() is None and time.monotonic() < end:
        if is_stopped(process.pid):
            return True
        time.sleep(0.01)
    return False
