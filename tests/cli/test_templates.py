#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""stratactl's verbs on a real libvirt session: what they make, what they refuse, what they leave."""

import json
import os
import signal
import threading
import time
import xml.etree.ElementTree as ET

from strata_lab import DOMAIN, STRATACTL, Lab, disk_xml, sha256
from strata_tap import expect, expect_equal, expect_words, run

lab = Lab()


def refused(argv, code, *words, status=3, before=None):
    """ARGV is refused before its first step, and nothing has changed."""
    before = before or lab.snapshot()
    result = lab.ctl('--json', *argv)
    expect_equal(result.status, status, f'{argv}', result)
    error = result.document['error']
    expect_equal(error['code'], code, f'{argv}', result)
    expect(result.document['outcome'] in ('refused', 'not-started'), 'outcome', result)
    expect_words(error['message'], *words)
    expect_words(result.err, 'stratactl: ', *words)
    lab.expect_unchanged(before)
    return result


def done(*argv, created=None):
    result = lab.ctl('--json', *argv)
    expect_equal(result.status, 0, f'{argv}', result)
    expect_equal(result.document['outcome'], 'done', f'{argv}', result)
    if created is not None:
        expect_equal(result.document['created'], created, 'created', result)
        expect(result.document['job'], 'the job has an id', result)
    return result


def domain(name):
    return ET.fromstring(lab.virsh('dumpxml', '--inactive', name).out)


def sources(name):
    return [s.get('file') for s in domain(name).findall('.//disk/source')]


def guest_bytes(path):
    """What the guest would read."""
    raw = os.path.join(lab.dir, 'flat.raw')
    lab.run('qemu-img', 'convert', '-O', 'raw', path, raw)
    digest = sha256(raw)
    os.remove(raw)
    return digest


def backing(path):
    info = lab.run('qemu-img', 'info', '-U', '--output=json', path)
    return json.loads(info.out).get('full-backing-filename')


def make_template(name='template-web', source='web', **kwargs):
    lab.define(source, **kwargs)
    done('template', 'create', source, '--name', name, '--convert', '--no-seal', created=[name])


def list_and_show():
    disk, = lab.define('web')
    lab.define('busy', run=True)
    result = done('list')
    expect_equal([(m['name'], m['state']) for m in result.document['machines']],
                 [('busy', 'running'), ('web', 'off')], 'machines', result)
    result = lab.ctl('list')
    expect_words(result.out, 'busy', 'running', 'web', 'off')
    expect_equal(result.err, '', 'nothing on stderr')

    machine = done('show', 'web').document['machine']
    expect_equal(machine['disks'][0]['path'], disk, 'path', machine)
    expect_equal(machine['disks'][0]['capacity'], 64 << 20, 'capacity', machine)
    expect_equal(machine['disks'][0]['format'], 'qcow2', 'format', machine)
    expect_equal(machine['memory'], 32 << 20, 'memory', machine)
    expect_words(lab.ctl('show', 'web').out, 'Disk vda', disk)
    by_uuid = done('show', machine['uuid']).document['machine']
    expect_equal(by_uuid['name'], 'web', 'found by UUID')


def chain_names_every_layer():
    make_template()
    done('template', 'deploy', 'template-web', '--name', 'web-1', created=['web-1'])
    disk, = done('chain', 'web-1').document['disks']
    expect_equal([image['path'] for image in disk['chain']],
                 [sources('web-1')[0], sources('template-web')[0]], 'chain', disk)
    result = lab.ctl('chain', 'web-1')
    expect_words(result.out, 'vda', sources('web-1')[0], sources('template-web')[0], 'qcow2')


def copy_leaves_the_machine():
    disk, second = lab.define('web', disks=2)
    before, xml = [guest_bytes(disk), guest_bytes(second)], lab.virsh('dumpxml', 'web').out
    result = lab.ctl('template', 'create', 'web', '--no-seal')
    expect_equal((result.status, result.out.strip()), (0, 'template-web'), 'copy', result)
    expect_equal(result.err, '', 'stderr is no terminal')

    expect_equal(lab.virsh('dumpxml', 'web').out, xml, 'the machine')
    copies = sources('template-web')
    expect_equal([guest_bytes(c) for c in copies], before, 'the bytes')
    expect_equal([backing(c) for c in copies], [None, None], 'the copies stand alone')
    expect_equal([os.stat(c).st_mode & 0o777 for c in copies], [0o400, 0o400], 'modes')
    template = done('template', 'show', 'template-web').document['template']
    expect_equal((template['template']['source'], template['template']['is-sealed']),
                 ('web', False), 'mark', template)
    expect(domain('web').findtext('uuid') != template['uuid'], 'it has a UUID of its own')


