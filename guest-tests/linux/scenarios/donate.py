# SPDX-License-Identifier: BSD-2-Clause
"""A donated block is the receiver's own, and can be donated back; one lent with --keep arrives with its data."""

from lv.lendtest import FILE, LendTest, agree, pattern
from lv.lendvm import BLOCK, WINDOW
from lv.scenario import OWN, ROOM, need

GIVEN, KEPT = OWN[0], OWN[1]
SEED = 0xd0
# Where the data are looked for: once in each of some pieces of 2 MiB, most of which were written to.
STEP = 8 << 20
OFFSETS = range(4096, BLOCK, STEP)


def donated(s, giver, slot, receiver):
    """Returns the slot that the receiver has it in."""
    giver.donate(slot, receiver.name)
    there = receiver.find_slot("offered")
    receiver.online(there)
    found = receiver.slots()[there]
    need(found.state == "held" and "own" in found.flags.split() and found.linux == "online",
         f"{receiver.name}: what was donated is {found}")
    giver.wait_slot(slot, "empty")
    giver.wait_state(slot, "absent", 60)
    need(not s.monitor.loans(), f"there is a loan: {s.monitor.loans()}")
    receiver.offline(there)
    receiver.wait_slot(there, "standby")
    agree(giver)
    agree(receiver)
    return there


def own(s):
    alice, bob = s.alice, s.bob
    there = donated(s, alice, GIVEN, bob)
    need(there == ROOM[0], f"bob: it came in slot {there}, which is not the lowest that was empty")
    s.checked(f"{s.cast(alice)} donates a block: {s.cast(bob)} has it as an own one, and alice an empty slot")
    bob.lend(there, "alice")
    alice.refuse(alice.find_slot("offered"))
    bob.wait_slot(there, "standby")
    s.checked("bob can lend it, which only an owner can")
    back = donated(s, bob, there, alice)
    need(back == GIVEN, f"alice: it came back in slot {back}, not {GIVEN}")
    s.checked("he donates it back, and all is as it was")


def arrived(bob, slot):
    """How many of the places have what alice wrote there, at her addresses."""
    here, hers = (WINDOW + nr * BLOCK for nr in (slot, KEPT))
    places = " ".join(f"{here + at:#x}" for at in OFFSETS)
    values = [int(line, 16) for line in
              bob.run(f"for at in {places}; do echo peek $at >{FILE} && cat {FILE}; done", 60) if line.strip()]
    need(len(values) == len(OFFSETS), f"bob: {len(OFFSETS)} places have {values}")
    return sum(value == pattern(SEED, hers + at) for at, value in zip(OFFSETS, values)), values


def with_data(s, *flags):
    """Writes to the block in use, lends it, and returns how much bob finds, without Linux using it."""
    alice, bob = s.alice, s.bob
    tests = [LendTest(vm) for vm in (alice, bob)]
    alice.online(KEPT)
    pieces = tests[0].stamp(KEPT, SEED)
    need(pieces * 4 > BLOCK >> 21, f"alice: only {pieces} pieces of the block could be had")
    alice.lend(KEPT, "bob", 1, *flags)
    slot = bob.find_slot("offered")
    bob.wait_state(slot, "offline", 60)
    for vm, nr in ((alice, KEPT), (bob, slot)):
        found = vm.slots()[nr].flags.split()
        need(set(flags) == {"keep", "adoptable"} & set(found), f"{vm.name}: lent with {flags}, flags are {found}")
    tests[1].retrieve(slot)
    nr, values = arrived(bob, slot)
    bob.online(slot)
    agree(bob)
    alice.reclaim(KEPT)
    bob.wait_state(slot, "absent", 60)
    alice.online(KEPT)
    alice.zero_check(KEPT)
    alice.offline(KEPT)
    for test in tests:
        test.unload()
    return nr, values


def scenario(s):
    own(s)
    s.alice.verify_zero(True)
    nr, _ = with_data(s, "keep", "adoptable")
    need(nr * 4 >= len(OFFSETS), f"bob: {nr} of {len(OFFSETS)} places have what alice wrote")
    s.checked(f"lent with --keep --adoptable, both flags show; of {len(OFFSETS)} places {nr} have what alice wrote")
    nr, values = with_data(s)
    need(not any(values), f"bob: he finds in a block that was lent without --keep: {values}")
    s.checked("lent without, it is zero; given back without, too")
    s.alice.verify_zero(False)
