# SPDX-License-Identifier: BSD-2-Clause
"""In dynamic mode lsmem and chmem see the blocks that are configured, and no others."""

from lv.lendvm import BLOCK, WINDOW
from lv.scenario import OWN, need

MODE = "dynamic"
SLOTS = OWN[:2]


def shown(vm):
    """(slot, state) of blocks in the window, as lsmem has them."""
    found = []
    for line in vm.run("lsmem --all --noheadings --output RANGE,STATE"):
        words = line.split()
        if len(words) == 2 and int(words[0].split("-")[0], 16) >= WINDOW:
            found.append(((int(words[0].split("-")[0], 16) - WINDOW) // BLOCK, words[1]))
    return found


def look(vm, state):
    found, wanted = shown(vm), [(slot, state) for slot in SLOTS] if state else []
    need(found == wanted, f"{vm.name}: lsmem shows {found}, not {wanted}")
    for slot in SLOTS:
        holds = vm.slot_state(slot)
        need(holds == ("held" if state else "standby"), f"{vm.name}: slot {slot} is {holds}")


def scenario(s):
    vm = s.alice
    look(vm, None)
    s.checked(f"{s.cast(vm)}: lsmem shows nothing of the window before anything is configured")
    for slot in SLOTS:
        vm.config(slot, True)
        vm.wait_state(slot, "online", 60)
        zone = vm.zone(slot)
        need(zone == "Movable", f"{vm.name}: slot {slot} came online in zone {zone}")
    look(vm, "online")
    s.checked("config 1: retrieved, added, online and movable")
    vm.run("chmem -d 256m", 240)
    look(vm, "offline")
    s.checked("chmem -d 256m takes them out of use; the hypervisor's they are not, as they are configured still")
    vm.run("lendctl online 0; lendctl online 1", 240)
    look(vm, "online")
    for slot in SLOTS:
        vm.config(slot, False)
    look(vm, None)
    s.checked("config 0: gone from lsmem, and given back")
