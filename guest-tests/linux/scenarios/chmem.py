# SPDX-License-Identifier: BSD-2-Clause
"""Debian's lsmem and chmem do with standby blocks what their manuals say; zones are movable_node's."""

from lv.lendvm import BLOCK, WINDOW
from lv.scenario import OWN, POOL, need

SIZE = 2  # of 256m, in blocks


def online_slots(vm):
    """Slots with an online block as lsmem has them, and as the hypervisor says they are held."""
    shown = set()
    for line in vm.run("lsmem --bytes --noheadings --output RANGE,STATE --split STATE"):
        words = line.split()
        if len(words) != 2:
            continue
        first, last = (int(end, 16) for end in words[0].split("-"))
        if words[1] == "online":
            shown |= {(at - WINDOW) // BLOCK for at in range(max(first, WINDOW), last, BLOCK)}
    held = {nr for nr, slot in enumerate(vm.slots()) if slot.state == "held"}
    need(shown == held, f"{vm.name}: lsmem shows slots {shown} online, and {held} are held")
    return sorted(shown)


def after(vm, command, expected):
    vm.run(command, 240)
    found = online_slots(vm)
    need(found == list(expected), f"{vm.name}: after `{command}` slots {found} are online, not {list(expected)}")
    for slot in found:
        zone = vm.zone(slot)
        need(zone == "Movable", f"{vm.name}: after `{command}` slot {slot} is in zone {zone}")


def scenario(s):
    vm = s.alice
    need(online_slots(vm) == [], f"{vm.name}: blocks are online at the start")
    s.checked(f"{s.cast(vm)}: lsmem shows the {len(OWN) + len(POOL)} standby blocks, offline")
    after(vm, "chmem -e 256m", OWN[:SIZE])
    s.checked("chmem -e 256m onlines the two lowest, as movable memory, and the hypervisor gives them")
    after(vm, "chmem -e 128m", OWN[:SIZE + 1])
    after(vm, "chmem -d 256m", OWN[:1])
    s.checked("chmem -d 256m offlines the two highest, and the hypervisor has them back")

    address = WINDOW + POOL[0] * BLOCK
    after(vm, f"chmem -e {address:#x}-{address + 2 * BLOCK - 1:#x}", [0, POOL[0], POOL[0] + 1])
    after(vm, f"chmem -d {address:#x}-{address + BLOCK - 1:#x}", [0, POOL[0] + 1])
    s.checked("chmem -e RANGE and -d RANGE work on just that range, here of the pool's blocks")
    after(vm, f"chmem -d -b {vm.number(POOL[0] + 1)}", [0])
    after(vm, f"chmem -e -b {vm.number(1)}-{vm.number(3)}", OWN)
    s.checked("so do -e and -d with -b and numbers of blocks")

    said = vm.fails("chmem -d 1g", r"partially|failed", 240)
    need(online_slots(vm) == [], f"{vm.name}: chmem -d 1g left slots {online_slots(vm)} online")
    s.checked(f"chmem -d of more than there is takes all of ours, fails at boot memory, and says so: {said[-60:]}")

    said = vm.run("chmem -e 128m -z Normal 2>&1", 240)
    need(vm.zone(0) == "Movable", f"{vm.name}: chmem -z brought slot 0 to {vm.zone(0)}: {said}")
    vm.offline(0)
    s.checked(f"-z, which Debian's chmem cannot on arm64 ({said}), is not needed: all is movable")
