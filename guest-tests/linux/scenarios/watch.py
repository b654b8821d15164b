# SPDX-License-Identifier: BSD-2-Clause
"""`lendctl watch`: tells each thing once, waits for an empty pool, and does not depend on hearing all."""

import json

from lv import Failure
from lv.scenario import NR_POOL, OWN, POOL, need

LOG = "/tmp/watch.log"
# News of the hypervisor's that is nobody's business here.
NEWS = ("pool", "peer-gone", "offer", "recall")
# More than a socket buffer has room for.
FLOOD = 1000
SHUTTLES = 5


def start(vm, options=""):
    vm.run(f"(setsid lendctl watch --json {options} </dev/null >{LOG} 2>&1 & echo $! >/tmp/watch.pid)")
    # It holds the socket once it shows in the list of them, protocol 15, and a group is joined.
    vm.run("until awk '$2 == 15 && $4 != 0 { n++ } END { exit !n }' /proc/net/netlink; do sleep 0.1; done", 60)


def stop(vm):
    vm.run("kill $(cat /tmp/watch.pid)")


def printed(vm):
    return [json.loads(line) for line in vm.run(f"cat {LOG}") if line.startswith("{")]


def told(vm):
    """What it has printed, but for news."""
    return [line for line in printed(vm) if line["event"] not in NEWS]


def does_nothing_more(s, vm):
    """Returns when it has dealt with all that was before: it tells of an offer, and having looked, of another."""
    def offers():
        return sum(line["event"] == "offer" for line in printed(vm))

    for slot in OWN[:2]:
        before = offers()
        s.alice.lend(slot, vm.name)
        vm.until(lambda: offers() > before, "watch to tell of an offer")
    for slot in OWN[:2]:
        s.alice.reclaim(slot)


def held(vm):
    return sum(vm.slot_state(slot) == "held" for slot in POOL)


def empty_the_pool(*vms):
    """Has them take all that is free; returns who took which slots, in order."""
    taken = []
    for vm, slot in ((vm, slot) for vm in vms for slot in POOL):
        if vm.guest.number("cat /sys/bus/platform/drivers/lendmem/*.lendmem/pool_free") == 0:
            return taken
        vm.online(slot)
        taken.append((vm, slot))
    raise Failure("the pool has more blocks than others were promised")


def target(s, vm, blocks):
    s.carol.run(f"lendctl target {vm.name} {blocks}")


def scenario(s):
    bob = s.bob

    # Whatever was set before: watch would take it from the pool at once.
    target(s, bob, 0)
    start(bob)
    taken = empty_the_pool(s.alice, s.carol)
    target(s, bob, 1)
    bob.until(lambda: len(told(bob)) == 2, lambda: f"two lines of watch: {told(bob)}")
    failed = told(bob)[1]
    need((failed["event"], failed["slot"], failed["error"]) == ("online-failed", POOL[0], "ENOMEM"),
         f"bob's watch says {failed}")
    s.checked(f"no block in the pool for {s.cast(bob)}: watch says so")
    vm, slot = taken.pop()
    vm.offline(slot)
    bob.until(lambda: held(bob) == 1, "bob to hold a block of the pool")
    bob.until(lambda: len(told(bob)) >= 3, lambda: f"three lines of watch: {told(bob)}")
    need([line["event"] for line in told(bob)] == ["target", "online-failed", "online"],
         f"bob's watch says {told(bob)}")
    s.checked("it said so once, and onlined the block as soon as there was one")
    for vm, slot in taken:
        vm.offline(slot)

    bob.offline(POOL[0])
    does_nothing_more(s, bob)
    need(held(bob) == 0 and len(told(bob)) == 3, f"bob's watch did more: {told(bob)}")
    s.checked("a block that a person gave up stays away, and nothing is said of it")

    bob.run("kill -STOP $(cat /tmp/watch.pid)")
    bob.run("cd /sys/bus/platform/drivers/lendmem/*.lendmem; i=0; "
            f"while [ $i -lt {FLOOD} ]; do echo change >uevent; i=$((i + 1)); done; cd - >/dev/null", 300)
    target(s, bob, 2)
    bob.run("kill -CONT $(cat /tmp/watch.pid)")
    bob.until(lambda: held(bob) == 2, "bob to hold two blocks of the pool")
    events = [line["event"] for line in told(bob)[3:]]
    need("missed" in events and "target" not in events, f"nothing was missed: {events}")
    s.checked(f"its events lost in {FLOOD} others, it looked for itself and onlined what was missing")

    stop(bob)
    target(s, bob, 0)
    bob.until(lambda: held(bob) == 0, "bob to hold no block of the pool")
    start(bob, "--no-action")
    target(s, bob, 1)
    bob.until(lambda: told(bob), "a line of watch")
    does_nothing_more(s, bob)
    need(held(bob) == 0 and [line["event"] for line in told(bob)] == ["target"],
         f"with --no-action watch says {told(bob)}")
    s.checked("with --no-action it tells, and onlines nothing")
    stop(bob)
    start(bob)
    bob.until(lambda: held(bob) == 1, "bob to hold a block of the pool")
    s.checked("started anew it sees what was wanted before")

    for _ in range(SHUTTLES):
        target(s, bob, 0)
        target(s, bob, 1)
    bob.until(lambda: held(bob) == 1, "bob to hold a block of the pool")
    s.checked("a block that was wanted again while it was away comes back")

    target(s, bob, 0)
    bob.until(lambda: held(bob) == 0, "bob to hold no block of the pool")
    stop(bob)
    s.monitor.target("bob", NR_POOL)
