# SPDX-License-Identifier: BSD-2-Clause
"""lendtest.ko in a guest (guest-tests/linux/lendtest/lendtest.h), and what must hold of its blocks."""

import re

from lv import Failure
from lv.lendvm import BLOCK, MEMORY, PATIENCE, WINDOW

FILE = "/sys/kernel/debug/lendtest"
INJECT = "/sys/kernel/debug/notifier-error-inject/memory/actions"
SMC64_CALL = 0xC6000100
PIECE = 2 << 20  # what is stamped at once: STAMP_PIECE of guest-tests/linux/lendtest/pattern.h
RETRIEVE, RELINQUISH = 3, 4
KEEP = 1  # RELINQUISH: contents stay

# The last eight bytes of a block, for reads_past().
MARK = 0x8877665544332211

# What Linux's block may be in for each state of the slot, in standby mode.
FITS = {"standby": "offline", "offered": "offline", "held": "online", "borrowed": "online",
        "empty": "absent", "lent": "absent"}


def fill_anywhere(mib):
    """A command that takes memory, wherever it lies, fills and verifies it."""
    return f"memfill fill {mib}M 0xb0b --in 0x40000000-{2 * WINDOW - 1:#x} --least 0 >/tmp/out 2>&1"


class LendTest:
    """Commands for one guest. Loads the module; unload() lets go of everything."""

    def __init__(self, vm):
        self.vm = vm
        vm.run(f"[ -e {FILE} ] || insmod /lib/lendtest.ko")

    def unload(self):
        self.vm.run("rmmod lendtest")

    def do(self, command):
        """The answer to a command. In a process of its own: a page of it is what `pin user` pins."""
        return self.vm.run(f'(echo "{command}" >{FILE}) && cat {FILE}', 60)[-1]

    def pin(self, who, slot):
        """Pins a page of a slot's block; who: user, kernel. Returns its address."""
        start = WINDOW + slot * BLOCK
        return int(self.do(f"pin {who} {start:#x}-{start + BLOCK - 1:#x}").split()[1], 16)

    def pin_last_page(self, slot):
        end = WINDOW + (slot + 1) * BLOCK
        return int(self.do(f"pin kernel {end - 4096:#x}-{end - 1:#x}").split()[1], 16)

    def unpin(self):
        self.do("unpin")

    def peek(self, address):
        return int(self.do(f"peek {address:#x}"), 16)

    def poke(self, address, value):
        return int(self.do(f"poke {address:#x} {value:#x}"), 16)

    def zeropad(self, address):
        return int(self.do(f"zeropad {address:#x}"), 16)

    def reads_past(self, slot):
        """Values read at the last seven bytes of an online block, and what they are if zeros follow it."""
        end = WINDOW + (slot + 1) * BLOCK
        self.pin_last_page(slot)
        self.poke(end - 8, MARK)
        found = [self.zeropad(end - nr) for nr in range(1, 8)]
        self.unpin()
        return found, [MARK >> 8 * (8 - nr) for nr in range(1, 8)]

    def stamp(self, slot, seed):
        """Fills what can be had of a block with a pattern, and lets go of it; returns how many pieces."""
        nr = self.stamp_and_hold(WINDOW + slot * BLOCK, BLOCK, seed)
        self.unpin()
        return nr

    def stamp_and_hold(self, start, size, seed):
        """The same for any memory, and what is online is in use until unpin()."""
        return int(self.do(f"stamp {start:#x}-{start + size - 1:#x} {seed:#x}").split()[1])

    def stamped(self, start, size, seed):
        """How many pieces have that pattern."""
        return int(self.do(f"stamped {start:#x}-{start + size - 1:#x} {seed:#x}").split()[1])

    def retrieve(self, slot):
        """Behind the driver's back."""
        self._call(RETRIEVE, slot, 0)

    def give_up_with_contents(self, slot):
        """An own block, behind the driver's back: who retrieves it again finds what was in it."""
        self._call(RELINQUISH, slot, KEEP)

    def _call(self, function, slot, flags):
        status = int(self.do(f"call {SMC64_CALL + function:#x} {slot:#x} 1 {flags}").split()[0])
        if status:
            raise Failure(f"{self.vm.name}: call {function} for slot {slot} ended with {status}")


def agree(vm):
    """What hypervisor and Linux say of each slot fits together."""
    for number, slot in enumerate(vm.slots()):
        if slot.linux != FITS[slot.state]:
            raise Failure(f"{vm.name}: slot {number} is {slot.state}, and its block {slot.linux}")


def block_file(vm, slot):
    """What is written to for a block to go online or offline."""
    return f"{MEMORY}/memory{vm.number(slot)}/state"


def interrupt(vm, slot, command):
    """Starts a command that is to take a slot's block out of use and cannot, and ends it by a signal at that."""
    vm.run(f"({command} >/tmp/out 2>&1 & echo $! >/tmp/pid)")
    vm.wait_state(slot, "going-offline", 60)
    vm.run("kill $(cat /tmp/pid); while kill -0 $(cat /tmp/pid) 2>/dev/null; do sleep 0.1; done", PATIENCE)


def pattern(seed, address):
    """What stamp() leaves at an address."""
    x = ((seed << 48) ^ address) * 0x9e3779b97f4a7c15 % (1 << 64)
    return x ^ x >> 29 | 1


def address_in(text):
    """The first `page 0x...` in what the driver said."""
    found = re.search(r"page (0x[0-9a-f]+)", text)
    return int(found.group(1), 16) if found else None


def words(line):
    """What the driver said, without time and device."""
    return line.split("lendmem: ")[-1]


def wait_log(vm, mark, pattern, timeout=60):
    """Until the kernel has logged a line since the mark; returns that line."""
    found = []

    def seen():
        found[:] = [line for line in vm.dmesg_since(mark) if re.search(pattern, line)]
        return found
    vm.until(seen, f"the kernel to log {pattern!r}", timeout)
    return found[0]
