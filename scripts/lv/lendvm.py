# SPDX-License-Identifier: BSD-2-Clause
"""A Debian guest with the lendmem driver: what is asked of it, and what it says of its blocks."""

import re
import time
from collections import namedtuple

from lv import Failure
from lv.guest import CommandFailed
from lv.machine import deadline, stretched

WINDOW = 0x1_0000_0000
BLOCK_KIB = 128 * 1024
BLOCK = BLOCK_KIB * 1024
MEMORY = "/sys/devices/system/memory"
DEVICE = "/sys/bus/platform/drivers/lendmem/*.lendmem"
SLOTS = f"{DEVICE}/slots"

# Moving a block means migrating its pages and scrubbing it: seconds here, a minute on a busy machine.
PATIENCE = 120

# Of a block's pages that user space has to get hold of, for "most of it".
LEAST_PERCENT = 80

# A host with more to do than it has CPUs stalls any guest; what really hangs runs into our own time-outs.
BOOTARGS = ("console=ttyAMA0 quiet rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60 "
            "sysctl.kernel.hung_task_timeout_secs=600")
# Half of what a kernel does at each start has nothing to do with memory, and an emulated CPU takes long for it: a flush
# of all TLBs with each system call (which KASLR brings, too), zeroing what is zero, tests of ciphers, certificates,
# what TCP and BPF begin with.
HASTE = ("mitigations=off kpti=0 init_on_alloc=0 lsm= cryptomgr.notests "
         "initcall_blacklist=jent_mod_init,crypto_kdf108_init,load_system_certificate_list,cubictcp_register")
# For re and for grep -iE.
UNHAPPY = ("WARNING:|BUG:|detected .*stall|Unable to handle|Oops|firmware bug|blocked for more|"
           "CPU[0-9]+: failed|failed to boot CPU|Internal error|external abort|left behind|"
           "without having been asked|not built for")

# state, peer, loan, flags: the driver's words. block: memoryN or "none". linux: online, offline, absent.
Slot = namedtuple("Slot", "state block linux peer loan flags")

FreeCounts = namedtuple("FreeCounts", "total_kib free_kib slots")


def unhappy(lines):
    """Those of a kernel's log that say so."""
    return [line for line in lines if re.search(UNHAPPY, line, re.I)]


def lendctl_waits(timeout=PATIENCE):
    """The option for a lendctl that waits; whoever runs it waits for longer."""
    return f"--wait {stretched(timeout)}"


