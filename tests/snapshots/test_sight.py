# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on which something can't be seen, or is not what it looks like: a busy pool, storage that is away, a raw disk with a header
that its guest wrote, one file under two names, chains that headers don't tell.  No byte of another machine changes."""

import json
import os
import re
import shutil
import signal
import subprocess

from busy_pool import busy_pool
from strata_lab import DOMAIN, STRATACTL, Lab, disk_xml, sha256
from strata_tap import expect, expect_equal, expect_words, run
from torture_client import wait_stopped

lab = Lab()


def overlay(name, backing, fmt='qcow2', folder=None):
    path = os.path.join(folder or lab.images, name)
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', backing, '-F', fmt, path)
    return path


def define(name, *disks):
    lab.define_xml(DOMAIN.format(name=name, disks=''.join(disks)))


def guest_hash(path, fmt='qcow2'):
    """What a guest reads of PATH, if it is FMT."""
    flat = os.path.join(lab.dir, 'flat')
    lab.run('qemu-img', 'convert', '-U', '-f', fmt, '-O', 'raw', path, flat)
    digest = sha256(flat)
    os.remove(flat)
    return digest


def tip(name):
    for line in lab.virsh('domblklist', name, '--inactive').out.splitlines():
        words = line.split(None, 1)
        if words and words[0] == 'vda':
            return words[1].strip()
    raise AssertionError(f'{name} has no vda')


def expect_refused(result, *words, status=3):
    expect_equal(result.status, status, f'refused because of {words}', result)
    for word in words:
        expect(word in result.err, f'the refusal does not speak of {word}', result)


def remove_snapshots():
    for name in lab.names():
        lab.virsh('destroy', name, check=False)
        lab.virsh('undefine', '--nvram', '--snapshots-metadata', name, check=False)


def merge_while_the_pool_is_busy():
    """What stands on the base is seen, though the pool doesn't list it."""
    base = lab.make_disk('base.qcow2', data='1M')
    define('vm', disk_xml(overlay('top.qcow2', base)))
    with busy_pool(lab):
        late = overlay('late.qcow2', base)
        before = guest_hash(late)
        result = lab.ctl('disk', 'merge', 'vm', 'vda', '--commit')
        expect(result.status == 3, 'merging below what the busy pool did not list is refused', result)
        expect(os.path.exists(base), 'the base is there')
        expect_equal(guest_hash(late), before, 'what stands on it reads the same')
    lab.clear()


def deletion_while_the_pool_of_another_computer_is_busy():
    """Nothing but the pool says what the machine stands on, and the pool says what it was before the snapshot."""
    far = lab.far_host()
    define('vm', disk_xml(lab.make_disk('vm.qcow2', data='1M')))
    done = lab.ctl('snapshot', 'create', 'vm', 's1')
    expect_equal(done.status, 0, 'the snapshot is taken', done)
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 7 8M 64k', tip('vm'))
    before = guest_hash(tip('vm'))
    with busy_pool(lab):
        result = lab.ctl('-c', far, 'snapshot', 'delete', 'vm', 's1')
        expect_equal(result.status, 3, 'it is refused', result)
        expect_equal(guest_hash(tip('vm')), before, 'what the machine reads')
    result = lab.ctl('-c', far, 'snapshot', 'delete', 'vm', 's1')
    expect_equal(result.status, 0, 'it is deleted when the pool is free', result)
    expect_equal(guest_hash(tip('vm')), before, 'what the machine reads in the end')
    lab.clear()


def storage_away():
    """The thin clone of a template is on storage that is unplugged."""
    lab.make_disk('v-vda.qcow2', data='1M')
    define('v', disk_xml(lab.path('v-vda.qcow2')))
    made = lab.ctl('template', 'create', 'v', '--no-seal', '--name', 't')
    expect_equal(made.status, 0, 'the template is made', made)
    stick = os.path.join(lab.dir, 'stick')
    os.mkdir(stick)
    lab.virsh('pool-define-as', 'stick', 'dir', '--target', stick)
    lab.virsh('pool-start', 'stick')
    made = lab.ctl('template', 'deploy', 't', '--name', 'c', '--pool', 'stick')
    expect_equal(made.status, 0, 'the clone is made', made)
    before = guest_hash(tip('c'))
    lab.virsh('pool-destroy', 'stick')
    os.rename(stick, stick + '-unplugged')
    expect_refused(lab.ctl('template', 'delete', 't'), 'c')
    os.rename(stick + '-unplugged', stick)
    expect_equal(guest_hash(tip('c')), before, 'the clone reads the same when it is back')
    # Its pool is still not active: a look starts none.
    expect_refused(lab.ctl('template', 'delete', 't'), 'c')
    expect(lab.virsh('pool-list', '--name').out.split().count('stick') == 0, 'the pool was started behind its owner’s back')
    lab.virsh('pool-undefine', 'stick')
    for path in os.listdir(lab.images):
        os.chmod(lab.path(path), 0o600)
    lab.clear()


def independent_beside_what_is_away():
    """Images of others can't be seen: a thin clone takes up what it reads all the same, and nothing is merged or removed."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'v', 's1')
    made = lab.ctl('clone', 'create', 'v', 'c', '--snapshot', 's1', '--thin')
    expect_equal(made.status, 0, 'a thin clone is made', made)
    lab.ctl('snapshot', 'create', 'c', 'k1')
    before = guest_hash(tip('c'))
    lab.make_disk('junk.qcow2')
    os.truncate(lab.path('junk.qcow2'), 100)
    os.symlink(os.path.join(lab.dir, 'nas', 'y.qcow2'), lab.path('dangling.qcow2'))
    lab.virsh('pool-refresh', 'default')
    define('z', disk_xml(os.path.join(lab.dir, 'nas', 'z.qcow2')))
    expect_refused(lab.ctl('snapshot', 'delete', 'c', 'k1'), 'nothing shows')
    done = lab.ctl('clone', 'flatten', 'c')
    expect_equal(done.status, 0, 'it is made independent', done)
    header = json.loads(lab.run('qemu-img', 'info', '--output=json', tip('c')).out)
    expect('backing-filename' not in header, 'it stands on nothing', header)
    expect_equal(guest_hash(tip('c')), before, 'it reads the same')
    done = lab.ctl('snapshot', 'revert', 'c', 'k1')
    expect_equal(done.status, 0, 'its snapshot is whole', done)
    expect_equal(guest_hash(tip('c')), before, 'and reads the same')
    remove_snapshots()
    lab.clear()


def hostile_header():
    """A guest writes a header onto its raw disk that names a file of the host."""
    secret = os.path.join(lab.dir, 'secret')
    with open(secret, 'wb') as file:
        file.write(b'TOPSECRET' * 8192)
    for header in (['-b', secret, '-F', 'raw', '-u'], ['-o', f'data_file={secret},data_file_raw=on']):
        disk = lab.make_disk('v.raw', fmt='raw', size='16M', data='1M')
        define('v', disk_xml(disk, fmt='raw'))
        fake = os.path.join(lab.dir, 'fake.qcow2')
        with open(secret, 'rb') as file:
            words = file.read()
        lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', *header, fake, '16M')
        with open(secret, 'wb') as file:
            file.write(words)
        with open(fake, 'rb') as source, open(disk, 'r+b') as target:
            target.write(source.read(65536 * 4))
        lab.virsh('pool-refresh', 'default')
        truth, kept = guest_hash(disk, 'raw'), sha256(secret)

        expect_refused(lab.ctl('disk', 'merge', 'v', 'vda', '--commit'))
        done = lab.ctl('clone', 'create', 'v', 'c')
        expect_equal(done.status, 0, 'a full clone is made', done)
        expect_equal(guest_hash(tip('c')), truth, 'the clone has the disk’s bytes')
        done = lab.ctl('snapshot', 'create', 'v', 's1')
        expect_equal(done.status, 0, 'a snapshot is taken', done)
        done = lab.ctl('snapshot', 'revert', 'v', 's1')
        expect_equal(done.status, 0, 'it is reverted to', done)
        expect_equal(guest_hash(tip('v')), truth, 'what it reads then')
        done = lab.ctl('template', 'create', 'c', '--no-seal', '--name', 't')
        expect_equal(done.status, 0, 'a template is made of the clone', done)
        for name in os.listdir(lab.images):
            with open(lab.path(name), 'rb') as file:
                expect(b'TOPSECRET' not in file.read(), f'the host’s file is in {name}')
        expect_equal(sha256(secret), kept, 'the host’s file')
        for name in os.listdir(lab.images):
            os.chmod(lab.path(name), 0o600)
        remove_snapshots()
        lab.clear()
        os.remove(fake)


def one_file_two_names():
    """“b” stands on a hard link of what “a” stands on."""
    base = lab.make_disk('base.qcow2', data='1M')
    other = lab.path('other.qcow2')
    os.link(base, other)
    top = overlay('a.qcow2', base)
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 7 8M 64k', top)
    define('a', disk_xml(top))
    define('b', disk_xml(overlay('b.qcow2', other)))
    before = guest_hash(lab.path('b.qcow2'))
    for options in (['disk', 'merge', 'a', 'vda', '--commit'], ['seal', base]):
        result = lab.ctl(*options)
        expect(result.status == 3, f'{options} is refused', result)
        expect_equal(guest_hash(lab.path('b.qcow2')), before, 'what b reads')
    # Where nothing on this host stands on the second name, what stands on it elsewhere isn't known.
    lab.virsh('undefine', 'b')
    os.remove(lab.path('b.qcow2'))
    os.rename(other, os.path.join(lab.dir, 'hidden'))
    expect_refused(lab.ctl('disk', 'merge', 'a', 'vda', '--commit'), 'hard link')
    os.remove(os.path.join(lab.dir, 'hidden'))
    done = lab.ctl('disk', 'merge', 'a', 'vda', '--commit')
    expect_equal(done.status, 0, 'with its one name it is merged', done)
    lab.clear()


def link_on_another_computer():
    """“b” stands on a link to what “a” stands on, and only the daemon can look where it leads."""
    far = lab.far_host()
    base = lab.make_disk('base.qcow2', data='1M')
    other = lab.path('other.qcow2')
    os.symlink(base, other)
    top = overlay('a.qcow2', base)
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 7 8M 64k', top)
    lab.virsh('pool-refresh', 'default')
    define('a', disk_xml(top))
    define('b', disk_xml(overlay('b.qcow2', other)))
    before = guest_hash(lab.path('b.qcow2'))
    expect_refused(lab.ctl('-c', far, 'disk', 'merge', 'a', 'vda', '--commit'))
    expect_equal(guest_hash(lab.path('b.qcow2')), before, 'what b reads')
    lab.clear()


def merged_by_either_name():
    """What stays below a merge is found by the name that the header has, and by the other."""
    base, other = lab.make_disk('base.qcow2', data='1M'), lab.path('other.qcow2')
    os.link(base, other)
    for name, below in (('a', base), ('b', other)):
        define(name, disk_xml(overlay(f'{name}.qcow2', below)))
        before = guest_hash(tip(name))
        for state in ('shut off', 'running'):
            if state == 'running':
                lab.virsh('start', name)
            for verb in (['create', name, 's1', '--disk-only'], ['delete', name, 's1', '--pull']):
                done = lab.ctl('snapshot', *verb)
                expect_equal(done.status, 0, f'{verb} while it is {state}', done)
        done = lab.ctl('clone', 'flatten', name)
        expect_equal(done.status, 0, f'flatten {name}', done)
        expect_equal(guest_hash(tip(name)), before, f'what {name} reads')
        lab.virsh('destroy', name)
    lab.clear()


def volume_that_runs():
    """The running machine's own document gives its disk by pool and volume."""
    base = lab.make_disk('base.qcow2', data='1M')
    overlay('v.qcow2', base)
    lab.virsh('pool-refresh', 'default')
    define('v', "<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='default' volume='v.qcow2'/>"
                "<target dev='vda' bus='virtio'/></disk>")
    lab.virsh('start', 'v')
    before = guest_hash(lab.path('v.qcow2'))
    done = lab.ctl('clone', 'flatten', 'v')
    expect_equal(done.status, 0, 'it is made independent', done)
    expect_equal(guest_hash(lab.path('v.qcow2')), before, 'what v reads')
    for verb in (['create', 'v', 's1', '--disk-only'], ['delete', 'v', 's1', '--commit']):
        done = lab.ctl('snapshot', *verb)
        expect_equal(done.status, 0, f'snapshot {verb}', done)
    lab.virsh('destroy', 'v')
    lab.clear()


