# SPDX-License-Identifier: BSD-2-Clause
"""Debian's three arm64 kernels, each with our driver and with Debian's lsmem and chmem."""

import pytest
from conftest import ends_orderly
from linux import FLAVOURS, abi, boot_to_shells, complaints, debian

BLOCK = 128 << 20
PAGE_KIB = {"6.1": 4, "6.12": 4, "6.12-16k": 16}
# The A57 has no pages of 16K.
MACHINES = {"cortex-a57": FLAVOURS[:2], "neoverse-n1": FLAVOURS, "max": FLAVOURS}


def lsmem(guest):
    """The states of the memory blocks, lowest first, as Debian's lsmem lists them."""
    return [line.split()[-1] for line in guest.lines("lsmem -a -n --summary=never -o RANGE,STATE")]


@pytest.mark.parametrize("cpu", MACHINES)
def test_boots_and_moves_blocks(lab, cpu):
    """Up to a shell on each, the driver loaded; chmem onlines and offlines a block of the VM's own."""
    flavours = MACHINES[cpu]
    vms = [debian(f"vm{nr}", flavour=flavour, cpus=2, owned_memory=2 * BLOCK)
           for nr, flavour in enumerate(flavours)]
    machine, guests = boot_to_shells(lab, vms, cpu=cpu)
    for guest, flavour in zip(guests, flavours):
        assert guest.lines("uname -rm") == [f"{abi(flavour)} aarch64"]
        assert guest.number("nproc") == 2
        page = "sed -n 's/KernelPageSize: *\\([0-9]*\\) kB/\\1/p' /proc/self/smaps | sort -u"
        assert guest.number(page) == PAGE_KIB[flavour]
        boot_memory = guest.meminfo_kib()
        assert 190 * 1024 < boot_memory <= 256 * 1024
        assert lsmem(guest) == ["online"] * 2 + ["offline"] * 2
        guest.run("chmem -e 128m", 60)
        assert lsmem(guest) == ["online"] * 3 + ["offline"]
        assert 124 * 1024 < guest.meminfo_kib() - boot_memory <= 128 * 1024
        guest.run("chmem -d 128m", 60)
        assert lsmem(guest) == ["online"] * 2 + ["offline"] * 2
        assert complaints(guest) == []
    for guest in guests:
        guest.poweroff()
    ends_orderly(machine)
