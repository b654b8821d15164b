# SPDX-License-Identifier: BSD-2-Clause
"""Counting instructions by a plugin of QEMU (guest-tests/bench/count.c), between marks that programs in guests set."""

from dataclasses import dataclass, field

from lv import BUILD

# QEMU puts the image there; larger than it is, and nothing else of these guests runs at such addresses.
LOW, HIGH = 0x40200000, 0x40240000


@dataclass
class Mark:
    """What ran until the mark was set: instructions, seconds, and what of it was in which function."""

    guests: int
    el2: int
    user: int  # of the guests', in user space
    tlbis: int
    seconds: float
    spent: dict = field(default_factory=dict)

    def all(self):
        return self.guests + self.el2


def counter(name, functions=None, profile=None):
    """QEMU's arguments, and a function that returns {number: Mark} of those that were set. profile: a file's name."""
    out = BUILD / "bench" / f"count-{name}"
    out.unlink(missing_ok=True)

    def marks():
        found = {}
        for kind, nr, *rest in map(str.split, out.read_text().splitlines()):
            if kind == "mark":
                found[int(nr)] = Mark(*map(int, rest[:4]), float(rest[4]))
            else:
                found[int(nr)].spent[rest[0]] = int(rest[1])
        return found

    more = [f",function={key}:{start}:{end}" for key, (start, end) in (functions or {}).items()]
    more += [f",profile={profile}"] if profile else []
    plugin = f"{BUILD}/bench/count.so,out={out},low={LOW:#x},high={HIGH:#x}{''.join(more)}"
    return ["-plugin", plugin], marks
