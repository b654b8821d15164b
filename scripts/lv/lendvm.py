# SPDX-License-Identifier: BSD-2-Clause
"""A Debian guest with the lendmem driver: what is asked of it, and what it says of its blocks."""

import re
import time

from lv import Failure

WINDOW = 0x1_0000_0000
BLOCK_KIB = 128 * 1024
MEMORY = "/sys/devices/system/memory"
SLOTS = "/sys/bus/platform/drivers/lendmem/*.lendmem/slots"

# Moving a block means migrating its pages and scrubbing it: seconds here, a minute on a busy machine.
PATIENCE = 120

# Of a block's pages that user space has to get hold of, for "most of it".
LEAST_PERCENT = 80


class LendVm:
    """slot: as in the guest's window."""

    def __init__(self, guest):
        self.guest = guest
        self.name = guest.name

    def number(self, slot):
        """The N of Linux's memoryN for a slot."""
        return WINDOW // (BLOCK_KIB * 1024) + slot

    def state(self, slot):
        """What Linux says of the memory block: online, offline, going-offline; absent without one."""
        path = f"{MEMORY}/memory{self.number(slot)}/state"
        words = self.guest.lines(f"cat {path} 2>/dev/null || echo absent")
        return next((w for w in words if re.fullmatch(r"absent|online|offline|going-offline", w)), "?")

    def wait_state(self, slot, wanted, timeout):
        until = time.monotonic() + timeout
        while (state := self.state(slot)) != wanted:
            if time.monotonic() > until:
                raise Failure(f"{self.name}: memory{self.number(slot)} is {state}, not {wanted}, "
                              f"after {timeout} s")
            time.sleep(0.2)

    def zone(self, slot):
        return self.guest.lines(f"cat {MEMORY}/memory{self.number(slot)}/valid_zones")[-1]

    def lend(self, slot, peer):
        self.guest.run(f"lendctl lend {slot} {peer}", PATIENCE)

    def reclaim(self, slot):
        self.guest.run(f"lendctl reclaim {slot} --wait {PATIENCE}", PATIENCE + 10)

    def online(self, slot):
        self.guest.run(f"lendctl online {slot} --wait {PATIENCE}", PATIENCE + 10)

    def fill(self, slot, seed, take_mib):
        """Fills what user space can get of the slot's range, taking at most take_mib of memory, and
        reads it back; returns the pages. memfill tells by /proc/self/pagemap which lie in the range."""
        start = WINDOW + slot * BLOCK_KIB * 1024
        end = start + BLOCK_KIB * 1024 - 1
        lines = self.guest.lines(f"memfill fill {take_mib}M {seed:#x} --in {start:#x}-{end:#x} "
                                 f"--least {LEAST_PERCENT}", PATIENCE)
        report = re.search(r"memfill: pages (\d+) of \d+ in .*, pattern ok", "\n".join(lines))
        if not report:
            raise Failure(f"{self.name}: memfill does not say that all is well: {lines}")
        return int(report.group(1))

    def zero_check(self, slot):
        """What the driver found between retrieve and online; a failure unless the whole block was zero."""
        text = " ".join(self.guest.lines(f"cat {SLOTS}/{slot}/contents"))
        if f"zero {BLOCK_KIB * 1024}" not in text.split("nonzero")[0]:
            raise Failure(f"{self.name}: the driver found slot {slot} to be: {text}")
        return "all 134217728 bytes zero"
