#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Adds up what gcov counted in several programs, and prints lines and branches per room and file in TAP:

	guest-tests/host/coverage.py [--min PERCENT] --counts DIRECTORY ROOM...

A line or branch counts as run when any program ran it. A room fails under PERCENT of its lines; a file of it
that no program has is a failure, too. Branches are those of the source as gcc sees it, both ways of each assert()
among them, and only reported.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path


def read_counts(directory):
    """{file: ({line: times}, {(line, branch): times})}"""
    lines = defaultdict(lambda: defaultdict(int))
    branches = defaultdict(lambda: defaultdict(int))
    for data in sorted(Path(directory).glob("*/*.gcda")):
        out = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", data],
                             check=True, capture_output=True, text=True).stdout
        for record in out.splitlines():
            for source in json.loads(record)["files"]:
                name = source["file"]
                for line in source["lines"]:
                    number = line["line_number"]
                    lines[name][number] += line["count"]
                    for i, branch in enumerate(line["branches"]):
                        branches[name][number, i] += branch["count"]
    return lines, branches


def share(counts):
    run = sum(times > 0 for times in counts.values())
    return run, len(counts), 100 * run / len(counts) if counts else 100.0


def spans(numbers):
    """[3, 4, 5, 9] as "3-5 9"."""
    out = []
    for number in sorted(numbers):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def row(name, lines, branches):
    missed = spans(number for number, times in lines.items() if not times)
    run, of, percent = share(lines)
    b_run, b_of, b_percent = share(branches)
    print(f"# {name:28} {run:5}/{of:<5} {percent:5.1f} %  {b_run:5}/{b_of:<5} {b_percent:5.1f} %"
          f"  {missed}".rstrip())


TARGET_ONLY = {"stage2/tlb.c"}  # nothing but instructions


def is_of_room(path, room):
    """A fake is the tests' own."""
    return path.parent == Path(room) and not path.name.endswith(("_fake.c", "_fake.h"))


def report_room(room, lines, branches, least, number):
    all_lines, all_branches, bad = {}, {}, []
    names = sorted(name for name in lines if is_of_room(Path(name), room))
    for name in names:
        row(name, lines[name], branches[name])
        all_lines.update({(name, key): times for key, times in lines[name].items()})
        all_branches.update({(name, key): times for key, times in branches[name].items()})
    for path in sorted(Path(room).glob("*.c")):
        if is_of_room(path, room) and str(path) not in lines.keys() | TARGET_ONLY:
            bad.append(f"no test has {path}")
    percent = share(all_lines)[2]
    if not names or percent < least:
        bad.append(f"{percent:.1f} % of lines, {least:g} % are wanted")
    verdict = "not ok" if bad else "ok"
    print(f"{verdict} {number} - {room}: {percent:.1f} % of lines, "
          f"{share(all_branches)[2]:.1f} % of branches" + "".join(f"; {text}" for text in bad))
    return not bad


def report_tests(directory, number):
    """One that failed did not run what it should have."""
    failed = sorted(mark.parent.name for mark in Path(directory).glob("*/failed"))
    print(f"{'not ok' if failed else 'ok'} {number} - the tests that were counted pass"
          + "".join(f"; not {name}" for name in failed))
    return not failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--min", type=float, default=95)
    parser.add_argument("--counts", required=True)
    parser.add_argument("rooms", nargs="+")
    args = parser.parse_args()
    lines, branches = read_counts(args.counts)
    print(f"1..{len(args.rooms) + 1}")
    print(f"# {'':28} {'lines':^19}  {'branches':^19}  lines not run")
    good = [report_room(room, lines, branches, args.min, i + 1)
            for i, room in enumerate(args.rooms)]
    good.append(report_tests(args.counts, len(args.rooms) + 1))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
