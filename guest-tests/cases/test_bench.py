# SPDX-License-Identifier: BSD-2-Clause
"""A small part of the benchmarks (docs/benchmarks.md): bounds hold, and nothing got slower by more than 5 %."""

import json

from lv import ROOT, bench, bench_rows

SLOWER = 1.05


def test_calls_and_a_small_block():
    raw = bench.traps() | bench.floor() | bench.lending("2", 2, 8)
    raw |= bench.lending("16", 16) | bench.lending("16-vms", 2, 8, vms=16)
    baseline = json.loads((ROOT / "docs" / "bench-baseline.json").read_text())
    rows = bench_rows.traps(raw) + bench_rows.lending(raw, 2) + bench_rows.lending(raw, 16)
    assert len(rows) > 30
    assert [f"{row.name}: {row.value} over {row.bound}" for row in rows if row.missed()] == []
    assert [f"{row.name}: {row.value}, was {baseline[row.name]}" for row in rows
            if row.value > SLOWER * baseline[row.name]] == []
    assert {call: raw["16-vms." + call] for call in bench_rows.CALLS} == {
        call: raw["2." + call] for call in bench_rows.CALLS}
