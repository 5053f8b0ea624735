#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing of made-up guests on small file systems, judged by debugfs: several disks that /etc/fstab names
by letter, a virt-sysprep that works on the wrong one or removes too much, a hibernated guest, and parts that can't be mounted.

With --all (which `meson test` doesn't give: an appliance takes a minute where there is no KVM) also what
takes longer: more whole sealings."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys

from strata_lab import DOMAIN, STRATACTL, Lab, disk_xml, sha256
from strata_tap import Skip, expect, expect_equal, expect_words, run

ROOT = '11111111-2222-4333-8444-555555555551'
BOOT = '11111111-2222-4333-8444-555555555552'
SWAP = '11111111-2222-4333-8444-555555555553'
FSTAB = f'UUID={ROOT} / ext4 defaults 0 1\n'
TIMEOUT = 900

lab = Lab()

# What an operating system makes for itself, and sealing has to remove.
IDENTITIES = '''/var/lib/systemd/random-seed /var/lib/misc/random-seed /boot/loader/random-seed
/var/lib/systemd/credential.secret /var/lib/NetworkManager/secret_key /etc/dropbear/dropbear_rsa_host_key
/etc/tinyssh/sshkeydir/ed25519.pk /var/lib/dhcpcd/duid /var/lib/dhcpcd/eth0.lease6 /var/lib/wicked/duid.xml
/var/lib/dhcpv6/dhcp6c_duid /var/lib/dibbler/client-duid /etc/iscsi/initiatorname.iscsi /etc/nvme/hostnqn
/etc/nvme/hostid /etc/hostid /etc/zfs/zpool.cache /etc/lvm/backup/vg /etc/lvm/archive/vg_0.vg
/etc/multipath/wwids /var/lib/wtmpdb/wtmp.db /var/lib/lastlog/lastlog2.db /var/lib/systemd/coredump/core.x
/srv/users/bob/.ssh/id_rsa /srv/users/bob/.bash_history /srv/users/bob/.viminfo /root/.lesshst
/var/lib/postgresql/.psql_history'''.split()

# What stays, and is said to.
STAYS = '''/var/lib/tailscale/tailscaled.state /etc/kubernetes/pki/ca.key /etc/docker/key.json
/srv/users/bob/.aws/credentials /etc/salt/minion_id'''.split()


def write(root, path, text='x\n'):
    full = root + path
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, 'w', encoding='utf-8') as file:
        file.write(text)


def make_tree(fstab, more=()):
    """The root of a guest that looks like Debian enough."""
    root = os.path.join(lab.dir, 'tree')
    shutil.rmtree(root, ignore_errors=True)
    for name in ('bin/bash', 'bin/sh', 'usr/bin/ssh-keygen', 'usr/sbin/sshd', 'usr/lib/systemd/systemd'):
        os.makedirs(os.path.dirname(f'{root}/{name}'), exist_ok=True)
        shutil.copy('/bin/true', f'{root}/{name}')
    write(root, '/etc/os-release', 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n')
    write(root, '/etc/debian_version', '12\n')
    write(root, '/etc/fstab', fstab)
    write(root, '/etc/hostname', 'orig\n')
    write(root, '/etc/machine-id', '0123456789abcdef0123456789abcdef\n')
    write(root, '/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\nbob:x:1000:1000::/srv/users/bob:/bin/bash\n'
          'postgres:x:101:101::/var/lib/postgresql:/bin/bash\n')
    write(root, '/etc/shadow', 'root:*:19000:0:99999:7:::\nbob:*:19000:0:99999:7:::\n')
    write(root, '/etc/group', 'root:x:0:\n')
    write(root, '/etc/ssh/ssh_host_rsa_key', 'KEY\n')
    write(root, '/var/log/myapp/app.txt', 'secret\n')
    for folder in ('boot', 'etc/systemd/system', 'var/crash', 'tmp', 'var/tmp', 'root', 'home', 'proc', 'sys', 'dev', 'run'):
        os.makedirs(f'{root}/{folder}', exist_ok=True)
    for path in more:
        write(root, path)
    return root


def make_file_system(name, tree, size, uuid=None):
    path = os.path.join(lab.dir, name)
    lab.run('mke2fs', '-q', '-t', 'ext4', '-F', *(['-U', uuid] if uuid else []), '-d', tree, '-E', 'root_owner=0:0',
            path, size)
    return path


def make_disk(name, *partitions):
    """A disk with a partition table; returns its qcow2 image."""
    table = bytearray(512)
    table[510:] = b'\x55\xaa'
    start, raw = 2048, os.path.join(lab.dir, 'disk.raw')
    with open(raw, 'wb') as file:
        for i, path in enumerate(partitions):
            sectors = os.path.getsize(path) // 512
            table[446 + 16 * i:462 + 16 * i] = struct.pack('<B3sB3sII', 0, b'\0' * 3, 0x83, b'\0' * 3, start, sectors)
            with open(path, 'rb') as source:
                file.seek(start * 512)
                shutil.copyfileobj(source, file)
            start += sectors
        file.seek(0)
        file.write(table)
    return convert(raw, name)


def convert(raw, name):
    image = lab.path(name)
    lab.run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, image)
    return image