def convert_takes_the_machine():
    disk, = lab.define('web')
    before = guest_bytes(disk)
    done('template', 'create', 'web', '--convert', '--no-seal', created=['template-web'])
    expect_equal(lab.names(), ['template-web'], 'machines')
    expect_equal(guest_bytes(sources('template-web')[0]), before, 'the bytes')
    expect_equal(lab.ctl('template', 'list').status, 0, 'list')
    expect_words(lab.ctl('template', 'list').out, 'template-web', 'not sealed')
    expect_equal(done('list', '--machines').document['machines'], [], 'machines')


def refused_deployment(*words):
    result = lab.ctl('--json', 'template', 'deploy', 'template-web', '--name', 'web-9')
    expect_equal((result.status, result.document['outcome']), (3, 'refused'), 'a deployment', result)
    expect_words(result.document['error']['message'], *words)
    return result.document['error']


def findings(name):
    return [f['code'] for f in done('doctor', name).document['findings']]


def template_that_can_be_written_to():
    """Its disk was made writable again, another disk came to it, or virsh put it on an overlay: no clone stands on what would change."""
    make_template()
    disk, = sources('template-web')
    os.chmod(disk, 0o644)
    expect_words(refused_deployment(disk)['hint'], 'doctor --repair')
    expect(lab.ctl('template', 'deploy', 'template-web', '--name', 'full', '--full').status == 0, 'a full copy can be made')
    expect('template-writable' in findings('template-web'), 'doctor finds it')
    done('doctor', 'template-web', '--repair')
    expect_equal(os.stat(disk).st_mode & 0o222, 0, 'who may write to it')
    expect('template-writable' not in findings('template-web'), 'it is over')
    done('template', 'deploy', 'template-web', '--name', 'web-1', created=['web-1'])

    second = lab.make_disk('second.qcow2')
    lab.virsh('attach-disk', 'template-web', second, 'vdb', '--subdriver', 'qcow2', '--config')
    refused_deployment(second)
    done('doctor', 'template-web', '--repair')
    lab.define_xml(DOMAIN.format(name='other', disks=disk_xml(second)))
    refused_deployment(second, 'other')
    lab.virsh('undefine', 'other')
    lab.virsh('detach-disk', 'template-web', 'vdb', '--config')

    lab.virsh('snapshot-create-as', 'template-web', 'theirs', '--disk-only')
    refused_deployment(sources('template-web')[0])
    done('doctor', 'template-web', '--repair')
    expect(lab.virsh('start', 'template-web', check=False).status != 0, 'the template can’t be started')
    done('template', 'deploy', 'template-web', '--name', 'web-2', created=['web-2'])
    lab.virsh('snapshot-delete', '--metadata', 'template-web', 'theirs')


def template_of_a_uuid_is_named_after_the_machine():
    lab.define('web')
    uuid = domain('web').findtext('uuid')
    done('template', 'create', uuid, '--copy', '--no-seal', created=['template-web'])


def verbose_says_each_step():
    lab.define('web')
    result = lab.ctl('-v', 'template', 'create', 'web', '--no-seal')
    expect_equal(result.status, 0, 'status', result)
    expect(result.err.startswith('[1/'), 'steps', result)
    expect_words(result.err, 'Copy', 'Define')


def deploys_thin_and_full():
    make_template(disks=2)
    base = sources('template-web')
    digests = [sha256(p) for p in base]
    done('template', 'deploy', 'template-web', '--name', 'web-%02d', '--count', '3',
         created=['web-01', 'web-02', 'web-03'])
    done('template', 'deploy', 'template-web', '--name', 'solo', '--full', '--start',
         created=['solo'])
    expect_equal(lab.names(), ['solo', 'template-web', 'web-01', 'web-02', 'web-03'], 'names')
    for name in ('web-01', 'web-02', 'web-03'):
        expect_equal([backing(p) for p in sources(name)], base, f'{name} is thin')
    expect_equal([backing(p) for p in sources('solo')], [None, None], 'solo is full')
    expect_equal(lab.virsh('domstate', 'solo').out.strip(), 'running', 'solo was started')

    clones = [domain(n) for n in lab.names()]
    for what in ('uuid', 'devices/interface/mac'):
        seen = [c.findtext(what) or c.find(what).get('address') for c in clones]
        expect_equal(len(set(seen)), len(seen), f'each has its own {what}', seen)
    expect_equal([sha256(p) for p in base], digests, 'the template’s bytes')

    listed = {m['name']: m['clone'] for m in done('list').document['machines']}
    expect_equal((listed['web-01']['thin'], listed['solo']['thin']), (True, False), 'marks')
    template = done('template', 'show', 'template-web').document['template']
    expect_equal(sorted(template['thin-clones']), ['web-01', 'web-02', 'web-03'], 'thin clones')


