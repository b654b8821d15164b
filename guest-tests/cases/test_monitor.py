# SPDX-License-Identifier: BSD-2-Clause
"""The monitor's commands, on VMs that do what is typed (guest-tests/bare/test_orders.c)."""

import random
import re
import time

import pytest
from conftest import DEBUG_IMAGE, IMAGE, ends_orderly, texts, whole_texts
from lv import tap
from lv.console import HYPERVISOR
from lv.machine import Late, deadline
from lv.monitor import Monitor

MIB = 1 << 20
GIB = 1 << 30
WINDOW = 1 << 32
STANDBY, OFFERED, HELD, BORROWED, LENT, REVOKED = range(1, 7)
EMPTY = 0
RETRIEVE, RELINQUISH, EVENT_NEXT = 3, 4, 11
EVENT_TARGET = 7
STARTED = r"^= ready$"


class Player:
    """A VM and its keyboard."""

    def __init__(self, machine, name, nr):
        self.machine, self.name, self.nr = machine, name, nr

    def begin(self, order):
        """Types an order; its answer is for later."""
        self.machine.focus(self.name, self.nr)
        self.machine.skip(self.name)
        self.machine.type(self.name, order + "\n")

    def answer(self, timeout=60):
        return self.machine.expect(self.name, r"^= (.*)$", timeout).group(1)

    def do(self, order, timeout=60):
        self.begin(order)
        return self.answer(timeout)

    def number(self, order):
        return int(self.do(order), 16)

    def call(self, fn, *args):
        """A lending call's status and x1."""
        words = self.do(f"c {fn:x} " + " ".join(f"{arg:x}" for arg in args)).split()
        status, x1 = (int(word, 16) for word in words)
        return (status - (1 << 64) if status >> 63 else status), x1

    def slot(self, slot):
        return int(self.do(f"s {slot:x}").split()[0])

    def ready(self):
        self.machine.expect(self.name, STARTED, 60)


def boot(lab, block=2 * MIB, cpus=2, alice="", bob="", **options):
    """alice, who owns four blocks and may lend to bob; bob, who owns two and may lend to alice; memory for no more."""
    window = (WINDOW, max(16 * block, 128 * MIB))
    both = {"cpus": cpus, "boot_memory": 128 * MIB, "window": window}
    vms = [
        lab.bare_vm("alice", "orders", owned_memory=4 * block, lend_to=["bob"], extra=alice, **both),
        lab.bare_vm("bob", "orders", owned_memory=2 * block, lend_to=["alice"], extra=bob, **both),
    ]
    machine = lab.boot(vms, block_size=block, **options)
    players = [Player(machine, vm.name, nr) for nr, vm in enumerate(vms)]
    for player in players:
        player.ready()
    return machine, Monitor(machine), *players


def wait_until(holds, what, timeout=120):
    until = deadline(timeout)
    while not holds():
        if time.monotonic() > until:
            raise Late(f"waited {timeout} s for {what}")


def end(machine, *players):
    for player in players:
        player.begin("o")
    ends_orderly(machine)


def test_help_names_every_command(lab):
    machine, monitor, alice, bob = boot(lab)
    said = monitor.lines("help")
    names = [line.split()[0] for line in said]
    assert names == ["vms", "blocks", "loans", "stats", "lend", "reclaim", "revoke", "target", "poison",
                     "reset", "stop", "start", "crash", "help", "Ctrl-T"]
    end(machine, alice, bob)


