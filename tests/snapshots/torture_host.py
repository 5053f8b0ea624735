# SPDX-License-Identifier: GPL-3.0-or-later
"""The host that torture.py works on, as virsh and the files' own headers tell of it."""

import os
import re
import struct
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass

LIMIT = 120  # seconds for anything that could hang
STATES = {'running': 'running', 'idle': 'running', 'paused': 'paused', 'pmsuspended': 'paused', 'shut off': 'off',
          'crashed': 'off'}
RETAINED = 'strata:retained'
POOLS = {}   # name: folder, for disks that are given by pool and volume


def run(*argv):
    done = subprocess.run(argv, text=True, capture_output=True, timeout=LIMIT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(argv)}: {done.stderr}')
    return done.stdout


@dataclass
class Disk:
    """A disk as a definition has it. CHAIN is what an explicit <backingStore> says, COMPLETE whether it says all."""

    target: str
    path: str
    format: str
    chain: list
    complete: bool
    transient: bool = False
    formats: tuple = ()   # of CHAIN


def path_of(source):
    """The file that a <source> means."""
    if source.get('volume') is not None:
        return os.path.join(POOLS[source.get('pool')], source.get('volume'))
    return source.get('file')


def disks_of(domain):
    """target: Disk of a <domain>, without what holds no data of the guest."""
    found = {}
    for element in domain.iterfind('./devices/disk') if domain is not None else ():
        source = element.find('source')
        if element.get('device', 'disk') != 'disk' or source is None:
            continue
        chain, formats, below, complete = [], [], element.find('backingStore'), False
        while below is not None:
            if below.find('source') is None:
                complete = True
                break
            chain.append(path_of(below.find('source')))
            formats.append(below.find('format').get('type'))
            below = below.find('backingStore')
        found[element.find('target').get('dev')] = Disk(element.find('target').get('dev'), path_of(source),
                                                        element.find('driver').get('type'), chain, complete,
                                                        element.find('transient') is not None, tuple(formats))
    return found


class SeenSnapshot:
    """A snapshot's document."""

    def __init__(self, text):
        self.xml = ET.fromstring(text)
        self.name = self.xml.findtext('name')
        self.parent = self.xml.findtext('parent/name')
        words = self.xml.findtext('description') or ''
        self.retained = words.split('\n')[0] == RETAINED
        self.description = words
        self.state = self.xml.findtext('state')
        memory = self.xml.find('memory')
        self.memory_file = memory.get('file') if memory is not None else None
        self.memory = (memory is not None and memory.get('snapshot') != 'no') or (
            memory is None and self.state in ('running', 'paused'))
        self.domain = disks_of(self.xml.find('domain'))
        self.inactive = disks_of(self.xml.find('inactiveDomain'))
        self.disks = {}       # target: 'internal' or 'external', of those that are in it
        self.overlays = {}
        for element in self.xml.iterfind('./disks/disk'):
            name = element.get('name')
            target = name if name in self.domain else next((t for t, d in self.domain.items() if d.path == name), name)
            if element.get('snapshot') in ('internal', 'external') and target in self.domain:
                self.disks[target] = element.get('snapshot')
                if element.find('source') is not None:
                    self.overlays[target] = element.find('source').get('file')
        # None: libvirt's own calls shall unlink nothing there.
        self.revert_overlays = {e.get('name'): e.find('source').get('file') if e.find('source') is not None else None
                                for e in self.xml.iterfind('./revertDisks/disk')}


    def images(self):
        """The disks that are in it, by either definition. What is said of others is nobody's promise."""
        return [disk for table in (self.domain, self.inactive) for target, disk in table.items() if target in self.disks]


class SeenMachine:
    def __init__(self, state, inactive, live):
        self.state = state
        self.inactive = ET.fromstring(inactive)
        self.live = ET.fromstring(live)
        self.disks = disks_of(self.live)
        self.inactive_disks = disks_of(self.inactive)
        self.aliases = {e.find('target').get('dev'): e.find('alias').get('name')
                        for e in self.live.iterfind('./devices/disk') if e.find('alias') is not None}
        self.snapshots = {}
        self.current = None

    def visible(self, name):
        """NAME, or the nearest above it that is more than a retained layer."""
        while name is not None and self.snapshots[name].retained:
            name = self.snapshots[name].parent
        return name


