# SPDX-License-Identifier: BSD-2-Clause
"""Two Debian guests, for the cases in which one of them kexecs."""

import re

from lv import BUILD, kexec
from lv.guest import Guest
from lv.lendvm import BLOCK, LendVm
from lv.scenario import BOOT_TIMEOUT, CPU, MIB, linux_vm

NR_SLOTS = 12
FIRST_LOAN = 6  # after four own slots and two of the pool's


def boot(lab, kernel, files, bootargs="", **alices):
    """alice, who can kexec to what is in files, and bob, who may lend to her and borrow from her.

    alices: properties of hers alone."""
    vms = [linux_vm(name, flavour, args, cpus=cpus, boot_memory=memory * MIB, owned_memory=4 * BLOCK,
                    window=(1 << 32, NR_SLOTS * BLOCK), lend_to=[peer], extra="lendvisor,pool-slots = <2>;")
           for name, peer, flavour, args, cpus, memory in (("alice", "bob", kernel, bootargs, 2, 512),
                                                           ("bob", "alice", "6.12", "", 1, 256))]
    for name, value in alices.items():
        setattr(vms[0], name, value)
    vms[0].ramdisk = str(kexec.ramdisk(lab.work / "alice.cpio",
                                       BUILD / "linux" / kernel / "initramfs.cpio.gz", files))
    machine = lab.boot(vms, cpu=CPU)
    alice, bob = (LendVm(Guest(machine, vm.name, nr)) for nr, vm in enumerate(vms))
    for vm in (alice, bob):
        vm.guest.wait_shell(BOOT_TIMEOUT)
    return machine, alice, bob


def states(vm):
    return [slot.state for slot in vm.slots()]


def system_ram(vm):
    """Ranges that this kernel has from its device tree."""
    return re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM$", "\n".join(vm.run("cat /proc/iomem")), re.M)
