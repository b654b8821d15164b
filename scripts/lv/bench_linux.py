# SPDX-License-Identifier: BSD-2-Clause
"""Benchmarks of Linux guests: all instructions of the machine are counted by a plugin of QEMU, idle time is not."""

import subprocess
import time
from functools import cache

from lv import BUILD, Failure, bench, its
from lv.bench_count import counter
from lv.console import FIRMWARE
from lv.fdt import libfdt
from lv.guest import Guest

MIB = 1 << 20
BLOCK = 128 * MIB
KERNEL = BUILD / "linux" / "6.1" / "Image"
INITRAMFS = BUILD / "bench" / "initramfs.cpio.gz"
BOOTARGS = "console=ttyAMA0 quiet nokaslr"
TO_INIT = BOOTARGS + " rdinit=/bin/mark -- 3 off"

# What the kernel itself does to a block that leaves and one that comes (mm/memory_hotplug.c).
KERNEL_STEPS = {"offline": "offline_pages", "remove": "try_remove_memory",
                "add": "add_memory_driver_managed", "online": "online_pages"}

# What processes cost the kernel: their start and end, pages that they have first, and what they read.
PROCESS_STEPS = {"exec": "bprm_execve", "fork": "kernel_clone", "exit": "exit_mmap", "fault": "do_page_fault",
                 "open": "do_filp_open", "read": "vfs_read"}
FUNCTIONS = KERNEL_STEPS | PROCESS_STEPS

# What a VM of ours has, too; the rest is dropped from QEMU's FDT for a fair comparison.
SHARED_NODES = {"memory", "cpus", "psci", "timer", "intc", "pl011", "apb-pclk", "chosen"}


@cache
def kernel_steps():
    """{step: (start, end)}: where the kernel's functions lie, as it says itself."""
    vm = its.Vm("alice", str(KERNEL), ramdisk=str(INITRAMFS), boot_memory=256 * MIB, bootargs=BOOTARGS)
    with bench.start("linux-symbols", [vm], icount=False) as machine:
        alice = Guest(machine, "alice", 0)
        alice.wait_shell(bench.PATIENCE)
        found = {}
        for step, function in FUNCTIONS.items():
            lines = alice.lines(f"grep -A1 ' {function}$' /proc/kallsyms", 60)
            start, end = (line.split()[0] for line in lines if len(line.split()) == 3)
            found[step] = start, end
        return found


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
    return marks()[3].all()  # what runs at those addresses is the kernel's own first code


def boot_vm(megabytes):
    """(All from the guest's first instruction on, those at EL2 of it.)"""
    plugin, marks = counter("boot-vm")
    vm = its.Vm("alice", str(KERNEL), ramdisk=str(INITRAMFS), boot_memory=megabytes * MIB, bootargs=TO_INIT)
    with bench.start("linux-vm", [vm], qemu_args=plugin) as machine:
        machine.expect("alice", "^mark 3", bench.PATIENCE)
        machine.wait_end(60)
    at = marks()[3]
    # A guest of the same sizes that says when its first instruction ran.
    before = bench.entry("linux", KERNEL.stat().st_size, str(INITRAMFS), boot_memory=megabytes * MIB)
    return at.all() - before, at.el2 - before


def boot():
    plain = boot_plain(512)
    both, el2 = boot_vm(512)
    return {"linux-boot-plain": plain, "linux-boot-vm": both, "linux-boot-el2": el2}


def started_move(name, megabytes, words="", qemu_args=()):
    """A machine with alice and bob, each with its part of a move (guest-tests/bench/move)."""
    def vm(name, bootargs="", **properties):
        return its.Vm(name, str(KERNEL), ramdisk=str(INITRAMFS), boot_memory=256 * MIB,
                      window=(bench.WINDOW, megabytes * MIB), **properties,
                      bootargs=f"{BOOTARGS} lend.name={name} MOVE={megabytes * MIB // BLOCK} {words} {bootargs}".strip())

    alice = vm("alice", "lend.online=1", owned_memory=megabytes * MIB, lend_to=["bob"])
    return bench.start(f"linux-{name}", [alice, vm("bob")], BLOCK, cpu="neoverse-n1", qemu_args=list(qemu_args))


def expect_mark(machine, name, nr):
    said = machine.expect(name, f"^mark {nr}$|^{name}# ", bench.PATIENCE, partial=True)
    if said[0] != f"mark {nr}":
        raise Failure(f"{name} did not come to mark {nr}: see {machine.logs.path}")
    return time.monotonic()


def move(megabytes, unused=False, profile=None):
    """Blocks of 128 MiB out of alice and into bob, to where bob's user space has used them, and the same way back."""
    name = f"move-{megabytes}" + ("-unused" if unused else "")
    plugin, marks = counter(name, kernel_steps(), profile)
    with started_move(name, megabytes, "UNUSED=1" if unused else "", plugin) as machine:
        expect_mark(machine, "bob", 5)
        expect_mark(machine, "alice", 9)
    found = moved(name, marks())
    return {key: found[key] for key in (f"{name}.offline", f"{name}.total")} if unused else found


def move_wall(megabytes):
    """{...: seconds} of a move without the plugin, by when the marks' lines come."""
    with started_move(f"move-{megabytes}-wall", megabytes, "LOG=/dev/console") as machine:
        began = expect_mark(machine, "alice", 0)
        there = expect_mark(machine, "bob", 4)
        recalled = expect_mark(machine, "alice", 6)
        back = expect_mark(machine, "alice", 8)
    return {f"move-{megabytes}.wall": there - began, f"move-{megabytes}.back-wall": back - recalled}


# Steps of a move: from one mark to another.
STEPS = {"offline": (0, 1), "lend": (1, 2), "online": (2, 4), "total": (0, 4), "touch": (4, 5),
         "back-recall": (6, 7), "back-online": (7, 8), "back-total": (6, 8), "back-touch": (8, 9)}


def moved(name, at):
    """What a move took, step by step, by the marks in it. Each takes something, and no time runs back."""
    found = {}
    for step, (first, last) in STEPS.items():
        found[f"{name}.{step}"] = at[last].all() - at[first].all()
        found[f"{name}.{step}-el2"] = at[last].el2 - at[first].el2
    for prefix, first, last, steps in (("", 0, 4, FUNCTIONS), ("back-", 6, 8, KERNEL_STEPS)):
        for step in steps:
            found[f"{name}.{prefix}kernel-{step}"] = at[last].spent[step] - at[first].spent[step]
        found[f"{name}.{prefix}user-space"] = at[last].user - at[first].user
    wrong = [key for key, value in found.items() if value <= 0]
    if wrong:
        raise Failure(f"{wrong[0]} is {found[wrong[0]]}: a mark was not set, or no return of the function was seen")
    if at[6].all() < at[5].all():
        raise Failure(f"{name}: alice recalled before bob was through: {at[6].all()} at mark 6, {at[5].all()} at 5")
    return found
