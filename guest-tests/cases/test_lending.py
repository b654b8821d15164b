# SPDX-License-Identifier: BSD-2-Clause
"""Lending between bare guests, call by call: each side checks what it is told and what it finds."""

import re

import pytest
from conftest import ends_orderly, whole_texts
from lv import tap

MIB = 1 << 20
BLOCK = 128 * MIB


def window_of(block, slots=8):
    return (1 << 32, max(slots * block, BLOCK))


def run(lab, vms, block, timeout=240, **options):
    """All VMs of them end well, every test of theirs passed and none skipped."""
    options.setdefault("memory", "2G")
    machine = lab.boot(vms, block_size=block, **options)
    ends_orderly(machine, timeout)
    for vm in vms:
        report = tap.parse(whole_texts(machine, vm.name))
        assert report.complaint() == "", vm.name
        assert report.skipped == []
    return machine


@pytest.mark.parametrize("block, absent, cpu", [
    (2 * MIB, "zero", "cortex-a57"),
    (2 * MIB, "abort", "max"),
    (BLOCK, "zero", "max"),
    (BLOCK, "abort", "cortex-a57"),
])
def test_revoke(lab, block, absent, cpu):
    """bob's three CPUs use the blocks that alice takes from him by force."""
    common = {"boot_memory": BLOCK, "window": window_of(block), "absent": absent}
    alice = lab.bare_vm("alice", "revoke_a", owned_memory=4 * block, lend_to=["bob"], **common)
    bob = lab.bare_vm("bob", "revoke_b", cpus=3, owned_memory=block, lend_to=["alice"], **common)
    run(lab, [alice, bob], block, cpu=cpu)


@pytest.mark.parametrize("cpu", ["cortex-a57", "max"])
def test_zero_table(lab, cpu):
    """Two CPUs read, write and fetch where the third one's block comes and goes."""
    block = 2 * MIB
    vm = lab.bare_vm("alice", "zero", cpus=3, boot_memory=BLOCK, window=window_of(block, 64),
                     owned_memory=3 * block)
    run(lab, [vm], block, cpu=cpu)


@pytest.mark.parametrize("block, absent, icount", [
    (2 * MIB, "zero", True),
    (2 * MIB, "abort", False),
    (BLOCK, "zero", False),
])
def test_terms(lab, block, absent, icount):
    """Every kind of loan and of its end; contents read with the MMU off, too; deadlines in time."""
    min_recall = 20 if icount else 1000  # ms: longer than a busy host stalls
    common = {"boot_memory": BLOCK, "window": window_of(block, 16), "absent": absent}
    alice = lab.bare_vm("alice", "terms_a", owned_memory=6 * block, lend_to=["bob"],
                        bootargs=f"icount={int(icount)} min_recall={min_recall}", **common)
    bob = lab.bare_vm("bob", "terms_b", owned_memory=block, lend_to=["alice"],
                      extra=f"lendvisor,min-recall = /bits/ 64 <{min_recall * 1000000}>;", **common)
    run(lab, [alice, bob], block, icount=icount)


def test_pool(lab):
    """Two VMs with promises beyond the pool: no memory, quota, the event that there is some, targets."""
    block = 2 * MIB
    common = {"boot_memory": BLOCK, "owned_memory": block, "window": window_of(block, 320)}
    slots = "lendvisor,pool-slots = <256>;"
    alice = lab.bare_vm("alice", "pool_a", lend_to=["bob"], extra=slots + " lendvisor,manager;",
                        **common)
    bob = lab.bare_vm("bob", "pool_b", lend_to=["alice"], extra=slots + " lendvisor,quota = <4>;",
                      **common)
    run(lab, [alice, bob], block, memory="640M")


@pytest.mark.parametrize("cpu", ["cortex-a57", "max"])
def test_abandoned_scrub(lab, cpu):
    """
    A call that scrubs 64 MiB and is never repeated is finished without anybody calling. Under icount, a
    timer comes before the scrub ends however slow the host is.
    """
    block = 64 * MIB
    common = {"boot_memory": BLOCK, "window": window_of(block)}
    alice = lab.bare_vm("alice", "abandon_a", owned_memory=block, lend_to=["bob"], **common)
    bob = lab.bare_vm("bob", "abandon_b", cpus=2, owned_memory=2 * block, lend_to=["alice"],
                      **common)
    run(lab, [alice, bob], block, cpu=cpu, icount=True)


def test_calls_on_different_blocks_run_beside_each_other(lab):
    """
    Two VMs scrub 128 MiB each at the same time. Under icount both CPUs share one time: calls that
    run beside each other end almost together; one that waits for the other ends half of the shorter one's
    time later, or more.
    """
    common = {"boot_memory": BLOCK, "owned_memory": 2 * BLOCK, "window": window_of(BLOCK)}
    vms = [lab.bare_vm("alice", "beside", lend_to=["bob"], **common),
           lab.bare_vm("bob", "beside", lend_to=["alice"], **common)]
    machine = run(lab, vms, BLOCK, icount=True)
    spans = [re.match(r"# span (\d+) (\d+)$", line)
             for vm in vms for line in whole_texts(machine, vm.name)]
    (a_begin, a_end), (b_begin, b_end) = [tuple(map(int, span.groups())) for span in spans if span]
    shorter = min(a_end - a_begin, b_end - b_begin)
    assert min(a_end, b_end) - max(a_begin, b_begin) > shorter * 3 // 4
    assert abs(a_end - b_end) < shorter // 3
