# SPDX-License-Identifier: GPL-3.0-or-later
"""Strata's main job on a host that is reached by ssh. This computer has files of the same names, which are none of its business."""

import glob
import json
import os
import shutil
import signal
import subprocess
import xml.etree.ElementTree as ET

from strata_lab import STRATACTL, sha256
from strata_system_lab import FIRMWARE, SystemLab
from strata_tap import expect, expect_equal, expect_words

# Below a folder in which the client may make some of its own.
FOLDER = f'/var/tmp/strata-far-{os.getpid()}'
IMAGES = f'{FOLDER}/images'
VARIABLES = f'{FOLDER}/variables'
LIBVIRT = '/var/lib/libvirt/'
# What these tests make there, and is here already.
NAMES = [*(f'{IMAGES}/{name}.qcow2' for name in ('web', 'gold-vda', 'c-1', 'c-2', 'c-3')),
         *(f'{VARIABLES}/{name}_VARS.fd' for name in ('web', 'gold', 'c-1', 'c-2'))]


class FarLab(SystemLab):
    """Whatever stratactl is asked, it names no file of the host to the kernel of this computer."""

    def __init__(self):
        super().__init__('STRATA_FAR_HOST_URI', {'default': IMAGES, 'variables': VARIABLES, 'libvirt': f'{LIBVIRT}qemu/nvram'})
        self.here = {}

    def start(self):
        super().start(built=('default', 'variables'))
        for folder in (IMAGES, VARIABLES):
            os.makedirs(folder)
        # What reads one of them takes it for an overlay on another machine's image.
        victim = os.path.join(IMAGES, 'victim.qcow2')
        self.run('qemu-img', 'create', '-q', '-f', 'qcow2', victim, '1M')
        for path in NAMES:
            self.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', victim, '-F', 'qcow2', path)
        self.here = self.files_here()

    @staticmethod
    def files_here():
        return {path: (sha256(path), os.stat(path).st_mode, os.stat(path).st_mtime_ns)
                for path in glob.glob(f'{FOLDER}/**/*.*', recursive=True)}

    def traced(self, *argv, **kwargs):
        """Runs ARGV; what it made of it, and the calls by which that named one of the host's files."""
        log = os.path.join(self.dir, 'calls')
        result = self.run('strace', '-f', '--seccomp-bpf', '-qq', '-s', '4096', '-e', 'trace=%file', '-o', log, *argv, check=False, **kwargs)
        with open(log, encoding='utf-8', errors='replace') as file:
            calls = file.read().splitlines()
        os.remove(log)
        return result, [call for call in calls if 'execve(' not in call and (FOLDER in call or LIBVIRT in call)]

    def ctl(self, *argv, timeout=120, env=None, stdin=None):
        result, calls = self.traced(STRATACTL, *argv, timeout=timeout, env=env, stdin=stdin)
        expect(not calls, f'{argv}: files of the host were looked for here', *calls[:5])
        return result

    def state(self):
        """All that a refusal must leave as it is."""
        return ({name: self.virsh('dumpxml', '--inactive', name).out for name in self.names()},
                {pool: {name: self.digest(f'{folder}/{name}') for name in self.files(pool)} for pool, folder in self.folders.items()})

    def clear(self):
        super().clear()
        expect_equal(self.files_here(), self.here, 'the files of this computer')

    def close(self):
        super().close()
        shutil.rmtree(FOLDER, ignore_errors=True)


lab = FarLab()


def the_host_is_far():
    lab.start()
    expect(os.geteuid() != 0, 'the test is root')
    path = lab.machine('web')
    expect(lab.digest(path) != sha256(path), 'its files are here')
    permissions = ET.fromstring(lab.virsh('vol-dumpxml', 'web.qcow2', '--pool', 'default').out).find('.//permissions')
    expect_equal((permissions.findtext('mode'), permissions.findtext('owner')), ('0600', '0'), 'the image')
    expect_equal(lab.done('list').document['machines'][0]['name'], 'web', 'the machine')


