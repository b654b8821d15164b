# SPDX-License-Identifier: BSD-2-Clause
"""How long things take, in instructions: under -icount shift=0 one is one nanosecond of the guest's time.

The counter has 62.5 MHz, so a figure is good to 16 instructions. Nothing here depends on the host's speed.
"""

import re

import pytest
from conftest import ends_orderly, texts, whole_texts
from lv import BUILD, tap
from lv.console import HYPERVISOR

MIB = 1 << 20
GIB = 1 << 30
WINDOW = 4 * GIB
BLOCK = 128 * MIB
CALL_MAX = 256

RELEASE = BUILD / "lendvisor.img"
MEASURE = BUILD / "measure" / "lendvisor.img"

# The bounds of the design, in instructions.
MASKED = 50_000
NULL_CALL = 200
LEND_AND_RETRIEVE = 5_000


def figures(machine, name):
    """What a guest measured, by name, in ns; it has to have come to its end."""
    lines = whole_texts(machine, name)
    report = tap.parse(lines[max(i for i, line in enumerate(lines) if line.startswith("1..")):])
    assert report.complaint() == ""
    found = [re.match(r"# figure (\S+) (\d+)$", line) for line in lines]
    return {match[1]: int(match[2]) for match in found if match}


def boot_pair(lab, block, kernel, cpu="cortex-a57"):
    """A lender and a borrower, to go through all calls at their largest: up to 256 blocks in one."""
    assert kernel.is_file(), f"{kernel} is not built"
    nr_own = CALL_MAX if block == 2 * MIB else 1
    # 2 MiB: a run of slots longer than SLOT_INFO looks ahead.
    window = (WINDOW, max(1536 * 2 * MIB, 2 * block))
    alice = lab.bare_vm("alice", "masked", boot_memory=BLOCK, owned_memory=nr_own * block,
                        window=window, lend_to=["bob"], cpus=8, extra="lendvisor,manager;")
    bob = lab.bare_vm("bob", "masked", boot_memory=BLOCK, window=window)
    machine = lab.boot([alice, bob], block_size=block, kernel=str(kernel), icount=True, cpu=cpu)
    ends_orderly(machine, 300)
    return machine


@pytest.mark.parametrize("block", [2 * MIB, BLOCK, 512 * MIB, GIB], ids=lambda b: f"{b // MIB}M")
def test_masked_stretch(lab, block):
    """Whatever a guest calls, no interrupt waits for longer than that."""
    machine = boot_pair(lab, block, MEASURE)
    rows = [re.match(r"masked: CPU (\d+): (.*): (\d+) ns$", line)
            for line in texts(machine, HYPERVISOR)]
    longest = {(row[1], row[2]): int(row[3]) for row in rows if row}
    print(longest)
    # SYSTEM_RESET, CPU_ON, interrupts, and all that lend.
    assert {cause for _, cause in longest} >= {"call 0x84000009", "call 0x84000003", "class 0x40"} | {
        f"call {0x86000100 + call:#x}" for call in range(14)}
    assert {cause: ns for cause, ns in longest.items() if ns >= MASKED} == {}


@pytest.mark.parametrize("cpu", ["cortex-a57", "max"])
@pytest.mark.parametrize("block", [2 * MIB, BLOCK, 512 * MIB, GIB], ids=lambda b: f"{b // MIB}M")
def test_cost(lab, block, cpu):
    """A call that does nothing, and a block that goes over clean, with the peer asleep."""
    machine = boot_pair(lab, block, RELEASE, cpu)
    found = figures(machine, "alice") | figures(machine, "bob")
    print(found)
    assert found["null-64"] / 64 - 4 < NULL_CALL  # four are the guest's
    assert found["lend"] + found["retrieve"] < LEND_AND_RETRIEVE


def test_no_tick_is_lost(lab):
    """A timer of 1 kHz, while 1 GiB is retrieved, relinquished and revoked by itself, beside it, and by its peer."""
    common = {"boot_memory": BLOCK, "window": (WINDOW, GIB)}
    alice = lab.bare_vm("alice", "tick", cpus=2, owned_memory=GIB, lend_to=["bob"], **common)
    bob = lab.bare_vm("bob", "tick", **common)
    machine = lab.boot([bob, alice], block_size=GIB, icount=True)
    ends_orderly(machine, 180)
    for name in ("alice", "bob"):
        lines = whole_texts(machine, name)
        assert tap.parse(lines).complaint() == ""
        print([line for line in lines if "ticks" in line])