def template_is_held_by_a_clone_whose_storage_is_away():
    """What is not seen is held by what the clone's definition says, also once it was flattened or made a template."""
    folder = os.path.join(lab.dir, 'far')
    os.mkdir(folder)
    try:
        make_template()
        lab.virsh('pool-create-as', 'far', 'dir', '--target', folder)
        for name in ('flat', 'parent'):
            done('template', 'deploy', 'template-web', '--name', name, '--pool', 'far', created=[name])
        done('snapshot', 'create', 'flat', 's1')
        done('clone', 'flatten', 'flat')
        done('template', 'create', 'parent', '--convert', '--no-seal', '--name', 'second', created=['second'])
        expect_words(lab.virsh('dumpxml', 'flat').out, 'thin="was"')
        os.rename(folder, folder + '-away')
        os.mkdir(folder)
        lab.virsh('pool-refresh', 'far')
        refused(['template', 'delete', 'template-web'], 'refused', 'flat', 'second')
    finally:
        os.rmdir(folder)
        os.rename(folder + '-away', folder)
        lab.virsh('pool-destroy', 'far')
        for name in ('flat', 'second'):
            lab.virsh('undefine', name, '--snapshots-metadata')
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        os.rmdir(folder)


def none_shares_what_it_writes_to():
    """Beside its disks: a copy of the machine would write into the very file."""
    drive = lab.make_disk('data.qcow2')
    xml = DOMAIN.format(name='web', disks=disk_xml(lab.make_disk('web-vda.qcow2'), 'vda'))
    xml = xml.replace('<domain ', "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ", 1)
    lab.define_xml(xml.replace('</domain>', '<qemu:commandline><qemu:arg value="-drive"/>'
                               f'<qemu:arg value="file={drive},format=qcow2,if=none,id=x"/></qemu:commandline></domain>'))
    for argv in (['clone', 'create', 'web', 'copy'], ['template', 'create', 'web', '--copy', '--no-seal'],
                 ['template', 'create', 'web', '--convert', '--no-seal']):
        refused(argv, 'refused', 'web', drive)


def template_leaves_what_it_only_reads():
    reference = lab.make_disk('reference.raw', fmt='raw')
    disks = disk_xml(lab.make_disk('web-vda.qcow2'), 'vda')
    disks += disk_xml(reference, 'vdb', 'raw').replace('</disk>', '<readonly/></disk>')
    lab.define_xml(DOMAIN.format(name='web', disks=disks))
    done('template', 'create', 'web', '--convert', '--no-seal')
    expect_words(lab.ctl('--dry-run', 'template', 'delete', 'template-web').out, reference, 'stays as it is')
    done('template', 'delete', 'template-web')
    expect(os.path.exists(reference), 'what it only read is there')
    expect(not os.path.exists(lab.path('web-vda.qcow2')), 'its own disk is gone')


def template_with_thin_clones_stays():
    make_template()
    done('template', 'deploy', 'template-web', '--name', 'web-%d', '--count', '2')
    refused(['template', 'delete', 'template-web'], 'refused', 'web-1', 'web-2')
    for name in ('web-1', 'web-2'):
        disk, = sources(name)
        lab.virsh('undefine', name)
        os.remove(disk)
    lab.virsh('pool-refresh', 'default')
    done('template', 'delete', 'template-web')
    expect_equal((lab.names(), os.listdir(lab.images)), ([], []), 'all is gone')


def template_under_a_snapshot_of_a_clone():
    """The clone itself is independent, and is not to be made so once more: what stands on the template is named."""
    make_template()
    done('template', 'deploy', 'template-web', '--name', 'web-01')
    for name in ('before', 'later'):
        done('snapshot', 'create', 'web-01', name)
    done('clone', 'flatten', 'web-01')
    refused(['template', 'delete', 'template-web'], 'refused', 'web-01 by its snapshots before, later')
    for name in ('before', 'later'):
        done('snapshot', 'delete', 'web-01', name)
    done('template', 'delete', 'template-web')


