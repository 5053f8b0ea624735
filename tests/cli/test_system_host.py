# SPDX-License-Identifier: GPL-3.0-or-later
"""Strata's main job on the system host: root's libvirtd, whose images and UEFI variables are root's, asked by an ordinary user."""

import os
import shutil
import xml.etree.ElementTree as ET

from strata_system_lab import BUSES, FIRMWARE, TPM, SystemLab
from strata_tap import expect, expect_equal, expect_words

IMAGES = '/var/lib/libvirt/images'
VARIABLES = '/var/lib/libvirt/qemu/nvram'

lab = SystemLab('STRATA_SYSTEM_HOST_URI', {'default': IMAGES, 'variables': VARIABLES})


def the_host_is_what_people_have():
    lab.start()
    path = lab.machine('web')
    expect(os.geteuid() != 0, 'the test is root')
    expect(not os.access(path, os.R_OK) and not os.access(path, os.W_OK), 'the client may open its images')
    expect(not os.access(IMAGES, os.R_OK) and not os.access(VARIABLES, os.X_OK), 'the client may look into its folders')
    permissions = ET.fromstring(lab.virsh('vol-dumpxml', 'web.qcow2', '--pool', 'default').out).find('.//permissions')
    expect_equal((permissions.findtext('mode'), permissions.findtext('owner')), ('0600', '0'), 'the image')
    expect_equal(lab.done('list').document['machines'][0]['name'], 'web', 'the machine')


def a_template_is_made_by_copy():
    path = lab.machine('web')
    before = lab.digest(path)
    lab.done('template', 'create', 'web', '--no-seal', '--name', 'gold')
    copy, = lab.disks('gold')
    expect(copy != path, 'it was not copied')
    expect_equal(lab.digest(path), before, 'the bytes of the machine')
    lab.expect_not_startable('gold', copy)
    lab.virsh('start', 'web')


def a_template_is_made_by_conversion():
    for bus in BUSES:
        path = lab.machine('web', bus=bus)
        before = lab.digest(path)
        lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
        expect_equal(lab.disks('gold'), [path], 'the disk')
        expect_equal(lab.digest(path), before, 'the bytes')
        lab.expect_not_startable('gold', path)
        expect_equal(lab.done('doctor', 'gold').document['findings'], [], 'what is the matter')
        lab.done('template', 'delete', 'gold')
        expect_equal(lab.files(), [], 'the files')


def clones_live():
    path = lab.machine('web')
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    before = lab.digest(path)
    lab.done('template', 'deploy', 'gold', '--name', 'c-%d', '--count', '4', '--start')
    clones = [f'c-{n}' for n in range(1, 5)]
    for name in clones:
        expect_equal(lab.virsh('domstate', name).out.strip(), 'running', name)
        expect_equal(lab.backing(lab.disks(name)[0]), path, f'what {name} stands on')
    # While they run, also an independent one; and the template stays what it is.
    lab.done('template', 'deploy', 'gold', '--full', '--name', 'solid', '--start')
    expect_equal(lab.backing(lab.disks('solid')[0]), None, 'what it stands on')
    lab.expect_not_startable('gold', path)
    refused = lab.ctl('template', 'delete', 'gold')
    expect_equal(refused.status, 3, 'deleting the template', refused)
    expect_words(refused.err, *clones)

    lab.virsh('destroy', 'c-3')
    lab.done('snapshot', 'create', 'c-1', 'memory')
    lab.done('snapshot', 'create', 'c-2', 'disk', '--disk-only')
    lab.done('snapshot', 'create', 'c-3', 'off')
    lab.done('snapshot', 'create', 'c-3', 'inside', '--internal')
    for name, snapshot in (('c-1', 'memory'), ('c-2', 'disk'), ('c-3', 'inside'), ('c-3', 'off')):
        lab.done('snapshot', 'revert', name, snapshot, '--discard-current')
    expect_equal(lab.virsh('domstate', 'c-1').out.strip(), 'running', 'c-1 came back with its memory')
    for name, snapshot in (('c-1', 'memory'), ('c-2', 'disk'), ('c-3', 'inside'), ('c-3', 'off')):
        lab.done('snapshot', 'delete', name, snapshot)
    for name in [*clones, 'solid']:
        lab.virsh('destroy', name, check=False)
        expect_equal(lab.virsh('snapshot-list', name, '--name').out.strip(), '', f'the snapshots of {name}')
    expect_equal(lab.digest(path), before, 'the bytes of the template')


