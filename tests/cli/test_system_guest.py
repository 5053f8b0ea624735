# SPDX-License-Identifier: GPL-3.0-or-later
"""Strata's main job with a real guest on the system host, by an ordinary user: root's helper is asked for through polkit, once a job;
and what it refuses to whoever is allowed to call it. With --far the same main job by ssh.

STRATA_LAB_GUEST names a bootable Debian image (tests/lab makes one)."""

import json
import os
import shutil
import subprocess
import sys

from strata_tap import Skip, expect, expect_equal, expect_words
from strata_system_lab import SystemLab

IMAGES = '/var/lib/libvirt/images'
GUEST = os.environ.get('STRATA_LAB_GUEST', '')
APPLIANCES = 900  # seconds for a job that boots appliances, under TCG on a busy machine
BOOT = 300
CLONES = ['web-01', 'web-02']

FAR = '--far' in sys.argv
lab = SystemLab('STRATA_FAR_HOST_URI' if FAR else 'STRATA_SYSTEM_HOST_URI', {'default': IMAGES})
lab.env.setdefault('STRATA_GUEST', '')


def begin():
    """The host is asked once; the helper is the installed one, which polkit knows."""
    if 'STRATA_GUEST' in lab.env or not lab.env['LIBVIRT_DEFAULT_URI']:
        lab.env.pop('STRATA_GUEST', None)
        lab.start()


def polkit(name):
    return os.path.join(os.environ['STRATA_SYSTEM_HOST_DIR'], 'run', f'strata-{name}')


def allow(answer):
    with open(polkit('answer'), 'w', encoding='utf-8') as file:
        file.write(answer)


def prompts():
    """What a person was asked since the last call, without the helper's path."""
    with open(polkit('prompts'), encoding='utf-8') as file:
        lines = [line.split('strata-guest ', 1)[-1].strip() for line in file]
    with open(polkit('prompts'), 'w', encoding='utf-8'):
        pass
    return lines


def helper():
    """Where it was installed, which is what polkit knows it by."""
    prefix = os.path.dirname(os.path.dirname(subprocess.run(['which', 'stratactl'], capture_output=True, text=True, check=True).stdout))
    return os.path.join(prefix, 'libexec', 'strata-guest')


def define_guest():
    begin()
    if not os.path.exists(GUEST):
        raise Skip('STRATA_LAB_GUEST names no guest')
    lab.run('cp', GUEST, os.path.join(lab.dir, 'guest'))
    lab.virsh('vol-create-as', 'default', 'web-base.qcow2', '3G', '--format', 'qcow2')
    lab.virsh('vol-upload', 'web-base.qcow2', os.path.join(lab.dir, 'guest'), '--pool', 'default')
    lab.virsh('pool-refresh', 'default')
    os.remove(os.path.join(lab.dir, 'guest'))
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, '..', 'lab', 'web-base.xml.in'), encoding='utf-8') as file:
        lab.define_xml(file.read().replace('@TYPE@', 'qemu').replace('@DISK@', f'{IMAGES}/web-base.qcow2'))


def agent(name, command, **arguments):
    message = json.dumps({'execute': command, 'arguments': arguments})
    answer = lab.virsh('qemu-agent-command', name, '--timeout', '10', message, check=False)
    return json.loads(answer.out)['return'] if answer.status == 0 else None


def without_the_right_nothing_is_done():
    define_guest()
    before = lab.virsh('dumpxml', '--inactive', 'web-base').out, lab.files()
    prompts()
    allow('no')
    try:
        for argv in (('template', 'create', 'web-base', '--convert', '--name', 'web'), ('template', 'create', 'web-base', '--name', 'web'),
                     ('seal', 'web-base')):
            result = lab.ctl('--json', *argv)
            expect_equal(result.status, 1, f'{argv}', result)
            expect_words(result.err, 'administrator', 'io.github.stratavm.Strata.guest')
            expect_equal((lab.virsh('dumpxml', '--inactive', 'web-base').out, lab.files()), before, f'what there is after {argv}')
        expect_equal(len(prompts()), 3, 'how often a person was asked')
        expect_equal(lab.done('job', 'list').document['jobs'], [], 'unfinished jobs')
    finally:
        allow('yes')


