# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benches share: running things, the clock, the report, and VMs that go again."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

MIB = 1024 * 1024


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=600, check=False, **options)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nexited {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def timed(function, *arguments):
    os.sync()
    start = time.monotonic()
    function(*arguments)
    return time.monotonic() - start


def report(title, rows, note=None):
    print(f"\n{title}")
    for name, seconds in rows:
        spread = f"{min(seconds):.2f} … {max(seconds):.2f}" if len(seconds) > 1 else ""
        print(f"  {name:<44} {statistics.median(seconds):7.2f} s   {spread}")
    if note:
        print(f"  {note}")
    sys.stdout.flush()


class Lab:
    """A folder of images and the domains on them, all removed at the end."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="strata-bench-", dir=os.environ.get("STRATA_BENCH_DIR"))

    def path(self, name):
        return os.path.join(self.dir, name)

    def xml(self, name, disk):
        return (f"<domain type='qemu'><name>{name}</name><uuid>{uuid.uuid4()}</uuid>"
                "<memory unit='MiB'>64</memory>"
                "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
                "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                f"<source file='{disk}'/><target dev='vda' bus='virtio'/></disk>"
                "<interface type='user'/></devices></domain>")

    def define(self, name, disk):
        path = self.path(name + ".xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.xml(name, disk))
        run("virsh", "-q", "define", path)

    def machine(self, name, mebibytes):
        """A VM whose disk holds that many MiB that no copying can shorten."""
        raw, disk = self.path(name + ".raw"), self.path(name + ".qcow2")
        with open(raw, "wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(MIB))
            file.truncate(2048 * MIB)
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, disk)
        os.unlink(raw)
        self.define(name, disk)
        return disk

    def template(self, name, machine):
        run("stratactl", "template", "create", machine, "--name", name, "--copy", "--no-seal")

    def drop(self, *names):
        for name in names:
            run("virsh", "-q", "undefine", name)
            for file in os.listdir(self.dir):
                if file.startswith(name) and file.endswith(".qcow2"):
                    os.unlink(self.path(file))

    def close(self):
        for name in run("virsh", "-q", "list", "--all", "--name").split():
            if self.dir in run("virsh", "dumpxml", name):
                subprocess.run(["virsh", "-q", "destroy", name], stderr=subprocess.DEVNULL,
                               check=False)
                run("virsh", "-q", "undefine", name)
        shutil.rmtree(self.dir)