def delete_takes_templates_only():
    lab.define('web')
    refused(['template', 'delete', 'web'], 'not-found', 'web', 'not a template', status=1)
    refused(['template', 'show', 'web'], 'not-found', 'not a template', status=1)
    refused(['template', 'deploy', 'web', '--name', 'x'], 'refused', 'not a template')


def started_template_keeps_its_bytes():
    make_template()
    disk, = sources('template-web')
    digest = sha256(disk)
    # Whether QEMU gets as far as opening it or not, the file refuses to be written.
    lab.virsh('start', 'template-web', check=False)
    lab.virsh('destroy', 'template-web', check=False)
    expect_equal((sha256(disk), os.stat(disk).st_mode & 0o777), (digest, 0o444), 'the disk')


def import_takes_a_dumped_machine():
    disk, = lab.define('web')
    dump = os.path.join(lab.dir, 'web.xml')
    with open(dump, 'w', encoding='utf-8') as file:
        file.write(lab.virsh('dumpxml', '--inactive', 'web').out)
    refused(['template', 'import', dump, '--no-seal'], 'refused', disk, 'web')
    lab.virsh('undefine', 'web')
    before = guest_bytes(disk)
    done('template', 'import', dump, '--no-seal', created=['template-web'])
    expect_equal(sources('template-web'), [disk], 'its disk')
    expect_equal(guest_bytes(disk), before, 'the bytes')

    os.chmod(disk, 0o600)
    os.remove(disk)
    refused(['template', 'import', dump, '--no-seal', '--name', 'other'], 'not-found', disk,
            status=1)


def import_takes_a_folder_outside_any_pool():
    folder = os.path.join(lab.images, 'elsewhere')
    os.mkdir(folder)
    disk = lab.make_disk('old.qcow2', folder=folder, data='1M')
    dump = os.path.join(lab.dir, 'old.xml')
    with open(dump, 'w', encoding='utf-8') as file:
        file.write(DOMAIN.format(name='old', disks=disk_xml(disk)))
    done('template', 'import', dump, '--no-seal', '--name', 'template-old',
         created=['template-old'])
    expect_equal(sources('template-old'), [disk], 'its disk')
    expect_equal(lab.virsh('pool-list', '--all', '--name').out.split(), ['default'], 'pools')


def dry_run_touches_nothing():
    make_template()
    lab.define('api')
    before = lab.snapshot()
    for argv in (['template', 'create', 'api'], ['template', 'create', 'api', '--convert'],
                 ['template', 'create', 'api', '--no-seal'],
                 ['template', 'deploy', 'template-web', '--name', 'w-%d', '--count', '3'],
                 ['template', 'deploy', 'template-web', '--name', 'w', '--full', '--start'],
                 ['template', 'delete', 'template-web'], ['seal', 'api'],
                 ['seal', sources('api')[0]]):
        if argv[-1] == sources('api')[0]:
            # A disk that a machine holds is sealed through the machine.
            refused(['--dry-run', *argv], 'refused', 'api', before=before)
            continue
        result = lab.ctl('--dry-run', '--json', *argv)
        expect_equal(result.status, 0, f'{argv}', result)
        expect(result.document['plan']['steps'], 'steps', result)
        expect_equal(result.document['outcome'], 'planned', 'outcome')
        result = lab.ctl('--dry-run', *argv)
        expect_equal((result.status, result.err), (0, ''), f'{argv}', result)
        expect(len(result.out.splitlines()) > 4, 'a plan in words', result)
        lab.expect_unchanged(before)


def names_that_are_taken():
    make_template()
    lab.define('api')
    refused(['template', 'create', 'api', '--name', 'template-web', '--no-seal'], 'exists',
            'template-web', 'taken')
    refused(['template', 'deploy', 'template-web', '--name', 'api'], 'exists', 'api', 'taken')
    done('template', 'deploy', 'template-web', '--name', 'web-2')
    disk, = sources('web-2')
    lab.virsh('undefine', 'web-2')
    refused(['template', 'deploy', 'template-web', '--name', 'web-%d', '--count', '3'], 'exists',
            disk)


