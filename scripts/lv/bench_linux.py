# SPDX-License-Identifier: BSD-2-Clause
"""Benchmarks of Linux guests: all instructions of the machine are counted by a plugin of QEMU, idle time is not."""

import subprocess
from dataclasses import dataclass, field
from functools import cache

from lv import BUILD, Failure, bench, its
from lv.console import FIRMWARE
from lv.fdt import libfdt
from lv.guest import Guest

MIB = 1 << 20
BLOCK = 128 * MIB
KERNEL = BUILD / "linux" / "6.1" / "Image"
INITRAMFS = BUILD / "bench" / "initramfs.cpio.gz"
# QEMU puts the image there; larger than it is, and nothing else of these guests runs at such addresses.
LOW, HIGH = 0x40200000, 0x40240000
BOOTARGS = "console=ttyAMA0 quiet nokaslr"
TO_INIT = BOOTARGS + " rdinit=/bin/mark -- 3 off"

# What the kernel itself does to a block that leaves and one that comes (mm/memory_hotplug.c).
KERNEL_STEPS = {"offline": "offline_pages", "remove": "try_remove_memory",
                "add": "add_memory_driver_managed", "online": "online_pages"}

# What a VM of ours has, too; the rest is dropped from QEMU's FDT for a fair comparison.
SHARED_NODES = {"memory", "cpus", "psci", "timer", "intc", "pl011", "apb-pclk", "chosen"}


@dataclass
class Mark:
    """What ran until a program in the guest set it: instructions, seconds, and what of it was in which function."""

    guests: int
    el2: int
    seconds: float
    spent: dict = field(default_factory=dict)

    def all(self):
        return self.guests + self.el2


def counter(name, functions=None, profile=None):
    """QEMU's arguments, and a function that returns {number: Mark} once it ended. profile: a file's name."""
    out = BUILD / "bench" / f"count-{name}"
    out.unlink(missing_ok=True)

    def marks():
        found = {}
        for kind, nr, *rest in map(str.split, out.read_text().splitlines()):
            if kind == "mark":
                found[int(nr)] = Mark(int(rest[0]), int(rest[1]), float(rest[2]))
            else:
                found[int(nr)].spent[rest[0]] = int(rest[1])
        return found

    more = [f",function={key}:{start}:{end}" for key, (start, end) in (functions or {}).items()]
    more += [f",profile={profile}"] if profile else []
    plugin = f"{BUILD}/bench/count.so,out={out},low={LOW:#x},high={HIGH:#x}{''.join(more)}"
    return ["-plugin", plugin], marks


@cache
def kernel_steps():
    """{step: (start, end)}: where the kernel's functions lie, as it says itself."""
    vm = its.Vm("alice", str(KERNEL), ramdisk=str(INITRAMFS), boot_memory=256 * MIB, bootargs=BOOTARGS)
    with bench.start("linux-symbols", [vm], icount=False) as machine:
        alice = Guest(machine, "alice", 0)
        alice.wait_shell(bench.PATIENCE)
        found = {}
        for step, function in KERNEL_STEPS.items():
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


def move(megabytes, profile=None):
    """Blocks of 128 MiB out of alice and into bob, to where bob's user space has touched them (guest-tests/bench/move)."""
    nr = megabytes * MIB // BLOCK
    plugin, marks = counter(f"move-{megabytes}", kernel_steps(), profile)

    def vm(name, bootargs="", **properties):
        return its.Vm(name, str(KERNEL), ramdisk=str(INITRAMFS), boot_memory=256 * MIB,
                      window=(bench.WINDOW, megabytes * MIB), **properties,
                      bootargs=f"{BOOTARGS} lend.name={name} MOVE={nr} {bootargs}".strip())

    alice = vm("alice", "lend.online=1", owned_memory=megabytes * MIB, lend_to=["bob"])
    with bench.start(f"linux-move-{megabytes}", [alice, vm("bob")], BLOCK, cpu="neoverse-n1",
                     qemu_args=plugin) as machine:
        for name, last in (("alice", "mark 2"), ("bob", "mark 5")):
            said = machine.expect(name, f"^{last}|^{name}# ", bench.PATIENCE, partial=True)
            if said[0] != last:
                raise Failure(f"{name} did not come to {last}: see {machine.logs.path}")
    return moved(f"move-{megabytes}", marks())


def moved(name, at):
    """What a move took, step by step, by the marks in it. Each takes something, and no time runs back."""
    found = {f"{name}.wall": at[4].seconds - at[0].seconds}
    for step, first, last in (("offline", 0, 1), ("lend", 1, 2), ("online", 2, 4), ("total", 0, 4), ("touch", 4, 5)):
        found[f"{name}.{step}"] = at[last].all() - at[first].all()
        found[f"{name}.{step}-el2"] = at[last].el2 - at[first].el2
    for step in KERNEL_STEPS:
        found[f"{name}.kernel-{step}"] = at[4].spent[step] - at[0].spent[step]
    wrong = [key for key, value in found.items() if value <= 0]
    if wrong:
        raise Failure(f"{wrong[0]} is {found[wrong[0]]}: a mark was not set, or no return of the function was seen")
    return found
