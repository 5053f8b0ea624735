#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""stratactl's command line: what is wrong with it is said before anything is opened."""

import os
import pty
import select
import signal
import socket
import subprocess
import time

from strata_lab import STRATACTL, Lab
from strata_tap import Skip, expect, expect_equal, expect_words, run

lab = Lab()

VERBS = [
    ['list'], ['show'], ['chain'], ['template', 'create'], ['template', 'deploy'],
    ['template', 'import'], ['template', 'list'], ['template', 'show'], ['template', 'delete'],
    ['seal'], ['job', 'list'], ['job', 'resume'], ['job', 'rollback'],
    ['job', 'dismiss'],
]


def wrong(argv, *words, usage=True):
    """ARGV is refused with status 2, in words and in JSON."""
    result = lab.ctl(*argv)
    expect_equal(result.status, 2, f'{argv}', result)
    expect_words(result.err, 'stratactl: ', *words)
    expect(not usage or 'Usage: stratactl' in result.err, 'no usage line', result)
    expect_equal(result.out, '', 'nothing goes to stdout')

    result = lab.ctl('--json', *argv)
    expect_equal(result.status, 2, f'--json {argv}', result)
    expect_equal(result.document['error']['code'], 'invalid', 'code', result)
    expect_equal(result.document['outcome'], 'not-started', 'outcome', result)
    expect_words(result.document['error']['message'], *words)


def file(name, text, mode=0o600):
    path = os.path.join(lab.dir, name)
    with open(path, 'w', encoding='latin-1') as stream:
        stream.write(text)
    os.chmod(path, mode)
    return path


def deploy(*argv):
    return ['-c', 'test:///default', 'template', 'deploy', 'test', '--name', 'web-%02d', *argv]


def every_verb_has_help():
    for verb in VERBS:
        result = lab.ctl(*verb, '--help')
        expect_equal(result.status, 0, ' '.join(verb), result)
        expect_words(result.out, f'stratactl {" ".join(verb)}', '--connect', '--json', '--dry-run')
        expect_equal(result.err, '', 'stderr')
    result = lab.ctl('--help')
    for verb in VERBS:
        expect_words(result.out, ' '.join(verb))


def json_shows_what_a_terminal_would_obey():
    """C1 control characters and marks of writing direction are escaped; what a program reads is the same."""
    odd = 'a\x9b31m\u202eb\x7f\U000e0001'
    result = lab.ctl('--json', '-c', 'test:///default', 'show', odd)
    for text in ('\\u009b31m', '\\u202eb', '\\u007f', '\\udb40\\udc01'):
        expect(text in result.out, f'{text} is escaped', result)
    expect(not any(c in result.out for c in '\x9b\u202e\x7f\U000e0001'), 'nothing of it is printed as it is', result)
    expect_words(result.document['error']['message'], odd)


def version_is_told():
    result = lab.ctl('--version')
    expect_equal(result.status, 0, 'status', result)
    expect(result.out.startswith('stratactl '), 'the name is missing', result)


def missing_and_unknown_verbs():
    wrong([], 'verb')
    wrong(['fly'], 'fly')
    wrong(['template'], 'template')
    wrong(['template', 'fly'], 'template fly')
    wrong(['--fly'], '--fly')
    wrong(['list', '--fly'], '--fly')


def snapshot_options_that_exclude_each_other():
    for options in (['create', 'x', 's', '--internal', '--disk-only'],
                    ['create', 'x', 's', '--memory', '--disk-only'],
                    ['revert', 'x', 's', '--save-current', 'y', '--discard-current'],
                    ['revert', 'x', 's', '--start', '--paused'],
                    ['delete', 'x', 's', '--commit', '--pull']):
        wrong(['snapshot', *options], 'exclude')
    wrong(['snapshot', 'edit', 'x', 's'], '--rename')
    wrong(['clone', 'create', 'x', 'y', '--thin', '--full'], 'exclude')
    wrong(['doctor', '--repair'], '--repair')


def numbers_of_arguments():
    wrong(['show'], 'NAME')
    wrong(['show', 'one', 'two'], 'two')
    wrong(['list', 'one'], 'one')
    wrong(['template', 'create'], 'VM')
    wrong(['seal'], 'image')
    wrong(['job', 'resume'], 'JOB')
    wrong(['job', 'dismiss'], 'JOB')


