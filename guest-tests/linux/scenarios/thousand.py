# SPDX-License-Identifier: BSD-2-Clause
"""Rounds of lend, use and return leave the counts of free memory as they were; a thousand in make soak."""

import statistics

from lv.scenario import OWN, ROUNDS, need

SLOT = OWN[1]
WARM_UP = 4
PARTS = 4
# What a kernel may keep for other ends than ours, in pages. Most of it comes and goes: the better of two
# figures before and after varies by some 30. Of a thousand rounds it is less than a page for each.
NOISE_PAGES = max(64, ROUNDS // 4)
# A leak, be it of slabs, page tables or anything else that takes pages, takes some in every part; noise was at most 7
# in the middle one of the parts.
STEADY_PAGES = max(12, ROUNDS // PARTS // 10)


def rounds(s, nr):
    for _ in range(nr):
        s.alice.lend(SLOT, "bob")
        s.bob.online(s.bob.find_slot("offered"))
        s.alice.reclaim(SLOT)


def figures(s):
    free = {vm.name: vm.free_counts() for vm in s.vms}
    return s.monitor.block_counts(), s.monitor.stats("mappings|pool"), free


def free_pages(s):
    return {vm.name: vm.free_counts().free_kib // vm.page_kib() for vm in s.vms}


def scenario(s):
    rounds(s, WARM_UP)
    blocks, stats, before = figures(s)
    free = [free_pages(s)]
    for _ in range(PARTS):
        rounds(s, ROUNDS // PARTS)
        free.append(free_pages(s))
    blocks_now, stats_now, now = figures(s)
    need(blocks == blocks_now, f"the hypervisor's blocks were {blocks}, and are {blocks_now}")
    need(stats == stats_now, f"the hypervisor's tables were {stats}, and are {stats_now}")
    s.checked(f"{ROUNDS} rounds: the hypervisor's blocks and tables are as before")
    for vm in s.vms:
        was, is_now = before[vm.name], now[vm.name]
        need(was.total_kib == is_now.total_kib,
             f"{vm.name}: MemTotal was {was.total_kib} KiB, is {is_now.total_kib}")
        need(was.slots == is_now.slots, f"{vm.name}: slots were {was.slots}, are {is_now.slots}")
        pages = [part[vm.name] for part in free]
        need(max(pages[:2]) - max(pages[-2:]) <= NOISE_PAGES,
             f"{vm.name}: free pages were, with {ROUNDS // PARTS} rounds in between: {pages}")
        lost = [earlier - later for earlier, later in zip(pages, pages[1:])]
        need(statistics.median(lost) <= STEADY_PAGES,
             f"{vm.name}: free pages became fewer all the time, with {ROUNDS // PARTS} rounds in between: {pages}")
        s.checked(f"{s.cast(vm)}: MemTotal {is_now.total_kib} KiB and slots as before, free pages, with "
                  f"{ROUNDS // PARTS} rounds in between: {pages}")