def uefi_variables_go_with_the_machine():
    lab.machine('web', uefi=True)
    variables = lab.get(f'{VARIABLES}/web_VARS.fd')
    lab.done('template', 'create', 'web', '--no-seal', '--name', 'copied')
    expect_equal(lab.files('variables'), ['copied_VARS.fd', 'web_VARS.fd'], 'the variables')
    lab.done('template', 'delete', 'copied')
    expect_equal(lab.files('variables'), ['web_VARS.fd'], 'the variables')
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    expect_equal(lab.files('variables'), ['gold_VARS.fd'], 'the variables')
    lab.done('template', 'deploy', 'gold', '--name', 'c-%d', '--count', '2')
    expect_equal(lab.files('variables'), ['c-1_VARS.fd', 'c-2_VARS.fd', 'gold_VARS.fd'], 'the variables')
    for name in ('gold', 'c-1', 'c-2'):
        expect_equal(lab.get(f'{VARIABLES}/{name}_VARS.fd'), variables, f'the variables of {name}')
    # One that was never started has none yet.
    lab.virsh('vol-delete', 'gold_VARS.fd', '--pool', 'variables')
    lab.done('template', 'deploy', 'gold', '--name', 'c-3')
    expect_equal(lab.files('variables'), ['c-1_VARS.fd', 'c-2_VARS.fd'], 'the variables')


def uefi_and_a_tpm_live():
    path = lab.image('web.qcow2')
    lab.define_on('web', path, machine='q35', firmware=FIRMWARE.format(f'{VARIABLES}/web_VARS.fd'), devices=TPM)
    lab.virsh('start', 'web')  # libvirt makes its variables
    lab.virsh('destroy', 'web')
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    before = lab.digest(path)
    lab.done('template', 'deploy', 'gold', '--name', 'c-%d', '--count', '2', '--start')
    lab.done('snapshot', 'create', 'c-1', 'memory')
    lab.done('snapshot', 'revert', 'c-1', 'memory', '--discard-current')
    lab.done('snapshot', 'delete', 'c-1', 'memory')
    expect_equal([lab.virsh('domstate', name).out.strip() for name in ('c-1', 'c-2')], ['running'] * 2, 'the clones')
    expect_equal(lab.files('variables'), ['c-1_VARS.fd', 'c-2_VARS.fd', 'gold_VARS.fd'], 'the variables')
    lab.expect_not_startable('gold', path)
    expect_equal(lab.digest(path), before, 'the bytes of the template')


def variables_that_are_there_are_in_the_way():
    lab.machine('web', uefi=True)
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    lab.put(f'{VARIABLES}/c-2_VARS.fd', b'of another')
    result = lab.ctl('--json', 'template', 'deploy', 'gold', '--name', 'c-%d', '--count', '2')
    expect(result.status != 0, 'it was done', result)
    expect_words(result.err, 'c-2_VARS.fd')
    expect_equal(lab.names(), ['gold'], 'the machines')
    expect_equal(lab.files(), ['web.qcow2'], 'the images')
    expect_equal(lab.files('variables'), ['c-2_VARS.fd', 'gold_VARS.fd'], 'the variables')
    expect_equal(lab.get(f'{VARIABLES}/c-2_VARS.fd'), b'of another', 'what was there')


