# SPDX-License-Identifier: BSD-2-Clause
"""Where EL2's instructions go while a block moves from one Linux guest to another: by function."""

import subprocess
from bisect import bisect_right

from lv import BUILD, bench_linux


def symbols():
    """[(address, name)] of the hypervisor's functions, in order; its first instruction is at 0."""
    said = subprocess.run(["aarch64-linux-gnu-nm", "-n", BUILD / "lendvisor.elf"], text=True, capture_output=True,
                          check=True).stdout
    rows = [line.split() for line in said.splitlines()]
    return [(int(row[0], 16), row[2]) for row in rows if row[1] in "tT" and not row[2].startswith("$")]


def executed(file):
    return {int(offset, 16): int(times) for offset, times in map(str.split, file.read_text().splitlines())}


def by_function(mib=128):
    """[(instructions, function)] between mark 0 and mark 4 of a move, the most first."""
    file = BUILD / "bench" / "profile"
    bench_linux.move(mib, profile=file)
    before, after = (executed(file.with_suffix(f".{mark}")) for mark in (0, 4))
    functions, spent = symbols(), {}
    starts = [start for start, _ in functions]
    for offset, times in after.items():
        name = functions[bisect_right(starts, offset) - 1][1]
        spent[name] = spent.get(name, 0) + times - before.get(offset, 0)
    return sorted(((times, name) for name, times in spent.items() if times), reverse=True)


def table(rows, most=25):
    total = sum(times for times, _ in rows)
    return "\n".join(f"{times:12,} {100 * times / total:5.1f} %  {name}" for times, name in rows[:most])
