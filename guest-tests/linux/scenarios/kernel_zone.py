# SPDX-License-Identifier: BSD-2-Clause
"""A borrowed block is onlined as kernel memory: it may or may not come back, and nobody is stuck with it.

lendctl never does so; `chmem` and `echo online_kernel` may.
"""

from lv.lendtest import LendTest, address_in, agree, block_file, fill_anywhere, wait_log, words
from lv.scenario import BOOT_TIMEOUT, OWN, need

SLOT = OWN[0]
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"
STAYS = " stays"


def borrow_for_the_kernel(s):
    s.alice.lend(SLOT, "bob")
    slot = s.bob.find_slot("offered")
    s.bob.wait_state(slot, "offline", 60)
    s.bob.run(f"echo online_kernel >{block_file(s.bob, slot)}")
    need(s.bob.zone(slot) == "Normal", f"bob: the block is in zone {s.bob.zone(slot)}")
    return slot


def settled(s, mark):
    """Waits until the block is back (None), or bob says what keeps it."""
    said = []

    def is_settled():
        said[:] = [line for line in s.bob.dmesg_since(mark) if STAYS in line]
        return said or s.alice.slot_state(SLOT) == "standby"
    s.bob.until(is_settled, "the block to go back, or bob to say why it does not")
    return said[-1] if said else None


def scenario(s):
    alice, bob = s.alice, s.bob
    bob.run(f"echo 2000 >{LIMIT}")
    slot = borrow_for_the_kernel(s)
    mark = bob.mark()
    alice.run(f"lendctl reclaim {SLOT} --deadline 1000")
    kept = settled(s, mark)
    s.checked("recalled at once, " + (f"it stays: {words(kept)}" if kept else "it goes back"))

    if not kept:
        slot = borrow_for_the_kernel(s)
        test = LendTest(bob)
        page = test.pin("kernel", slot)
        mark = bob.mark()
        alice.run(f"lendctl reclaim {SLOT} --deadline 1000")
        said = wait_log(bob, mark, STAYS)
        need(address_in(said) is not None, f"bob: he does not say which page: {said}")
        s.checked(f"with a page of the kernel's in it ({page:#x}) it stays: {words(said)}")
    bob.until(lambda: "expired" in bob.slots()[slot].flags, "the recall to expire")
    bob.wait_state(slot, "online", 60)
    bob.run(fill_anywhere(300), 120)
    s.checked("past the deadline the block is online and in use")
    s.happy()

    bob.guest.reboot()
    bob.guest.wait_shell(BOOT_TIMEOUT)
    alice.wait_slot(SLOT, "standby")
    alice.wait_state(SLOT, "offline", 60)
    agree(bob)
    s.checked("what does not come back by then comes with bob's next boot")
