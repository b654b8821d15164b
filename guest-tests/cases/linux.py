# SPDX-License-Identifier: BSD-2-Clause
"""Debian guests for the tests."""

import re

from lv import BUILD, its
from lv.guest import Guest

MIB = 1 << 20
LINUX = BUILD / "linux" / "6.1"
BOOT_TIMEOUT = 150
UNHAPPY = r"WARNING|BUG:|stall|Unable to handle|Oops|firmware bug"


def debian(name, bootargs="", **properties):
    """A VM with Debian's 6.1 kernel and our initramfs; 256 MiB unless properties say otherwise."""
    properties.setdefault("boot_memory", 256 * MIB)
    return its.Vm(name, str(LINUX / "Image"), ramdisk=str(BUILD / "linux" / "initramfs.cpio.gz"),
                  bootargs=f"console=ttyAMA0 quiet lend.name={name} {bootargs}".strip(),
                  **properties)


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