def linked_folder():
    """The pool's folder is a link: every operation works on what it leads to."""
    real, link = os.path.join(lab.dir, 'real'), os.path.join(lab.dir, 'link')
    os.mkdir(real)
    os.symlink(real, link)
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M', folder=link)))
    truth = guest_hash(os.path.join(link, 'v.qcow2'))
    for argv in (['snapshot', 'create', 'v', 's1'], ['snapshot', 'revert', 'v', 's1'],
                 ['clone', 'create', 'v', 'c', '--snapshot', 's1'], ['snapshot', 'delete', 'v', 's1']):
        done = lab.ctl(*argv)
        expect_equal(done.status, 0, ' '.join(argv), done)
        expect_equal(guest_hash(tip('v')), truth, f'v after {argv}')
    expect_equal(guest_hash(tip('c')), truth, 'the clone')
    remove_snapshots()
    lab.clear()


def relative_behind_a_link():
    """By a link's name QEMU looks for a relative base in the link's folder, by the file's own name in the file's."""
    far = os.path.join(lab.dir, 'far')
    os.mkdir(far)
    for folder, byte in ((far, '0xbb'), (lab.images, '0xaa')):
        base = lab.make_disk('base.raw', fmt='raw', size='16M', folder=folder)
        lab.run('qemu-io', '-f', 'raw', '-c', f'write -P {byte} 0 1M', base)
    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw', 'v.qcow2'], cwd=far, check=True)
    os.symlink(os.path.join(far, 'v.qcow2'), lab.path('v.qcow2'))
    lab.virsh('pool-refresh', 'default')
    define('v', disk_xml(lab.path('v.qcow2')))
    for argv in (['clone', 'create', 'v', 'c', '--full'], ['snapshot', 'create', 'v', 's1'],
                 ['template', 'create', 'v', '--no-seal'], ['clone', 'flatten', 'v']):
        expect_refused(lab.ctl(*argv), 'v.qcow2')
    finding = lab.ctl('--json', 'doctor').document['findings']
    expect('ambiguous' in [item['code'] for item in finding], f'doctor says so: {finding}')
    lab.clear()


def by_another_name(kind, step, fmt='qcow2', below='base.qcow2', named=True):
    """A name of “y” by which QEMU finds what another machine's STEP would change is a link or a hard link: KIND. NAMED: by “m”"""
    far = os.path.join(lab.dir, 'far')
    os.makedirs(far, exist_ok=True)
    base = lab.make_disk('base.qcow2', data='1M')
    if below == 'mid.qcow2':
        overlay(below, base)
    lab.run('qemu-img', 'create', '-q', '-f', fmt, '-b', below, '-F', 'qcow2', lab.path('y'))
    (os.link if kind == 'hard' else os.rename)(lab.path('y'), os.path.join(far, 'y'))
    if kind != 'hard':
        os.symlink(os.path.join(far, 'y'), lab.path('y'))
    # A pool that comes first lists it under its other name.
    lab.virsh('pool-create-as', 'A', 'dir', '--target', far)
    if named:
        define('m', disk_xml(lab.path('y'), fmt=fmt))
    before = guest_hash(lab.path('y'), fmt)
    before = step(base) or before
    expect_equal(guest_hash(lab.path('y'), fmt), before, f'what “y” reads ({kind}, {step.__name__}, {fmt})')
    lab.virsh('pool-destroy', 'A')
    remove_snapshots()
    lab.clear()
    os.remove(os.path.join(far, 'y'))


def commit_into(base):
    define('n', disk_xml(overlay('n.qcow2', base)))
    write(lab.path('n.qcow2'), 9, '0')
    expect_refused(lab.ctl('disk', 'merge', 'n', 'vda', '--commit'), 'y')


def revert_inside(base):
    """What is reverted to may be copied, so that what the other stands on stays."""
    define('n', disk_xml(base))
    expect_equal(lab.ctl('snapshot', 'create', 'n', 'i1', '--internal').status, 0, 'an internal snapshot')
    write(base, 9, '0')
    before = guest_hash(lab.path('y'))
    lab.ctl('snapshot', 'revert', 'n', 'i1', '--discard-current')
    return before


def delete_with_snapshot(base):
    define('n', disk_xml(base))
    for argv in (['snapshot', 'create', 'n', 's1'], ['clone', 'flatten', 'n']):
        expect_equal(lab.ctl(*argv).status, 0, ' '.join(argv))
    expect_refused(lab.ctl('snapshot', 'delete', 'n', 's1'), 'y')


def delete_template(base):
    define('n', disk_xml(base))
    made = lab.ctl('template', 'create', 'n', '--convert', '--no-seal', '--name', 'tpl')
    expect_equal(made.status, 0, 'a template', made)
    expect_refused(lab.ctl('template', 'delete', 'tpl'), 'y')


def relative_by_another_name():
    """What a relative name means by another name of its image is held, too, and what that stands on."""
    for step in (commit_into, revert_inside, delete_with_snapshot, delete_template):
        by_another_name('link', step)
    # Of two hard links either may be read first.
    for step in (commit_into, revert_inside):
        by_another_name('hard', step)
    for words in ({'below': 'mid.qcow2'}, {'below': './base.qcow2'}, {'fmt': 'qed'}, {'fmt': 'qcow'}, {'named': False}):
        by_another_name('link', commit_into, **words)