def running_machine():
    lab.define('web', run=True)
    for argv in (['template', 'create', 'web'], ['template', 'create', 'web', '--convert'],
                 ['seal', 'web']):
        result = refused(argv, 'busy', 'web', 'running')
        expect_words(result.document['error']['hint'], 'shut')


def running_machine_is_forced_off_if_told():
    lab.define('web', run=True)
    done('template', 'create', 'web', '--convert', '--force-off', '--no-seal',
         created=['template-web'])
    expect_equal(lab.virsh('domstate', 'template-web').out.strip(), 'shut off', 'state')


def shutdown_that_takes_too_long():
    lab.define('web', run=True)
    before = lab.snapshot()
    # Nothing runs in it that could hear ACPI.
    result = lab.ctl('--json', 'template', 'create', 'web', '--no-seal', '--shut-down',
                     '--timeout', '2')
    expect_equal(result.status, 1, 'status', result)
    expect_equal((result.document['error']['code'], result.document['outcome']),
                 ('timeout', 'rolled-back'), 'error', result)
    expect_words(result.err, 'web')
    lab.expect_unchanged(before)


def missing_things():
    lab.define('web')
    refused(['template', 'create', 'nobody'], 'not-found', 'nobody', status=1)
    refused(['seal', lab.path('none.qcow2')], 'not-found', 'none.qcow2', status=1)
    make_template(source='api', name='template-api')
    refused(['template', 'deploy', 'template-api', '--name', 'x', '--pool', 'nowhere'],
            'not-found', 'nowhere', status=1)


def daemon_that_is_gone():
    # Nobody starts a daemon on a socket that was named.
    uri = f'qemu+unix:///session?socket={lab.dir}/nobody'
    result = lab.ctl('--json', '-c', uri, 'list')
    expect_equal(result.status, 1, 'status', result)
    error = result.document['error']
    expect_equal(error['code'], 'connection', 'code', result)
    expect(error['hint'] and error['libvirt-code'], 'a hint and libvirt’s code', result)
    expect_words(result.err, 'stratactl: ', error['hint'])
    # A daemon that is there may say that it knows no such address.
    for bad, statuses in (('qemu:///nonsense', (1,)), ('nonsense:///', (1, 2))):
        result = lab.ctl('--json', '-c', bad, 'list')
        expect(result.status in statuses and result.document['outcome'] == 'not-started', bad, result)


def cancelled_by(signum):
    lab.make_disk('web-vda.qcow2', size='2G', data='900M')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(lab.path('web-vda.qcow2'))))
    before = lab.snapshot()
    child = lab.popen('--json', '-v', 'template', 'create', 'web', '--no-seal')
    for line in child.stderr:
        if 'Copy' in line:
            break
    # Into the middle of the copy: when its file is there and grows.
    copy = lab.path('template-web-vda.qcow2')
    lab.wait_until(lambda: os.path.exists(copy) or child.poll() is not None, 'the copy begins')
    child.send_signal(signum)
    out, err = child.communicate(timeout=60)
    expect_equal(child.returncode, 130, 'status', out, err)
    document = json.loads(out)
    expect_equal((document['error']['code'], document['outcome']), ('cancelled', 'rolled-back'),
                 'document', out)
    lab.expect_unchanged(before)


def ctrl_c_rolls_back():
    cancelled_by(signal.SIGINT)


def sigterm_rolls_back():
    cancelled_by(signal.SIGTERM)


def killed_in_a_copy():
    """A job whose process is gone in the middle of it; returns its id and what was before."""
    lab.make_disk('web-vda.qcow2', size='2G', data='900M')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(lab.path('web-vda.qcow2'))))
    before = lab.snapshot()
    child = lab.popen('--json', 'template', 'create', 'web', '--no-seal')
    copy = lab.path('template-web-vda.qcow2')
    lab.wait_until(lambda: os.path.exists(copy) or child.poll() is not None, 'the copy begins')
    child.kill()
    child.communicate(timeout=60)
    expect_equal(child.returncode, -signal.SIGKILL, 'it was killed in time')
    job, = done('job', 'list').document['jobs']
    expect((job['uri'], job['can-roll-back']) == ('qemu:///session', True), 'the job', job)
    expect(job['title'] and job['started'] and job['n-steps'] >= job['step'], 'the job', job)
    expect_words(lab.ctl('job', 'list').out, job['id'], 'template-web', 'yes')
    return job['id'], before


