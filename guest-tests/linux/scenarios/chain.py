# SPDX-License-Identifier: BSD-2-Clause
"""A block goes from alice to bob, back, and on to carol: nobody finds anything of anybody in it."""

from lv.scenario import OWN

SLOT = OWN[2]
PATTERN = 0xc4a1
TAKES_MIB = 400


def borrows_and_uses(vm):
    """Takes what is offered, finds it zero, fills it, and says where it is."""
    slot = vm.find_slot("offered")
    vm.online(slot)
    vm.zero_check(slot)
    vm.fill(slot, PATTERN, TAKES_MIB)
    return slot


def scenario(s):
    s.alice.run("echo 1 >/sys/module/lendmem/parameters/verify_zero")
    for peer in (s.bob, s.carol):
        peer.run("echo 1 >/sys/module/lendmem/parameters/verify_zero")
        s.alice.lend(SLOT, peer.name)
        slot = borrows_and_uses(peer)
        s.checked(f"{peer.name} borrowed slot {slot}, found it all zero, filled and read it")
        s.alice.reclaim(SLOT)
        assert peer.slot_state(slot) == "empty"
        peer.wait_state(slot, "absent", 60)
        s.checked(f"it went back from {peer.name}, whose memory block is gone")
    s.alice.online(SLOT)
    s.alice.zero_check(SLOT)
    s.alice.offline(SLOT)
    s.checked("alice found it all zero")
    for vm in s.vms:
        vm.run("echo 0 >/sys/module/lendmem/parameters/verify_zero")