def options_that_exclude_each_other():
    create = ['template', 'create', 'x']
    wrong(['list', '--templates', '--machines'], '--templates', '--machines')
    wrong([*create, '--convert', '--copy'], '--convert', '--copy')
    wrong([*create, '--convert', '--pool', 'p'], '--pool', '--copy')
    wrong([*create, '--shut-down', '--force-off'], '--shut-down')
    wrong([*create, '--seal', 'machine-id', '--no-seal'], '--no-seal')
    wrong([*create, '--timeout', '5'], '--shut-down')
    wrong([*create, '--shut-down', '--timeout', '-5'], 'seconds')
    wrong([*create, '--shut-down', '--timeout', 'soon'], 'soon')
    wrong(['template', 'deploy', 'x'], '--name')
    wrong(deploy('--thin', '--full'), '--thin', '--full')
    wrong(deploy('--count', '0'), '--count')
    wrong(deploy('--password-file', 'f'), '--user')
    wrong(deploy('--user', 'u', '--password-file', '-', '--root-password-file', '-'), 'stdin')
    wrong(['seal', '--list', 'x'], '--list')
    wrong(['--dry-run', 'job', 'resume', 'x'], '--dry-run')


def name_patterns():
    for pattern in ('web', 'web-%s', 'web-%d-%d', 'web/%d'):
        wrong(['template', 'deploy', 'x', '--count', '2', '--name', pattern], usage=False)
    wrong(['template', 'deploy', 'x', '--count', '100000', '--name', 'web-%d'], 'clones',
          usage=False)


