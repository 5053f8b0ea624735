# SPDX-License-Identifier: GPL-3.0-or-later
"""A libvirt session of its own for a test of stratactl: real daemon, real QEMU, blank machines."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from strata_tap import Skip, expect

STRATACTL = os.environ.get('STRATACTL', 'stratactl')

DOMAIN = '''<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>{disks}
    <interface type='user'><model type='virtio'/></interface>
    <memballoon model='none'/>
  </devices>
</domain>'''

DISK = '''
    <disk type='{type}' device='disk'>
      <driver name='qemu' type='{format}'/>
      <source {attribute}='{source}'/>
      <target dev='{target}' bus='virtio'/>
    </disk>'''


class Result:
    """What a run of stratactl came to."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def document(self):
        """The one JSON document on stdout."""
        return json.loads(self.out)

    def __str__(self):
        return f'status {self.status}\nstdout: {self.out}\nstderr: {self.err}'


def sha256(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def disk_xml(source, target='vda', fmt='qcow2', kind='file'):
    return DISK.format(type=kind, attribute='dev' if kind == 'block' else 'file', source=source,
                       target=target, format=fmt)


class Lab:
    """Folders, an environment, a daemon that is started on demand and ended in close()."""

    def __init__(self):
        # A test that takes too long is ended so; close() has to come to its turn.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        # Short, because libvirt's and QEMU's sockets below it must stay under 108 bytes.
        self.dir = tempfile.mkdtemp(prefix='sc-', dir='/tmp')
        self.images = os.path.join(self.dir, 'images')
        self.env = dict(os.environ, HOME=os.path.join(self.dir, 'home'), LANG='C.UTF-8',
                        XDG_RUNTIME_DIR=os.path.join(self.dir, 'run'),
                        LIBVIRT_DEFAULT_URI='qemu:///session')
        for name in ('XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME',
                     'LC_ALL', 'LANGUAGE'):
            self.env.pop(name, None)
        for folder in (self.env['HOME'], self.env['XDG_RUNTIME_DIR'], self.images):
            os.makedirs(folder, mode=0o700)
        self.state_dir = os.path.join(self.env['HOME'], '.local/state/strata')

    # Programs

    def run(self, *argv, check=True, timeout=60, env=None, stdin=None):
        done = subprocess.run(argv, env=dict(self.env, **(env or {})), input=stdin, text=True,
                              capture_output=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f'{" ".join(argv)}: {done.stderr}')
        return Result(done.returncode, done.stdout, done.stderr)

    def ctl(self, *argv, timeout=120, env=None, stdin=None):
        """Runs stratactl with ARGV."""
        return self.run(STRATACTL, *argv, check=False, timeout=timeout, env=env, stdin=stdin)

    def popen(self, *argv, **kwargs):
        return subprocess.Popen([STRATACTL, *argv], env=self.env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)

    def virsh(self, *argv, check=True):
        return self.run('virsh', '-q', *argv, check=check)

    # The host

    def start(self):
        """Starts the daemon, by speaking to it, and a storage pool on the images' folder."""
        if shutil.which('virsh') is None:
            raise Skip('virsh is not installed')
        answer = self.virsh('uri', check=False)
        if answer.status != 0:
            raise Skip(f'no libvirt session: {answer.err.strip()}')
        self.virsh('pool-create-as', 'default', 'dir', '--target', self.images)

    def far_host(self):
        """A URI by which this host is another computer's, whose files Strata doesn't look at."""
        script = os.path.join(self.dir, 'far-host')
        with open(script, 'w', encoding='utf-8') as file:
            file.write(f'#!/bin/sh\nexec socat - UNIX-CONNECT:{self.env["XDG_RUNTIME_DIR"]}/libvirt/libvirt-sock\n')
        os.chmod(script, 0o755)
        return f'qemu+ext://far/session?command={script}'

    def daemon_pid(self):
        try:
            with open(os.path.join(self.env['XDG_RUNTIME_DIR'], 'libvirt/libvirtd.pid'),
                      encoding='ascii') as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return None

    def stop_daemon(self):
        pid = self.daemon_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        self.wait_until(lambda: not os.path.exists(f'/proc/{pid}'), 'libvirtd ends')

    def path(self, name):
        return os.path.join(self.images, name)

    def make_disk(self, name, fmt='qcow2', size='64M', data=None, folder=None):
        """An image; DATA is how much of it is written, as qemu-io says it ("8M")."""
        path = os.path.join(folder or self.images, name)
        self.run('qemu-img', 'create', '-q', '-f', fmt, path, size)
        if data is not None:
            self.run('qemu-io', '-f', fmt, '-c', f'write -P 0x5a 0 {data}', path)
        return path

    def define_xml(self, xml):
        path = os.path.join(self.dir, 'define.xml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(xml)
        self.virsh('define', path)
        os.remove(path)

    def define(self, name, disks=1, data='1M', run=False):
        """A persistent machine with blank disks NAME-vda.qcow2…; returns their paths."""
        paths = [self.make_disk(f'{name}-vd{"abc"[i]}.qcow2', data=data) for i in range(disks)]
        text = ''.join(disk_xml(p, f'vd{"abc"[i]}') for i, p in enumerate(paths))
        self.define_xml(DOMAIN.format(name=name, disks=text))
        if run:
            self.virsh('start', name)
        return paths

    def names(self):
        return sorted(self.virsh('list', '--all', '--name').out.split())

    def snapshot(self):
        """Everything that a command must not have changed: each file of ours with its bytes and
        mode, every definition and state, every pool and volume."""
        state = {}
        for folder, _, files in os.walk(self.images):
            for name in files:
                path = os.path.join(folder, name)
                mode = os.lstat(path).st_mode
                try:
                    state[path] = (mode, sha256(path))
                except PermissionError:
                    state[path] = (mode, None)
        for folder in ('.config/libvirt/qemu', '.local/share/libvirt'):
            for top, _, files in os.walk(os.path.join(self.env['HOME'], folder)):
                state.update({os.path.join(top, f): 'present' for f in files})
        for name in self.names():
            state[f'domain {name}'] = (self.virsh('domstate', name).out,
                                       self.virsh('dumpxml', '--inactive', name).out)
        for pool in sorted(self.virsh('pool-list', '--all', '--name').out.split()):
            self.virsh('pool-refresh', pool)
            state[f'pool {pool}'] = sorted(self.virsh('vol-list', pool).out.split('\n'))
        return state

    def expect_unchanged(self, before):
        after = self.snapshot()
        changed = [k for k in sorted(before.keys() | after.keys())
                   if before.get(k) != after.get(k)]
        expect(not changed, f'these changed: {changed}',
               *(f'  {k}\n    {before.get(k)}\n    {after.get(k)}' for k in changed))
        jobs = self.ctl('--json', 'job', 'list')
        expect(jobs.document.get('jobs') == [], 'a job was left unfinished', jobs)

    @staticmethod
    def wait_until(condition, what, seconds=30):
        limit = time.monotonic() + seconds
        while not condition():
            expect(time.monotonic() < limit, f'waited {seconds} s in vain until {what}')
            time.sleep(0.05)

    def clear(self):
        """Removes all machines and images, so that a test leaves nothing to the next."""
        for name in self.names():
            self.virsh('destroy', name, check=False)
            self.virsh('undefine', '--nvram', name, check=False)
        for entry in os.scandir(self.images):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.remove(entry.path)
        self.virsh('pool-refresh', 'default', check=False)

    def close(self):
        try:
            if self.daemon_pid() is not None:
                for name in self.names():
                    self.virsh('destroy', name, check=False)
        finally:
            self.stop_daemon()
            shutil.rmtree(self.dir, ignore_errors=True)