def define(*images):
    lab.define_xml(DOMAIN.format(name='web', disks=''.join(disk_xml(image, f'vd{"abc"[i]}')
                                                           for i, image in enumerate(images))))


def flatten(image, first_sector=0, sectors=None):
    """A file system in an image, as a file that debugfs reads."""
    raw = os.path.join(lab.dir, 'flat.raw')
    lab.run('qemu-img', 'convert', '-U', '-f', 'qcow2', '-O', 'raw', image, raw)
    if not first_sector:
        return raw
    part = os.path.join(lab.dir, 'part.raw')
    with open(raw, 'rb') as source, open(part, 'wb') as target:
        source.seek(first_sector * 512)
        target.write(source.read(sectors * 512 if sectors else -1))
    return part


def has(file_system, path):
    return 'Inode:' in lab.run('debugfs', '-R', f'stat {path}', file_system, check=False).out


def need_tools():
    for tool in ('virt-sysprep', 'mke2fs', 'debugfs'):
        if shutil.which(tool) is None:
            raise Skip(f'{tool} is not installed')
    if lab.daemon_pid() is None:
        lab.start()


def make_two_disks(crashed=True):
    """/boot and / on the first disk, by UUID; /var/crash on the second, by letter. CRASHED: something is in it."""
    fstab = FSTAB + f'UUID={BOOT} /boot ext4 defaults 0 2\n/dev/vdb1 /var/crash ext4 defaults 0 2\n'
    boot, crash = os.path.join(lab.dir, 'boot'), os.path.join(lab.dir, 'crash')
    write(boot, '/vmlinuz-6.1', 'KERNEL')
    write(boot, '/grub/grub.cfg', 'menu')
    os.makedirs(crash, exist_ok=True)
    if crashed:
        write(crash, '/vmcore', 'secrets of the memory')
    root = make_file_system('root.raw', make_tree(fstab, IDENTITIES[3:6] + IDENTITIES[-6:] + STAYS), '96M', ROOT)
    first = make_disk('web-vda.qcow2', make_file_system('boot.raw', boot, '32M', BOOT), root)
    crash = make_file_system('crash.raw', crash, '32M')
    if not crashed:
        lab.run('debugfs', '-w', '-R', 'rmdir lost+found', crash)
    second = make_disk('web-vdb.qcow2', crash)
    define(first, second)
    return first, second


def wrong_seal(script):
    """Seals web with a virt-sysprep that does what SCRIPT says once it is not only asked."""
    before = lab.snapshot()
    tools = os.path.join(lab.dir, 'tools')
    write(tools, '/virt-sysprep', f'#!/bin/bash\nreal={shutil.which("virt-sysprep")}\n'
          'case " $* " in *" -x "*|*--list-operations*) exec $real "$@" ;; esac\n' + script)
    os.chmod(tools + '/virt-sysprep', 0o755)
    result = lab.ctl('--json', 'seal', 'web', timeout=TIMEOUT, env={'PATH': tools + ':' + lab.env['PATH']})
    expect_equal(result.status, 1, 'the exit status', result)
    expect_equal(result.document['error']['code'], 'not-sealed', 'the code', result)
    expect_words(result.document['error']['message'], '/boot/vmlinuz-6.1')
    lab.expect_unchanged(before)
    lab.clear()