WRONG = {
    "frobnicate": "no command 'frobnicate'; try help",
    "lend": "usage: lend OWNER SLOT N BORROWER [revocable,keep,adoptable]",
    "lend alice 0 1": "usage: lend OWNER SLOT N BORROWER [revocable,keep,adoptable]",
    "lend alice 0 1 bob keep now": "usage: lend OWNER SLOT N BORROWER [revocable,keep,adoptable]",
    "lend alice 0 1 bob loose": "no flag 'loose'",
    "lend carol 0 1 bob": "no VM 'carol'; try vms",
    "lend alice zero 1 bob": "'zero' is no number, decimal or 0x",
    "lend alice 0 0 bob": "lend: INVALID: an argument is out of range",
    "lend alice 0 0x100000000 bob": "lend: INVALID: an argument is out of range",
    "lend alice 99 1 bob": "lend: INVALID: an argument is out of range",
    "lend alice 5 1 bob": "lend: BAD_STATE: a slot, loan or block is in no state for it",
    "lend alice 0 1 alice": "lend: DENIED: no right to that",
    "reclaim": "usage: reclaim LOAN [MS]",
    "reclaim 7": "no loan 0x7; try loans",
    "revoke 0x7": "no loan 0x7; try loans",
    "revoke 18446744073709551616": "'18446744073709551616' is no number, decimal or 0x",
    "target bob": "usage: target VM BLOCKS",
    "target bob 99": "target: INVALID: an argument is out of range",
    "poison": "usage: poison ADDRESS",
    "poison 0x1000": "poison: INVALID: an argument is out of range",
    "stop": "usage: stop VM",
    "stop alice now": "usage: stop VM",
    "start alice": "start: alice is running",
    "stats carol": "no VM 'carol'; try vms",
    "vms all": "usage: vms",
}


def test_wrong_arguments_are_one_line_each(lab):
    machine, monitor, alice, bob = boot(lab)
    before = [monitor.lines(show) for show in ("blocks", "loans", "stats")]
    for command, answer in WRONG.items():
        assert (command, monitor.line(command)) == (command, answer)
    assert monitor.lines("") == []
    assert [monitor.lines(show) for show in ("blocks", "loans", "stats")] == before
    end(machine, alice, bob)


def test_a_loan_from_the_console(lab):
    machine, monitor, alice, bob = boot(lab)
    handle = monitor.loan("lend alice 1 2 bob keep,revocable")
    assert monitor.lines("loans") == [
        f"{handle}  alice slot 1 -> bob slot 2  2 blocks, 2 out revocable keep", "1 loans"]
    assert alice.slot(1) == LENT and bob.slot(2) == OFFERED
    assert bob.call(RETRIEVE, 2, 2) == (0, 2)
    assert bob.do("f 2") == "0x0"
    assert monitor.line(f"reclaim {handle}") == "reclaim: PENDING: 2 blocks out"
    assert bob.call(RELINQUISH, 2, 1, 0) == (0, 1)
    assert monitor.line(f"reclaim {int(handle, 16)} 5000") == "reclaim: PENDING: 1 blocks out"
    assert bob.call(RELINQUISH, 3, 1, 0) == (0, 1)
    assert monitor.line(f"reclaim {handle}") == f"no loan {handle}; try loans"
    assert alice.slot(1) == alice.slot(2) == STANDBY
    assert monitor.lines("loans") == ["0 loans"]
    end(machine, alice, bob)


def test_target(lab):
    machine, monitor, alice, bob = boot(lab, bob="lendvisor,pool-slots = <2>;")
    assert monitor.line("target alice 1") == "target: INVALID: an argument is out of range"
    assert monitor.line("target bob 1") == "target: SUCCESS"
    assert monitor.lines("stats bob")[3] == (
        "bob: of the pool: holds 0, target 1, quota 2; 0 slots with events")
    assert bob.call(EVENT_NEXT)[1] & 0xff == EVENT_TARGET
    end(machine, alice, bob)


def address_of(monitor, state):
    return next(line.split()[0] for line in monitor.lines("blocks") if f" {state} " in line)


def test_poison(lab):
    """A free block is out of use at once, one in use when it is given up."""
    machine, monitor, alice, bob = boot(lab)
    free = address_of(monitor, "FREE")
    assert monitor.line(f"poison {free}") == "poison: SUCCESS"
    assert address_of(monitor, "POISONED") == free
    assert monitor.line(f"poison {int(free, 16) + 5}") == (
        "poison: BAD_STATE: a slot, loan or block is in no state for it")
    assert alice.call(RETRIEVE, 0, 1) == (0, 1)
    assert monitor.line(f"poison {address_of(monitor, 'HELD')}") == (
        "poison: PENDING: it is in use, and goes when given up")
    assert alice.slot(0) == HELD and alice.do("w 0") == "0x0"
    assert alice.call(RELINQUISH, 0, 1, 0) == (0, 1)
    assert alice.slot(0) == EMPTY
    poisoned = [line.split()[1] for line in monitor.lines("blocks") if " POISONED " in line]
    assert sum(map(int, poisoned)) == 2
    end(machine, alice, bob)


