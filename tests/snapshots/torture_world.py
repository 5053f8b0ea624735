# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines that torture.py begins with.

a, b   two qcow2 disks each, over base images that both share; in a storage pool
c      a raw disk, and one over a raw base; in a folder that is no pool
tpl    a template of one disk; u and v are thin clones of it, made with qemu-img and virsh alone

and, where it is wide, some of these:

d      disks behind symlinks: one to another folder whose backing name is relative, one in a folder that is a symlink
e, ek  a disk that has a second name, a hard link, on which ek stands
f      disks by pool and volume
g, h   g's definition names h's disk as its <backingStore>, its header an equal copy
r      a raw disk whose guest wrote a qcow2 header that names a secret, and one that names another machine's disk
y, z   two definitions of one disk
"""

import os

import torture_host
from torture_host import run
from torture_model import HOSTILE, MIB, Machine, Model, blank, set_hostile, written

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

VOLUME_DISK = '''
    <disk type='volume' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source pool='{pool}' volume='{volume}'/>
      <target dev='{target}' bus='virtio'/>
    </disk>'''

EXPLICIT_DISK = '''
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='{path}'/>
      <backingStore type='file'><format type='qcow2'/><source file='{below}'/><backingStore/></backingStore>
      <target dev='{target}' bus='virtio'/>
    </disk>'''


def write(path, kind, content, offset, length, value):
    """A guest's write to a disk that nobody runs; the new content."""
    run('qemu-io', '-f', kind, '-c', f'write -P {value} {offset} {length}', path)
    return written(content, offset, length, value)


FURNITURE = ('links', 'hard-link', 'volumes', 'explicit', 'hostile', 'two-definitions')