def who_looked_here_would_be_noticed():
    for program in (['qemu-img', 'info'], ['sh', '-c', 'exec stat "$0"']):
        _, calls = lab.traced(*program, NAMES[0])
        expect(calls and NAMES[0] in calls[0], f'{program}: it was not noticed')


def a_template_is_made_by_copy():
    path = lab.machine('web')
    before = lab.digest(path)
    lab.done('template', 'create', 'web', '--no-seal', '--name', 'gold')
    copy, = lab.disks('gold')
    expect_equal(copy, f'{IMAGES}/gold-vda.qcow2', 'the copy')
    expect_equal(lab.digest(path), before, 'the bytes of the machine')
    lab.expect_not_startable('gold', copy)
    lab.done('template', 'delete', 'gold')
    expect_equal((lab.names(), lab.files()), (['web'], ['web.qcow2']), 'what there is')


def the_main_job():
    path = lab.machine('web')
    before = lab.digest(path)
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    expect_equal((lab.disks('gold'), lab.digest(path)), ([path], before), 'the disk')
    lab.expect_not_startable('gold', path)
    lab.done('template', 'deploy', 'gold', '--name', 'c-%d', '--count', '2', '--start')
    lab.done('template', 'deploy', 'gold', '--full', '--name', 'c-3')
    for name, state, base in (('c-1', 'running', path), ('c-2', 'running', path), ('c-3', 'shut off', None)):
        expect_equal(lab.virsh('domstate', name).out.strip(), state, name)
        expect_equal(lab.backing(lab.disks(name)[0]), base, f'what {name} stands on')
    refused = lab.ctl('template', 'delete', 'gold')
    expect_equal(refused.status, 3, 'deleting the template', refused)
    expect_words(refused.err, 'c-1', 'c-2')

    kinds = (('c-1', 'memory'), ('c-2', 'disk', '--disk-only'), ('c-3', 'off'), ('c-3', 'inside', '--internal'))
    for argv in kinds:
        lab.done('snapshot', 'create', *argv)
    lab.done('snapshot', 'revert', 'c-1', 'memory', '--discard-current')
    lab.done('snapshot', 'revert', 'c-2', 'disk', '--save-current', 'later')
    lab.done('snapshot', 'revert', 'c-3', 'off', '--discard-current')
    expect_equal(lab.virsh('domstate', 'c-1').out.strip(), 'running', 'c-1 came back with its memory')
    expect_equal(sorted(lab.virsh('snapshot-list', 'c-2', '--name').out.split()), ['disk', 'later'], 'the snapshots of c-2')
    for name, snapshot in (('c-1', 'memory'), ('c-2', 'later'), ('c-2', 'disk'), ('c-3', 'inside'), ('c-3', 'off')):
        lab.done('snapshot', 'delete', name, snapshot)
    for name in ('c-1', 'c-2', 'c-3'):
        expect_equal(lab.virsh('snapshot-list', name, '--name').out.strip(), '', f'the snapshots of {name}')
    expect_equal(lab.digest(path), before, 'the bytes of the template')
    expect_equal(lab.done('doctor').document['findings'], [], 'what is the matter')
    expect_equal(len(lab.files()), 4, 'the images', lab.files())


def uefi():
    path = lab.image('web.qcow2')
    variables = lab.put(f'{VARIABLES}/web_VARS.fd', b'variables of web' + bytes(4096))
    lab.define_on('web', path, firmware=FIRMWARE.format(variables))
    content = lab.get(variables)
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    lab.done('template', 'deploy', 'gold', '--name', 'c-%d', '--count', '2')
    expect_equal(lab.files('variables'), [], 'the variables of the machine are gone there')
    for name in ('gold', 'c-1', 'c-2'):
        expect_equal(lab.get(f'{LIBVIRT}qemu/nvram/{name}_VARS.fd'), content, f'the variables of {name}')


