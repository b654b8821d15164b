# SPDX-License-Identifier: BSD-2-Clause
"""More slots than a guest's memory can describe, and more blocks than its quota: refused in words, not by an OOM."""

import re

from lv.lendtest import block_file, words
from lv.lendvm import BLOCK, DEVICE, WINDOW
from lv.scenario import MIB, linux_vm, need

OWN_MACHINE = True

# More than 256 MiB can hold the struct pages of.
NR_SLOTS = {"6.1": 128, "6.12": 128, "6.12-16k": 320}
QUOTA = 2
STRUCT_PAGE = 64
LEAST_AVAILABLE_MIB = 8


def vms(kernels):
    """alice alone: little boot memory, many promises, and a quota far below."""
    nr = NR_SLOTS[kernels[0]]
    return [linux_vm("alice", kernels[0], boot_memory=256 * MIB, window=(WINDOW, nr * BLOCK),
                     extra=f"lendvisor,pool-slots = <{nr}>; lendvisor,quota = <{QUOTA}>;")]


def struct_pages(s):
    alice = s.alice
    cost = alice.guest.number(f"cat {DEVICE}/block_cost")
    least = BLOCK // (alice.page_kib() * 1024) * STRUCT_PAGE
    need(least <= cost <= least + least // 2, f"alice: a block costs {cost} bytes, with struct pages of {least}")
    s.checked(f"the driver says what a block costs: {cost} bytes, {least} of these struct pages")
    slots = alice.slots()
    blocks = sum(slot.block != "none" for slot in slots)
    need(0 < blocks < len(slots), f"alice: {blocks} of {len(slots)} slots have a block")
    refusals = [line for line in alice.run("dmesg") if re.search(r"lendmem.*(reserve|struct page)", line)]
    need(refusals, "alice: the driver does not say why it adds no more")
    # Free CMA is for pages that can be moved: of no use to the kernel itself.
    left = (alice.guest.meminfo_kib("MemAvailable") - alice.guest.meminfo_kib("CmaFree")) // 1024
    need(left >= LEAST_AVAILABLE_MIB, f"alice: {left} MiB are left")
    happy = alice.complaints() + [line for line in alice.run("dmesg") if "Out of memory" in line]
    need(not happy, f"alice: the kernel says: {happy}")
    s.checked(f"of {len(slots)} slots {blocks} have a block, and {left} MiB are left for the kernel: "
              f"{words(refusals[0])}")


def over_quota(s):
    alice = s.alice
    mark = alice.mark()
    for slot in range(QUOTA):
        alice.online(slot)
    alice.fails(f"echo online_movable >{block_file(alice, QUOTA)}", "Operation not permitted")
    alice.fails(f"lendctl online {QUOTA}", "EPERM")
    said = [line for line in alice.dmesg_since(mark) if f"slot {QUOTA}: " in line]
    need(said, "alice: the driver says nothing")
    agree_quota = [slot.state for slot in alice.slots()[:QUOTA + 1]]
    need(agree_quota == ["held"] * QUOTA + ["standby"], f"alice: slots are {agree_quota}")
    need(alice.state(QUOTA) == "offline", "alice: the block is not offline")
    s.checked(f"a block beyond the quota of {QUOTA} is refused with EPERM: {words(said[0])}")
    alice.offline(0)
    alice.online(QUOTA)
    alice.offline(QUOTA)
    alice.offline(1)
    s.checked("with one given back it can be onlined")


def scenario(s):
    struct_pages(s)
    over_quota(s)
    s.happy()
