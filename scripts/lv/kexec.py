# SPDX-License-Identifier: BSD-2-Clause
"""
kexec in a Debian guest: the next kernels travel in /boot of the first one's initramfs.

Below the hypervisor a guest has no disk and no network, so an initramfs is two archives, one after the other:
/boot with the Image.gz and the initramfs of each next kernel, not compressed; then the kernel's own initramfs.
Before a kexec a guest makes the next one's of its own /boot in the same way: chains may be of any length.
"""

import struct
import subprocess
import tempfile

from lv import BUILD, ROOT, Failure

MKCPIO = ROOT / "guest-tests/linux/initramfs/mkcpio"

# Guest's path of the initramfs that load() makes.
NEXT = "/tmp/next.cpio"

# The driver's file with the FDT for the next kernel.
MAP = "/sys/bus/platform/drivers/lendmem/*.lendmem/map"


def ramdisk(where, initramfs, files):
    """The path `where` of an initramfs that is `initramfs` with files, each under its name (a key) in /boot."""
    lines = ["dir /boot 0755"] + [f"file /boot/{name} 0644 {source}" for name, source in files.items()]
    where.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".contents") as contents, open(where, "wb") as archive:
        contents.write("\n".join(lines) + "\n")
        contents.flush()
        subprocess.run([MKCPIO, contents.name, "-"], stdout=archive, check=True)
        # Last, since what is compressed may begin anywhere, and what is not only at a multiple of 4.
        archive.write(initramfs.read_bytes())
    return where


def flavour_files(*flavours):
    """For ramdisk(): kernel and initramfs of these of Debian's kernels, as FLAVOUR.gz and FLAVOUR.cpio.gz."""
    files = {}
    for flavour in flavours:
        files[f"{flavour}.gz"] = BUILD / "linux" / flavour / "Image.gz"
        files[f"{flavour}.cpio.gz"] = BUILD / "linux" / flavour / "initramfs.cpio.gz"
    return files


def load(guest, kernel, initramfs=None, options="--reuse-cmdline", boot=True):
    """Has the guest kexec -l /boot/KERNEL.gz with the initramfs /boot/INITRAMFS (KERNEL.cpio.gz).

    options: more of kexec's. boot: the next kernel gets this /boot, too.
    -i: no checksum of it all on the way, which on an emulated CPU with its caches off takes half a minute."""
    initramfs = initramfs or f"{kernel}.cpio.gz"
    if boot:
        guest.run(f"(cd /; find boot | cpio -o -H newc 2>/dev/null) >{NEXT}; cat /boot/{initramfs} >>{NEXT}", 120)
        initramfs = NEXT
    else:
        initramfs = f"/boot/{initramfs}"
    guest.run(f"kexec -i -l /boot/{kernel}.gz --initrd={initramfs} {options}; s=$?; rm -f {NEXT}; (exit $s)", 120)


def wait_for_seed(guest):
    """From here on what kexec -l loads has a seed for KASLR: a guest's random numbers may not be ready for seconds,
    and kexec-tools does without then."""
    guest.run("head -c 8 /dev/random >/dev/null", 60)


def execute(guest, timeout=150):
    """kexec -e, and until the next kernel's shell answers, on as many CPUs."""
    cpus = guest.number("nproc")
    guest.last_words("kexec -e")
    guest.wait_next_life(timeout)
    check_cpus(guest, cpus)


def check_cpus(guest, wanted):
    if (cpus := guest.number("nproc")) != wanted:
        raise Failure(f"{guest.name}: {cpus} of {wanted} CPUs are online")


def with_image_header(binary, entry):
    """A raw image that runs at `entry` as one that kexec takes for a Linux Image: a page with the header of
    Documentation/arm64/booting.rst before it, whose first instruction branches over the page.

    It comes to lie at `entry` if kexec finds room at the start of the 2 MiB that hold it: boot memory's first."""
    page = 0x1000
    branch = 0x14000000 | page // 4
    size = 16 << 20  # with room for what is not in the file
    header = struct.pack("<IIQQQQQQ4sI", branch, 0, entry % (2 << 20) - page, size, 0xa, 0, 0, 0, b"ARM\x64", 0)
    return header.ljust(page, b"\0") + binary
