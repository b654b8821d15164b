# SPDX-License-Identifier: BSD-2-Clause
"""Hibernation is refused while the driver is there: blocks would be somebody else's at resume."""

from lv.lendtest import agree, words
from lv.scenario import need


def scenario(s):
    for vm in s.vms:
        mark = vm.mark()
        vm.fails("sh -c 'echo disk >/sys/power/state'", "not permitted", 60)
        said = [line for line in vm.dmesg_since(mark) if "hibernation is not possible" in line]
        need(len(said) == 1, f"{vm.name}: the driver says {said}")
        agree(vm)
        s.checked(f"{s.cast(vm)}: {words(said[0])}")
