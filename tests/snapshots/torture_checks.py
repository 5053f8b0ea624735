# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be true after each operation of torture.py. Every check yields its complaints, a line each."""

import json
import os
import shutil
import struct
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from torture_host import LIMIT, run
from torture_model import ANY, condensed, expanded, first_difference


class Checker:
    """Compares a host with a model. What was read once is not read again as long as no file of its chain changed."""

    def __init__(self, host, scratch):
        self.host, self.scratch = host, scratch
        self._read = {}    # (chain's stamps, tag): content
        self._pool = ThreadPoolExecutor(max_workers=2)

    # Bytes

    def _compare(self, what, path, kind, tag, content, explicit=None):
        """(complaint or None, content). EXPLICIT: a disk whose definition may name another chain than the headers."""
        try:
            chain = self.host.chain(path, kind)
            named = self._named(explicit, chain) if explicit is not None and tag is None else None
        except OSError as error:
            return f'{what}: {error}', content
        key = (tuple(chain), named, tag)
        if content is not None and self._read.get(key) == content:
            return None, content
        try:
            got = self._bytes(named or path, None if named else kind, tag)
        except (OSError, RuntimeError) as error:
            return f'{what}: cannot be read: {error}', content
        if content is None:
            content = condensed(got)
        if got != expanded(content):
            return f'{what}: {first_difference(content, got)} ({path}{", tag " + tag if tag else ""})', content
        self._read[key] = content
        return None, content

    def _named(self, disk, chain):
        """The chain that a definition names, as a name for qemu-img; None if the headers say the same."""
        if not disk.chain or self._same([disk.path, *disk.chain], [path for path, _, _ in chain], disk.complete):
            return None
        layers = [(disk.path, disk.format), *zip(disk.chain, disk.formats)]
        if not disk.complete:
            layers[-1:] = [(path, form) for path, form, _ in self.host.chain(*layers[-1])]
        name = None
        for path, form in reversed(layers):
            node = {'driver': form, 'file': {'driver': 'file', 'filename': path}}
            if node['driver'] == 'qcow2':
                node['backing'] = name
            name = node
        # Its stamps are in the name, so that what was read is not taken for what is there.
        name['node-name'] = 'n%x' % (hash(tuple(self.host.image(path)[0] for path, _ in layers)) & 0xffffffff)
        return 'json:' + json.dumps(name)

    @staticmethod
    def _same(named, real, complete):
        """Whether two lists of paths are the same files."""
        def files(paths):
            return [(at.st_dev, at.st_ino) for at in map(os.stat, paths)]

        return files(named) == files(real if complete else real[:len(named)])

    def content(self, disk, tag=None):
        """What a guest reads on DISK now, or read when TAG was made."""
        named = self._named(disk, self.host.chain(disk.path, disk.format)) if tag is None else None
        return condensed(self._bytes(named or disk.path, None if named else disk.format, tag))

    def _bytes(self, path, kind, tag):
        """What a guest sees in an image now, or as it was under TAG."""
        # Another run may have this one's number in a namespace of its own.
        handle, out = tempfile.mkstemp(prefix='torture-', dir=self.scratch)
        os.close(handle)
        copy = out + '.qcow2'
        try:
            how = []
            if tag is not None:
                image = self.host.image(path)[1]
                if tag not in image.tags:
                    raise RuntimeError(f'{path} has no tag {tag}')
                how = ['-l', f'snapshot.name={tag}']
                # qemu-img shows as much of a tag as the image is large now.
                if image.tags[tag] > image.size:
                    shutil.copyfile(path, copy)
                    run('qemu-img', 'snapshot', '-a', tag, copy)
                    path, how = copy, []
            run('qemu-img', 'convert', '-U', *(['-f', kind] if kind else []), '-O', 'raw', *how, path, out)
            with open(out, 'rb') as file:
                return file.read() if tag is None else file.read(image.tags[tag])
        finally:
            for one in (out, copy):
                if os.path.exists(one):
                    os.remove(one)

    def forget(self):
        """Reads everything again the next time."""
        self._read.clear()

    def bytes_of(self, model, seen, only=lambda machine, snapshot: True):
        """Compares all contents; learns those that the model does not know."""
        tasks = []

        def ask(what, disk, tag, table, target):
            tasks.append((table, target, self._pool.submit(self._compare, what, disk.path, disk.format, tag, table[target],
                                                              disk)))

        for machine in model.machines.values():
            there = seen[machine.name]
            for target in machine.tips if only(machine, None) else ():
                ask(f'{machine.name} {target}', there.disks[target], None, machine.tips, target)
            for snapshot in machine.snapshots.values():
                document = there.snapshots.get(snapshot.name)
                if document is None or not only(machine, snapshot):
                    continue
                for target, where in document.disks.items():
                    if target in snapshot.contents:
                        ask(f'{machine.name}/{snapshot.name} {target}', document.domain[target],
                            snapshot.name if where == 'internal' else None, snapshot.contents, target)
        complaints = []
        for table, target, task in tasks:
            complaint, content = task.result()
            table[target] = content
            if complaint:
                complaints.append(complaint)
        for path, (kind, content) in model.bases.items():
            complaint, _ = self._compare(f'base {path}', path, kind, None, content)
            if complaint:
                complaints.append(complaint)
        return complaints

    # Names, trees, states

    @staticmethod
    def tree(model, seen):
        for machine in model.machines.values():
            there = seen[machine.name]
            visible = {name: s for name, s in there.snapshots.items() if not s.retained}
            for name in sorted(machine.snapshots.keys() - visible.keys()):
                yield f'{machine.name}/{name}: is lost'
            for name in sorted(visible.keys() - machine.snapshots.keys()):
                yield f'{machine.name}/{name}: nobody took it'
            for name in sorted(machine.snapshots.keys() & visible.keys()):
                yield from Checker._snapshot(machine, there, machine.snapshots[name], visible[name])
            if machine.state != there.state:
                yield f'{machine.name}: is {there.state}, and should be {machine.state}'
            if machine.current not in (None, ANY) and there.visible(there.current) != machine.current:
                yield f'{machine.name}: {there.visible(there.current)} is current, and should be {machine.current}'
            if machine.title is not None:
                words = [there.inactive.findtext('title'), there.inactive.findtext('metadata/{urn:torture}note')]
                if words != [machine.title, machine.title]:
                    yield f'{machine.name}: title and note are {words}'

    @staticmethod
    def _snapshot(machine, there, snapshot, document):
        what = f'{machine.name}/{snapshot.name}'
        parent = there.visible(document.parent)
        if snapshot.parent == ANY:
            snapshot.parent = parent
        if parent != snapshot.parent:
            yield f'{what}: stands on {parent}, and stood on {snapshot.parent}'
        if document.description != snapshot.description:
            yield f'{what}: is described as “{document.description}”, and was as “{snapshot.description}”'
        if set(document.disks) != set(snapshot.contents):
            yield f'{what}: has the disks {sorted(document.disks)}, and had {sorted(snapshot.contents)}'
        for field in ('state', 'memory'):
            wanted = getattr(snapshot, field)
            if wanted is None:
                setattr(snapshot, field, getattr(document, field))
            elif getattr(document, field) != wanted:
                yield f'{what}: {field} is {getattr(document, field)}, and was {wanted}'
        if document.memory_file is not None and not os.path.exists(document.memory_file):
            yield f'{what}: its memory file is gone'

    # Chains and files

    def chains(self, seen):
        """Nothing disagrees with the headers, and no definition with another one."""
        for name, there in seen.items():
            for target, disk in there.disks.items():
                yield from self._explicit(f'{name} {target}', disk)
                if there.inactive_disks[target].path != disk.path:
                    yield f'{name} {target}: runs on {disk.path}, is defined on {there.inactive_disks[target].path}'
            for disk in there.inactive_disks.values():
                yield from self._explicit(f'{name} {disk.target}, as defined', disk)
            for snapshot in there.snapshots.values():
                for disk in snapshot.images():
                    yield from self._explicit(f'{name}/{snapshot.name} {disk.target}', disk)
        for path in self.host.files():
            image = self.host.image(path)[1]
            if image.backing is not None and image.backing_format is None:
                yield f'{path}: the header does not say the format of its backing file'

    def _explicit(self, what, disk):
        if not disk.chain and not disk.complete:
            return
        try:
            real = [path for path, _, _ in self.host.chain(disk.path, disk.format)][1:]
        except OSError as error:
            yield f'{what}: {error}'
            return
        if disk.chain != (real if disk.complete else real[:len(disk.chain)]):
            yield f'{what}: <backingStore> says {disk.chain}, the headers {real}'

    def strays(self, model, seen):
        """Files that nothing leads to."""
        used = set(model.bases)
        tops = []
        for there in seen.values():
            tops += [(d.path, d.format) for d in [*there.disks.values(), *there.inactive_disks.values()]]
            for snapshot in there.snapshots.values():
                tops += [(d.path, d.format) for d in snapshot.images()]
                used.add(snapshot.memory_file)
        for path, kind in tops:
            try:
                used.update(p for p, _, _ in self.host.chain(path, kind))
            except OSError as error:
                yield f'a chain is broken: {error}'
        used |= self._held_by_litter(model.left)
        # A file may have several names: links of both kinds.
        ours = {(at.st_dev, at.st_ino) for at in (os.stat(p) for p in used if p is not None and os.path.exists(p))}
        for path in sorted(self.host.files() - used - model.left):
            at = os.stat(path)
            if (at.st_dev, at.st_ino) in ours:
                continue
            yield f'{path}: a file that nothing leads to'

    def held_by_others(self, seen):
        """Layers of a machine that it does not have any more, and that stay for what another client has put on them."""
        for name, there in seen.items():
            tops = [(d.path, d.format) for d in [*there.disks.values(), *there.inactive_disks.values()]]
            tops += [(d.path, d.format) for snapshot in there.snapshots.values() for d in snapshot.images()]
            own = {p for path, kind in tops for p, _, _ in self.host.chain(path, kind)}
            yield from (p for p in self.host.files() - own if os.path.basename(p).startswith(f'{name}-'))

    def _held_by_litter(self, left):
        """What the images stand on that another client left when it undefined their machine: it is still held."""
        held = set()
        for path in left:
            try:
                held.update(p for p, _, _ in self.host.chain(path, 'qcow2')[1:])
            except (OSError, ValueError, struct.error):
                continue   # it is gone, or no image
        return held

    def domains(self, model):
        names = set(self.host.names())
        for name in sorted(names - model.machines.keys()):
            yield f'{name}: a domain that nobody made'
        for name in sorted(model.machines.keys() - names):
            yield f'{name}: the domain is gone'

    # What Strata leaves behind it for other tools

    def settled(self, name, there):
        """After Strata changed the snapshots of NAME, libvirt's own calls are safe on them."""
        if not there.snapshots:
            return
        if there.current is None:
            yield f'{name}: has snapshots and no current one'
            return
        for snapshot in there.snapshots.values():
            for target, where in snapshot.disks.items():
                disk = snapshot.domain[target]
                if where == 'external' and not disk.complete:
                    yield f'{name}/{snapshot.name} {target}: the <backingStore> is not complete'
        current = there.snapshots[there.current]
        has_children = any(s.parent == current.name for s in there.snapshots.values())
        for target, where in current.disks.items():
            overlay = current.revert_overlays.get(target, current.overlays.get(target))
            if where == 'external' and os.path.exists(overlay or '') and overlay != there.inactive_disks[target].path and (
                    self.host.keeps_revert_disks or not has_children):
                yield (f'{name}/{current.name} {target}: is current, and says that the machine runs on {overlay}; '
                       f'it runs on {there.inactive_disks[target].path}')

    # The files themselves

    def images_are_sound(self, seen):
        """What qemu-img check says of each qcow2 file that nobody writes."""
        # What a guest wrote onto a raw disk may look like an image.
        tops = [d for m in seen.values() for d in m.disks.values()]
        tops += [d for m in seen.values() for s in m.snapshots.values() for d in s.images()]
        raw, used = set(), set()
        for disk in tops:
            try:
                chain = self.host.chain(disk.path, disk.format)
                used.update(p for p, _, _ in chain)
                raw.update(p for p, kind, _ in chain if kind == 'raw')
            except OSError as error:
                yield f'a chain is broken: {error}'
        running = {d.path for m in seen.values() if m.state != 'off' for d in m.disks.values()}
        # What nothing leads to any more is litter, sound or not.
        for path in sorted((self.host.files() & used) - running - raw):
            if self.host.image(path)[1].format == 'qcow2':
                done = subprocess.run(['qemu-img', 'check', '-q', '-U', '-f', 'qcow2', path], capture_output=True,
                                      text=True, timeout=LIMIT, check=False)
                if done.returncode not in (0, 3):    # 3: leaked clusters, which hurt nobody
                    yield f'{path}: qemu-img check: {done.stderr.strip() or done.stdout.strip()}'
