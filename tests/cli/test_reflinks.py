# SPDX-License-Identifier: GPL-3.0-or-later
"""On a file system with reflinks (btrfs, XFS) a copy of an image shares its blocks with it: it takes no room, and no longer for much data."""

import fcntl
import functools
import os
import struct

from strata_lab import DOMAIN, Lab, disk_xml
from strata_tap import Skip, expect, expect_equal, run

FOLDER = os.environ.get('STRATA_TEST_REFLINKS', '')
MIB = 1 << 20
FS_IOC_FIEMAP = 0xc020660b
SHARED, LAST = 0x2000, 0x1

lab = Lab()


def there(test):
    """TEST, on such a file system; skipped where there is none."""
    def wrapper():
        if not os.path.ismount(FOLDER):
            raise Skip('there is no file system with reflinks (STRATA_TEST_REFLINKS)')
        if not lab.images.startswith(FOLDER):
            lab.images = os.path.join(FOLDER, 'images')
            os.mkdir(lab.images)
            lab.start()
        try:
            test()
        finally:
            lab.clear()

    return functools.wraps(test)(wrapper)


def extents(path):
    """(bytes that are shared with another file, bytes in all) of what is written of a file."""
    shared = total = at = 0
    with open(path, 'rb') as file:
        os.fsync(file.fileno())
        while True:
            answer = bytearray(struct.pack('=QQIIII', at, (1 << 64) - 1 - at, 1, 0, 64, 0) + bytes(64 * 56))
            fcntl.ioctl(file, FS_IOC_FIEMAP, answer)
            count = struct.unpack_from('=I', answer, 20)[0]
            for i in range(count):
                logical, _, length, _, _, flags = struct.unpack_from('=QQQQQI', answer, 32 + 56 * i)
                shared += length if flags & SHARED else 0
                total += length
                at = logical + length
            if count == 0 or flags & LAST:
                return shared, total


def expect_shared(path, data):
    shared, total = extents(path)
    expect(total >= data * MIB, f'{path} has {total} bytes')
    expect(total - shared < 2 * MIB, f'{path}: {total - shared} of {total} bytes are its own')


def full_clones_share():
    for data in (8, 160):
        path = lab.make_disk('web-vda.qcow2', size='1G', data=f'{data}M')
        lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(path)))
        done = lab.ctl('clone', 'create', 'web', 'copy', '--full')
        expect_equal(done.status, 0, 'cloning', done)
        copy = lab.path('copy-vda.qcow2')
        expect(os.path.exists(copy) and copy != path, 'there is no copy', os.listdir(lab.images))
        expect_shared(copy, data)
        lab.clear()


def templates_and_what_is_deployed_share():
    lab.define('web', data='32M')
    for argv in (('template', 'create', 'web', '--no-seal', '--copy', '--name', 'gold'), ('template', 'deploy', 'gold', '--full', '--name', 'solid')):
        done = lab.ctl(*argv)
        expect_equal(done.status, 0, f'{argv}', done)
    for name in os.listdir(lab.images):
        expect_shared(lab.path(name), 32)


def a_copy_with_internal_snapshots_shares():
    """A return to an internal snapshot in an image that others stand on by now goes to a copy of that image."""
    path, = lab.define('web', data='32M')
    for argv in (('snapshot', 'create', 'web', 'inside', '--internal'), ('snapshot', 'create', 'web', 'above', '--external'),
                 ('snapshot', 'revert', 'web', 'inside', '--discard-current')):
        done = lab.ctl(*argv)
        expect_equal(done.status, 0, f'{argv}', done)
    copies = [name for name in os.listdir(lab.images) if lab.path(name) != path and extents(lab.path(name))[1] > 32 * MIB]
    expect_equal(len(copies), 1, 'the copies', os.listdir(lab.images))
    expect_shared(lab.path(copies[0]), 32)


if __name__ == '__main__':
    try:
        run([there(test) for test in (full_clones_share, templates_and_what_is_deployed_share, a_copy_with_internal_snapshots_shares)])
    finally:
        lab.close()
