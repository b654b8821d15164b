#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Traces of host tests hold no violation, and seeded faults show theirs, all of them; TAP.

Of the trace without a fault, each barrier, TLBI, lock and register write is then left out in turn, which
has to show, too.

    trace_test.py DIR FAULTS TEST[,NAME=VALUE]...

DIR: where the traces go; FAULTS: the program of faults.c; TEST: a program, its environment after it.
"""

import os
import subprocess
import sys
from pathlib import Path

from check_trace import check
from trace_text import records

# A trace without one of these does not show what it is for.
NEEDED = ("mem-init", "mem-write", "barrier", "tlbi", "sysreg-write", "hint", "lock", "unlock")


def run(trace, command, environment):
    return subprocess.run(command, env={**os.environ, **environment, "S2_TRACE": str(trace)},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)


class Tap:
    def __init__(self):
        self.number = 0
        self.failed = False

    def result(self, good, name, remarks=()):
        self.number += 1
        self.failed |= not good
        print(f"{'' if good else 'not '}ok {self.number} - {name}")
        for remark in remarks:
            print(f"# {remark}")
        sys.stdout.flush()


def host_test(tap, directory, spec):
    program, *settings = filter(None, spec.split(","))
    name = Path(program).name
    environment = dict(s.split("=", 1) for s in settings)
    name += "-by-range" if environment.get("S2_TRACE_RANGE") else ""
    trace = directory / f"{name}.trace"
    done = run(trace, [program], environment)
    violations, counts, nr_traces = check(trace.read_text())
    missing = [word for word in NEEDED if not counts.get(word)]
    remarks = [f"record {ident}: {kind}: {text}" for kind, ident, text in violations[:20]]
    remarks += [f"no {word} in the trace" for word in missing]
    if done.returncode:
        remarks += [f"exit status {done.returncode}"] + done.stdout.splitlines()[-20:]
    tap.result(not done.returncode and not violations and not missing,
               f"{name}: {nr_traces} traces, {sum(counts.values())} records", remarks)


def fault(tap, directory, program, name, wanted):
    trace = directory / f"fault-{name}.trace"
    done = run(trace, [program, name], {})
    violations, counts, _ = check(trace.read_text())
    shown = " ".join(sorted({kind for kind, _, _ in violations}))
    good = done.returncode == 0 and shown == wanted and counts
    tap.result(good, f"fault {name}: {shown or 'no violation'}", [] if good else [
        f"wanted {wanted or 'no violation'}, exit status {done.returncode}",
        *(f"record {ident}: {kind}: {text}" for kind, ident, text in violations[:10])])


def needless(before, record):
    """Is this record, after those, one that tables and TLBs do not depend on?"""
    word, fields, bare = record
    if bare == ["isb"]:  # against what was fetched ahead, which no trace shows
        return before[-1][1].get("kind") == "ish"
    if word == "barrier":  # a second DSB for the same stores
        if fields["kind"] == "nsh":  # against walks of this CPU, which no trace shows either
            return True
        order = [w for w, _, b in before if w == "mem-write" or b == ["dsb"]]
        return fields["kind"] == "ishst" and order[-1] != "mem-write"
    if word == "sysreg-write":  # what it is already
        current = [f["value"] for w, f, _ in before if w == "sysreg-write"][-1]
        return fields["value"] == current
    return word == "mem-write"


def deletions(tap, directory):
    """Leaves out each record that the changes of `right` consist of, alone."""
    lines = (directory / "fault-right.trace").read_text().splitlines()
    parsed = list(records("\n".join(lines)))
    # The VMs are made under the first locks, the changes under the last five.
    start = [i for i, (word, _, _) in enumerate(parsed) if word == "lock"][-5]
    tried, wrong = 0, []
    for i in range(start, len(lines)):
        if needless(parsed[:i], parsed[i]):
            continue
        rest = lines[:i] + lines[i + 1:]
        text = "\n".join(line.replace(f"(id {n + (n >= i)})", f"(id {n})") for n, line in enumerate(rest))
        tried += 1
        kinds = {kind for kind, _, _ in check(text)[0]}
        if not kinds or "malformed" in kinds:
            wrong.append(f"{sorted(kinds)} without {lines[i]}")
    tap.result(tried >= 40 and not wrong, f"each of {tried} records left out shows", wrong)


def main():
    directory, faults, tests = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    listed = subprocess.run([faults], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split(":", 1) for line in listed.splitlines()]
    tap = Tap()
    print(f"1..{len(tests) + len(rows) + 1}")
    for spec in tests:
        host_test(tap, directory, spec)
    for name, wanted in rows:
        fault(tap, directory, faults, name, wanted.strip())
    deletions(tap, directory)
    return tap.failed


if __name__ == "__main__":
    sys.exit(main())
