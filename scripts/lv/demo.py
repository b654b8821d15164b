# SPDX-License-Identifier: BSD-2-Clause
"""The demo's steps. Each checks by what the guests report, and returns what it found, in a few words."""

import time

from lv import Failure
from lv.console import HYPERVISOR
from lv.guest import Guest
from lv.lendvm import BLOCK_KIB, WINDOW, LendVm

MIB_KIB = 1024
OWNED_BLOCKS = 4
LENT_SLOT = 3  # alice's: her last
BOB_SLOT = 0  # where it appears: the lowest empty one of bob's
ALICE_PATTERN = 0xa11ce
BOB_PATTERN = 0xb0b
# Memory that user space may take to get at the block's pages: the kernel picks which it gives.
ALICE_TAKES_MIB = 640
BOB_TAKES_MIB = 256

# What the kernel may keep of a block for itself, in KiB, before it counts as MemTotal.
ACCOUNTING_KIB = 4 * MIB_KIB


class Stage:
    """The players, and what earlier steps found out."""

    def __init__(self, machine, began):
        self.machine = machine
        self.began = began
        self.alice = LendVm(Guest(machine, "alice", 0))
        self.bob = LendVm(Guest(machine, "bob", 1))
        self.total = {}  # MemTotal by name, KiB, as last noted

    def say(self, text):
        print(f"[{time.monotonic() - self.began:6.1f} s]   {text}", flush=True)

    def note_total(self, vm):
        """MemTotal now, and its change since it was last noted, in KiB."""
        now = vm.guest.meminfo_kib()
        change = now - self.total.get(vm.name, now)
        self.total[vm.name] = now
        return now, change


def need(truth, why):
    if not truth:
        raise Failure(why)


def mib(kib):
    return f"{kib / MIB_KIB:.1f} MiB"


def grew_by_a_block(vm, change):
    need(BLOCK_KIB - ACCOUNTING_KIB <= change <= BLOCK_KIB,
         f"{vm.name}'s MemTotal changed by {change} KiB, not by a block's {BLOCK_KIB}")


def shrank_by_a_block(vm, change):
    grew_by_a_block(vm, -change)


def boot(stage):
    stage.machine.expect(HYPERVISOR, r".", 60)
    for vm in (stage.alice, stage.bob):
        vm.guest.wait_shell(150)
        release = vm.guest.lines("uname -r")[-1]
        cpus = vm.guest.number("nproc")
        need(cpus == 2, f"{vm.name} has {cpus} CPUs, not 2")
        stage.say(f"{vm.name}: shell on Linux {release}, {cpus} CPUs")
    for slot in range(OWNED_BLOCKS):
        stage.alice.wait_state(slot, "online", 60)
    for slot in range(OWNED_BLOCKS):
        state = stage.bob.state(slot)
        need(state == "absent", f"bob's memory block of slot {slot} is {state} before anything was lent")
    alice, _ = stage.note_total(stage.alice)
    bob, _ = stage.note_total(stage.bob)
    need(alice - bob >= OWNED_BLOCKS * (BLOCK_KIB - ACCOUNTING_KIB),
         f"alice's MemTotal of {alice} KiB does not hold her {OWNED_BLOCKS} blocks")
    stage.say(f"alice: MemTotal {mib(alice)}, of it {OWNED_BLOCKS} hot-added blocks of 128 MiB")
    stage.say(f"bob:   MemTotal {mib(bob)}")
    return "two VMs, 2 CPUs each"


def lend(stage):
    alice, bob = stage.alice, stage.bob
    pages = alice.fill(LENT_SLOT, ALICE_PATTERN, ALICE_TAKES_MIB)
    stage.say(f"alice: filled {pages} pages of memory{alice.number(LENT_SLOT)} with her pattern")
    alice.lend(LENT_SLOT, "bob")
    state = alice.state(LENT_SLOT)
    need(state == "absent", f"alice's block is still there after lending it: {state}")
    total, change = stage.note_total(alice)
    shrank_by_a_block(alice, change)
    stage.say(f"alice: block offlined, removed, lent; MemTotal {mib(total)} ({mib(change)})")
    bob.wait_state(BOB_SLOT, "offline", 60)
    total, change = stage.note_total(bob)
    need(change == 0, f"bob's MemTotal changed by {change} KiB before he onlined the block")
    stage.say(f"bob:   sees memory{bob.number(BOB_SLOT)}, offline; MemTotal {mib(total)}, unchanged")
    return f"alice {mib(stage.total['alice'])}, bob unchanged"


def online(stage):
    bob = stage.bob
    bob.online(BOB_SLOT)
    bob.wait_state(BOB_SLOT, "online", 60)
    zone = bob.zone(BOB_SLOT)
    need(zone == "Movable", f"bob onlined the block in zone {zone}, not Movable")
    total, change = stage.note_total(bob)
    grew_by_a_block(bob, change)
    stage.say(f"bob:   onlined it, movable; MemTotal {mib(total)} (+{mib(change)})")
    pages = bob.fill(BOB_SLOT, BOB_PATTERN, BOB_TAKES_MIB)
    stage.say(f"bob:   filled and verified {pages} pages that lie in "
              f"{WINDOW + BOB_SLOT * BLOCK_KIB * 1024:#x} + 128 MiB (/proc/self/pagemap)")
    return f"bob +{mib(change)}, {pages} pages verified"


def was_zero_for_bob(stage):
    found = stage.bob.zero_check(BOB_SLOT)
    stage.say(f"bob:   the driver looked at the whole block before it went online: {found}")
    return found


def give_back(stage):
    alice, bob = stage.alice, stage.bob
    alice.reclaim(LENT_SLOT)
    state = bob.state(BOB_SLOT)
    need(state == "absent", f"bob's block is still there after it went back: {state}")
    total, change = stage.note_total(bob)
    shrank_by_a_block(bob, change)
    stage.say(f"bob:   his driver offlined and removed it; MemTotal {mib(total)} ({mib(change)})")
    alice.online(LENT_SLOT)
    alice.wait_state(LENT_SLOT, "online", 60)
    total, change = stage.note_total(alice)
    grew_by_a_block(alice, change)
    found = alice.zero_check(LENT_SLOT)
    stage.say(f"alice: onlined it again; MemTotal {mib(total)} (+{mib(change)}); before that: {found}")
    return f"back at alice, {found}"


def power_off(stage):
    for vm in (stage.alice, stage.bob):
        vm.guest.poweroff()
    stage.machine.expect(HYPERVISOR, r"^all VMs are off", 60)
    status = stage.machine.wait_end(30)
    need(status == 0, f"QEMU ended with status {status}")
    stage.say("both VMs are off, QEMU has exited")
    return "QEMU exited with 0"


STEPS = [
    ("alice and bob boot to a shell; alice adds her 512 MiB", boot),
    ("alice lends a 128 MiB block; bob sees it, offline", lend),
    ("bob onlines it, fills and verifies it", online),
    ("bob got it all zero, whatever alice had in it", was_zero_for_bob),
    ("alice asks for it back, onlines it, finds it zero", give_back),
    ("both power off", power_off),
]
