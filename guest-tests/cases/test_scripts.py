# SPDX-License-Identifier: BSD-2-Clause
"""The scripts' own logic, without QEMU."""

import os
import subprocess

import pytest
from lv import ROOT, Failure, its, machine, tap
from lv.bundle import compile_its, read_needs
from lv.console import Demux, plain, unsplit
from lv.guest import PANIC, Guest

MIB = 1 << 20


def seen(data, *cuts):
    """A Demux that got data in pieces."""
    demux = Demux()
    for start, end in zip((0, *cuts), (*cuts, len(data))):
        demux.feed(data[start:end])
    return demux


CONSOLE = b"U-Boot\r\n[lendvisor] up\r\n[alice] one\r\n[bob] \r\n[alice] / # "


@pytest.mark.parametrize("cut", range(len(CONSOLE)))
def test_demux_does_not_care_where_reads_end(cut):
    demux = seen(CONSOLE, cut)
    assert [(line.source, line.text) for line in demux.lines] == [
        ("", "U-Boot"), ("lendvisor", "up"), ("alice", "one"), ("bob", "")]
    assert demux.partial("alice") == "/ # "
    assert demux.partial("bob") == ""


def test_demux_takes_kernel_time_stamps_for_text():
    demux = seen(b"[alice] [    0.000000] Booting\r\n[    1.5] bare\r\n")
    assert [(line.source, line.text) for line in demux.lines] == [
        ("alice", "[    0.000000] Booting"), ("", "[    1.5] bare")]


def test_a_closed_piece_is_dropped_and_a_repeated_line_is_not():
    demux = seen(b"[a] x\r\n[a] x\r\n[a] pro\r\n[b] y\r\n[a] prompt\r\n")
    assert [line.text for line in unsplit(demux.by_source["a"])] == ["x", "x", "prompt"]


def test_printed_counts_the_incomplete_line():
    demux = seen(b"[a] 12\r\n[a] 345")
    assert demux.printed("a") == 6
    demux.feed(b"\r\n[b] z\r\n[a] 345")
    assert demux.printed("a") == 10


def test_plain_takes_escapes_away():
    assert plain("\x1b[6n/ # l\x1b[Js\r") == "/ # ls"


@pytest.mark.parametrize("raw, text", [
    (b"[a] x\r\x1b[K[a] / # ", "/ # "),
    (b"[a] / # lsx\b \b\b \b!", "/ # l!"),
    (b"[a] \b \bx", "x"),
])
def test_demux_follows_what_is_taken_back(raw, text):
    assert seen(raw + b"\r\n").by_source["a"][0].text == text
    assert seen(raw).partial("a") == text


@pytest.mark.parametrize("lines, complaint", [
    (["1..2", "ok 1 - a", "ok 2 - b", "# done"], ""),
    (["ok 1 - a", "ok 2 - b", "1..2", "# done"], ""),
    (["1..2", "ok 1 - a", "# done"], "1 results where the plan says 2"),
    (["1..2", "ok 1 - a", "ok 2 - b"], "no `# done`"),
    (["1..1", "not ok 1 - a", "# done"], "failed: not ok 1 - a"),
    (["1..2", "ok 1 - a", "ok 3 - c", "# done"], "failed: ok 3 - c"),
    (["1..0", "# done"], "no test ran"),
    (["1..1", "ok 1 - a # SKIP why", "# done"], "no test ran"),
    (["1..2", "ok 1 - a # SKIP why", "ok 2 - b", "# done"], ""),
    (["1..2", "ok 1 - a", "Bail out! lost", "# done"], "Bail out! lost"),
    (["ok 1 - a", "# done"], "1 results where the plan says None"),
])
def test_tap(lines, complaint):
    got = tap.parse(lines).complaint()
    assert got.startswith(complaint) if complaint else got == ""


def test_needs_of_a_bundle(tmp_path):
    image = tmp_path / "image.bin"
    image.write_bytes(b"\0" * 4096)
    vms = [its.Vm("alice", str(image), cpus=2, boot_memory=512 * MIB, owned_memory=512 * MIB),
           its.Vm("bob", str(image), boot_memory=512 * MIB, extra="lendvisor,pool-slots = <1>;")]
    source = tmp_path / "t.its"
    source.write_text(its.write(vms, 128 * MIB))
    needs = read_needs(compile_its(source, tmp_path / "t.itb"))
    assert (needs.cpus, needs.vms) == (3, ["alice", "bob"])
    assert needs.memory >= (3 * 512 + 128) * MIB and needs.memory % (256 * MIB) == 0


