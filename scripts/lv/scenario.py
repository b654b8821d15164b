# SPDX-License-Identifier: BSD-2-Clause
"""
What a scenario is given: three Debian guests that may lend to each other, and words to say what was
checked. guest-tests/linux/scenarios/ has the scenarios, guest-tests/cases/test_scenarios.py runs them.
"""

import os

from lv import BUILD, Failure, its
from lv.guest import Guest
from lv.lendvm import BLOCK, BOOTARGS, LendVm
from lv.machine import SHORT, Late
from lv.monitor import Monitor

MIB = 1 << 20
MORE = os.environ.get("LV_BOOTARGS", "")
NAMES = ("alice", "bob", "carol")

# Slots of a standard VM's window: its own blocks, the pool's, room for loans.
NR_OWN, NR_POOL, NR_SLOTS = 4, 4, 16
OWN = range(NR_OWN)
POOL = range(NR_OWN, NR_OWN + NR_POOL)
ROOM = range(NR_OWN + NR_POOL, NR_SLOTS)

# Fewer blocks than are promised, so that one VM's gain can need another's loss.
POOL_BLOCKS = 4

# 16K pages and no AArch32 are things that QEMU's cortex-a57 has not, or has.
CPU = "neoverse-n1"

BOOT_TIMEOUT = 150
ROUNDS = int(os.environ.get("LV_ROUNDS", "20"))


def need(truth, why):
    """A check: what was expected, and on which VM, is for `why` to say."""
    if not truth:
        raise Failure(why)


def linux_vm(name, kernel, bootargs="", **properties):
    """A VM with one of Debian's kernels ("6.1", "6.12", "6.12-16k") and our initramfs for it."""
    properties.setdefault("boot_memory", 384 * MIB)
    built = BUILD / "linux" / kernel
    return its.Vm(name, str(built / "Image"), ramdisk=str(built / "initramfs.cpio.gz"),
                  bootargs=f"{BOOTARGS} {MORE} lend.name={name} {bootargs}".strip(), **properties)


def standard_vms(kernels, mode="standby", bootargs=""):
    """alice, bob and carol: four own blocks each, promises of four of the pool's, room for eight that are lent."""
    return [linux_vm(name, kernel, bootargs, cpus=2 if name != "carol" else 1, owned_memory=NR_OWN * BLOCK,
                     window=(1 << 32, NR_SLOTS * BLOCK), lend_to=[peer for peer in NAMES if peer != name],
                     extra=f'lendvisor,pool-slots = <{NR_POOL}>; lendvisor,mode = "{mode}";'
                           + (" lendvisor,manager;" if name == "carol" else ""))
            for name, kernel in zip(NAMES, kernels)]


class Scenario:
    """A running machine: s.alice, s.bob, s.carol (s.vms: all there are, in order), s.monitor, s.machine.

    kernels: of the VMs, in order. say: where lines for a person go."""

    def __init__(self, machine, vms, kernels, say=print):
        self.machine = machine
        self.monitor = Monitor(machine)
        self.kernels = dict(zip((vm.name for vm in vms), kernels))
        self.vms = [LendVm(Guest(machine, vm.name, nr)) for nr, vm in enumerate(vms)]
        for vm in self.vms:
            setattr(self, vm.name, vm)
        self.say = say
        self._marks = {}
        self._aborts = {}

    def wait_shells(self):
        for vm in self.vms:
            vm.guest.wait_shell(BOOT_TIMEOUT)

    def checked(self, what):
        self.say(f"  checked: {what}")

    def begin(self):
        """Before a scenario: what end() compares with."""
        self._marks = {vm.name: vm.mark() for vm in self.vms}
        self._slots = {vm.name: vm.slots() for vm in self.vms}
        self._aborts = self.monitor.aborts()

    def end(self):
        """After a scenario on a machine that others share: no loan is left, each slot as it was, kernels happy."""
        loans = self.monitor.loans()
        need(not loans, f"loans are left: {loans}")
        self.happy()
        for vm in self.vms:
            for slot, (was, now) in enumerate(zip(self._slots[vm.name], vm.slots())):
                need(was == now, f"{vm.name}: slot {slot} is left as {now}, and was {was}")

    def happy(self, *vms):
        """The kernels (default: all) have not warned of anything since begin(), nor touched what is not theirs."""
        aborts = self.monitor.aborts()
        for vm in vms or self.vms:
            said = vm.complaints(self._marks.get(vm.name))
            need(not said, f"{vm.name}: the kernel says: {said}")
            was, now = self._aborts[vm.name], aborts[vm.name]
            need(was == now, f"{vm.name}: the hypervisor counted {was} aborts before, and {now} now")

    def since(self, vm):
        """The kernel log of a VM since begin()."""
        return vm.dmesg_since(self._marks[vm.name])

    def cast(self, *vms):
        """Who plays, with kernel and page size, for a person."""
        return ", ".join(f"{vm.name} ({self.kernels[vm.name]}, {vm.page_kib()}K pages)" for vm in vms)

    def together(self, *commands):
        """Runs commands, each a (vm, shell command), at the same time; returns the lines of each."""
        started = [(vm, vm.guest.start(command)) for vm, command in commands]
        return [vm.guest.finish(command, 480)[1] for vm, command in started]

    def last_words(self):
        """For a person who looks at a failure: the slots and the end of the kernel log of each VM that answers."""
        for vm in self.vms:
            try:
                self.say(f"--- {vm.name} ({self.kernels[vm.name]})")
                log = f"dmesg | sed '1,/{self._marks.get(vm.name, '^$')}/d' | tail -n 40"
                for command in ("lendctl list", log):
                    _, lines = vm.guest.run(command, SHORT, check=False)
                    self.say("\n".join(lines))
            except (Failure, Late) as e:
                self.say(f"{vm.name} does not answer: {e}")
