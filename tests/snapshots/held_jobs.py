# SPDX-License-Identifier: GPL-3.0-or-later
"""stratactl held at a step, or killed there, and what it wrote down of its job."""

import json
import os
import signal
import subprocess

from native_lab import NativeLab
from strata_lab import STRATACTL
from strata_tap import expect, expect_equal

lab = NativeLab('new')


def journals():
    folder = os.path.join(lab.state_dir, 'journal')
    return [os.path.join(folder, n) for n in os.listdir(folder)] if os.path.isdir(folder) else []


def records(path):
    with open(path, encoding='utf-8') as file:
        return [json.loads(line) for line in file if line.endswith('\n')]


def go_on(process):
    """To its next stop point, or its end; whether it stands still."""
    os.kill(process.pid, signal.SIGCONT)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return True
    process.returncode = os.waitstatus_to_exitcode(status)
    return False


def hold(*argv, kind, number=0, done=False):
    """stratactl, standing still before the NUMBER-th step of KIND, or after it."""
    env = dict(lab.env, STRATA_TEST_STOP_AT=','.join(str(n) for n in range(1, 200)))
    process = subprocess.Popen([STRATACTL, *argv], env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    os.waitpid(process.pid, os.WUNTRACED)
    while not is_there(kind, number, done):
        if not go_on(process):
            raise AssertionError(f'{argv}: ended before it could be stopped: {process.stderr.read()}')
    return process


def let_go(process):
    """Its exit status, and what it said."""
    while go_on(process):
        pass
    return process.returncode, process.stdout.read() + process.stderr.read()


def stop(*argv, kind, number=0, begun=False, done=False):
    """Kills stratactl before the NUMBER-th step of KIND; or, BEGUN, when that has begun and nothing more is known of it; or, DONE,
    when it is done. With both it did what it was to do, and could not write that down. Returns the job."""
    process = hold(*argv, kind=kind, number=number, done=done)
    process.kill()
    process.communicate()
    path = journals()[0]
    lines = records(path)
    step = find_step(lines, kind, number)
    if begun and not done:
        lines.append({'event': 'begin', 'step': step})
    if begun and done:
        expect_equal((lines[-1]['event'], lines[-1]['step']), ('end', step), 'the last record')
        lines.pop()
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(line) + '\n' for line in lines)
    return os.path.basename(path)[:-len('.journal')]


def find_step(lines, kind, number):
    steps = [i for i, step in enumerate(lines[0]['plan']['steps']) if step['kind'] == kind]
    expect(len(steps) > number, f'the plan has no {kind}', [s['kind'] for s in lines[0]['plan']['steps']])
    return steps[number]


def is_there(kind, number, done):
    for path in journals():
        lines = records(path)
        if not lines:
            continue
        step = find_step(lines, kind, number)
        ended = {line['step'] for line in lines[1:] if line['event'] == 'end'}
        if (step in ended) if done else ended >= set(range(step)):
            return True
    return False


def no_job_left():
    expect_equal(lab.ctl('--json', 'job', 'list').document['jobs'], [], 'what is unfinished')


def kill_rollback(job, point):
    """Kills the taking back of a job at the POINT-th of its stop points; whether it ended before."""
    env = dict(lab.env, STRATA_TEST_STOP_AT=str(point))
    process = subprocess.Popen([STRATACTL, 'job', 'rollback', job], env=env, text=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        process.returncode = os.waitstatus_to_exitcode(status)
        return True
    process.kill()
    process.communicate()
    return False


def clear():
    for path in journals():
        os.remove(path)
    lab.clear()
