# SPDX-License-Identifier: BSD-2-Clause
"""A borrower is unloaded, reset and rebooted while blocks are on their way out: hypervisor and next life agree."""

from lv.lendtest import LendTest, agree, block_file
from lv.lendvm import BLOCK, WINDOW
from lv.scenario import BOOT_TIMEOUT, MIB, linux_vm, need

OWN_MACHINE = True

LENT, MINE = 0, 0  # alice's that bob borrows; bob's own
# A reboot waits for a person's attempt to take a block out of use, not for the driver's.
PERSON_WAITS_S = 3
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"


def vms(kernels):
    return [linux_vm(name, kernel, "lendmem.verify_zero=1", boot_memory=256 * MIB, owned_memory=BLOCK,
                     window=(WINDOW, 4 * BLOCK), lend_to=[peer])
            for name, peer, kernel in zip(("alice", "bob"), ("bob", "alice"), kernels)]


def leaving(s, limit_ms):
    """The driver is at work on a recalled block that cannot go."""
    bob = s.bob
    bob.run(f"echo {limit_ms} >{LIMIT}")
    s.alice.lend(LENT, "bob")
    slot = bob.find_slot("offered")
    bob.online(slot)
    bob.online(MINE)
    LendTest(bob).pin("user", slot)
    s.alice.run(f"lendctl reclaim {LENT}")
    bob.wait_state(slot, "going-offline", 60)
    return slot


def next_life(s, slot):
    bob = s.bob
    for nr, state in ((slot, "empty"), (MINE, "standby")):
        need(bob.slot_state(nr) == state, f"bob: his next life finds slot {nr} {bob.slot_state(nr)}, not {state}")
    agree(bob)
    bob.online(MINE)
    bob.zero_check(MINE)
    bob.offline(MINE)
    s.alice.wait_slot(LENT, "standby")
    s.alice.wait_state(LENT, "offline", 60)
    agree(s.alice)
    s.alice.online(LENT)
    s.alice.zero_check(LENT)
    s.alice.offline(LENT)
    need(not s.monitor.loans(), f"loans are left: {s.monitor.loans()}")
    s.happy(s.alice)
    need(not bob.complaints(), f"bob: the kernel says: {bob.complaints()}")


def scenario(s):
    bob = s.bob
    slot = leaving(s, 0)
    bob.fails("rmmod lendmem", "busy|in use|unavailable")
    # In a shell of its own: an interactive one drops the rest of the line when SIGINT ends a command.
    bob.run("sh -c 'timeout -s INT 1 lendctl unload >/tmp/out 2>&1; true'", 120)
    bob.until(lambda: bob.slot_state(slot) == "borrowed", "the block that does not go to be there still")
    s.checked(f"{s.cast(bob)} cannot unload while a recalled block does not go")
    bob.wait_state(slot, "going-offline", 60)
    s.monitor.until("reset bob", r"^bob: reset", 60)
    bob.guest.wait_next_life(BOOT_TIMEOUT)
    next_life(s, slot)
    s.checked("reset by the operator in the middle of an attempt, he has an empty slot, and alice her block, zero")

    slot = leaving(s, 0)
    bob.guest.reboot()
    bob.guest.wait_shell(BOOT_TIMEOUT)
    next_life(s, slot)
    s.checked("the same where he reboots himself")

    bob.online(MINE)
    LendTest(bob).pin("user", MINE)
    bob.run(f"(setsid timeout {PERSON_WAITS_S} sh -c 'echo offline >{block_file(bob, MINE)}' </dev/null >/dev/null 2>&1 &)")
    bob.wait_state(MINE, "going-offline", 60)
    bob.guest.reboot()
    bob.guest.wait_shell(BOOT_TIMEOUT)
    need(bob.slot_state(MINE) == "standby", f"bob: his own block is {bob.slot_state(MINE)}, not standby")
    bob.online(MINE)
    bob.zero_check(MINE)
    agree(bob)
    s.checked("a person's offline under way at a reboot: his own block is standby, and zero when he has it again")