def ssh_keys():
    private = file('id', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n')
    wrong(deploy('--ssh-key', private), 'private key', usage=False)
    expect_words(lab.ctl(*deploy('--ssh-key', private)).err, '.pub')
    wrong(deploy('--ssh-key', file('short.pub', 'ssh-ed25519 AAAA me@here\n')), 'Line 1',
          usage=False)
    wrong(deploy('--ssh-key', file('empty.pub', '# none\n\n')), 'no public', usage=False)
    wrong(deploy('--ssh-key', file('bytes.pub', '\xff\xfe\x00')), 'not a text', usage=False)
    wrong(deploy('--ssh-key', file('long.pub', 'x' * 70000)), '64 KiB', usage=False)

    result = lab.ctl('--json', *deploy('--ssh-key', os.path.join(lab.dir, 'none.pub')))
    expect_equal(result.status, 1, 'a file that is not there', result)
    expect_equal(result.document['error']['code'], 'not-found', 'code', result)


def real_keys_pass():
    path = os.path.join(lab.dir, 'real')
    for kind in ('ed25519', 'rsa', 'ecdsa'):
        subprocess.run(['ssh-keygen', '-q', '-N', '', '-C', 'me@here', '-t', kind, '-f', path],
                       check=True)
        # Such a command line gets as far as the host, where "test" is no template.
        result = lab.ctl(*deploy('--ssh-key', path + '.pub'))
        expect(result.status in (1, 3), f'the {kind} key was refused', result)
        os.remove(path)
        os.remove(path + '.pub')


def scripts():
    wrong(deploy('--first-boot', file('plain', 'echo hello\n')), 'what runs it', usage=False)
    wrong(deploy('--first-boot', file('big', '#!/bin/sh\n' + '#' * 300000)), 'KiB', usage=False)


def passwords():
    root = ['--root-password-file']
    wrong(deploy(*root, file('empty', '')), 'empty', usage=False)
    wrong(deploy(*root, file('two', 'one\ntwo\n')), 'line', usage=False)
    wrong(deploy(*root, file('many', 'x' * 2000)), 'KiB', usage=False)


def sealing_operations():
    wrong(['template', 'create', 'x', '--seal', ''], 'empty', usage=False)
    wrong(['template', 'create', 'x', '--seal', 'a,,b'], 'list', usage=False)


def import_reads_the_definition_first():
    def bring(path):
        return ['-c', 'test:///default', 'template', 'import', path]
    wrong(bring(file('not.xml', 'hello')), 'not.xml', usage=False)
    result = lab.ctl('--json', *bring(os.path.join(lab.dir, 'none.xml')))
    expect_equal(result.status, 1, 'a file that is not there', result)
    expect_equal(result.document['error']['code'], 'not-found', 'code', result)
    text = """<domain type='test'><name>x</name><memory>1</memory><os><type>hvm</type></os><devices>
      <disk type='file' device='disk'><source file='/nowhere/x.qcow2'/><target dev='vda'/></disk>
      </devices></domain>"""
    result = lab.ctl('--json', *bring(file('x.xml', text)))
    expect_equal(result.status, 1, 'a disk that is not there', result)
    expect_words(result.document['error']['message'], 'vda', '/nowhere/x.qcow2')


def mock_host_is_listed():
    result = lab.ctl('-c', 'test:///default', 'list')
    expect_equal(result.status, 0, 'status', result)
    expect_words(result.out, 'Name', 'test', 'running')

    result = lab.ctl('-c', 'test:///default', '--json', 'list')
    machine = result.document['machines'][0]
    expect_equal((machine['name'], machine['kind'], machine['state']),
                 ('test', 'machine', 'running'), 'facts', result)
    expect_equal(result.document['templates'], [], 'templates')
    expect_equal(result.err, '', 'stderr')

    # Options of every verb may stand on either side of it.
    result = lab.ctl('list', '--json', '--connect=test:///default', '--templates')
    expect_equal(sorted(result.document), ['outcome', 'templates'], 'members')


def mock_host_is_shown():
    result = lab.ctl('-c', 'test:///default', 'show', 'test')
    expect_equal(result.status, 0, 'status', result)
    expect_words(result.out, 'Name:', 'test', 'Memory:', 'running')
    result = lab.ctl('-c', 'test:///default', '--json', 'show', 'test')
    expect(result.document['machine']['memory'] == 8 * 1024 ** 3, 'memory is in bytes', result)
    result = lab.ctl('-c', 'test:///default', '--json', 'chain', 'test')
    disk, = result.document['disks']
    expect(disk['chain'][0]['missing'] and disk['problem'], 'its disk is a name only', result)


def environment_names_the_host():
    result = lab.ctl('--json', 'list', env={'LIBVIRT_DEFAULT_URI': 'test:///default'})
    expect_equal(result.document['machines'][0]['name'], 'test', 'name', result)


def libvirt_conf_names_the_host():
    """What is given goes to libvirt untouched, and what libvirt opened is told."""
    folder = os.path.join(lab.env['HOME'], '.config', 'libvirt')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, 'libvirt.conf')
    with open(path, 'w', encoding='utf-8') as conf:
        conf.write('uri_aliases = ["mock=test:///default", "gone=qemu+unix:///system?socket=/nowhere/sock"]\n'
                   'uri_default = "test:///default"\n')
    try:
        for argv, env in ((['-c', 'mock'], {}), (['--connect', 'mock'], {}),
                          ([], {'LIBVIRT_DEFAULT_URI': 'mock'}), ([], {'LIBVIRT_DEFAULT_URI': ''}),
                          (['-c', ''], {'LIBVIRT_DEFAULT_URI': ''}),
                          (['-c', 'mock'], {'LIBVIRT_DEFAULT_URI': 'gone'})):
            result = lab.ctl('--json', *argv, 'list', env=env)
            expect_equal(result.status, 0, f'{argv} {env}', result)
            expect_equal(result.document['machines'][0]['name'], 'test', f'{argv} {env}', result)

        for argv, env, words in ((['-c', 'gone'], {}, '“gone”'), ([], {'LIBVIRT_DEFAULT_URI': 'gone'}, '“gone”')):
            result = lab.ctl('--json', *argv, 'list', env=env)
            expect_equal(result.status, 1, f'{argv} {env}', result)
            expect_equal(result.document['error']['code'], 'connection', f'{argv} {env}', result)
            expect_words(result.document['error']['message'], words, '/nowhere/sock')
        result = lab.ctl('--json', '-c', 'no-such-alias', 'list')
        expect_equal(result.document['error']['code'], 'invalid', 'an unknown alias', result)
        expect_words(result.document['error']['hint'], 'libvirt.conf')
    finally:
        os.remove(path)


def a_system_daemon_that_is_off():
    """What turns it on is told as a command of its own."""
    if any(os.path.exists(f'/run/libvirt/{name}-sock') for name in ('libvirt', 'virtqemud')):
        raise Skip('this computer has a system daemon')
    result = lab.ctl('--json', '-c', 'qemu:///system', 'list')
    expect_equal(result.status, 1, 'status', result)
    error = result.document['error']
    expect_equal(error['code'], 'connection', 'code', result)
    expect(error['command'].startswith('sudo '), 'a command', result)
    expect_equal(result.err.splitlines()[-1], '  ' + error['command'], 'the last line', result)