def a_wrong_disk_is_found_out_and_nothing_was_done():
    need_tools()
    # Nothing that was to go is left, and only what should have stayed tells.
    make_two_disks(crashed=False)
    # What it would do if nobody asked for its order, and all the same with the wrong one on the day.
    wrong_seal('rest=(); disks=()\nwhile [ $# -gt 0 ]; do case $1 in\n'
               '  --format) format=$2; shift ;; -a) disks=(--format "$format" -a "$2" "${disks[@]}"); shift ;;\n'
               '  *) rest+=("$1") ;; esac; shift; done\n'
               'exec $real "${rest[@]}" "${disks[@]}"\n')


def a_file_too_many_is_found_out_and_nothing_was_done():
    need_tools()
    tree = make_tree(FSTAB, ['/boot/vmlinuz-6.1', '/boot/grub/grub.cfg'])
    define(convert(make_file_system('root.raw', tree, '64M', ROOT), 'web-vda.qcow2'))
    wrong_seal('exec $real --delete /boot/vmlinuz-6.1 "$@"\n')


def disks_arrive_in_the_machines_order():
    need_tools()
    first, second = make_two_disks()
    result = lab.ctl('--json', 'seal', 'web', timeout=TIMEOUT)
    expect_equal(result.status, 0, 'the exit status', result)
    boot = flatten(first, 2048, 65536)
    expect(has(boot, '/vmlinuz-6.1') and has(boot, '/grub/grub.cfg'), '/boot is as it was')
    root = flatten(first, 2048 + 65536)
    expect(has(root, '/etc/passwd'), 'the root is there')
    left = [path for path in IDENTITIES[3:6] + IDENTITIES[-6:] + ['/etc/ssh/ssh_host_rsa_key'] if has(root, path)]
    expect_equal(left, [], 'what is left')
    for path in STAYS:
        expect(has(root, path), f'{path} stays')
        expect_words(' '.join(result.document['notes']), path)
    expect(not has(flatten(second, 2048), '/vmcore'), 'the crash dump is gone from the second disk')
    lab.clear()


def a_hibernated_guest_is_refused():
    need_tools()
    swap = os.path.join(lab.dir, 'swap.raw')
    with open(swap, 'wb') as file:
        file.truncate(16 << 20)
    lab.run('mkswap', '-q', '-U', SWAP, swap)
    with open(swap, 'r+b') as file:
        file.seek(4086)
        file.write(b'S1SUSPEND\0')
    root = convert(make_file_system('root.raw', make_tree(FSTAB), '64M', ROOT), 'web-vda.qcow2')
    define(root, convert(swap, 'web-vdb.qcow2'))
    before = lab.snapshot()
    result = lab.ctl('--json', 'template', 'create', 'web', timeout=TIMEOUT)
    expect_equal(result.status, 1, 'the exit status', result)
    expect_equal(result.document['error']['code'], 'unsupported', 'the code', result)
    expect_words(result.document['error']['message'], 'hibernated')
    lab.expect_unchanged(before)
    lab.clear()


def what_is_not_mounted_is_named():
    need_tools()
    fstab = FSTAB + '/dev/disk/by-id/virtio-DATA1 /var ext4 defaults 0 2\n'
    define(convert(make_file_system('root.raw', make_tree(fstab), '64M', ROOT), 'web-vda.qcow2'))
    before = lab.snapshot()
    result = lab.ctl('--json', 'seal', 'web', timeout=TIMEOUT)
    expect_equal(result.status, 1, 'the exit status', result)
    expect_equal(result.document['error']['code'], 'not-sealed', 'the code', result)
    expect_words(result.document['error']['message'], '/var (/dev/disk/by-id/virtio-DATA1)')
    expect_words(result.document['error']['hint'], '--accept-unmounted /var')
    lab.expect_unchanged(before)
    lab.clear()


