# SPDX-License-Identifier: BSD-2-Clause
"""Crash dumps of a Debian guest that lends and borrows."""

import re

import pytest
from lv import kexec
from lv.kexec_lab import FIRST_LOAN, boot, states, system_ram
from lv.scenario import BOOT_TIMEOUT


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_crash_dump(lab, kernel):
    """A panic while holding, borrowing, having lent, and recalled, one block gone since the crash kernel was
    loaded: the dump is read to its end, twice, a revoke between; afterwards all is settled by a reset."""
    machine, alice, bob = boot(lab, kernel, kexec.flavour_files(kernel), "crashkernel=192M")
    bob.lend(0, "alice", 1, "revocable")
    bob.lend(1, "alice")
    for slot in (0, 1, FIRST_LOAN, FIRST_LOAN + 1):
        alice.online(slot)
    alice.run(f"kdump-load /boot/{kernel}.gz /boot/{kernel}.cpio.gz "
              '--command-line="console=ttyAMA0 quiet lend.name=alice"', 120)
    assert system_ram(alice) == [("40000000", "5fffffff")], "the doctored list is still there"
    alice.offline(1)
    alice.lend(1, "bob")
    alice.guest.last_words("echo c >/proc/sysrq-trigger")
    # Its driver cannot answer any more, or had no time to.
    bob.run("lendctl reclaim 0 --deadline 1")
    alice.guest.wait_next_life(BOOT_TIMEOUT)
    assert "nothing is added or given back" in " ".join(alice.run("dmesg | grep lendmem"))
    read = "dd if=/proc/vmcore of=/dev/null bs=1M 2>&1"
    mib = int(re.search(r"(\d+)\+\d records in", " ".join(alice.run(read, 300))).group(1))
    # Boot memory without the reservation, and the four blocks that were online.
    assert mib >= 512 - 192 + 4 * 128
    # The panic may have come later than the driver's answer.
    if states(bob)[0] == "lent":
        bob.revoke(0)
    assert states(bob)[0] == "standby"
    alice.run(read, 300)
    assert not alice.complaints()
    alice.guest.reboot()
    alice.guest.wait_shell(BOOT_TIMEOUT)
    assert states(alice)[:4] == ["standby", "lent", "standby", "standby"]
    assert "borrowed" not in states(alice)
    assert states(bob)[:2] == ["standby", "standby"]
    assert not bob.complaints()
