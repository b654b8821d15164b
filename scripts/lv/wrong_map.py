# SPDX-License-Identifier: BSD-2-Clause
"""A kexec with a map that lists a block which is lent: what becomes of both VMs."""

import re

from lv import Failure
from lv.kexec_lab import FIRST_LOAN
from lv.monitor import Monitor
from lv.scenario import BOOT_TIMEOUT


def play(machine, alice, bob):
    """Returns what is to be said of each, by name."""
    alice.guest.last_words("wrong-map 0 bob /boot/6.1.gz /boot/6.1.cpio.gz")
    bob.wait_slot(FIRST_LOAN, "offered")
    mark = bob.mark()
    bob.online(FIRST_LOAN)
    bob.memcheck_start()
    machine.expect("alice", r"Return starts it", BOOT_TIMEOUT)
    machine.focus("alice", 0)
    machine.type("alice", "\n")
    machine.expect("alice", r"synchronous external abort", BOOT_TIMEOUT)
    machine.expect("alice", r"Kernel panic", BOOT_TIMEOUT)
    said = {"bob": bob.memcheck_stop(), "alice": Monitor(machine).stats("aborts", "alice")[0]}
    if complaints := bob.complaints(mark):
        raise Failure(f"bob: the kernel says: {complaints}")
    if not re.search(r"aborts [1-9]", said["alice"]) or not said["bob"].endswith("0 errors"):
        raise Failure(f"it did not go wrong as it should: {said}")
    return said