class Image:
    """What is in a file's header. TAGS: name: virtual size, which may have been another one then."""

    def __init__(self, path):
        self.format, self.backing, self.backing_format, self.size, self.tags = 'raw', None, None, None, {}
        with open(path, 'rb') as file:
            head = file.read(104)
            if head[:4] != b'QFI\xfb':
                return
            self.format = 'qcow2'
            self.size, = struct.unpack('>Q', head[24:32])
            version, offset, length = struct.unpack('>IQI', head[4:20])
            if offset != 0:
                self._read_backing(file, path, offset, length, struct.unpack('>I', head[100:104])[0] if version > 2 else 72)
            count, offset = struct.unpack('>IQ', head[60:72])
            file.seek(offset)
            for _ in range(count):
                self._read_tag(file)

    def _read_backing(self, file, path, offset, length, extensions):
        file.seek(offset)
        self.backing = os.path.normpath(os.path.join(os.path.dirname(path), file.read(length).decode()))
        file.seek(extensions)
        while True:
            kind, size = struct.unpack('>II', file.read(8))
            if kind == 0:
                break
            data = file.read((size + 7) // 8 * 8)[:size]
            if kind == 0xe2792aca:
                self.backing_format = data.decode()

    def _read_tag(self, file):
        fixed = file.read(40)
        id_length, name_length = struct.unpack('>HH', fixed[12:16])
        extra = file.read(struct.unpack('>I', fixed[36:40])[0])
        file.read(id_length)
        name = file.read(name_length).decode()
        file.read(-(40 + len(extra) + id_length + name_length) % 8)
        self.tags[name] = struct.unpack('>Q', extra[8:16])[0] if len(extra) >= 16 else self.size


class Host:
    """A connection by virsh, and folders in which every file is ours. IS_ROOTS: images are closed to who asks for stratactl's work."""

    def __init__(self, uri, folders, is_roots=False):
        self.uri, self.folders, self.is_roots = uri, folders, is_roots
        self._images = {}
        self.keeps_revert_disks = self.version() >= (9, 10)

    # virsh

    def version(self):
        words = self.virsh('version', '--daemon').stdout
        return tuple(int(n) for n in re.search(r'daemon: (\d+)\.(\d+)', words).groups())

    def virsh(self, *argv, check=True):
        done = subprocess.run(['virsh', '-q', '-c', self.uri, *argv], text=True, capture_output=True, timeout=LIMIT,
                              check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f'virsh {" ".join(argv)}: {done.stderr}')
        return done

    def batch(self, commands):
        """Runs COMMANDS in one virsh; their outputs."""
        if not commands:
            return []
        text = '; echo @@@; '.join(commands)
        return [part.strip() for part in self.virsh(text, check=False).stdout.split('@@@')]

    def define(self, xml):
        path = os.path.join(self.folders[0], 'define.xml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(xml)
        self.virsh('define', path)
        os.remove(path)

    def names(self):
        """The domains whose files are in our folders; other tests have theirs on the same host."""
        names = self.virsh('list', '--all', '--name').stdout.split()
        definitions = self.batch([f'dumpxml {name}' for name in names])
        marks = [*self.folders, *(f"pool='{pool}'" for pool in POOLS)]
        return [n for n, text in zip(names, definitions) if any(mark in text for mark in marks)]

    def look(self, names):
        """name: SeenMachine."""
        seen, questions = {}, ('domstate {}', 'dumpxml --inactive {}', 'dumpxml {}', 'snapshot-list {} --name',
                               'snapshot-current {} --name')
        answers = self.batch([q.format(name) for name in names for q in questions])
        wanted = []
        for i, name in enumerate(names):
            state, inactive, live, snapshots, current = answers[5 * i:5 * i + 5]
            seen[name] = SeenMachine(STATES[state], inactive, live)
            seen[name].current = current or None
            wanted += [(name, snapshot) for snapshot in snapshots.split()]
        texts = self.batch([f'snapshot-dumpxml {name} {snapshot} --security-info' for name, snapshot in wanted])
        for (name, snapshot), text in zip(wanted, texts):
            seen[name].snapshots[snapshot] = SeenSnapshot(text)
        return seen

    def drive(self, name, alias, command):
        """A qemu-io command on a drive of a machine that runs, as words for virsh. Its success is not told."""
        return f"qemu-monitor-command --hmp {name} 'qemu-io -d /machine/peripheral/{alias}/virtio-backend \"{command}\"'"

    def flush(self, seen):
        """What QEMU has of its tables in memory is in the files after this."""
        self.batch([self.drive(name, alias, 'flush') for name, machine in seen.items() if machine.state != 'off'
                    for alias in machine.aliases.values()])

    # Files

    def image(self, path):
        at = os.stat(path)
        stamp = (at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns)
        known = self._images.get(path)
        if known is None or known[0] != stamp:
            known = self._images[path] = (stamp, Image(path))
        return known

    def chain(self, path, kind=None):
        """[(path, format, stamp)…] as the headers have it, top first."""
        found = []
        while path is not None:
            stamp, image = self.image(path)
            is_raw = kind == 'raw'
            found.append((path, 'raw' if is_raw else image.format, stamp))
            path, kind = (None, None) if is_raw else (image.backing, image.backing_format)
        return found

    def files(self):
        return {os.path.join(folder, name) for top in self.folders for folder, _, names in os.walk(top)
                for name in names}
