# SPDX-License-Identifier: BSD-2-Clause
"""Of two blocks that have to go the emptier one goes first: of a recalled loan, and when a target shrinks."""

import re

from lv.lendvm import PATIENCE
from lv.scenario import NR_POOL, OWN, POOL, ROOM, need

TRACE = "/sys/kernel/debug/tracing"
FULL_MIB = 64


def fill_first(bob, full, empty):
    """User memory goes to movable zones first: to `full`, while that is the only block in one."""
    bob.online(full)
    bob.run(f"dd if=/dev/zero of=/tmp/full bs=1M count={FULL_MIB}", PATIENCE)
    bob.online(empty)
    bob.run(f"echo >{TRACE}/trace; echo 1 >{TRACE}/events/lendmem/lendmem_remove/enable")


def went(bob):
    """Slots in the order in which they were taken out of use, by the driver's tracepoint."""
    bob.run(f"echo 0 >{TRACE}/events/lendmem/lendmem_remove/enable")
    said = "\n".join(bob.run(f"cat {TRACE}/trace"))
    bob.run("rm /tmp/full")
    slots = [int(slot) for slot in re.findall(r"lendmem_remove: slot (\d+) ", said)]
    return list(dict.fromkeys(slots))


def recalled(s, full, empty):
    alice, bob = s.alice, s.bob
    alice.lend(OWN[0], "bob", 2)
    bob.wait_slot(ROOM[1], "offered")
    for slot in ROOM[:2]:
        bob.wait_state(slot, "offline", 60)
    fill_first(bob, full, empty)
    alice.reclaim(OWN[0])
    alice.wait_slot(OWN[1], "standby")
    for slot in ROOM[:2]:
        bob.wait_state(slot, "absent", 60)
    for slot in OWN[:2]:
        alice.wait_state(slot, "offline", 60)
    order = went(bob)
    need(order == [empty, full], f"bob: slot {full} was full, slot {empty} not, and they went as {order}")


def shrunk(s, full, empty):
    bob = s.bob
    fill_first(bob, full, empty)
    s.monitor.target("bob", 1)
    bob.wait_slot(empty, "standby")
    bob.wait_state(empty, "offline", 60)
    need(bob.slot_state(full) == "held", f"bob: slot {full}, which was full, is {bob.slot_state(full)}")
    order = went(bob)
    need(order == [empty], f"bob: slot {full} was full, slot {empty} not, and {order} went")
    s.monitor.target("bob", NR_POOL)
    bob.offline(full)


def scenario(s):
    for full, empty in ((ROOM[0], ROOM[1]), (ROOM[1], ROOM[0])):
        recalled(s, full, empty)
    s.checked(f"{s.cast(s.bob)} gives the emptier of two recalled blocks back first, be it the lower or the upper")
    for full, empty in ((POOL[0], POOL[1]), (POOL[1], POOL[0])):
        shrunk(s, full, empty)
    s.checked("with a target of one block the emptier of two goes, and the other stays")
