#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two Stratas of two users on one host: they begin at the same moment, one stands still while the other acts, one is killed. What
comes out is what one after the other would have made, nobody waits for ever, and who may not says why."""

import copy
import os
import random
import re
import signal
import subprocess
import sys
import time

from matrix_lab import MatrixLab
from strata_lab import STRATACTL
from strata_tap import expect, run
from torture_client import wait_stopped
from torture_model import ANY, Machine, Snapshot

LIMIT = 60   # seconds, for what may wait for the other one but not for ever
NOISE = re.compile(r'CRITICAL|Traceback|assertion|AddressSanitizer')
USERS = ('one', 'two')

lab = MatrixLab('new')


class Run:
    """A stratactl of one user."""

    def __init__(self, user, argv, change, stop=None):
        self.user, self.argv, self.change = user, argv, change
        env = dict(lab.env, XDG_STATE_HOME=os.path.join(lab.dir, f'state-{user}'))
        if stop is not None:
            env['STRATA_TEST_STOP_AT'] = str(stop)
        self.process = subprocess.Popen([STRATACTL, *argv], env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.status, self.err = None, ''

    def end(self):
        """Waits for it; whoever waits longer than LIMIT has locked himself up."""
        try:
            _, self.err = self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, self.err = self.process.communicate()
            raise AssertionError(f'{self}: did not end within {LIMIT} s') from None
        self.status = self.process.returncode
        words = '\n'.join(line for line in self.err.splitlines() if not line.startswith('strata-stop-point'))
        expect(not NOISE.search(words), f'{self}: noise', words)
        expect(self.status == 0 or self.status < 0 or words.strip(), f'{self}: says nothing')
        expect(self.status in (0, 1, 3, -signal.SIGKILL), f'{self}: an exit status that it may not have', words)
        return self

    def __str__(self):
        return f'user {self.user}: stratactl {" ".join(self.argv)} -> {self.status} {self.err.strip()}'


def create(name):
    def change(model):
        there = model.machines['vm']
        there.add(Snapshot(name, there.current, dict(there.tips)))
    return ['snapshot', 'create', 'vm', name, '--disk-only'], change


def delete(name, *how):
    def change(model):
        if name not in model.machines['vm'].snapshots:
            raise KeyError(name)
        model.machines['vm'].remove(name)
    return ['snapshot', 'delete', 'vm', name, *how], change


def revert(name, saved):
    def change(model):
        there = model.machines['vm']
        there.snapshots[name]    # pylint: disable=pointless-statement
        there.add(Snapshot(saved, there.current, dict(there.tips)))
        there.tips.update(there.snapshots[name].contents)
        there.current = name
    return ['snapshot', 'revert', 'vm', name, '--save-current', saved], change


def clone(name, new):
    def change(model):
        contents = model.machines['vm'].snapshots[name].contents
        model.machines[new] = Machine(new, dict(contents))
    return ['clone', 'create', 'vm', new, '--snapshot', name, '--thin'], change


def pair(rng, number):
    """What the two want at the same time."""
    one, two = rng.choice([('s1', 's2'), ('s2', 's1'), ('s1', 's1'), ('s2', 's2')])
    wishes = [delete(one, *rng.choice([[], ['--commit'], ['--pull']])), delete(two), revert(one, f'a{number}'), clone(two, f'k{number}'),
              create(f'c{number}'), create(f'd{number}'), revert(two, f'b{number}'), clone(one, f'l{number}')]
    return rng.sample(wishes, 2)


def fresh():
    """vm, off, with the snapshots s1 and s2, each of which froze bytes of its own."""
    for user in USERS:
        jobs = lab.ctl('--json', 'job', 'list', env={'XDG_STATE_HOME': os.path.join(lab.dir, f'state-{user}')}).document['jobs']
        expect(not jobs, f'user {user} has a job left from an earlier round', jobs)
    lab.clear()
    lab.add_machine('vm', 'off', disks=1)
    lab.write('vm')
    for name in ('s1', 's2'):
        argv, change = create(name)
        expect(lab.ctl(*argv).status == 0, f'{argv} failed')
        change(lab.model)
        lab.write('vm')
    lab.check()


def applied(changes):
    after = copy.deepcopy(lab.model)
    try:
        for change in changes:
            change(after)
    except KeyError:
        return None
    for machine in after.machines.values():
        machine.current = ANY
        for snapshot in machine.snapshots.values():
            snapshot.parent = ANY
    return after


def expect_one_after_the_other(runs, also=()):
    """The host is as if those that are done had run one after the other. ALSO: those that may have been done or not."""
    done = [r.change for r in runs if r.status == 0]
    orders = [done, done[::-1]]
    for change in also:
        orders += [[*order, change] for order in orders] + [[change, *order] for order in orders]
    models = [m for m in map(applied, orders) if m is not None]
    expect(models, 'both say that they are done, and one took away what the other needs', *runs)
    wrong = []
    for model in models:
        lab.model = model
        try:
            lab.check()
            return
        except AssertionError as error:
            wrong.append(str(error))
    raise AssertionError('\n'.join([*map(str, runs), *wrong[:1]]))


def expect_snapshots_kept(first, second):
    """A job that was dismissed midway may have done any part of it; what every snapshot holds that neither was to delete is
    what it held."""
    done = [second.change] if second.status == 0 else []
    model, both = applied(done), applied([*done, first.change]) or applied(done)
    seen = lab.eye.look([name for name in model.machines if name in lab.names()])
    model.machines = {name: model.machines[name] for name in seen}
    wrong = lab.checker.bytes_of(model, seen, lambda machine, snapshot: machine.name == 'vm' and snapshot is not None)
    there = {name for name, snapshot in seen['vm'].snapshots.items() if not snapshot.retained}
    wrong += [f'{name} is lost' for name in ('s1', 's2') if name in both.machines['vm'].snapshots and name not in there]
    expect(not wrong, '\n'.join([str(second), *wrong]))


def at_the_same_moment():
    rng = random.Random(7)
    refused = 0
    for number in range(ROUNDS):
        fresh()
        runs = [Run(user, *wish) for user, wish in zip(USERS, pair(rng, number))]
        for one in runs:
            one.end()
        expect(any(r.status == 0 for r in runs), 'neither of the two could', *runs)
        refused += sum(r.status != 0 for r in runs)
        expect_one_after_the_other(runs)
    print(f'# {refused} of {2 * ROUNDS} were refused')


def one_stands_still_while_the_other_acts():
    rng = random.Random(8)
    for number in range(ROUNDS // 2):
        fresh()
        wishes = pair(rng, number)
        first = Run(USERS[0], *wishes[0], stop=rng.randrange(1, 12))
        stands = wait_stopped(first.process, LIMIT)
        try:
            second = Run(USERS[1], *wishes[1]).end()
        finally:
            if stands:
                first.process.send_signal(signal.SIGCONT)
        first.end()
        expect(first.status == 0 or second.status == 0, 'neither of the two could', first, second)
        expect_one_after_the_other([second, first])


def one_is_killed_with_its_lock_held():
    rng = random.Random(9)
    for number in range(ROUNDS // 3):
        fresh()
        wishes = pair(rng, number)
        first = Run(USERS[0], *wishes[0], stop=rng.randrange(4, 10))
        if not wait_stopped(first.process, LIMIT):
            first.end()
            continue
        first.process.kill()
        first.end()
        begin = time.monotonic()
        second = Run(USERS[1], *wishes[1]).end()
        said = ' '.join(str(second).split())
        print(f'# {said}: {time.monotonic() - begin:.1f} s after the other one was killed')
        # Whoever was killed has to be able to end it, whatever happened since.
        state = {'XDG_STATE_HOME': os.path.join(lab.dir, f'state-{USERS[0]}')}
        answers, dismissed = [], False
        for job in lab.ctl('--json', 'job', 'list', env=state).document['jobs']:
            for verb in ('resume', 'rollback', 'dismiss'):
                said = lab.ctl('job', verb, job['id'], env=state)
                answers.append(f'job {verb}: {said}')
                expect(said.status == 0 or said.err.strip(), f'job {verb} says nothing')
                # One that can't go on, since the other has changed what it is about, takes itself back.
                left = [j['id'] for j in lab.ctl('--json', 'job', 'list', env=state).document['jobs']]
                expect(said.status != 0 or job['id'] not in left, f'job {verb} says that it is done, and it is there', said)
                if job['id'] not in left:
                    dismissed = verb == 'dismiss'
                    break
            else:
                raise AssertionError('\n'.join(['a job that was killed has no end', str(first), str(second), *answers]))
        # What a job that was killed and dismissed left behind is litter, not loss.
        lab.model.left |= lab.eye.files()
        if dismissed:
            expect_snapshots_kept(first, second)
        else:
            expect_one_after_the_other([second], also=[first.change])


ROUNDS = int(os.environ.get('STRATA_TEST_ROUNDS', '20'))


def main():
    lab.start()
    try:
        run([at_the_same_moment, one_stands_still_while_the_other_acts, one_is_killed_with_its_lock_held])
    finally:
        lab.close()


if __name__ == '__main__':
    sys.exit(main())