class LendVm:
    """slot: as in the guest's window. A wait that is over raises Failure saying what was found instead."""

    def __init__(self, guest):
        self.guest = guest
        self.name = guest.name
        self._marks = 0

    # The shell.

    def run(self, command, timeout=30):
        """Lines that a command prints; raises CommandFailed unless it ends with 0."""
        return self.guest.lines(command, timeout)

    def fails(self, command, words, timeout=30):
        """The command has to fail and say `words` (a regular expression); returns what it said."""
        status, output = self.guest.run(command, timeout, check=False)
        said = " ".join(output)
        if not status or not re.search(words, said):
            raise Failure(f"{self.name}: `{command}` should fail and say {words!r}; it ended with "
                          f"{status}, saying: {said or 'nothing'}")
        return said

    def until(self, holds, what, timeout=PATIENCE):
        """Asks until holds() is true; what: a text, or a function that says what was wanted and found."""
        end = deadline(timeout)
        while not holds():
            if time.monotonic() > end:
                raise Failure(f"{self.name}: waited {stretched(timeout)} s for {what() if callable(what) else what}")
            time.sleep(0.1)

    # Blocks and slots, as Linux and the driver show them.

    def number(self, slot):
        """The N of Linux's memoryN for a slot."""
        return WINDOW // BLOCK + slot

    def state(self, slot):
        """What Linux says of the memory block: online, offline, going-offline; absent without one."""
        path = f"{MEMORY}/memory{self.number(slot)}/state"
        words = self.guest.lines(f"cat {path} 2>/dev/null || echo absent")
        return next((w for w in words if re.fullmatch(r"absent|online|offline|going-offline", w)), "?")

    def wait_state(self, slot, wanted, timeout):
        """Until Linux's block is in that state."""
        found = []
        self.until(lambda: found.append(self.state(slot)) or found[-1] == wanted,
                   lambda: f"memory{self.number(slot)} to be {wanted}: it is {found[-1]}", timeout)

    def zone(self, slot):
        return self.guest.lines(f"cat {MEMORY}/memory{self.number(slot)}/valid_zones")[-1]

    def slots(self):
        """A Slot for each slot of the window."""
        blocks, slots = {}, {}
        for line in self.run(f"cd {SLOTS}; grep -r . . ; grep . {MEMORY}/memory*/state; cd - >/dev/null", PATIENCE):
            if found := re.search(r"\./(\d+)/(\w+):(.*)$", line):
                slots.setdefault(int(found.group(1)), {})[found.group(2)] = found.group(3)
            elif found := re.search(r"/(memory\d+)/state:(\S+)$", line):
                blocks[found.group(1)] = found.group(2)
        return [self._slot(slots.get(slot, {}), blocks) for slot in range(max(slots, default=-1) + 1)]

    def _slot(self, words, blocks):
        try:
            return Slot(words["state"], words["block"], blocks.get(words["block"], "absent"), words["peer"],
                        words["loan"], words.get("flags", ""))
        except KeyError as e:
            raise Failure(f"{self.name}: a slot in sysfs without {e}: {words}") from None

    def page_kib(self):
        return self.guest.number("sed -n 's/^KernelPageSize: *\\([0-9]*\\) kB/\\1/p' /proc/self/smaps | head -n 1")

    def slot_state(self, slot):
        return self.run(f"cat {SLOTS}/{slot}/state")[-1]

    def find_slot(self, state, timeout=PATIENCE):
        """The lowest slot in that state, as soon as there is one."""
        self.run(f"lendctl wait any {state} {lendctl_waits(timeout)} >/tmp/found", timeout + 10)
        return self.guest.number("cat /tmp/found")

    def wait_slot(self, slot, state, timeout=PATIENCE):
        """Until the slot is in that state, as the hypervisor says."""
        try:
            self.run(f"lendctl wait {slot} {state} {lendctl_waits(timeout)}", timeout + 10)
        except CommandFailed:
            raise Failure(f"{self.name}: slot {slot} is {self.slot_state(slot)}, not {state}, "
                          f"after {stretched(timeout)} s") from None

    def free_counts(self):
        """MemTotal, free memory (that on the CPUs' lists included) in KiB with caches dropped, and slots()."""
        self.run("sync; echo 7 >/proc/sys/vm/drop_caches; echo 1 >/proc/sys/vm/compact_memory")
        on_lists = self.guest.number("awk '$1 == \"count:\" { n += $2 } END { print n + 0 }' /proc/zoneinfo")
        free = self.guest.meminfo_kib("MemFree") + on_lists * self.page_kib()
        return FreeCounts(self.guest.meminfo_kib("MemTotal"), free, self.slots())

    # What is asked of it.

    def lend(self, slot, peer, n=1, *flags):
        """flags: revocable, keep, adoptable. Returns the loan's handle, as text."""
        return self._give("lend", slot, peer, n, flags)

    def donate(self, slot, peer, n=1, *flags):
        return self._give("donate", slot, peer, n, flags)

    def _give(self, command, slot, peer, n, flags):
        which = f"{slot}+{n}" if n > 1 else f"{slot}"
        options = "".join(f" --{flag}" for flag in flags)
        said = " ".join(self.run(f"lendctl {command} {which} {peer}{options}", PATIENCE))
        handle = re.search(r"loan (0x[0-9a-f]+)", said)
        return handle.group(1) if handle else None

    def reclaim(self, slot, timeout=PATIENCE):
        """Asks for a loan back, by slot or handle, and waits for it."""
        self.run(f"lendctl reclaim {slot} {lendctl_waits(timeout)}", timeout + 10)

    def refuse(self, slot):
        self.run(f"lendctl refuse {slot}", PATIENCE)

    def revoke(self, slot):
        self.run(f"lendctl revoke {slot}", PATIENCE)

    def online(self, slot):
        """slot may be "all"."""
        self.run(f"lendctl online {slot} {lendctl_waits()}", PATIENCE + 10)

    def offline(self, slot):
        self.run(f"lendctl offline {slot}", PATIENCE)

    def config(self, slot, on):
        """Dynamic mode: has the block come (True) or go (False)."""
        self.run(f"echo {int(on)} >$(echo {SLOTS})/{slot}/config", PATIENCE)

    def drain(self, on=True):
        self.run(f"echo {int(on)} >$(echo {DEVICE})/drain", PATIENCE)

    # What the kernel said.

    def mark(self):
        """A place in the kernel log, for dmesg_since()."""
        self._marks += 1
        mark = f"lendvisor test mark {self._marks}"
        self.run(f"echo '{mark}' >/dev/kmsg")
        return mark

    def dmesg_since(self, mark):
        """All of the log if the mark is not in it: it is another life's."""
        return self.run(f"dmesg | awk '/{mark}$/{{n=0;next}}{{l[n++]=$0}}END{{for(i=0;i<n;)print l[i++]}}'", PATIENCE)

    def complaints(self, mark=None):
        """What the kernel is unhappy with."""
        lines = self.dmesg_since(mark) if mark else self.run("dmesg", PATIENCE)
        return unhappy(lines)

    # What is in memory.

    def fill(self, slot, seed, take_mib):
        """Fills what user space can get of the slot's range, taking at most take_mib of memory, and
        reads it back; returns the pages. memfill tells by /proc/self/pagemap which lie in the range."""
        start = WINDOW + slot * BLOCK
        lines = self.guest.lines(f"memfill fill {take_mib}M {seed:#x} --in {start:#x}-{start + BLOCK - 1:#x} "
                                 f"--least {LEAST_PERCENT}", PATIENCE)
        report = re.search(r"memfill: pages (\d+) of \d+ in .*, pattern ok", "\n".join(lines))
        if not report:
            raise Failure(f"{self.name}: memfill does not say that all is well: {lines}")
        return int(report.group(1))

    def verify_zero(self, on):
        """Has the driver look at whole blocks before they go online."""
        self.run(f"echo {int(on)} >/sys/module/lendmem/parameters/verify_zero")

    def zero_check(self, slot):
        """What the driver found between retrieve and online; a failure unless the whole block was zero."""
        text = " ".join(self.guest.lines(f"cat {SLOTS}/{slot}/contents"))
        if f"zero {BLOCK}" not in text.split("nonzero")[0]:
            raise Failure(f"{self.name}: the driver found slot {slot} to be: {text}")
        return "all 134217728 bytes zero"

    def memcheck_start(self, mib=16):
        """Has memcheck write and verify patterns from now on, mib of each kind of memory, all over the window."""
        self.run("echo madvise >/sys/kernel/mm/transparent_hugepage/enabled; "
                 f"memcheck start {mib}M --in {WINDOW:#x}-{(1 << 48) - 1:#x}", PATIENCE)

    def memcheck_moves_in(self, pages=1000):
        """Until so many of its pages lie in the window."""
        self.run(f"until read r p </tmp/memcheck.now && [ $p -ge {pages} ]; do sleep 0.1; done", PATIENCE)

    def memcheck_stop(self):
        """Ends it; a failure if a byte was wrong, or none of its pages was ever in the window. Returns what it
        says: rounds, and pages seen there."""
        lines = self.run("memcheck stop", PATIENCE)
        report = re.search(r"memcheck: (\d+) rounds, .* (\d+) KiB huge, at most (\d+) pages in range, 0 errors",
                           "\n".join(lines))
        if not report or not all(int(number) for number in report.groups()):
            raise Failure(f"{self.name}: memcheck does not say that all is well: {lines}")
        return report.group(0).removeprefix("memcheck: ")