def explicit_backing():
    """Another machine's definition names a chain that its headers don't."""
    base = lab.make_disk('base.qcow2', data='1M')
    define('a', disk_xml(overlay('a.qcow2', base)))
    other = overlay('b.qcow2', lab.make_disk('else.qcow2'))
    define('b', disk_xml(other).replace(
        '<target', f"<backingStore type='file'><format type='qcow2'/><source file='{base}'/><backingStore/></backingStore><target"))
    expect_refused(lab.ctl('disk', 'merge', 'a', 'vda', '--commit'), 'b')
    expect(os.path.exists(base), 'what b stands on is there')
    lab.clear()


def below_a_snapshot_of_another():
    """What a snapshot stands on is made independent, or changed by hand: its document says what is so, and holds what it names."""
    base = lab.make_disk('base.qcow2', data='1M')
    define('k', disk_xml(overlay('k.qcow2', base)))
    define('n', disk_xml(overlay('n.qcow2', tip('k'))))
    lab.virsh('snapshot-create-as', 'n', 's1', '--disk-only')
    lab.ctl('doctor', 'n', '--repair')
    expect(base in lab.virsh('snapshot-dumpxml', 'n', 's1').out, 'the snapshot names the base')
    done = lab.ctl('clone', 'flatten', 'k')
    expect_equal(done.status, 0, 'k is made independent', done)
    document = lab.virsh('snapshot-dumpxml', 'n', 's1').out
    expect(tip('k') in document, 'the snapshot names what it stands on')
    expect(base not in document, 'the snapshot names what it stands on no more')

    define('b', disk_xml(base))
    lab.run('qemu-img', 'rebase', '-u', '-F', 'qcow2', '-b', base, tip('k'))
    findings = json.loads(lab.ctl('--json', 'doctor', 'n').out)['findings']
    expect('native-unsafe' in [finding['code'] for finding in findings], f'what the doctor finds: {findings}')
    lab.ctl('doctor', 'n', '--repair')
    expect(base in lab.virsh('snapshot-dumpxml', 'n', 's1').out, 'the snapshot names the base again')
    lab.run('qemu-img', 'rebase', '-u', '-F', 'qcow2', '-b', '', tip('k'))
    lab.virsh('undefine', 'b')
    define('c', disk_xml(overlay('c.qcow2', base)))
    done = lab.ctl('disk', 'merge', 'c', 'vda', '--pull')
    expect_equal(done.status, 0, 'the base is merged away', done)
    expect(not os.path.exists(base), 'the base is gone')
    expect(base not in lab.virsh('snapshot-dumpxml', 'n', 's1').out, 'the snapshot does not name what is gone')
    remove_snapshots()
    lab.clear()


def rebased_unseen():
    """libvirt remembers what a header said; an image that the client may not read may say something else now."""
    old, new = lab.make_disk('old.qcow2', data='1M'), lab.make_disk('new.qcow2', data='1M')
    define('v', disk_xml(overlay('v.qcow2', overlay('mid.qcow2', new))))
    stray = overlay('stray.qcow2', old)
    lab.virsh('pool-refresh', 'default')
    lab.run('qemu-img', 'rebase', '-u', '-f', 'qcow2', '-b', lab.path('mid.qcow2'), '-F', 'qcow2', stray)
    os.chmod(stray, 0)
    expect(lab.ctl('disk', 'merge', 'v', 'vda', '--commit').status == 3, 'what stray stands on now is kept')
    expect(os.path.exists(lab.path('mid.qcow2')), 'mid is there')
    os.chmod(stray, 0o600)
    lab.clear()


def pool_in_the_way():
    """A pool whose folder is named by a link to a folder that is gone: looking ends, and says why."""
    lab.virsh('pool-define-as', 'gone', 'dir', '--target', os.path.join(lab.dir, 'l/sub'))
    os.symlink(os.path.join(lab.dir, 'absent'), os.path.join(lab.dir, 'l'))
    define('v', disk_xml(os.path.join(lab.dir, 'l/sub/v.qcow2')))
    result = lab.ctl('chain', 'v', timeout=60)
    expect(result.status == 0, 'it can be looked at', result)
    expect_refused(lab.ctl('snapshot', 'create', 'v', 's1', timeout=60))
    lab.virsh('pool-undefine', 'gone')
    lab.clear()


def no_format():
    """libvirt finds a format out where a header says none, by what a guest may have written; that is not believed."""
    top = overlay('top.qcow2', lab.make_disk('base.qcow2', data='1M'))
    with open(top, 'r+b') as file:
        at = file.read(1024).index(b'\xe2\x79\x2a\xca')
        file.seek(at)
        file.write(b'\0\0\0\1')
    define('v', disk_xml(top))
    lab.virsh('pool-refresh', 'default')
    expect_refused(lab.ctl('snapshot', 'create', 'v', 's1'), 'doesn’t say what format', 'qemu-img rebase')
    findings = lab.ctl('--json', 'doctor').document['findings']
    expect('no-format' in [item['code'] for item in findings], f'doctor says so: {findings}')
    lab.clear()