def the_guest_becomes_a_template_and_clones():
    define_guest()
    prompts()
    lab.done('template', 'create', 'web-base', '--convert', '--name', 'web', timeout=APPLIANCES)
    expect_equal(prompts(), ['web-base default/web-vda.sealing.qcow2'], 'what a person was asked')
    expect_equal((lab.names(), lab.files()), (['web'], ['web-base.qcow2']), 'what there is')
    shown = json.dumps(lab.done('template', 'show', 'web').document)
    expect_words(shown, 'Debian', '"is-sealed": true', 'machine-id', 'ssh-hostkeys')
    before = lab.digest(f'{IMAGES}/web-base.qcow2')

    lab.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', os.path.join(lab.dir, 'key'))
    lab.done('template', 'deploy', 'web', '--name', 'web-%02d', '--count', '2', '--hostname', 'web-%02d',
             '--ssh-key', os.path.join(lab.dir, 'key.pub'), '--start', timeout=APPLIANCES)
    expect_equal(prompts(), ['default/web-01.qcow2 default/web-02.qcow2'], 'what a person was asked')
    for name in CLONES:
        lab.wait_until(lambda n=name: agent(n, 'guest-ping') is not None, f'the agent of {name} answers', BOOT)
        expect_equal(agent(name, 'guest-get-host-name')['host-name'], name, 'the host name')
        lab.virsh('destroy', name)
    expect_equal(lab.digest(f'{IMAGES}/web-base.qcow2'), before, 'the bytes of the template')


# What a program of the user's can have the helper do, once an administrator allowed it for something.

