# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that onlines by default leaves standby blocks offline, until somebody asks for them."""

from lv.lendvm import BLOCK
from lv.scenario import linux_vm, need

OWN_MACHINE = True
OWNED = 2


def vms(kernels):
    return [linux_vm("alice", kernels[0], "memhp_default_state=online", boot_memory=256 << 20,
                     owned_memory=OWNED * BLOCK)]


def scenario(s):
    vm = s.alice
    policy = vm.run("cat /sys/devices/system/memory/auto_online_blocks")[-1]
    need(policy == "online", f"alice: auto_online_blocks is {policy}: the bootargs do not reach the kernel")
    for slot in range(OWNED):
        state = vm.state(slot)
        need(state == "offline", f"alice: slot {slot} is {state} at start")
        need(vm.slot_state(slot) == "standby", f"alice: slot {slot} is {vm.slot_state(slot)} at start")
    s.checked(f"{s.cast(vm)} with memhp_default_state=online left {OWNED} standby blocks offline, nothing retrieved")
    vm.online(1)
    need(vm.slot_state(1) == "held", f"alice: slot 1 is {vm.slot_state(1)} after onlining it")
    vm.offline(1)
    s.checked("a block that was asked for came, and went")