def read_only_folder():
    """What can't be written is known before anything is begun, and nothing is left half done."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    for name in ('s1', 's2'):
        done = lab.ctl('snapshot', 'create', 'v', name)
        expect_equal(done.status, 0, 'a snapshot is taken', done)
    os.chmod(lab.images, 0o500)
    try:
        for argv in (['snapshot', 'create', 'v', 's3'], ['snapshot', 'revert', 'v', 's1'], ['snapshot', 'delete', 'v', 's1'],
                     ['clone', 'create', 'v', 'c', '--snapshot', 's1'], ['template', 'create', 'v', '--no-seal']):
            expect_refused(lab.ctl(*argv), 'read-only', 'default')
    finally:
        os.chmod(lab.images, 0o700)
    expect_equal(lab.ctl('--json', 'job', 'list').document['jobs'], [], 'what is unfinished')
    done = lab.ctl('snapshot', 'delete', 'v', 's1')
    expect_equal(done.status, 0, 'it is deleted when it can be', done)
    remove_snapshots()
    lab.clear()


def expect_kept(base, reader, *words):
    """“a” is merged into BASE only where nothing that READER reads stands on it."""
    top = overlay('a.qcow2', base)
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 7 8M 64k', top)
    define('a', disk_xml(top))
    before = guest_hash(reader)
    expect_refused(lab.ctl('disk', 'merge', 'a', 'vda', '--commit'), *words)
    expect_equal(guest_hash(reader), before, 'what stands on it reads the same')


def link_to_storage_away():
    """A link in the pool leads to an overlay on a stick, plugged in and not."""
    stick, away = os.path.join(lab.dir, 'linked-stick'), os.path.join(lab.dir, 'linked-away')
    os.mkdir(stick)
    base = lab.make_disk('base.qcow2', data='1M')
    late = overlay('late.qcow2', base, folder=stick)
    os.symlink(late, lab.path('late.qcow2'))
    expect_kept(base, late, 'late.qcow2')
    before = guest_hash(late)
    os.rename(stick, away)
    expect_refused(lab.ctl('disk', 'merge', 'a', 'vda', '--commit'), 'is a link to')
    os.rename(away, stick)
    expect_equal(guest_hash(late), before, 'what is on the stick reads the same')
    os.remove(late)
    os.rmdir(stick)
    os.remove(lab.path('late.qcow2'))
    lab.clear()


def link_that_leads_to_what_is_deleted():
    """A link to nothing in an emptied folder would be taken for one to storage that is away, and hold all that is deleted later."""
    stick = os.path.join(lab.dir, 'emptied')
    os.mkdir(stick)
    define('a', disk_xml(lab.make_disk('base.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'a', 's1')
    link = lab.virsh('domblklist', 'a').out.split()[-1]
    there = os.path.join(stick, 'there.qcow2')
    os.rename(link, there)
    os.symlink(there, link)
    pool_only = lab.path('pool-only.qcow2')
    os.symlink(there, pool_only)
    write(there, 5, '3M')
    before = guest_hash(there)
    argv = ('snapshot', 'delete', 'a', 's1', '--commit')
    expect_words(lab.ctl(*argv, '--dry-run').out, f'{link}”, a link to “{there}', pool_only)
    done = lab.ctl(*argv)
    expect_equal((done.status, os.listdir(stick)), (0, []), 'what it leads to is deleted', done)
    expect_equal([os.path.lexists(path) for path in (link, pool_only)], [False, False], 'the links are gone')
    expect_equal(guest_hash(tip('a')), before, 'what a reads')
    for way in (['create'], ['delete']):
        expect_equal(lab.ctl('snapshot', *way, 'a', 's2').status, 0, 'what comes later is not held')
    os.rmdir(stick)
    remove_snapshots()
    lab.clear()


def link_that_leads_elsewhere_by_now():
    """It was led to another file since the plan was made: it stays."""
    define('a', disk_xml(lab.make_disk('base.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'a', 's1')
    link = lab.virsh('domblklist', 'a').out.split()[-1]
    there, other = os.path.join(lab.dir, 'there.qcow2'), lab.make_disk('other.qcow2', folder=lab.dir)
    os.rename(link, there)
    os.symlink(there, link)
    held = subprocess.Popen([STRATACTL, 'snapshot', 'delete', 'a', 's1', '--commit'],
                            env=dict(lab.env, STRATA_TEST_STOP_AT=','.join(str(n) for n in range(1, 100))), text=True,
                            stderr=subprocess.PIPE)
    while wait_stopped(held):
        if tip('a') != link and os.path.exists(there) and os.readlink(link) == there:
            os.remove(link)
            os.symlink(other, link)
        os.kill(held.pid, signal.SIGCONT)
    expect_equal((held.wait(), os.path.exists(there)), (0, False), 'it is deleted', held.stderr.read())
    expect_equal(os.readlink(link), other, 'the link')
    for path in (link, other):
        os.remove(path)
    remove_snapshots()
    lab.clear()


def overlay_on_the_command_line():
    """“b” hands QEMU an overlay that no pool lists, besides its disks."""
    base = lab.make_disk('base.qcow2', data='1M')
    late = overlay('late.qcow2', base, folder=lab.dir)
    define('b', disk_xml(lab.make_disk('b.qcow2')))
    words = lab.virsh('dumpxml', 'b').out.replace(
        '</domain>', "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-drive'/>"
        f"<qemu:arg value='file={late},format=qcow2,if=none,id=late'/></qemu:commandline></domain>")
    lab.define_xml(words)
    expect_kept(base, late, 'late.qcow2')
    os.remove(late)
    lab.clear()


def raw_by_one_of_two():
    """virsh calls a disc raw where nothing is said; “b” says what it is, and reads what is below it."""
    base = lab.make_disk('base.qcow2', data='1M')
    late = overlay('late.qcow2', base)
    define('cd', disk_xml(lab.make_disk('cd.qcow2')),
           f"<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='{late}'/>"
           "<target dev='sda' bus='sata'/><readonly/></disk>")
    define('b', disk_xml(late))
    expect_kept(base, late)
    lab.clear()


def call_raw(name):
    """What virsh writes where it is given no format."""
    path = tip(name)
    lab.virsh('detach-disk', name, 'vda', '--config')
    lab.virsh('attach-disk', name, path, 'vda', '--config')
    expect("type='raw'" in lab.virsh('dumpxml', name).out, 'virsh calls it raw')
    return path


def call_qcow2(name):
    lab.define_xml(lab.virsh('dumpxml', name).out.replace("type='raw'", "type='qcow2'"))


def expect_finding(code, name):
    found = json.loads(lab.ctl('--json', 'doctor').out)['findings']
    expect(any(item['code'] == code and item['name'] == name for item in found), f'doctor has {code} of {name}', found)


def thin_clone_called_raw():
    """A thin clone's disk was detached and attached again with virsh; its template, or the snapshot below it, stays."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    for args in (('snapshot', 'create', 'v', 's1'), ('clone', 'create', 'v', 'k', '--snapshot', 's1'),
                 ('template', 'create', 'v', '--copy', '--no-seal', '--name', 't'), ('template', 'deploy', 't', '--name', 'c')):
        done = lab.ctl(*args)
        expect_equal(done.status, 0, ' '.join(args), done)
    for name in ('c', 'k'):
        before = guest_hash(tip(name))
        path = call_raw(name)
        expect_finding('wrong-format', name)
        for args in (('snapshot', 'create', name, 's9'), ('clone', 'flatten', name), ('clone', 'create', name, 'x', '--full'),
                     ('disk', 'merge', name, 'vda', '--commit')):
            expect_refused(lab.ctl(*args), os.path.basename(path))
        if name == 'c':
            expect_refused(lab.ctl('template', 'delete', 't'), 'c')
        else:
            done = lab.ctl('snapshot', 'delete', 'v', 's1')
            expect(done.status in (0, 3), 'it is kept for the clone, or refused', done)
        call_qcow2(name)
        expect_equal(guest_hash(path), before, 'the clone reads the same when it is called what it is')
        done = lab.ctl('snapshot', 'create', name, 's9')
        expect_equal(done.status, 0, 'and can have a snapshot again', done)
    for path in os.listdir(lab.images):
        os.chmod(lab.path(path), 0o600)
    remove_snapshots()
    lab.clear()


def overlay_called_raw():
    """One that no mark and no snapshot tells of, in a pool and elsewhere; and the machine’s own."""
    aside = os.path.join(lab.dir, 'aside')
    os.mkdir(aside)
    for folder in (lab.images, aside):
        base = lab.make_disk('base.qcow2', data='1M')
        define('a', disk_xml(overlay('a.qcow2', base)))
        late = overlay('late.qcow2', base, folder=folder)
        lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 2M 64k', lab.path('a.qcow2'))
        define('b', disk_xml(late))
        before = guest_hash(late)
        call_raw('b')
        expect_finding('raw-header', 'b')
        expect_refused(lab.ctl('disk', 'merge', 'a', 'vda', '--commit'), 'late.qcow2')
        expect_equal(guest_hash(late), before, 'what the other stands on is as it was')
        call_qcow2('b')
        lab.clear()
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    expect_equal(lab.ctl('snapshot', 'create', 'v', 's1').status, 0, 'a snapshot')
    before = guest_hash(tip('v'))
    path = call_raw('v')
    expect_finding('wrong-format', 'v')
    expect_refused(lab.ctl('snapshot', 'delete', 'v', 's1'), os.path.basename(path))
    call_qcow2('v')
    expect_equal(guest_hash(path), before, 'the machine reads the same')
    expect_equal(lab.ctl('snapshot', 'delete', 'v', 's1').status, 0, 'and its snapshot can be deleted')
    lab.clear()


def called_raw_aside(below, *steps, fmt='qcow2', named='{}', levels=1, options=(), of='qcow2'):
    """Outside of every pool, “b” has an overlay on BELOW that virsh calls raw; NAMED is how its header names that. STEPS follow."""
    aside = os.path.join(lab.dir, 'no-pool')
    os.makedirs(aside, exist_ok=True)
    path = below
    for level in range(levels):
        path = overlay(f'late{level}.qcow2', path, fmt='qcow2' if level else of, folder=aside)
    if fmt != 'qcow2' or options:
        os.remove(path)
        lab.run('qemu-img', 'create', '-q', '-f', fmt, *options, '-b', below, '-F', of, path)
    elif named != '{}':
        lab.run('qemu-img', 'rebase', '-u', '-b', named.replace('{}', below), '-F', 'qcow2', path)
    define('a', disk_xml(overlay('a.qcow2', below, fmt=of)))
    lab.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 0 64k', lab.path('a.qcow2'))
    define('b', disk_xml(lab.make_disk('b.qcow2')))
    lab.virsh('attach-disk', 'b', path, 'vdb', '--targetbus', 'virtio', '--config')
    for step in steps:
        step()
    before = guest_hash(path, fmt)
    expect_refused(lab.ctl('disk', 'merge', 'a', 'vda', '--commit'), 'late')
    expect_equal(guest_hash(path, fmt), before, 'what the other stands on is as it was')
    orphans = [item for item in json.loads(lab.ctl('--json', 'doctor').out)['findings'] if item['code'] == 'orphan']
    expect_equal(orphans, [], 'nothing of it is an orphan to doctor')
    lab.clear()


def leave_out_and_detach():
    done = lab.ctl('snapshot', 'create', 'b', 's1', '--disk', 'vda')
    expect_equal(done.status, 0, 'a snapshot without it', done)
    lab.virsh('detach-disk', 'b', 'vdb', '--config')


def called_raw_outside_of_pools():
    """By whatever header, directly or with another overlay between, and also where only a snapshot has it."""
    json_name = 'json:{"driver":"qcow2","file":{"driver":"file","filename":"{}"}}'
    for steps, words in (((), {'named': json_name}), ((), {'fmt': 'qed'}), ((), {'levels': 2}), ((), {'levels': 3}),
                         ((leave_out_and_detach,), {}), ((leave_out_and_detach,), {'levels': 2}),
                         ((leave_out_and_detach,), {'fmt': 'qed'}), ((), {'fmt': 'qcow'}),
                         ((), {'options': ('-o', 'cluster_size=512')}), ((), {'fmt': 'vmdk', 'of': 'vmdk'}),
                         ((leave_out_and_detach,), {'fmt': 'qcow'})):
        of = words.get('of', 'qcow2')
        called_raw_aside(lab.make_disk(f'base.{of}', data='1M', fmt=of), *steps, **words)
        remove_snapshots()
        lab.clear()


