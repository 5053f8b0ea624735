#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""At each point between a plan and its last step another client clones or snapshots the machine. What that client was promised
stays, byte for byte; stratactl does what it can, or says why not."""

import os
import signal

from strata_lab import DOMAIN, disk_xml
from strata_tap import expect, run
from test_two import Run, create, lab
from torture_client import wait_stopped

MOST_POINTS = 40



def fresh():
    lab.clear()
    lab.add_machine('vm', 'off', disks=1)
    lab.write('vm')
    for name in ('s1', 's2'):
        argv, change = create(name)
        expect(lab.ctl(*argv).status == 0, f'{argv} failed')
        change(lab.model)
        lab.write('vm')


def tip():
    """The clone of a machine that is off stands on what it is defined on."""
    return lab.eye.look(['vm'])['vm'].inactive_disks['vda'].path


def clone_of(path):
    new = lab.path('clone-vda.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', path, '-F', 'qcow2', new)
    lab.define_xml(DOMAIN.format(name='clone', disks=disk_xml(new)))
    lab.made.append('clone')
    return new, None


def clone():
    return clone_of(tip())


def clone_of_a_layer():
    frozen = [s.domain['vda'].path for s in lab.eye.look(['vm'])['vm'].snapshots.values() if s.name == 's2']
    return clone_of(frozen[0]) if frozen and os.path.exists(frozen[0]) else None


def external():
    before = tip()
    done = lab.virsh('snapshot-create-as', 'vm', 'theirs', '--disk-only', '--atomic', '--diskspec',
                     f'vda,snapshot=external,file={lab.path("theirs.qcow2")}', check=False)
    return (before, None) if done.status == 0 else None


def internal():
    before = tip()
    done = lab.virsh('snapshot-create-as', 'vm', 'theirs', check=False)
    return (before, 'theirs') if done.status == 0 else None


def between(act, *argv):
    """ACT happens at each point of stratactl ARGV, one after the other."""
    def test():
        for point in range(1, MOST_POINTS):
            fresh()
            first = Run('one', list(argv), None, stop=point)
            if not wait_stopped(first.process, 60):
                first.end()
                break
            try:
                theirs = act()
                promised = lab.checker._hash(theirs[0], 'qcow2', theirs[1]) if theirs else None
            finally:
                first.process.send_signal(signal.SIGCONT)
            first.end()
            if theirs is not None:
                where = f'{act.__name__} at point {point} of {first}'
                try:
                    now = lab.checker._hash(theirs[0], 'qcow2', theirs[1])
                except RuntimeError as error:
                    raise AssertionError(f'{where}: it is lost: {error}') from None
                expect(now == promised, f'{where}: it holds other bytes')
            state = {'XDG_STATE_HOME': os.path.join(lab.dir, 'state-one')}
            for job in lab.ctl('--json', 'job', 'list', env=state).document['jobs']:
                said = lab.ctl('job', 'dismiss', job['id'], env=state)
                expect(said.status == 0, f'the job can not be dismissed after {act.__name__} at point {point}', first, said)
        expect(point > 3, 'it never stopped: is this a debug build?', first)

    test.__name__ = f'{act.__name__.replace("_", " ")} between the steps of {" ".join(argv)}'
    return test


CASES = [(act, ('snapshot', 'revert', 'vm', 's1', '--discard-current')) for act in (clone, clone_of_a_layer, external, internal)]
CASES += [(clone, ('snapshot', 'delete', 'vm', 's2', '--commit'))]


def main():
    lab.start()
    try:
        run([between(act, *verb) for act, verb in CASES])
    finally:
        lab.close()


if __name__ == '__main__':
    main()
