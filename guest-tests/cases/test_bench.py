# SPDX-License-Identifier: BSD-2-Clause
"""A small part of the benchmarks (docs/benchmarks.md): bounds hold, and nothing got slower by more than 5 %. And that
what judges the figures would see it."""

import importlib.machinery
import importlib.util
import json
import subprocess

import pytest
from lv import ROOT, Failure, bench, bench_count, bench_linux, bench_report, bench_rows
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


@pytest.mark.parametrize("absent, cpu, demanded", [
    ("zero", (), (128, 1, 128, 1)), ("abort", (), (64, 0, 64, 1)), ("zero", ("max",), (128, 2, 128, 2))])
def test_writes_and_tlbis_are_as_many_as_demanded(absent, cpu, demanded):
    names = ["retrieve-writes", "retrieve-tlbis", "relinquish-writes", "relinquish-tlbis"]
    tail = "-".join(("128", absent, *cpu))

    def missed(counts):
        raw = {f"counts-{tail}.{name}": count for name, count in zip(names, counts)}
        return [row.name for row in bench_rows.descriptors(raw, 128, absent, *cpu) if row.missed()]

    assert missed(demanded) == []
    every = [f"{name}-{tail}" for name in names]
    assert missed([count + 1 for count in demanded]) == every
    assert missed([count - 1 for count in demanded]) == every


def test_each_tlbi_that_is_executed_is_counted():
    """One retrieve and one relinquish each, on a CPU with TLBIs by range, and on one without."""
    for cpu, tlbis in ((bench.CPU, 1), ("max", 2)):
        found = {key.split(".")[1]: value for key, value in bench.counts(128, cpu=cpu).items()}
        assert (found["retrieve-tlbis"], found["relinquish-tlbis"]) == (tlbis, tlbis)


def test_a_job_that_measured_nothing_has_not_grown_by_nothing():
    with pytest.raises(Failure, match="4-vms.lend is 0"):
        bench_rows.growth_row({"2.lend": 1, "4-vms.lend": 0}, "4-vms", "2", "")


def test_a_lost_figure_has_not_grown_by_nothing():
    less = {"2.lend": 1, "2.own-retrieve": 1}
    with pytest.raises(Failure, match=r"4-vms has other figures than 2: \['lend'\]"):
        bench_rows.growth_row(less | {"4-vms.own-retrieve": 1}, "4-vms", "2", "")
    # Without a peer there is nothing else.
    assert bench_rows.growth_row(less | {"1-vm.own-retrieve": 1}, "1-vm", "2", "").value == 0
    with pytest.raises(Failure, match="1-vm has other figures"):
        bench_rows.growth_row(less, "1-vm", "2", "")


def test_a_figure_that_is_not_there_is_told_by_its_name():
    with pytest.raises(Failure, match="vm.call-null-64 was not measured"):
        bench_rows.all_rows({})


def test_a_failed_job_fails_a_run_that_goes_on(monkeypatch, tmp_path):
    bench_script = script()

    def fails():
        raise Failure("no figure")

    def measures():
        return {"a.b": 1}

    monkeypatch.setattr(bench_script, "jobs", lambda quick: [bench_script.job(fails), bench_script.job(measures)])
    monkeypatch.setattr(bench_script.bench_linux, "kernel_steps", dict)
    monkeypatch.setattr(bench_script, "OUT", tmp_path / "bench.json")
    monkeypatch.setattr("sys.argv", ["bench", "--quick"])
    with pytest.raises(SystemExit) as end:
        bench_script.main()
    assert end.value.code.startswith("bench: 1 jobs failed: no figure; ")
    assert json.loads((tmp_path / "bench.json").read_text()) == {"measured": {"a.b": 1}}


def marks():
    """Of a move in which everything takes something."""
    steps = bench_linux.FUNCTIONS
    return {nr: bench_count.Mark(100 * nr, 10 * nr, 50 * nr, 0, float(nr), dict.fromkeys(steps, 5 * nr))
            for nr in range(10)}


def test_what_a_move_takes():
    found = bench_linux.moved("move", marks())
    assert (found["move.total"], found["move.total-el2"], found["move.kernel-add"]) == (440, 40, 20)
    assert (found["move.back-total"], found["move.back-kernel-offline"], found["move.user-space"]) == (220, 10, 200)


def test_a_function_without_a_return_and_a_mark_too_early_are_failures():
    without, early, beside = marks(), marks(), marks()
    without[4].spent["add"] = 0
    with pytest.raises(Failure, match="move.kernel-add is 0"):
        bench_linux.moved("move", without)
    early[1] = bench_count.Mark(300, 30, 150, 0, 3.0, early[1].spent)
    with pytest.raises(Failure, match="move.lend is -110"):
        bench_linux.moved("move", early)
    beside[6].guests = beside[4].guests
    with pytest.raises(Failure, match="alice recalled before bob was through"):
        bench_linux.moved("move", beside)


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
    assert (row.value, row.missed(), row.note) == (1, True, "4 VMs: lend")


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
