# SPDX-License-Identifier: BSD-2-Clause
"""Two guests whose targets are moved against each other: what the standby and the dynamic scenario share."""

import os
import random
import time

from lv import Failure
from lv.lendvm import PATIENCE
from lv.machine import deadline
from lv.scenario import NR_POOL, need

MOVES = 100
# Moves until both are waited for: in between targets change faster than blocks can move.
SETTLE_EVERY = 20
# Of each kind of memcheck's four: a whole block in all, whose pages get into the blocks that come, and have to find
# another place when those go; also where a VM has none left.
LOAD_MIB = 32
# Of one attempt to take a block out of use: on a busy machine the default is too short for so many pages.
LIMIT = "/sys/module/lendmem/parameters/recall_timeout_ms"
# Moves until one is made by carol, the manager, and not on the monitor.
MANAGED_EVERY = 10


def set_target(s, vm, blocks, managed):
    if managed:
        s.carol.run(f"lendctl target {vm.name} {blocks}")
    else:
        s.monitor.target(vm.name, blocks)


def settled(s, targets):
    """Until each holds what it should; by the hypervisor's word."""
    until = deadline(PATIENCE)
    while True:
        found = {vm.name: s.monitor.pool_held(vm.name) for vm, _ in targets}
        if all(found[vm.name] == (blocks, blocks) for vm, blocks in targets):
            return
        if time.monotonic() > until:
            wanted = {vm.name: blocks for vm, blocks in targets}
            raise Failure(f"pool blocks should be {wanted}; after {PATIENCE} s (held, target) are {found}")
        time.sleep(0.2)


def moves(s):
    """alice's gain is bob's loss, and the other way round, MOVES times; in the end nobody holds anything."""
    seed = int(os.environ.get("LV_SEED", "1"))
    rng = random.Random(seed)
    pair = (s.alice, s.bob)
    blocks = s.monitor.free_blocks()
    need(2 <= blocks < 2 * NR_POOL, f"the pool should have too few blocks for both, and has {blocks}")
    lowest, highest = max(blocks - NR_POOL, 0), min(blocks, NR_POOL)

    for vm in pair:
        vm.run(f"cat {LIMIT} >/tmp/limit; echo 0 >{LIMIT}")
        vm.memcheck_start(LOAD_MIB)
    alices = lowest
    for move in range(1, MOVES + 1):
        alices = rng.choice([n for n in range(lowest, highest + 1) if n != alices])
        targets = list(zip(pair, (alices, blocks - alices)))
        rng.shuffle(targets)
        for vm, target in targets:
            set_target(s, vm, target, move % MANAGED_EVERY == 0)
        if move % SETTLE_EVERY == 0:
            settled(s, targets)
            need(s.monitor.free_blocks() == 0, "the pool has blocks left that a VM wants")
            for vm, target in targets:
                if target:
                    vm.memcheck_moves_in(LOAD_MIB * 1024 // vm.page_kib())
    s.checked(f"{s.cast(*pair)}: {MOVES} targets that gave all {blocks} blocks of the pool now to one, now to the "
              f"other (seed {seed}); each time both were waited for, both held what they should, and used it for "
              f"a quarter or more of the {4 * LOAD_MIB} MiB of a memcheck")
    for vm in pair:
        s.checked(f"{vm.name}'s memory held what was written to it: {vm.memcheck_stop()}")

    targets = [(vm, 0) for vm in pair]
    for vm, target in targets:
        set_target(s, vm, target, False)
    settled(s, targets)
    for vm in pair:
        vm.run(f"cat /tmp/limit >{LIMIT}")
    need(s.monitor.free_blocks() == blocks, f"the pool had {blocks} free blocks, and has {s.monitor.free_blocks()}")
    s.checked("with targets of 0 the pool has all its blocks back")