def what_is_accepted_is_noted():
    need_tools()
    fstab = FSTAB + '/dev/disk/by-id/virtio-DATA1 /home ext4 defaults 0 2\n'
    define(convert(make_file_system('root.raw', make_tree(fstab), '64M', ROOT), 'web-vda.qcow2'))
    result = lab.ctl('--json', 'template', 'create', 'web', '--accept-unmounted', '/home', timeout=TIMEOUT)
    expect_equal(result.status, 0, 'the exit status', result)
    expect_words(' '.join(result.document['notes']), 'virtio-DATA1')
    shown = lab.ctl('template', 'show', 'template-web')
    expect_words(shown.out, 'virtio-DATA1')
    lab.clear()


def each_identity_is_gone():
    need_tools()
    swap = os.path.join(lab.dir, 'swap.raw')
    with open(swap, 'wb') as file:
        file.truncate(16 << 20)
    lab.run('mkswap', '-q', '-U', SWAP, swap)
    with open(swap, 'r+b') as file:
        file.seek(1 << 20)
        file.write(b'SWAPPED-OUT-KEY')
    define(convert(make_file_system('root.raw', make_tree(FSTAB, IDENTITIES), '96M', ROOT), 'web-vda.qcow2'),
           convert(swap, 'web-vdb.qcow2'))
    before = sha256(lab.path('web-vda.qcow2'))
    result = lab.ctl('--json', 'template', 'create', 'web', timeout=TIMEOUT)
    expect_equal(result.status, 0, 'the exit status', result)
    expect_equal(sha256(lab.path('web-vda.qcow2')), before, 'the machine')
    root = flatten(lab.path('template-web-vda.qcow2'))
    expect_equal([path for path in IDENTITIES if has(root, path)], [], 'what is left')
    raw = flatten(lab.path('template-web-vdb.qcow2'))
    with open(raw, 'rb') as file:
        expect(b'SWAPPED-OUT' not in file.read(), 'swap is wiped')
    expect_words(lab.run('blkid', '-p', raw).out, SWAP)
    lab.clear()


def guest_hash(image):
    return sha256(flatten(image))


def what_others_froze_meanwhile_is_kept():
    """Another client, which knows of no lock, takes a snapshot while the overlay is being sealed."""
    need_tools()
    image = convert(make_file_system('root.raw', make_tree(FSTAB), '64M', ROOT), 'web-vda.qcow2')
    define(image)
    env = dict(lab.env, STRATA_TEST_STOP_AT=','.join(str(n) for n in range(1, 100)))
    theirs = None
    with subprocess.Popen([STRATACTL, '--json', 'seal', 'web'], env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        while os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]):
            if theirs is None and os.path.exists(lab.path('web-vda.sealing.qcow2')):
                theirs = lab.path('web-vda.s1')
                lab.virsh('snapshot-create-as', 'web', 's1', '--disk-only', '--diskspec', f'vda,snapshot=external,file={theirs}')
                before = guest_hash(theirs)
            os.kill(process.pid, signal.SIGCONT)
        out = process.stdout.read()
    expect(theirs is not None, 'it was sealed on an overlay', out)
    expect_equal((json.loads(out)['outcome'], json.loads(out)['error']['code']), ('rolled-back', 'changed'), 'how it ended', out)
    expect_equal(guest_hash(theirs), before, 'what the machine reads')
    expect_words(lab.virsh('domblklist', 'web').out, theirs)
    lab.virsh('undefine', 'web', '--snapshots-metadata')
    lab.clear()


TESTS = [a_hibernated_guest_is_refused, what_is_not_mounted_is_named, a_file_too_many_is_found_out_and_nothing_was_done]
if '--all' in sys.argv:
    TESTS += [disks_arrive_in_the_machines_order, a_wrong_disk_is_found_out_and_nothing_was_done,
              what_is_accepted_is_noted, each_identity_is_gone, what_others_froze_meanwhile_is_kept]

try:
    run(TESTS)
finally:
    lab.close()