def link_in_the_way():
    """A link that leads nowhere has the name that a new image would get: it gets another."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    for name in ('v-vda.s1.qcow2', 'c-vda.qcow2'):
        os.symlink(lab.path('gone'), lab.path(name))
    for args in (('snapshot', 'create', 'v', 's1'), ('clone', 'create', 'v', 'c', '--snapshot', 's1')):
        done = lab.ctl(*args)
        expect_equal(done.status, 0, ' '.join(args), done)
    for name in ('v-vda.s1.qcow2', 'c-vda.qcow2'):
        expect(os.path.islink(lab.path(name)), f'the link {name} stays')
        os.remove(lab.path(name))
    remove_snapshots()
    lab.clear()


def too_deep_to_merge():
    """More images than libvirt opens: the failure says what to do."""
    path = lab.make_disk('v.qcow2', data='1M')
    for number in range(30):
        path = overlay(f'v{number}.qcow2', path)
    define('v', disk_xml(path))
    before = guest_hash(path)
    done = lab.ctl('disk', 'merge', 'v', 'vda', '--commit')
    if done.status != 0:
        expect('one by one' in done.err, 'what to do about it', done)
    expect_equal(guest_hash(tip('v')), before, 'what the machine reads')
    lab.clear()


def image_on_a_raw_disk():
    """A guest writes a whole qcow2 image onto its raw disk; a full copy has the disk's bytes, and not that image's."""
    disk = lab.make_disk('v.raw', fmt='raw', size='16M')
    inner = lab.make_disk('inner.qcow2', size='16M', data='1M')
    with open(inner, 'rb') as source, open(disk, 'r+b') as target:
        target.write(source.read())
    os.remove(inner)
    define('v', disk_xml(disk, fmt='raw'))
    truth = guest_hash(disk, 'raw')
    done = lab.ctl('clone', 'create', 'v', 'c')
    expect_equal(done.status, 0, 'a full clone is made', done)
    expect_equal(guest_hash(tip('c')), truth, 'the clone has the disk’s bytes')
    lab.clear()


def size_to_the_byte():
    """Of 10001 sectors, which are no whole number of KiB."""
    disk = lab.path('v.raw')
    lab.run('qemu-img', 'create', '-q', '-f', 'raw', disk, '5120512')
    define('v', disk_xml(disk, fmt='raw'))
    for argv in (['snapshot', 'create', 'v', 's1'], ['snapshot', 'revert', 'v', 's1', '--discard-current'],
                 ['clone', 'create', 'v', 'c', '--snapshot', 's1']):
        done = lab.ctl(*argv)
        expect_equal(done.status, 0, f'{argv}', done)
    for name in ('v', 'c'):
        info = json.loads(lab.run('qemu-img', 'info', '-U', '--output=json', tip(name)).out)
        expect_equal(info['virtual-size'], 5120512, f'the size of the disk of {name}')
    remove_snapshots()
    lab.clear()


def words_that_are_marks():
    """What Strata knows its own by is only its own: a person's snapshot, and a person's machine, are seen and held."""
    define('v', disk_xml(lab.make_disk('v.qcow2')))
    expect_refused(lab.ctl('snapshot', 'create', 'v', 's1', '--description', 'strata:retained'), 'strata:retained', status=2)
    expect_equal(lab.ctl('snapshot', 'create', 'v', 's1').status, 0, 'a snapshot')
    expect_refused(lab.ctl('snapshot', 'edit', 'v', 's1', '--description', 'strata:retained\nx'), 'strata:retained', status=2)
    define('strata-worker-mine', disk_xml(overlay('w.qcow2', lab.path('v.qcow2'))))
    expect('strata-worker-mine' in lab.ctl('list').out, 'the machine is seen')
    remove_snapshots()
    lab.clear()


def floppy_of_a_clone():
    """A floppy is written to: a clone has none of the machine's."""
    floppy = lab.make_disk('f.raw', fmt='raw', size='1440k')
    define('v', disk_xml(lab.make_disk('v.qcow2')),
           f"<disk type='file' device='floppy'><driver name='qemu' type='raw'/><source file='{floppy}'/>"
           "<target dev='fda' bus='fdc'/></disk>")
    done = lab.ctl('clone', 'create', 'v', 'c')
    expect_equal(done.status, 0, 'a clone is made', done)
    expect(floppy not in lab.virsh('dumpxml', 'c').out, 'the clone has the floppy')
    expect(floppy in lab.virsh('dumpxml', 'v').out, 'the machine has its floppy')
    lab.clear()


def template_lets_none_in():
    """A disk that its owner alone could read stays so, and what has its name by then is not touched."""
    disk = lab.make_disk('v.qcow2')
    os.chmod(disk, 0o600)
    define('v', disk_xml(disk))
    done = lab.ctl('template', 'create', 'v', '--convert', '--no-seal', '--name', 't')
    expect_equal(done.status, 0, 'it is made a template', done)
    expect_equal(os.stat(disk).st_mode & 0o777, 0o400, 'who may read it')
    lab.clear()


def moved_away_from_what_was_moved():
    """The mark of a thin clone has a name that is a link by now, and that no header and no definition has any more."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    base = tip('v')
    lab.ctl('snapshot', 'create', 'v', 's1')
    lab.ctl('clone', 'create', 'v', 'c', '--snapshot', 's1', '--thin')
    image, away = tip('c'), os.path.join(lab.dir, 'away.qcow2')
    before = guest_hash(image)
    write(tip('v'), 2, '3M')
    os.rename(image, away)
    moved = os.path.join(lab.dir, 'moved.qcow2')
    os.rename(base, moved)
    os.symlink(moved, base)
    lab.run('qemu-img', 'rebase', '-u', '-f', 'qcow2', '-b', moved, '-F', 'qcow2', tip('v'))
    definition = lab.virsh('dumpxml', 'v').out
    lab.virsh('undefine', 'v', '--snapshots-metadata')
    lab.define_xml(re.sub('<uuid>.*</uuid>', '', definition))
    expect_refused(lab.ctl('disk', 'merge', 'v', 'vda', '--commit'), image)
    os.rename(away, image)
    expect_equal(guest_hash(image), before, 'the clone reads the same when it is back')
    lab.clear()


def moved_away_and_left_out():
    """A snapshot left out the disk of a thin clone, which another has the place of by now."""
    folder = os.path.join(lab.dir, 'clones-left-out')
    os.mkdir(folder)
    with open(os.path.join(folder, 'readme'), 'w', encoding='utf-8') as file:
        file.write('mounted\n')
    lab.virsh('pool-create-as', 'left-out', 'dir', '--target', folder)
    define('b', disk_xml(lab.make_disk('b.qcow2', data='1M')))
    lab.ctl('template', 'create', 'b', '--convert', '--no-seal', '--name', 't')
    lab.ctl('template', 'deploy', 't', '--name', 'c', '--pool', 'left-out')
    image, away = tip('c'), os.path.join(lab.dir, 'away.qcow2')
    lab.virsh('attach-disk', 'c', lab.make_disk('data.qcow2'), 'vdb', '--subdriver', 'qcow2', '--config')
    taken = lab.ctl('snapshot', 'create', 'c', 's1', '--disk', 'vdb')
    expect_equal(taken.status, 0, 'a snapshot of the other disk', taken)
    lab.virsh('detach-disk', 'c', 'vda', '--config')
    os.rename(image, away)
    expect_refused(lab.ctl('template', 'delete', 't'), image)
    os.rename(away, image)
    for name in ('c', 't'):
        lab.virsh('undefine', name, '--snapshots-metadata')
    lab.virsh('pool-destroy', 'left-out')
    lab.clear()


def moved_away_from_an_imported_template():
    """A thin clone became a template by way of its dumped definition."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'v', 's1')
    lab.ctl('clone', 'create', 'v', 'c', '--snapshot', 's1', '--thin')
    write(tip('v'), 2, '3M')
    dumped = os.path.join(lab.dir, 'c.xml')
    with open(dumped, 'w', encoding='utf-8') as file:
        file.write(lab.virsh('dumpxml', 'c').out)
    lab.virsh('undefine', 'c')
    done = lab.ctl('template', 'import', dumped, '--no-seal', '--name', 't')
    expect_equal(done.status, 0, 'it is imported', done)
    kept_while_away(tip('t'))
    lab.virsh('undefine', 't')
    remove_snapshots()
    lab.clear()