GUARDED = '''<node><auth><user password="sesame">ann</user></auth>
<cpu><mhz>2000</mhz><model>x86_64</model><active>4</active><memory>8000000</memory></cpu></node>'''


def at_terminal(argv, *answers):
    """Runs stratactl where a terminal is, typing ANSWERS as they are asked for; returns its status, and what the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(STRATACTL, [STRATACTL, *argv], lab.env)
    shown = b''
    answers = list(answers)
    while True:
        try:
            ready, _, _ = select.select([terminal], [], [], 20)
            data = os.read(terminal, 4096) if ready else b''
        except OSError:
            data = b''
        if not data:
            break
        shown += data
        if answers and shown.endswith(b': '):
            time.sleep(0.2)
            os.write(terminal, answers.pop(0).encode())
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return status, shown.decode()


def a_host_asks_for_a_password():
    """On the terminal, which doesn't show it; where there is none, how to do without is told."""
    path = file('guarded.xml', GUARDED)
    uri = f'test://{path}'
    result = lab.ctl('--json', '-c', uri, 'list')
    expect_equal((result.status, result.document['error']['code']), (1, 'permission'), 'without a terminal', result)
    expect_words(result.document['error']['hint'], 'auth.conf')

    status, shown = at_terminal(['-c', uri, 'job', 'list'], 'ann\n', 'sesame\n')
    expect_equal(status, 0, 'with both', shown)
    expect('sesame' not in shown and 'ann' in shown, 'what was shown', shown)
    status, shown = at_terminal(['-c', uri, 'job', 'list'], 'ann\n', 'sesamo\n')
    expect_equal(status, 1, 'with a wrong one', shown)
    status, shown = at_terminal(['-c', uri, 'job', 'list'], '\x03')
    expect_equal(status, 130, 'Ctrl-C', shown)


def a_silent_host_is_left_at_once():
    """One Ctrl-C is enough where a host takes the call and says nothing."""
    path = os.path.join(lab.dir, 'silent')
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen(4)
        silent.settimeout(20)
        process = lab.popen('-c', f'qemu+unix:///session?socket={path}', '--json', 'list')
        caller, _ = silent.accept()
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        expect(time.monotonic() - start < 5, 'it took long')
        caller.close()
    expect_equal(process.returncode, 130, 'status', out, err)
    expect('"code":"cancelled"' in out.replace(' ', ''), 'the document says so', out)


def unknown_names():
    result = lab.ctl('-c', 'test:///default', 'show', 'nobody')
    expect_equal(result.status, 1, 'status', result)
    expect_words(result.err, 'stratactl: ', 'nobody', 'stratactl list')
    for argv in (['show', 'nobody'], ['chain', 'nobody'], ['template', 'show', 'nobody'],
                 ['template', 'delete', 'nobody'], ['template', 'create', 'nobody', '--no-seal'],
                 ['template', 'deploy', 'nobody', '--name', 'x'], ['seal', 'nobody']):
        result = lab.ctl('-c', 'test:///default', '--json', *argv)
        expect_equal(result.status, 1, ' '.join(argv), result)
        expect_equal(result.document['error']['code'], 'not-found', ' '.join(argv), result)
        expect(result.document['error']['hint'], 'a hint', result)


def unfinished_jobs():
    result = lab.ctl('job', 'list')
    expect_equal(result.status, 0, 'status', result)
    expect_equal(lab.ctl('--json', 'job', 'list').document, {'outcome': 'done', 'jobs': [], 'running': []},
                 'an empty list')
    for verb in ('resume', 'rollback', 'dismiss'):
        result = lab.ctl('--json', 'job', verb, 'nothing')
        expect_equal(result.status, 1, verb, result)
        expect_equal(result.document['error']['code'], 'not-found', verb, result)


try:
    run([every_verb_has_help, json_shows_what_a_terminal_would_obey, version_is_told, missing_and_unknown_verbs,
         snapshot_options_that_exclude_each_other, numbers_of_arguments,
         options_that_exclude_each_other,
         name_patterns, ssh_keys, real_keys_pass, scripts, passwords, sealing_operations,
         import_reads_the_definition_first, mock_host_is_listed, mock_host_is_shown,
         environment_names_the_host, libvirt_conf_names_the_host, a_system_daemon_that_is_off, a_host_asks_for_a_password, a_silent_host_is_left_at_once, unknown_names, unfinished_jobs])
finally:
    lab.close()
