# SPDX-License-Identifier: BSD-2-Clause
"""Uevents as `lendctl watch` tells them, on both sides of a loan, with slot, peer, loan and page."""

from lv.lendtest import LendTest, agree
from lv.lendvm import BLOCK, WINDOW
from lv.scenario import OWN, ROOM, need
from lv.watcher import Watcher

LENT, IDLE = OWN[0], OWN[1]
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"


def told(watcher, event, nr=1, **wanted):
    found = watcher.wait(event, nr)
    need(found == wanted, f"{watcher.vm.name}: {event} is told with {found}, not {wanted}")


def in_iomem(vm, slot):
    """The slot's line in /proc/iomem."""
    start = WINDOW + slot * BLOCK
    return [line.strip() for line in vm.run("cat /proc/iomem") if f"{start:08x}-" in line]


def recalled(s, test, alice_told, bob_told):
    """Offered, used, recalled, kept by a page, expired, and given back late."""
    alice, bob = s.alice, s.bob
    slot = ROOM[0]
    loan = alice.lend(LENT, "bob")
    told(bob_told, "offer", slot=slot, peer="alice", loan=loan)
    bob.online(slot)
    start = WINDOW + slot * BLOCK
    line = f"{start:08x}-{start + BLOCK - 1:08x} : System RAM (lendmem)"
    need(in_iomem(bob, slot) == [line], f"bob: /proc/iomem has {in_iomem(bob, slot)}, not {line}")
    s.checked(f"{s.cast(bob)} is told of an offer; online it is in /proc/iomem as {line}")

    page = test.pin("user", slot)
    alice.run(f"lendctl reclaim {LENT} --deadline 1000")
    told(bob_told, "recall", slot=slot, peer="alice", loan=loan)
    told(bob_told, "kept", slot=slot, block=f"memory{bob.number(slot)}", page=f"{page:#x}", reason="pinned")
    told(bob_told, "expired", slot=slot, peer="alice", loan=loan)
    told(alice_told, "expired", slot=LENT, peer="bob", loan=loan)
    test.unpin()
    told(bob_told, "given-back", slot=slot)
    told(alice_told, "returned", slot=LENT, peer="bob")  # of a loan that is no more
    alice.wait_slot(LENT, "standby")
    bob.wait_state(slot, "absent", 60)
    need(not in_iomem(bob, slot), f"bob: /proc/iomem has {in_iomem(bob, slot)} still")
    need(len(bob_told.told("kept")) == 1, f"bob: told more than once: {bob_told.told('kept')}")
    s.checked("recalled: told are recall, kept with its page (once), expired on both sides, given-back, returned")


def revoked(s, test, bob_told):
    """A block that is in no use, while the driver is busy with another."""
    alice, bob = s.alice, s.bob
    pinned, idle = ROOM[0], ROOM[1]
    alice.lend(LENT, "bob")
    bob.online(bob.find_slot("offered"))
    test.pin("user", pinned)
    alice.lend(IDLE, "bob", 1, "revocable")
    bob.wait_state(idle, "offline", 60)
    bob.run(f"echo 0 >{LIMIT}")
    alice.run(f"lendctl reclaim {LENT}")
    bob.wait_state(pinned, "going-offline", 60)
    test.retrieve(idle)
    alice.run(f"lendctl reclaim {IDLE} --deadline 1")
    alice.until(lambda: "expired" in alice.slots()[IDLE].flags, "the recall to expire")
    alice.revoke(IDLE)
    told(bob_told, "revoked", slot=idle, peer="alice")
    test.unpin()
    bob.wait_slot(idle, "empty")
    bob.wait_state(idle, "absent", 60)
    bob.wait_state(pinned, "absent", 60)
    for slot in (LENT, IDLE):
        alice.wait_slot(slot, "standby")
        alice.wait_state(slot, "offline", 60)
    agree(bob)
    s.checked("revoked, though in no use: told, and acknowledged")


def scenario(s):
    limit = s.bob.run(f"cat {LIMIT}")[-1]
    s.bob.run(f"echo 1000 >{LIMIT}")
    test = LendTest(s.bob)
    alice_told, bob_told = Watcher(s.alice), Watcher(s.bob)
    recalled(s, test, alice_told, bob_told)
    revoked(s, test, bob_told)
    alice_told.stop()
    bob_told.stop()
    s.bob.run(f"echo {limit} >{LIMIT}")
    test.unload()
