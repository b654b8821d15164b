# SPDX-License-Identifier: BSD-2-Clause
"""Benchmarks of Linux guests: all instructions of the machine are counted by a plugin of QEMU, idle time is not."""

import re
import subprocess

import libfdt

from lv import BUILD, Failure, bench, its
from lv.console import FIRMWARE
from lv.guest import Guest

MIB = 1 << 20
BLOCK = 128 * MIB
KERNEL = BUILD / "linux" / "6.1" / "Image"
INITRAMFS = BUILD / "bench" / "initramfs.cpio.gz"
# QEMU puts the image there; larger than it is, and nothing else of these guests runs at such addresses.
LOW, HIGH = 0x40200000, 0x40240000
BOOTARGS = "console=ttyAMA0 quiet nokaslr"
TO_INIT = BOOTARGS + " rdinit=/bin/mark -- 3 off"

# What a VM of ours has, too; the rest is dropped from QEMU's FDT for a fair comparison.
SHARED_NODES = {"memory", "cpus", "psci", "timer", "intc", "pl011", "apb-pclk", "chosen"}


def counter(name):
    """QEMU's arguments, and a function that returns {mark: (guests, hypervisor, seconds)} once it ended."""
    out = BUILD / "bench" / f"count-{name}"
    out.unlink(missing_ok=True)

    def marks():
        rows = [line.split()[1:] for line in out.read_text().splitlines()]
        return {int(nr): (int(guests), int(el2), float(at)) for nr, guests, el2, at in rows}

    return ["-plugin", f"{BUILD}/bench/count.so,out={out},low={LOW:#x},high={HIGH:#x}"], marks


def plain_fdt(megabytes):
    """QEMU's own FDT with the devices that a VM has."""
    whole, part = BUILD / "bench" / "virt.dtb", BUILD / "bench" / "plain.dtb"
    subprocess.run(["qemu-system-aarch64", "-nodefaults", "-nographic", "-M", f"{bench.WITHOUT_EL2},dumpdtb={whole}",
                    "-cpu", bench.CPU + bench.COUNTER, "-m", str(megabytes)], check=True,
                   stderr=subprocess.DEVNULL)
    fdt = libfdt.Fdt(whole.read_bytes())
    names, node = [], fdt.first_subnode(0, [libfdt.NOTFOUND])
    while node >= 0:
        names.append(fdt.get_name(node))
        node = fdt.next_subnode(node, [libfdt.NOTFOUND])
    for name in names:
        if name.split("@")[0] not in SHARED_NODES:
            fdt.del_node(fdt.path_offset("/" + name))
    fdt.pack()
    part.write_bytes(fdt.as_bytearray())
    return str(part)


def boot_plain(megabytes):
    plugin, marks = counter("boot-plain")
    with bench.start_plain("linux-plain", KERNEL, bundle=str(INITRAMFS), memory=f"{megabytes}M",
                           machine=bench.WITHOUT_EL2,
                           qemu_args=["-append", TO_INIT, "-dtb", plain_fdt(megabytes)] + plugin) as machine:
        machine.expect(FIRMWARE, "^mark 3", bench.PATIENCE)
        machine.wait_end(60)
    guests, el2, _ = marks()[3]
    return guests + el2  # what runs at those addresses is the kernel's own first code


def boot_vm(megabytes):
    """(All from the guest's first instruction on, those at EL2 of it.)"""
    plugin, marks = counter("boot-vm")
    vm = its.Vm("alice", str(KERNEL), ramdisk=str(INITRAMFS), boot_memory=megabytes * MIB, bootargs=TO_INIT)
    with bench.start("linux-vm", [vm], qemu_args=plugin) as machine:
        machine.expect("alice", "^mark 3", bench.PATIENCE)
        machine.wait_end(60)
    guests, el2, _ = marks()[3]
    # A guest of the same sizes that says when its first instruction ran.
    before = bench.entry("linux", KERNEL.stat().st_size, str(INITRAMFS), boot_memory=megabytes * MIB)
    return guests + el2 - before, el2 - before


def boot():
    plain = boot_plain(512)
    both, el2 = boot_vm(512)
    return {"linux-boot-plain": plain, "linux-boot-vm": both, "linux-boot-el2": el2}


def move(megabytes):
    return {}
