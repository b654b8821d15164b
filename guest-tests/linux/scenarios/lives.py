# SPDX-License-Identifier: BSD-2-Clause
"""A borrower panics, a lender resets, a lender goes off: what becomes of the loans in between."""

from lv.console import HYPERVISOR
from lv.lendtest import agree
from lv.lendvm import BLOCK, WINDOW
from lv.scenario import BOOT_TIMEOUT, MIB, NAMES, linux_vm, need

OWN_MACHINE = True

SLOT = 0
LIFE = "cat /proc/sys/kernel/random/boot_id"


def vms(kernels):
    """alice lends, bob borrows and restarts when he panics, carol borrows and notices nothing."""
    rows = [{"owned_memory": 2 * BLOCK, "lend_to": ["bob", "carol"]}, {}, {}]
    return [linux_vm(name, kernel, "panic=1 lendmem.verify_zero=1", window=(WINDOW, 4 * BLOCK),
                     boot_memory=256 * MIB, **row)
            for name, kernel, row in zip(NAMES, kernels, rows)]


def borrow(lender, borrower):
    """The borrower's slot, online."""
    lender.lend(SLOT, borrower.name)
    slot = borrower.find_slot("offered")
    borrower.online(slot)
    return slot


def panic(s, vm):
    vm.guest.start("echo c >/proc/sysrq-trigger")
    s.machine.expect(vm.name, r"Kernel panic", 60)


def is_back_clean(s):
    s.alice.wait_slot(SLOT, "standby")
    s.alice.wait_state(SLOT, "offline", 60)
    s.alice.online(SLOT)
    s.alice.zero_check(SLOT)
    s.alice.offline(SLOT)


def borrower_panics(s):
    borrow(s.alice, s.bob)
    panic(s, s.bob)
    is_back_clean(s)
    s.bob.guest.wait_next_life(BOOT_TIMEOUT)
    s.checked("bob panics with panic=1: he restarts, and alice has her block, all zero")

    slot = borrow(s.alice, s.bob)
    s.bob.zero_check(slot)
    s.bob.run("echo 0 >/proc/sys/kernel/panic")
    panic(s, s.bob)
    s.machine.expect("bob", "end Kernel panic", 60)
    need(s.alice.slot_state(SLOT) == "lent", "alice: the loan is gone though bob only hangs")
    s.checked("bob panics with panic=0: he hangs, and keeps what he borrowed")
    s.monitor.until("reset bob", r"^bob: reset", 60)
    is_back_clean(s)
    s.bob.guest.wait_next_life(BOOT_TIMEOUT)
    s.checked("the operator resets him: alice has her block, all zero")


def lender_resets(s):
    slot = borrow(s.alice, s.carol)
    life = s.carol.run(LIFE)
    s.carol.memcheck_start()
    loan = s.alice.slots()[SLOT].loan
    s.alice.guest.reboot()
    s.alice.guest.wait_shell(BOOT_TIMEOUT)
    found = s.alice.slots()[SLOT]
    need((found.state, found.peer, found.loan) == ("lent", "carol", loan), f"alice: she finds {found}")
    need(s.carol.slot_state(slot) == "borrowed", "carol: the loan is gone")
    agree(s.alice)
    s.checked("alice resets in mid-loan: her next life finds the block lent, by the same handle")
    s.checked(f"carol did not notice; her memcheck: {s.carol.memcheck_stop()}")
    s.alice.reclaim(SLOT)
    s.carol.wait_state(slot, "absent", 60)
    is_back_clean(s)
    need(s.carol.run(LIFE) == life, "carol: she was reset, too")
    s.checked("alice takes it back, all zero")


def lender_goes_off(s):
    slot = borrow(s.alice, s.carol)
    mark = s.carol.mark()
    s.carol.memcheck_start()
    s.machine.skip(HYPERVISOR)
    s.alice.guest.poweroff()
    s.machine.expect(HYPERVISOR, r"^alice: off$", 60)
    s.carol.wait_slot(slot, "held")
    need(s.carol.state(slot) == "online", "carol: the block is not online")
    s.carol.until(lambda: any("peer-gone" in line for line in s.carol.dmesg_since(mark)), "peer-gone")
    s.checked(f"alice goes off: carol is told, and holds the block; memcheck: {s.carol.memcheck_stop()}")
    s.carol.offline(slot)
    s.carol.wait_slot(slot, "empty")
    s.carol.wait_state(slot, "absent", 60)
    agree(s.carol)
    s.checked("when she gives it up it is the pool's: her slot is empty")


def scenario(s):
    borrower_panics(s)
    lender_resets(s)
    lender_goes_off(s)
    s.happy(s.bob, s.carol)
