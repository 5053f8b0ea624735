# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines that torture.py begins with.

a, b   two qcow2 disks each, over base images that both share; in a storage pool
c      a raw disk, and one over a raw base; in a folder that is no pool
tpl    a template of one disk; u and v are thin clones of it, made with qemu-img and virsh alone
"""

import os

from torture_host import run
from torture_model import MIB, Machine, Model, blank, written

SIZE = 16 * MIB
POOL = 'torture'

DOMAIN = '''<domain type='qemu'>
  <name>{name}</name>
  <title>{name}</title>
  <description>{name}</description>
  <metadata><t:note xmlns:t='urn:torture'>{name}</t:note></metadata>
  <memory unit='MiB'>16</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>{disks}
    <interface type='user'><model type='virtio'/></interface>
    <memballoon model='none'/>
  </devices>
</domain>'''

DISK = '''
    <disk type='file' device='disk'>
      <driver name='qemu' type='{format}'/>
      <source file='{path}'/>
      <target dev='{target}' bus='virtio'/>
    </disk>'''


def write(path, kind, content, offset, length, value):
    """A guest's write to a disk that nobody runs; the new content."""
    run('qemu-io', '-f', kind, '-c', f'write -P {value} {offset} {length}', path)
    return written(content, offset, length, value)


class World:
    """Folders, a pool, images and definitions."""

    def __init__(self, host, folders, strata):
        self.host, self.strata, self.model = host, strata, Model()
        self.pool, self.loose, self.bases = folders

    def make(self):
        host = self.host
        host.virsh('pool-create-as', POOL, 'dir', '--target', self.pool)
        for name, value in (('one', 0x11), ('two', 0x22)):
            self._base(f'{name}.qcow2', 'qcow2', value)
        self._base('three.img', 'raw', 0x33)
        over = {n: (os.path.join(self.bases, f), k) for n, f, k in (('one', 'one.qcow2', 'qcow2'), ('two', 'two.qcow2', 'qcow2'),
                                                                    ('three', 'three.img', 'raw'))}
        self._machine('a', self.pool, [('qcow2', over['one']), ('qcow2', over['two'])])
        self._machine('b', self.pool, [('qcow2', over['two']), ('qcow2', over['one'])])
        self._machine('c', self.loose, [('raw', None), ('qcow2', over['three'])])
        self._template()
        host.virsh('pool-refresh', POOL)
        return self.model

    def _base(self, name, kind, value):
        path = os.path.join(self.bases, name)
        run('qemu-img', 'create', '-q', '-f', kind, path, str(SIZE))
        content = write(path, kind, blank(SIZE), 0, 6 * MIB, value)
        content = write(path, kind, content, 11 * MIB, 64 * 1024, value + 1)
        os.chmod(path, 0o444)
        self.model.bases[path] = (kind, content)

    def _machine(self, name, folder, disks):
        """DISKS: (format, base), base being None or (path, format)."""
        text, tips = '', {}
        for i, (kind, base) in enumerate(disks):
            target = f'vd{"ab"[i]}'
            path = os.path.join(folder, f'{name}-{target}.{"img" if kind == "raw" else "qcow2"}')
            if base is None:
                run('qemu-img', 'create', '-q', '-f', kind, path, str(SIZE))
                content = blank(SIZE)
            else:
                run('qemu-img', 'create', '-q', '-f', kind, '-b', base[0], '-F', base[1], path)
                content = self.model.bases[base[0]][1] if base[0] in self.model.bases else self.model.machines['tpl'].tips['vda']
            tips[target] = write(path, kind, content, (i + 1) * MIB, MIB // 2, 0x40 + i)
            text += DISK.format(format=kind, path=path, target=target)
        self.host.define(DOMAIN.format(name=name, disks=text))
        self.model.machines[name] = Machine(name, tips, title=name)
        return path

    def _template(self):
        path = self._machine('tpl', self.pool, [('qcow2', None)])
        self.strata('template', 'create', 'tpl', '--convert', '--no-seal', '--name', 'tpl')
        self.model.machines['tpl'].is_template = True
        for name in ('u', 'v'):
            self._machine(name, self.pool, [('qcow2', (path, 'qcow2'))])

    def clear(self):
        """Removes what is ours from the host."""
        for name in self.host.names():
            self.host.virsh('destroy', name, check=False)
            self.host.virsh('undefine', name, '--snapshots-metadata', '--managed-save', check=False)
        self.host.virsh('pool-destroy', POOL, check=False)
