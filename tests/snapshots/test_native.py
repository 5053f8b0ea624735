#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where plain libvirt loses data or its daemon, and what stratactl does in the same place.

Each case first lets virsh do it, so that we hear when a libvirt does it no longer, and then has stratactl do what the person
wanted: done with nothing lost, or refused by the name of who is in the way. Both on the new host and on the old one."""

import os
import time

from native_lab import NativeLab
from strata_tap import expect, expect_equal, expect_words, run


def mixed_tree(lab, vm):
    """s1 (external) → s2 (external) → i1 (internal, in s2's overlay) → m1 (external, with memory)."""
    lab.machine(vm, run=True)
    for number, name in enumerate(('s1', 's2')):
        lab.external(vm, name)
        lab.write(vm, 0x10 + number)
    lab.internal(vm, 'i1')
    lab.write(vm, 0x20)
    lab.memory(vm, 'm1')
    lab.write(vm, 0x30)


def everything(lab, vm):
    return {name: lab.held(vm, name) for name in lab.snapshots(vm)}


def expect_held(lab, vm, before, *gone):
    """All snapshots but those GONE hold what they did."""
    after = everything(lab, vm)
    wanted = {name: value for name, value in before.items() if name not in gone}
    expect_equal({n: v for n, v in after.items() if n in wanted}, wanted, f'what the snapshots of {vm} hold')
    expect(not set(gone) & set(after), f'still there: {gone}')


def expect_doctor_warns(lab, vm, *words):
    """Of what virsh would do in this tree."""
    warnings = [f for f in lab.ctl('--json', 'doctor', vm).document['findings'] if f['code'] == 'native-unsafe']
    expect(any(all(word in f['message'] for word in words) and 'virsh' in f['hint'] for f in warnings), f'no word of it: {warnings}')


def deleting_an_external_snapshot_with_an_internal_one_in_its_overlay(lab):
    mixed_tree(lab, 'native')
    before = lab.held('native', 'i1')
    lab.virsh('snapshot-revert', 'native', 'i1', '--force', check=False)
    lab.virsh('snapshot-delete', 'native', 's2', check=False)
    lab.happens('the internal snapshot is lost', lab.held('native', 'i1') != before, new=True)

    mixed_tree(lab, 'vm')
    expect_doctor_warns(lab, 'vm', '“i1”', 'deletes “s2”')
    before = everything(lab, 'vm')
    lab.strata('snapshot', 'revert', 'vm', 'i1', '--discard-current')
    expect_held(lab, 'vm', before)
    lab.strata('snapshot', 'delete', 'vm', 's2')
    expect_held(lab, 'vm', before, 's2')
    lab.strata('snapshot', 'revert', 'vm', 'i1', '--discard-current')
    expect_equal(lab.tip('vm'), before['i1'], 'what the machine has')


def reverting_to_an_internal_snapshot_whose_image_is_a_base(lab):
    mixed_tree(lab, 'native')
    before = lab.held('native', 'm1')
    lab.virsh('snapshot-revert', 'native', 'i1', '--force', check=False)
    lab.happens('the base of another snapshot is rewritten', lab.held('native', 'm1') != before, new=True)

    mixed_tree(lab, 'vm')
    expect_doctor_warns(lab, 'vm', '“i1”', 'other images stand')
    before = everything(lab, 'vm')
    lab.strata('snapshot', 'revert', 'vm', 'i1', '--save-current', 'kept')
    expect_held(lab, 'vm', before)
    expect_equal(lab.tip('vm'), before['i1'], 'what the machine has')


def going_back_keeps_what_was_written_since(lab):
    base = lab.machine('native')
    overlay = lab.external('native', 's1')
    lab.write('native', 0x10)
    lab.virsh('desc', 'native', '--config', '--title', 'mine')
    refused = lab.virsh('snapshot-revert', 'native', 's1', check=False).status != 0
    lab.happens('external snapshots are reverted to', not refused, new=True, old=False)
    lab.happens('what was written since is gone', not os.path.exists(overlay), new=True, old=False)
    title = lab.xml('native', '--inactive').findtext('title')
    lab.happens('the title is that of the snapshot', title != 'mine', new=True, old=False)
    expect(os.path.exists(base), 'the base is there')

    lab.machine('vm')
    lab.external('vm', 's1')
    lab.write('vm', 0x10)
    lab.virsh('desc', 'vm', '--config', '--title', 'mine')
    before, tip = everything(lab, 'vm'), lab.tip('vm')
    for i in range(2):    # twice in one second, too
        lab.strata('snapshot', 'revert', 'vm', 's1', '--save-current', f'kept{i}')
    expect_held(lab, 'vm', before)
    expect_equal(lab.held('vm', 'kept0'), tip, 'what was written since')
    expect_equal(lab.tip('vm'), before['s1'], 'what the machine has')
    expect_equal(lab.xml('vm', '--inactive').findtext('title'), 'mine', 'the title')


def reverting_with_no_current_snapshot(lab):
    def without_current(vm):
        """An internal root, an external child; the current root is deleted."""
        lab.machine(vm)
        lab.internal(vm, 'i1')
        lab.external(vm, 's1')
        lab.virsh('snapshot-revert', vm, 'i1')
        lab.virsh('snapshot-delete', vm, 'i1')
        return lab.current(vm) is None

    lab.happens('there is no current snapshot', without_current('native'), new=True)
    lab.happens('the daemon crashes', daemon_ends(lab, 'snapshot-revert', 'native', 's1'), new=True, old=False)

    without_current('vm')
    before = everything(lab, 'vm')
    # By the way back to i1 the machine writes to the very image that s1 froze.
    refused = lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current', status=3)
    expect('s1' in refused.err, 'the refusal does not name the snapshot', refused)
    expect_held(lab, 'vm', before)
    lab.strata('doctor', 'vm', '--repair')
    expect_equal(lab.snapshots('vm'), [], 'what does not hold what it kept is forgotten')


def daemon_ends(lab, *argv):
    """Whether a virsh call ends the daemon."""
    done = lab.virsh(*argv, check=False)
    return done.status != 0 and 'end of file' in done.err


def leaving_a_snapshot_that_other_snapshots_stand_on(lab):
    lab.machine('native')
    base_of_s2 = lab.external('native', 's1')
    lab.external('native', 's2')
    lab.redefine('native', 's1', '--current')
    lab.virsh('snapshot-revert', 'native', 's2', check=False)
    lab.happens('the base of the snapshot is unlinked', not os.path.exists(base_of_s2), new=True, old=False)

    lab.machine('vm')
    lab.external('vm', 's1')
    lab.write('vm', 0x10)
    lab.external('vm', 's2')
    before = everything(lab, 'vm')
    lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
    # Somebody goes on with virsh; the old host refuses, and nothing is lost either.
    lab.virsh('snapshot-revert', 'vm', 's2', check=False)
    expect_held(lab, 'vm', before)
    lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
    lab.strata('snapshot', 'revert', 'vm', 's2', '--discard-current')
    expect_held(lab, 'vm', before)
    expect_equal(lab.tip('vm'), before['s2'], 'what the machine has')


def deleting_beside_a_branch_that_was_taken_offline(lab):
    def branches(vm):
        lab.machine(vm)
        for number, name in enumerate(('s1', 's2', 's3')):
            lab.external(vm, name)
            lab.write(vm, 0x10 + number)

    branches('native')
    lab.virsh('snapshot-revert', 'native', 's2', check=False)
    lab.happens('the daemon crashes', daemon_ends(lab, 'snapshot-delete', 'native', 's1'), new=True, old=False)

    branches('vm')
    before = everything(lab, 'vm')
    lab.strata('snapshot', 'revert', 'vm', 's2', '--save-current', 'kept')
    lab.write('vm', 0x20)
    tip = lab.tip('vm')
    before['kept'] = lab.held('vm', 'kept')
    lab.strata('snapshot', 'delete', 'vm', 's1')
    expect_held(lab, 'vm', before, 's1')
    expect_equal(lab.tip('vm'), tip, 'what the machine has')
    # And after us virsh may do the like.
    lab.external('vm', 'b1')
    expect(not daemon_ends(lab, 'snapshot-delete', 'vm', 's2'), 'the daemon crashes after us')
    expect_held(lab, 'vm', {n: v for n, v in before.items() if n not in ('s1', 's2')})


def going_back_fails_and_the_machine_is_as_it_was(lab):
    def bad_memory(vm, spoil):
        lab.machine(vm, run=True)
        file = lab.memory(vm, 'm1')
        lab.write(vm, 0x10)
        spoil(file)
        return lab.source(vm)

    def halve(file):
        os.truncate(file, os.path.getsize(file) // 2)

    bad_memory('gone', os.remove)
    lab.virsh('snapshot-revert', 'gone', 'm1', check=False)
    lab.happens('it was stopped before it failed', lab.state('gone') == 'shut off', new=True, old=False)
    overlay = bad_memory('half', halve)
    lab.virsh('snapshot-revert', 'half', 'm1', check=False)
    lab.happens('the machine is left on the base', lab.source('half', '--inactive') != overlay, new=True, old=False)

    # What can be known before is refused before anything is stopped.
    source = bad_memory('vm', os.remove)
    before, tip = everything(lab, 'vm'), lab.tip('vm')
    result = lab.strata('snapshot', 'revert', 'vm', 'm1', '--discard-current', status=(1, 3))
    expect_words(result.err, 'm1')
    expect_equal(lab.state('vm'), 'running', 'the state')
    expect_equal([lab.source('vm'), lab.source('vm', '--inactive')], [source] * 2, 'the image')
    expect_equal(lab.tip('vm'), tip, 'what the machine has')
    expect_held(lab, 'vm', before)

    # What cannot is taken back.
    source = bad_memory('other', halve)
    before, tip = everything(lab, 'other'), lab.tip('other')
    result = lab.strata('snapshot', 'revert', 'other', 'm1', '--save-current', 'kept', status=(1, 4))
    if result.status == 4:
        for job in lab.ctl('--json', 'job', 'list').document['jobs']:
            lab.strata('job', 'rollback', job['id'])
    kept = lab.held('other', 'kept') if 'kept' in lab.snapshots('other') else lab.bytes(lab.source('other', '--inactive'))
    expect_equal(kept, tip, 'what the machine has', result)
    expect_held(lab, 'other', before)


def merging_into_an_image_that_a_clone_stands_on(lab):
    def with_clone(vm):
        base = lab.machine(vm, run=True)
        lab.external(vm, 's1')
        lab.write(vm, 0x10)
        lab.define_on(f'{vm}-clone', lab.overlay(lab.path(f'{vm}-clone.qcow2'), base))
        return base, lab.tip(f'{vm}-clone')

    base, before = with_clone('native')
    lab.virsh('blockcommit', 'native', 'vda', '--active', '--pivot', '--wait', '--base', base)
    lab.happens('the clone is changed', lab.tip('native-clone') != before, new=True, old=True)

    _, before = with_clone('vm')
    tip = lab.tip('vm')
    lab.strata('snapshot', 'delete', 'vm', 's1')
    expect_equal(lab.snapshots('vm'), [], 'the snapshots')
    expect_equal(lab.tip('vm-clone'), before, 'what the clone has')
    expect_equal(lab.tip('vm'), tip, 'what the machine has')
    refused = lab.strata('snapshot', 'create', 'vm', 's2', '--external', '--disk-only')
    refused = lab.strata('snapshot', 'delete', 'vm', 's2', '--commit', status=(0, 3))
    expect_equal(lab.tip('vm-clone'), before, 'what the clone has', refused)


def a_deep_chain_starts(lab):
    def layers(vm, count):
        lab.machine(vm)
        for number in range(count):
            lab.external(vm, f's{number}')

    layers('native', 26)
    lab.happens('27 layers do not start', lab.virsh('start', 'native', check=False).status != 0, new=True)

    layers('vm', 20)
    before = everything(lab, 'vm')
    statuses = []
    for number in range(8):
        statuses.append(lab.strata('snapshot', 'create', 'vm', f't{number}', '--external', status=(0, 3)).status)
    lab.happens('one more layer is refused in time', 3 in statuses)
    lab.virsh('start', 'vm')
    expect_held(lab, 'vm', before)


def merging_goes_no_further_than_it_has_to(lab):
    def thin(vm):
        base = lab.make_disk(f'{vm}-base.qcow2', data='1M')
        lab.define_on(vm, lab.overlay(lab.path(f'{vm}-vda.qcow2'), base))
        lab.virsh('start', vm)
        lab.write(vm, 0x10)
        lab.external(vm, 's1')
        lab.write(vm, 0x20)
        return base, lab.bytes(base)

    base, before = thin('native')
    lab.virsh('blockcommit', 'native', 'vda', '--active', '--pivot', '--wait')
    lab.happens('what the template holds is overwritten', lab.bytes(base) != before, new=True, old=True)

    base, before = thin('vm')
    tip = lab.tip('vm')
    lab.strata('snapshot', 'delete', 'vm', 's1', '--commit')
    expect_equal(lab.bytes(base), before, 'what the template holds')
    expect_equal(lab.tip('vm'), tip, 'what the machine has')


def every_overlay_says_the_format_below(lab):
    path = lab.machine('native')
    lab.virsh('pool-refresh', lab.pool)
    made = lab.virsh('vol-create-as', lab.pool, 'overlay', '64M', '--format', 'qcow2', '--backing-vol', path, check=False)
    kind = lab.backing_format(lab.path('overlay')) if made.status == 0 else None
    lab.happens('a qcow2 base is recorded as something else', kind != 'qcow2', new=True, old=True)

    lab.machine('vm')
    lab.strata('snapshot', 'create', 'vm', 's1', '--external')
    lab.strata('snapshot', 'create', 'vm', 's2', '--internal')
    lab.strata('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept')
    for clone, snapshot in (('one', 's1'), ('two', 's2')):
        lab.made.append(clone)
        lab.strata('clone', 'create', 'vm', clone, '--snapshot', snapshot, '--thin', status=(0, 3))
    for name in os.listdir(lab.images):
        path = lab.path(name)
        if path.endswith('.mem') or name == 'overlay':
            continue
        expect(lab.run('qemu-img', 'info', '-U', path).out.count('backing file:') == (lab.backing_format(path) is not None),
               f'{name} does not say the format of its base')


def a_branch_that_is_made_and_deleted(lab):
    def two(vm):
        lab.machine(vm)
        first = lab.external(vm, 's1')
        lab.write(vm, 0x10)
        lab.external(vm, 's2')
        return first

    base_of_s2 = two('native')
    if not lab.is_old:
        lab.virsh('snapshot-revert', 'native', 's1')
        lab.external('native', 'b1')
        lab.virsh('snapshot-delete', 'native', 'b1')
        lab.virsh('snapshot-revert', 'native', 's2', check=False)
        lab.happens('the base of a snapshot is unlinked', not os.path.exists(base_of_s2), new=True)

    two('vm')
    before = everything(lab, 'vm')
    lab.strata('snapshot', 'revert', 'vm', 's1', '--discard-current')
    lab.external('vm', 'b1')
    lab.strata('snapshot', 'delete', 'vm', 'b1')
    lab.virsh('snapshot-revert', 'vm', 's2', check=False)
    expect_held(lab, 'vm', before)
    lab.strata('snapshot', 'revert', 'vm', 's2', '--discard-current')
    expect_held(lab, 'vm', before)
    expect_equal(lab.tip('vm'), before['s2'], 'what the machine has')


def who_may_not_read_an_image(lab):
    """He may not read what is written above it either."""
    os.chmod(lab.machine('native'), 0o600)
    lab.virsh('snapshot-create-as', 'native', 's1', '--disk-only')
    lab.happens('everybody may read the overlay', os.stat(lab.source('native')).st_mode & 0o077 != 0, new=False)

    os.chmod(lab.machine('vm'), 0o600)
    lab.strata('snapshot', 'create', 'vm', 's1', '--disk-only')
    expect_equal(os.stat(lab.source('vm')).st_mode & 0o777, 0o600, 'the overlay')


def deleting_a_leaf_under_a_tip_that_was_left(lab):
    base = lab.machine('native')
    frozen = lab.external('native', 's1')
    left = lab.external('native', 's2')
    lab.write('native', 0x10)
    # Another tool puts the machine on the base, and forgets what it was on.
    text = lab.virsh('dumpxml', '--inactive', 'native').out
    lab.define_xml(text.replace(left, lab.overlay(lab.path('native-new.qcow2'), base)))
    lab.redefine('native', 's1', '--current')
    lab.virsh('snapshot-delete', 'native', 's2', check=False)
    lab.happens('the tip hangs in the air', os.path.exists(left) and not os.path.exists(frozen), new=True)

    lab.machine('vm')
    lab.external('vm', 's1')
    lab.external('vm', 's2')
    lab.write('vm', 0x10)
    before, tip = everything(lab, 'vm'), lab.tip('vm')
    lab.strata('snapshot', 'revert', 'vm', 's1', '--save-current', 'kept')
    lab.virsh('snapshot-delete', 'vm', 's2', check=False)
    expect_equal(lab.held('vm', 'kept'), tip, 'what the machine was')
    lab.strata('snapshot', 'delete', 'vm', 's2', status=(0, 1))    # virsh may have done it
    expect_equal(lab.held('vm', 'kept'), tip, 'what the machine was')
    expect_held(lab, 'vm', before, 's2')


def a_definition_that_disagrees_with_the_headers(lab):
    def disagreeing(vm):
        """The overlay stands on "good", the definition says it stands on "bad"."""
        good, bad = (lab.make_disk(f'{vm}-{n}.qcow2', data=n == 'good' and '1M' or None) for n in ('good', 'bad'))
        overlay = lab.overlay(lab.path(f'{vm}-vda.qcow2'), good)
        lab.define_on(vm, overlay)
        lab.external(vm, 's1')
        text = lab.virsh('dumpxml', '--inactive', vm).out
        source = f"<source file='{lab.source(vm)}'/>"
        lab.define_xml(text.replace(source, f'''{source}<backingStore type='file'><format type='qcow2'/>
          <source file='{overlay}'/><backingStore type='file'><format type='qcow2'/><source file='{bad}'/>
          <backingStore/></backingStore></backingStore>'''))
        return bad

    bad = disagreeing('native')
    lab.virsh('start', 'native')
    blocks = lab.virsh('qemu-monitor-command', '--hmp', 'native', 'info block -v').out
    lab.happens('the machine runs on the wrong chain', bad in blocks, new=True, old=True)

    disagreeing('vm')
    before = lab.snapshot()
    for argv in (['delete', 'vm', 's1'], ['revert', 'vm', 's1', '--discard-current']):
        expect_words(lab.strata('snapshot', *argv, status=3).err, 'vm')
    lab.expect_unchanged(before)


def pulling_into_an_image_with_an_internal_snapshot(lab):
    def with_tag(vm):
        lab.machine(vm, run=True)
        lab.external(vm, 's1')
        lab.write(vm, 0x10)
        lab.internal(vm, 'i1')
        lab.write(vm, 0x20)

    with_tag('native')
    before = lab.held('native', 'i1')
    lab.virsh('blockpull', 'native', 'vda', '--wait')
    lab.happens('the internal snapshot reads otherwise', lab.held('native', 'i1') != before, new=True, old=True)

    with_tag('vm')
    before, tip = everything(lab, 'vm'), lab.tip('vm')
    for argv in (['snapshot', 'delete', 'vm', 's1', '--pull'], ['clone', 'flatten', 'vm']):
        result = lab.strata(*argv, status=(0, 3))
        expect_equal(lab.held('vm', 'i1'), before['i1'], 'what the internal snapshot holds', result)
        expect_equal(lab.tip('vm'), tip, 'what the machine has', result)


def forgetting_a_root_with_several_children(lab):
    def forked(vm, revert):
        lab.machine(vm)
        lab.external(vm, 'root')
        lab.write(vm, 0x10)
        lab.external(vm, 'one')
        revert(vm, 'root')
        lab.write(vm, 0x20)
        lab.external(vm, 'two')
        revert(vm, 'root')

    if not lab.is_old:
        def revert(vm, name):
            time.sleep(1)    # libvirt names the new overlay by the second
            lab.virsh('snapshot-revert', vm, name)

        forked('native', revert)
        lab.virsh('snapshot-delete', 'native', 'root', '--metadata')
        lab.happens('there is no current snapshot', lab.current('native') is None, new=True)
        lab.happens('the daemon crashes', daemon_ends(lab, 'snapshot-revert', 'native', 'one'), new=True)

    forked('vm', lambda vm, name: lab.strata('snapshot', 'revert', vm, name, '--discard-current'))
    before, tip = everything(lab, 'vm'), lab.tip('vm')
    lab.strata('snapshot', 'delete', 'vm', 'root')
    expect(lab.current('vm') is not None, 'there is no current snapshot')
    expect(not daemon_ends(lab, 'snapshot-list', 'vm'), 'the daemon crashes')
    expect_held(lab, 'vm', before, 'root')
    expect_equal(lab.tip('vm'), tip, 'what the machine has')
    expect(not daemon_ends(lab, 'snapshot-revert', 'vm', 'one'), 'the daemon crashes after us')
    expect_held(lab, 'vm', before, 'root')


def forgetting_a_snapshot_that_another_stands_on(lab):
    lab.machine('native')
    lab.external('native', 's1')
    overlay = lab.external('native', 's2')
    lab.external('native', 's3')
    lab.virsh('snapshot-delete', 'native', 's2', '--metadata')
    image = lab.seen('native', 's3').domain['vda'].path
    lab.happens('the other one names another image than before', image != overlay, new=False, old=True)

    lab.machine('vm')
    for number, name in enumerate(('s1', 's2', 's3')):
        lab.external('vm', name)
        lab.write('vm', 0x10 + number)
    before = everything(lab, 'vm')
    lab.strata('snapshot', 'delete', 'vm', 's1', '--pull')
    lab.strata('snapshot', 'delete', 'vm', 's2', '--metadata-only')
    expect_held(lab, 'vm', before, 's1', 's2')


def renaming_an_internal_snapshot(lab):
    path = lab.machine('native')
    lab.internal('native', 'i1')
    lab.redefine('native', 'i1', change=lambda text: text.replace('<name>i1</name>', '<name>other</name>'))
    lab.virsh('snapshot-delete', 'native', 'i1', '--metadata')
    lab.happens('the renamed one is not reverted to', lab.virsh('snapshot-revert', 'native', 'other', check=False).status != 0,
                new=True, old=True)
    deleted = lab.virsh('snapshot-delete', 'native', 'other', check=False).status == 0
    tags = lab.run('qemu-img', 'snapshot', '-l', '-U', path).out
    lab.happens('it is deleted, and stays in the image', deleted and 'i1' in tags, new=True, old=True)

    lab.machine('vm')
    lab.internal('vm', 'i1')
    before = everything(lab, 'vm')
    expect_words(lab.strata('snapshot', 'edit', 'vm', 'i1', '--rename', 'other', status=3).err, 'i1')
    lab.strata('snapshot', 'edit', 'vm', 'i1', '--description', 'before the upgrade')
    expect_equal(lab.seen('vm', 'i1').description, 'before the upgrade', 'the description')
    expect_held(lab, 'vm', before)
    lab.strata('snapshot', 'revert', 'vm', 'i1', '--discard-current')
    expect_equal(lab.tip('vm'), before['i1'], 'what the machine has')
    path = lab.source('vm')
    lab.strata('snapshot', 'delete', 'vm', 'i1')
    expect('i1' not in lab.run('qemu-img', 'snapshot', '-l', '-U', path).out, 'the tag is still in the image')


def resize(lab, vm, size):
    if lab.state(vm) == 'running':
        lab.virsh('blockresize', vm, 'vda', size)
    else:
        lab.run('qemu-img', 'resize', '-q', '-f', 'qcow2', lab.source(vm), size)


def cloning_what_a_larger_disk_held(lab):
    """And a smaller one. Also what Strata keeps of it by itself."""
    for running in (False, True):
        lab.machine('vm', run=running)
        lab.internal('vm', 'small')
        small = lab.held('vm', 'small')
        resize(lab, 'vm', '32M')
        lab.write('vm', 0x22, '24M')
        lab.internal('vm', 'large')
        large = lab.tip('vm')
        lab.write('vm', 0x33, '28M')
        present = lab.tip('vm')
        lab.strata('snapshot', 'revert', 'vm', 'small')
        kept = next(name for name in lab.snapshots('vm') if name.startswith('present'))
        expect_equal(lab.tip('vm'), small, 'what the machine has')
        out = lab.path('out')
        lab.run('qemu-img', 'convert', '-U', '-l', 'snapshot.name=large', '-O', 'qcow2', lab.source('vm'), out)
        lab.happens('what is above the present size is read of a tag', lab.bytes(out) == large, new=False, old=False)

        wanted = {'small': small, 'large': large, kept: present}
        for name in wanted:
            lab.strata('clone', 'create', 'vm', f'clone-{name}', '--snapshot', name, '--full')
            lab.made.append(f'clone-{name}')
            expect_equal(lab.tip(f'clone-{name}'), wanted[name], f'what a clone of {name} has')
        expect_equal({n: lab.held('vm', n) for n in wanted}, wanted, 'what the snapshots hold')
        lab.strata('snapshot', 'revert', 'vm', 'large', '--off')
        for name in wanted:
            lab.virsh('undefine', f'clone-{name}', '--remove-all-storage')
        lab.strata('clone', 'create', 'vm', 'clone-small', '--snapshot', 'small', '--full')
        expect_equal((lab.tip('vm'), lab.tip('clone-small')), (large, small), 'what is larger now, and what was smaller')
        lab.clear()


CASES = [
    who_may_not_read_an_image,
    deleting_an_external_snapshot_with_an_internal_one_in_its_overlay,
    reverting_to_an_internal_snapshot_whose_image_is_a_base,
    going_back_keeps_what_was_written_since,
    leaving_a_snapshot_that_other_snapshots_stand_on,
    going_back_fails_and_the_machine_is_as_it_was,
    merging_into_an_image_that_a_clone_stands_on,
    a_deep_chain_starts,
    merging_goes_no_further_than_it_has_to,
    every_overlay_says_the_format_below,
    a_branch_that_is_made_and_deleted,
    deleting_a_leaf_under_a_tip_that_was_left,
    a_definition_that_disagrees_with_the_headers,
    pulling_into_an_image_with_an_internal_snapshot,
    forgetting_a_snapshot_that_another_stands_on,
    renaming_an_internal_snapshot,
    cloning_what_a_larger_disk_held,
    # A daemon that has crashed is of no use to the next test, so these come last, each with one of its own.
    reverting_with_no_current_snapshot,
    deleting_beside_a_branch_that_was_taken_offline,
    forgetting_a_root_with_several_children,
]
OWN_DAEMON = CASES[-3:]


class Labs:
    """One lab for each host, made when it is first wanted."""

    def __init__(self):
        self._labs = {}

    def test(self, host, case):
        def run_case():
            lab = self._labs.pop(host, None) if case not in OWN_DAEMON or host == 'old' else None
            if lab is None:
                lab = NativeLab(host)
                lab.start()
            kept = False
            try:
                case(lab)
            finally:
                try:
                    if case not in OWN_DAEMON or host == 'old':
                        lab.clear()
                        self._labs[host], kept = lab, True
                finally:
                    if not kept:
                        lab.close()

        run_case.__name__ = f'{host} host: {case.__name__}'
        return run_case

    def close(self):
        for lab in self._labs.values():
            lab.close()


def main():
    labs = Labs()
    try:
        run([labs.test(host, case) for host in ('new', 'old') for case in CASES])
    finally:
        labs.close()


if __name__ == '__main__':
    main()
