# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is the window's main loop ever busy while four jobs run in it?

Four templates are deployed in full, several times each, through the window under Xvfb with the software renderer, and
stall-probe.c, preloaded, notes what takes longer than 5 ms from one wait for events to the next."""

import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'gui'))

import harness  # noqa: E402

JOBS = ['one', 'two', 'three', 'four']
COPIES = 6
DATA = 400  # MiB in each template


def shell(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=300)


def make_template(folder, name):
    disk = os.path.join(folder, f'vm-{name}.qcow2')
    raw = os.path.join(folder, 'random')
    if not os.path.exists(raw):
        with open(raw, 'wb') as file:
            for _ in range(DATA):
                file.write(os.urandom(1 << 20))
    shell('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, disk)
    definition = os.path.join(folder, 'vm.xml')
    with open(definition, 'w', encoding='utf-8') as file:
        file.write(f"<domain type='qemu'><name>vm-{name}</name><memory unit='MiB'>64</memory>"
                   "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><disk type='file' device='disk'>"
                   f"<driver name='qemu' type='qcow2'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>"
                   "</devices></domain>")
    shell('virsh', '-q', 'define', definition)
    shell('stratactl', 'template', 'create', f'vm-{name}', '--convert', '--no-seal', '--name', name)


def deploy(window, name):
    window.menu(re.compile(f'^{name}, template'), 'Deploy…')
    window.press(re.compile('^Full$'), ('radio button', 'toggle button', *harness.BUTTONS))
    window.wait('How many', ('spin button',)).queryValue().currentValue = COPIES
    window.fill(re.compile('^Name pattern'), f'{name}-%02d')
    window.press('Continue')
    window.press(f'Deploy {COPIES}', limit=60)


def main():
    folder = tempfile.mkdtemp(prefix='stall-', dir=os.environ.get('STRATA_TEST_DIR'))
    log = os.path.join(folder, 'log')
    probe = os.path.join(folder, 'stall-probe.so')
    shell('cc', '-O2', '-shared', '-fPIC', '-o', probe, os.path.join(HERE, 'stall-probe.c'))
    for name in JOBS:
        make_template(folder, name)

    desk = harness.Desk()
    window = harness.Application(desk, LD_PRELOAD=probe, STRATA_STALL_LOG=log)
    window.wait(re.compile('^one, template'), ('list item',))
    time.sleep(2)  # what opening the window takes is another question
    start = time.monotonic() * 1000
    for name in JOBS:
        deploy(window, name)
    harness.wait_for('the jobs', lambda: window.shows('All operations are finished'), 600)
    end = time.monotonic() * 1000
    with open(log, encoding='ascii') as file:
        stalls = sorted(float(duration) for at, duration in (line.split() for line in file) if start <= float(at) <= end)
    print(f'\nLongest stall of the window’s main loop while four jobs ran ({(end - start) / 1000:.0f} s, '
          f'{len(JOBS) * COPIES} full clones of {DATA} MB)')
    print(f'  {stalls[-1] if stalls else 5:.1f} ms; {sum(s >= 16 for s in stalls)} of 16 ms or more, '
          f'{sum(s >= 50 for s in stalls)} of 50 ms or more')
    harness.finish(0, window, desk)


main()
