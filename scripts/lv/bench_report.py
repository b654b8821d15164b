# SPDX-License-Identifier: BSD-2-Clause
"""What a person is told of the benchmarks' rows: the table, and what differs from the baseline."""

from lv.bench_rows import SOMETHING

TOLD = 0.01  # a change that is worth a line
SLOWER = 0.05  # one that fails `make check`


def shown(value):
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def limits(row):
    """What the value has to be, in words."""
    prefix = "MISSED: " if row.missed() else ""
    if row.least == SOMETHING and row.value < SOMETHING:
        return prefix + "more than 0"
    if row.bound is None:
        return ""
    if row.least in (None, SOMETHING):
        return f"{prefix}at most {shown(row.bound)}"
    span = f"{shown(row.least)} to {shown(row.bound)}"
    return prefix + (f"exactly {shown(row.bound)}" if row.least == row.bound else span)


def table(rows):
    lines, group = [], None
    for row in rows:
        if row.group != group:
            group = row.group
            lines += ["", group]
        lines.append(f"  {row.name:28} {shown(row.value):>15} {row.unit:12} {limits(row):24} {row.note}".rstrip())
    return "\n".join(lines[1:])


def change(row, was):
    percent = f" ({100 * row.value / was - 100:+.1f} %)" if was else ""
    return f"  {row.name}: {shown(was)} -> {shown(row.value)}{percent}"


def for_baseline(rows):
    """{name: value} of all but wall time, which is of whatever machine it was."""
    return {row.name: row.value for row in rows if row.unit != "s"}


def compared(rows, baseline):
    """(row, what it was) of those that the baseline has."""
    return [(row, baseline[row.name]) for row in rows if row.name in baseline]


def changes(rows, baseline):
    """Lines for what differs by more than is worth none, and for what the baseline does not have."""
    lines = [change(row, was) for row, was in compared(rows, baseline) if abs(row.value - was) > TOLD * abs(was)]
    return lines + [f"  {name}: new" for name in for_baseline(rows) if name not in baseline]


def gone(rows, baseline):
    """Names of the baseline that no row has any more."""
    return sorted(set(baseline) - {row.name for row in rows})


def regressions(rows, baseline):
    """Lines for what takes more than it may, by the baseline."""
    return [change(row, was) for row, was in compared(rows, baseline) if row.value > (1 + SLOWER) * was]
