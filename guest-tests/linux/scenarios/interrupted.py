# SPDX-License-Identifier: BSD-2-Clause
"""Onlining and offlining fail or are interrupted at each step: hypervisor and Linux agree, and a retry works."""

from lv.lendtest import INJECT, LendTest, agree, block_file, interrupt, wait_log, words
from lv.lendvm import SLOTS
from lv.scenario import OWN, ROOM, need

BELOW, SLOT = OWN[:2]
EXTRA = "/lib/modules-extra"
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"


def injected(s, bob, priority, when):
    """The kernel's own injector fails the step, before the driver sees it or after it has acted."""
    path = block_file(bob, SLOT)
    bob.run(f"insmod {EXTRA}/memory-notifier-error-inject.ko priority={priority}")
    bob.run(f"echo -12 >{INJECT}/MEM_GOING_ONLINE/error")
    bob.fails(f"echo online_movable >{path}", "Cannot allocate memory")
    agree(bob)
    need(bob.slots()[SLOT].state == "standby", "bob: the slot kept its memory though onlining failed")
    bob.run(f"echo 0 >{INJECT}/MEM_GOING_ONLINE/error; echo online_movable >{path}")
    agree(bob)
    s.checked(f"onlining fails {when}: the memory is not kept, and the next try works")

    bob.run(f"echo -16 >{INJECT}/MEM_GOING_OFFLINE/error")
    bob.fails(f"echo offline >{path}", "busy")
    agree(bob)
    need(bob.slots()[SLOT].state == "held", "bob: the memory is gone though offlining failed")
    bob.run(f"echo 0 >{INJECT}/MEM_GOING_OFFLINE/error; echo offline >{path}")
    agree(bob)
    bob.run("rmmod memory_notifier_error_inject")
    s.checked(f"offlining fails {when}: the block stays, with its memory, and the next try works")


def by_signal(s, bob, test):
    bob.online(SLOT)
    test.pin("user", SLOT)
    interrupt(bob, SLOT, f"lendctl offline {SLOT}")
    bob.wait_state(SLOT, "online", 60)
    agree(bob)
    s.checked("lendctl offline of a pinned block, interrupted: the block stays")

    bob.online(BELOW)
    generation = bob.guest.number(f"cat {SLOTS}/{BELOW}/generation")
    limit = bob.run(f"cat {LIMIT}")[-1]
    bob.run(f"echo 0 >{LIMIT}")
    interrupt(bob, SLOT, f"lendctl lend {BELOW}+2 alice")
    bob.run(f"echo {limit} >{LIMIT}")
    said = " ".join(bob.run("cat /tmp/out"))
    need("interrupted" in said.lower(), f"bob: a lend that a signal ended says: {said}")
    need(bob.guest.number(f"cat {SLOTS}/{BELOW}/generation") != generation, f"bob: slot {BELOW} never went")
    need([slot.linux for slot in bob.slots()[BELOW:SLOT + 1]] == ["online"] * 2,
         f"bob: after a lend that was interrupted, slots are {bob.slots()[BELOW:SLOT + 1]}")
    agree(bob)
    test.unpin()
    for slot in (BELOW, SLOT):
        bob.offline(slot)
    agree(bob)
    s.checked("lendctl lend of two blocks, interrupted at the second, pinned one: the first, which had gone "
              "already, is online again; without the pin both go")


def driver_by_signal(s, alice, bob, test):
    """The driver's thread is at work on a recall without a time limit."""
    slot = ROOM[0]
    limit = bob.run(f"cat {LIMIT}")[-1]
    bob.run(f"echo 0 >{LIMIT}")
    alice.lend(SLOT, "bob")
    bob.online(slot)
    test.pin("user", slot)
    mark = bob.mark()
    alice.run(f"lendctl reclaim {SLOT}")
    bob.wait_state(slot, "going-offline", 60)
    # This attempt has no limit; the next ones have, so that what is between them can be seen.
    bob.run(f"echo 1000 >{LIMIT}; kill -INT $(grep -lx lendmem /proc/[0-9]*/comm | cut -d/ -f3)")
    said = wait_log(bob, mark, rf"memory{bob.number(slot)} ")
    bob.wait_state(slot, "online", 60)
    need(bob.slot_state(slot) == "borrowed", "bob: the slot lost its memory though a signal came")
    s.checked(f"a signal ends the driver's attempt: {words(said)}")
    test.unpin()
    alice.wait_slot(SLOT, "standby")
    bob.wait_state(slot, "absent", 60)
    agree(bob)
    agree(alice)
    s.checked("it tries again by itself, and the block goes back when the pin is gone")
    bob.run(f"echo {limit} >{LIMIT}")


def scenario(s):
    alice, bob = s.alice, s.bob
    bob.run(f"insmod {EXTRA}/notifier-error-inject.ko")
    injected(s, bob, 1, "before the driver is asked")
    injected(s, bob, -1, "after the driver has acted")
    bob.run("rmmod notifier_error_inject")
    test = LendTest(bob)
    by_signal(s, bob, test)
    driver_by_signal(s, alice, bob, test)
    test.unload()
