# SPDX-License-Identifier: BSD-2-Clause
"""A block in use is lent and returned, again and again, while both guests check all of their memory."""

from lv.scenario import OWN, need

ROUNDS = 2
SLOT = OWN[3]


def memcheck_notices_a_wrong_byte(vm):
    vm.memcheck_start(1)
    vm.run("while kill -0 $(cat /tmp/memcheck.pid) 2>/dev/null; do "
           "printf x | dd of=/memcheck.file bs=1 seek=1000 conv=notrunc 2>/dev/null; done")
    vm.fails("memcheck stop", r"file: offset 0x3e8,.* should be .*1 errors")


def scenario(s):
    memcheck_notices_a_wrong_byte(s.carol)
    s.checked("carol's memcheck notices a byte that was changed behind its back")

    players = (s.alice, s.bob)
    for vm in players:
        vm.memcheck_start()
    for _ in range(ROUNDS):
        s.alice.online(SLOT)
        s.alice.memcheck_moves_in()
        s.alice.lend(SLOT, "bob")
        slot = s.bob.find_slot("offered")
        s.bob.online(slot)
        zone = s.bob.zone(slot)
        need(zone == "Movable", f"bob: slot {slot} is online in zone {zone}, not Movable")
        s.bob.memcheck_moves_in()
        s.alice.reclaim(SLOT)
    s.checked(f"{s.cast(s.alice)} lent to {s.cast(s.bob)}, and got back, {ROUNDS} times a block that both had pages in")
    for vm in players:
        s.checked(f"{vm.name}'s memory held what was written to it: {vm.memcheck_stop()}")