def test_stop_and_start(lab):
    machine, monitor, alice, bob = boot(lab)
    fresh = monitor.lines("blocks")
    monitor.until("stop bob", r"^bob: off$")
    assert monitor.line("stop bob") == "stop: bob is off"
    assert monitor.line("reset bob") == "reset: bob is off"
    assert monitor.line("crash bob") == "crash: bob is off"
    assert monitor.line("lend alice 0 1 bob") == "lend: NO_SUCH_VM: it is not running"
    assert monitor.line("lend bob 0 1 alice") == "lend: NO_SUCH_VM: it is not running"
    monitor.until("start bob", r"^bob: started$")
    bob.ready()
    assert bob.call(RETRIEVE, 0, 2) == (0, 2)
    assert bob.number("v 0") == 0
    assert bob.call(RELINQUISH, 0, 2, 0) == (0, 2)
    assert sorted(monitor.lines("blocks")) == sorted(fresh)
    end(machine, alice, bob)


def total_free(monitor):
    return int(re.search(r", (\d+) free$", monitor.lines("blocks")[0]).group(1))


def test_start_takes_the_owned_memory_or_is_refused(lab):
    """What bob gave up when he went off is his again, unless alice has it by then."""
    machine, monitor, alice, bob = boot(lab, block=64 * MIB, memory="1024M",
                                        alice="lendvisor,pool-slots = <12>; lendvisor,quota = <12>;")
    monitor.until("stop bob", r"^bob: off$")
    free = total_free(monitor)
    assert 2 <= free <= 12, "the machine has to be short of memory for this test"
    assert alice.call(RETRIEVE, 4, free - 1) == (0, free - 1)
    monitor.until("start bob", r"^bob: start refused: lendvisor,owned-memory: 2 blocks, and the pool has 1$")
    monitor.until("vms", r"\bbob\b +off\b")
    assert alice.call(RELINQUISH, 4, 1, 0) == (0, 1)
    monitor.until("start bob", r"^bob: started$")
    bob.ready()
    assert bob.call(RETRIEVE, 0, 2) == (0, 2)
    assert bob.number("v 0") == bob.number("v 1") == 0
    end(machine, alice, bob)


def test_reset_of_lender_and_borrower(lab):
    machine, monitor, alice, bob = boot(lab)
    handle = monitor.loan("lend alice 0 2 bob")
    assert bob.call(RETRIEVE, 2, 2) == (0, 2)
    assert bob.do("f 2") == "0x0"
    monitor.until("reset alice", r"^alice: reset$")
    alice.ready()
    assert alice.slot(0) == LENT and bob.slot(2) == BORROWED and bob.number("v 2") != 0
    monitor.until("reset bob", r"^bob: reset$")
    bob.ready()
    assert monitor.line(f"reclaim {handle}") == f"no loan {handle}; try loans"
    assert alice.slot(0) == STANDBY and bob.slot(2) == EMPTY
    assert alice.call(RETRIEVE, 0, 2) == (0, 2)
    assert alice.number("v 0") == alice.number("v 1") == 0
    end(machine, alice, bob)


@pytest.mark.parametrize("becomes", ["stop", "reset"])
def test_the_watchdog(lab, becomes):
    machine, monitor, alice, bob = boot(lab, bob=f'lendvisor,on-crash = "{becomes}";')
    monitor.begin("crash bob")
    if becomes == "reset":
        machine.expect(HYPERVISOR, r"^bob: watchdog: reset$", 60)
        bob.ready()
        end(machine, alice, bob)
    else:
        machine.expect(HYPERVISOR, r"^bob: watchdog: stopped$", 60)
        machine.expect(HYPERVISOR, r"^bob: off$", 60)
        end(machine, alice)


def test_all_off_by_the_monitor(lab):
    machine, monitor, alice, bob = boot(lab)
    monitor.until("stop alice", r"^alice: off$")
    monitor.begin("stop bob")
    ends_orderly(machine)


