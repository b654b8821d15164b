# SPDX-License-Identifier: BSD-2-Clause
"""Dynamic mode: a recalled block with a pinned page, a drain and unload, a read past a block's end."""

from lv.lendtest import LendTest, address_in, wait_log, words
from lv.lendvm import DEVICE
from lv.scenario import OWN, need

MODE = "dynamic"
LENT, MINE = OWN[0], OWN[1]
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"


def use(vm, slot):
    vm.config(slot, True)
    vm.wait_state(slot, "online", 60)


def borrow(s):
    s.alice.lend(LENT, "bob")
    slot = s.bob.find_slot("offered")
    need(s.bob.state(slot) == "absent", f"bob: slot {slot} is on offer, and has a block")
    use(s.bob, slot)
    return slot


def pinned(s, test):
    bob = s.bob
    slot = borrow(s)
    page = test.pin("user", slot)
    mark = bob.mark()
    s.alice.run(f"lendctl reclaim {LENT}")
    said = wait_log(bob, mark, rf"memory{bob.number(slot)} stays online")
    need(address_in(said) == page and "pinned" in said, f"bob: {page:#x} is pinned, but he says: {said}")
    bob.wait_state(slot, "online", 60)
    need(bob.slot_state(slot) == "borrowed", f"bob: slot {slot} is {bob.slot_state(slot)}")
    test.unpin()
    s.alice.wait_slot(LENT, "standby")
    bob.wait_state(slot, "absent", 60)
    s.checked(f"{s.cast(bob)}: recalled, it stays and says why, and goes when it can: {words(said)}")


def past_the_end(s, test):
    bob = s.bob
    use(bob, MINE)
    need(bob.state(MINE + 1) == "absent", "bob: the next slot has a block")
    found, wanted = test.reads_past(MINE)
    need(found == wanted, f"bob: past slot {MINE}: {[f'{value:#x}' for value in found]}")
    s.checked("past the end of a block lies no linear mapping: it reads zero")


def drained(s, test):
    alice, bob = s.alice, s.bob
    slot = borrow(s)
    page = test.pin("user", slot)
    mark = bob.mark()
    bob.fails(f"sh -c 'echo 1 >$(echo {DEVICE})/drain'", "busy", 120)
    said = wait_log(bob, mark, rf"memory{bob.number(slot)} stays online")
    need(address_in(said) == page, f"bob: {page:#x} is pinned, but he says: {said}")
    bob.wait_state(slot, "online", 60)
    bob.wait_state(MINE, "online", 60)
    found = [bob.slot_state(nr) for nr in (slot, MINE)]
    need(found == ["borrowed", "held"], f"bob: slots {slot} and {MINE} are {found} after the drain")
    s.checked("a drain that fails says what cannot go: that stays in use, and his own block is again")
    test.unpin()
    bob.run("lendctl unload", 120)
    alice.wait_slot(LENT, "standby")
    for nr in (slot, MINE):
        bob.wait_state(nr, "absent", 60)
    bob.run("insmod /lib/lendmem.ko")
    for nr, state in ((slot, "empty"), (MINE, "standby")):
        need(bob.slot_state(nr) == state, f"bob: slot {nr} is {bob.slot_state(nr)}, not {state}")
    s.checked("unpinned, an unload gives back what was borrowed and what was his own")


def scenario(s):
    limit = s.bob.run(f"cat {LIMIT}")[-1]
    s.bob.run(f"echo 1000 >{LIMIT}")
    test = LendTest(s.bob)
    pinned(s, test)
    past_the_end(s, test)
    drained(s, test)
    s.bob.run(f"echo {limit} >{LIMIT}")
    test.unload()
