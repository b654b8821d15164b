# SPDX-License-Identifier: BSD-2-Clause
"""Debian guests for the tests."""

import re

from lv import BUILD, its
from lv.guest import Guest

MIB = 1 << 20
LINUX = BUILD / "linux"
FLAVOURS = ("6.1", "6.12", "6.12-16k")  # build/linux/FLAVOUR; the last has pages of 16K
BOOT_TIMEOUT = 150
UNHAPPY = r"WARNING|BUG:|stall|Unable to handle|Oops|firmware bug"


def debian(name, bootargs="", flavour="6.1", **properties):
    """A VM with Debian's kernel of a flavour and our initramfs; 256 MiB unless properties say otherwise."""
    properties.setdefault("boot_memory", 256 * MIB)
    return its.Vm(name, str(LINUX / flavour / "Image"),
                  ramdisk=str(LINUX / flavour / "initramfs.cpio.gz"),
                  bootargs=f"console=ttyAMA0 quiet lend.name={name} {bootargs}".strip(),
                  **properties)


def abi(flavour):
    """The kernel's release, as `uname -r` says it in such a guest."""
    return (LINUX / flavour / "version").read_text().strip()


def boot_to_shells(lab, vms, **options):
    """The machine, and a Guest with a shell for each VM."""
    machine = lab.boot(vms, **options)
    guests = [Guest(machine, vm.name, nr) for nr, vm in enumerate(vms)]
    for guest in guests:
        guest.wait_shell(BOOT_TIMEOUT)
    return machine, guests


def complaints(guest):
    """What the kernel is unhappy with."""
    return [line for line in guest.lines("dmesg") if re.search(UNHAPPY, line, re.I)]
