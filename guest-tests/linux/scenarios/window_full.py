# SPDX-License-Identifier: BSD-2-Clause
"""The borrower's window has no free slots in a row: the lender is told so, and has her blocks as before."""

from lv.scenario import NR_OWN, OWN, need


def scenario(s):
    alice, bob, carol = s.alice, s.bob, s.carol
    carol.lend(OWN[0], "bob", NR_OWN)
    alice.lend(OWN[0], "bob")
    alice.online(OWN[2])
    before = alice.slots()
    mark = alice.mark()
    said = alice.fails(f"lendctl lend {OWN[1]}+3 bob", r"no free slots in a row \(ENOSPC\)", 120)
    logged = [line for line in alice.dmesg_since(mark) if "not lent to bob" in line]
    need(len(logged) == 1 and "no free slots in a row" in logged[0], f"alice: the driver says: {logged}")
    alice.until(lambda: alice.slots() == before, lambda: f"slots as before, {before}: they are {alice.slots()}")
    s.checked(f"{s.cast(alice)} cannot lend three blocks to {s.cast(bob)}, who has room for two: {said}")
    s.checked("her blocks are as they were, the one in use in use again")
    alice.offline(OWN[2])
    alice.lend(OWN[1], "bob", 2)
    s.checked("two fit")
    alice.reclaim(OWN[0])
    alice.reclaim(OWN[1])
    carol.reclaim(OWN[0])
    for vm in (alice, carol):
        for slot in OWN:
            vm.wait_slot(slot, "standby")
            vm.wait_state(slot, "offline", 60)
    bob.until(lambda: not [slot for slot in bob.slots() if slot.state == "empty" and slot.linux != "absent"],
              "the blocks of what is gone to go")
