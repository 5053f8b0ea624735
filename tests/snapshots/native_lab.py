# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab in which plain libvirt is watched, on the new host or on the old one, before Strata does the same."""

import os
import re
import shutil
import xml.etree.ElementTree as ET

from strata_lab import Lab, sha256
from strata_tap import Skip, expect, expect_equal, expect_words
from torture_host import Image, SeenSnapshot, disks_of

# What is known of a libvirt; of any other it is only said.
KNOWN = {'11.3': 'new', '9.0': 'old'}


class NativeLab(Lab):
    """HOST is "new", with a daemon of its own, or "old", whose one daemon is everybody's and may not be brought down."""

    def __init__(self, host):
        super().__init__()
        self.host, self.is_old = host, host == 'old'
        self.pool = f'lab-{os.getpid()}' if self.is_old else 'default'
        self.made = []
        if self.is_old:
            self.env['LIBVIRT_DEFAULT_URI'] = os.environ.get('STRATA_OLD_HOST_URI', '')
        self.known_as = None

    def start(self):
        if self.is_old:
            if not self.env['LIBVIRT_DEFAULT_URI']:
                raise Skip('there is no old host')
            self.virsh('pool-create-as', self.pool, 'dir', '--target', self.images)
        else:
            super().start()
        words = self.virsh('version', '--daemon').out
        version = re.search(r'daemon: (\d+\.\d+)', words).group(1)
        self.known_as = KNOWN.get(version)

    def happens(self, what, happened, **known):
        """Says whether libvirt did WHAT; KNOWN, by host, is whether it is known to."""
        print(f'# libvirt of the {self.host} host: {what}: {"yes" if happened else "no"}', flush=True)
        wanted = known.get(self.known_as)
        if wanted is not None:
            expect_equal(happened, wanted, f'whether libvirt does it still: {what}')

    # Machines

    def make_disk(self, name, fmt='qcow2', size='16M', data=None, folder=None):
        return super().make_disk(name, fmt, size, data, folder)

    def machine(self, name, disks=1, run=False):
        """A blank machine with 1 MiB written; the path of its first disk."""
        self.made.append(name)
        return self.define(name, disks=disks, run=run)[0]

    def define_on(self, name, path):
        """A machine on an image that is there."""
        self.made.append(name)
        self.define_xml(f'''<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory>
          <os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
          <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/>
          <target dev='vda' bus='virtio'/></disk><memballoon model='none'/></devices></domain>''')

    def overlay(self, path, backing, backing_format='qcow2'):
        self.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', backing, '-F', backing_format, path)
        return path

    def xml(self, name, *flags):
        return ET.fromstring(self.virsh('dumpxml', name, *flags).out)

    def state(self, name):
        return self.virsh('domstate', name).out.strip()

    def source(self, name, *flags):
        """The image that the machine's vda is on."""
        return disks_of(self.xml(name, *flags))['vda'].path

    def write(self, name, value, offset='8M', length='64k'):
        """The guest writes."""
        if self.state(name) == 'shut off':
            self.run('qemu-io', '-f', 'qcow2', '-c', f'write -P {value} {offset} {length}', self.source(name))
            return
        drive = 'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend'
        for command in (f'write -P {value} {offset} {length}', 'flush'):
            self.virsh('qemu-monitor-command', '--hmp', name, f'{drive} "{command}"')

    # Snapshots

    def external(self, vm, snapshot):
        """A disk-only snapshot; the overlay of vda."""
        overlay = self.path(f'{vm}.{snapshot}')
        self.virsh('snapshot-create-as', vm, snapshot, '--disk-only', '--atomic',
                   '--diskspec', f'vda,snapshot=external,file={overlay}')
        return overlay

    def memory(self, vm, snapshot):
        """An external one with memory; the memory's file."""
        file = self.path(f'{vm}.{snapshot}.mem')
        self.virsh('snapshot-create-as', vm, snapshot, '--atomic', '--memspec', f'{file},snapshot=external',
                   '--diskspec', f'vda,snapshot=external,file={self.path(f"{vm}.{snapshot}")}')
        return file

    def internal(self, vm, snapshot):
        self.virsh('snapshot-create-as', vm, snapshot)

    def seen(self, vm, snapshot):
        return SeenSnapshot(self.virsh('snapshot-dumpxml', vm, snapshot).out)

    def redefine(self, vm, snapshot, *flags, change=lambda text: text):
        path = os.path.join(self.dir, 'snapshot.xml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(change(self.virsh('snapshot-dumpxml', vm, snapshot, '--security-info').out))
        self.virsh('snapshot-create', vm, path, '--redefine', *flags)
        os.remove(path)

    def current(self, vm):
        done = self.virsh('snapshot-current', vm, '--name', check=False)
        return done.out.strip() if done.status == 0 else None

    def snapshots(self, vm):
        """Those that are no retained layers."""
        names = self.virsh('snapshot-list', vm, '--name').out.split()
        return [n for n in names if not self.seen(vm, n).retained]

    # Bytes

    def bytes(self, path, tag=None):
        """What a guest sees in an image, or saw under TAG, as a hash; None if it cannot be read."""
        out, copy = os.path.join(self.dir, 'raw'), os.path.join(os.path.dirname(path), 'tagged')
        how = ['-l', f'snapshot.name={tag}'] if tag else []
        # qemu-img shows as much of a tag as the image is large now.
        image = Image(path) if tag and os.path.exists(path) else None
        if image is not None and image.tags.get(tag, image.size) != image.size:
            shutil.copy(path, copy)
            self.run('qemu-img', 'snapshot', '-a', tag, copy)
            path, how = copy, []
        try:
            done = self.run('qemu-img', 'convert', '-U', '-f', 'qcow2', '-O', 'raw', *how, path, out, check=False)
            return sha256(out) if done.status == 0 else None
        finally:
            for file in (out, copy):
                if os.path.exists(file):
                    os.remove(file)

    def held(self, vm, snapshot):
        """The bytes of vda in a snapshot."""
        seen = self.seen(vm, snapshot)
        return self.bytes(seen.domain['vda'].path, snapshot if seen.disks['vda'] == 'internal' else None)

    def tip(self, vm):
        return self.bytes(self.source(vm))

    def backing_format(self, path):
        return Image(path).backing_format

    # stratactl

    def strata(self, *argv, status=0):
        """Runs stratactl, which has to end with STATUS, or with one of them."""
        result = self.ctl(*argv)
        wanted = status if isinstance(status, tuple) else (status,)
        expect(result.status in wanted, f'stratactl {" ".join(argv)}: the exit status is not {wanted}', result)
        return result

    def refused(self, *argv, words=()):
        """stratactl's answer is no, with status 3, and says who is in the way and what can be done; the error."""
        result = self.ctl('--json', *argv)
        expect_equal(result.status, 3, ' '.join(argv), result)
        expect_equal(result.document['outcome'], 'refused', 'the outcome', result)
        expect('hint' in result.document['error'], 'no hint', result)
        expect_words(result.document['error']['message'], *words)
        return result.document['error']

    # The end

    def clear(self):
        for name in self.made:
            self.virsh('destroy', name, check=False)
            self.virsh('undefine', name, '--snapshots-metadata', '--managed-save', check=False)
        self.made = []
        for entry in os.scandir(self.images):
            os.remove(entry.path)
        self.virsh('pool-refresh', self.pool, check=False)

    def close(self):
        if self.is_old:
            # The daemon is not ours to stop.
            self.virsh('pool-destroy', self.pool, check=False)
            self.daemon_pid = lambda: None
        super().close()
