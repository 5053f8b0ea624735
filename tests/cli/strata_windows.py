# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that inspection takes for Windows: NTFS, the registry's two hives, a cmd.exe of no use.

Nothing of Microsoft's is in it. The hives are made from an empty one, written here byte by byte as
hivex reads them, by merging a .reg file into each; cmd.exe is the header of a program.
"""

import os
import struct
import subprocess

SOFTWARE = r'''Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE]

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft]

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT]

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion]
"ProductName"="Windows Phony Edition"
"CurrentVersion"="6.3"
"InstallationType"="Client"
"CurrentMajorVersionNumber"=dword:0000000a
"CurrentMinorVersionNumber"=dword:00000000
"CurrentBuildNumber"="22631"
'''

SYSTEM = r'''Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM]

[HKEY_LOCAL_MACHINE\SYSTEM\Select]
"Current"=dword:00000001
"Default"=dword:00000001

[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001]

[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services]

[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Tcpip]

[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Tcpip\Parameters]
"Hostname"="phony"
'''

PAGE = 4096
NONE = 0xffffffff


def cell(content):
    """An allocated block: its size, negative, a multiple of 8."""
    size = (len(content) + 4 + 7) // 8 * 8
    return struct.pack('<i', -size) + content.ljust(size - 4, b'\0')


def empty_hive():
    """A registry hive with a root key, its security record, and room for nothing more."""
    root_at = 0x20
    name = b'$$$PROTO.HIV'

    def root(security):
        return cell(struct.pack('<2sHQIIIIIIIIIIHHIIIIHH', b'nk', 0x2c, 0, 0, NONE, 0, 0, NONE, NONE,
                                0, NONE, security, NONE, 0, 0, 0, 0, 0, 0, len(name), 0) + name)

    security_at = root_at + len(root(0))
    security = cell(struct.pack('<2sHIIII', b'sk', 0, security_at, security_at, 1, 20)
                    + struct.pack('<BBHIIII', 1, 0, 0x8000, 0, 0, 0, 0))
    used = root(security_at) + security
    free = PAGE - root_at - len(used)
    page = (struct.pack('<4sII20x', b'hbin', 0, PAGE) + used
            + struct.pack('<i', free) + bytes(free - 4))

    header = struct.pack('<4sIIQIIIIII', b'regf', 1, 1, 0, 1, 3, 0, 1, root_at, PAGE)
    header = header.ljust(0x1fc, b'\0')
    checksum = 0
    for word in struct.unpack('<127I', header):
        checksum ^= word
    return (header + struct.pack('<I', checksum)).ljust(PAGE, b'\0') + page


def phony_program():
    """What file(1) calls a PE32+ executable for x86-64."""
    dos = b'MZ'.ljust(0x3c, b'\0') + struct.pack('<I', 0x40)
    coff = struct.pack('<4sHHIIIHH', b'PE\0\0', 0x8664, 0, 0, 0, 0, 0xf0, 0x22)
    optional = struct.pack('<H', 0x20b).ljust(0x44, b'\0') + struct.pack('<H', 3)
    return (dos + coff + optional.ljust(0xf0, b'\0')).ljust(1024, b'\0')


def make_windows_disk(path, folder, env):
    """Writes a qcow2 image to PATH, working in FOLDER; takes one boot of the appliance."""
    for name, text in (('SOFTWARE', SOFTWARE), ('SYSTEM', SYSTEM)):
        hive, reg = os.path.join(folder, name), os.path.join(folder, f'{name}.reg')
        with open(hive, 'wb') as file:
            file.write(empty_hive())
        with open(reg, 'w', encoding='ascii') as file:
            file.write(text)
        subprocess.run(['hivexregedit', '--merge', '--prefix', rf'HKEY_LOCAL_MACHINE\{name}', hive,
                        reg], env=env, check=True, capture_output=True)
    program = os.path.join(folder, 'cmd.exe')
    with open(program, 'wb') as file:
        file.write(phony_program())

    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', path, '128M'], env=env, check=True)
    subprocess.run(['guestfish', '--format=qcow2', '-a', path], env=env, check=True, text=True,
                   capture_output=True, timeout=300, input=f'''run
part-disk /dev/sda mbr
mkfs ntfs /dev/sda1
mount /dev/sda1 /
mkdir-p /Windows/System32/Config
mkdir-p /Windows/System32/Drivers
upload {folder}/SOFTWARE /Windows/System32/Config/SOFTWARE
upload {folder}/SYSTEM /Windows/System32/Config/SYSTEM
upload {program} /Windows/System32/cmd.exe
mkdir "/Program Files"
touch /autoexec.bat
''')