def guests_are_looked_into_there():
    """By the helper there, as root; a machine without a system in it says so, and has been looked into."""
    lab.env.pop('STRATA_GUEST', None)  # polkit there knows the one that was installed
    lab.machine('web')
    before = lab.state()
    plan = lab.ctl('--json', '--dry-run', 'template', 'create', 'web', '--convert')
    expect_words(plan.out, 'by ssh')
    for argv in (('template', 'create', 'web'), ('template', 'create', 'web', '--convert'), ('seal', 'web')):
        result = lab.ctl('--json', *argv, timeout=300)
        expect_equal((result.status, result.document['error']['code']), (1, 'no-os'), f'{argv}', result)
        expect_equal(lab.state(), before, f'the host after {argv}')

    # Where there is none, or none may be used, that is found out before anything is done.
    for env, code, words in (({'STRATA_GUEST': '/nowhere'}, 'no-tool', 'Install Strata there'),
                             ({'STRATA_GUEST': '/bin/true'}, 'permission', 'io.github.stratavm.Strata.guest')):
        result = lab.ctl('--json', 'seal', 'web', env=env)
        expect_equal((result.status, result.document['error']['code']), (1, code), f'{env}', result)
        expect_words(result.err, words)
        expect_equal(lab.state(), before, f'the host after {env}')


def layers():
    lab.machine('web')
    lab.done('snapshot', 'create', 'web', 'before')
    lab.done('clone', 'create', 'web', 'c-1', '--snapshot', 'before')
    for name in ('web', 'c-1'):
        chain = lab.ctl('--json', 'chain', name, '--check')
        expect_equal(chain.status, 0, f'the layers of {name}', chain)
        expect('victim' not in chain.out, 'they are those of this computer', chain)
    lab.done('clone', 'flatten', 'c-1')
    expect_equal(lab.backing(lab.disks('c-1')[0]), None, 'what it stands on')
    lab.done('snapshot', 'delete', 'web', 'before')
    expect_equal(len(lab.files()), 2, 'the images', lab.files())


def a_definition_of_here_is_imported():
    path = lab.machine('web')
    file = os.path.join(lab.dir, 'web.xml')
    with open(file, 'w', encoding='utf-8') as out:
        out.write(lab.virsh('dumpxml', '--inactive', 'web').out)
    lab.virsh('undefine', 'web')
    lab.done('template', 'import', file, '--no-seal', '--name', 'gold')
    expect_equal(lab.disks('gold'), [path], 'the disk')
    lab.expect_not_startable('gold', path)


def the_line_breaks():
    """What was begun is taken back when the host can be reached again."""
    lab.machine('web')
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    before = lab.state()
    stops = ','.join(str(n) for n in range(1, 100))
    with subprocess.Popen([STRATACTL, '--json', 'template', 'deploy', 'gold', '--name', 'c-%d', '--count', '2'],
                          env=dict(lab.env, STRATA_TEST_STOP_AT=stops), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        def go_on():
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                process.returncode = os.waitstatus_to_exitcode(status)
                return False
            return True

        while go_on() and 'c-1.qcow2' not in lab.files():
            os.kill(process.pid, signal.SIGCONT)
        expect_equal(process.returncode, None, 'it was not held')
        lab.run('pkill', '-KILL', '-P', str(process.pid), '-x', 'ssh')
        os.kill(process.pid, signal.SIGCONT)
        while go_on():
            os.kill(process.pid, signal.SIGCONT)
        document, words = json.loads(process.stdout.read()), process.stderr.read()
    expect_equal((process.returncode, document['outcome']), (4, 'stuck'), 'what became of it', words)
    expect_words(words, 'job rollback')
    lab.done('job', 'rollback', document['job'], outcome='rolled-back')
    expect_equal(lab.ctl('--json', 'job', 'list').document['jobs'], [], 'what is unfinished')
    expect_equal(lab.state(), before, 'the host')


TESTS = [who_looked_here_would_be_noticed, a_template_is_made_by_copy, the_main_job, uefi, guests_are_looked_into_there, layers,
         a_definition_of_here_is_imported, the_line_breaks]

if __name__ == '__main__':
    lab.run_tests([the_host_is_far, *TESTS])
