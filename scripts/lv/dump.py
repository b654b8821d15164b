# SPDX-License-Identifier: BSD-2-Clause
"""What a crash dump has to list, and what dumpcheck (guest-tests/linux/tools/dumpcheck.c) found in it."""

import re
from collections import namedtuple

from lv import Failure

# Physical, the end exclusive. kind: zeros, other, stamped 0xSEED.
Run = namedtuple("Run", "start end kind")


def spans(lines, pattern):
    """(start, end) of each line `START-END : PATTERN` of /proc/iomem, the end exclusive."""
    found = re.findall(rf"^ *([0-9a-f]+)-([0-9a-f]+) : {pattern}$", "\n".join(lines), re.M)
    return [(int(start, 16), int(end, 16) + 1) for start, end in found]


def without(span, hole):
    """What is left of it."""
    return [(start, end) for start, end in ((span[0], hole[0]), (hole[1], span[1])) if start < end]


def boot_memory(iomem):
    """What kexec-tools has to list by itself, from the lines of /proc/iomem: all but the reservation."""
    (reservation,), (memory,) = spans(iomem, "Crash kernel"), spans(iomem, "System RAM")
    return without(memory, reservation)


def kernel(iomem):
    """What it lists a second time, at the kernel's own addresses: the whole image, which begins at 2 MiB."""
    return spans(iomem, "Kernel code")[0][0] & -0x200000, spans(iomem, "Kernel data")[0][1]


class Dump:
    """The dump of a crash kernel, read through in one of the two ways; a Failure if its end was not reached."""

    def __init__(self, vm, way, timeout=300):
        lines = vm.run(f"dumpcheck {way}", timeout)
        self.listed, self.runs, self.strays, read = [], [], [], None
        for line in lines:
            if found := re.fullmatch(r"(listed )?0x([0-9a-f]+)-0x([0-9a-f]+) ?(.*)", line):
                span = int(found.group(2), 16), int(found.group(3), 16) + 1
                if found.group(1):
                    self.listed.append(span)
                else:
                    self.runs.append(Run(*span, found.group(4)))
            elif line.startswith("stray"):
                self.strays.append(line)
            elif found := re.fullmatch(r"read (\d+) of (\d+)", line):
                read = found.groups()
        if not read or read[0] != read[1]:
            raise Failure(f"{vm.name}: dumpcheck does not say that it read to the end: {lines}")
        self.listed.sort()
        self.size = int(read[0])

    def kinds(self, start, size):
        """Bytes by kind in a range of memory."""
        found = {}
        for run in self.runs:
            both = min(run.end, start + size) - max(run.start, start)
            if both > 0:
                found[run.kind] = found.get(run.kind, 0) + both
        return found