class World:
    """Folders, a pool, images and definitions. FURNITURE: which of the things that are only in a wide world there are."""

    def __init__(self, host, folders, strata, furniture=()):
        self.host, self.strata, self.model, self.furniture = host, strata, Model(), furniture
        self.pool, self.loose, self.bases = folders

    def make(self):
        host = self.host
        self._pool(POOL, self.pool)
        # Where the client may read no headers a pool tells of them.
        for folder in (self.loose, self.bases) if host.is_roots else ():
            self._pool(os.path.basename(folder), folder)
        for name, value in (('one', 0x11), ('two', 0x22)):
            self._base(f'{name}.qcow2', 'qcow2', value)
        self._base('three.img', 'raw', 0x33)
        over = {n: (os.path.join(self.bases, f), k) for n, f, k in (('one', 'one.qcow2', 'qcow2'), ('two', 'two.qcow2', 'qcow2'),
                                                                    ('three', 'three.img', 'raw'))}
        self._machine('a', self.pool, [('qcow2', over['one']), ('qcow2', over['two'])])
        self._machine('b', self.pool, [('qcow2', over['two']), ('qcow2', over['one'])])
        self._machine('c', self.loose, [('raw', None), ('qcow2', over['three'])])
        self._template()
        for one in self.furniture:
            getattr(self, '_' + one.replace('-', '_'))(over)
        if self.furniture:
            # A merge may end them; whoever stands on one says so by his own bytes.
            for path, _ in over.values():
                del self.model.bases[path]
                self.model.left.add(path)
        host.virsh('pool-refresh', POOL)
        return self.model

    def _pool(self, name, folder):
        self.host.virsh('pool-define-as', name, 'dir', '--target', folder)
        self.host.virsh('pool-start', name)
        torture_host.POOLS[name] = folder

    def make_slow(self):
        """An image that takes a moment to clone."""
        path = os.path.join(self.pool, 'slow.qcow2')
        run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '256M')
        run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 0 192M', path)
        self.model.left |= {path, os.path.join(self.pool, 'busy.qcow2')}
        self.host.virsh('pool-refresh', POOL)

    # What is only in a wide world

    def _made(self, path, kind, base, value):
        """An image at PATH with a write in it; its content. BASE: (path as the header shall have it, format, content) or None."""
        if base is None:
            run('qemu-img', 'create', '-q', '-f', kind, path, str(SIZE))
        else:
            run('qemu-img', 'create', '-q', '-f', kind, '-b', base[0], '-F', base[1], path, str(SIZE))
        return write(path, kind, blank(SIZE) if base is None else base[2], 2 * MIB, MIB // 2, value)

    def _defined(self, name, disks):
        """DISKS: (format, path, content), the text of a <disk> made of them where it isn't the usual one."""
        text, tips = '', {}
        for i, (kind, path, content, *odd) in enumerate(disks):
            target = f'vd{"ab"[i]}'
            text += odd[0].format(target=target) if odd else DISK.format(format=kind, path=path, target=target)
            tips[target] = content
        self.host.define(DOMAIN.format(name=name, disks=text))
        self.model.machines[name] = Machine(name, tips, title=name)

    def _links(self, over):
        there = os.path.join(self.loose, 'elsewhere')
        os.mkdir(there)
        # QEMU takes a relative backing name from the folder of the link, not of its target, where another file has that name.
        for folder, value in ((self.loose, 0x44), (there, 0x45)):
            path = os.path.join(folder, 'below.qcow2')
            self.model.bases[path] = ('qcow2', self._made(path, 'qcow2', None, value))
        real, link = os.path.join(there, 'd-real.qcow2'), os.path.join(self.loose, 'd-vda.qcow2')
        run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'below.qcow2', '-F', 'qcow2', real)
        os.symlink('elsewhere/d-real.qcow2', link)
        # It is d's own; the other is a file that nothing leads to, and that nobody has to touch either.
        _, below = self.model.bases.pop(os.path.join(self.loose, 'below.qcow2'))
        first = write(link, 'qcow2', below, MIB, MIB, 0x46)
        folder = os.path.join(self.loose, 'linked')
        os.symlink(there, folder)
        second = os.path.join(folder, 'd-vdb.qcow2')
        path, kind = over['one']
        content = self._made(second, 'qcow2', (path, kind, self.model.bases[path][1]), 0x47)
        self._defined('d', [('qcow2', link, first), ('qcow2', second, content)])
        self.model.left |= {real, os.path.join(there, 'd-vdb.qcow2')}

    def _hard_link(self, over):
        one, other = os.path.join(self.loose, 'e-vda.qcow2'), os.path.join(self.pool, 'e-other.qcow2')
        content = self._made(one, 'qcow2', None, 0x48)
        os.link(one, other)
        # Which of the two names is left when the last that stands on it goes is nobody's business.
        self.model.left |= {one, other}
        # It stands on a layer of e, which is written no more; e's own disk is above.
        top = os.path.join(self.loose, 'e-top.qcow2')
        self._defined('e', [('qcow2', top, self._made(top, 'qcow2', (one, 'qcow2', content), 0x49))])
        clone = os.path.join(self.pool, 'ek-vda.qcow2')
        self._defined('ek', [('qcow2', clone, self._made(clone, 'qcow2', (other, 'qcow2', content), 0x4a))])

    def _volumes(self, over):
        disks = []
        for target, (path, kind) in (('vda', over['one']), ('vdb', over['two'])):
            name = f'f-{target}.qcow2'
            mine = os.path.join(self.pool, name)
            content = self._made(mine, 'qcow2', (path, kind, self.model.bases[path][1]), 0x4b)
            disks.append(('qcow2', mine, content, VOLUME_DISK.format(pool=POOL, volume=name, target='{target}')))
        self.host.virsh('pool-refresh', POOL)
        self._defined('f', disks)

    def _explicit(self, over):
        below = os.path.join(self.pool, 'h-below.qcow2')
        content = self._made(below, 'qcow2', None, 0x4c)
        copy = os.path.join(self.pool, 'g-copy.qcow2')
        run('cp', below, copy)
        top = os.path.join(self.pool, 'h-vda.qcow2')
        self._defined('h', [('qcow2', top, self._made(top, 'qcow2', (below, 'qcow2', content), 0x4d))])
        mine = os.path.join(self.pool, 'g-vda.qcow2')
        odd = EXPLICIT_DISK.format(path=mine, below=below, target='{target}')
        self._defined('g', [('qcow2', mine, self._made(mine, 'qcow2', (copy, 'qcow2', content), 0x4e), odd)])
        # A machine that is made independent leaves what it stood on.
        self.model.left |= {copy, below}

    def _hostile(self, over):
        secret = os.path.join(os.path.dirname(self.pool), 'secret')
        run('qemu-img', 'create', '-q', '-f', 'raw', secret, str(SIZE))
        self.model.bases[secret] = ('raw', write(secret, 'raw', blank(SIZE), 0, SIZE, 0x5e))
        victim = os.path.join(self.pool, 'b-vda.qcow2')
        disks = []
        for value, target, kind, folder in zip(HOSTILE, (secret, victim), ('raw', 'qcow2'), (self.loose, self.pool)):
            header = os.path.join(os.path.dirname(self.pool), f'header-{value}')
            run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', target, '-F', kind, header, str(SIZE))
            with open(header, 'rb') as file:
                set_hostile(value, file.read(4096))
            path = os.path.join(folder, f'r-{len(disks)}.img')
            self._made(path, 'raw', None, 0)
            with open(header, 'rb') as source, open(path, 'r+b') as file:
                file.write(source.read(4096))
            content = written(blank(SIZE), 0, 4096, value)
            disks.append(('raw', path, write(path, 'raw', content, 3 * MIB, MIB, 0x50)))
        self._defined('r', disks)

    def _two_definitions(self, over):
        path = os.path.join(self.pool, 'yz.qcow2')
        content = self._made(path, 'qcow2', None, 0x51)
        for name in ('y', 'z'):
            self._defined(name, [('qcow2', path, content)])

    def _base(self, name, kind, value):
        path = os.path.join(self.bases, name)
        run('qemu-img', 'create', '-q', '-f', kind, path, str(SIZE))
        content = write(path, kind, blank(SIZE), 0, 6 * MIB, value)
        content = write(path, kind, content, 11 * MIB, 64 * 1024, value + 1)
        os.chmod(path, 0o400 if self.host.is_roots else 0o444)
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
        path = self._machine('original', self.pool, [('qcow2', None)])
        made = self.strata('template', 'create', 'original', '--convert', '--no-seal', '--name', 'tpl')
        if made.status != 0:
            raise RuntimeError(f'no template: {made.message}')
        template = self.model.machines.pop('original')
        template.name, template.is_template, template.title = 'tpl', True, None
        self.model.machines['tpl'] = template
        for name in ('u', 'v'):
            self._machine(name, self.pool, [('qcow2', (path, 'qcow2'))])

    def clear(self):
        """Removes what is ours from the host."""
        for name in self.host.names():
            self.host.virsh('destroy', name, check=False)
            self.host.virsh('undefine', name, '--snapshots-metadata', '--managed-save', check=False)
        for pool in torture_host.POOLS:
            self.host.virsh('pool-destroy', pool, check=False)
            self.host.virsh('pool-undefine', pool, check=False)
