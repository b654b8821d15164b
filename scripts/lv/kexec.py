# SPDX-License-Identifier: BSD-2-Clause
"""
kexec in a Debian guest: the next kernels travel in /boot of the first one's initramfs.

There is no disk and no network below the hypervisor, so an initramfs is two archives, one after the other:
/boot, with the Image and the initramfs of each next kernel, not compressed; then the kernel's own initramfs. A
guest makes the next one's of its own /boot in the same way, so that a chain of kexecs may be of any length.
"""

import subprocess
import tempfile

from lv import BUILD, ROOT, Failure
from lv.machine import deadline  # noqa: F401

MKCPIO = ROOT / "guest-tests/linux/initramfs/mkcpio"


def boot_archive(where, files):
    """An archive at the path `where` of files, each under its name (a key) in /boot."""
    lines = ["dir /boot 0755"] + [f"file /boot/{name} 0644 {source}" for name, source in files.items()]
    where.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".contents") as contents, open(where, "wb") as archive:
        contents.write("\n".join(lines) + "\n")
        contents.flush()
        subprocess.run([MKCPIO, contents.name, "-"], stdout=archive, check=True)


def flavour_files(flavours):
    """What boot_archive() is to hold for these of Debian's kernels."""
    built = BUILD / "linux"
    files = {}
    for flavour in flavours:
        files[f"{flavour}.Image"] = built / flavour / "Image"
        files[f"{flavour}.cpio.gz"] = built / flavour / "initramfs.cpio.gz"
    return files


def ramdisk(where, first, flavours):
    """The path of an initramfs for flavour `first` from which the others can be kexec'd."""
    boot_archive(where, flavour_files(flavours))
    with open(where, "ab") as archive:
        archive.write((BUILD / "linux" / first / "initramfs.cpio.gz").read_bytes())
    return where
