# SPDX-License-Identifier: BSD-2-Clause
"""
The states that a kexec finds: how each is made, and what becomes of its slots.

alice is the one that goes through kexecs, bob her peer. Each has OWN own blocks and as many empty slots.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from lv import Failure

OWN = 4
ROOM = OWN  # the first empty slot: where a loan comes to be
SPARE = OWN - 1  # alice's: held and stamped beside the state, so that something of hers has to survive
READS_FIRST = "the driver that writes the map reads every offer and answers every revoke before"


@dataclass(frozen=True, eq=False)
class State:
    """slots: what SLOT_INFO says of alice's before the kexec; settled: what it says once a driver is there again;
    given_back: what it says after a clean start, where that makes a difference."""

    name: str
    title: str
    prepare: Callable
    slots: dict = field(default_factory=dict)
    settled: dict = field(default_factory=dict)
    given_back: dict = field(default_factory=dict)
    not_adoptable: str = None

    @property
    def passes(self):
        """Any driver would end it: none may come before the kernel that is to find it."""
        return bool(self.settled or self.not_adoptable)

    def after(self, driver):
        return {**self.slots, **self.settled} if driver else self.slots


def nothing(_):
    pass


def spare(t):
    t.alice.online(SPARE)
    t.stamp(SPARE)


def unload(t):
    """alice's driver goes, which gives up what it has; SPARE is given up before that, and is hers again behind it."""
    t.test.retrieve(SPARE)
    t.stamp(SPARE)
    t.test.give_up_with_contents(SPARE)
    t.alice.run("lendctl unload", 120)
    t.test.retrieve(SPARE)


def own(t):
    """Onlined and written to: the contents have to be there in the next kernel."""
    for slot in range(2):
        t.alice.online(slot)
        t.stamp(slot)


def borrowed(t):
    offered(t, "adoptable")
    t.alice.online(ROOM)
    t.stamp(ROOM)


def offered(t, *flags):
    spare(t)
    t.bob.lend(0, "alice", 1, *flags)
    t.alice.wait_slot(ROOM, "offered")
    t.alice.wait_state(ROOM, "offline", 60)


def unread(t):
    unload(t)
    t.bob.lend(0, "alice")
    if "1 slots with events" not in " ".join(t.monitor.stats("events", "alice")):
        raise Failure("alice: the offer that nobody reads is no event")


def lent(t):
    spare(t)
    t.alice.lend(0, "bob")
    slot = t.bob.find_slot("offered")
    t.bob.online(slot)
    t.bob_holds(slot)


def recall(t):
    """What is stamped is held by the kernel: its driver cannot give the block back."""
    offered(t)
    t.alice.online(ROOM)
    t.stamp(ROOM)
    t.bob.run("lendctl reclaim 0")
    t.alice.until(lambda: "recalled" in t.alice.slots()[ROOM].flags, "the recall to arrive")


def revoked(t):
    """Retrieved behind the back of a driver that is not there, then taken by force."""
    unload(t)
    t.bob.lend(0, "alice", 1, "revocable")
    t.test.retrieve(ROOM)
    t.bob.run("lendctl reclaim 0 --deadline 1")
    t.bob.until(lambda: "expired" in t.bob.slots()[0].flags, "the recall to expire")
    t.bob.revoke(0)
    t.bob.wait_slot(0, "standby")


HELD = {SPARE: "held"}

STATES = (
    State("nothing", "nothing lent", nothing, {0: "standby", ROOM: "empty"}),
    State("own", "own blocks online", own, {0: "held", 1: "held"},
          given_back={0: "standby", 1: "standby"}),
    State("borrowed", "borrowed block online", borrowed, {**HELD, ROOM: "borrowed"},
          given_back={SPARE: "standby", ROOM: "empty"}),
    State("offer", "offer added by the old driver", offered, {**HELD, ROOM: "offered"}),
    State("unread", "offer that the old driver has not read", unread, {**HELD, ROOM: "offered"},
          not_adoptable=READS_FIRST),
    State("lent", "own block lent out", lent, {**HELD, 0: "lent"}),
    State("recall", "recall pending", recall, {**HELD, ROOM: "borrowed"}, {ROOM: "empty"}),
    State("revoked", "revoked, not online and not acknowledged", revoked, {**HELD, ROOM: "revoked"}, {ROOM: "empty"},
          not_adoptable=READS_FIRST),
)