def moved_away_and_not_made_independent():
    """A disk of a thin clone that is read-only stays where it stands when the clone is made independent."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')), disk_xml(lab.make_disk('w.qcow2', data='1M'), 'vdb'))
    lab.ctl('snapshot', 'create', 'v', 's1')
    lab.ctl('clone', 'create', 'v', 'c', '--snapshot', 's1', '--thin')
    for name in ('v-vda.s1.qcow2', 'v-vdb.s1.qcow2'):
        write(lab.path(name), 2, '3M')
    lab.define_xml(re.sub("(<target dev='vdb'[^>]*>)", r'\1<readonly/>', lab.virsh('dumpxml', 'c').out))
    done = lab.ctl('clone', 'flatten', 'c')
    expect_equal(done.status, 0, 'the other is independent', done)
    kept_while_away(lab.path('c-vdb.qcow2'))
    done = lab.ctl('clone', 'create', 'c', 'k', '--full')
    expect_equal(done.status, 0, 'a full clone, which has that disk as well', done)
    text = lab.virsh('dumpxml', 'c').out
    lab.virsh('undefine', 'c')
    kept_while_away(lab.path('c-vdb.qcow2'))
    lab.virsh('undefine', 'k')
    lab.define_xml(text)
    lab.define_xml(lab.virsh('dumpxml', 'c').out.replace('<readonly/>', ''))
    done = lab.ctl('clone', 'flatten', 'c')
    expect_equal(done.status, 0, 'both are', done)
    expect('strata:thin' not in lab.virsh('dumpxml', 'c').out, 'which its definition says')
    remove_snapshots()
    lab.clear()


def kept_while_away(image):
    """What the snapshot s1 of “v” froze."""
    away = os.path.join(lab.dir, 'away.qcow2')
    before = guest_hash(image)
    os.rename(image, away)
    for way in ([], ['--commit'], ['--pull']):
        expect_refused(lab.ctl('snapshot', 'delete', 'v', 's1', *way), image)
    os.rename(away, image)
    os.chmod(image, 0o600)
    expect_equal(guest_hash(image), before, 'it reads the same when it is back')


def held_open(path, fmt='qcow2'):
    """A program that writes to PATH, as qemu-nbd or guestmount does."""
    program = subprocess.Popen(['qemu-io', '-f', fmt, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    program.stdin.write('write -P 9 0 64k\n')
    program.stdin.flush()
    while 'wrote' not in program.stdout.readline():
        pass
    return program


def written_by_another_program():
    """What is to stay as it is from now on is not frozen while a program that libvirt knows nothing of writes to it."""
    for fmt in ('qcow2', 'raw'):
        path = lab.make_disk(f'v.{fmt}', fmt=fmt, size='8M')
        define('v', disk_xml(path, fmt=fmt))
        with held_open(path, fmt) as program:
            for argv in (['snapshot', 'create', 'v', 's1', '--disk-only'], ['template', 'create', 'v', '--convert', '--no-seal']):
                done = lab.ctl(*argv)
                expect_equal(done.status, 1, f'{argv}', done)
                expect('writes to' in done.err and path in done.err, 'the message says so', done)
            program.communicate('quit\n')
        expect_equal(lab.ctl('snapshot', 'create', 'v', 's1', '--disk-only').status, 0, 'a snapshot when it has ended')
        with held_open(path, fmt) as program:
            for argv in (['clone', 'create', 'v', 'c', '--snapshot', 's1', '--thin'], ['snapshot', 'revert', 'v', 's1', '--discard-current']):
                done = lab.ctl(*argv)
                expect('writes to' in done.err and path in done.err, f'{argv}', done)
            program.communicate('quit\n')
        remove_snapshots()
        lab.clear()


def shorten_cid(disk):
    """As when QEMU writes one that begins with a zero: the text ends earlier, and what was its end stays behind it."""
    with open(disk, 'r+b') as file:
        whole = file.read()
        text = whole[:whole.index(0)]
        shorter = re.sub(rb'(?m)^CID=[0-9a-f]+', b'CID=abc', text)
        file.seek(0)
        file.write(shorter + b'\0' + whole[len(shorter) + 1:])


def flat_vmdk():
    """Its descriptor is padded with zeroes once a guest has written."""
    for kind in ('monolithicFlat', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'):
        disk = lab.path('v.vmdk')
        lab.run('qemu-img', 'create', '-q', '-f', 'vmdk', '-o', f'subformat={kind}', disk, '8M')
        write(disk, 1, '0', fmt='vmdk')
        shorten_cid(disk)
        define('v', disk_xml(disk, fmt='vmdk'))
        truth = guest_hash(disk, 'vmdk')
        made = lab.ctl('snapshot', 'create', 'v', 's1')
        expect_equal(made.status, 0, f'a snapshot of {kind}', made)
        made = lab.ctl('clone', 'create', 'v', 'c', '--snapshot', 's1', '--full')
        expect_equal(made.status, 0, f'a clone of {kind}', made)
        expect_equal((guest_hash(tip('v')), guest_hash(tip('c'))), (truth, truth), 'what they read')
        remove_snapshots()
        lab.clear()


def write(path, pattern, offset, fmt='qcow2'):
    lab.run('qemu-io', '-f', fmt, '-c', f'write -P {pattern} {offset} 64k', path)


def moved_away():
    """An image was moved to another folder for a while: what it stands on is kept until it is back."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'v', 's1')
    made = lab.ctl('clone', 'create', 'v', 'c', '--snapshot', 's1', '--thin')
    expect_equal(made.status, 0, 'a thin clone is made', made)
    write(tip('v'), 2, '3M')
    for name in ('v', 'c'):
        image, away = tip(name), os.path.join(lab.dir, 'away.qcow2')
        before = guest_hash(image)
        os.rename(image, away)
        expect_refused(lab.ctl('clone', 'flatten', name), image, 'missing')
        for way in ([], ['--subtree'], ['--commit'], ['--pull']):
            expect_refused(lab.ctl('snapshot', 'delete', 'v', 's1', *way), image)
        os.rename(away, image)
        expect_equal(guest_hash(image), before, f'{name} reads the same when it is back')

    lab.ctl('snapshot', 'create', 'v', 's2')
    image, away = tip('v'), os.path.join(lab.dir, 'away.qcow2')
    os.rename(image, away)
    expect_refused(lab.ctl('snapshot', 'delete', 'v', 's2'), image)
    done = lab.ctl('snapshot', 'delete', 'v', 's2', '--metadata-only')
    expect_equal(done.status, 0, 'what libvirt knows of it can go', done)
    remove_snapshots()
    os.remove(away)
    lab.clear()


