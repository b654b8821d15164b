# SPDX-License-Identifier: BSD-2-Clause
"""Debian guests for the tests."""

from lv import BUILD
from lv.guest import Guest
from lv.lendvm import LendVm
from lv.scenario import BOOT_TIMEOUT, MIB, linux_vm

LINUX = BUILD / "linux"
FLAVOURS = ("6.1", "6.12", "6.12-16k")  # build/linux/FLAVOUR; the last has pages of 16K


def debian(name, bootargs="", flavour="6.1", **properties):
    """A VM with Debian's kernel of a flavour and our initramfs; 256 MiB unless properties say otherwise."""
    properties.setdefault("boot_memory", 256 * MIB)
    return linux_vm(name, flavour, bootargs, **properties)


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
    return LendVm(guest).complaints()
