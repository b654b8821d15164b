# SPDX-License-Identifier: BSD-2-Clause
"""All that alice owns is lent, in one loan, and comes back: she lives on what she booted with meanwhile."""

from lv.lendvm import BLOCK_KIB
from lv.scenario import NR_OWN, OWN, need

# What the kernel may keep of a block for itself before it counts it in MemTotal.
KEPT_KIB = 4 * 1024


def grew_by(vm, before, blocks):
    now = vm.guest.meminfo_kib()
    need(abs(now - before - blocks * BLOCK_KIB) <= NR_OWN * KEPT_KIB,
         f"{vm.name}: MemTotal went from {before} to {now} KiB, which is not {blocks} blocks of {BLOCK_KIB}")


def scenario(s):
    alice, bob = s.alice, s.bob
    before = {vm.name: vm.guest.meminfo_kib() for vm in (alice, bob)}
    alice.memcheck_start()
    for slot in OWN:
        alice.online(slot)
    alice.memcheck_moves_in()
    grew_by(alice, before["alice"], NR_OWN)

    loan = alice.lend(0, "bob", NR_OWN)
    grew_by(alice, before["alice"], 0)
    first = bob.find_slot("offered")
    theirs = range(first, first + NR_OWN)
    for slot in theirs:
        bob.online(slot)
    grew_by(bob, before["bob"], NR_OWN)
    blocks = s.monitor.block_counts()
    need(blocks.get(("BORROWED", "alice", "bob")) == NR_OWN, f"the hypervisor's blocks are {blocks}")
    s.checked(f"{s.cast(alice)} lent all her {NR_OWN} blocks in one loan to {s.cast(bob)}; both MemTotals follow")

    bob.memcheck_start()
    bob.memcheck_moves_in()
    alice.reclaim(loan)
    grew_by(bob, before["bob"], 0)
    for slot in theirs:
        need(bob.slot_state(slot) == "empty", f"bob: slot {slot} is {bob.slot_state(slot)}, not empty")
    for slot in OWN:
        alice.online(slot)
    grew_by(alice, before["alice"], NR_OWN)
    s.checked("all of it came back by one reclaim, and is in use at alice")

    for slot in OWN:
        alice.offline(slot)
    for vm in (alice, bob):
        s.checked(f"{vm.name}'s memory held what was written to it: {vm.memcheck_stop()}")
