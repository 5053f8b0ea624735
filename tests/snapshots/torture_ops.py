# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of torture.py: each chooses what to do at random, does it, and says what has to be true then."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field

from torture_host import LIMIT, run
from torture_model import CHUNK, MIB, Machine, Snapshot, grown, written
from torture_world import write

MOST_SNAPSHOTS = 7
MOST_CLONES = 3
LARGEST = 32 * MIB


@dataclass
class Outcome:
    """CANDIDATES: the models of which one has to be true, most likely first. SETTLED: the machine whose snapshots Strata
    has changed with success."""

    what: str
    result: str
    candidates: list
    kind: str = ''
    message: str = ''
    settled: str | None = None


@dataclass
class Answer:
    status: int
    document: dict = field(default_factory=dict)
    err: str = ''

    @property
    def outcome(self):
        return self.document.get('outcome')

    @property
    def message(self):
        return self.document.get('error', {}).get('message') or self.err.strip()


class Strata:
    """stratactl."""

    def __init__(self, program, uri):
        self.argv = [program, '--json', '-c', uri]

    def __call__(self, *argv, interrupt=None, delay=0):
        with subprocess.Popen([*self.argv, *argv], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            if interrupt is not None:
                try:
                    process.wait(timeout=delay)
                except subprocess.TimeoutExpired:
                    process.send_signal(interrupt)
            out, err = process.communicate(timeout=LIMIT)
        try:
            document = json.loads(out) if out.strip() else {}
        except ValueError:
            document = {}
        return Answer(process.returncode, document, err)

    def unfinished(self):
        """The jobs that have to be finished."""
        return self('job', 'list').document.get('jobs', [])


class Operations:
    """All that can be done to MODEL, on HOST. MIDWAY (before, after, name) checks what has to be true of a job that stopped on
    its way; it returns complaints. CALM: nothing is interrupted."""

    def __init__(self, model, host, strata, midway, calm):
        self.model, self.host, self.strata, self.midway, self.calm = model, host, strata, midway, calm
        self.rng, self.number = None, 0

    def step(self, number, rng):
        """One operation; an Outcome."""
        self.number, self.rng = number, rng
        table = [(18, self.write), (16, self.create), (12, self.revert), (12, self.delete), (5, self.clone_thin), (4, self.clone_full),
                 (3, self.flatten), (3, self.resize), (3, self.edit), (1, self.doctor), (4, self.their_external),
                 (3, self.their_internal), (8, self.their_start), (5, self.their_destroy), (4, self.their_suspend),
                 (5, self.their_resume), (1, self.their_look), (4, self.their_drop)]
        while True:
            machine = rng.choice(self.model.ordinary)
            operation = rng.choices([o for _, o in table], [w for w, _ in table])[0]
            if len(machine.snapshots) >= MOST_SNAPSHOTS and rng.random() < 0.5:
                operation = self.delete
            outcome = operation(machine)
            if outcome is not None:
                outcome.kind = operation.__name__.replace('_', ' ').replace('their', 'virsh:')
                return outcome

    # stratactl

    def _strata(self, machine, argv, after, may_fail=False):
        """Runs stratactl ARGV, now and then disturbed. AFTER: the model if all goes well."""
        # A signal always comes at a moment of its own, so that the moments of other operations do not move.
        interrupt = self.rng.choices([None, signal.SIGINT, signal.SIGKILL], [86, 9, 5])[0]
        interrupt = None if self.calm else interrupt
        delay = self.rng.uniform(0, 1.5)
        answer = self.strata(*argv, interrupt=interrupt, delay=delay)
        words = 'stratactl ' + ' '.join(argv) + (f' [{interrupt.name} after {delay:.2f} s]' if interrupt else '')
        before = self.model
        if answer.status == 0:
            return Outcome(words, 'done', [after], settled=machine.name)
        if answer.status == 3:
            return Outcome(words, 'refused', [before], message=answer.message)
        if answer.status == 4 or answer.outcome == 'stopped':
            return self._finish(machine, words, after, answer)
        if answer.status in (130, -signal.SIGINT) and interrupt:
            return Outcome(words, 'cancelled', [before], message=answer.outcome or 'before it began')
        if answer.status == -signal.SIGKILL and interrupt:
            return self._finish(machine, words, after, answer)
        return Outcome(words, 'failed as it may' if may_fail and answer.status == 1 else 'failed', [before],
                       message=f'status {answer.status}: {answer.message}')

    def _finish(self, machine, words, after, answer):
        """What stopped or was killed on its way is resumed or taken back."""
        jobs = self.strata.unfinished()
        if not jobs:
            return Outcome(words + '; no job is left', 'killed', [self.model, after])
        time.sleep(0.2)
        complaints = self.midway(self.model, after, machine.name)
        if complaints:
            return Outcome(words, 'unlawful midway', [], message='\n'.join(complaints))
        verb = 'rollback' if jobs[0]['can-roll-back'] and self.rng.random() < 0.5 else 'resume'
        said = self.strata('job', verb, jobs[0]['id'])
        words += f' (status {answer.status}, {answer.outcome}) ; job {verb}'
        if said.status != 0:
            return Outcome(words, 'stuck', [], message=f'status {said.status}: {said.message}')
        if verb == 'rollback':
            return Outcome(words, 'rolled back', [self.model])
        return Outcome(words, 'resumed', [after], settled=machine.name)

    def create(self, machine):
        name = f's{self.number}'
        kind = self.rng.choice([[], [], ['--internal'], ['--internal'], ['--external'], ['--disk-only'], ['--external', '--disk-only'],
                                ['--external', '--memory'], ['--memory']])
        targets = sorted(machine.tips)
        only = self.rng.sample(targets, 1) if len(targets) > 1 and self.rng.random() < 0.15 else targets
        description = f'before {self.number}' if self.rng.random() < 0.5 else ''
        quiesce = self.rng.random() < 0.03
        argv = ['snapshot', 'create', machine.name, name, *kind, *(['--description', description] if description else []),
                *(['--disk', only[0]] if only != targets else []), *(['--quiesce'] if quiesce else [])]
        after = self.model.copy()
        after.machines[machine.name].add(Snapshot(name, machine.current, {t: machine.tips[t] for t in only}, description))
        return self._strata(machine, argv, after, may_fail=quiesce)

    def _any_snapshot(self, machine):
        return self.rng.choice(list(machine.snapshots.values())) if machine.snapshots else None

    def revert(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None:
            return None
        after = self.model.copy()
        there = after.machines[machine.name]
        argv = ['snapshot', 'revert', machine.name, snapshot.name]
        if self.rng.random() < 0.5:
            argv.append('--discard-current')
        else:
            name = f's{self.number}'
            argv += ['--save-current', name]
            there.add(Snapshot(name, machine.current, dict(machine.tips)))
        there.tips.update(snapshot.contents)
        there.current = snapshot.name
        there.state = snapshot.state if snapshot.memory and snapshot.state in ('running', 'paused') else 'off'
        then = self.rng.choice([None, None, None, 'start', 'paused'])
        if then is not None:
            argv.append('--' + then)
            there.state = 'running' if then == 'start' else 'paused'
        return self._strata(machine, argv, after)

    def delete(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None:
            return None
        argv = ['snapshot', 'delete', machine.name, snapshot.name]
        after = self.model.copy()
        there = after.machines[machine.name]
        if self.rng.random() < 0.15:
            argv.append('--subtree')
            for name in reversed(there.below(snapshot.name)):
                there.remove(name)
        else:
            there.remove(snapshot.name)
        argv += self.rng.choice([[], [], ['--commit'], ['--pull']])
        return self._strata(machine, argv, after)

    def edit(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None:
            return None
        after = self.model.copy()
        there = after.machines[machine.name]
        if self.rng.random() < 0.5:
            description = f'words of {self.number}'
            there.snapshots[snapshot.name].description = description
            return self._strata(machine, ['snapshot', 'edit', machine.name, snapshot.name, '--description', description], after)
        name = f'r{self.number}'
        renamed = there.snapshots.pop(snapshot.name)
        renamed.name = name
        there.snapshots[name] = renamed
        for other in there.snapshots.values():
            if other.parent == snapshot.name:
                other.parent = name
        if there.current == snapshot.name:
            there.current = name
        return self._strata(machine, ['snapshot', 'edit', machine.name, snapshot.name, '--rename', name], after)

    def _clone(self, machine, contents, argv):
        if sum(m.is_clone for m in self.model.ordinary) >= MOST_CLONES:
            return None
        name = f'k{self.number}'
        after = self.model.copy()
        after.machines[name] = Machine(name, {t: contents.get(t) for t in machine.tips}, is_clone=True)
        outcome = self._strata(machine, ['clone', 'create', machine.name, name, *argv], after)
        outcome.settled = None
        return outcome

    def clone_thin(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None or self.rng.random() < 0.1:
            return self._clone(machine, machine.tips, ['--thin'])
        return self._clone(machine, snapshot.contents, ['--snapshot', snapshot.name, '--thin'])

    def clone_full(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None or self.rng.random() < 0.4:
            return self._clone(machine, machine.tips, ['--full'])
        return self._clone(machine, snapshot.contents, ['--snapshot', snapshot.name, '--full'])

    def flatten(self, machine):
        return self._strata(machine, ['clone', 'flatten', machine.name], self.model.copy())

    def doctor(self, machine):
        answer = self.strata('doctor', *([machine.name] if self.rng.random() < 0.5 else []))
        result = 'done' if answer.status == 0 else 'failed'
        return Outcome('stratactl doctor', result, [self.model], message=f'status {answer.status}: {answer.message}')

    # The guest

    def write(self, machine):
        if machine.state == 'paused':
            return None    # a guest that stands still does not write, and after a migration QEMU would fall over it
        target = self.rng.choice(sorted(machine.tips))
        content = machine.tips[target]
        length = CHUNK * self.rng.choice([1, 3, 16, 17, 64, 256])
        offset = CHUNK * self.rng.randrange(len(content) - length // CHUNK + 1)
        value = self.rng.randrange(256)
        after = self.model.copy()
        after.machines[machine.name].tips[target] = written(content, offset, length, value)
        seen = self.host.look([machine.name])[machine.name]
        disk = seen.disks[target]
        words = f'guest of {machine.name} ({machine.state}): write -P {value} {offset:#x} {length:#x} on {target}'
        if machine.state == 'off':
            write(disk.path, disk.format, content, offset, length, value)
            return Outcome(words, 'done', [after])
        self.host.batch([self.host.drive(machine.name, seen.aliases[target], f'write -P {value} {offset} {length}')])
        return Outcome(words, 'done', [after])

    def resize(self, machine):
        target = self.rng.choice(sorted(machine.tips))
        content = machine.tips[target]
        size = len(content) * CHUNK + 4 * MIB
        if size > LARGEST or machine.state == 'paused':
            return None
        disk = self.host.look([machine.name])[machine.name].disks[target]
        if machine.state == 'off':
            words = ['qemu-img', 'resize', '-q', '-f', disk.format, disk.path, str(size)]
        else:
            words = ['virsh', '-q', '-c', self.host.uri, 'blockresize', machine.name, target, f'{size // 1024}']
        done = subprocess.run(words, text=True, capture_output=True, timeout=LIMIT, check=False)
        after = self.model.copy()
        after.machines[machine.name].tips[target] = grown(content, size)
        if done.returncode != 0:
            return Outcome(' '.join(words), 'native refusal', [self.model], message=done.stderr.strip())
        return Outcome(' '.join(words), 'done', [after])

    # Somebody else, with virsh

    def _virsh(self, argv, after):
        done = self.host.virsh(*argv, check=False)
        words = 'virsh ' + ' '.join(argv)
        if done.returncode != 0:
            return Outcome(words, 'native refusal', [self.model], message=done.stderr.strip())
        return Outcome(words, 'done', [after])

    def their_external(self, machine):
        name = f'x{self.number}'
        disks = self.host.look([machine.name])[machine.name].disks
        files = {t: os.path.join(os.path.dirname(d.path), f'{machine.name}-{t}.{name}') for t, d in disks.items()}
        argv = ['snapshot-create-as', machine.name, name, '--disk-only', '--atomic']
        for target, path in files.items():
            argv += ['--diskspec', f'{target},snapshot=external,file={path}']
        after = self.model.copy()
        after.machines[machine.name].add(Snapshot(name, machine.current, dict(machine.tips)))
        outcome = self._virsh(argv, after)
        for path in files.values():
            if outcome.result != 'done' and os.path.exists(path):
                os.remove(path)
        return outcome

    def their_internal(self, machine):
        name = f'i{self.number}'
        after = self.model.copy()
        after.machines[machine.name].add(Snapshot(name, machine.current, dict(machine.tips)))
        return self._virsh(['snapshot-create-as', machine.name, name], after)

    def _to(self, machine, verb, needed, state):
        if machine.state not in needed:
            return None
        after = self.model.copy()
        after.machines[machine.name].state = state
        return self._virsh([verb, machine.name], after)

    def their_start(self, machine):
        return self._to(machine, 'start', ('off',), 'running')

    def their_destroy(self, machine):
        return self._to(machine, 'destroy', ('running', 'paused'), 'off')

    def their_suspend(self, machine):
        return self._to(machine, 'suspend', ('running',), 'paused')

    def their_resume(self, machine):
        return self._to(machine, 'resume', ('paused',), 'running')

    def their_look(self, machine):
        return self._virsh(['snapshot-current', machine.name, '--name'], self.model) if machine.current else None

    def their_drop(self, machine):
        """Deletes a clone, and of its files those that nobody else needs."""
        if not machine.is_clone:
            return None
        seen = self.host.look(list(self.model.machines))
        held = self._files(seen.pop(machine.name))
        mine = held.difference(*map(self._files, seen.values()))
        self.host.virsh('destroy', machine.name, check=False)
        after = self.model.copy()
        del after.machines[machine.name]
        after.left |= {p for p in held - mine if os.path.basename(p).startswith(machine.name + '-')}
        outcome = self._virsh(['undefine', machine.name, '--snapshots-metadata', '--managed-save', '--nvram'], after)
        for path in mine - self.model.bases.keys() if outcome.result == 'done' else ():
            run('rm', '-f', path)
        return outcome

    def _files(self, there):
        found = set()
        for disks in (there.disks.values(), there.inactive_disks.values(), *(s.images() for s in there.snapshots.values())):
            for disk in disks:
                found.update(p for p, _, _ in self.host.chain(disk.path, disk.format))
        return found | {s.memory_file for s in there.snapshots.values() if s.memory_file}
