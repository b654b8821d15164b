# SPDX-License-Identifier: BSD-2-Clause
"""alice and bob lend to each other at the same time, and take back at the same time."""

from lv.lendvm import lendctl_waits
from lv.scenario import OWN, need

ROUNDS = 2
FIRST, NR = OWN[1], 2
ONLINES_ONE = f"lendctl online $(lendctl wait any offered {lendctl_waits()}) {lendctl_waits()}"
ONLINES = f"(for n in $(seq {NR}); do {ONLINES_ONE} || exit 1; done)"


def scenario(s):
    pair = (s.alice, s.bob)
    for vm in pair:
        vm.memcheck_start()
    for _ in range(ROUNDS):
        s.together((s.alice, f"lendctl lend {FIRST}+{NR} bob"), (s.bob, f"lendctl lend {FIRST}+{NR} alice"))
        s.together(*((vm, ONLINES) for vm in pair))
        blocks = s.monitor.block_counts()
        for owner, holder in (("alice", "bob"), ("bob", "alice")):
            need(blocks.get(("BORROWED", owner, holder)) == NR,
                 f"{holder} should borrow {NR} blocks of {owner}'s; the hypervisor's blocks are {blocks}")
        for vm in pair:
            vm.memcheck_moves_in()
        s.together(*((vm, f"lendctl reclaim {FIRST} {lendctl_waits()}") for vm in pair))
        blocks = s.monitor.block_counts()
        need(not any(state in ("BORROWED", "OFFERED") for state, *_ in blocks), f"left out: {blocks}")
    s.checked(f"{s.cast(*pair)} had {NR} blocks of each other's in use at once, pages of memcheck's in them, and each "
              f"got its own back, {ROUNDS} times")
    for vm in pair:
        s.checked(f"{vm.name}'s memory held what was written to it: {vm.memcheck_stop()}")
