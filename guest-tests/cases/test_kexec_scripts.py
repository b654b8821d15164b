# SPDX-License-Identifier: BSD-2-Clause
"""The kexec matrix without kexecs: its cells, its report, and what it makes of a user's kernels."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from lv import ROOT, Failure, kexec_report, kexec_user, tap
from lv.kexec_cells import QUICK, WAYS, Kernel, debian_routes, matrix
from lv.kexec_run import Result, groups
from lv.kexec_states import STATES

CELLS, LEFT_OUT = matrix(debian_routes())


def test_every_combination_is_a_cell_or_left_out_for_a_reason():
    names = [cell.name for cell in CELLS] + [cell.name for cell, reason in LEFT_OUT if reason]
    assert len(set(names)) == len(names) == len(debian_routes()) * len(STATES) * len(WAYS)


def test_cells_that_share_a_machine_have_its_kernels_and_vcpus():
    assert sum(len(group) for group in groups(CELLS)) == len(CELLS)
    for group in groups(CELLS):
        assert len({(cell.home, cell.route, cell.cpus) for cell in group}) == 1
    assert {cell.cpus for cell in CELLS} == {1, 2}


def test_each_pair_has_clean_starts_and_a_driver_that_meets_marks():
    for pair in {cell.pair for cell in CELLS}:
        cells = [cell for cell in CELLS if cell.pair == pair]
        assert [cell.state.name for cell in cells if cell.clean] == ["own", "borrowed"]
        assert [cell.state.name for cell in cells if cell.way.adopt and cell.way.driver] == ["own"]
        assert {cell.cpus for cell in cells} == {1, 2}


def test_the_quick_part_is_there_and_needs_two_machines():
    quick = [cell for cell in CELLS if cell.name in QUICK]
    assert len(quick) == len(QUICK)
    assert len(groups(quick)) == 2 and {cell.cpus for cell in quick} == {1, 2}
    assert {cell.way.name for cell in quick} == {"driver", "none", "adopt"}


def test_each_state_has_contents_that_have_to_survive():
    assert [state.name for state in STATES if "held" not in state.slots.values()] == ["nothing"]


def test_only_cells_that_there_are(tmp_path, monkeypatch):
    for name in ("QUICK", "KERNELS", "LV_KEXECS"):
        monkeypatch.delenv(name, raising=False)
    for words, status in ((["--only", "no-such-cell"], 1), (["--only", "own/none", "--list"], 0)):
        done = subprocess.run([ROOT / "scripts/kexec-check", *words, "--out", tmp_path / "out"],
                              capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr
        assert "in a row" not in done.stdout
    assert "6.1>6.12/own/none (" in done.stdout


def test_report(tmp_path):
    good, bad = (Path(f"logs/{name}.txt") for name in ("good", "bad"))
    results = [Result(CELLS[0].name, "ok", "", 1, good, CELLS[0]),
               Result(CELLS[1].name, "failed", "<not> \x1b as it was", 1, bad, CELLS[1]),
               Result(CELLS[2].name, "failed", "it was never run", 0, None, CELLS[2]),
               Result(LEFT_OUT[0][0].name, "left out", "no sense", 0, None, LEFT_OUT[0][0]),
               Result("9 kexecs", "ok", "", 1, good)]
    kexec_report.write(tmp_path, results, "a title", 61)
    said = tap.parse((tmp_path / "results.tap").read_text().splitlines())
    assert (said.planned, len(said.passed), len(said.failed), len(said.skipped)) == (5, 2, 2, 1)
    suite = ET.parse(tmp_path / "results.xml").getroot()
    assert [len(suite.findall(f"testcase/{tag}")) for tag in ("failure", "skipped")] == [2, 1]
    page = (tmp_path / "index.html").read_text()
    assert 'href="logs/good.txt"' in page and 'href="logs/bad.txt"' in page
    assert "&lt;not&gt;" in page and "no sense" in page
    assert "2 passed, 2 failed, 1 left out, 0 not asked for, in 1 minutes" in page
    assert "FAILED" in kexec_report.table(results)


def test_users_kernels(tmp_path):
    for name in ("Image", "lendmem.ko"):
        (tmp_path / name).write_bytes(b"some bytes")
    image, module = tmp_path / "Image", tmp_path / "lendmem.ko"
    routes = kexec_user.routes(f"a={image} b={image},{module}", tmp_path / "out")
    cells, left_out = matrix(routes)
    assert {cell.pair for cell in cells} == {"a>a", "a>b", "b>a", "b>b"}
    assert {cell.route[-1].name for cell in cells if cell.way.driver} == {"b"}
    assert any("no driver was given" in reason for _, reason in left_out)
    assert all(isinstance(kernel, Kernel) for _, route in routes for kernel in route)
    # No lendtest has looked at what they found: who comes last does, and must not give it back unseen.
    assert not any(cell.clean for cell in cells)


@pytest.mark.parametrize("text", ["Image", "a=", "a=/no/such/file", "a/b=Image", f"6.12={__file__}", f"plain={__file__}", f"a;b={__file__}", f"a={__file__} a={__file__}"])
def test_users_kernels_that_are_wrong(text, tmp_path):
    with pytest.raises(Failure, match="KERNELS: "):
        kexec_user.routes(text, tmp_path)
