# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of root's for a test of stratactl that is an ordinary user."""

import functools
import hashlib
import os
import xml.etree.ElementTree as ET

from strata_lab import Lab
from strata_tap import Skip, expect, expect_equal, run

BUSES = {'virtio': 'vda', 'scsi': 'sda', 'sata': 'sda', 'ide': 'hda', 'usb': 'sda'}

DOMAIN = '''<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='{machine}'>hvm</type>{os}</os>
  <features><acpi/></features>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='{format}'/>
      <source file='{path}'/>
      <target dev='{target}' bus='{bus}'/>
    </disk>
    <interface type='network'><source network='default'/><model type='virtio'/></interface>
    <memballoon model='none'/>{devices}
  </devices>
</domain>'''

FIRMWARE = ("<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
            "<nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>{}</nvram>")
TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"


class SystemLab(Lab):
    """Everything is done through libvirt, as the person who sits before it has to; in few runs of virsh, each of which logs in."""

    def __init__(self, variable, folders):
        """VARIABLE of the environment has the host's URI; FOLDERS of the host become pools, by whose names they are given."""
        super().__init__()
        self.folders = folders
        self.env['LIBVIRT_DEFAULT_URI'] = os.environ.get(variable, '')

    def start(self, built=()):
        """The folders of the pools BUILT are made."""
        for pool, folder in self.folders.items():
            self.virsh('pool-create-as', pool, 'dir', '--target', folder, *(['--build'] if pool in built else []))
        self.virsh('net-start', 'default', check=False)

    def daemon_pid(self):
        return None  # it is everybody's

    def put(self, path, data, *, fmt='raw', size=None):
        """A file of root's with DATA; an image of FMT and SIZE where DATA is None."""
        pool = self.pool_of(path)
        name = os.path.basename(path)
        commands = f'vol-create-as {pool} {name} {size or len(data)} --format {fmt}'
        if data is not None:
            file = os.path.join(self.dir, 'up')
            with open(file, 'wb') as out:
                out.write(data)
            commands += f'; vol-upload {name} {file} --pool {pool}'
        self.virsh(commands)
        return path

    def pool_of(self, path):
        return next(pool for pool, folder in self.folders.items() if folder == os.path.dirname(path))

    def get(self, path):
        """The bytes of a file of root's."""
        file = os.path.join(self.dir, 'down')
        pool = self.pool_of(path)
        self.virsh(f'pool-refresh {pool}; vol-download {os.path.basename(path)} {file} --pool {pool}')
        with open(file, 'rb') as got:
            return got.read()

    def digest(self, path):
        return hashlib.sha256(self.get(path)).hexdigest()

    def files(self, pool='default'):
        listing = self.virsh(f'pool-refresh {pool}; vol-list {pool}').out
        return sorted(line.split()[0] for line in listing.splitlines() if '/' in line)

    def image(self, name, value=0x11):
        """A qcow2 image of root's that has data: written here, sent there."""
        local = os.path.join(self.dir, name)
        self.run('qemu-img', 'create', '-q', '-f', 'qcow2', local, '16M')
        self.run('qemu-io', '-f', 'qcow2', '-c', f'write -P {value} 1M 1M', local)
        with open(local, 'rb') as file:
            data = file.read()
        os.remove(local)
        return self.put(f'{self.folders["default"]}/{name}', data)

    def define_on(self, name, path, *, bus='virtio', machine='pc', firmware='', devices=''):
        self.define_xml(DOMAIN.format(name=name, path=path, format='qcow2', bus=bus, target=BUSES[bus], machine=machine,
                                      os=firmware, devices=devices))
        return path

    def machine(self, name, bus='virtio', uefi=False):
        path = self.image(f'{name}.qcow2')
        text = ''
        if uefi:
            variables = f'{self.folders["variables"]}/{name}_VARS.fd'
            self.put(variables, b'variables of ' + name.encode() + bytes(4096))
            text = FIRMWARE.format(variables)
        return self.define_on(name, path, bus=bus, firmware=text)

    def done(self, *argv, timeout=120, outcome='done'):
        result = self.ctl('--json', *argv, timeout=timeout)
        expect_equal(result.status, 0, f'{argv}', result)
        expect_equal(result.document['outcome'], outcome, f'{argv}', result)
        return result

    def disks(self, name):
        xml = ET.fromstring(self.virsh('dumpxml', '--inactive', name).out)
        return [s.get('file') for s in xml.findall('.//disk/source')]

    def backing(self, path):
        text = self.virsh('vol-dumpxml', os.path.basename(path), '--pool', self.pool_of(path)).out
        return ET.fromstring(text).findtext('backingStore/path')

    def run_tests(self, tests):
        """Runs TESTS, none of which leaves anything to the next, and ends the process; they are skipped where there is no such host."""
        def on_host(test):
            @functools.wraps(test)
            def wrapper():
                if not self.env['LIBVIRT_DEFAULT_URI']:
                    raise Skip('there is no such host')
                try:
                    test()
                finally:
                    self.clear()
            return wrapper

        try:
            run([on_host(test) for test in tests])
        finally:
            self.close()

    def clear(self):
        commands = [f'destroy {name}; undefine --snapshots-metadata --keep-nvram {name}' for name in self.names()]
        if commands:
            self.virsh('; '.join(commands), check=False)
        commands = [f'vol-delete {name} --pool {pool}' for pool in self.folders for name in self.files(pool)]
        if commands:
            self.virsh('; '.join(commands))

    def close(self):
        if self.env['LIBVIRT_DEFAULT_URI']:
            for pool in self.folders:
                self.virsh('pool-destroy', pool, check=False)
        super().close()

    def expect_not_startable(self, name, *paths):
        before = [self.digest(path) for path in paths]
        for argv in (('start', name), ('start', '--paused', name), ('start', '--force-boot', name)):
            result = self.virsh(*argv, check=False)
            expect(result.status != 0, f'{argv}: it started', result)
        expect_equal([self.digest(path) for path in paths], before, f'the bytes of {name}')
