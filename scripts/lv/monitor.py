# SPDX-License-Identifier: BSD-2-Clause
"""The monitor's prompt, and what its answers say."""

import re

from lv import Failure
from lv.console import HYPERVISOR, plain

BLOCKS_LINE = re.compile(r"0x\w+ +(\d+)  (\w+) +owner (\S+) +holder (\S+)")


class Monitor:
    """The prompt."""

    def __init__(self, machine):
        self.machine = machine

    def begin(self, command):
        self.machine.focus("monitor", "m")
        self.machine.skip(HYPERVISOR)
        since = self.machine.position(HYPERVISOR)
        self.machine.type(HYPERVISOR, command + "\n")
        # A prompt that another source's line closed is not the one behind the command.
        self.machine.expect(HYPERVISOR, rf"^(> )?{re.escape(command)}$", 60)
        return since

    def lines(self, command, timeout=60):
        """What the hypervisor prints from the command to the next prompt."""
        since = self.begin(command)
        self.machine.expect(HYPERVISOR, r"^> $", timeout, partial=True)
        said = [plain(line.text) for line in self.machine.console.by_source[HYPERVISOR]][since:]
        return [line for line in said if not line.startswith("> ") and line != command]

    def line(self, command, timeout=60):
        lines = self.lines(command, timeout)
        assert len(lines) == 1, lines
        return lines[0]

    def until(self, command, pattern, timeout=60):
        """For commands whose end is told later, in a line of its own."""
        self.begin(command)
        return self.machine.expect(HYPERVISOR, pattern, timeout)

    def loan(self, command):
        """The handle that a lend prints."""
        return re.fullmatch(r"lend: SUCCESS: loan (0x[0-9a-f]+)", self.line(command)).group(1)

    def target(self, vm, blocks):
        """Sets a VM's target, in pool blocks."""
        answer = self.line(f"target {vm} {blocks}")
        if answer != "target: SUCCESS":
            raise Failure(f"monitor: `target {vm} {blocks}` answers {answer}")

    def block_counts(self):
        """How many lendable blocks there are by (state, owner, holder), wherever they lie."""
        counts = {}
        for line in self.lines("blocks"):
            run = BLOCKS_LINE.fullmatch(line)
            if run:
                counts[run.groups()[1:]] = counts.get(run.groups()[1:], 0) + int(run.group(1))
        return counts

    def free_blocks(self):
        """Blocks in the pool that nobody has."""
        return sum(nr for (state, *_), nr in self.block_counts().items() if state == "FREE")

    def stats(self, words, vm=""):
        """The lines of stats that contain one of words (a regular expression)."""
        return [line for line in self.lines(f"stats {vm}".strip()) if re.search(words, line)]

    def aborts(self):
        """How often each VM has touched what it does not have."""
        rows = (re.fullmatch(r"\d+ +(\S+) .* (\d+)", line) for line in self.lines("vms"))
        return {row.group(1): int(row.group(2)) for row in rows if row}

    def pool_held(self, vm):
        """Pool blocks that a VM holds, and its target."""
        found = re.search(r"of the pool: holds (\d+), target (\d+)", " ".join(self.lines(f"stats {vm}")))
        return int(found.group(1)), int(found.group(2))

    def account(self, vm):
        """Blocks by state, owner and holder; loans; what a VM has done so far."""
        said = " ".join(self.stats("retrieved", vm))
        counters = map(int, re.search(r"retrieved (\d+), given up (\d+), aborts (\d+)", said).groups())
        return {"blocks": self.block_counts(), "loans": self.loans(),
                **dict(zip(("retrieved", "given up", "aborts"), counters))}

    def loans(self):
        """One line for each loan there is."""
        return [line for line in self.lines("loans") if re.match(r"0x", line.strip())]
