# SPDX-License-Identifier: GPL-3.0-or-later
"""What torture.py expects: which machine and snapshot there is, and every byte of it. Knows nothing of Strata.

The content of a disk is kept as one byte for each 4 KiB, since that is how the guest writes it: never less, and
always one value. It is immutable, so that a snapshot costs nothing.
"""

import copy
from dataclasses import dataclass, field
from functools import lru_cache

CHUNK = 4096
MIB = 1 << 20

_CHUNKS = [bytes([value]) * CHUNK for value in range(256)]
# Two values stand for chunks of another kind: the headers of qcow2 images that a guest writes onto its raw disk.
HOSTILE = (0xf1, 0xf2)


def set_hostile(value, chunk):
    """VALUE stands for CHUNK from now on."""
    _CHUNKS[value] = chunk
    expanded.cache_clear()


def condensed(got):
    """The content that is expanded to GOT, as far as there is one."""
    known = {_CHUNKS[value]: value for value in HOSTILE}
    return bytes(known.get(got[i:i + CHUNK], got[i]) for i in range(0, len(got), CHUNK))


def blank(size):
    return bytes(size // CHUNK)


def written(content, offset, length, value):
    first, count = offset // CHUNK, length // CHUNK
    return content[:first] + bytes([value]) * count + content[first + count:]


def grown(content, size):
    return content + bytes(size // CHUNK - len(content))


@lru_cache(maxsize=16)
def expanded(content):
    """The bytes that a guest sees."""
    return b''.join(_CHUNKS[value] for value in content)


def first_difference(content, got):
    """Where GOT, the bytes of a disk, is not CONTENT, in words."""
    if len(got) != len(content) * CHUNK:
        return f'{len(got)} bytes in place of {len(content) * CHUNK}'
    wrong = [i for i, value in enumerate(content) if got[i * CHUNK:(i + 1) * CHUNK] != _CHUNKS[value]]
    at = wrong[0]
    return (f'{len(wrong)} of {len(content)} chunks differ, the first at {at * CHUNK:#x}: '
            f'{got[at * CHUNK]:#04x} in place of {content[at]:#04x}')


ANY = '*'  # some snapshot, whichever is chosen


@dataclass
class Snapshot:
    """CONTENTS has the disks that are in it; None is a content that has to be learnt. MEMORY and STATE are libvirt's."""

    name: str
    parent: str | None
    contents: dict
    description: str = ''
    state: str | None = None
    memory: bool | None = None


@dataclass
class Machine:
    name: str
    tips: dict
    state: str = 'off'
    snapshots: dict = field(default_factory=dict)
    current: str | None = None
    title: str | None = None   # None: it may have any
    is_template: bool = False
    is_clone: bool = False     # made in passing, and dropped when there are too many

    def below(self, name):
        """NAME and every snapshot that stands on it."""
        found = [name]
        for one in found:
            found += [s.name for s in self.snapshots.values() if s.parent == one]
        return found

    def add(self, snapshot):
        self.snapshots[snapshot.name] = snapshot
        self.current = snapshot.name

    def remove(self, name):
        gone = self.snapshots.pop(name)
        for other in self.snapshots.values():
            if other.parent == name:
                other.parent = gone.parent
        if self.current == name:
            # libvirt must always have one: without a parent it may be any that is left.
            self.current = gone.parent or (ANY if self.snapshots else None)


@dataclass
class Model:
    machines: dict = field(default_factory=dict)
    bases: dict = field(default_factory=dict)   # path: (format, content); nobody may write them
    # What another person left behind, because somebody else still needed it: nobody can know whose it is when that ends.
    left: set = field(default_factory=set)

    def copy(self):
        return copy.deepcopy(self)

    @property
    def ordinary(self):
        return [m for m in self.machines.values() if not m.is_template]
