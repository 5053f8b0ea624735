# SPDX-License-Identifier: GPL-3.0-or-later
"""What does it cost that a host is root's, and that it is far away?

The same machine, among some others, on the session's host, on the system host and on the far one, one after the other; and how
many calls each command makes of libvirt, since from afar each is a way there and back."""

import os
import statistics
import tempfile

from bench_lab import MIB, run, timed

ROUNDS = int(os.environ.get('STRATA_BENCH_ROUNDS', '5'))
OTHERS = 4
HOSTS = {'session': 'qemu:///session', 'system': os.environ.get('STRATA_SYSTEM_HOST_URI'), 'far': os.environ.get('STRATA_FAR_HOST_URI')}
COMMANDS = {'list': ['list'],
            'snapshot create --disk-only': ['snapshot', 'create', 'bench', 'disk', '--disk-only'],
            'snapshot create --memory': ['snapshot', 'create', 'bench', 'memory', '--memory'],
            'snapshot revert': ['snapshot', 'revert', 'bench', 'disk', '--start', '--discard-current'],
            'snapshot revert, with memory': ['snapshot', 'revert', 'bench', 'memory', '--discard-current'],
            'snapshot delete, with memory': ['snapshot', 'delete', 'bench', 'memory'],
            'snapshot delete': ['snapshot', 'delete', 'bench', 'disk']}

DOMAIN = '''<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/><target dev='vda' bus='virtio'/></disk>
<interface type='user'/></devices></domain>'''


class Host:
    def __init__(self, name, folder):
        self.uri, self.folder, self.pool = HOSTS[name], folder, f'bench-{name}'
        # The system host and the far one are the same.
        self.near = HOSTS['system'] if name == 'far' else self.uri
        self.names = ['bench', *(f'other-{n}' for n in range(OTHERS))]

    def virsh(self, *argv):
        return run('virsh', '-q', '-c', self.near, *argv)

    def make(self):
        self.virsh('pool-create-as', self.pool, 'dir', '--target', self.folder)
        for name in self.names:
            self.virsh('vol-create-as', self.pool, name + '.qcow2', str(64 * MIB), '--format', 'qcow2')
            with tempfile.NamedTemporaryFile('w', encoding='utf-8') as file:
                file.write(DOMAIN.format(name=name, path=f'{self.folder}/{name}.qcow2'))
                file.flush()
                self.virsh('define', file.name)
            if name != 'bench':
                run('stratactl', '-c', self.near, 'snapshot', 'create', name, 'before')
        self.virsh('start', 'bench')

    def drop(self):
        self.virsh('destroy', 'bench')
        self.virsh('; '.join(f'undefine --snapshots-metadata {name}' for name in self.names))
        volumes = self.virsh(f'pool-refresh {self.pool}; vol-list {self.pool}').splitlines()
        self.virsh('; '.join(f'vol-delete {line.split()[0]} --pool {self.pool}' for line in volumes if '/' in line))
        self.virsh('pool-destroy', self.pool)

    def command(self, argv, **options):
        run('stratactl', '-c', self.uri, *argv, **options)

    def calls(self, argv):
        """How many calls of libvirt's daemon the command makes."""
        with tempfile.NamedTemporaryFile('r', encoding='utf-8') as log:
            self.command(argv, env=dict(os.environ, LIBVIRT_LOG_FILTERS='2:rpc.netclient', LIBVIRT_LOG_OUTPUTS=f'2:file:{log.name}'))
            # type=0: a call, and neither a piece of a stream nor a message of the line itself
            return sum('RPC_CLIENT_MSG_TX_QUEUE' in line and ' type=0 ' in line for line in log)


def bench_far(lab):
    folder = lab.path('far')
    os.mkdir(folder)
    hosts = {'session': Host('session', folder)}
    for name in ('system', 'far'):
        if HOSTS[name] is not None:
            hosts[name] = Host(name, '/var/lib/libvirt/images')
    times, calls = {}, {}
    for name, host in hosts.items():
        host.make()
        try:
            for label, argv in COMMANDS.items():
                calls[label, name] = host.calls(argv)
            for _ in range(ROUNDS):
                for label, argv in COMMANDS.items():
                    times.setdefault((label, name), []).append(timed(host.command, argv))
        finally:
            host.drop()

    print(f'\nOne machine among {OTHERS} others, here, on root\'s host and from afar: seconds (libvirt calls)')
    print(' ' * 32 + ''.join(f'{name:>18}' for name in hosts))
    for label in COMMANDS:
        cells = (f'{statistics.median(times[label, name]):.2f} ({calls[label, name]})' for name in hosts)
        print(f'  {label:<30}' + ''.join(f'{cell:>18}' for cell in cells))
