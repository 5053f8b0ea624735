# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of torture.py: each chooses what to do at random, does it, and says what has to be true then."""

import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace

from torture_client import Act, AwayFolder, BusyPool, Client, StoppedPool, nothing, wait_stopped
from torture_host import LIMIT, run
from torture_model import CHUNK, HOSTILE, MIB, Machine, Snapshot, grown, written
from torture_world import write

MOST_SNAPSHOTS = 7
STRATA_VERBS = ('create', 'revert', 'delete', 'clone_thin', 'clone_full', 'flatten', 'edit', 'merge', 'repair', 'deploy')
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
    is_loose: bool = False          # another client acted too: which snapshot is current and what runs may be another thing
    adopt: tuple | None = None      # (machine, before, after): a job on it was left midway for good


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
    """stratactl, as the words of PROGRAM run it. STATE: where it keeps its journals, if not where everybody's are; SECONDS: how long it
    usually takes, at most."""

    def __init__(self, program, uri, state=None, seconds=1.5):
        self.argv, self.seconds = [*program, '--json', '-c', uri], seconds
        self.env = dict(os.environ, XDG_STATE_HOME=state) if state is not None else None

    def start(self, *argv, stop=None):
        env = self.env or dict(os.environ)
        if stop is not None:
            env = dict(env, STRATA_TEST_STOP_AT=stop)
        return subprocess.Popen([*self.argv, *argv], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=env)

    @staticmethod
    def end(process):
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f'\nCRITICAL: it hung for {LIMIT} s'
        try:
            document = json.loads(out) if out.strip() else {}
        except ValueError:
            document = {}
        return Answer(process.returncode, document, err)

    def __call__(self, *argv, interrupt=None, delay=0):
        with self.start(*argv) as process:
            if interrupt is not None:
                try:
                    process.wait(timeout=delay)
                except subprocess.TimeoutExpired:
                    process.send_signal(interrupt)
            return self.end(process)

    def unfinished(self):
        """The jobs that have to be finished."""
        return self('job', 'list').document.get('jobs', [])


def changed(model, *changes):
    """A copy of MODEL with CHANGES; None if they make no sense in that order."""
    after = model.copy()
    try:
        for change in changes:
            change(after)
    except KeyError:
        return None
    return after


def as_far_as_it_goes(model, changes):
    """Likewise, without the changes that make no sense where the job's own is not made: of a snapshot that it took, say."""
    for change in changes:
        model = changed(model, change) or model
    return model


NOISE = re.compile(r'CRITICAL|Traceback|g_return_|assertion|AddressSanitizer|runtime error')


