# SPDX-License-Identifier: BSD-2-Clause
"""A small part of the benchmarks (docs/benchmarks.md): bounds hold, and nothing got slower by more than 5 %. And that
what judges the figures would see it."""

import importlib.machinery
import importlib.util
import json
import subprocess

import pytest
from lv import ROOT, Failure, bench, bench_linux, bench_report, bench_rows
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


@pytest.fixture
def judged(tmp_path, monkeypatch, capsys):
    """judged({name: value}, words...): what scripts/bench ends with, and says of rows of at most 200; its baseline."""
    bench_script, baseline = script(), tmp_path / "baseline.json"
    measured = tmp_path / "bench.json"
    monkeypatch.setattr(bench_script.bench_rows, "all_rows",
                        lambda raw: [Row("calls", name, value, bound=200) for name, value in raw.items()])

    def judge(raw, *words):
        measured.write_text(json.dumps({"measured": raw}))
        monkeypatch.setattr("sys.argv", ["bench", "--measured", str(measured), "--baseline", str(baseline), *words])
        with pytest.raises(SystemExit) as end:
            bench_script.main()
        return end.value.code, capsys.readouterr().out

    return judge, baseline


@pytest.mark.parametrize("value, status, said", [(200, 0, " at most 200"), (201, 1, "MISSED: at most 200"),
                                                 (0, 1, "MISSED: more than 0")])
def test_a_missed_bound_is_told_and_ends_with_1(value, status, said, judged):
    code, out = judged[0]({"call": value})
    assert code == status
    assert f"1 figures, {status} bounds missed" in out
    assert said in out
    assert ("MISSED" in out) == bool(status)


def test_a_figure_that_is_gone_is_told_and_ends_with_1(judged):
    judge, baseline = judged
    whole = dict.fromkeys(bench_rows.WHOLE, 1)
    baseline.write_text(json.dumps(whole | {"call": 1}))
    code, out = judge(whole)
    assert code == 1
    assert out.endswith(f"1 figures of {baseline} gone\n  call\n")
    # Part of a run says nothing of the rest.
    code, out = judge({"call": 1})
    assert (code, " gone\n" in out) == (0, False)
    # A baseline can lose a figure, by a run that has all others.
    assert judge(whole, "--store")[0] == 0
    assert json.loads(baseline.read_text()) == whole


def test_neither_a_part_nor_a_missed_bound_is_stored(judged):
    judge, baseline = judged
    whole = dict.fromkeys(bench_rows.WHOLE, 1)
    assert bench_rows.lacking([Row("", name, 1) for name in whole]) == []
    for name in whole:
        part = {key: value for key, value in whole.items() if key != name}
        assert judge(part, "--store")[0].endswith(f"these have not: {name}")
    assert judge(whole | {"call": 201}, "--store")[0] == "bench: not stored: a bound is missed: call"
    assert not baseline.exists()
    assert judge(whole | {"call": 200}, "--store")[0] == 0
    assert json.loads(baseline.read_text()) == whole | {"call": 200}


def test_the_baseline_is_of_a_full_run():
    assert set(bench_rows.WHOLE) <= set(json.loads(BASELINE.read_text()))


def test_a_failure_in_a_profile_is_one_line(monkeypatch):
    bench_script = script()

    def fails():
        raise Failure("no such mark")

    monkeypatch.setattr(bench_script.bench_profile, "by_function", fails)
    monkeypatch.setattr("sys.argv", ["bench", "--profile"])
    with pytest.raises(SystemExit) as end:
        bench_script.main()
    assert end.value.code == "bench: no such mark"


@pytest.mark.parametrize("cost, missed", [(0, True), (999, True), (1000, False), (1020, False), (1021, True)])
def test_a_scrub_is_neither_over_nor_under_its_floor(cost, missed):
    assert bench_rows.scrub_row("", "2", cost, 1000).missed() == missed


@pytest.mark.parametrize("absent, demanded", [("zero", (128, 1, 128, 1)), ("abort", (64, 0, 64, 1))])
def test_writes_and_flushes_are_as_many_as_demanded(absent, demanded):
    names = ["retrieve-writes", "retrieve-flushes", "relinquish-writes", "relinquish-flushes"]

    def missed(counts):
        raw = {f"counts-128-{absent}.{name}": count for name, count in zip(names, counts)}
        return [row.name for row in bench_rows.descriptors(raw, 128, absent) if row.missed()]

    assert missed(demanded) == []
    every = [f"{name}-128-{absent}" for name in names]
    assert missed([count + 1 for count in demanded]) == every
    assert missed([count - 1 for count in demanded]) == every


def test_a_job_that_measured_nothing_has_not_grown_by_nothing():
    with pytest.raises(Failure, match="4-vms.lend is 0"):
        bench_rows.growth_row({"2.lend": 1, "4-vms.lend": 0}, "4-vms", "2", "")


def marks():
    """Of a move in which everything takes something."""
    steps = bench_linux.KERNEL_STEPS
    return {nr: bench_linux.Mark(100 * nr, 10 * nr, float(nr), dict.fromkeys(steps, 5 * nr)) for nr in range(6)}


def test_what_a_move_takes():
    found = bench_linux.moved("move", marks())
    assert (found["move.total"], found["move.total-el2"], found["move.kernel-add"]) == (440, 40, 20)


def test_a_function_without_a_return_and_a_mark_too_early_are_failures():
    without, early = marks(), marks()
    without[4].spent["add"] = 0
    with pytest.raises(Failure, match="move.kernel-add is 0"):
        bench_linux.moved("move", without)
    early[1] = bench_linux.Mark(300, 30, 3.0, early[1].spent)
    with pytest.raises(Failure, match="move.lend is -110"):
        bench_linux.moved("move", early)


def test_a_profile_for_which_there_is_no_memory(tmp_path):
    """QEMU's plugin is made for the benchmarks only: of its own, here."""
    source, plugin = ROOT / "guest-tests" / "bench", tmp_path / "count.so"
    subprocess.run(["gcc", "-fPIC", "-shared", "-o", plugin, source / "count.c", source / "functions.c"], check=True)
    words = f"{plugin},out={tmp_path / 'out'},low=0,high={(1 << 64) - 1},profile={tmp_path / 'profile'}"
    done = subprocess.run(["qemu-system-aarch64", "-M", "none", "-nodefaults", "-nographic", "-S", "-plugin", words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "wrong or missing: profile" in done.stderr


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
