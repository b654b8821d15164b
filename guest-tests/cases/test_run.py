# SPDX-License-Identifier: BSD-2-Clause
"""scripts/run with real guests: its exit status, its logs."""

import os
import signal
import subprocess

import pytest
from lv import ROOT, its, tap
from lv.machine import Dead


def run(lab, vms, *words):
    """scripts/run on a source of these VMs; output and exit status."""
    lab.work.mkdir(parents=True, exist_ok=True)
    source = lab.work / "vms.its"
    source.write_text(its.write(vms))
    return subprocess.run([ROOT / "scripts" / "run", source, "--log", lab.logs, *words], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120)


def test_a_log_for_each_vm(lab):
    done = run(lab, [lab.bare_vm("alice", "boot", cpus=2), lab.bare_vm("bob", "boot")],
               "--timeout", "100")
    assert done.returncode == 0
    assert {path.name for path in lab.logs.glob("*.log")} >= {
        "alice.log", "bob.log", "lendvisor.log", "raw.log"}
    assert "all VMs are off" in (lab.logs / "lendvisor.log").read_text()
    assert "# done" in (lab.logs / "alice.log").read_text().splitlines()
    assert "[bob] # done" in done.stdout


def test_a_timeout_is_a_failure(lab):
    """The guest waits for keys that do not come."""
    done = run(lab, [lab.bare_vm("alice", "console")], "--timeout", "3")
    assert done.returncode == 124
    assert "not done after 3 s" in done.stdout


def test_typing_to_a_machine_that_was_killed(lab):
    """However its end is noticed, it is a Failure that says so, and no stray OSError."""
    machine = lab.boot([lab.bare_vm("alice", "console")])
    machine.expect("alice", r"^polled> $", 60, partial=True)
    os.kill(machine.child.pid, signal.SIGKILL)
    with pytest.raises(Dead):
        while True:
            machine.type("alice", "x")
    with pytest.raises(Dead):
        machine.type("alice", "x")


def test_a_machine_of_ones_own(lab):
    done = run(lab, [lab.bare_vm("alice", "boot")], "--cpu", "cortex-a72", "--smp", "3", "--mem",
               "1G", "--icount", "--qemu-arg=-name", "--qemu-arg=mine", "--timeout", "100")
    assert done.returncode == 0
    assert "on 3 CPUs" in done.stdout
    lines = (lab.logs / "alice.log").read_text().splitlines()
    assert tap.parse(lines).failed == []


def test_a_refusal_is_a_failure(lab):
    done = run(lab, [lab.bare_vm("alice", "boot", cpus=2)], "--smp", "1", "--timeout", "100")
    assert done.returncode == 4
    assert "refused:" in done.stdout


def test_through_uboot(lab):
    done = run(lab, [lab.bare_vm("alice", "boot")], "--boot", "uboot", "--timeout", "100")
    assert done.returncode == 0
    assert "Starting kernel" in (lab.logs / "firmware.log").read_text()
