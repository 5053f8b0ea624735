#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_matrix.py new|old: every operation on every kind of snapshot of a machine that is off, paused or running.

Each cell is done or refused for a reason, nothing else; after each, all that survives has the bytes that it had when it was taken.
What came out is compared with docs/snapshots-table.md, or with $STRATA_TABLE written into that file.
"""

import os
import re
import sys

from matrix_lab import MatrixLab
from matrix_table import Table, get_section, put_section
from strata_tap import Skip, expect, expect_equal, run
from torture_model import Machine, Snapshot

KINDS = {'disk only': ['--disk-only'], 'with memory': ['--memory'], 'internal': ['--internal']}
STATES = ['off', 'paused', 'running']
DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs/snapshots-table.md')
AGAIN = ('STRATA_TABLE=/tmp/snapshots-table.md ./dev test snapshots-matrix-new snapshots-matrix-old && '
         'cp /tmp/snapshots-table.md docs/')


class Column:
    """One kind of snapshot in one state of the machine."""

    def __init__(self, lab, table, kind, state):
        self.lab, self.table, self.kind, self.state = lab, table, kind, state
        self.joints = 0

    # One operation

    def cell(self, row, argv, change, settled=None):
        """Runs stratactl ARGV, which is done or refused. CHANGE tells the model what is different then. SETTLED is the machine
        whose snapshots have to be safe for other tools then. Returns whether it was done."""
        result = self.lab.ctl('--json', *argv)
        words = f'{row}: stratactl {" ".join(argv)}'
        expect(result.status in (0, 3), f'{words}: the exit status is neither 0 nor 3', result)
        reason = None
        if result.status == 3:
            reason = result.document['error']['message']
            expect_equal(result.document['outcome'], 'refused', words)
        else:
            change()
        try:
            seen = self.lab.check(settled if reason is None else None)
        except AssertionError as error:
            raise AssertionError(f'{words}\n{error}') from error
        joints = sum(s.retained for machine in seen.values() for s in machine.snapshots.values())
        if row is not None:
            self.table.put(row, (self.kind, self.state), reason, joints > self.joints)
        self.joints = joints
        return reason is None

    def machine(self, name):
        return self.lab.model.machines[name]

    def take(self, name, snapshot, row=None, *options):
        there = self.machine(name)
        self.lab.write(name)

        def taken():
            there.add(Snapshot(snapshot, there.current, dict(there.tips), 'words'))

        return self.cell(row, ['snapshot', 'create', name, snapshot, '--description', 'words', *KINDS[self.kind], *options], taken,
                         name)

    def grow(self, name, *snapshots, write=True):
        """A chain of SNAPSHOTS, and with WRITE something written since. A paused machine whose memory was saved has let go of its
        disks, as long as nothing is written."""
        for snapshot in snapshots:
            expect(self.take(name, snapshot), f'{snapshot} of {name} was refused')
        if write:
            self.lab.write(name)

    def revert(self, row, name, snapshot, keep=None):
        there = self.machine(name)
        then = {'off': [], 'paused': ['--paused'], 'running': ['--start']}[self.state] if self.kind == 'disk only' else []

        def reverted():
            if keep is not None:
                there.add(Snapshot(keep, there.current, dict(there.tips)))
            there.tips = dict(there.snapshots[snapshot].contents)
            there.current = snapshot

        how = ['--save-current', keep] if keep is not None else ['--discard-current']
        return self.cell(row, ['snapshot', 'revert', name, snapshot, *how, *then], reverted, name)

    def delete(self, row, name, snapshot, *options):
        there = self.machine(name)

        def deleted():
            for one in reversed(there.below(snapshot)) if '--subtree' in options else [snapshot]:
                there.remove(one)

        return self.cell(row, ['snapshot', 'delete', name, snapshot, *options], deleted, name)

    def clone(self, row, name, clone, snapshot, *options):
        there = self.machine(name)
        contents = there.snapshots[snapshot].contents if snapshot is not None else there.tips

        def cloned():
            self.lab.model.machines[clone] = Machine(clone, dict(contents), is_clone=True)

        of = ['--snapshot', snapshot] if snapshot is not None else []
        return self.cell(row, ['clone', 'create', name, clone, *of, *options], cloned)

    # All operations, on machines that share them

    def run(self):
        self.lab.add_machine('a', self.state)
        self.quiesce('a')
        if self.take('a', 's1', 'take one'):
            self.grow('a', 's2', 's3')
            self.edit('a')
            self.clones('a')
            self.lab.clear()
            self.back_and_forth('b')
            self.lab.clear()
            self.merges('c')
        self.lab.clear()
        self.raw('r')

    def quiesce(self, name):
        def taken():
            raise AssertionError('there is no guest whose file systems could be frozen')

        self.lab.write(name)
        self.cell('take one with --quiesce, without an agent', ['snapshot', 'create', name, 'q', '--quiesce', *KINDS[self.kind]], taken)

    def edit(self, name):
        there = self.machine(name)

        def renamed():
            there.snapshots['two'] = there.snapshots.pop('s2')
            there.snapshots['two'].name = 'two'
            there.snapshots['s3'].parent = 'two'

        def described():
            there.snapshots['s1'].description = 'other words'

        self.cell('rename', ['snapshot', 'edit', name, 's2', '--rename', 'two'], renamed, name)
        self.cell('describe', ['snapshot', 'edit', name, 's1', '--description', 'other words'], described, name)

    def clones(self, name):
        if self.clone('full clone of a snapshot', name, 'k', 's3', '--full'):
            self.lab.drop_clone('k')
        if self.clone('full clone of the machine as it is', name, 'k', None, '--full'):
            self.lab.drop_clone('k')
        if self.clone('thin clone of the machine as it is', name, 'k', None, '--thin'):
            self.lab.drop_clone('k')
        if not self.clone('thin clone of a snapshot', name, 'k', 's3', '--thin'):
            return
        self.delete('delete one that a thin clone stands on', name, 's3')
        self.lab.bring('k', self.state)
        self.cell('flatten the thin clone', ['clone', 'flatten', 'k'], lambda: None)
        self.lab.drop_clone('k')
        self.cell('doctor --repair, with a joint that is free', ['doctor', name, '--repair'], lambda: None, name)

    def back_and_forth(self, name):
        self.lab.add_machine(name, self.state)
        self.grow(name, 's1', 's2', 's3')
        self.delete('delete one in the middle', name, 's2')
        self.delete('delete a leaf', name, 's3')
        self.grow(name, 's4', 's5')
        self.revert('revert, keeping the present', name, 's4', 'kept')
        self.lab.write(name)
        self.revert('revert, discarding the present', name, 's1')
        self.lab.write(name)
        self.delete('delete a root with two branches', name, 's1')
        self.delete('delete a subtree', name, 's4', '--subtree')

    def merges(self, name):
        self.lab.add_machine(name, self.state, disks=1)
        self.grow(name, 's1', 's2', 's3', write=False)
        self.delete('delete one in the middle with --commit', name, 's2', '--commit')
        self.delete('delete a leaf with --pull', name, 's3', '--pull')
        self.grow(name, 's4', write=False)
        self.delete('delete a root with --pull', name, 's1', '--pull')
        self.delete('delete a leaf with --commit', name, 's4', '--commit')
        self.grow(name, 's5', 's6')
        self.delete('delete a root', name, 's5')
        self.cell('flatten the machine itself', ['clone', 'flatten', name], lambda: None, name)

    def raw(self, name):
        self.lab.add_machine(name, self.state, 'raw', 1)
        if not self.take(name, 's1', 'raw image: take one'):
            return
        self.lab.write(name)
        self.revert('raw image: revert, discarding the present', name, 's1')
        self.lab.write(name)
        self.delete('raw image: delete', name, 's1')


class Matrix:
    def __init__(self, host):
        self.lab = MatrixLab(host)
        self.started = False
        self.table = Table([(kind, state) for kind in KINDS for state in STATES])
        self.failed = False

    def test(self, kind, state):
        def run_column():
            if not self.started:
                self.lab.start()
                self.started = True
            try:
                Column(self.lab, self.table, kind, state).run()
            except BaseException:
                self.failed = True
                raise
            finally:
                self.lab.clear()

        run_column.__name__ = f'{self.lab.host} host: {kind}, {state}'
        return run_column

    def the_table_is_as_documented(self):
        if not self.started or self.failed:
            raise Skip('it is not whole')
        title = self.lab.title()
        section = self.table.section(title)
        path = os.environ.get('STRATA_TABLE')
        if path:
            put_section(path, title, section)
            return
        known = get_section(DOCUMENT, title) if os.path.exists(DOCUMENT) else None
        if known is None:
            raise Skip(f'docs/snapshots-table.md has nothing on {title}')
        there, here = known.split('\n'), section.split('\n')
        expect(known == section, 'docs/snapshots-table.md says something else. To make it anew:', f'  {AGAIN}',
               *(f'- {line}' for line in there if line not in here), *(f'+ {line}' for line in here if line not in there))


def main():
    matrix = Matrix(sys.argv[1])
    try:
        run([*(matrix.test(kind, state) for kind in KINDS for state in STATES), matrix.the_table_is_as_documented])
    finally:
        matrix.lab.close()


if __name__ == '__main__':
    main()
