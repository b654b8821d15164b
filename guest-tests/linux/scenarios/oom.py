# SPDX-License-Identifier: BSD-2-Clause
"""A borrower runs out of memory with memory on offer: a process dies, the loan does not, and then helps."""

from lv.lendtest import agree, fill_anywhere
from lv.scenario import OWN, need

SLOT = OWN[0]
TOO_MUCH_MIB = 48  # beyond what there is, and well below a block
OVERCOMMIT = "/proc/sys/vm/overcommit_memory"


def scenario(s):
    alice, bob = s.alice, s.bob
    alice.lend(SLOT, "bob")
    slot = bob.find_slot("offered")
    bob.wait_state(slot, "offline", 60)
    offer = bob.slots()[slot]

    bob.run(f"echo 1 >{OVERCOMMIT}")
    size = bob.guest.meminfo_kib("MemAvailable") // 1024 + TOO_MUCH_MIB
    mark = bob.mark()
    # In a shell of its own, which says what became of it.
    bob.run(f"sh -c '{fill_anywhere(size)}; [ $? = 137 ]'", 300)
    killed = [line for line in bob.dmesg_since(mark) if "Out of memory: Killed process" in line]
    need(len(killed) == 1 and "(memfill)" in killed[0], f"bob: killed by the kernel: {killed}")
    s.checked(f"a process that wants {size} MiB, {TOO_MUCH_MIB} too many, is killed, and it alone")

    need(bob.slots()[slot] == offer, f"bob: the offer is {bob.slots()[slot]}, and was {offer}")
    bob.online(slot)
    agree(bob)
    s.checked("the offer is as it was, and can be onlined")
    bob.run(fill_anywhere(size), 300)
    bob.run(f"echo 0 >{OVERCOMMIT}")
    s.checked(f"with it the process gets its {size} MiB, and finds there what it wrote")
    alice.reclaim(SLOT)
    bob.wait_state(slot, "absent", 60)
