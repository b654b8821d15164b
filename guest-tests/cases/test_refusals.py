# SPDX-License-Identifier: BSD-2-Clause
"""What the hypervisor must not start: one clear line, and power off."""

import re
import subprocess
from dataclasses import replace

import pytest
from conftest import BARE_ENTRY, BUILD, texts
from lv import its
from lv.console import HYPERVISOR
from lv.fdt import libfdt
from lv.machine import Options

MIB = 1 << 20
SLOTS = 128 * MIB


@pytest.fixture
def alice(lab):
    """A VM that would be fine. Nothing runs here, so any data is a kernel."""
    image = BUILD / "cases" / "data.bin"
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_bytes(bytes(range(256)) * 64)
    return its.Vm("alice", str(image), load=BARE_ENTRY, entry=BARE_ENTRY)


def is_refused(machine, *words):
    """One line with all the words, then off; no VM was started."""
    line = machine.expect(HYPERVISOR, r"^refused: (.*)", 60).group(1)
    assert machine.wait_end(30) == 0
    for word in words:
        assert re.search(word, line, re.I), f"no {word!r} in: {line}"
    refusals = [text for text in texts(machine, HYPERVISOR) if "refused" in text]
    assert len(refusals) == 1
    assert set(machine.console.by_source) <= {HYPERVISOR, ""}


MACHINES = {
    "el1": ("virt,gic-version=3,virtualization=off,its=off", ["EL2"]),
    "gicv2": ("virt,gic-version=2,virtualization=on", ["GICv3"]),
}


@pytest.mark.parametrize("name", MACHINES)
def test_machine(lab, alice, name):
    machine, words = MACHINES[name]
    is_refused(lab.boot([alice], machine=machine), *words)


def test_no_bundle(lab):
    is_refused(lab.start(None), "bundle|initrd")


# Where a host FDT says the bundle is, in a machine with RAM at 1 GiB to 2 GiB.
PLACES = {
    "beyond-ram": (0x100000000, 0x100100000),
    "below-ram": (0x04000000, 0x04100000),
    "over-a-device": (0x09000000, 0x09001000),
    "across-the-end-of-ram": (0x7ff00000, 0x80100000),
    "across-the-start-of-ram": (0x3ff00000, 0x40100000),
    "at-the-end-of-addresses": (0xfffffffffffff000, 0xffffffffffffffff),
    "end-before-start": (0x50000000, 0x48000000),
}


