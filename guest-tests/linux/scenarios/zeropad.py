# SPDX-License-Identifier: BSD-2-Clause
"""A read that runs past the last page of an online block finds zeros, or data, and does no harm.

The kernel's names are read eight bytes at a time (load_unaligned_zeropad), at a block's end from the next
block, too: of a slot that is standby, offered, lent or empty. lendtest does just that.
"""

from lv.lendtest import MARK, LendTest
from lv.lendvm import BLOCK, WINDOW
from lv.scenario import OWN, POOL, ROOM, need


def scenario(s):
    alice, bob = s.alice, s.bob
    test = LendTest(bob)

    def check(slot, neighbour):
        state = bob.slots()[slot + 1]
        need(state.state == neighbour, f"bob: slot {slot + 1} is {state.state}, not {neighbour}")
        found, wanted = test.reads_past(slot)
        need(found == wanted, f"bob: past slot {slot}: {[f'{value:#x}' for value in found]}")
        s.checked(f"past slot {slot} lies slot {slot + 1}, {neighbour} (block {state.linux}): it reads zero")

    bob.online(OWN[0])
    check(OWN[0], "standby")
    bob.lend(OWN[1], "alice")
    check(OWN[0], "lent")
    alice.refuse(alice.find_slot("offered"))
    bob.wait_slot(OWN[1], "standby")
    bob.offline(OWN[0])

    bob.online(OWN[-1])
    check(OWN[-1], "standby")
    bob.offline(OWN[-1])

    bob.online(POOL[-1])
    check(POOL[-1], "empty")
    alice.lend(OWN[0], "bob")
    bob.wait_slot(ROOM[0], "offered")
    bob.wait_state(ROOM[0], "offline", 60)
    check(POOL[-1], "offered")

    bob.online(ROOM[0])
    check(ROOM[0], "empty")
    test.pin_last_page(POOL[-1])
    end = WINDOW + ROOM[0] * BLOCK
    test.poke(end - 8, MARK)
    need(test.zeropad(end - 1) & 0xff == MARK >> 56, "bob: the last byte of the block is not there")
    test.unpin()
    s.checked("past it lies a borrowed block that is online: the read goes through")

    alice.reclaim(OWN[0])
    bob.offline(POOL[-1])
    test.unload()