def moved_away_from_what_has_another_name():
    """What the image of a thin clone stands on is kept while it is away, whichever machine that is by now, and however many
    clones there were in between."""
    define('v', disk_xml(lab.make_disk('v.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'v', 's1')
    lab.ctl('clone', 'create', 'v', 'c', '--snapshot', 's1', '--thin')
    image, away = tip('c'), os.path.join(lab.dir, 'away.qcow2')
    before = guest_hash(image)
    write(tip('v'), 2, '3M')
    os.rename(image, away)
    definition = lab.virsh('dumpxml', 'v').out
    lab.virsh('undefine', 'v', '--snapshots-metadata')
    for name in ('v', 'w'):
        lab.define_xml(re.sub('<uuid>.*</uuid>', '', definition).replace('<name>v<', f'<name>{name}<'))
        expect_refused(lab.ctl('disk', 'merge', name, 'vda', '--commit'), image)
        lab.virsh('undefine', name)
    os.rename(away, image)
    expect_equal(guest_hash(image), before, 'the clone reads the same when it is back')
    lab.clear()

    folder, away = os.path.join(lab.dir, 'clones'), os.path.join(lab.dir, 'clones-away')
    os.mkdir(folder)
    os.mkdir(away)
    with open(os.path.join(folder, 'readme'), 'w', encoding='utf-8') as file:
        file.write('mounted\n')
    lab.virsh('pool-create-as', 'clones', 'dir', '--target', folder)
    define('b', disk_xml(lab.make_disk('b.qcow2', data='1M')))
    lab.ctl('template', 'create', 'b', '--convert', '--no-seal', '--name', 't')
    lab.ctl('template', 'deploy', 't', '--name', 'c', '--pool', 'clones')
    for outer, inner in (('c', 'd'), ('d', 'e')):
        lab.ctl('snapshot', 'create', outer, 'k1')
        made = lab.ctl('clone', 'create', outer, inner, '--snapshot', 'k1', '--thin')
        expect_equal(made.status, 0, 'a clone of a clone is made', made)
    image = tip('e')
    before = guest_hash(image)
    for name in ('c', 'd'):
        lab.virsh('undefine', name, '--snapshots-metadata')
    names = [name for name in os.listdir(folder) if name.endswith('.qcow2')]
    for name in names:
        os.rename(os.path.join(folder, name), os.path.join(away, name))
    expect_refused(lab.ctl('template', 'delete', 't'), image)
    for name in names:
        os.rename(os.path.join(away, name), os.path.join(folder, name))
    expect_equal(guest_hash(image), before, 'it reads the same when all is back')
    lab.virsh('pool-destroy', 'clones')
    lab.clear()


def volume_disk(pool, volume):
    return (f"<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='{pool}' volume='{volume}'/>"
            "<target dev='vda' bus='virtio'/></disk>")


def other_folder_of_a_pool():
    """The pool in which the snapshot names its volume is given another folder, in which there is a file of that name."""
    folders = [os.path.join(lab.dir, name) for name in ('first', 'second')]
    for folder in folders:
        os.mkdir(folder)
    lab.virsh('pool-create-as', 'moving', 'dir', '--target', folders[0])
    frozen = lab.make_disk('a.qcow2', data='1M', folder=folders[0])
    define('vm', volume_disk('moving', 'a.qcow2'))
    lab.ctl('snapshot', 'create', 'vm', 's1')
    write(tip('vm'), 2, '3M')
    lab.virsh('pool-destroy', 'moving')
    lab.virsh('pool-create-as', 'moving', 'dir', '--target', folders[1])
    another_file(lab.make_disk('a.qcow2', data='2M', folder=folders[1]), frozen)
    lab.virsh('pool-destroy', 'moving')
    lab.clear()


def moved_and_another_in_its_place():
    """The frozen image is moved, what stands on it is told so, and a new file has its name."""
    folder = os.path.join(lab.dir, 'elsewhere')
    os.mkdir(folder)
    path = lab.make_disk('a.qcow2', data='1M')
    define('vm', disk_xml(path))
    lab.ctl('snapshot', 'create', 'vm', 's1')
    write(tip('vm'), 2, '3M')
    frozen = os.path.join(folder, 'a.qcow2')
    os.rename(path, frozen)
    lab.run('qemu-img', 'rebase', '-u', '-f', 'qcow2', '-b', frozen, '-F', 'qcow2', tip('vm'))
    another_file(lab.make_disk('a.qcow2', data='2M'), frozen)
    lab.clear()


def another_file(path, frozen):
    """PATH is what the snapshot s1 of vm says that it froze, which is FROZEN."""
    before = [sha256(name) for name in (path, frozen, tip('vm'))]
    expect(any(f['code'] == 'stale-snapshot' and path in f['message'] and not f['mendable']
               for f in lab.ctl('--json', 'doctor').document['findings']), 'doctor says so')
    for argv in (('snapshot', 'revert', 'vm', 's1', '--discard-current'), ('clone', 'create', 'vm', 'c', '--snapshot', 's1'),
                 ('clone', 'create', 'vm', 'c', '--snapshot', 's1', '--thin')):
        expect_refused(lab.ctl(*argv), path, frozen)
    for options in ((), ('--commit',), ('--pull',)):
        expect_refused(lab.ctl('disk', 'merge', 'vm', 'vda', *options), 's1')
    on_it = overlay('on-it.qcow2', path)
    define('on-it', disk_xml(on_it))
    read, before = guest_hash(on_it), [*before, sha256(on_it)]
    told = lab.ctl('--dry-run', 'snapshot', 'delete', 'vm', 's1')
    expect_words(told.out, path, 'stays')
    done = lab.ctl('snapshot', 'delete', 'vm', 's1')
    expect_equal(done.status, 0, 'the snapshot is deleted', done)
    expect_equal([sha256(name) for name in (path, frozen, tip('vm'), on_it)], before,
                 'the other file, the frozen one, the disk, and what stands on the other')
    expect_equal(guest_hash(on_it), read, 'and it reads the same')
    remove_snapshots()


def snapshot_in_a_pool_that_is_gone():
    """The pool in which the snapshot names its volume isn't defined any more, and the files are where they were."""
    define_pool = ('pool-define-as', 'leaving', 'dir', '--target')
    folder = os.path.join(lab.dir, 'leaving')
    os.mkdir(folder)
    lab.virsh(*define_pool, folder)
    lab.virsh('pool-start', 'leaving')
    frozen = lab.make_disk('a.qcow2', data='1M', folder=folder)
    define('vm', volume_disk('leaving', 'a.qcow2'))
    lab.ctl('snapshot', 'create', 'vm', 's1')
    write(tip('vm'), 2, '3M')
    lab.virsh('pool-destroy', 'leaving')
    lab.virsh('pool-undefine', 'leaving')
    before = [sha256(name) for name in (frozen, tip('vm'))]
    for options in ((), ('--commit',), ('--pull',)):
        expect_refused(lab.ctl('disk', 'merge', 'vm', 'vda', *options), 'leaving', 's1')
    expect_refused(lab.ctl('snapshot', 'revert', 'vm', 's1', '--discard-current'), 'leaving')
    expect_equal([sha256(name) for name in (frozen, tip('vm'))], before, 'what was frozen, and the disk')
    lab.virsh(*define_pool, folder)
    lab.virsh('pool-start', 'leaving')
    done = lab.ctl('snapshot', 'delete', 'vm', 's1')
    expect_equal(done.status, 0, 'it is deleted when the pool is back', done)
    remove_snapshots()
    lab.virsh('pool-destroy', 'leaving')
    lab.virsh('pool-undefine', 'leaving')
    lab.clear()


def what_tells_of_a_frozen_image_stays():
    """The overlay by whose header the frozen image is found is neither merged away nor made independent."""
    folders = [os.path.join(lab.dir, name) for name in ('first-of-two', 'second-of-two')]
    for folder in folders:
        os.mkdir(folder)
    lab.virsh('pool-create-as', 'moving', 'dir', '--target', folders[0])
    frozen = lab.make_disk('a.qcow2', data='1M', folder=folders[0])
    define('vm', volume_disk('moving', 'a.qcow2'))
    lab.ctl('snapshot', 'create', 'vm', 's1')
    lab.virsh('pool-destroy', 'moving')
    lab.virsh('pool-create-as', 'moving', 'dir', '--target', folders[1])
    lab.make_disk('a.qcow2', data='2M', folder=folders[1])
    expect_refused(lab.ctl('clone', 'flatten', 'vm'), 's1')
    write(tip('vm'), 2, '3M')
    lab.ctl('snapshot', 'create', 'vm', 's2')
    write(tip('vm'), 3, '4M')
    before = [sha256(name) for name in (frozen, tip('vm'))]
    expect_refused(lab.ctl('snapshot', 'delete', 'vm', 's2', '--pull'), 's1')
    expect_equal([sha256(name) for name in (frozen, tip('vm'))], before, 'the frozen image, and the disk')
    remove_snapshots()
    lab.virsh('pool-destroy', 'moving')
    lab.clear()


def left_out_raw_in_a_pool_that_is_gone():
    """The volume may be any image by another name."""
    folder = os.path.join(lab.dir, 'raw-gone')
    os.mkdir(folder)
    lab.virsh('pool-create-as', 'raw-gone', 'dir', '--target', folder)
    volume = lab.make_disk('v.img', fmt='raw', size='8M', folder=folder)
    define('vm', disk_xml(lab.make_disk('a.qcow2', data='1M')), volume_disk('raw-gone', 'v.img').replace('vda', 'vdb').replace(
        "'qcow2'", "'raw'"))
    taken = lab.ctl('snapshot', 'create', 'vm', 's1', '--disk', 'vda')
    expect_equal(taken.status, 0, 'a snapshot of the other', taken)
    lab.virsh('detach-disk', 'vm', 'vdb', '--config')
    lab.virsh('pool-destroy', 'raw-gone')
    define('other', disk_xml(volume, fmt='raw'))
    expect_refused(lab.ctl('template', 'create', 'other', '--convert', '--no-seal', '--name', 't'), 'raw-gone', 's1')
    remove_snapshots()
    lab.clear()


def disc_in_a_pool_that_is_gone():
    """A disc keeps nothing from being done; and what does is named with who names it."""
    folder = os.path.join(lab.dir, 'discs')
    os.mkdir(folder)
    lab.virsh('pool-create-as', 'discs', 'dir', '--target', folder)
    lab.make_disk('d.iso', fmt='raw', size='1M', folder=folder)
    define('other', disk_xml(lab.make_disk('b.qcow2')),
           "<disk type='volume' device='cdrom'><driver name='qemu' type='raw'/><source pool='discs' volume='d.iso'/>"
           "<target dev='hdc' bus='ide'/><readonly/></disk>")
    define('vm', disk_xml(lab.make_disk('a.qcow2', data='1M')))
    for name in ('vm', 'other'):
        expect_equal(lab.ctl('snapshot', 'create', name, 's1').status, 0, 'a snapshot')
    lab.virsh('pool-destroy', 'discs')
    for name in ('vm', 'other'):
        done = lab.ctl('snapshot', 'delete', name, 's1')
        expect_equal(done.status, 0, 'it is deleted', done)
    remove_snapshots()
    lab.clear()


def left_out_on_what_is_gone():
    """The folder of a disk that a snapshot left out is gone with its storage: the refusal names the snapshot and the way out."""
    folder = os.path.join(lab.dir, 'stick-gone')
    os.mkdir(folder)
    define('vm', disk_xml(lab.make_disk('a.qcow2', data='1M')), disk_xml(lab.make_disk('b.qcow2', folder=folder), 'vdb'))
    define('other', disk_xml(lab.make_disk('o.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'vm', 's1', '--disk', 'vda')
    lab.ctl('snapshot', 'create', 'other', 'o1')
    lab.virsh('detach-disk', 'vm', 'vdb', '--config')
    shutil.rmtree(folder)
    way_out = 'stratactl snapshot delete vm s1 --metadata-only'
    expect(any(way_out in f['hint'] for f in lab.ctl('--json', 'doctor').document['findings']), 'doctor says so')
    expect_refused(lab.ctl('snapshot', 'delete', 'other', 'o1'), way_out)
    expect_refused(lab.ctl('snapshot', 'revert', 'vm', 's1', '--off'), 'b.qcow2')
    for argv in (('vm', 's1', '--metadata-only'), ('other', 'o1')):
        done = lab.ctl('snapshot', 'delete', *argv)
        expect_equal(done.status, 0, 'it is deleted', done)
    remove_snapshots()
    lab.clear()


def overlay_of_another_snapshot_by_now():
    """The overlay that a snapshot's document names was deleted, and one of another branch has its name: no contradiction."""
    define('vm', disk_xml(lab.make_disk('a.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'vm', 's0')
    lab.ctl('snapshot', 'create', 'vm', 's1')
    name = tip('vm')
    lab.ctl('snapshot', 'create', 'vm', 's2')
    lab.ctl('snapshot', 'revert', 'vm', 's0', '--discard-current')
    lab.ctl('snapshot', 'delete', 'vm', 's2')
    expect(not os.path.exists(name), 'the overlay is gone')
    expect(name in lab.virsh('snapshot-dumpxml', 'vm', 's1').out, 'the document names it')
    lab.virsh('snapshot-create-as', 'vm', 's3', '--disk-only', '--diskspec', f'vda,file={name}')
    expect_equal(tip('vm'), name, 'another has its name')
    done = lab.ctl('snapshot', 'revert', 'vm', 's1')
    expect_equal(done.status, 0, 'the machine goes back', done)
    remove_snapshots()
    lab.clear()


def given_back_below_what_is_unseen():
    """With a return the machine gets a disk back on which, in a pool that isn't active, another machine stands by now."""
    folder = os.path.join(lab.dir, 'unseen')
    os.mkdir(folder)
    lab.virsh('pool-define-as', 'unseen', 'dir', '--target', folder)
    lab.virsh('pool-start', 'unseen')
    second = lab.make_disk('b.qcow2', data='1M')
    define('vm', disk_xml(lab.make_disk('a.qcow2', data='1M')), disk_xml(second, 'vdb'))
    lab.ctl('snapshot', 'create', 'vm', 's1', '--disk', 'vda')
    lab.virsh('detach-disk', 'vm', 'vdb', '--config')
    other = overlay('y.qcow2', second, folder=folder)
    define('other', disk_xml(other))
    before, definition = guest_hash(other), lab.virsh('dumpxml', 'vm').out
    lab.virsh('pool-destroy', 'unseen')
    os.rename(folder, folder + '-away')
    for options in ((), ('--start',), ('--discard-current',)):
        expect_refused(lab.ctl('snapshot', 'revert', 'vm', 's1', *options), second)
    expect_equal(lab.virsh('dumpxml', 'vm').out, definition, 'the machine is as it was')
    os.rename(folder + '-away', folder)
    expect_equal(guest_hash(other), before, 'the other reads the same')
    remove_snapshots()
    lab.virsh('pool-undefine', 'unseen')
    lab.clear()


def definition_that_cannot_be_told():
    """libvirt can't write the definition of one machine any more: the others are seen, and nothing goes that could be its."""
    raw = lab.make_disk('unsaid.img', fmt='raw', data='1M')
    lab.virsh('pool-refresh', 'default')
    define('unsaid', disk_xml(raw).replace("type='file' device", "type='volume' device").replace(" type='qcow2'", '').replace(
        f"<source file='{raw}'/>", "<source pool='default' volume='unsaid.img'/>"))
    define('vm', disk_xml(lab.make_disk('vm.qcow2', data='1M')))
    lab.ctl('snapshot', 'create', 'vm', 's1')
    lab.virsh('start', 'unsaid')
    top = lab.path('unsaid.s1')
    lab.virsh('snapshot-create-as', 'unsaid', 's1', '--disk-only', '--diskspec', f'vda,file={top}', check=False)
    said = lab.virsh('dumpxml', '--inactive', 'unsaid', check=False)
    if said.status == 0:
        lab.virsh('destroy', 'unsaid')
        remove_snapshots()
        lab.clear()
        return  # this libvirt can
    for state in ('running', 'off'):
        if state == 'off':
            lab.virsh('destroy', 'unsaid')
        names = [machine['name'] for machine in lab.ctl('--json', 'list').document['machines']]
        expect_equal(sorted(names), ['unsaid', 'vm'], f'what is listed, {state}')
        doctor = lab.ctl('--json', 'doctor')
        expect(any(f['code'] == 'unknown' and '“unsaid”' in f['message'] for f in doctor.document['findings']),
               f'doctor tells of it, {state}', doctor)
        expect_refused(lab.ctl('snapshot', 'delete', 'vm', 's1'), '“unsaid”', 'virsh dumpxml')
        shown = lab.ctl('--json', 'show', 'unsaid').document['machine']
        expect_equal(('unsaid' in shown['unread'], 'memory' in shown), (True, state == 'running'), f'what is shown, {state}')
        expect('backing store format' in shown['unread'], 'what libvirt says', shown['unread'])
        expect_refused(lab.ctl('clone', 'create', 'unsaid', 'copy'), '“unsaid”')
        expect_refused(lab.ctl('snapshot', 'create', 'unsaid', 's2', '--disk-only'), '“unsaid”')
    made = lab.ctl('snapshot', 'create', 'vm', 's2')
    expect_equal(made.status, 0, 'what only adds is done', made)
    lab.virsh('undefine', 'unsaid')
    done = lab.ctl('snapshot', 'delete', 'vm', 's1')
    expect_equal(done.status, 0, 'once it is gone', done)
    remove_snapshots()
    lab.clear()


def left_out_and_gone_for_good():
    """A disk for which nobody cares, and that no snapshot kept: an empty image in its place, and all goes on."""
    scratch = lab.make_disk('scratch.qcow2')
    define('vm', disk_xml(lab.make_disk('a.qcow2', data='1M')), disk_xml(scratch, 'vdb'))
    for name in ('s1', 's2'):
        lab.ctl('snapshot', 'create', 'vm', name, '--disk', 'vda')
    lab.virsh('detach-disk', 'vm', 'vdb', '--config')
    os.remove(scratch)
    expect(any(f['code'] == 'missing' and scratch in f['message'] for f in lab.ctl('--json', 'doctor').document['findings']),
           'doctor finds it')
    expect_refused(lab.ctl('snapshot', 'delete', 'vm', 's1'), scratch, 'qemu-img create')
    lab.make_disk('scratch.qcow2', size='1M')
    done = lab.ctl('snapshot', 'delete', 'vm', 's1')
    expect_equal(done.status, 0, 'the snapshot is deleted', done)
    remove_snapshots()
    lab.clear()


if __name__ == '__main__':
    try:
        run([lab.start, merge_while_the_pool_is_busy,
             deletion_while_the_pool_of_another_computer_is_busy, storage_away,
             independent_beside_what_is_away, hostile_header, one_file_two_names, link_on_another_computer,
             merged_by_either_name, volume_that_runs, linked_folder, relative_behind_a_link, relative_by_another_name,
             explicit_backing, below_a_snapshot_of_another, rebased_unseen, pool_in_the_way, no_format, read_only_folder,
             link_to_storage_away, link_that_leads_to_what_is_deleted, link_that_leads_elsewhere_by_now, overlay_on_the_command_line,
             raw_by_one_of_two, thin_clone_called_raw, overlay_called_raw, called_raw_outside_of_pools, link_in_the_way, too_deep_to_merge, image_on_a_raw_disk,
             size_to_the_byte, floppy_of_a_clone, words_that_are_marks, template_lets_none_in, moved_away,
             moved_away_from_what_has_another_name, moved_away_from_what_was_moved, moved_away_and_left_out,
             moved_away_from_an_imported_template, moved_away_and_not_made_independent, written_by_another_program, flat_vmdk,
             other_folder_of_a_pool, moved_and_another_in_its_place, overlay_of_another_snapshot_by_now,
             given_back_below_what_is_unseen, definition_that_cannot_be_told, left_out_and_gone_for_good,
             snapshot_in_a_pool_that_is_gone, what_tells_of_a_frozen_image_stays,
             left_out_raw_in_a_pool_that_is_gone, disc_in_a_pool_that_is_gone, left_out_on_what_is_gone])
    finally:
        lab.close()
