# SPDX-License-Identifier: BSD-2-Clause
"""What is done in a cell of the kexec matrix, and what has to hold before and after."""

import re
from collections import Counter

from lv import Failure
from lv.kexec_states import OWN
from lv.kexec_table import BOOT_MAP, IN_BOOT_MEMORY
from lv.lendtest import FITS
from lv.lendvm import BLOCK, DEVICE, WINDOW

# What a driver that just came has for each state of a slot: what it found held is added, and nobody onlined it yet.
FOUND = {**FITS, "held": "offline", "borrowed": "offline"}
ADOPTED_MAP = "/boot/adopt.dtb"


def adopt(t):
    """The slots that the map lists, as alice's driver says."""
    before = t.picture()
    t.alice.run(f"echo 1 >$(echo {DEVICE})/adopt && cat {DEVICE}/map >{ADOPTED_MAP}")
    t.wait_picture(before, before, 5)
    return [nr for nr, slot in enumerate(t.alice.slots()) if "adopted" in slot.flags]


def use_adopted(t, adopted):
    """A kernel that was booted with the blocks: they are memory like any other, and filled first, if what it has in
    /boot leaves room. Half of what is free: a kernel with 16K pages has use for the rest, and kills memfill else."""
    free = t.alice.guest.meminfo_kib("MemFree") // 1024
    mib = min(len(adopted) * 144, free // 2)
    pages = 0
    for slot in adopted:
        start = WINDOW + slot * BLOCK
        said = " ".join(t.alice.run(f"memfill fill {mib}M {slot + 1:#x} "
                                    f"--in {start:#x}-{start + BLOCK - 1:#x} --least 0", 120))
        found = re.search(r"pages (\d+) of .*pattern ok", said)
        if not found:
            raise Failure(f"alice: of adopted slot {slot} memfill says: {said}")
        pages += int(found.group(1))
    if adopted and not pages:
        raise Failure(f"alice: memfill got no page of the adopted slots {adopted}")


def leaves_alone(t, adopted):
    """A driver that meets adopted slots: they are marked still, and have no block of its."""
    slots = t.alice.slots()
    for nr in adopted:
        if "adopted" not in slots[nr].flags or slots[nr].block != "none":
            raise Failure(f"alice: slot {nr} is adopted, and the driver has it as {slots[nr]}")


def has_blocks(t):
    """So that what was held and borrowed, and what is on offer, can be onlined."""
    odd = []

    def fits():
        odd[:] = [f"slot {nr}: {slot}" for nr, slot in enumerate(t.alice.slots()) if FOUND.get(slot.state) != slot.linux]
        return not odd
    t.alice.until(fits, lambda: f"the driver to have a block for each slot, offline: {odd}", 60)


def use_again(t, course):
    """Blocks that this kernel found held: online, and to be filled anew. Without lendtest only the first, whose
    contents are that kernel's then: of the others a later one has to see that they are as they were."""
    held = sorted(slot for slot, state in course.slots.items() if state in ("held", "borrowed"))
    for slot in held if t.test else held[:1]:
        t.alice.online(slot)
        if t.test:
            t.stamp(slot)
        else:
            t.stamps.pop(slot, None)


def take_offers(t, course):
    """What is on offer can be onlined and written to, and is on offer again when it is put offline."""
    offers = [slot for slot, state in course.slots.items() if state == "offered"]
    for slot in offers:
        t.alice.online(slot)
        if t.test:
            t.test.stamp(slot, slot)
        t.alice.offline(slot)
    course.more(retrieved=len(offers), given_up=len(offers))
    course.check(True)
    return offers


class Course:
    """What the hypervisor has to say from kexec to kexec: the same, once a driver has settled what it found."""

    def __init__(self, t, state):
        self.t, self.state = t, state
        self.before, self.slots = t.picture(), state.slots
        self.settled = state.after(True)

    def gave_back(self):
        """A clean start: held and borrowed slots are given up, and nothing else is other than it was."""
        given_back = self.state.given_back
        self.slots = self.settled = {**self.slots, **given_back}
        self.before = {**self.t.at_rest, "retrieved": self.before["retrieved"], "given up": self.before["given up"]}
        self.more(given_up=len(given_back))
        self.t.stamps.clear()

    def more(self, retrieved=0, given_up=0):
        """What alice has done since."""
        self.before = {**self.before, "retrieved": self.before["retrieved"] + retrieved,
                       "given up": self.before["given up"] + given_up}

    def settle(self):
        """Of bob's blocks those that alice's driver gives up are his again; a slot that was revoked has none."""
        gone = [slot for slot in self.state.settled if self.slots[slot] == "borrowed"]
        blocks = Counter(self.before["blocks"])
        blocks["BORROWED", "bob", "alice"] -= len(gone)
        blocks["STANDBY", "bob", "-"] += len(gone)
        self.before = {**self.before, "blocks": dict(+blocks), "loans": []}
        self.more(given_up=len(gone))
        self.slots = self.settled
        for slot in self.state.settled:
            self.t.stamps.pop(slot, None)

    def check(self, driver):
        settles = driver and self.slots != self.settled
        if settles:
            self.settle()
        timeout = 60 if settles else 5
        self.t.wait_slots(self.slots, timeout)
        self.t.wait_picture(self.before, self.before, timeout)


def after_kexec(t, course, kernel, driver, adopted, in_map):
    """in_map: adopted slots that this kernel has as plain memory."""
    t.arrive(kernel, driver, in_map)
    course.check(driver)
    t.check_bob()
    if in_map:
        use_adopted(t, adopted)
        # Whoever booted with a block may write to it.
        for slot in in_map:
            t.stamps.pop(slot, None)
    if driver and adopted:
        leaves_alone(t, adopted)
    elif driver:
        has_blocks(t)


def play(t, cell, say):
    """Runs a cell on a table at rest, and leaves it so. Raises Failure."""
    t.stamps = {}
    cell.state.prepare(t)
    t.wait_slots(cell.state.slots)
    adopted = adopt(t) if cell.way.adopt else []
    course = Course(t, cell.state)
    t.check_bob()
    say(f"before: {describe(course.before)}; adopted: {adopted or 'none'}; "
        f"{2 * sum(t.stamps.values())} MiB of alice's blocks stamped")
    options = f"--dtb={ADOPTED_MAP}" if cell.way.adopt else ""
    for nr, kernel in enumerate(cell.route):
        last = nr == len(cell.route) - 1
        driver = cell.way.driver if last else bool(kernel.initramfs) and not (cell.way.adopt or cell.state.passes)
        load, run = t.kexec(kernel, driver, options)
        after_kexec(t, course, kernel, driver, adopted, adopted)
        if driver and not adopted:
            if t.test:
                say(f"{t.check_stamps()} as they were")
            if offers := take_offers(t, course):
                say(f"offers {offers}: retrieved, and on offer again")
            use_again(t, course)
        say(f"kexec to {kernel.name}, {'with' if driver else 'no'} driver: loaded in {load:.0f} s, "
            f"there in {run:.0f} s; accounts, peer's memory as before")
        options = ""
    if cell.way.adopt:
        options = f"--dtb={BOOT_MAP} {IN_BOOT_MEMORY}"
    load, run = t.kexec(t.home, True, options, cell.clean)
    if cell.clean:
        course.gave_back()
    after_kexec(t, course, t.home, True, adopted, [])
    if adopted:
        t.alice.run(f"echo 0 >$(echo {DEVICE})/adopt")
        t.alice.until(lambda: all(t.alice.slots()[slot].block != "none" for slot in adopted), "blocks once adopted")
    found = "all given back by clean=1" if cell.clean else f"{t.check_stamps()} as they were"
    say(f"kexec to {t.home.name}, with driver: loaded in {load:.0f} s, there in {run:.0f} s; {found}")
    clear(t)
    say("all given back: as at first")


def clear(t):
    """Everything goes back, by the driver's ordinary ways."""
    t.test.do("unpin")
    t.bob_lets_go()
    for nr, slot in enumerate(t.alice.slots()):
        if slot.state in ("held", "borrowed"):
            t.alice.online(nr)
            t.alice.offline(nr)
        if slot.state == "lent":
            t.alice.reclaim(nr)
        if nr >= OWN and slot.state in ("offered", "borrowed"):
            t.alice.refuse(nr)
    t.wait_picture(t.at_rest, ("blocks", "loans", "aborts"))


def describe(picture):
    blocks = ", ".join(f"{nr} {state} of {owner}'s at {holder}"
                       for (state, owner, holder), nr in picture["blocks"].items())
    return f"{blocks}; {len(picture['loans'])} loans; aborts {picture['aborts']}"