def killed_job_is_rolled_back():
    job, before = killed_in_a_copy()
    result = lab.ctl('--json', 'job', 'rollback', job)
    expect_equal((result.status, result.document['outcome']), (0, 'rolled-back'), 'back', result)
    lab.expect_unchanged(before)


def killed_job_is_resumed():
    job, _ = killed_in_a_copy()
    digest = guest_bytes(lab.path('web-vda.qcow2'))
    result = lab.ctl('--json', 'job', 'resume', job)
    expect_equal((result.status, result.document['outcome']), (0, 'done'), 'forward', result)
    expect_equal(lab.names(), ['template-web', 'web'], 'machines')
    expect_equal(guest_bytes(sources('template-web')[0]), digest, 'the bytes')
    expect_equal(done('job', 'list').document['jobs'], [], 'jobs')


def terminal_shows_progress():
    lab.make_disk('web-vda.qcow2', size='2G', data='600M')
    lab.define_xml(DOMAIN.format(name='web', disks=disk_xml(lab.path('web-vda.qcow2'))))
    # script(1) gives it a terminal.
    shown = lab.run('script', '-qefc', f'{STRATACTL} template create web --no-seal', '/dev/null')
    expect_words(shown.out, 'Copy', '%', 'MB')
    expect(shown.out.rstrip().endswith('template-web'), 'the name is the last line', shown)


def passwords_stay_out_of_sight():
    secret = 'hunter2-correct-horse'
    make_template()
    path = os.path.join(lab.dir, 'secret')
    with open(path, 'w', encoding='ascii') as file:
        file.write(secret + '\n')
    argv = ['--json', 'template', 'deploy', 'template-web', '--name', 'web-1', '--user', 'ann']
    plan = lab.ctl('--dry-run', *argv, '--password-file', path)
    expect_equal(plan.status, 0, 'the plan', plan)
    expect(secret not in plan.out and '$y$' in plan.out, 'the plan has the hash alone', plan)

    # Through stdin, and with eyes on every command line and on the journal all the while. The disk
    # is blank, so it ends in a failure and a way back.
    seen, over = [], threading.Event()

    def watch():
        while not over.is_set():
            seen.extend(places_with(secret))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = lab.ctl(*argv, '--password-file', '-', stdin=secret + '\n', timeout=240)
    finally:
        over.set()
        watcher.join()
    expect_equal(result.status, 1, 'a blank disk can’t be given a user', result)
    expect_equal(result.document['outcome'], 'rolled-back', 'outcome', result)
    expect_equal(lab.names(), ['template-web'], 'nothing is left')
    expect(not seen, 'the password was seen', *seen)
    expect(secret not in result.out + result.err, 'the password was printed', result)


def places_with(secret):
    found = []
    for folder, _, files in os.walk(lab.state_dir):
        found += [os.path.join(folder, f) for f in files]
    found += [f'/proc/{pid}/cmdline' for pid in os.listdir('/proc') if pid.isdigit()]
    found += [f'/proc/{pid}/environ' for pid in os.listdir('/proc') if pid.isdigit()]
    return [path for path in found if holds(path, secret)]


def holds(path, secret):
    try:
        with open(path, 'rb') as file:
            return secret.encode() in file.read()
    except OSError:
        return False


def each(test):
    """TEST with a host that is empty before and after it."""
    def inner():
        try:
            test()
        finally:
            lab.clear()
    inner.__name__ = test.__name__
    return inner


def starts():
    lab.start()


try:
    run([starts] + [each(test) for test in (
        list_and_show, chain_names_every_layer, copy_leaves_the_machine,
        convert_takes_the_machine, template_that_can_be_written_to, template_of_a_uuid_is_named_after_the_machine,
        verbose_says_each_step, deploys_thin_and_full, template_with_thin_clones_stays, template_under_a_snapshot_of_a_clone,
        template_leaves_what_it_only_reads, none_shares_what_it_writes_to, template_is_held_by_a_clone_whose_storage_is_away,
        delete_takes_templates_only, started_template_keeps_its_bytes,
        import_takes_a_dumped_machine, import_takes_a_folder_outside_any_pool,
        dry_run_touches_nothing, names_that_are_taken, running_machine,
        running_machine_is_forced_off_if_told, shutdown_that_takes_too_long, missing_things,
        daemon_that_is_gone, ctrl_c_rolls_back, sigterm_rolls_back, killed_job_is_rolled_back,
        killed_job_is_resumed, terminal_shows_progress,
        passwords_stay_out_of_sight)])
finally:
    lab.close()
