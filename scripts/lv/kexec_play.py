# SPDX-License-Identifier: BSD-2-Clause
"""What is done in a cell of the kexec matrix, and what has to hold before and after."""

import re

from lv import Failure
from lv.kexec_states import OWN, SPARE
from lv.kexec_table import BOOT_MAP, IN_BOOT_MEMORY
from lv.lendtest import FITS
from lv.lendvm import BLOCK, DEVICE, WINDOW

# What a driver that just came has for each state of a slot: what it found held is added, and nobody onlined it yet.
FOUND = {**FITS, "held": "offline", "borrowed": "offline"}
ADOPTED_MAP = "/boot/adopt.dtb"


def adopt(t, cell):
    """The slots that the map lists, as alice's driver says."""
    if not cell.state.name == "nothing":
        t.alice.online(SPARE)
        t.stamp(SPARE)
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


def use_again(t):
    """Blocks that this kernel found held: online, and to be filled anew."""
    for slot in t.stamps:
        t.alice.online(slot)
        t.stamp(slot)


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
        self.before = {**self.t.at_rest, "retrieved": self.before["retrieved"],
                       "given up": self.before["given up"] + len(given_back)}
        self.t.stamps.clear()

    def check(self, driver):
        settles = driver and self.slots != self.settled
        self.t.wait_slots(self.settled if driver else self.slots, 60 if settles else 5)
        if settles:
            self.t.wait_picture(self.before, ("retrieved", "aborts"), 5)
            self.t.wait_picture({"loans": []}, ("loans",))
            for slot in self.state.settled:
                self.t.stamps.pop(slot, None)
            self.slots, self.before = self.settled, self.t.picture()
        self.t.wait_picture(self.before, self.before, 5)


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
    adopted = adopt(t, cell) if cell.way.adopt else []
    course = Course(t, cell.state)
    t.check_bob()
    say(f"before: {describe(course.before)}; adopted: {adopted or 'none'}; "
        f"{t.check_stamps()} of alice's blocks stamped")
    options = f"--dtb={ADOPTED_MAP}" if cell.way.adopt else ""
    for nr, kernel in enumerate(cell.route):
        last = nr == len(cell.route) - 1
        driver = cell.way.driver if last else bool(kernel.initramfs) and not (cell.way.adopt or cell.state.passes)
        load, run = t.kexec(kernel, driver, options)
        after_kexec(t, course, kernel, driver, adopted, adopted)
        if t.test and not adopted:
            say(f"{t.check_stamps()} as they were")
            use_again(t)
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
