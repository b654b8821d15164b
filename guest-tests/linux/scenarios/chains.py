# SPDX-License-Identifier: BSD-2-Clause
"""A block goes from alice to bob, back, and on to carol: nobody finds anything of anybody in it."""

from lv.scenario import OWN, need

SLOT = OWN[2]
PATTERN = 0xc4a1
TAKES_MIB = 200


def scenario(s):
    for vm in s.vms:
        vm.verify_zero(True)
    for peer in (s.bob, s.carol):
        s.alice.lend(SLOT, peer.name)
        slot = peer.find_slot("offered")
        peer.online(slot)
        peer.zero_check(slot)
        pages = peer.fill(slot, PATTERN, TAKES_MIB)
        s.checked(f"{s.cast(peer)} found the block all zero, and filled and read {pages} pages of it")

        s.alice.reclaim(SLOT)
        state = peer.slot_state(slot)
        need(state == "empty", f"{peer.name}: slot {slot} is {state}, not empty, after it went back")
        peer.wait_state(slot, "absent", 60)
        s.checked(f"it went back to {s.cast(s.alice)}, and {peer.name}'s memory block is gone")
    s.alice.online(SLOT)
    s.alice.zero_check(SLOT)
    s.alice.offline(SLOT)
    s.checked("alice found it all zero, too")
    for vm in s.vms:
        vm.verify_zero(False)