@pytest.mark.parametrize("on_revoked", ["abort", "crash"])
@pytest.mark.parametrize("block", [2 * MIB, GIB], ids=["2M", "1G"])
def test_revoke_under_load(lab, on_revoked, block):
    """All of bob's other CPUs write to the block that goes; he is stopped if he asked for that."""
    machine, monitor, alice, bob = boot(lab, block, 3,
                                        bob=f'lendvisor,on-revoked = "{on_revoked}"; '
                                            'lendvisor,on-crash = "reset";')
    handle = monitor.loan("lend alice 0 1 bob revocable")
    assert bob.call(RETRIEVE, 2, 1) == (0, 1)
    assert bob.number("h 2") == 2
    assert monitor.line(f"revoke {handle}") == (
        "revoke: BAD_STATE: a slot, loan or block is in no state for it")
    assert monitor.line(f"reclaim {handle} 1") == "reclaim: PENDING: 1 blocks out"
    machine.pump(0.1)
    machine.skip("bob")
    monitor.until(f"revoke {handle}", r"^revoke: SUCCESS$", 120)
    if on_revoked == "crash":
        bob.ready()
        said = texts(machine, HYPERVISOR)
        assert len([line for line in said if "touched a slot that was revoked" in line]) == 1
        assert "bob: reset" in said
        assert bob.slot(2) == EMPTY
    else:
        wait_until(lambda: bob.number("n") == 2, "both CPUs to be stopped")
        assert bob.slot(2) == REVOKED
        assert bob.do("p 2") == bob.do("w 2") == "abort"
        assert bob.call(RELINQUISH, 2, 1, 0) == (0, 1)
        assert bob.slot(2) == EMPTY and bob.do("p 2") == "0x0"
    assert alice.slot(0) == STANDBY
    assert alice.call(RETRIEVE, 0, 1) == (0, 1)
    assert alice.number("v 0") == 0
    end(machine, alice, bob)


def figures(monitor):
    """What may not change by living on: blocks, loans, tables, events. Counters of what was done may."""
    stats = [line for line in monitor.lines("stats") if re.search(r"mappings|pool", line)]
    return monitor.lines("blocks"), monitor.lines("loans"), stats


def test_a_thousand_resets_leak_nothing(lab):
    """alice resets in the middle of lending and borrowing, bob goes on."""
    block = 2 * MIB
    both = {"boot_memory": 128 * MIB, "window": (WINDOW, 128 * MIB)}
    machine = lab.boot([
        lab.bare_vm("alice", "again_a", owned_memory=4 * block, lend_to=["bob"], **both),
        lab.bare_vm("bob", "again_b", owned_memory=2 * block, lend_to=["alice"], **both),
    ], block_size=block)
    alice, bob, monitor = Player(machine, "alice", 0), Player(machine, "bob", 1), Monitor(machine)

    def key(player):
        machine.focus(player.name, player.nr)
        machine.send(b"x")

    machine.expect("alice", r"^= begin$", 60)
    bob.ready()
    before = figures(monitor)
    key(bob)
    key(alice)
    machine.expect("alice", r"^= last life$", 300)
    key(bob)
    machine.expect("bob", r"^= lending no more$", 60)
    key(alice)
    machine.expect("alice", r"^= settled$", 60)
    machine.expect("bob", r"^= settled$", 60)
    assert figures(monitor) == before
    assert texts(machine, HYPERVISOR).count("alice: reset") == 1000
    for player in (alice, bob):
        key(player)
    ends_orderly(machine)
    for player in (alice, bob):
        assert tap.parse(whole_texts(machine, player.name)).complaint() == ""


def wait_state(monitor, name, state):
    """Until vms shows it."""
    shown = re.compile(rf"\d+ +{name} +{state}\b")
    wait_until(lambda: any(shown.match(line) for line in monitor.lines("vms")), f"{name} to be {state}")


def conserved(monitor, nr_free):
    """Every block where it was at first, though perhaps another one of its kind."""
    lines = monitor.lines("blocks")
    runs = [re.fullmatch(r"0x\w+ +(\d+)  (\w+) +owner (\w+) +holder (\S+)", line) for line in lines[1:]]
    count = {}
    for run in runs:
        key = run.group(2), run.group(3), run.group(4)
        count[key] = count.get(key, 0) + int(run.group(1))
    expected = {("STANDBY", "alice", "-"): 4, ("STANDBY", "bob", "-"): 2}
    if nr_free:
        expected["FREE", "pool", "-"] = nr_free
    return count == expected


