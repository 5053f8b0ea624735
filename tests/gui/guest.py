# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Debian guest, and its agent, which says from inside what is true there.

STRATA_LAB_GUEST names a bootable Debian image (tests/lab makes one)."""

import base64
import json
import os
import subprocess

from harness import Skip, wait_for


def virsh(*arguments, check=True):
    run = subprocess.run(['virsh', '-q', '-c', 'qemu:///session', *arguments], capture_output=True, text=True, check=False,
                         timeout=60)
    if check and run.returncode != 0:
        raise RuntimeError(f'virsh {arguments}: {run.stderr}')
    return run.stdout


def define_web_base():
    """The lab's web-base, off."""
    guest = os.environ.get('STRATA_LAB_GUEST', '')
    if not os.path.exists(guest):
        raise Skip('STRATA_LAB_GUEST names no guest')
    lab = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab')
    subprocess.run(['sh', os.path.join(lab, 'define-lab'), os.path.join(lab, 'web-base.xml.in'), guest, 'qemu'], check=True,
                   timeout=120)


def agent(name, command, **arguments):
    message = json.dumps({'execute': command, 'arguments': arguments} if arguments else {'execute': command})
    answer = virsh('qemu-agent-command', name, message, '--timeout', '10', check=False)
    return json.loads(answer)['return'] if answer.strip() else None


def ask(name, *command):
    """Runs COMMAND in the guest, and returns what it prints."""
    started = wait_for(f'{name} to take a command',
                       lambda: agent(name, 'guest-exec', path=command[0], arg=list(command[1:]), **{'capture-output': True}))

    def ended():
        status = agent(name, 'guest-exec-status', pid=started['pid'])
        return status if status and status['exited'] else None

    status = wait_for(f'{command[0]} to end in {name}', ended, 60)
    if status.get('exitcode', 1) != 0:
        raise LookupError(f'{command} in {name}: {status}')
    return base64.b64decode(status.get('out-data', '')).decode().strip()