class Helper:
    """The helper as root, asked for by NAMES."""

    def __init__(self, *names):
        self.process = subprocess.Popen(['pkexec', helper(), *names], env=lab.env, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.events = self.answers() if names else []

    def answers(self):
        events = []
        for line in self.process.stdout:
            events.append(json.loads(line))
            if events[-1]['event'] == 'done':
                return events
        return events

    def ask(self, request):
        self.process.stdin.write(json.dumps(dict({'attended': True, 'force-tcg': True}, **request)) + '\n')
        self.process.stdin.flush()
        return self.answers()

    def refused(self, request, *words):
        answer = self.ask(request)
        expect_equal([e['event'] for e in answer], ['error', 'done'], f'{request}', answer)
        expect_words(json.dumps(answer[0], ensure_ascii=False), *words)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def inspect(path, fmt='qcow2', **more):
    return {'verb': 'inspect', 'disks': [dict({'path': path, 'format': fmt}, **more)]}


def seal(path, fmt='qcow2'):
    return {'verb': 'seal', 'disks': [{'path': path, 'format': fmt}]}


def with_helper(*names):
    """The names' helper, for a with statement."""
    class Context:
        def __enter__(self):
            self.helper = Helper(*names)
            return self.helper

        def __exit__(self, *_):
            self.helper.close()
    return Context()


def paths_are_not_heard():
    begin()
    own, other = lab.machine('own'), lab.machine('other')
    lab.put(f'{IMAGES}/loose.qcow2', None, fmt='qcow2', size='1M')
    here = os.path.join(lab.dir, 'here.qcow2')
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', here, '1M')
    with with_helper('own') as root:
        for path in ('/etc/shadow', here, '/dev/sda', f'{IMAGES}/loose.qcow2', f'{IMAGES}/../images/loose.qcow2',
                     f'{IMAGES}/absent'):
            root.refused(inspect(path), 'no disk of what permission was given for')
            root.refused(seal(path), 'no disk of what permission was given for')
        root.refused(inspect(other), 'other')
        root.refused(seal(f'{IMAGES}/../images/other.qcow2'), 'other')
        root.refused({'verb': 'customise', 'clones': [{'name': 'x', 'disks': [{'path': other, 'format': 'qcow2'}], 'hostname': 'x'}]},
                     'other')
        # Disks that the request has besides those which are gone through.
        root.refused({'verb': 'customise', 'disks': [{'path': own, 'format': 'qcow2', 'opened': '/etc/shadow'}],
                      'clones': [{'name': 'x', 'disks': [{'path': other, 'format': 'qcow2', 'opened': own}], 'hostname': 'x'}]}, 'other')
        # The format is the definition's.
        root.refused(inspect(own, 'raw'), 'qcow2')
        # One that holds no system; and what the client says is to be opened in its place isn't.
        for request in (inspect(own), inspect(own, opened='/etc/shadow')):
            answer = root.ask(request)
            expect_equal(answer[-2]['event'], 'error', 'an empty disk', answer)
            expect_equal(answer[-2]['code'], 'no-os', 'an empty disk', answer[-2])
        # Without somebody at the other end, and what is no request.
        root.refused(dict(inspect(own), attended=False), 'attended')
        root.refused({'verb': 'shell'}, 'verb')
    expect_equal([lab.disks(name) for name in ('own', 'other')], [[own], [other]], 'the machines')


def a_helper_without_names_does_nothing_as_root():
    begin()
    root = Helper()
    try:
        out, _ = root.process.communicate(json.dumps(dict(inspect('/etc/shadow', 'raw'), attended=True)) + '\n', timeout=60)
    except BrokenPipeError:
        out = root.process.stdout.read()
    expect_equal((root.process.returncode, out), (1, ''), 'what it did')


def machines_that_run_are_left_alone():
    begin()
    path = lab.machine('own')
    lab.virsh('start', 'own')
    with with_helper('own') as root:
        root.refused(seal(path), 'running')
        root.refused(inspect(path), 'running')
    lab.virsh('destroy', 'own')
    # Nor by another definition of the same disk, whether or not that was named.
    lab.define_on('twin', path)
    with with_helper('own') as root:
        root.refused(seal(path), 'twin')
    lab.virsh('start', 'twin')
    with with_helper('own', 'twin') as root:
        root.refused(seal(path), 'running')


def links_and_other_peoples_files_lead_nowhere():
    """A folder of the user's, which the system's libvirt has as a pool."""
    begin()
    secret = lab.image('secret.qcow2')
    # The host has another /tmp; both see what was built.
    folder = os.path.join(os.path.dirname(helper()), f'../../mine-{os.getpid()}')
    folder = os.path.realpath(folder)
    os.mkdir(folder, 0o755)
    lab.virsh('pool-create-as', 'mine', 'dir', '--target', folder)
    try:
        # A link of the user's to root's file is followed with the user's rights, or not at all.
        os.symlink(secret, os.path.join(folder, 'link.qcow2'))
        lab.define_on('link', os.path.join(folder, 'link.qcow2'))
        with with_helper('link') as root:
            root.refused(seal(os.path.join(folder, 'link.qcow2')), 'no disk of what permission was given for')
            root.refused(seal(secret), 'no disk of what permission was given for')
        # The user's own overlay on root's file: opened as the user, who may not read that.
        mine = os.path.join(folder, 'over.qcow2')
        lab.run('qemu-img', 'create', '-q', '-u', '-f', 'qcow2', '-b', secret, '-F', 'qcow2', mine, '16M')
        lab.define_on('over', mine)
        with with_helper('over') as root:
            root.refused(seal(mine), 'Permission denied')
        # Root's overlay on the user's file, which could become a link at any time.
        base = os.path.join(folder, 'base.qcow2')
        lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', base, '16M')
        lab.virsh('pool-refresh', 'mine')
        lab.virsh('vol-create-as', 'default', 'top.qcow2', '16M', '--format', 'qcow2', '--backing-vol', base, '--backing-vol-format', 'qcow2')
        lab.define_on('top', f'{IMAGES}/top.qcow2')
        with with_helper('top') as root:
            root.refused(seal(f'{IMAGES}/top.qcow2'), 'who may change')
        # Root's image in the user's folder, where another could be put in its place while it is worked on.
        lab.virsh('vol-create-as', 'mine', 'swapped.qcow2', '16M', '--format', 'qcow2')
        lab.define_on('swapped', os.path.join(folder, 'swapped.qcow2'))
        with with_helper('swapped') as root:
            root.refused(seal(os.path.join(folder, 'swapped.qcow2')), 'who may change')
        # A third person's: not opened with that person's rights for whoever asks.
        volume = os.path.join(lab.dir, 'theirs.xml')
        with open(volume, 'w', encoding='utf-8') as file:
            file.write('<volume><name>theirs.qcow2</name><capacity>1048576</capacity><target><format type="qcow2"/>'
                       '<permissions><mode>0600</mode><owner>34</owner><group>34</group></permissions></target></volume>')
        lab.virsh('vol-create', 'default', volume)
        lab.define_on('theirs', f'{IMAGES}/theirs.qcow2')
        with with_helper('theirs') as root:
            root.refused(inspect(f'{IMAGES}/theirs.qcow2'), 'who may change')
        # A pipe in the place of an image: nothing waits for it.
        os.remove(mine)
        os.mkfifo(mine)
        with with_helper('over') as root:
            root.refused(seal(mine), 'who may change')
    finally:
        for name in ('link', 'over', 'top', 'swapped', 'theirs'):
            lab.virsh('undefine', name, check=False)
        lab.virsh('pool-destroy', 'mine', check=False)
        shutil.rmtree(folder)


def a_volume(name, *options, change=None):
    """An image that is written here, and is root's there; its path."""
    local = os.path.join(lab.dir, name)
    lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', *options, local, '16M')
    with open(local, 'rb') as file:
        data = file.read()
    os.remove(local)
    return lab.put(f'{IMAGES}/{name}', change(data) if change else data)


def headers_lead_nowhere():
    """What is in an image, which a guest may have written there, has root open nothing else."""
    begin()
    other = lab.machine('other')
    over = a_volume('over.qcow2', '-u', '-b', other, '-F', 'qcow2')
    with with_helper('default/over.qcow2') as root:
        root.refused(inspect(over), 'other')
    loose = lab.image('loose.qcow2')
    data = a_volume('data.qcow2', '-o', f'data_file={os.path.join(lab.dir, "data")}')
    # Without the name of the extension that says the format.
    guessed = a_volume('guessed.qcow2', '-u', '-b', loose, '-F', 'raw', change=lambda text: text.replace(b'\xe2\x79\x2a\xca', b'\x12\x34\x56\x78'))
    with with_helper('default/data.qcow2', 'default/guessed.qcow2') as root:
        for path in (data, guessed):
            root.refused(inspect(path), 'who may change')
            root.refused(seal(path), 'who may change')


def names_are_what_a_prompt_shows():
    begin()
    for name in ('own\n(nothing else)', 'own \u202emitciv', '', '--own'):
        root = Helper(name)
        root.process.wait(timeout=30)
        expect_equal((root.process.returncode, root.events), (1, []), f'{name!r}')


TESTS = [without_the_right_nothing_is_done, a_helper_without_names_does_nothing_as_root, paths_are_not_heard,
         machines_that_run_are_left_alone, links_and_other_peoples_files_lead_nowhere, headers_lead_nowhere,
         names_are_what_a_prompt_shows, the_guest_becomes_a_template_and_clones]

if __name__ == '__main__':
    lab.run_tests([the_guest_becomes_a_template_and_clones] if FAR else TESTS)