def test_the_source_and_its_images_are_missed_by_name(tmp_path):
    with pytest.raises(Failure, match="gone.its: no such file"):
        compile_its(tmp_path / "gone.its", tmp_path / "t.itb")
    source = tmp_path / "t.its"
    source.write_text(its.write([its.Vm("alice", "/nowhere/Image")]))
    with pytest.raises(Failure, match="/nowhere/Image is not there"):
        compile_its(source, tmp_path / "t.itb")
    source.write_text("/dts-v1/; / { nonsense };")
    with pytest.raises(Failure, match="mkimage refuses it"):
        compile_its(source, tmp_path / "t.itb")


CMOCKA = "[==========] Running 2 test(s).\n[  PASSED  ] {} test(s).\n{}\n"


@pytest.mark.parametrize("log, last, status", [
    ("ok 1\nok 2\n1..2\nexit: 0\n", "2 passed, 0 failed", 0),
    ("1..3\nok 1\nexit: 0\n", "1 passed, 2 failed", 1),
    ("1..2\nok 1\nnot ok 2\nexit: 0\n", "1 passed, 1 failed", 1),
    (CMOCKA.format(2, "") + "exit: 0\n", "2 passed, 0 failed", 0),
    (CMOCKA.format(1, "[  FAILED  ] 1 test(s), listed below:") + "exit: 1\n",
     "1 passed, 1 failed", 1),
    (CMOCKA.format(2, "") + "AddressSanitizer\nexit: 1\n", "2 passed, 1 failed", 1),
    ("nothing to say\nexit: 0\n", "1 passed, 0 failed", 0),
    ("nothing to say\nexit: 2\n", "0 passed, 1 failed", 1),
    ("killed in the mid", "0 passed, 1 failed", 1),
])
def test_summary(tmp_path, log, last, status):
    (tmp_path / "step.log").write_text(log)
    done = subprocess.run([ROOT / "scripts" / "check-summary", tmp_path], text=True,
                          stdout=subprocess.PIPE)
    assert (done.stdout.splitlines()[-1], done.returncode) == (last, status)


def test_summary_of_nothing_is_a_failure(tmp_path):
    assert subprocess.run([ROOT / "scripts" / "check-summary", tmp_path]).returncode == 1


@pytest.mark.parametrize("words, says", [
    (["nowhere.its"], "nowhere.its: no such file"),
    (["boot/demo.its", "--hypervisor", "/nowhere/lendvisor.img"], "make setup all linux"),
])
def test_run_says_what_is_missing(words, says):
    done = subprocess.run([ROOT / "scripts" / "run", *words], text=True, cwd=ROOT,
                          stderr=subprocess.PIPE)
    assert done.returncode == 64
    assert says in done.stderr


def fake_qemu(tmp_path, script):
    qemu = tmp_path / "qemu-system-aarch64"
    qemu.write_text(f"#!/bin/sh\n{script}\n")
    qemu.chmod(0o755)


def test_a_panic_ends_a_wait_early_and_a_quoted_one_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(machine, "GRACE", 0.2)
    panic = "[alice] [    7.7] Kernel panic - not syncing: Attempted to kill init!\\r\\n"
    fake_qemu(tmp_path, f"printf '{panic}'; exec sleep 600")
    with machine.Machine(machine.Options(), tmp_path / "dies") as dying:
        with pytest.raises(machine.Died, match="Attempted to kill init!"):
            Guest(dying, "alice", 0).wait_shell(150)
    fake_qemu(tmp_path, f"printf '{panic}[alice] done\\r\\n'; exec sleep 600")
    with machine.Machine(machine.Options(), tmp_path / "quotes") as quoting:
        assert quoting.expect("alice", "^done", 150, fatal=PANIC)


@pytest.mark.parametrize("prints, status", [
    ("[lendvisor] all VMs are off", 0),
    ("[lendvisor] PANIC: broken", 3),
    ("[lendvisor] refused: /configurations/alice: no", 4),
    ("[alice] PANIC: a guest may print what it likes", 0),
    ("[alice] refused: so may it", 0),
])
def test_run_judges_by_the_console(tmp_path, prints, status):
    """QEMU exits with 0 whatever happened."""
    fake_qemu(tmp_path, f"printf '%s\\r\\n' '{prints}'")
    image = tmp_path / "image.bin"
    image.write_bytes(b"\0" * 4096)
    source = tmp_path / "t.its"
    source.write_text(its.write([its.Vm("alice", str(image))]))
    itb = compile_its(source, tmp_path / "t.itb")
    done = subprocess.run([ROOT / "scripts" / "run", itb, "--hypervisor", image, "--log", tmp_path],
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    assert done.returncode == status
