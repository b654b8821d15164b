# SPDX-License-Identifier: BSD-2-Clause
"""The driver is unloaded and loaded again in mid-loan: the lender's, then the borrower's.

What can go back goes, what cannot is listed and stays as it was, and what was on offer still is.
"""

from lv.lendtest import LendTest, address_in, agree, interrupt, wait_log, words
from lv.lendvm import DEVICE
from lv.scenario import OWN, need

AWAY, ELSE = OWN[0], OWN[1]
FREE = OWN[2]
LOAD = "insmod /lib/lendmem.ko"
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"


def unload(vm):
    vm.run("lendctl unload", 120)
    vm.fails(f"ls -d {DEVICE}", "No such file")


def lender(s):
    alice, bob, carol = s.alice, s.bob, s.carol
    loan = alice.lend(AWAY, "bob")
    slot = bob.find_slot("offered")
    bob.online(slot)
    alice.online(ELSE)
    alice.fails("rmmod lendmem", "busy|in use|unavailable")
    s.checked("plain rmmod is refused while a block is online")
    unload(alice)
    s.checked("lendctl unload takes the block out of use and the driver away; the loan is not in its way")
    carol.lend(ELSE, "alice")
    bob.fill(slot, 0xb0b, 400)
    alice.run(LOAD)
    offered = alice.find_slot("offered")
    alice.wait_state(offered, "offline", 60)
    agree(alice)
    need(alice.slots()[AWAY].loan == loan, f"alice: the loan is {alice.slots()[AWAY].loan}, and was {loan}")
    s.checked("loaded again it finds the loan, and an offer that came while it was away")
    alice.refuse(offered)
    carol.wait_slot(ELSE, "standby")
    alice.reclaim(AWAY)
    agree(alice)
    s.checked("the loan can be recalled")


def cannot_go(s, test, slot):
    bob = s.bob
    page = test.pin("user", slot)
    bob.online(FREE)
    left = bob.slots()
    left[FREE] = left[FREE]._replace(state="standby", linux="offline")
    bob.fails("rmmod lendmem", "busy|in use|unavailable")
    bob.run(f"echo 1000 >{LIMIT}")
    mark = bob.mark()
    bob.fails("lendctl unload", "EBUSY|busy", 120)
    said = wait_log(bob, mark, rf"memory{bob.number(slot)}\b.*page 0x")
    need(address_in(said) == page, f"bob: {page:#x} is pinned, but he says: {said}")
    bob.until(lambda: bob.slots() == left, f"the slots to be {left} after an unload that cannot be")
    s.checked(f"an unload that cannot be lists what stays: {words(said)}; a block that could go is offline, not lost")

    bob.run(f"echo 0 >{LIMIT}")
    bob.online(FREE)
    interrupt(bob, slot, "lendctl unload")
    bob.until(lambda: bob.slots() == left, f"the slots to be {left} after an unload that was interrupted")
    bob.run(f"echo 30000 >{LIMIT}")
    s.checked("an unload that is interrupted leaves the same")
    test.unpin()


def borrower(s):
    alice, bob = s.alice, s.bob
    test = LendTest(bob)
    alice.lend(AWAY, "bob")
    slot = bob.find_slot("offered")
    bob.online(slot)
    alice.lend(ELSE, "bob")
    offered = bob.find_slot("offered")
    bob.wait_state(offered, "offline", 60)
    cannot_go(s, test, slot)
    unload(bob)
    alice.wait_slot(AWAY, "standby")
    need(alice.slot_state(ELSE) == "lent", "alice: the offer did not outlast the driver")
    s.checked("without the pin it goes: what was borrowed is back with its owner, what was on offer still is")
    bob.run(LOAD)
    agree(bob)
    need(bob.slot_state(offered) == "offered", "bob: the offer is gone")
    bob.online(offered)
    agree(bob)
    alice.reclaim(ELSE)
    bob.wait_state(offered, "absent", 60)
    s.checked("loaded again, bob takes up the offer, and gives it back")
    test.unload()


def scenario(s):
    lender(s)
    borrower(s)
    for vm in s.vms:
        agree(vm)
