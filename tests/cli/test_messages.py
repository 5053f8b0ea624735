#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong when a template is made: each case with its own words, and nothing changed.

Real causes, no make-believe: a file system that is full, a kernel that can't be read, a disk
without a system. The script enters a namespace of its own, in which it may mount a small tmpfs.
"""

import os
import shutil
import sys
import tempfile

from strata_lab import DOMAIN, Lab, disk_xml
from strata_tap import Skip, expect, expect_equal, expect_words, run
from strata_windows import make_windows_disk

SMALL = 'STRATA_TEST_SMALL'


def enter_namespace():
    """Runs this script again where a tmpfs of 24 MB is mounted, without the rights it took: those
    would open files that their modes close."""
    small = tempfile.mkdtemp(prefix='sm-', dir='/tmp')
    script = ('mount -t tmpfs -o size=24m,mode=700 tmpfs "$1" && shift && '
              'exec setpriv --inh-caps=-all --ambient-caps=-all "$@"')
    os.environ[SMALL] = small
    pid = os.fork()
    if pid == 0:
        os.execvp('unshare', ['unshare', '--user', '--mount', '--map-current-user', '--keep-caps',
                              'sh', '-c', script, 'sh', small, sys.executable,
                              os.path.abspath(__file__)])
    _, status = os.waitpid(pid, 0)
    os.rmdir(small)
    sys.exit(os.waitstatus_to_exitcode(status))


def can_enter():
    return (shutil.which('unshare') is not None and os.getuid() != 0
            and os.system('unshare --user --mount --map-current-user --keep-caps '
                          'mount -t tmpfs tmpfs /mnt 2>/dev/null') == 0)


if SMALL not in os.environ and can_enter():
    enter_namespace()

lab = Lab()
lab.env.update(LIBGUESTFS_BACKEND='direct', LIBGUESTFS_BACKEND_SETTINGS='force_tcg')


def fails(argv, status, code, *words, hint=(), env=None):
    """ARGV ends with STATUS and CODE, says WORDS and HINT, and has changed nothing."""
    before = lab.snapshot()
    result = lab.ctl('--json', *argv, env=env, timeout=300)
    expect_equal(result.status, status, f'{argv}', result)
    document = result.document
    expect_equal(document['error']['code'], code, 'code', result)
    expect_equal(document['outcome'], 'refused' if status == 3 else 'rolled-back', 'outcome',
                 result)
    expect_words(document['error']['message'], *words)
    expect_words(document['error'].get('hint') or '', *hint)
    # A person reads the same.
    expect_words(result.err, 'stratactl: ', *words, *hint)
    lab.expect_unchanged(before)
    return result


SEALING = (['template', 'create', 'web'], ['template', 'create', 'web', '--convert'],
           ['seal', 'web'])


def starts():
    lab.start()


def name_taken():
    lab.define('web')
    lab.define('api')
    fails(['template', 'create', 'web', '--name', 'api'], 3, 'exists', 'api', 'taken',
          hint=['another name'])


def machine_runs():
    lab.define('web', run=True)
    for argv in SEALING:
        fails(argv, 3, 'busy', 'web', 'running', hint=['shut'])


def machine_is_saved():
    lab.define('web', run=True)
    lab.virsh('managedsave', 'web')
    try:
        fails(['template', 'create', 'web'], 3, 'busy', 'web', 'saved', hint=['managedsave-remove'])
    finally:
        lab.virsh('managedsave-remove', 'web')


def pool_is_full():
    if SMALL not in os.environ:
        raise Skip('this machine lets users mount nothing')
    small = os.environ[SMALL]
    lab.define('web', data='40M')
    lab.virsh('pool-create-as', 'small', 'dir', '--target', small)
    try:
        fails(['template', 'create', 'web', '--pool', 'small', '--no-seal'], 3, 'no-space', 'small',
              'MB', hint=['pool'])
        done = lab.ctl('template', 'create', 'web', '--convert', '--no-seal', '--name', 'base')
        expect_equal(done.status, 0, 'template', done)
        fails(['template', 'deploy', 'base', '--name', 'web-%d', '--count', '2', '--full', '--pool',
               'small'], 3, 'no-space', 'small', hint=['pool'])
    finally:
        lab.virsh('pool-destroy', 'small')


def pool_is_too_small_for_all_clones():
    """No one clone is too large, but all of them are; this needs no small file system."""
    path = lab.make_disk('web-vda.qcow2', size='512M', data='480M')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(path)))
    free = int(lab.virsh('pool-info', '--bytes', 'default').out.split('Available:')[1].split()[0])
    # Other tests delete what they made meanwhile.
    count = free * 5 // 4 // (480 << 20) + 2
    if count > 1000:
        raise Skip('this disk holds a thousand of them')
    done = lab.ctl('template', 'create', 'web', '--convert', '--no-seal', '--name', 'base')
    expect_equal(done.status, 0, 'template', done)
    fails(['template', 'deploy', 'base', '--name', 'web-%d', '--count', str(count), '--full'], 3,
          'no-space', 'default', 'GB', hint=['pool'])


def disk_fills_up_on_the_way():
    """The planner sees nothing of a file system that belongs to no pool: the copy itself fails."""
    if SMALL not in os.environ:
        raise Skip('this machine lets users mount nothing')
    small = os.environ[SMALL]
    path = lab.make_disk('tight-vda.qcow2', folder=small, data='14M')
    try:
        lab.define_xml(DOMAIN.format(name='tight', disks=disk_xml(path)))
        names = sorted(os.listdir(small))
        result = lab.ctl('--json', 'template', 'create', 'tight', '--no-seal')
        expect(result.status in (1, 3), 'status', result)
        expect_equal(result.document['error']['code'], 'no-space', 'code', result)
        expect_equal(sorted(os.listdir(small)), names, 'nothing is left')
        expect_equal(lab.names(), ['tight'], 'machines')
    finally:
        os.remove(path)


def snapshot_on_a_full_disk():
    """QEMU has no code for it, only words; what can be done is said all the same."""
    if SMALL not in os.environ:
        raise Skip('this machine lets users mount nothing')
    path = lab.make_disk('tight-vda.qcow2', folder=os.environ[SMALL], data='14M')
    filler = os.path.join(os.environ[SMALL], 'filler')
    try:
        lab.define_xml(DOMAIN.format(name='tight', disks=disk_xml(path)))
        lab.virsh('start', 'tight')
        with open(filler, 'wb', buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        result = lab.ctl('--json', 'snapshot', 'create', 'tight', 's1')
        expect_equal(result.document['error']['code'], 'no-space', 'code', result)
        expect_words(result.document['error']['hint'], 'Free some space')
        expect_equal(sorted(os.listdir(os.environ[SMALL])), ['filler', 'tight-vda.qcow2'], 'nothing is left')
    finally:
        lab.virsh('destroy', 'tight', check=False)
        for file in (path, filler):
            if os.path.exists(file):
                os.remove(file)


def disk_on_a_block_device():
    blocks = [f'/dev/{b}' for b in sorted(os.listdir('/sys/block')) if os.path.exists(f'/dev/{b}')]
    if not blocks:
        raise Skip('no block device here, not even a name of one')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(blocks[0], fmt='raw', kind='block')))
    fails(['template', 'create', 'web', '--convert'], 3, 'refused', blocks[0], 'block device',
          hint=['--copy'])
    fails(['seal', 'web'], 3, 'refused', blocks[0], 'block device')


def disk_of_the_raw_format():
    path = lab.make_disk('web-vda.raw', fmt='raw', data='1M')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(path, fmt='raw')))
    plan = lab.ctl('--dry-run', 'template', 'create', 'web', '--convert', '--no-seal')
    expect_equal(plan.status, 0, 'plan', plan)
    expect_words(plan.out, 'web-vda.raw', 'stays a raw image', 'qcow2 overlays')


def disk_of_a_shared_or_passing_kind():
    path = lab.make_disk('web-vda.raw', fmt='raw')
    for mark, words in (('<shareable/>', 'shared'), ('<transient/>', 'transient')):
        text = disk_xml(path, fmt='raw').replace('</disk>', f'{mark}</disk>')
        lab.define_xml(DOMAIN.format(name='web', disks=text))
        fails(['template', 'create', 'web'], 3, 'refused', 'vda', 'web', words)
        if words == 'shared':
            fails(['clone', 'create', 'web', 'new'], 3, 'refused', 'vda', 'web', words, hint=['disk of its own'])
        lab.virsh('undefine', 'web')


def disk_that_is_gone():
    disk, = lab.define('web')
    os.remove(disk)
    before = lab.snapshot()
    result = lab.ctl('--json', 'template', 'create', 'web')
    expect(result.status in (1, 3), 'status', result)
    expect_words(result.document['error']['message'], disk)
    lab.expect_unchanged(before)


def virt_sysprep_is_missing():
    lab.define('web')
    folder = os.path.join(lab.dir, 'bin')
    os.makedirs(folder, exist_ok=True)
    for source in lab.env['PATH'].split(':'):
        for entry in os.scandir(source) if os.path.isdir(source) else ():
            link = os.path.join(folder, entry.name)
            if entry.name != 'virt-sysprep' and not os.path.lexists(link):
                os.symlink(entry.path, link)
    env = {'PATH': folder}
    for argv in SEALING:
        fails(argv, 1, 'no-tool', 'virt-sysprep', hint=['guestfs-tools'], env=env)
    result = lab.ctl('--json', 'seal', '--list', env=env)
    expect_equal((result.status, result.document['error']['code']), (1, 'no-tool'), 'list', result)


def kernel_is_unreadable():
    lab.define('web')
    kernel = os.path.join(lab.dir, 'vmlinuz')
    with open(kernel, 'wb') as file:
        file.write(b'kernel')
    os.chmod(kernel, 0)
    env = {'SUPERMIN_KERNEL': kernel, 'SUPERMIN_MODULES': '/lib/modules'}
    for argv in SEALING:
        fails(argv, 1, 'kernel-unreadable', kernel, hint=['chmod'], env=env)


def appliance_does_not_start():
    lab.define('web')
    for argv in SEALING[:2]:
        fails(argv, 1, 'no-appliance', 'appliance', env={'LIBGUESTFS_HV': '/bin/false'})


def machine_without_a_system():
    lab.define('web')
    # Each look inside boots the appliance, so one verb stands for those that begin alike.
    fails(['template', 'create', 'web'], 1, 'no-os', 'operating system')


def image_without_a_system():
    path = lab.make_disk('blank.qcow2')
    fails(['seal', path], 1, 'no-os', 'operating system')


def image_with_a_header_of_its_guest():
    """Nothing names it, so nothing says that it is qcow2 but its own first bytes."""
    base = lab.make_disk('of-the-host.qcow2')
    path = lab.path('unnamed.img')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, path)
    fails(['seal', path], 3, 'refused', base, hint=['--format qcow2'])
    # Trusted, or not looked into: both have no operating system.
    for kind in ('qcow2', 'raw'):
        fails(['seal', path, '--format', kind], 1, 'no-os', 'operating system')


def windows():
    if shutil.which('hivexregedit') is None or shutil.which('guestfish') is None:
        raise Skip('hivexregedit or guestfish is not installed')
    path = lab.path('web-vda.qcow2')
    make_windows_disk(path, lab.dir, lab.env)
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(path)))
    fails(['template', 'create', 'web', '--convert'], 1, 'windows', 'Windows', hint=['seal'])
    done = lab.ctl('template', 'create', 'web', '--no-seal')
    expect_equal(done.status, 0, 'an unsealed template of Windows', done)


def unknown_operation():
    lab.define('web')
    before = lab.snapshot()
    result = lab.ctl('--json', 'template', 'create', 'web', '--seal', 'machine-id,machineid')
    expect_equal((result.status, result.document['error']['code']), (2, 'invalid'), 'code', result)
    expect_words(result.err, 'machineid', 'seal --list')
    lab.expect_unchanged(before)


def operations_are_listed():
    result = lab.ctl('--json', 'seal', '--list')
    expect_equal(result.status, 0, 'status', result)
    operations = {o['name']: o['default'] for o in result.document['operations']}
    expect(operations.get('machine-id') is True, 'machine-id is a default', operations)
    expect('fs-uuids' not in operations, 'fs-uuids is never offered', operations)
    expect_words(lab.ctl('seal', '--list').out, '*', 'machine-id', 'ssh-hostkeys')


def each(test):
    def inner():
        try:
            test()
        finally:
            lab.clear()
    inner.__name__ = test.__name__
    return inner


try:
    run([starts] + [each(test) for test in (
        name_taken, machine_runs, machine_is_saved, pool_is_full, pool_is_too_small_for_all_clones,
        disk_fills_up_on_the_way, snapshot_on_a_full_disk, disk_on_a_block_device, disk_of_the_raw_format,
        disk_of_a_shared_or_passing_kind, disk_that_is_gone, virt_sysprep_is_missing,
        kernel_is_unreadable,
        appliance_does_not_start, machine_without_a_system, image_without_a_system, image_with_a_header_of_its_guest, windows,
        unknown_operation, operations_are_listed)])
finally:
    lab.close()