# Not expired; or bob has given the block back by then. Other first commands find the victim running, and are
# not refused.
LOAN_ANSWERS = {
    "revoke": r"revoke: BAD_STATE: .*|no loan 0x\w+; try loans",
    "reclaim": r"reclaim: (SUCCESS: 0|PENDING: 1) blocks out|no loan 0x\w+; try loans",
}


@pytest.mark.parametrize("block, seed, kernel", [
    (2 * MIB, 1, DEBUG_IMAGE), (GIB, 2, IMAGE), (GIB, 3, DEBUG_IMAGE)], ids=["2M", "1G-a", "1G-b"])
def test_ends_at_any_moment(lab, block, seed, kernel):
    """
    alice and bob retrieve and relinquish without end, she her own block and he one of hers; one of them is
    stopped, reset or crashed meanwhile, twice at times, and started again. Nothing is lost, and nobody finds
    another's data.
    """
    rng = random.Random(seed)
    machine, monitor, alice, bob = boot(lab, block, bob='lendvisor,on-crash = "reset";', kernel=kernel)
    nr_free = total_free(monitor)
    for _ in range(8):
        handle = monitor.loan("lend alice 1 1 bob revocable")
        alice.begin("b 0 1")
        bob.begin("b 2 1")
        machine.pump(rng.random())
        victim = rng.choice([alice, bob])
        commands = rng.choice([["stop"], ["reset"], ["crash"], ["reset", "stop"], ["crash", "stop"],
                               ["stop", "reset"], ["revoke", "reset"], ["reclaim", "stop"]])
        since = machine.position(HYPERVISOR)
        for nr, command in enumerate(commands):
            said = monitor.lines(f"{command} {handle if command in LOAN_ANSWERS else victim.name}")
            if nr == 0 and command in LOAN_ANSWERS:
                assert [line for line in said if re.fullmatch(LOAN_ANSWERS[command], line)], said
            elif nr == 0:
                assert not [line for line in said if line.startswith(f"{command}:")]
            machine.pump(rng.choice([0, 0.01, 0.1]))
        for player in (alice, bob):
            machine.focus(player.name, player.nr)
            machine.send(b"x")
        survivor = bob if victim is alice else alice
        assert int(survivor.answer(), 16) > 0
        off = "stop" in commands or (commands == ["crash"] and victim is alice)
        machine.pump(0.1)
        wait_state(monitor, victim.name, "off" if off else "running")
        if off:
            machine.skip(victim.name)
            monitor.lines(f"start {victim.name}")
            wait_state(monitor, victim.name, "running")
        victim.ready()
        if len(commands) == 1:
            assert f"{victim.name}: {'off' if off else 'reset'}" in texts(machine, HYPERVISOR)[since:]
        # Both anew, so that nothing is left of this round but what would have leaked.
        for player in (alice, bob):
            machine.skip(player.name)
            monitor.until(f"reset {player.name}", rf"^{player.name}: reset$", 120)
            player.ready()
        for line in monitor.lines("loans")[:-1]:
            monitor.lines(f"reclaim {line.split()[0]}")
        assert monitor.lines("loans") == ["0 loans"]
        assert conserved(monitor, nr_free)
    for player, slots in ((alice, 4), (bob, 2)):
        assert player.call(RETRIEVE, 0, slots) == (0, slots)
        assert [player.number(f"v {slot:x}") for slot in range(min(slots, 2))] == [0, 0]
    end(machine, alice, bob)


def test_keys_typed_meanwhile_wait(lab):
    """Commands typed ahead are carried out one after the other, none within another."""
    machine, monitor, alice, bob = boot(lab)
    machine.focus("monitor", "m")
    machine.skip(HYPERVISOR)
    since = machine.position(HYPERVISOR)
    machine.send(b"help\nvms\nloans\n")
    machine.expect(HYPERVISOR, r"^0 loans$", 20)
    said = texts(machine, HYPERVISOR)[since:]
    kinds = [re.match(r"> \w+|\S+", line).group(0) for line in said if line != "help"]
    expected = [row.split()[0] for row in monitor.lines("help")]
    assert kinds == expected + ["> vms", "id", "0", "1", "> loans", "0"]
    end(machine, alice, bob)
