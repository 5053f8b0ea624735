# SPDX-License-Identifier: GPL-3.0-or-later
"""How long does a crowded host take to be gathered, judged, and planned upon?

A thousand VMs with ten external snapshots each, as Strata leaves them, in one pool.  One VM is made by Strata; the others are
copies of its files and its documents under other names, which all have the same length, so that the names in the
images' headers can be exchanged too."""

import os
import subprocess
import tempfile

from bench_lab import report, run, timed

DOMAINS = int(os.environ.get('STRATA_BENCH_DOMAINS', '1000'))
SNAPSHOTS = 10
ROUNDS = 5
MODEL = 'crowd-0000'
UUID = '6d1d4a5e-0000-4000-8000-00000000'
MAC = '52:54:00:be:'


def rename(text, number):
    name = f'{number:04}'
    return (text.replace(MODEL, f'crowd-{name}').replace(f'{UUID}0000', UUID + name)
            .replace(f'{MAC}00:00', f'{MAC}{name[:2]}:{name[2:]}'))


def virsh(commands, check=True):
    """One virsh for all of them."""
    with tempfile.TemporaryFile('w+') as script:
        script.write(''.join(command + '\n' for command in commands))
        script.seek(0)
        subprocess.run(['virsh', '-q'], stdin=script, stdout=subprocess.DEVNULL, check=check,
                       timeout=1800)


def make_model(folder):
    disk = os.path.join(folder, MODEL + '.qcow2')
    run('qemu-img', 'create', '-q', '-f', 'qcow2', disk, '64M')
    definition = os.path.join(folder, '..', 'model.xml')
    with open(definition, 'w', encoding='utf-8') as file:
        file.write(f"<domain type='qemu'><name>{MODEL}</name><uuid>{UUID}0000</uuid><memory unit='MiB'>64</memory>"
                   "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices>"
                   "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                   f"<source file='{disk}'/><target dev='vda' bus='virtio'/></disk>"
                   f"<interface type='user'><mac address='{MAC}00:00'/></interface></devices></domain>")
    run('virsh', '-q', 'define', definition)
    for i in range(1, SNAPSHOTS + 1):
        run('stratactl', 'snapshot', 'create', MODEL, f's{i:02}')


def copy_images(folder):
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        mode = os.stat(path).st_mode & 0o777
        with open(path, 'rb') as file:
            content = file.read()
        for number in range(1, DOMAINS):
            copy = content.replace(MODEL.encode(), f'crowd-{number:04}'.encode())
            fd = os.open(rename(path, number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            os.truncate(fd, len(copy))
            for start in range(0, len(copy), 4096):
                block = copy[start:start + 4096]
                if block.count(0) < len(block):
                    os.pwrite(fd, block, start)
            os.close(fd)


def copy_definitions(folder):
    definition = run('virsh', 'dumpxml', MODEL)
    snapshots = [run('virsh', 'snapshot-dumpxml', MODEL, f's{i:02}') for i in range(1, SNAPSHOTS + 1)]
    commands = []

    def write(number, i, text):
        path = os.path.join(folder, f'{number}-{i}.xml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(rename(text, number))
        return path

    for number in range(1, DOMAINS):
        commands.append(f'define {write(number, "vm", definition)}')
        for i, snapshot in enumerate(snapshots):
            current = ' --current' if i == len(snapshots) - 1 else ''
            commands.append(f'snapshot-create crowd-{number:04} {write(number, i, snapshot)} --redefine{current}')
    virsh(commands)


def measure(domain):
    """Seconds of each of what the program times, by its name; and what it says of the host."""
    output = run(os.path.join(os.environ['STRATA_BENCH_PROGRAMS'], 'bench-gather'), str(ROUNDS), domain, 's05')
    times, host = {}, ''
    for line in output.splitlines():
        if line.startswith('#'):
            host = line[2:]
        else:
            name, seconds = line.split()
            times.setdefault(name, []).append(float(seconds))
    return times, host


def bench_gather(lab):
    images, documents = lab.path('crowd'), lab.path('documents')
    os.mkdir(images)
    os.mkdir(documents)
    domain = f'crowd-{DOMAINS // 2:04}'
    run('virsh', '-q', 'pool-create-as', 'crowd', 'dir', '--target', images)
    try:
        make_model(images)
        copy_images(images)
        copy_definitions(documents)

        times, host = measure(domain)
        dumps = [f'snapshot-dumpxml crowd-{n:04} s{i:02}' for n in range(DOMAINS) for i in range(1, SNAPSHOTS + 1)]
        report(f'A host with {host}', [
            ('gather everything', times['gather']),
            ('patch after one event', times['patch']),
            ('judge its health', times['health']),
            ('plan the deletion of a snapshot, law and all', times['plan']),
            ('stratactl snapshot delete --dry-run',
             [timed(run, 'stratactl', '--dry-run', 'snapshot', 'delete', domain, 's05') for _ in range(3)]),
            ('stratactl doctor', [timed(run, 'stratactl', 'doctor') for _ in range(3)]),
            ('one virsh, snapshot-dumpxml of each', [timed(virsh, dumps) for _ in range(3)]),
        ])
    finally:
        virsh([f'undefine crowd-{number:04} --snapshots-metadata' for number in range(DOMAINS)], check=False)
        run('virsh', '-q', 'pool-destroy', 'crowd')
