# SPDX-License-Identifier: BSD-2-Clause
"""memmap_on_memory: a block's struct pages lie in the block, where the kernel can; and lend.watch=1 watches."""

from lv.lendvm import BLOCK, BLOCK_KIB, PATIENCE, WINDOW
from lv.scenario import MIB, linux_vm, need

OWN_MACHINE = True
STRUCT_PAGE = 64


def vms(kernels):
    return [linux_vm("alice", kernels[0], "memory_hotplug.memmap_on_memory=1 lendmem.memmap_on_memory=1 lend.watch=1",
                     boot_memory=256 * MIB, owned_memory=2 * BLOCK, window=(WINDOW, 4 * BLOCK),
                     extra='lendvisor,mode = "dynamic"; lendvisor,pool-slots = <1>;')]


def gained_kib(vm, slot):
    before = vm.guest.meminfo_kib()
    vm.config(slot, True)
    vm.wait_state(slot, "online", 60)
    return vm.guest.meminfo_kib() - before


def taken_out_by_chmem(s):
    """A block that stays configured, by root with util-linux. It may be the kernel's own for good then."""
    vm = s.alice
    vm.config(1, True)
    vm.wait_state(1, "online", 60)
    for option, state in (("-d", "offline"), ("-e", "online")):
        vm.run(f"chmem {option} -b {vm.number(1)}", 120)
        found = vm.slots()[1]
        need((found.state, found.linux) == ("held", state), f"alice: after chmem {option} slot 1 is {found}")
    s.checked(f"chmem -d and -e of a configured block: it is held all the time, and in zone {vm.zone(1)} at the end")


def scenario(s):
    vm = s.alice
    on = vm.run("cat /sys/module/memory_hotplug/parameters/memmap_on_memory")[-1]
    need(on[0] == "Y", f"alice: the kernel's memmap_on_memory is {on}")
    inside = BLOCK // (vm.page_kib() * 1024) * STRUCT_PAGE // 1024
    # The kernel puts them there only where they fill whole entries of its vmemmap's table.
    wanted = BLOCK_KIB - (inside if vm.page_kib() == 4 else 0)
    before = vm.guest.meminfo_kib()
    for _ in range(2):
        for slot in (0, 1):
            found = gained_kib(vm, slot)
            need(found == wanted, f"alice: MemTotal grew by {found} KiB with slot {slot}, not by {wanted}")
        for slot in (0, 1):
            vm.config(slot, False)
            need(vm.slot_state(slot) == "standby", f"alice: slot {slot} is {vm.slot_state(slot)}")
        need(vm.guest.meminfo_kib() == before, "alice: MemTotal is not as before")
    s.checked(f"{s.cast(vm)}: of a block's {BLOCK_KIB} KiB {wanted} are to be had; it comes, goes, and comes again")
    vm.run("rmmod lendmem; insmod /lib/lendmem.ko")
    found = gained_kib(vm, 0)
    need(found == BLOCK_KIB, f"alice: without the parameter MemTotal grew by {found} KiB")
    vm.config(0, False)
    s.checked("without the parameter all of it")

    s.monitor.target("alice", 0)
    vm.run("until grep -q ^target /tmp/watch.log; do sleep 0.1; done", PATIENCE)
    s.checked("lend.watch=1 has started `lendctl watch`, and it has seen a target")
    taken_out_by_chmem(s)
    s.happy()
