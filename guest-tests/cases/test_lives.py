# SPDX-License-Identifier: BSD-2-Clause
"""Debian guests that reset or go off while one of them has a block of the other's in use."""

import pytest
from conftest import ends_orderly
from linux import BOOT_TIMEOUT, boot_to_shells, complaints, debian
from lv.console import HYPERVISOR
from lv.lendvm import BLOCK_KIB, LEAST_PERCENT, PATIENCE, SLOTS, WINDOW, LendVm
from lv.scenario import CPU

BLOCK = BLOCK_KIB * 1024
ALICE_SLOT = 1  # of her two
BOB_SLOT = 0
PATTERN = 0xb0b
TAKES_MIB = 160
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


class Player(LendVm):
    """A LendVm that tells what the hypervisor says of a slot, and keeps data in one."""

    def slot(self, slot, *files):
        return [self.guest.lines(f"cat {SLOTS}/{slot}/{name}")[-1] for name in files]

    def hold(self, slot):
        """Fills most of the block from user space, and goes on having it."""
        start = WINDOW + slot * BLOCK
        self.guest.run(f"memfill fill {TAKES_MIB}M {PATTERN:#x} --in {start:#x}-{start + BLOCK - 1:#x} "
                       f"--least {LEAST_PERCENT} --hold >/tmp/held", PATIENCE)
        assert self.verify_held(1) >= LEAST_PERCENT

    def verify_held(self, reports):
        """Percent of the block that still hold the pattern; reports: how many there are to be."""
        line = self.guest.lines(f"until [ $(grep -c pattern /tmp/held) = {reports} ]; do sleep 0.1; "
                                "done; grep pattern /tmp/held | tail -n 1", PATIENCE)[-1]
        words = line.split()
        assert words[-2:] == ["pattern", "ok"], line
        return int(words[2]) * 100 // int(words[4])

    def still_holds(self):
        """Every byte of it, and in the block."""
        self.guest.run("kill -USR1 $(sed -n 's/.*holding, pid //p' /tmp/held)")
        return self.verify_held(2) >= LEAST_PERCENT

    def next_life(self):
        self.guest.reboot()
        self.guest.wait_shell(BOOT_TIMEOUT)

    def online_and_zero(self, slot):
        self.online(slot)
        self.wait_state(slot, "online", PATIENCE)
        self.zero_check(slot)


@pytest.fixture
def players(lab, request):
    """The machine, alice, and bob, who has a block of hers full of his pattern; by their kernels."""
    hers, his = request.param
    vms = [debian("alice", bootargs="lendmem.verify_zero=1", flavour=hers, owned_memory=2 * BLOCK,
                  lend_to=["bob"]),
           debian("bob", bootargs="lendmem.verify_zero=1", flavour=his, window=(WINDOW, 2 * BLOCK))]
    machine, guests = boot_to_shells(lab, vms, cpu=CPU)
    alice, bob = map(Player, guests)
    alice.lend(ALICE_SLOT, "bob")
    bob.online_and_zero(BOB_SLOT)
    bob.hold(BOB_SLOT)
    assert alice.slot(ALICE_SLOT, "state", "peer") == ["lent", "bob"]
    assert bob.slot(BOB_SLOT, "state", "peer") == ["borrowed", "alice"]
    return machine, alice, bob


def kernels(hers, his):
    return pytest.mark.parametrize("players", [(hers, his)], indirect=True, ids=[f"{hers}+{his}"])


def end(machine, *vms):
    """Whoever is still there goes off, and was happy."""
    for vm in vms:
        assert complaints(vm.guest) == []
        vm.guest.poweroff()
    ends_orderly(machine)


@kernels("6.1", "6.12-16k")
def test_the_borrower_resets(players):
    """The block is its owner's again, without bob's data; he has nothing, and can borrow anew."""
    machine, alice, bob = players
    life = alice.guest.lines(BOOT_ID)
    bob.next_life()
    alice.wait_slot(ALICE_SLOT, "standby")
    alice.wait_state(ALICE_SLOT, "offline", PATIENCE)  # her driver was told
    assert bob.slot(BOB_SLOT, "state", "peer", "loan") == ["empty", "none", "0x0"]
    assert bob.state(BOB_SLOT) == "absent"
    alice.online_and_zero(ALICE_SLOT)

    alice.lend(ALICE_SLOT, "bob")
    bob.online_and_zero(BOB_SLOT)
    bob.hold(BOB_SLOT)
    alice.reclaim(ALICE_SLOT)
    assert bob.slot(BOB_SLOT, "state") == ["empty"]
    alice.online_and_zero(ALICE_SLOT)
    assert alice.guest.lines(BOOT_ID) == life
    end(machine, alice, bob)


@kernels("6.12-16k", "6.12")
def test_the_lender_resets(players):
    """Her next life knows of the loan and can end it; bob does not notice."""
    machine, alice, bob = players
    life = bob.guest.lines(BOOT_ID)
    loan = alice.slot(ALICE_SLOT, "loan")
    alice.next_life()
    assert alice.slot(0, "state") == ["standby"]
    assert alice.slot(ALICE_SLOT, "state", "peer") == ["lent", "bob"]
    assert alice.slot(ALICE_SLOT, "loan") == bob.slot(BOB_SLOT, "loan") == loan
    assert alice.state(ALICE_SLOT) == "absent"
    assert bob.slot(BOB_SLOT, "state", "peer") == ["borrowed", "alice"]
    assert bob.still_holds()

    alice.reclaim(ALICE_SLOT)
    assert bob.slot(BOB_SLOT, "state") == ["empty"]
    assert bob.state(BOB_SLOT) == "absent"
    alice.online_and_zero(ALICE_SLOT)
    assert bob.guest.lines(BOOT_ID) == life
    end(machine, alice, bob)


@kernels("6.12", "6.1")
def test_the_borrower_goes_off(players):
    """The block is its owner's again, without bob's data; nobody lends to a VM that is off."""
    machine, alice, bob = players
    bob.guest.poweroff()
    alice.wait_slot(ALICE_SLOT, "standby")
    alice.wait_state(ALICE_SLOT, "offline", PATIENCE)
    machine.expect(HYPERVISOR, r"^bob: off$", PATIENCE)
    alice.online_and_zero(ALICE_SLOT)
    alice.fill(ALICE_SLOT, PATTERN, TAKES_MIB)
    status, output = alice.guest.run("lendctl lend 0 bob", PATIENCE, check=False)
    assert status == 1 and "EHOSTDOWN" in " ".join(output)
    assert alice.slot(0, "state") == ["standby"]
    end(machine, alice)


@kernels("6.12-16k", "6.1")
def test_the_lender_goes_off(players):
    """The pool owns the block, and bob keeps it, data and all, until he gives it up."""
    machine, alice, bob = players
    life = bob.guest.lines(BOOT_ID)
    alice.guest.poweroff()
    machine.expect(HYPERVISOR, r"^alice: off$", PATIENCE)
    assert bob.slot(BOB_SLOT, "state", "loan") == ["held", "0x0"]
    assert bob.state(BOB_SLOT) == "online"
    assert bob.still_holds()

    bob.guest.run("lendctl offline 0", PATIENCE)
    assert bob.slot(BOB_SLOT, "state", "loan") == ["empty", "0x0"]
    bob.wait_state(BOB_SLOT, "absent", 15)
    assert bob.guest.lines(BOOT_ID) == life
    end(machine, bob)
