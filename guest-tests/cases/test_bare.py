# SPDX-License-Identifier: BSD-2-Clause
"""The bare guests: each speaks TAP on its console, and every line of it counts."""

import re
from pathlib import Path

import pytest
from conftest import DEBUG_IMAGE, IMAGE, REPEAT_TLBI_IMAGE, ends_orderly, texts, whole_texts
from lv import BUILD, ROOT, tap
from lv.console import FIRMWARE

MIB = 1 << 20
WINDOW = 1 << 32
BLOCK = 128 * MIB

# Guests that run alone, and with how many CPUs.
ALONE = {
    "boot": [1, 2],
    "gic": [1, 2],
    "gic_off": [2],
    "gic_smp": [2, 3],
    "isolation": [1, 2],
    "psci": [1, 2, 4],
    "reset": [1, 2],
    "reset_irq": [1, 2],
    "timer": [1, 2],
}

# What a guest may leave out, by CPUs; anything else that is skipped is a failure.
MAY_SKIP = {
    1: r"# SKIP (one CPU|fewer than)",
    2: r"# SKIP fewer than three",
}


# Guests that tell what a machine without us does, which is the measure of what we do.
PLAIN = {"gic_off": 2, "reset_irq": 2}


def succeeded(machine, name, cpus):
    report = tap.parse(whole_texts(machine, name))
    assert report.complaint() == ""
    unexpected = [line for line in report.skipped if not re.search(MAY_SKIP.get(cpus, "^$"), line)]
    assert unexpected == []


@pytest.mark.parametrize("guest, cpus", [(g, n) for g, sizes in ALONE.items() for n in sizes])
def test_alone(lab, guest, cpus):
    machine = lab.boot([lab.bare_vm("alice", guest, cpus=cpus)])
    ends_orderly(machine, 180)
    succeeded(machine, "alice", cpus)


@pytest.mark.parametrize("guest", PLAIN)
def test_on_a_plain_machine(lab, guest):
    """On QEMU's virt itself, at EL1, the same program finds the same."""
    machine = lab.start_raw(kernel=str(BUILD / "bare" / (guest + ".bin")), smp=PLAIN[guest],
                            machine="virt,gic-version=3,virtualization=off")
    assert machine.wait_end(60) == 0
    succeeded(machine, FIRMWARE, PLAIN[guest])


def test_every_guest_is_run():
    """A guest that no test starts proves nothing."""
    cases = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    sources = (ROOT / "guest-tests" / "bare").glob("test_*.c")
    names = {source.stem.removeprefix("test_") for source in sources}
    assert {*ALONE} <= names
    assert [name for name in names if not re.search(rf'"(bare/)?{name}(\.bin)?"', cases)] == []


@pytest.mark.parametrize("absent", ["zero", "abort"])
def test_isolation_beside_a_peer(lab, absent):
    """Two VMs with windows probe everything that is not theirs, the other's memory included."""
    window = {"boot_memory": BLOCK, "owned_memory": BLOCK, "absent": absent}
    vms = [lab.bare_vm(name, "isolation", cpus=2, **window) for name in ("alice", "bob")]
    machine = lab.boot(vms)
    ends_orderly(machine, 240)
    for vm in vms:
        succeeded(machine, vm.name, 2)


def test_boot_memory_of_every_size(lab):
    """The smallest there is, odd multiples of 2 MiB, and one that crosses 1 GiB."""
    sizes = {"tiny": 4, "odd": 38, "large": 1026}
    vms = [lab.bare_vm(name, "boot", boot_memory=mib * MIB) for name, mib in sizes.items()]
    machine = lab.boot(vms)
    ends_orderly(machine, 120)
    for vm in vms:
        succeeded(machine, vm.name, 1)


@pytest.mark.parametrize("mibs", [[1024], [1024, 1024], [1536]], ids=str)
def test_boot_memory_of_whole_gib(lab, mibs):
    """Large pages are nice to have; what scripts/run gives a machine is enough without them."""
    vms = [lab.bare_vm(f"vm{i}", "boot", boot_memory=mib * MIB) for i, mib in enumerate(mibs)]
    machine = lab.boot(vms)
    ends_orderly(machine, 120)
    for vm in vms:
        succeeded(machine, vm.name, 1)


@pytest.mark.parametrize("block, absent, cpus, kernel", [
    (BLOCK, "zero", 2, IMAGE),
    (BLOCK, "abort", 1, IMAGE),
    (2 * MIB, "zero", 1, DEBUG_IMAGE),
    (2 * MIB, "abort", 2, DEBUG_IMAGE),
    (1 << 30, "zero", 1, IMAGE),
])
def test_lend(lab, block, absent, cpus, kernel, cpu="cortex-a57"):
    """alice lends to bob and takes back, contents checked to the last byte on both sides."""
    window = (WINDOW, max(8 * block, BLOCK))
    common = {"cpus": cpus, "boot_memory": BLOCK, "window": window, "absent": absent}
    alice = lab.bare_vm("alice", "lend_a", owned_memory=3 * block, lend_to=["bob"],
                        extra="lendvisor,pool-slots = <1>;", **common)
    bob = lab.bare_vm("bob", "lend_b", **common)
    machine = lab.boot([alice, bob], block_size=block, kernel=kernel, cpu=cpu)
    ends_orderly(machine, 300)
    succeeded(machine, "alice", cpus)
    succeeded(machine, "bob", cpus)


@pytest.mark.parametrize("kernel", [IMAGE, REPEAT_TLBI_IMAGE], ids=["once", "repeated"])
@pytest.mark.parametrize("cpu", ["cortex-a57", "max"])
def test_lend_by_other_tlbis(lab, kernel, cpu):
    """max has FEAT_TLBIRANGE, cortex-a57 has not; and each TLBI twice, where the build says so."""
    test_lend(lab, 2 * MIB, "abort", 2, kernel, cpu)


def test_console(lab):
    """The guest writes what is hard to carry, and reads what is typed, by polling and by interrupt."""
    machine = lab.boot([lab.bare_vm("alice", "console")])
    for prompt in ("polled", "interrupt"):
        machine.expect("alice", rf"^{prompt}> $", 60, partial=True)
        machine.focus("alice", 0)
        machine.send(b"hello\n")
    ends_orderly(machine)
    succeeded(machine, "alice", 1)
    lines = whole_texts(machine, "alice")
    assert "# sent with the UART disabled" in lines
    assert "# tab\tand carriage return" in lines and "#" in lines
    assert [line for line in lines if re.match("# line", line)] == [
        f"# line {i} of 200" for i in range(200)]
    assert "# " + "0123456789" * 100 in "".join(texts(machine, "alice"))