class Operations:
    """All that can be done to MODEL, on HOST. MIDWAY (before, after, name) checks what has to be true of a job that stopped on
    its way; it returns complaints. CALM: nothing is interrupted. SECOND: the stratactl of another user, in a wide world, in which
    another client acts between two steps of the first."""

    def __init__(self, model, host, strata, midway, calm, second=None, checker=None):
        self.model, self.host, self.strata, self.midway, self.calm = model, host, strata, midway, calm
        self.other, self.checker = second, checker
        self.wide = second is not None
        self.client = Client(self) if self.wide else None
        self.caller = None      # set while a second stratactl runs: which one
        self.rng, self.number = None, 0
        self.odd, self.oddity = '', None

    def step(self, number, rng):
        """One operation; an Outcome."""
        self.number, self.rng = number, rng
        table = self._table()
        while True:
            machine = rng.choice(self.model.ordinary)
            operation = rng.choices([o for _, o in table], [w for w, _ in table])[0]
            if len(machine.snapshots) >= MOST_SNAPSHOTS and rng.random() < 0.5:
                operation = self.delete
            outcome = self._on_an_odd_host(operation, machine)
            if outcome is not None:
                outcome.kind = operation.__name__.replace('_', ' ').replace('their', 'virsh:')
                return outcome

    def _table(self):
        table = [(18, self.write), (16, self.create), (12, self.revert), (12, self.delete), (5, self.clone_thin), (4, self.clone_full),
                 (3, self.flatten), (3, self.resize), (3, self.edit), (1, self.doctor), (4, self.their_external),
                 (3, self.their_internal), (8, self.their_start), (5, self.their_destroy), (4, self.their_suspend),
                 (5, self.their_resume), (1, self.their_look), (4, self.their_drop)]
        return table + [(12, self.their_act), (5, self.merge), (2, self.repair), (3, self.deploy)] if self.wide else table

    def _on_an_odd_host(self, operation, machine):
        """Now and then the pool is busy or stopped meanwhile, or a folder is away."""
        if not self.wide or operation.__name__ not in STRATA_VERBS:
            return operation(machine)
        self.odd = self.rng.choices(['', 'the pool is busy', 'the pool is stopped', 'a folder is away'], [88, 4, 4, 4])[0]
        if self.odd == '':
            return operation(machine)
        with {'the pool is busy': lambda: BusyPool(self.host), 'the pool is stopped': lambda: StoppedPool(self.host),
              'a folder is away': lambda: AwayFolder(self.rng.choice(self.host.folders[1:]))}[self.odd]() as self.oddity:
            outcome = operation(machine)
        self.oddity = None
        if outcome is not None:
            outcome.what += f' [{self.odd}]'
            outcome.is_loose = True
        self.odd = ''
        return outcome

    # stratactl

    def _strata(self, machine, argv, change, may_fail=False, kept=None):
        """Runs stratactl ARGV, now and then disturbed. CHANGE: what it does to the model if all goes well; KEPT: what it did if the snapshot
        that it took stays, though the rest of it is taken back."""
        if self.caller is not None:
            return self._as_second(argv, change)
        # A signal always comes at a moment of its own, so that the moments of other operations do not move.
        interrupt = self.rng.choices([None, signal.SIGINT, signal.SIGKILL], [86, 9, 5])[0]
        delay = self.rng.uniform(0, self.strata.seconds)
        # Moments are what the machine's load makes of them; a held step is the same each time.
        held = self.wide and self.rng.random() < 0.45 and not self.odd
        interrupt = None if self.calm and not held else interrupt
        acts = []
        with self.strata.start(*argv, stop=str(self.rng.choice([1, 1, *range(2, 16)])) if held else None) as process:
            if held:
                if wait_stopped(process):
                    acts = self.client.act(self.rng, machine)
                    process.send_signal(interrupt or signal.SIGCONT)
                    process.send_signal(signal.SIGCONT)
                else:
                    interrupt = None
            elif interrupt is not None:
                try:
                    process.wait(timeout=delay)
                except subprocess.TimeoutExpired:
                    process.send_signal(interrupt)
            answer = self.strata.end(process)
        point = next((line for line in answer.err.splitlines() if line.startswith('strata-stop-point:')), None)
        answer.err = '\n'.join(line for line in answer.err.splitlines() if not line.startswith('strata-stop-point:'))
        words = 'stratactl ' + ' '.join(argv)
        if point is not None:
            words += f' [held{point[18:]}: {"; ".join(a.words for a in acts) or "nothing"}{"; then " + interrupt.name if interrupt else ""}]'
        elif interrupt:
            words += f' [{interrupt.name} after {delay:.2f} s]'
        return self._judge(machine, words, change, answer, acts, interrupt, may_fail, kept)

    def _judge(self, machine, words, change, answer, acts, interrupt, may_fail, kept):
        others = [act.change for act in acts]
        before = as_far_as_it_goes(self.model, others)
        done = [m for m in (changed(self.model, *others, change), changed(self.model, change, *others)) if m is not None]
        if NOISE.search(answer.err):
            return Outcome(words, 'noise', [], message=answer.err)
        if answer.status not in (0, 130, -signal.SIGKILL, -signal.SIGINT) and not answer.message:
            return Outcome(words, 'silence', [], message=f'status {answer.status} without a message')
        loose = bool(acts)
        if answer.status == 0:
            if not done:
                return Outcome(words, 'done against all', [], message='it says that it is done, and another client took away what it did it to')
            return Outcome(words, 'done', done if loose else done[:1], settled=machine.name, is_loose=loose)
        if answer.status == 3:
            return Outcome(words, 'refused', [before], message=answer.message, is_loose=loose)
        if answer.status == 4 or answer.outcome == 'stopped':
            return self._finish(machine, words, change, answer, others)
        # Where another client destroyed the guest, what it is to go on from is nowhere else.
        before = [before]
        if kept is not None and 'stays: it keeps the memory' in answer.message + answer.err:
            before += [m for m in (changed(self.model, *others, kept), changed(self.model, kept, *others)) if m is not None]
        if answer.status in (130, -signal.SIGINT) and interrupt:
            return Outcome(words, 'cancelled', before, message=answer.outcome or 'before it began', is_loose=loose)
        if answer.status == -signal.SIGKILL and interrupt:
            return self._finish(machine, words, change, answer, others)
        may_fail = may_fail or loose or self.odd
        return Outcome(words, 'failed as it may' if may_fail and answer.status == 1 else 'failed', before,
                       message=f'status {answer.status}: {answer.message}', is_loose=loose)

    def _finish(self, machine, words, change, answer, others):
        """What stopped or was killed on its way is resumed, taken back or dismissed."""
        jobs = self.strata.unfinished()
        before = as_far_as_it_goes(self.model, others)
        done = [m for m in (changed(self.model, *others, change), changed(self.model, change, *others)) if m is not None]
        if not jobs:
            return Outcome(words + '; no job is left', 'killed', [before, *done], is_loose=bool(others))
        time.sleep(0.2)
        if self.oddity is not None:
            self.oddity.end()   # what is away can't be looked at
        complaints = self.midway(before, (done or [before])[0], machine.name)
        if complaints:
            return Outcome(words, 'unlawful midway', [], message='\n'.join(complaints))
        words += f' (status {answer.status}, {answer.outcome})'
        if self.wide and self.rng.random() < 0.5:
            acts = self.client.act(self.rng, machine)
            words += f' ; meanwhile: {"; ".join(a.words for a in acts) or "nothing"}'
            others = [*others, *(a.change for a in acts)]
        if not self.wide:
            verb = 'rollback' if jobs[0]['can-roll-back'] and self.rng.random() < 0.5 else 'resume'
            said = self.strata('job', verb, jobs[0]['id'])
            words += f' ; job {verb}'
            if said.status != 0:
                return Outcome(words, 'stuck', [], message=f'status {said.status}: {said.message}')
            if verb == 'rollback':
                return Outcome(words, 'rolled back', [self.model])
            return Outcome(words, 'resumed', done[:1], settled=machine.name)
        return self._end_wide(machine, words, change, others, jobs[0])

    def _end_wide(self, machine, words, change, others, job):
        """Each way out may be refused with a reason; one has to be open."""
        verbs = self.rng.sample(['rollback', 'resume', 'dismiss'], 3)
        verbs = [*verbs, *verbs]
        before = as_far_as_it_goes(self.model, others)
        done = [m for m in (changed(self.model, *others, change), changed(self.model, change, *others)) if m is not None]
        reasons = []
        for verb in verbs:
            said = self.strata('job', verb, job['id'])
            words += f' ; job {verb}'
            if NOISE.search(said.err):
                return Outcome(words, 'noise', [], message=said.err)
            if said.status == 0:
                break
            words += f' [status {said.status}: {said.message}]'
            reasons.append(f'job {verb}: status {said.status}: {said.message}')
            if not said.message:
                return Outcome(words, 'silence', [], message=reasons[-1])
            if not self.strata.unfinished():
                break
            complaints = self.midway(before, (done or [before])[0], machine.name)
            if complaints:
                return Outcome(words, 'unlawful midway', [], message='\n'.join([*reasons, *complaints]))
        else:
            return Outcome(words, 'stuck', [], message='\n'.join(reasons))
        if said.status == 0 and verb == 'rollback':
            return Outcome(words, 'rolled back', [before], is_loose=True)
        if said.status == 0 and verb == 'resume':
            return Outcome(words, 'resumed', done, is_loose=True)
        return Outcome(words, 'dismissed', [before, *done], is_loose=True, adopt=(machine.name, before, (done or [before])[0]))

    def second(self, name):
        """A second stratactl, on NAME or on whatever its verb takes; an Act of the other client."""
        machine = self.model.machines.get(name)
        if machine is None or machine.is_template:
            return None
        self.caller = self.rng.choice([self.strata, self.other])
        try:
            verb = self.rng.choice([self.create, self.revert, self.delete, self.clone_thin, self.clone_full, self.flatten, self.edit, self.merge, self.deploy])
            return verb(machine)
        finally:
            self.caller = None

    def _as_second(self, argv, change):
        answer = self.caller(*argv)
        whose = 'another user' if self.caller is self.other else 'a second'
        words = f'{whose}: stratactl {" ".join(argv)} -> {answer.status}'
        if NOISE.search(answer.err) or (answer.status and not answer.message):
            words += f' CRITICAL {answer.err}'
        elif answer.status:
            words += f' {answer.message}'
        if answer.status == 4:
            for job in self.caller.unfinished():
                for verb in ('rollback', 'resume', 'dismiss'):
                    said = self.caller('job', verb, job['id'])
                    words += f' ; job {verb} -> {said.status} {said.message}'
                    if said.status == 0:
                        return Act(words, change if verb == 'resume' else nothing)
        return Act(words, change if answer.status == 0 else nothing)

    def create(self, machine):
        # A name that the other stratactl of the same moment does not take too.
        name = f's{self.number}' + ('b' if self.caller else '')
        kind = self.rng.choice([[], [], ['--internal'], ['--internal'], ['--external'], ['--disk-only'], ['--external', '--disk-only'],
                                ['--external', '--memory'], ['--memory']])
        targets = sorted(machine.tips)
        only = self.rng.sample(targets, 1) if len(targets) > 1 and self.rng.random() < 0.15 else targets
        description = f'before {self.number}' if self.rng.random() < 0.5 else ''
        quiesce = self.rng.random() < 0.03
        argv = ['snapshot', 'create', machine.name, name, *kind, *(['--description', description] if description else []),
                *(['--disk', only[0]] if only != targets else []), *(['--quiesce'] if quiesce else [])]

        def change(model):
            there = model.machines[machine.name]
            there.add(Snapshot(name, there.current, {t: there.tips[t] for t in only}, description))

        return self._strata(machine, argv, change, may_fail=quiesce, kept=change)

    def _any_snapshot(self, machine):
        return self.rng.choice(list(machine.snapshots.values())) if machine.snapshots else None

    def revert(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None:
            return None
        argv = ['snapshot', 'revert', machine.name, snapshot.name]
        saved = None
        if self.rng.random() < 0.5:
            argv.append('--discard-current')
        else:
            saved = f's{self.number}' + ('b' if self.caller else '')
            argv += ['--save-current', saved]
        then = self.rng.choice([None, None, None, 'start', 'paused'])
        if then is not None:
            argv.append('--' + then)

        def keep(model):
            there = model.machines[machine.name]
            if saved is not None:
                there.add(Snapshot(saved, there.current, dict(there.tips)))

        def change(model):
            keep(model)
            there = model.machines[machine.name]
            target = there.snapshots[snapshot.name]
            there.tips.update(target.contents)
            there.current = target.name
            there.state = target.state if target.memory and target.state in ('running', 'paused') else 'off'
            if then is not None:
                there.state = 'running' if then == 'start' else 'paused'

        return self._strata(machine, argv, change, kept=keep)

    def delete(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None:
            return None
        argv = ['snapshot', 'delete', machine.name, snapshot.name]
        subtree = self.rng.random() < 0.15
        if subtree:
            argv.append('--subtree')
        argv += self.rng.choice([[], [], ['--commit'], ['--pull']])
        goes = machine.below(snapshot.name) if subtree else [snapshot.name]

        def change(model):
            there = model.machines[machine.name]
            if snapshot.name not in there.snapshots:
                raise KeyError(snapshot.name)
            for name in reversed([*goes, *(n for n in there.below(snapshot.name) if n not in goes)] if subtree else goes):
                if name in there.snapshots:
                    there.remove(name)

        return self._strata(machine, argv, change)

    def edit(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None:
            return None
        if self.rng.random() < 0.5:
            description = f'words of {self.number}'

            def describe(model):
                model.machines[machine.name].snapshots[snapshot.name].description = description

            return self._strata(machine, ['snapshot', 'edit', machine.name, snapshot.name, '--description', description], describe)
        name = f'r{self.number}' + ('b' if self.caller else '')

        def rename(model):
            there = model.machines[machine.name]
            # One that another client forgets while both names are there is there under the new one.
            renamed = there.snapshots.pop(snapshot.name, None) or replace(snapshot, contents=dict(snapshot.contents))
            renamed.name = name
            there.snapshots[name] = renamed
            for other in there.snapshots.values():
                if other.parent == snapshot.name:
                    other.parent = name
            if there.current == snapshot.name:
                there.current = name

        return self._strata(machine, ['snapshot', 'edit', machine.name, snapshot.name, '--rename', name], rename)

    def _clone(self, machine, from_snapshot, argv):
        if sum(m.is_clone for m in self.model.ordinary) >= MOST_CLONES:
            return None
        name = f'k{self.number}' + ('b' if self.caller else '')

        def change(model):
            there = model.machines[machine.name]
            contents = there.tips if from_snapshot is None else there.snapshots[from_snapshot].contents
            model.machines[name] = Machine(name, {t: contents.get(t) for t in there.tips}, is_clone=True)

        outcome = self._strata(machine, ['clone', 'create', machine.name, name, *argv], change)
        if isinstance(outcome, Outcome):
            outcome.settled = None
        return outcome

    def clone_thin(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None or self.rng.random() < 0.1:
            return self._clone(machine, None, ['--thin'])
        return self._clone(machine, snapshot.name, ['--snapshot', snapshot.name, '--thin'])

    def clone_full(self, machine):
        snapshot = self._any_snapshot(machine)
        if snapshot is None or self.rng.random() < 0.4:
            return self._clone(machine, None, ['--full'])
        return self._clone(machine, snapshot.name, ['--snapshot', snapshot.name, '--full'])

    def flatten(self, machine):
        return self._strata(machine, ['clone', 'flatten', machine.name], nothing)

    def merge(self, machine):
        argv = ['disk', 'merge', machine.name, self.rng.choice(sorted(machine.tips)), *self.rng.choice([[], ['--commit'], ['--pull']])]
        return self._strata(machine, argv, nothing)

    def deploy(self, machine):
        if sum(m.is_clone for m in self.model.ordinary) >= MOST_CLONES:
            return None
        name = f'k{self.number}' + ('b' if self.caller else '')
        argv = ['template', 'deploy', 'tpl', '--name', name, *self.rng.choice([[], ['--full']])]

        def change(model):
            model.machines[name] = Machine(name, dict(model.machines['tpl'].tips), is_clone=True)

        outcome = self._strata(machine, argv, change)
        if isinstance(outcome, Outcome):
            outcome.settled = None
        return outcome

    def repair(self, machine):
        """It takes out of the list what a machine's own disk is again."""
        there = self.host.look([machine.name]).get(machine.name)
        gone = self._written_again(there) if there is not None else set()

        def change(model):
            for name in gone & set(model.machines[machine.name].snapshots):
                model.machines[machine.name].remove(name)

        return self._strata(machine, ['doctor', machine.name, '--repair'], change, may_fail=True)

    @staticmethod
    def _written_again(there):
        """The snapshots of which an image is a disk again, or was frozen once more by one that came after."""
        def files(disks):
            return [os.stat(d.path) for d in disks if d is not None and os.path.exists(d.path)]

        def frozen(snapshot, target):
            return snapshot.domain[target] if snapshot.disks.get(target) == 'external' else None

        tips = files(d for table in (there.disks, there.inactive_disks) for d in table.values() if not d.transient)
        found = set()
        for snapshot in there.snapshots.values():
            above = {snapshot.name}
            for _ in there.snapshots:
                above |= {s.name for s in there.snapshots.values() if s.parent in above}
            for target in snapshot.disks if not snapshot.retained else ():
                later = files(frozen(there.snapshots[name], target) for name in above - {snapshot.name})
                if any(os.path.samestat(a, b) for a in files([frozen(snapshot, target)]) for b in tips + later):
                    found.add(snapshot.name)
        return found

    def doctor(self, machine):
        answer = self.strata('doctor', *([machine.name] if self.rng.random() < 0.5 else []))
        result = 'done' if answer.status == 0 else 'failed'
        if self.wide and answer.status == 1:
            result = 'failed as it may'   # it has findings
        return Outcome('stratactl doctor', result, [self.model], message=f'status {answer.status}: {answer.message}')

    def their_act(self, machine):
        acts = self.client.act(self.rng, machine)
        if not acts:
            return None
        words = '; '.join(a.words for a in acts)
        after = changed(self.model, *(a.change for a in acts))
        return Outcome(words, 'done', [after or self.model], is_loose=True)

    # The guest

    def write(self, machine):
        if machine.state == 'paused':
            return None    # a guest that stands still does not write, and after a migration QEMU would fall over it
        target = self.rng.choice(sorted(machine.tips))
        content = machine.tips[target]
        length = CHUNK * self.rng.choice([1, 3, 16, 17, 64, 256])
        offset = CHUNK * self.rng.randrange(len(content) - length // CHUNK + 1)
        value = self.rng.randrange(256)
        if value in HOSTILE:
            value = 0
        seen = self.host.look(list(self.model.machines) if self.wide else [machine.name])
        there = seen[machine.name]
        disk = there.disks[target]
        if self.wide and disk.transient:
            return None
        sharers, is_base = self._sharers(disk.path, seen) if self.wide else ([(machine.name, None, target)], False)
        if is_base:
            return None    # a guest that writes below another machine's disk hurts that one, and Strata has no part in it
        after = self.model.copy()
        for name, snapshot, disk_name in sharers:
            holder = after.machines[name]
            table = holder.tips if snapshot is None else holder.snapshots[snapshot].contents
            if table.get(disk_name) is not None:
                table[disk_name] = written(table[disk_name], offset, length, value)
        words = f'guest of {machine.name} ({machine.state}): write -P {value} {offset:#x} {length:#x} on {target}'
        if machine.state == 'off':
            try:
                write(disk.path, disk.format, content, offset, length, value)
            except RuntimeError as error:
                if 'lock' not in str(error):
                    raise
                return None    # a machine that runs has the image, or one below it
            return Outcome(words, 'done', [after])
        self.host.batch([self.host.drive(machine.name, there.aliases[target], f'write -P {value} {offset} {length}')])
        return Outcome(words, 'done', [after])

    def _sharers(self, path, seen):
        """[(machine, snapshot or None, target)…] whose own image PATH is, which then change with it; and whether it is below
        another one's."""
        found, is_base = [], False
        file = os.stat(path)
        for name, there in seen.items():
            tops = [(None, t, d) for t, d in there.disks.items()]
            for snapshot in there.snapshots.values():
                if not snapshot.retained:
                    tops += [(snapshot.name, t, snapshot.domain[t]) for t, where in snapshot.disks.items()
                             if where == 'external' and snapshot.name in self.model.machines[name].snapshots]
            for snapshot, target, disk in tops:
                layers = [p for p, _, _ in self.host.chain(disk.path, disk.format)]
                layers += [p for p in disk.chain if p not in layers]
                same = [os.path.samestat(os.stat(p), file) for p in layers if os.path.exists(p)]
                if same and same[0]:
                    found.append((name, snapshot, target))
                is_base = is_base or any(same[1:])
        return found, is_base

    def resize(self, machine):
        target = self.rng.choice(sorted(machine.tips))
        content = machine.tips[target]
        size = len(content) * CHUNK + 4 * MIB
        if size > LARGEST or machine.state == 'paused':
            return None
        seen = self.host.look(list(self.model.machines) if self.wide else [machine.name])
        disk = seen[machine.name].disks[target]
        # Another machine with the same image, or a snapshot that froze it, would change with it.
        if self.wide and (self._sharers(disk.path, seen) != ([(machine.name, None, target)], False) or disk.format == 'raw'):
            return None
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
        files = self.files_of(self.host.look([machine.name])[machine.name]) if verb == 'destroy' else set()
        outcome = self._virsh([verb, machine.name], after)
        if verb == 'destroy' and outcome.result == 'done' and machine.name not in self.host.names():
            del after.machines[machine.name]    # it was transient, and leaves its images
            after.left |= files
        return outcome

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
        held = self.files_of(seen.pop(machine.name))
        mine = held.difference(*map(self.files_of, seen.values()))
        self.host.virsh('destroy', machine.name, check=False)
        after = self.model.copy()
        del after.machines[machine.name]
        after.left |= {p for p in held - mine if os.path.basename(p).startswith(machine.name + '-')}
        if machine.name not in self.host.names():
            for path in mine - self.model.bases.keys():
                run('rm', '-f', path)
            return Outcome(f'virsh destroy {machine.name}', 'done', [after])
        outcome = self._virsh(['undefine', machine.name, '--snapshots-metadata', '--managed-save', '--nvram'], after)
        for path in mine - self.model.bases.keys() if outcome.result == 'done' else ():
            run('rm', '-f', path)
        return outcome

    def files_of(self, there):
        found = set()
        for disks in (there.disks.values(), there.inactive_disks.values(), *(s.images() for s in there.snapshots.values())):
            for disk in disks:
                found.update(p for p, _, _ in self.host.chain(disk.path, disk.format))
                found.update(disk.chain)
        return found | {s.memory_file for s in there.snapshots.values() if s.memory_file}
