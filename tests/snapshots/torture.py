#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""torture.py SEED N [--host new|old|system|far]: N random operations on snapshots and clones, and after each a look at every byte.

Several machines that share base images are written to, snapshotted, reverted, cloned, merged, interrupted and resumed by
stratactl, with somebody in between who uses plain virsh. A model that knows nothing of Strata says what each disk and each
snapshot has to hold; what is there is read from libvirt's own documents and the images. Ends at the first difference, with
all that it takes to do it again.

On the system host and the far one this is root's side of it: images are made, written and read here, as root, and stratactl is an
ordinary user, to whom they are closed; from afar he has none of them.
"""

import argparse
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from torture_checks import Checker
from torture_host import Host
from torture_model import ANY, Snapshot
from torture_ops import Operations, Strata
from torture_world import FURNITURE, World

FULL = 50  # after so many operations nothing that was read before counts


# An ordinary user, who ends with us; and one to whom the host's folders are another computer's.
ORDINARY = ['setpriv', '--reuid', 'lab', '--regid', 'lab', '--clear-groups', '--pdeathsig', 'KILL']
AFAR = ['unshare', '--mount', 'sh', '-ec', 'for d in /var/lib/libvirt /run/libvirt; do mount -t tmpfs tmpfs $d; done; exec "$@"', 'sh']
VARIABLES = {'old': 'STRATA_OLD_HOST_URI', 'system': 'STRATA_SYSTEM_HOST_URI', 'far': 'STRATA_FAR_HOST_URI'}


class Torture:
    def __init__(self, options):
        self.options = options
        uri = 'qemu:///session' if options.host == 'new' else os.environ.get(VARIABLES[options.host])
        if uri is None:
            print(f'torture: there is no {options.host} host ({VARIABLES[options.host]} is not set)', file=sys.stderr)
            sys.exit(77)   # Meson's word for skipped
        is_roots = options.host in ('system', 'far')
        self.dir = tempfile.mkdtemp(prefix='torture-', dir='/var/lib/libvirt/images' if is_roots else os.environ.get('STRATA_TEST_DIR'))
        program = [os.environ.get('STRATACTL', 'stratactl')]
        # Of its own: in a run of all tests there are others in the session.
        self.states = self.dir
        if is_roots:
            os.umask(0o066)
            os.chmod(self.dir, 0o711)
            self.states = tempfile.mkdtemp(prefix='torture-')
            shutil.chown(self.states, 'lab', 'lab')
            program = [*(AFAR if options.host == 'far' else []), *ORDINARY, *program]
        folders = [os.path.join(self.dir, name) for name in ('pool', 'loose', 'bases')]
        for folder in folders:
            os.mkdir(folder)
        os.environ['XDG_STATE_HOME'] = os.path.join(self.states, 'state')
        seconds = 5 if options.host == 'far' else 1.5
        self.strata = Strata(program, uri, seconds=seconds)
        self.second = None if options.narrow else Strata(program, uri, os.path.join(self.states, 'state-of-another'), seconds)
        self.host = Host(os.environ['STRATA_SYSTEM_HOST_URI'] if is_roots else uri, folders, is_roots)
        self.checker = Checker(self.host, '/dev/shm' if os.access('/dev/shm', os.W_OK) else self.dir)
        furniture = random.Random(options.seed).sample(FURNITURE, 3) if not options.narrow else []
        self.world = World(self.host, folders, self.strata, [f for f in furniture if f not in options.without])
        self.litter = 0
        self.counts = collections.Counter()
        self.refusals = collections.Counter()
        self.failures = []

    # What is wrong

    def is_closed(self):
        """Whether there is no image that stratactl may read."""
        user = self.strata.argv[:self.strata.argv.index('--json') - 1]
        words = [*user, 'sh', '-c', 'for f; do [ ! -r "$f" ] || exit 1; done', 'sh', *self.host.files()]
        return subprocess.run(words, check=False).returncode == 0

    def complaints(self, model, settled=None, full=False, loose=False):
        """What is wrong with the host if MODEL is right. LOOSE: another client acted meanwhile, so that only promises count."""
        found = list(self.checker.domains(model))
        if found:
            return found
        seen = self.host.look(list(model.machines))
        self.host.flush(seen)
        found += self._disks(model, seen)
        if found:
            return found
        if loose:
            self._loosen(model, seen)
        found += self.checker.tree(model, seen)
        found += self.checker.bytes_of(model, seen)
        strays = list(self.checker.strays(model, seen))
        if self.options.narrow:
            found += self.checker.chains(seen)
            if settled is not None and not self.options.bytes_only:
                found += self.checker.settled(settled, seen[settled])
        if loose and not found:
            self.litter += len(strays)
            model.left |= {s.split(': ')[0] for s in strays if s.endswith('nothing leads to')}
            model.left |= set(self.checker.held_by_others(seen))
        else:
            found += strays
        for state in ('state', 'state-of-another'):
            journal = os.path.join(self.states, state, 'strata/journal')
            if os.path.isdir(journal):
                found += [f'a journal is left: {name}' for name in os.listdir(journal)]
        if full:
            found += self.checker.images_are_sound(seen)
        return found

    @staticmethod
    def _loosen(model, seen):
        """What another client may have decided is taken from the host."""
        for machine in model.machines.values():
            machine.state, machine.current, machine.title = seen[machine.name].state, ANY, None
            for snapshot in machine.snapshots.values():
                snapshot.parent = ANY
                document = seen[machine.name].snapshots.get(snapshot.name)
                if document is not None:
                    snapshot.description = document.description

    def _adopted(self, name, before, after):
        """A model of what a job on NAME left that was dismissed midway; complaints if it lacks what it had to keep."""
        complaints = self.midway(before, after, name)
        names = set(self.host.names())
        model = before.copy()
        for one in names - model.machines.keys():
            if one not in after.machines:
                complaints.append(f'{one}: a domain that nobody made')
                continue
            model.machines[one] = after.copy().machines[one]
        if complaints or name not in names:
            return model, complaints
        machine, there = model.machines[name], self.host.look([name])[name]
        machine.tips = dict.fromkeys(there.disks)
        visible = {n: s for n, s in there.snapshots.items() if not s.retained}
        for one in set(machine.snapshots) - visible.keys():
            if name in after.machines and one in after.machines[name].snapshots:
                complaints.append(f'{name}/{one}: is lost')
            del machine.snapshots[one]
        for one in visible.keys() - set(machine.snapshots):
            machine.snapshots[one] = Snapshot(one, ANY, dict.fromkeys(visible[one].disks), visible[one].description)
        return model, complaints

    @staticmethod
    def _disks(model, seen):
        """Each machine has its disks. One whose content was not known may be missing: the snapshot did not have it."""
        for machine in model.machines.values():
            there = seen[machine.name].disks
            machine.tips = {t: c for t, c in machine.tips.items() if t in there or c is not None}
            if machine.tips.keys() != there.keys():
                yield f'{machine.name}: has the disks {sorted(there)}, and should have {sorted(machine.tips)}'

    def midway(self, before, after, name):
        """What is wrong while a job on NAME is stopped on its way: all that it does not itself discard has to be there."""
        missing = (before.machines.keys() & after.machines.keys()) - set(self.host.names())
        if missing:
            return [f'{n}: the domain is gone' for n in missing]
        before = before.copy()
        for gone in before.machines.keys() - set(self.host.names()):
            del before.machines[gone]
        seen = self.host.look(list(before.machines))
        self.host.flush(seen)
        kept = after.machines[name].snapshots.keys() & seen[name].snapshots.keys() if name in seen and name in after.machines else ()

        def counts(machine, snapshot):
            return machine.name != name or (snapshot is not None and snapshot.name in kept)

        return [f'while the job is stopped: {c}' for c in self.checker.bytes_of(before, seen, counts)]

    # The run

    def run(self):
        begin = time.monotonic()
        self.world.make()
        if not self.options.narrow:
            self.world.make_slow()
        operations = Operations(self.world.model, self.host, self.strata, self.midway, self.options.calm, self.second, self.checker)
        wrong = self.complaints(operations.model, full=True)
        if self.host.is_roots and not self.is_closed():
            wrong += ['stratactl may read an image']
        if wrong:
            return self.stop(0, 'the beginning', wrong)
        made = time.monotonic()
        for number in range(1, self.options.n + 1):
            start = time.monotonic()
            outcome = operations.step(number, random.Random(f'{self.options.seed}/{number}'))
            done = time.monotonic()
            wrong = self._judge(operations, outcome, number % FULL == 0 or number == self.options.n)
            self._tell(number, outcome, done - start, time.monotonic() - done)
            if wrong:
                return self.stop(number, outcome.what, wrong)
        self.table(time.monotonic() - made, made - begin)
        return 1 if self.failures else 0

    def _judge(self, operations, outcome, full):
        if full:
            self.checker.forget()
        wrong = [f'{outcome.result}: {outcome.message}']
        if ' CRITICAL' in outcome.what:
            return [outcome.what]
        if outcome.adopt is not None:
            model, found = self._adopted(*outcome.adopt)
            if found:
                return [*wrong, *found]
            outcome.candidates = [model]
        for model in outcome.candidates:
            found = self.complaints(model, outcome.settled, full, outcome.is_loose)
            if not found:
                operations.model = model
                return []
            wrong = found if model is outcome.candidates[0] else [*wrong, '— or else —', *found]
        return wrong

    def _tell(self, number, outcome, took, checked):
        self.counts[outcome.kind, outcome.result] += 1
        plain = re.sub(r'“[^”]*”|/[^ ]+|\b[sxirk]\d+\b', '…', outcome.message)
        if outcome.result in ('refused', 'native refusal'):
            self.refusals[outcome.kind, plain] += 1
        if outcome.result == 'failed':
            self.failures.append((number, outcome))
        message = f': {outcome.message}' if outcome.message else ''
        if not self.options.quiet:
            print(f'{number:4} {outcome.what} -> {outcome.result}{message}  ({took:.1f} + {checked:.1f} s)', flush=True)

    # What is said

    def table(self, seconds, making):
        results = ['done', 'refused', 'native refusal', 'cancelled', 'killed', 'resumed', 'rolled back', 'dismissed', 'failed as it may',
                   'failed']
        kinds = sorted({kind for kind, _ in self.counts})
        print('\n' + ' ' * 16 + ' '.join(f'{r:>{max(6, len(r))}}' for r in results))
        for kind in kinds:
            print(f'{kind:16}' + ' '.join(f'{self.counts[kind, r] or "":>{max(6, len(r))}}' for r in results))
        if self.refusals:
            print('\nRefused:')
        for (kind, message), count in self.refusals.most_common():
            print(f'{count:5} × {kind}: {message}')
        for number, outcome in self.failures:
            print(f'FAILED {number}: {outcome.what}: {outcome.message}')
        n = self.options.n
        if not self.options.narrow:
            print(f'\n{self.litter} files were left behind where another client interfered')
        print(f'\n{n} operations, seed {self.options.seed}, {self.options.host} host: no byte lost, {len(self.failures)} failed; '
              f'{seconds / max(n, 1):.2f} s each, {making:.1f} s to begin')

    def stop(self, number, what, wrong):
        print(f'\nWRONG after operation {number} of seed {self.options.seed}, {self.options.host} host: {what}')
        for line in dict.fromkeys(wrong):
            print(f'  {line.replace(self.dir + "/", "")}')
        calm = (' --calm' if self.options.calm else '') + (' --narrow' if self.options.narrow else '')
        calm += ''.join(f' --without {w}' for w in self.options.without)
        print(f'Again: ./dev test --torture {self.options.seed} {number} --host {self.options.host}{calm}\n')
        self._state()
        if self.options.keep:
            shutil.copytree(self.dir, self.options.keep, dirs_exist_ok=True, ignore_dangling_symlinks=True)
            print(f'The images are in {self.options.keep}')
        return 1

    def _chain(self, path, kind):
        try:
            return ' <- '.join(f'{os.path.relpath(p, self.dir)}' for p, _, _ in self.host.chain(path, kind))
        except OSError as error:
            return str(error)

    def _short(self, what, path):
        return f'; {what} {os.path.relpath(path, self.dir)}' if path else ''

    def _state(self):
        for name in self.host.names():
            there = self.host.look([name])[name]
            print(f'{name} ({there.state}), current snapshot {there.current}')
            for target, disk in there.disks.items():
                print(f'  {target}: {self._chain(disk.path, disk.format)}')
            for snapshot in there.snapshots.values():
                print(f'  {snapshot.name} on {snapshot.parent}, {snapshot.state}{", retained" if snapshot.retained else ""}'
                      f'{", memory in " + snapshot.memory_file if snapshot.memory_file else ""}')
                for target, where in snapshot.disks.items():
                    disk = snapshot.domain[target]
                    print(f'    {target} {where}: {self._chain(disk.path, disk.format)}'
                          f'{self._short("overlay", snapshot.overlays.get(target))}'
                          f'{self._short("reverted onto", snapshot.revert_overlays.get(target))}')
        print('Files: ' + ' '.join(sorted(os.path.relpath(p, self.dir) for p in self.host.files())))

    def close(self):
        self.world.clear()
        for folder in (self.dir, self.states):
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description='Random operations on snapshots and clones, every byte checked after each.')
    parser.add_argument('seed')
    parser.add_argument('n', type=int)
    parser.add_argument('--host', choices=('new', *VARIABLES), default='new')
    parser.add_argument('--keep', metavar='DIR', help='where the images go if something is wrong')
    parser.add_argument('--calm', action='store_true', help='interrupt nothing, so that it goes the same way each time')
    parser.add_argument('--narrow', action='store_true', help='no other client between two steps, nothing odd on the host')
    parser.add_argument('--without', action='append', default=[], choices=FURNITURE, help='leave this out of a wide world')
    parser.add_argument('--bytes-only', action='store_true',
                        help='do not ask whether libvirt\'s own calls would be safe on what stratactl leaves')
    parser.add_argument('-q', '--quiet', action='store_true', help='do not say each operation')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))   # what is on the host has to go
    torture = Torture(parser.parse_args())
    try:
        status = torture.run()
    finally:
        torture.close()
    sys.exit(status)


if __name__ == '__main__':
    main()
