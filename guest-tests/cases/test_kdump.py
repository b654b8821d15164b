# SPDX-License-Identifier: BSD-2-Clause
"""Crash dumps of a Debian guest that lends and borrows: what is in them, and that nobody is the worse for them."""

import pytest
from lv import dump, kexec
from lv.kexec_lab import FIRST_LOAN, boot, states, system_ram
from lv.lendtest import FILE, PIECE, LendTest
from lv.lendvm import BLOCK, WINDOW
from lv.monitor import Monitor
from lv.scenario import BOOT_TIMEOUT, MIB

RESERVED_MIB = 192
SEED, BOB_SEED = 0xa11c, 0xb0b
BOOT_PART = (0x4a000000, 64 * MIB)

# alice's slots, and what is the matter with each when she panics.
HELD, LENT, GIVEN_BACK = 0, 1, 2
RECALLED, BORROWED, REVOKED = range(FIRST_LOAN, FIRST_LOAN + 3)
GONE = (LENT, GIVEN_BACK, REVOKED)
SLOTS = (HELD, *GONE, RECALLED, BORROWED)

# What she dies of: a key, or her first access to memory that was taken from her.
KEY = "echo c >/proc/sysrq-trigger"
CAUSES = {"6.1": KEY,
          "6.12": f"echo 1 >/proc/sys/kernel/panic_on_oops; echo 'peek {WINDOW + REVOKED * BLOCK:#x}' >{FILE}"}


def block(slot):
    return WINDOW + slot * BLOCK, BLOCK


def lend_and_stamp(alice, bob, test):
    """All slots online; returns how many pieces the dump is to have of each, of boot memory by None."""
    bob.lend(0, "alice", 1, "revocable")
    bob.lend(1, "alice")
    bob.lend(2, "alice", 1, "revocable")
    for slot in (LENT, GIVEN_BACK):
        alice.online(slot)
        assert test.stamp(slot, SEED), f"nothing of slot {slot} could be stamped"
    nr = {}
    for slot in (REVOKED, HELD, RECALLED, BORROWED):
        alice.online(slot)
        nr[slot] = test.stamp_and_hold(*block(slot), SEED)
    # Else something else may lie there, and she would die of that, sooner.
    assert nr[REVOKED] * PIECE == BLOCK
    nr[None] = test.stamp_and_hold(*BOOT_PART, SEED)
    assert all(nr.values()), nr
    return nr


def load(alice, command, options=""):
    """Loads the crash kernel; returns the memory that it is to see, and what its list is to have, but for blocks."""
    iomem = alice.run("cat /proc/iomem")
    alice.run(f"{command} --command-line='console=ttyAMA0 quiet lend.name=alice {options}'", 120)
    assert system_ram(alice) == [("40000000", "5fffffff")], "the doctored list is still there"
    return dump.spans(iomem, "Crash kernel"), [dump.kernel(iomem), *dump.boot_memory(iomem)]


def panic(alice, cause, reservation):
    """Until the shell of the crash kernel answers, which has its reservation and nothing else."""
    alice.guest.last_words(cause)
    alice.guest.wait_next_life(BOOT_TIMEOUT)
    assert system_ram(alice) == [(f"{start:08x}", f"{end - 1:08x}") for start, end in reservation]
    assert alice.guest.meminfo_kib() < RESERVED_MIB * 1024


def recall_and_revoke(alice, bob):
    """One block is recalled and kept, one recalled, kept, and taken by force."""
    for slot in (0, 2):
        bob.run(f"lendctl reclaim {slot} --deadline 1")
    bob.until(lambda: "expired" in bob.slots()[2].flags, "the recall to expire")
    bob.revoke(2)
    assert states(alice)[REVOKED] == "revoked"
    assert "recalled" in alice.slots()[RECALLED].flags


