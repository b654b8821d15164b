# SPDX-License-Identifier: BSD-2-Clause
"""32-bit guests: they speak TAP as the bare ones do, and borrow from a 64-bit VM."""

import pytest
from conftest import ends_orderly, whole_texts
from lv import BUILD, ROOT, its, tap
from lv.console import HYPERVISOR

MIB = 1 << 20
BLOCK = 128 * MIB
ENTRY = 0x40010000


def arm32_vm(name, guest, **properties):
    """A VM that runs build/aarch32/<guest>.bin."""
    image = BUILD / "aarch32" / (guest + ".bin")
    assert image.is_file(), f"{image} is not built"
    return its.Vm(name, str(image), load=ENTRY, entry=ENTRY, arch="arm", **properties)


def succeeded(machine, name):
    report = tap.parse(whole_texts(machine, name))
    assert report.complaint() == ""
    assert report.skipped == []


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a57", "cortex-a72", "max"])
def test_core(lab, cpu):
    """Entry, exceptions, trapped instructions, GIC, timer, and blocks of its own."""
    vm = arm32_vm("bob", "core", cpus=2, boot_memory=BLOCK, owned_memory=BLOCK)
    machine = lab.boot([vm], cpu=cpu)
    ends_orderly(machine, 120)
    succeeded(machine, "bob")


def test_every_guest_is_run():
    sources = (ROOT / "guest-tests" / "aarch32").glob("test_*.c")
    assert {source.stem.removeprefix("test_") for source in sources} == {"core", "lend"}


@pytest.mark.parametrize("block, absent", [(BLOCK, "zero"), (BLOCK, "abort"), (2 * MIB, "abort")])
def test_borrows_from_a_64_bit_vm(lab, block, absent):
    """alice, 64 bits, lends and takes back; bob, 32 bits, checks what he gets and fills it."""
    common = {"boot_memory": BLOCK, "absent": absent}
    alice = lab.bare_vm("alice", "lend_a", owned_memory=3 * block, lend_to=["bob"],
                        window=(1 << 32, max(8 * block, BLOCK)),
                        extra="lendvisor,pool-slots = <1>;", **common)
    bob = arm32_vm("bob", "lend", window=(0x80000000, max(8 * block, BLOCK)), **common)
    machine = lab.boot([alice, bob], block_size=block)
    ends_orderly(machine, 300)
    for name in ("alice", "bob"):
        succeeded(machine, name)


# What a 32-bit guest cannot have, and what the line has to name.
REFUSED = {
    "no-aarch32-at-el1": ({"cpu": "neoverse-n1"}, {}, ["kernel", "AArch32", "EL1"]),
    "boot-memory": ({}, {"boot_memory": 3200 * MIB}, ["boot-memory", "4 GiB"]),
    "window": ({}, {"window": (1 << 32, BLOCK)}, ["window", "0x100000000"]),
    "window-by-default": ({}, {"boot_memory": 2944 * MIB, "owned_memory": 2 * BLOCK}, ["window"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(lab, name):
    options, properties, words = REFUSED[name]
    vm = arm32_vm("bob", "core", **{"boot_memory": BLOCK, **properties})
    machine = lab.boot([vm], **options)
    line = machine.expect(HYPERVISOR, r"^refused: (.*)", 60).group(1)
    assert machine.wait_end(30) == 0
    for word in ["/configurations/bob", *words]:
        assert word in line