def host_fdt(lab):
    """What QEMU describes its machine with."""
    lab.work.mkdir(parents=True, exist_ok=True)
    blob = lab.work / "host.dtb"
    dump = Options(memory="1G")
    dump.machine += f",dumpdtb={blob}"
    subprocess.run(dump.argv(), check=True, timeout=60, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return libfdt.Fdt(blob.read_bytes()), blob


@pytest.mark.parametrize("name", PLACES)
def test_bundle_that_is_not_in_ram(lab, name):
    start, end = PLACES[name]
    fdt, blob = host_fdt(lab)
    chosen = fdt.path_offset("/chosen")
    fdt.setprop_u64(chosen, "linux,initrd-start", start)
    fdt.setprop_u64(chosen, "linux,initrd-end", end)
    fdt.pack()  # QEMU doubles what it reads, and 2 MiB is the limit for an FDT
    blob.write_bytes(fdt.as_bytearray())
    is_refused(lab.start_raw(memory="1G", qemu_args=["-dtb", str(blob)]), "initrd|bundle")


# Properties of alice that are wrong, and what the line has to name.
PROPERTIES = {
    "unknown": ("lendvisor,cpuz = <2>;", {}, ["alice", "lendvisor,cpuz"]),
    "cpus-zero": ("", {"cpus": 0}, ["alice", "cpus"]),
    "cpus-wrong-size": ("lendvisor,cpus = /bits/ 64 <1>;", {}, ["alice", "cpus"]),
    "cpus-too-many": ("", {"cpus": 3}, ["alice", "cpu"]),
    "boot-memory-missing": ("", {"boot_memory": None}, ["alice", "boot-memory"]),
    "boot-memory-odd": ("", {"boot_memory": 3 * MIB}, ["alice", "boot-memory"]),
    "boot-memory-zero": ("", {"boot_memory": 0}, ["alice", "boot-memory"]),
    "boot-memory-wrong-size": ("lendvisor,boot-memory = <0x4000000>;", {"boot_memory": None},
                               ["alice", "boot-memory"]),
    "boot-memory-odd-with-window": ("", {"boot_memory": 66 * MIB, "owned_memory": SLOTS},
                                    ["alice", "boot-memory"]),
    "boot-memory-too-much": ("", {"boot_memory": 8192 * MIB}, ["memory"]),
    "boot-memory-huge": ("", {"boot_memory": 0xffffffffffe00000}, ["memory"]),
    "owned-too-much": ("", {"boot_memory": SLOTS, "owned_memory": 64 * SLOTS}, ["memory"]),
    "owned-odd": ("", {"boot_memory": SLOTS, "owned_memory": SLOTS + 2 * MIB},
                  ["alice", "owned-memory"]),
    "window-misaligned": ("", {"boot_memory": SLOTS, "window": ((1 << 32) + 2 * MIB, SLOTS)},
                          ["alice", "window"]),
    "window-over-boot-memory": ("", {"boot_memory": SLOTS, "window": (0x40000000, SLOTS)},
                                ["alice", "window"]),
    "window-over-devices": ("", {"boot_memory": SLOTS, "window": (0x08000000, SLOTS)},
                            ["alice", "window"]),
    "window-too-small": ("", {"boot_memory": SLOTS, "owned_memory": 2 * SLOTS,
                              "window": (1 << 32, SLOTS)}, ["alice", "window"]),
    "window-beyond-address-space": ("", {"boot_memory": SLOTS, "window": (1 << 52, SLOTS)},
                                    ["alice", "window"]),
    "lend-to-nobody": ("", {"lend_to": ["carol"]}, ["alice", "lend-to|carol"]),
    "mode": ('lendvisor,mode = "standbye";', {}, ["alice", "mode"]),
    "absent": ("", {"absent": "one"}, ["alice", "absent"]),
    "on-crash": ('lendvisor,on-crash = "cry";', {}, ["alice", "on-crash"]),
    "on-revoked": ('lendvisor,on-revoked = "reset";', {}, ["alice", "on-revoked"]),
    "bootargs-too-long": ("", {"bootargs": "x" * 4096}, ["alice", "bootargs"]),
    "image-missing": ('ramdisk = "carol";', {}, ["alice", "ramdisk|carol"]),
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_property(lab, alice, name):
    extra, changes, words = PROPERTIES[name]
    bundle = lab.bundle([replace(alice, extra=extra, **changes)])
    is_refused(lab.start(bundle, smp=2, memory="1G"), *words)


@pytest.mark.parametrize("name", ["lendvisor", "raw", "firmware", "pool", "monitor"])
def test_name_that_is_taken(lab, alice, name):
    """It stands for something else on the console or among the logs."""
    bundle = lab.bundle([alice, replace(alice, name=name)])
    is_refused(lab.start(bundle), f"/configurations/{name}\\b")


def test_sum_of_cpus(lab, alice):
    bundle = lab.bundle([replace(alice, cpus=2), replace(alice, name="bob", cpus=1)])
    is_refused(lab.start(bundle, smp=2), "bob", "cpu")


# Changes to the FIT source as a whole: what is replaced by what.
SOURCES = {
    "kernel-missing": ('kernel = "kernel-0"', 'kernel = "kernel-1"', ["alice", "kernel-1"]),
    "kernel-unnamed": ('kernel = "kernel-0";', "", ["alice", "kernel"]),
    "compressed": ('compression = "none"', 'compression = "gzip"', ["kernel-0", "compression|gzip"]),
    "hash-unknown": ('algo = "crc32"', 'algo = "md5"', ["kernel-0", "hash|md5"]),
    "no-configurations": (r"configurations \{", "configuration {", ["configurations"]),
    "block-size-odd": ("block-size = .*;", "block-size = /bits/ 64 <0x300000>;", ["block-size"]),
    "block-size-unknown": ("block-size =", "block-syze =", ["block-syze"]),
}


@pytest.mark.parametrize("name", SOURCES)
def test_source(lab, alice, name):
    old, new, words = SOURCES[name]
    text = re.sub(old, new, its.write([alice], SLOTS), count=1)
    work = lab.work
    work.mkdir(parents=True, exist_ok=True)
    (work / "vms.its").write_text(text)
    subprocess.run(["mkimage", "-f", work / "vms.its", work / "vms.itb"], check=True,
                   stdout=subprocess.DEVNULL)
    is_refused(lab.start_raw(bundle=str(work / "vms.itb")), *words)


def cut(data):
    return data[:len(data) * 3 // 4]


def flipped(data):
    at = data.index(bytes(range(256))) + 5000
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def hash_flipped(data):
    fdt = libfdt.Fdt(data)
    node = fdt.path_offset("/images/kernel-0/hash-1")
    value = bytearray(fdt.getprop(node, "value"))
    value[0] ^= 1
    fdt.setprop(node, "value", bytes(value))
    return bytes(fdt.as_bytearray())


BYTES = {
    "cut": (cut, ["bundle|cut|trunc|size"]),
    "cut-to-a-header": (lambda data: data[:40], ["bundle|cut|trunc|size"]),
    "data-flipped": (flipped, ["kernel-0", "hash|crc32"]),
    "hash-flipped": (hash_flipped, ["kernel-0", "hash|crc32"]),
    "no-fit": (lambda data: b"\x1f\x8b" + data[2:], ["FIT"]),
    "zeros": (lambda data: bytes(len(data)), ["FIT"]),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes(lab, alice, name):
    change, words = BYTES[name]
    bundle = lab.bundle([alice])
    bundle.write_bytes(change(bundle.read_bytes()))
    is_refused(lab.start_raw(bundle=str(bundle)), *words)


def test_external_data(lab, alice):
    bundle = lab.bundle([alice])
    subprocess.run(["mkimage", "-E", "-f", bundle.with_suffix(".its"), bundle], check=True,
                   stdout=subprocess.DEVNULL)
    is_refused(lab.start_raw(bundle=str(bundle)), "kernel-0", "external|data")


def test_a_fit_of_u_boots_own(lab, alice):
    """A FIT whose configurations carry nothing of ours is no bundle."""
    text = re.sub(r"\n\s*lendvisor,[^\n]*", "", its.write([alice]))
    is_refused(lab.start_raw(bundle=str(lab.bundle(None, text=text))), "boot-memory")