def check(found, listed, nr, gone):
    """The list is that of the time of loading; what is there is there, what went reads as zeros."""
    assert found.listed == sorted(listed)
    assert not found.strays, "somebody else's data"
    for slot in gone:
        assert found.kinds(*block(slot)) == {"zeros": BLOCK}, f"slot {slot}"
    for slot in set(nr) - set(gone):
        kinds = found.kinds(*(BOOT_PART if slot is None else block(slot)))
        assert kinds.get(f"stamped {SEED:#x}") == nr[slot] * PIECE, f"slot {slot}: {kinds}"


def check_driver(alice):
    """It tells how things are, and does nothing."""
    assert "nothing is added or given back" in " ".join(alice.run("dmesg | grep lendmem"))
    assert states(alice)[:3] == ["held", "lent", "standby"]
    assert states(alice)[RECALLED:REVOKED + 1] == ["borrowed", "borrowed", "empty"]
    said = " ".join(alice.run("lendctl status; lendctl list"))
    assert "own slots 4: 2 standby, 1 held, 1 lent" in " ".join(said.split()) and "recalled" in said
    alice.fails("lendctl lend 2 bob", "ENOENT")
    alice.fails("lendctl online 2", "ENXIO")
    alice.fails("lendctl map /tmp/map", "ENOENT")
    alice.fails("lendctl unload; echo 1 >$(echo /sys/bus/platform/drivers/lendmem/*.lendmem/slots/2/config)", "denied")


def plainly(alice, kernel):
    """By kexec-tools alone: no block is in the list. The driver is there from the first."""
    test = LendTest(alice)
    alice.online(HELD)
    test.stamp(HELD, SEED)
    nr = {None: test.stamp_and_hold(*BOOT_PART, SEED)}
    reservation, listed = load(alice, f"kexec -p /boot/{kernel}.gz --initrd=/boot/{kernel}.cpio.gz")
    panic(alice, KEY, reservation)
    check(dump.Dump(alice, "read"), listed, nr, ())
    assert states(alice)[HELD] == "held"


@pytest.mark.parametrize("kernel", CAUSES)
def test_crash_dump(lab, kernel):
    """A panic while holding, borrowing, having lent, being recalled; with blocks that were given back, lent, and
    taken by force since the crash kernel was loaded. The dump is read with no driver there, and with one."""
    machine, alice, bob = boot(lab, kernel, kexec.flavour_files(kernel), f"crashkernel={RESERVED_MIB}M")
    monitor, test, bobs = Monitor(machine), LendTest(alice), LendTest(bob)
    nr = lend_and_stamp(alice, bob, test)
    reservation, listed = load(alice, f"kdump-load /boot/{kernel}.gz /boot/{kernel}.cpio.gz", "lend.load=0")
    listed += [(start, start + size) for start, size in map(block, SLOTS)]
    for slot in (LENT, GIVEN_BACK):
        alice.offline(slot)
    alice.lend(LENT, "bob")
    bob.online(FIRST_LOAN)
    nr_bobs = bobs.stamp_and_hold(*block(FIRST_LOAN), BOB_SEED)
    recall_and_revoke(alice, bob)
    alive = monitor.account("alice")

    panic(alice, CAUSES[kernel], reservation)
    before = monitor.account("alice")
    assert all(before[key] == alive[key] for key in ("blocks", "loans", "retrieved"))
    check(dump.Dump(alice, "read"), listed, nr, GONE)
    alice.run("insmod /lib/lendmem.ko")
    check_driver(alice)
    assert monitor.account("alice") == before
    bob.revoke(0)
    before = monitor.account("alice")
    check(dump.Dump(alice, "mmap"), listed, nr, (*GONE, RECALLED))
    assert states(alice)[RECALLED] == "revoked"
    assert monitor.account("alice") == before
    assert not alice.complaints()

    alice.guest.reboot()
    alice.guest.wait_shell(BOOT_TIMEOUT)
    assert states(alice)[:4] == ["standby", "lent", "standby", "standby"]
    assert "borrowed" not in states(alice)
    assert states(bob)[:4] == ["standby"] * 4
    # Debian's 6.1 has no _text to list itself by.
    if kernel != "6.1":
        plainly(alice, kernel)
    assert bobs.stamped(*block(FIRST_LOAN), BOB_SEED) == nr_bobs
    assert not bob.complaints()
