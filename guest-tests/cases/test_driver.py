# SPDX-License-Identifier: BSD-2-Clause
"""
The Linux driver where slots and Linux's memory blocks differ in size, and its dynamic mode: what the
scenarios, with blocks of the default size, do not come by. LV_ROTATION=0..2 says which VM has which kernel.
"""

import os
import re
import time

import pytest
from linux import boot_to_shells, complaints, debian
from lv.lendtest import LendTest, interrupt
from lv.lendvm import DEVICE, MEMORY, PATIENCE, SLOTS, WINDOW, LendVm
from lv.machine import deadline
from lv.monitor import Monitor

MIB = 1 << 20
LINUX_BLOCK = 128 * MIB
DYNAMIC = 'lendvisor,mode = "dynamic";'
POOL = "lendvisor,pool-slots = <4>;"
LENDTEST = "/sys/kernel/debug/lendtest"
PARAMETERS = "/sys/module/lendmem/parameters"
KERNELS = ("6.1", "6.12-16k", "6.12")
ROTATION = int(os.environ.get("LV_ROTATION", "0"))
ONE, TWO, THREE = KERNELS[ROTATION:] + KERNELS[:ROTATION]


class Vm(LendVm):
    """With a slot size of its own."""

    def blocks(self):
        """N and state of every memoryN in the window."""
        lines = self.run(f"cd {MEMORY}; grep . memory*/state; cd - >/dev/null")
        found = (re.search(r"memory(\d+)/state:(\S+)", line) for line in lines)
        blocks = {int(f.group(1)): f.group(2) for f in found if f}
        return {nr: state for nr, state in blocks.items() if nr >= WINDOW // LINUX_BLOCK}

    def states(self):
        return [slot.state for slot in self.slots()]

    def wait_states(self, first, states):
        found = []
        self.until(lambda: found.append(self.states()[first:first + len(states)]) or found[-1] == states,
                   lambda: f"slots from {first} on to be {states}: they are {found[-1]}")

    def held(self):
        return self.guest.number(f"cat {DEVICE}/pool_held")

    def wait_held(self, nr):
        self.until(lambda: self.held() == nr, lambda: f"{nr} of the pool to be held: {self.held()} are")

    def log(self, mark, pattern, timeout=60):
        """The line of the kernel log since mark, as soon as it is there."""
        end = deadline(timeout)
        while True:
            lines = [line for line in self.dmesg_since(mark) if re.search(pattern, line)]
            if lines:
                return lines
            assert time.monotonic() < end, (pattern, self.dmesg_since(mark))


def boot(lab, slot_mib, kernels, extras):
    vms = [debian(name, flavour=flavour, owned_memory=512 * MIB, window=(WINDOW, 16 * LINUX_BLOCK),
                  lend_to=[{"alice": "bob", "bob": "alice"}[name]], extra=f"{POOL} {extra}")
           for name, flavour, extra in zip(("alice", "bob"), kernels, extras)]
    machine, guests = boot_to_shells(lab, vms, block_size=slot_mib * MIB, cpu="neoverse-n1")
    return machine, [Vm(guest) for guest in guests]


def blocks_from(first, nr, state):
    return {WINDOW // LINUX_BLOCK + n: state for n in range(first, first + nr)}


@pytest.fixture(scope="module")
def small(lab_of_module):
    """Slots of 64 MiB, two to a Linux block: alice standby, bob dynamic."""
    machine, vms = boot(lab_of_module, 64, (ONE, TWO), ("lendvisor,quota = <3>;", DYNAMIC))
    yield machine, *vms
    assert [complaints(vm.guest) for vm in vms] == [[], []]


@pytest.fixture(scope="module")
def large(lab_of_module):
    """Slots of 256 MiB, two Linux blocks to each: alice dynamic; bob is told to be standby."""
    machine, vms = boot(lab_of_module, 256, (THREE, ONE), (DYNAMIC, ""))
    yield machine, *vms
    assert [complaints(vm.guest) for vm in vms] == [[], []]


# What lendvisor has the kernels of each mode do with a block that is added.
WHEN_ADDED = {"standby": "offline", "dynamic": "online_movable"}


def load(vm, mode):
    vm.run(f"lendctl unload && echo {WHEN_ADDED[mode]} >{MEMORY}/auto_online_blocks && "
           f"insmod /lib/lendmem.ko mode={mode}", PATIENCE)


@pytest.fixture(params=("as booted", "swapped"))
def lender_and_borrower(request, small):
    """In standby and in dynamic mode, each with either VM's kernel."""
    _, alice, bob = small
    swapped = request.param == "swapped"
    if swapped:
        load(bob, "standby")
        load(alice, "dynamic")
    yield (bob, alice) if swapped else (alice, bob)
    if swapped:
        load(bob, "dynamic")
        load(alice, "standby")


def test_two_slots_are_one_block(lender_and_borrower):
    """Lent, borrowed, taken back and refused in pairs; half a block is refused, and a failed lend undone."""
    lender, borrower = lender_and_borrower
    assert lender.blocks() == blocks_from(0, 6, "offline")
    assert borrower.blocks() == {}
    for words, said in (("1+2", "Invalid"), ("0+1", "Invalid"), ("8+2", "not permitted")):
        lender.fails(f"echo {words} {borrower.name} >$(echo {DEVICE})/lend", said)
    assert lender.blocks() == blocks_from(0, 6, "offline")
    lender.online(2)
    lender.lend(2, borrower.name, 4)
    assert lender.states()[:8] == ["standby"] * 2 + ["lent"] * 4 + ["standby"] * 2
    assert lender.blocks() == blocks_from(0, 1, "offline") | blocks_from(3, 3, "offline")
    first = borrower.find_slot("offered")
    borrower.config(first + 1, True)
    borrower.wait_states(first, ["borrowed"] * 2 + ["offered"] * 2)
    assert borrower.blocks() == blocks_from(first // 2, 1, "online")
    borrower.config(first, False)
    borrower.wait_states(first, ["offered"] * 4)
    borrower.refuse(first + 3)
    borrower.wait_states(first, ["offered"] * 2 + ["empty"] * 2)
    borrower.config(first, True)
    lender.reclaim(2)
    borrower.wait_states(first, ["empty"] * 2)
    lender.wait_states(0, ["standby"] * 8)
    lender.until(lambda: lender.blocks() == blocks_from(0, 6, "offline"), "the lender's blocks to be back")
    assert borrower.blocks() == {}


def test_a_retrieve_beyond_the_quota(small):
    """The quota of 3 ends in the middle of a block: onlining fails, in words, and neither slot is held."""
    _, alice, _ = small
    mark = alice.mark()
    alice.online(8)
    alice.fails(f"echo online_movable >{MEMORY}/memory37/state", "not permitted")
    alice.log(mark, "slot 10: cannot be retrieved: there is no right to it, the quota is used up")
    assert alice.states()[8:12] == ["held"] * 2 + ["standby"] * 2
    alice.offline(8)
    alice.wait_states(8, ["standby"] * 4)


def test_dynamic_follows_its_target(small):
    """Up, odd numbers rounded down to whole blocks, down; a block given up by hand stays so."""
    machine, alice, bob = small
    monitor = Monitor(machine)
    for target, held in ((2, 2), (4, 4), (3, 2), (0, 0), (4, 4)):
        monitor.target("bob", target)
        bob.wait_held(held)
    assert bob.states()[8:12] == ["held"] * 4
    assert bob.blocks() == blocks_from(4, 2, "online")
    bob.config(10, False)
    bob.wait_held(2)
    # When its thread has answered two recalls it has looked at the target in between.
    for _ in range(2):
        alice.lend(0, "bob", 2)
        bob.config(bob.find_slot("offered"), True)
        alice.reclaim(0)
    assert bob.held() == 2
    monitor.target("bob", 0)
    bob.wait_held(0)
    assert bob.blocks() == {}


def test_standby_shrinks_and_asks(small):
    """What is held beyond the target goes back, at once and later; what is wanted is said, and not done."""
    machine, alice, _ = small
    monitor = Monitor(machine)
    alice.online(8)
    monitor.target("alice", 1)
    alice.wait_held(0)
    monitor.target("alice", 3)
    alice.until(lambda: alice.guest.number(f"cat {DEVICE}/wanted") == 3, "3 to be wanted")
    assert alice.held() == 0
    alice.online(8)
    assert alice.guest.number(f"cat {DEVICE}/wanted") == 2
    mark = alice.mark()
    monitor.target("alice", 0)
    alice.log(mark, "slot 8: given back")
    alice.wait_state(4, "offline", PATIENCE)
    alice.run(f"echo online_movable >{MEMORY}/memory36/state")
    alice.wait_held(0)
    alice.until(lambda: alice.blocks() == blocks_from(0, 6, "offline"), "all to be standby")


def test_struct_pages_need_room(small):
    """An add that would leave too little is refused in words, and nothing stays retrieved."""
    _, _, bob = small
    assert bob.guest.number(f"cat {DEVICE}/block_cost") > 500 * 1024
    mark = bob.mark()
    bob.run(f"echo 4096 >{PARAMETERS}/reserve_mib")
    bob.fails(f"echo 1 >$(echo {SLOTS})/0/config", "Cannot allocate memory")
    bob.log(mark, r"no block is added: its struct pages take \d+ KiB, and 4096 MiB are to be left")
    assert bob.states()[:2] == ["standby"] * 2
    bob.run(f"echo 16 >{PARAMETERS}/reserve_mib")
    bob.config(0, True)
    bob.config(0, False)


def test_unload_and_load(small):
    """rmmod is refused while memory is in use; drained, it goes; what is loaded anew finds all as it was."""
    _, alice, bob = small
    bob.config(0, True)
    alice.online(0)
    for vm in (alice, bob):
        vm.fails("rmmod lendmem", "unavailable")
        vm.drain()
        assert vm.blocks() == {}
        assert set(vm.states()) == {"standby", "empty"}
        vm.run("rmmod lendmem")
    alice.run("insmod /lib/lendmem.ko mode=dynamic")
    assert alice.blocks() == {}
    alice.run("rmmod lendmem; insmod /lib/lendmem.ko")
    assert alice.blocks() == blocks_from(0, 6, "offline")
    bob.run("insmod /lib/lendmem.ko")


def test_what_the_last_kernel_left(small):
    """Slots that are held when the driver comes, as after a kexec: in use at once, or a clean start."""
    _, _, bob = small
    test = LendTest(bob)
    for parameters, states, blocks in (("", ["held"] * 2, blocks_from(1, 1, "online")),
                                       ("clean=1", ["standby"] * 2, {}),
                                       ("mode=standby", ["held"] * 2, blocks_from(0, 6, "offline"))):
        bob.run("rmmod lendmem")
        test.retrieve(2)
        test.retrieve(3)
        bob.run(f"insmod /lib/lendmem.ko {parameters}")
        assert bob.states()[2:4] == states, parameters
        assert bob.blocks() == blocks, parameters
        bob.drain()
        assert bob.states()[2:4] == ["standby"] * 2
    bob.run("rmmod lendmem; insmod /lib/lendmem.ko")
    test.unload()


def test_tracepoints(small):
    """Calls, events and blocks show up in tracefs."""
    _, _, bob = small
    trace = "/sys/kernel/debug/tracing"
    bob.run(f"echo >{trace}/trace; echo 1 >{trace}/events/lendmem/enable")
    bob.config(0, True)
    bob.config(0, False)
    bob.run(f"echo 0 >{trace}/events/lendmem/enable")
    said = "\n".join(bob.run(f"grep -v SLOT_INFO {trace}/trace"))
    for pattern in (r"lendmem_call: RETRIEVE\(0x0, 0x2, .*= 0 in \d+ ns", r"lendmem_add: slot 0 memory32 ret 0",
                    r"lendmem_remove: slot 0 memory32 ret 0", r"lendmem_call: RELINQUISH\(0x0, 0x2"):
        assert re.search(pattern, said), (pattern, said)


def test_standby_refuses_slots_that_are_larger_than_a_block(large):
    """In words, and without a trace; that driver can be unloaded, and does it in dynamic mode."""
    _, _, bob = large
    said = "\n".join(bob.run("dmesg | grep lendmem"))
    assert "slots of 256 MiB are more than one memory block of 128 MiB: only mode dynamic" in said
    assert bob.blocks() == {}
    load(bob, "dynamic")
    bob.config(0, True)
    assert sorted(bob.blocks()) == [32, 33]
    bob.config(0, False)
    assert bob.blocks() == {}


@pytest.mark.parametrize("place", (1, 2), ids=("alice", "bob"))
def test_all_blocks_of_a_slot_or_none(large, place):
    """A page pinned in the lower block: the upper one, which goes first, comes back, later if there is no room
    for its struct pages at once; a caller who is killed leaves no half state; unpinned, both go."""
    vm = large[place]
    load(vm, "dynamic")
    both = blocks_from(0, 2, "online")
    vm.run("insmod /lib/lendtest.ko")
    vm.config(0, True)
    assert vm.blocks() == both
    vm.run(f"(echo 'pin user {WINDOW:#x}-{WINDOW + LINUX_BLOCK - 1:#x}' >{LENDTEST}) && cat {LENDTEST}")
    vm.run(f"echo 1500 >{PARAMETERS}/recall_timeout_ms")
    mark = vm.mark()
    vm.fails(f"echo 0 >$(echo {SLOTS})/0/config", "busy", PATIENCE)
    vm.log(mark, r"slot 0: memory32 stays online: page 0x10[0-7]\w+ is pinned \(refcount \d+, mapcount 1\)")
    assert vm.blocks() == both
    reserve = vm.run(f"cat {PARAMETERS}/reserve_mib")[-1]
    vm.run(f"echo 4096 >{PARAMETERS}/reserve_mib")
    vm.fails(f"echo 0 >$(echo {SLOTS})/0/config", "busy", PATIENCE)
    assert vm.blocks() == blocks_from(0, 1, "online")
    vm.run(f"echo {reserve} >{PARAMETERS}/reserve_mib")
    vm.until(lambda: vm.blocks() == both, "the upper block to be back")
    vm.fails(f"echo 1 >$(echo {DEVICE})/drain", "busy", PATIENCE)
    vm.log(mark, r"1 of \d+ units cannot be given back now")
    assert vm.blocks() == both and vm.states()[0] == "held"
    vm.run(f"echo 0 >{PARAMETERS}/recall_timeout_ms")
    interrupt(vm, 0, f"sh -c 'echo 0 >$(echo {SLOTS})/0/config'")
    assert vm.blocks() == both and vm.states()[0] == "held"
    vm.run(f"echo 30000 >{PARAMETERS}/recall_timeout_ms; echo unpin >{LENDTEST}")
    vm.config(0, False)
    assert vm.blocks() == {} and vm.states()[0] == "standby"
