# SPDX-License-Identifier: BSD-2-Clause
"""Of two blocks that have to go the emptier one goes first: of a recalled loan, and when a target shrinks.

A recall with a deadline is no other, and what a page keeps is tried again the more often the nearer that is.
"""

import re

from lv.lendtest import LendTest
from lv.lendvm import PATIENCE
from lv.scenario import NR_POOL, OWN, POOL, ROOM, need

TRACE = "/sys/kernel/debug/tracing"
EVENTS = ("lendmem_remove", "lendmem_retry")
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"
FULL_MIB = 64
DEADLINE_MS = 20000
RETRY_MS = 1000  # the least that the driver waits


def fill_first(bob, full, empty):
    """User memory goes to movable zones first: to `full`, while that is the only block in one."""
    bob.online(full)
    bob.run(f"dd if=/dev/zero of=/tmp/full bs=1M count={FULL_MIB}", PATIENCE)
    bob.online(empty)
    watch(bob, True)


def watch(bob, on):
    clear = f"echo >{TRACE}/trace; " if on else ""
    bob.run(clear + "; ".join(f"echo {int(on)} >{TRACE}/events/lendmem/{event}/enable" for event in EVENTS))


def trace(bob):
    return "\n".join(bob.run(f"cat {TRACE}/trace"))


def went(bob):
    """Slots in the order in which they were taken out of use, or it was tried, by the driver's tracepoint."""
    watch(bob, False)
    bob.run("rm /tmp/full")
    slots = [int(slot) for slot in re.findall(r"lendmem_remove: slot (\d+) ", trace(bob))]
    return list(dict.fromkeys(slots))


def borrow_two(s):
    s.alice.lend(OWN[0], "bob", 2)
    s.bob.wait_slot(ROOM[1], "offered")
    for slot in ROOM[:2]:
        s.bob.wait_state(slot, "offline", 60)


def all_back(s, full, empty):
    alice, bob = s.alice, s.bob
    alice.wait_slot(OWN[1], "standby")
    for slot in ROOM[:2]:
        bob.wait_state(slot, "absent", 60)
    for slot in OWN[:2]:
        alice.wait_state(slot, "offline", 60)
    order = went(bob)
    need(order == [empty, full], f"bob: slot {full} was full, slot {empty} not, and they went as {order}")


def recalled(s, full, empty):
    borrow_two(s)
    fill_first(s.bob, full, empty)
    s.alice.reclaim(OWN[0])
    all_back(s, full, empty)


def retries(bob, slot):
    """(pause, time until the deadline) in ms, of each attempt that failed before the deadline."""
    found = re.findall(rf"lendmem_retry: slot {slot} in (\d+) ms, deadline in (\d+) ns", trace(bob))
    return [(int(pause), int(left) // 10**6) for pause, left in found if int(left)]


def recalled_with_deadline(s, full, empty):
    """A page pinned in the one that is tried first: an attempt that may take longer than there is time takes only its
    share of that, and the other one goes in time."""
    alice, bob = s.alice, s.bob
    limit = bob.run(f"cat {LIMIT}")[-1]
    bob.run(f"echo {2 * DEADLINE_MS} >{LIMIT}")
    test = LendTest(bob)
    borrow_two(s)
    fill_first(bob, full, empty)
    test.pin("user", empty)
    alice.run(f"lendctl reclaim {OWN[0]} --deadline {DEADLINE_MS}")
    bob.wait_state(full, "absent", 60)
    need("expired" not in bob.slots()[empty].flags, f"bob: slot {full} went after the deadline only")
    bob.run(f"echo {RETRY_MS} >{LIMIT}")
    bob.until(lambda: "deadline in 0 ns" in trace(bob) or len(retries(bob, empty)) > 2, "attempts to fail")
    tried = retries(bob, empty)
    test.unpin()
    all_back(s, full, empty)
    need(tried, "bob: no attempt failed before the deadline")
    for pause, left in tried:
        need(pause <= max(RETRY_MS, left // 4), f"bob: {left} ms before the deadline he pauses for {pause} ms")
    bob.run(f"echo {limit} >{LIMIT}")
    test.unload()
    s.checked(f"a page pinned in one of two recalled blocks: the other goes before the deadline all the same; tried "
              f"again, (pause, ms left): {tried}")


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
    recalled(s, ROOM[0], ROOM[1])
    recalled_with_deadline(s, ROOM[1], ROOM[0])
    s.checked(f"{s.cast(s.bob)} gives the emptier of two recalled blocks back first, be it the lower or the upper")
    for full, empty in ((POOL[0], POOL[1]), (POOL[1], POOL[0])):
        shrunk(s, full, empty)
    s.checked("with a target of one block the emptier of two goes, and the other stays")
