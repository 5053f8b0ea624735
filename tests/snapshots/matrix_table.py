# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that test_matrix.py fills: rows are operations, columns kinds of snapshot and states of the machine."""

import fcntl
import os
import re

DONE, JOINT, NONE = '✓', 'joint', '–'
INTRODUCTION = '''# What can be done with which snapshot

Made by `tests/snapshots/test_matrix.py`, which does all of it and compares every byte afterwards. ✓ is done, *joint* is done by making the
snapshot a joint, a number is the reason of the refusal, below the table, and – is what there was no occasion for.
'''


def plain(reason):
    """A refusal without the names in it."""
    return re.sub(r'“[^”]*”', '“…”', reason)


class Table:
    """CELLS: (row, column): DONE, JOINT, or why it was refused."""

    def __init__(self, columns):
        self.columns = columns      # (kind, state)
        self.rows = []
        self.cells = {}

    def put(self, row, column, reason, joint):
        """JOINT: it made one. REASON: why it was refused; None if it was done."""
        if row not in self.rows:
            self.rows.append(row)
        self.cells[row, column] = plain(reason) if reason is not None else JOINT if joint else DONE

    def section(self, title):
        reasons, lines = [], []
        for row in self.rows:
            words = [row]
            for column in self.columns:
                cell = self.cells.get((row, column), NONE)
                if cell not in (DONE, JOINT, NONE, *reasons):
                    reasons.append(cell)
                words.append(str(reasons.index(cell) + 1) if cell in reasons else cell)
            lines.append(f'| {" | ".join(words)} |')
        head = ['', *(f'{kind}, {state}' for kind, state in self.columns)]
        notes = [f'{number}. {reason}' for number, reason in enumerate(reasons, 1)]
        return '\n'.join([f'## {title}', '', f'| {" | ".join(head)} |', '|---' * len(head) + '|', *lines, '', *notes, ''])


def sections(text):
    """title: section, of a document of such tables."""
    return {part.split('\n', 1)[0][3:]: part for part in re.split(r'^(?=## )', text, flags=re.MULTILINE)[1:]}


def order(title):
    return [int(number) for number in re.findall(r'\d+', title)]


def put_section(path, title, section):
    """Writes SECTION into the document PATH, beside those of the other hosts."""
    with open(path, 'a+', encoding='utf-8') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = sections(file.read())
        known[title] = section
        file.truncate(0)
        file.write('\n'.join([INTRODUCTION, *(known[t].rstrip('\n') + '\n' for t in sorted(known, key=order, reverse=True))]))
    os.chmod(path, 0o644)


def get_section(path, title):
    """The section TITLE of the document PATH, or None."""
    with open(path, encoding='utf-8') as file:
        found = sections(file.read()).get(title)
    return found.rstrip('\n') + '\n' if found is not None else None
