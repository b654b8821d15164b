# SPDX-License-Identifier: BSD-2-Clause
"""A small part of the benchmarks (docs/benchmarks.md): bounds hold, and nothing got slower by more than 5 %. And that
what judges the figures would see it."""

import importlib.machinery
import importlib.util
import json

import pytest
from lv import ROOT, bench, bench_report, bench_rows
from lv.bench_rows import Row

BASELINE = ROOT / "docs" / "bench-baseline.json"


def test_calls_and_a_small_block():
    raw = bench.traps() | bench.plain_traps() | bench.floor() | bench.lending("2", 2, 8)
    raw |= bench.lending("16", 16) | bench.lending("16-vms", 2, 8, vms=16)
    rows = bench_rows.traps(raw) + bench_rows.lending(raw, 2) + bench_rows.lending(raw, 16)
    assert len(rows) > 30
    assert [f"{row.name}: {row.value} over {row.bound}" for row in rows if row.missed()] == []
    baseline = json.loads(BASELINE.read_text())
    assert [row.name for row in rows if row.name not in baseline] == []
    assert bench_report.regressions(rows, baseline) == []
    assert bench_rows.growth_row(raw, "16-vms", "2", "").value == 0


def script():
    """scripts/bench as a module."""
    loader = importlib.machinery.SourceFileLoader("bench_script", str(ROOT / "scripts" / "bench"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("value, status", [(200, 0), (201, 1)])
def test_a_missed_bound_is_told_and_ends_with_1(value, status, tmp_path, monkeypatch, capsys):
    bench_script = script()
    measured = tmp_path / "bench.json"
    measured.write_text(json.dumps({"measured": {"call": value}}))
    monkeypatch.setattr(bench_script.bench_rows, "all_rows", lambda raw: [Row("calls", "null", raw["call"], bound=200)])
    monkeypatch.setattr("sys.argv", ["bench", "--measured", str(measured)])
    with pytest.raises(SystemExit) as end:
        bench_script.main()
    assert end.value.code == status
    said = capsys.readouterr().out
    assert f"1 figures, {status} bounds missed" in said
    assert ("MISSED 200" in said) == bool(status)


def test_a_figure_that_grows_is_not_hidden_by_one_that_shrinks():
    raw = {"2.lend": 100, "2.revoke": 100, "4-vms.lend": 101, "4-vms.revoke": 50}
    row = bench_rows.growth_row(raw, "4-vms", "2", "4 VMs")
    assert (row.value, row.missed(), row.note) == (1, True, "4 VMs: 4-vms.lend")


def test_the_baseline_tells_what_changed_and_what_got_slower():
    rows = [Row("", "same", 1010), Row("", "less", 980), Row("", "more", 1020), Row("", "slower", 1051),
            Row("", "none-before", 1), Row("", "wall", 9, "s"), Row("", "unknown", 1)]
    baseline = dict.fromkeys(("same", "less", "more", "slower"), 1000) | {"none-before": 0}
    assert bench_report.changes(rows, baseline) == [
        "  less: 1,000 -> 980 (-2.0 %)", "  more: 1,000 -> 1,020 (+2.0 %)", "  slower: 1,000 -> 1,051 (+5.1 %)",
        "  none-before: 0 -> 1", "  unknown: new"]
    assert bench_report.regressions(rows, baseline) == [
        "  slower: 1,000 -> 1,051 (+5.1 %)", "  none-before: 0 -> 1"]
    assert "wall" not in bench_report.for_baseline(rows)
