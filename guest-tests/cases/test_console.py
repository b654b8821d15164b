# SPDX-License-Identifier: BSD-2-Clause
"""One console for all: whole lines, prompts in time, the focus key, the monitor."""

import re

import pytest
from conftest import texts
from linux import boot_to_shells, debian
from lv.console import HYPERVISOR, plain, unsplit
from lv.machine import FOCUS_KEY, Late

LINES = 400


@pytest.fixture(scope="module")
def pair(lab_of_module):
    """One machine for the tests of this file: none of them changes what the others look at."""
    return boot_to_shells(lab_of_module, [debian("alice"), debian("bob")])


def counting(name, condition):
    """A shell loop that writes numbered lines, and the text of line i."""
    text = f"-{name}-0123456789-abcdefghij"
    return (f"(i=0; while {condition}; do echo $i{text}; i=$((i+1)); done)", lambda i: f"{i}{text}")


def test_no_line_is_torn(pair):
    """Both VMs write as fast as they can; every line arrives whole, in order, and once."""
    machine, (alice, bob) = pair
    endless, alices = counting("alice", "[ ! -e /tmp/stop ]")
    bounded, bobs = counting("bob", f"[ $i -lt {LINES} ]")
    alice.run(f"{endless} & true")
    since = machine.position("alice")
    lines = bob.lines(bounded, 120)
    whole = unsplit(machine.console.by_source["alice"][since:])
    seen = [plain(line.text).removeprefix("alice# ") for line in whole[:-1]]
    alice.run("touch /tmp/stop; wait", 60)
    assert lines == [bobs(i) for i in range(LINES)]
    assert len(seen) > 10, "alice did not write meanwhile: nothing was tried"
    first = int(seen[0].split("-")[0])
    assert seen == [alices(i) for i in range(first, first + len(seen))]


def test_a_prompt_is_shown_without_newline(pair):
    machine, (alice, _) = pair
    machine.focus("alice", 0)
    machine.type("alice", "printf 'pass'; sleep 1; printf 'word? '; read x\n")
    machine.expect("alice", r"^password\? $", 20, partial=True)
    machine.type("alice", "\n")
    assert alice.lines("echo $x.") == ["."]


def test_a_prompt_closed_by_another_source_comes_again_whole(pair):
    machine, (alice, bob) = pair
    since = machine.position("alice")
    waits = alice.start("printf begun-; read x; echo ended")
    machine.expect("alice", r"^begun-$", 20, partial=True)
    bob.run("echo between")
    machine.focus("alice", 0)
    machine.type("alice", "more\n")
    alice.finish(waits)
    pieces = [line for line in machine.console.by_source["alice"][since:]]
    assert "begun-" in [line.text for line in pieces]
    whole = [line.text for line in unsplit(pieces)]
    assert "begun-more" in whole and "begun-" not in whole


def test_keys_go_to_the_vm_in_focus_only(pair):
    machine, (alice, bob) = pair
    alice.run("who=alice")
    bob.run("who=bob")
    for guest in (alice, bob, bob, alice):
        assert guest.lines("echo $who") == [guest.name]


def test_the_focus_stays_where_there_is_no_such_vm(pair):
    machine, (alice, _) = pair
    alice.run("true")
    machine.send(FOCUS_KEY + b"7")
    machine.expect(HYPERVISOR, r"no such VM", 20)
    assert alice.lines("echo here") == ["here"]


def test_all_keys_reach_the_guest(pair):
    """Every printable character, a long line of them, and Ctrl-C."""
    machine, (alice, _) = pair
    keys = "".join(chr(c) for c in range(0x21, 0x7f) if chr(c) not in "'\\") * 3
    assert alice.lines(f"echo '{keys}'") == [keys]
    machine.type("alice", "sleep 60; echo not reached\n")
    with pytest.raises(Late):
        machine.expect("alice", r"^not reached", 1)
    machine.send(b"\x03")
    # A shell that had not begun to sleep yet puts no newline between.
    machine.expect("alice", r"^(\^C)?alice# $", 20, partial=True)
    assert alice.lines("echo alive") == ["alive"]


def monitor(machine, command, pattern):
    machine.focus("monitor", "m")
    machine.type(HYPERVISOR, command + "\n")
    return machine.expect(HYPERVISOR, pattern, 20)


def test_monitor_vms(pair):
    machine, _ = pair
    monitor(machine, "vms", r"\balice\b.*\brunning\b")
    machine.expect(HYPERVISOR, r"\bbob\b.*\brunning\b", 20)


def test_monitor_help_names_every_command(pair):
    machine, _ = pair
    since = machine.position(HYPERVISOR)
    monitor(machine, "help", r"\bvms\b")
    monitor(machine, "blocks", r"^\d+ blocks of")
    said = "\n".join(texts(machine, HYPERVISOR)[since:])
    for command in ("vms", "blocks", "help"):
        assert re.search(rf"^\s*{command}\b", said, re.M), said


def test_monitor_refuses_what_it_does_not_know(pair):
    machine, _ = pair
    monitor(machine, "frobnicate", r"no command 'frobnicate'")
    assert pair[1][0].lines("echo alive") == ["alive"]
