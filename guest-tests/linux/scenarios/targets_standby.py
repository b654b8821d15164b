# SPDX-License-Identifier: BSD-2-Clause
"""Ballooning in standby mode: `lendctl watch` onlines what the driver, a module, cannot."""

from lv import ballooning
from lv.scenario import NR_POOL

WATCH = "(lendctl watch </dev/null >/tmp/watch.log 2>&1 & echo $! >/tmp/watch.pid)"


def scenario(s):
    pair = (s.alice, s.bob)
    for vm in pair:
        vm.run(WATCH)
    ballooning.moves(s)
    for vm in pair:
        vm.run("kill $(cat /tmp/watch.pid)")
        s.monitor.target(vm.name, NR_POOL)  # as it was; nobody is there to online for it
