# SPDX-License-Identifier: BSD-2-Clause
"""An offer that bob refuses, and offers that alice takes back: before and after bob has read of them."""

from lv.lendvm import lendctl_waits
from lv.scenario import OWN, ROOM, need

SLOT = OWN[0]
ROUNDS = 3


def nothing_is_left(s, what):
    s.alice.wait_slot(SLOT, "standby")
    s.alice.wait_state(SLOT, "offline", 60)
    s.bob.wait_slot(ROOM[0], "empty")
    s.bob.wait_state(ROOM[0], "absent", 60)
    loans = s.monitor.loans()
    need(not loans, f"{what}: loans are left: {loans}")


def scenario(s):
    alice, bob = s.alice, s.bob

    alice.lend(SLOT, "bob")
    slot = bob.find_slot("offered")
    bob.wait_state(slot, "offline", 60)
    bob.refuse(slot)
    nothing_is_left(s, "refused")
    s.checked(f"{s.cast(bob)} refused: alice has her block, bob's slot is empty and his memory block gone")
    bob.fails(f"lendctl refuse {slot}", "ENXIO")
    s.checked("there is nothing to refuse then")

    alice.lend(SLOT, "bob")
    bob.wait_state(slot, "offline", 60)
    alice.reclaim(SLOT)
    nothing_is_left(s, "taken back")
    bob.fails(f"lendctl online {slot}", ".")
    s.checked(f"{s.cast(alice)} took an offer back that bob had not onlined: he cannot any more")

    for _ in range(ROUNDS):
        alice.run(f"lendctl lend {SLOT} bob && lendctl reclaim {SLOT} {lendctl_waits(60)}", 120)
    nothing_is_left(s, "taken back at once")
    s.checked("offers taken back before bob may have read of them left nothing, either")

    alice.lend(SLOT, "bob")
    bob.online(bob.find_slot("offered"))
    bob.fails(f"lendctl refuse {slot}", "ENXIO")
    alice.reclaim(SLOT)
    nothing_is_left(s, "used")
    s.checked("the same block could be lent and used after all that; what is in use cannot be refused")