def another_computers_files_are_left_alone():
    """The same host as another computer's; what has the names of its files here is another file."""
    socket = lab.env['LIBVIRT_DEFAULT_URI'].partition('socket=')[2] or '/run/libvirt/libvirt-sock'
    script = os.path.join(lab.dir, 'far')
    with open(script, 'w', encoding='utf-8') as file:
        file.write(f'#!/bin/sh\nexec socat - UNIX-CONNECT:{socket}\n')
    os.chmod(script, 0o755)
    far = f'qemu+ext://far/system?command={script}'

    # The folder is in both roots, a different one in each.
    name = f'strata-{os.getpid()}_VARS.fd'
    here = f'/var/tmp/{name}'
    lab.virsh('pool-create-as', 'there', 'dir', '--target', '/var/tmp')
    try:
        path = lab.image('web.qcow2')
        lab.virsh('vol-create-as', 'there', name, '4096')
        with open(here, 'w', encoding='utf-8') as file:
            file.write('of this computer')
        lab.define_on('web', path, firmware=FIRMWARE.format(here))
        result = lab.ctl('-c', far, '--json', 'template', 'create', 'web', '--convert', '--name', 'gold')
        expect_equal((result.status, result.document['outcome']), (3, 'refused'), 'sealing from afar', result)
        expect_words(result.err, 'sealed where their disks are')
        lab.done('-c', far, 'template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
        lab.expect_not_startable('gold', path)
        expect_equal(lab.files('there'), [], 'the variables of the machine are gone there')
        expect_equal(lab.files('variables'), ['gold_VARS.fd'], 'the variables of the template')
        lab.done('-c', far, 'template', 'deploy', 'gold', '--name', 'c-%d', '--count', '2', '--start')
        lab.virsh('destroy', 'c-1')
        lab.virsh('destroy', 'c-2')
        with open(here, encoding='utf-8') as file:
            expect_equal(file.read(), 'of this computer', 'the file of this computer')
    finally:
        lab.virsh('pool-destroy', 'there', check=False)
        if os.path.exists(here):
            os.remove(here)


# In the place of pkexec and what it runs as root: it changes nothing in the guest, and tries to start the machine meanwhile.
SEALER = '''#!/usr/bin/python3
import base64, json, subprocess, sys, zlib
def say(**event):
    print(json.dumps(event), flush=True)
say(event='done')
for line in sys.stdin:
    request = json.loads(line)
    if request['verb'] == 'seal':
        with open({log!r}, 'a', encoding='utf-8') as log:
            print(subprocess.run(['virsh', 'start', 'web'], capture_output=True, check=False).returncode, file=log)
    if request['verb'] == 'seal' and {fails}:
        say(event='error', code='failed', message='it does not want to')
    else:
        say(event='result', value=dict(
            listing=base64.b64encode(zlib.compress(b'home\\t/root\\n')).decode(), os='Debian', operations=['machine-id']))
    say(event='done')
'''


def with_sealer(*argv, fails=False):
    """Runs stratactl with it; whether the machine could be started while it was at work comes second."""
    tools = os.path.join(lab.dir, 'tools')
    log = os.path.join(lab.dir, 'sealer.log')
    os.makedirs(tools, exist_ok=True)
    with open(os.path.join(tools, 'pkexec'), 'w', encoding='utf-8') as file:
        file.write(SEALER.format(log=log, fails=fails))
    os.chmod(file.name, 0o755)
    result = lab.ctl('--json', *argv, env={'PATH': f'{tools}:{lab.env["PATH"]}'})
    with open(log, encoding='utf-8') as file:
        statuses = file.read().split()
    os.remove(log)
    return result, '0' in statuses


def while_it_is_sealed_it_can_not_be_started():
    path = lab.machine('web')
    xml, before = lab.virsh('dumpxml', '--inactive', 'web').out, lab.digest(path)
    result, started = with_sealer('template', 'create', 'web', '--convert', '--name', 'gold', fails=True)
    expect_equal((result.status, started), (1, False), 'a sealing that fails', result)
    expect_words(result.err, 'does not want')
    expect_equal((lab.virsh('dumpxml', '--inactive', 'web').out, lab.digest(path)), (xml, before), 'the machine')
    expect_equal(lab.files(), ['web.qcow2'], 'the files')

    result, started = with_sealer('seal', 'web')
    expect_equal((result.status, started), (0, False), 'sealing it where it is', result)
    expect_equal(lab.virsh('dumpxml', '--inactive', 'web').out, xml, 'the definition')
    lab.virsh('start', 'web')
    lab.virsh('destroy', 'web')

    result, started = with_sealer('template', 'create', 'web', '--convert', '--name', 'gold')
    expect_equal((result.status, started), (0, False), 'converting it', result)
    expect_equal((lab.names(), lab.files()), (['gold'], ['web.qcow2']), 'what there is')
    lab.expect_not_startable('gold', path)
    lab.done('template', 'deploy', 'gold', '--name', 'c-1', '--start')


def another_definition_on_its_disk_is_noticed():
    path = lab.machine('web')
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    lab.define_on('other', path)
    result = lab.ctl('template', 'deploy', 'gold', '--name', 'c-1')
    expect_equal(result.status, 3, 'deploying', result)
    expect_words(result.err, 'other')


def a_template_that_can_be_started_is_repaired():
    path = lab.machine('web')
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    xml = ET.fromstring(lab.virsh('dumpxml', '--inactive', 'gold').out)
    for label in xml.findall('seclabel'):
        xml.remove(label)
    lab.define_xml(ET.tostring(xml, encoding='unicode'))
    expect_equal([f['code'] for f in lab.done('doctor', 'gold').document['findings']], ['template-writable'], 'the matter')
    refused = lab.ctl('template', 'deploy', 'gold', '--name', 'c-1')
    expect_equal(refused.status, 3, 'deploying', refused)
    lab.done('doctor', 'gold', '--repair')
    expect_equal(lab.done('doctor', 'gold').document['findings'], [], 'the matter')
    lab.expect_not_startable('gold', path)
    lab.done('template', 'deploy', 'gold', '--name', 'c-1')


def an_older_template_keeps_working():
    """One that is protected by the mode of its disk alone."""
    path = f'{IMAGES}/web.qcow2'
    lab.machine('web')
    lab.done('template', 'create', 'web', '--no-seal', '--convert', '--name', 'gold')
    xml = ET.fromstring(lab.virsh('dumpxml', '--inactive', 'gold').out)
    for label in xml.findall('seclabel'):
        xml.remove(label)
    source = xml.find('.//disk/source')
    older = os.path.join(lab.dir, 'older.xml')
    with open(older, 'w', encoding='utf-8') as file:
        file.write('<volume><name>older.qcow2</name><capacity>0</capacity><target><format type="qcow2"/>'
                   '<permissions><mode>0444</mode></permissions></target></volume>')
    lab.virsh('vol-create-from', 'default', older, os.path.basename(path), '--inputpool', 'default')
    source.set('file', f'{IMAGES}/older.qcow2')
    lab.define_xml(ET.tostring(xml, encoding='unicode'))
    lab.virsh('vol-delete', 'web.qcow2', '--pool', 'default')
    expect_equal(lab.done('doctor', 'gold').document['findings'], [], 'the matter')
    lab.expect_not_startable('gold', f'{IMAGES}/older.qcow2')
    lab.done('template', 'deploy', 'gold', '--name', 'c-1', '--start')
    lab.done('template', 'deploy', 'gold', '--name', 'full', '--full', '--start')


def a_label_of_its_own_is_refused_before_anything_is_done():
    lab.machine('web')
    text = lab.virsh('dumpxml', '--inactive', 'web').out
    lab.define_xml(text.replace('</domain>', "<seclabel type='static' model='dac' relabel='yes'>"
                                             '<label>+64055:+64055</label></seclabel></domain>'))
    before = lab.virsh('dumpxml', '--inactive', 'web').out
    result = lab.ctl('--json', 'template', 'create', 'web', '--no-seal', '--convert')
    expect_equal((result.status, result.document['outcome']), (3, 'refused'), 'converting', result)
    expect_words(result.err, 'security label', 'seclabel')
    expect_equal(lab.virsh('dumpxml', '--inactive', 'web').out, before, 'the definition')


def calls(*argv):
    """How many calls of libvirt's daemon a command makes: from afar each is a way there and back."""
    log = os.path.join(lab.dir, 'calls')
    result = lab.ctl(*argv, env={'LIBVIRT_LOG_FILTERS': '2:rpc.netclient', 'LIBVIRT_LOG_OUTPUTS': f'2:file:{log}'})
    expect_equal(result.status, 0, f'{argv}', result)
    with open(log, encoding='utf-8') as file:
        count = sum('RPC_CLIENT_MSG_TX_QUEUE' in line and ' type=0 ' in line for line in file)
    os.remove(log)
    return count


def a_command_makes_no_needless_calls():
    lab.machine('web')
    lab.virsh('start', 'web')
    # Some more than there are, for a pool that is busy, or an answer that is waited for.
    for most, argv in ((28, ('list',)), (155, ('snapshot', 'create', 'web', 'one', '--disk-only')),
                       (390, ('snapshot', 'revert', 'web', 'one', '--start', '--discard-current')), (300, ('snapshot', 'delete', 'web', 'one'))):
        count = calls(*argv)
        expect(count <= most, f'{argv}: {count} calls, and {most} are enough')


def a_link_is_beside_what_it_stands_on():
    """QEMU looks for a name without a folder beside the name by which it opened the image, here a link. The images are root's, the folders and
    the link the client's, in a place that both see."""
    folder = os.path.join(os.environ['STRATA_SYSTEM_HOST_DIR'], 'tmp', 'links')
    there = os.path.join(folder, 'there')
    os.makedirs(there)
    lab.folders.update(links=folder, there=there)
    try:
        for pool in ('links', 'there'):
            lab.virsh('pool-create-as', pool, 'dir', '--target', lab.folders[pool])
            lab.put(f'{lab.folders[pool]}/below.qcow2', None, fmt='qcow2', size=16 << 20)
        link = f'{folder}/web.qcow2'
        for base, path in (('below.qcow2', f'{there}/real.qcow2'), (link, f'{folder}/above.qcow2')):
            local = os.path.join(lab.dir, 'overlay')
            lab.run('qemu-img', 'create', '-q', '-u', '-f', 'qcow2', '-b', base, '-F', 'qcow2', local, '16M')
            with open(local, 'rb') as file:
                lab.put(path, file.read())
            os.remove(local)
        os.symlink('there/real.qcow2', link)
        expect(not os.access(link, os.R_OK), 'the client may read it')
        for name, path in (('web', link), ('above', f'{folder}/above.qcow2')):
            lab.define_on(name, path)
            lab.virsh('snapshot-create-as', name, 'before', '--disk-only', '--diskspec', f'vda,snapshot=external,file={folder}/{name}.before')
            lab.done('doctor', name, '--repair')
            disk = ET.fromstring(lab.virsh('snapshot-dumpxml', name, 'before').out).find('.//domain/devices/disk')
            chain = [source.get('file') for source in disk.iter('source')]
            expect_equal(chain, [*([path] if path != link else []), link, f'{folder}/below.qcow2'], f'the chain of {name}')
    finally:
        lab.clear()
        for pool in ('links', 'there'):
            lab.virsh('pool-destroy', pool, check=False)
            del lab.folders[pool]
        shutil.rmtree(folder, ignore_errors=True)


TESTS = [a_command_makes_no_needless_calls, a_link_is_beside_what_it_stands_on, a_template_is_made_by_copy, a_template_is_made_by_conversion, clones_live, uefi_variables_go_with_the_machine,
         uefi_and_a_tpm_live,
         variables_that_are_there_are_in_the_way, another_computers_files_are_left_alone,
         while_it_is_sealed_it_can_not_be_started, another_definition_on_its_disk_is_noticed, a_template_that_can_be_started_is_repaired,
         an_older_template_keeps_working, a_label_of_its_own_is_refused_before_anything_is_done]

if __name__ == '__main__':
    lab.run_tests([the_host_is_what_people_have, *TESTS])
