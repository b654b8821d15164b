# SPDX-License-Identifier: BSD-2-Clause
"""Recall of a block that cannot go: a page in it is pinned. To the deadline, and beyond it by force.

bob says which page keeps the block, goes on trying and using it; what is not in use is taken from him
without harm; what is ends his kernel, and nobody else's. He is reset, as his node says, and comes back clean.
"""

from lv import Failure
from lv.console import HYPERVISOR
from lv.lendtest import LendTest, address_in, agree, wait_log, words
from lv.lendvm import BLOCK, WINDOW
from lv.scenario import BOOT_TIMEOUT, MIB, NAMES, linux_vm, need

OWN_MACHINE = True

OWN = 3
PINNED, IDLE, KEPT = range(OWN)  # of alice's blocks: pinned by bob, borrowed and not in use, lent to carol
RECALL_MS = 1000
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"


def vms(kernels):
    """alice lends; bob's node says what becomes of him; carol is the third that is not concerned."""
    window = (WINDOW, 8 * BLOCK)
    bootargs = "lendmem.verify_zero=1"
    rows = [{"owned_memory": OWN * BLOCK, "lend_to": ["bob", "carol"]},
            {"extra": 'lendvisor,on-revoked = "crash"; lendvisor,on-crash = "reset";'}, {}]
    return [linux_vm(name, kernel, bootargs, window=window, boot_memory=256 * MIB, **row)
            for name, kernel, row in zip(NAMES, kernels, rows)]


def borrow(s, own_slot, *flags):
    """The slot in which bob has it on offer."""
    s.alice.lend(own_slot, "bob", 1, *flags)
    return s.bob.find_slot("offered")


def wait_expired(vm, slot):
    vm.until(lambda: "expired" in vm.slots()[slot].flags, f"slot {slot} to be expired")


def can_fill(vm, slot):
    """Not in the middle of an attempt to empty it, and they become rare."""
    try:
        return vm.fill(slot, 0xb0b, 256)
    except Failure:
        return False


def goes_back_when_unpinned(s, test):
    slot = borrow(s, PINNED)
    s.bob.online(slot)
    page = test.pin("user", slot)
    mark = s.bob.mark()
    s.alice.run(f"lendctl reclaim {PINNED} --deadline 600000")
    said = wait_log(s.bob, mark, rf"memory{s.bob.number(slot)} stays online")
    need(address_in(said) == page, f"bob: {page:#x} is pinned, but he says: {said}")
    need("pinned" in said, f"bob: the page is pinned, but he says: {said}")
    s.checked(f"recalled, he says which page keeps it: {words(said)}")
    s.bob.wait_state(slot, "online", 60)
    s.bob.until(lambda: can_fill(s.bob, slot), "the block to be usable between attempts")
    s.checked("between the attempts the block is online, and most of it can be filled and read")
    test.unpin()
    s.alice.wait_slot(PINNED, "standby")
    s.bob.wait_state(slot, "absent", 60)
    agree(s.bob)
    s.checked("unpinned before the deadline, it goes back by itself")


def revoked_while_idle(s, test):
    """bob's driver is busy with a pinned block while another, borrowed but in no use, is revoked."""
    pinned = borrow(s, PINNED)
    s.bob.online(pinned)
    test.pin("user", pinned)
    idle = borrow(s, IDLE, "revocable")
    s.bob.wait_state(idle, "offline", 60)
    limit = s.bob.run(f"cat {LIMIT}")[-1]
    s.bob.run(f"echo 0 >{LIMIT}")
    s.alice.run(f"lendctl reclaim {PINNED} --deadline 1")
    s.bob.wait_state(pinned, "going-offline", 60)
    test.retrieve(idle)
    s.alice.run(f"lendctl reclaim {IDLE} --deadline 1")
    wait_expired(s.alice, IDLE)
    wait_expired(s.bob, idle)
    s.alice.revoke(IDLE)
    s.alice.wait_slot(IDLE, "standby")
    need(s.bob.slot_state(idle) == "revoked", f"bob: slot {idle} is {s.bob.slot_state(idle)}, not revoked")
    test.unpin()
    s.bob.wait_slot(idle, "empty")
    s.bob.wait_state(idle, "absent", 60)
    s.alice.wait_slot(PINNED, "standby")
    agree(s.bob)
    s.bob.run(f"echo {limit} >{LIMIT}")
    s.happy()
    s.checked("revoked while not online: nothing happens to bob, the block is gone, the slot empty")
    s.checked("the one that was pinned past its deadline goes back late, and that is right")


def revoked_in_use(s, test):
    slot = borrow(s, PINNED, "revocable")
    s.bob.online(slot)
    page = test.pin("user", slot)
    mark, alice_mark = s.bob.mark(), s.alice.mark()
    s.alice.run(f"lendctl reclaim {PINNED} --deadline {RECALL_MS}")
    wait_expired(s.alice, PINNED)
    wait_expired(s.bob, slot)
    wait_log(s.bob, mark, rf"memory{s.bob.number(slot)} stays online")
    s.bob.wait_state(slot, "online", 60)
    said = [line for line in s.alice.dmesg_since(alice_mark) if "given back" in line]
    need(not said, f"alice: the block is bob's still, but her driver says: {said}")
    s.checked("at the deadline both read EXPIRED, and the block stays with bob, online")
    # It may end by any other page before that, too.
    s.bob.run(f"(while echo 'peek {page:#x}' >/sys/kernel/debug/lendtest; do sleep 0.1; done >/dev/null 2>&1 &)")
    s.machine.skip(HYPERVISOR)
    s.alice.revoke(PINNED)
    s.machine.expect(HYPERVISOR, r"^bob: .*touched a slot that was revoked.*: reset", 60)
    s.checked("revoked, it ends bob's kernel as soon as he touches it: reset, as his node says")
    s.bob.guest.wait_next_life(BOOT_TIMEOUT)
    return slot


def comes_back_clean(s, slot):
    states = {one.state for one in s.bob.slots()}
    need(states == {"empty"}, f"bob: his next life finds slots that are {states}")
    need(not s.bob.complaints(), f"bob: the kernel says: {s.bob.complaints()}")
    s.alice.online(PINNED)
    s.alice.zero_check(PINNED)
    s.alice.offline(PINNED)
    slot = borrow(s, PINNED)
    s.bob.online(slot)
    s.bob.zero_check(slot)
    s.alice.reclaim(PINNED)
    s.checked("bob starts anew with empty slots, and can borrow again; alice found her block all zero")


def scenario(s):
    s.alice.lend(KEPT, "carol")
    s.carol.online(s.carol.find_slot("offered"))
    s.carol.memcheck_start()
    s.bob.run(f"echo {RECALL_MS} >{LIMIT}")
    test = LendTest(s.bob)
    goes_back_when_unpinned(s, test)
    revoked_while_idle(s, test)
    slot = revoked_in_use(s, test)
    comes_back_clean(s, slot)
    s.happy(s.alice, s.carol)
    s.checked(f"alice and carol are unharmed; carol's memcheck meanwhile: {s.carol.memcheck_stop()}")
