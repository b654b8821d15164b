#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the first inputs of the fuzz targets, by hand what chance would not find:

	guest-tests/host/fuzz/seeds.py [DIRECTORY]	(the committed corpus)

Each is one tree that is right, with one thing changed; or a sequence of calls. `make fuzz-corpus` adds.
"""

import hashlib
import struct
import sys
import zlib
from pathlib import Path

MIB = 1 << 20


def u32(*numbers):
    return b"".join(struct.pack(">I", number) for number in numbers)


def u64(*numbers):
    return b"".join(struct.pack(">Q", number) for number in numbers)


def text(*words):
    return b"".join(word.encode() + b"\0" for word in words)


def flatten(tree, reserved=(), version=17):
    """A tree of dicts (nodes) and bytes (properties) as an FDT."""
    strings = b""

    def node(name, content):
        nonlocal strings
        out = u32(1) + padded(name.encode() + b"\0")
        for key, value in content.items():
            if isinstance(value, bytes):
                word = key.encode() + b"\0"
                if word not in strings:
                    strings += word
                out += u32(3, len(value), strings.index(word)) + padded(value)
        for key, value in content.items():
            if isinstance(value, dict):
                out += node(key, value)
        return out + u32(2)

    def padded(data):
        return data + bytes(-len(data) % 4)

    struct_block = node("", tree) + u32(9)
    rsv = b"".join(u64(*entry) for entry in reserved) + u64(0, 0)
    off_struct = 40 + len(rsv)
    off_strings = off_struct + len(struct_block)
    total = off_strings + len(strings)
    header = u32(0xD00DFEED, total, off_struct, off_strings, 40, version, min(version, 16), 0,
                 len(strings), len(struct_block))
    return header + rsv + struct_block + strings


def changed(tree, path, value):
    """A copy in which "/a/b" is value; None: is not there."""
    head, _, rest = path.strip("/").partition("/")
    copy = dict(tree)
    if rest:
        copy[head] = changed(copy.get(head, {}), rest, value)
    elif value is None:
        copy.pop(head, None)
    else:
        copy[head] = value
    return copy


def machine():
    """QEMU's virt, as far as it is read."""
    cpu = {"device_type": text("cpu"), "enable-method": text("psci")}
    return {
        "#address-cells": u32(2),
        "#size-cells": u32(2),
        "interrupt-parent": u32(1),
        "chosen": {"stdout-path": text("/pl011@9000000"), "linux,initrd-start": u32(0x48000000),
                   "linux,initrd-end": u32(0x4A000123), "kaslr-seed": u64(77)},
        "memory@40000000": {"device_type": text("memory"), "reg": u64(0x40000000, 0x80000000)},
        "cpus": {"#address-cells": u32(1), "#size-cells": u32(0),
                 "cpu@0": {**cpu, "reg": u32(0)}, "cpu@1": {**cpu, "reg": u32(1)}},
        "psci": {"compatible": text("arm,psci-1.0", "arm,psci-0.2"), "method": text("smc")},
        "timer": {"compatible": text("arm,armv8-timer"),
                  "interrupts": u32(1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4)},
        "pl011@9000000": {"compatible": text("arm,pl011"), "reg": u64(0x9000000, 0x1000),
                          "interrupts": u32(0, 1, 4)},
        "intc@8000000": {"compatible": text("arm,gic-v3"), "#interrupt-cells": u32(3),
                         "reg": u64(0x8000000, 0x10000, 0x80A0000, 0xF60000),
                         "interrupts": u32(1, 9, 4)},
    }


def platforms():
    timer = "/timer/interrupt-names"
    changes = {
        "plain": [],
        "hvc": [("/psci/method", text("hvc"))],
        "psci": [("/psci/compatible", text("arm,psci-0.2"))],
        "no-psci": [("/psci", None)],
        "gicv2": [("/intc@8000000/compatible", text("arm,gic-400"))],
        "alias": [("/aliases/serial0", text("/pl011@9000000")),
                  ("/chosen/stdout-path", text("serial0:115200n8"))],
        "names": [(timer, text("sec-phys", "phys", "virt", "hyp-phys"))],
        "short-names": [(timer, text("phys"))],
        "two-banks": [("/memory@40000000/reg", u64(0x80000000, 1 << 30, 0x40000000, 1 << 30))],
        "overlap": [("/memory@40000000/reg", u64(0x40000000, 1 << 31, 0x80000000, 1 << 30))],
        "one-cell": [("/#address-cells", u32(1)), ("/#size-cells", u32(1)),
                     ("/memory@40000000/reg", u32(0x40000000, 0x10000000)),
                     ("/pl011@9000000/reg", u32(0x9000000, 0x1000)),
                     ("/intc@8000000/reg", u32(0x8000000, 0x10000, 0x80A0000, 0xF60000))],
        "reserved": [("/reserved-memory", {"#address-cells": u32(2), "#size-cells": u32(2),
                                           "ranges": b"",
                                           "keep@50000000": {"reg": u64(0x50000000, MIB)}})],
        "bus": [("/bus", {"#address-cells": u32(2), "#size-cells": u32(2), "ranges": b"",
                          "uart": machine()["pl011@9000000"]}), ("/pl011@9000000", None),
                ("/chosen/stdout-path", text("/bus/uart"))],
        "translating-bus": [("/bus", {"#address-cells": u32(2), "#size-cells": u32(2),
                                      "ranges": u64(0, 1, 2),
                                      "uart": machine()["pl011@9000000"]}),
                            ("/pl011@9000000", None), ("/chosen", None)],
        "regions": [("/intc@8000000/#redistributor-regions", u32(2)),
                    ("/intc@8000000/redistributor-stride", u64(0x20000)),
                    ("/intc@8000000/reg", u64(0x8000000, 0x10000, 0x80A0000, 0x40000,
                                              0x100000000, 0x40000))],
        "disabled": [("/cpus/cpu@1/status", text("disabled"))],
        "twice": [("/cpus/cpu@1/reg", u32(0))],
        "spin-table": [("/cpus/cpu@1/enable-method", text("spin-table"))],
        "wide-mpidr": [("/cpus/#address-cells", u32(2)), ("/cpus/cpu@0/reg", u64(0x100000000)),
                       ("/cpus/cpu@1/reg", u64(0x1))],
        "initrd": [("/chosen/linux,initrd-end", u64(0x40000000))],
        "seed": [("/chosen/rng-seed", bytes(32))],
        "four-cells": [("/intc@8000000/#interrupt-cells", u32(4))],
    }
    for name, steps in changes.items():
        tree = machine()
        for path, value in steps:
            tree = changed(tree, path, value)
        yield name, flatten(tree)
    # One more than there is room for, and as many.
    for nr in 64, 65:
        cpus = {f"cpu@{i:x}": {"device_type": text("cpu"), "reg": u32(i)} for i in range(nr)}
        yield f"cpus-{nr}", flatten(changed(machine(), "/cpus", {"#address-cells": u32(1), **cpus}))
    for nr in 8, 9:
        banks = u64(*(number for i in range(nr) for number in ((nr - i) << 32, MIB)))
        yield f"banks-{nr}", flatten(changed(machine(), "/memory@40000000/reg", banks))
    for nr in 16, 17:
        yield f"reserved-{nr}", flatten(machine(), [(i << 20, MIB) for i in range(1, nr + 1)])
    # A node's name was its path then, and libfdt 1.6.1 follows a null pointer where the root has none.
    yield "old-version", flatten(machine(), version=3)
    yield "memreserve", flatten(machine(), [(0x48000000, 0x1000), (0, 0)])


def image(kind, data, algo, **more):
    value = {"crc32": lambda: u32(zlib.crc32(data)), "sha256": lambda: hashlib.sha256(data).digest()}
    return {"type": text(kind), "arch": text("arm64"), "compression": text("none"), "data": data,
            **more, "hash-1": {"algo": text(algo), "value": value[algo]()}}


def vms():
    bare = bytes(range(80))
    linux = bytes(56) + b"ARM\x64" + bytes(4)
    return {
        "images": {
            "linux": image("kernel", linux, "sha256"),
            "bare": image("kernel", bare, "crc32", load=u32(0x40080000), entry=u32(0x40080004)),
            "rd": image("ramdisk", b"070701", "crc32"),
        },
        "configurations": {
            "alice": {"kernel": text("linux"), "ramdisk": text("rd"),
                      "bootargs": text("quiet -- x"), "lendvisor,cpus": u32(2),
                      "lendvisor,boot-memory": u64(512 * MIB),
                      "lendvisor,owned-memory": u64(256 * MIB), "lendvisor,pool-slots": u32(1),
                      "lendvisor,lend-to": text("bob")},
            "bob": {"kernel": text("bare"), "lendvisor,boot-memory": u64(128 * MIB),
                    "lendvisor,window": u64(1 << 32, 512 * MIB)},
        },
    }


def bundles():
    alice, bob = "/configurations/alice/", "/configurations/bob/"
    changes = {
        "plain": [],
        "block-size": [("/lendvisor/block-size", u64(2 * MIB))],
        "block-size-odd": [("/lendvisor/block-size", u64(3 * MIB))],
        "big-blocks": [("/lendvisor/block-size", u64(1 << 30)),
                       (alice + "lendvisor,owned-memory", u64(1 << 30))],
        "virtio": [(alice + "lendvisor,mode", text("virtio-mem"))],
        "dynamic": [(alice + "lendvisor,mode", text("dynamic")),
                    (alice + "bootargs", text("memhp_default_state=online nokaslr"))],
        "mode": [(alice + "lendvisor,mode", text("static"))],
        "rights": [(bob + "lendvisor,manager", b""), (bob + "lendvisor,absent", text("abort")),
                   (bob + "lendvisor,on-crash", text("reset")),
                   (bob + "lendvisor,scrub-boot-memory", b""),
                   (bob + "lendvisor,min-recall", u64(10 ** 9)), (bob + "lendvisor,quota", u32(3))],
        "lend-to-nobody": [(alice + "lendvisor,lend-to", text("carol"))],
        "lend-to-itself": [(alice + "lendvisor,lend-to", text("alice"))],
        "lend-to-twice": [(alice + "lendvisor,lend-to", text("bob", "bob"))],
        "cpus": [(alice + "lendvisor,cpus", u32(200))],
        "no-boot-memory": [(bob + "lendvisor,boot-memory", None)],
        "small": [(bob + "lendvisor,boot-memory", u64(2 * MIB))],
        "window-low": [(bob + "lendvisor,window", u64(0x40000000, 512 * MIB))],
        "window-short": [(alice + "lendvisor,window", u64(1 << 32, 128 * MIB))],
        "window-high": [(bob + "lendvisor,window", u64((1 << 40) - 128 * MIB, 512 * MIB))],
        "owned-odd": [(alice + "lendvisor,owned-memory", u64(3 * MIB))],
        "unknown": [(alice + "lendvisor,colour", u32(1))],
        "subnode": [(alice + "sub", {})],
        "no-image": [(alice + "kernel", text("windows"))],
        "ramdisk-as-kernel": [(alice + "kernel", text("rd"))],
        "external": [("/images/linux/data-offset", u32(0))],
        "gzip": [("/images/linux/compression", text("gzip"))],
        "signature": [("/images/linux/signature", {})],
        "md5": [("/images/linux/hash-1/algo", text("md5"))],
        "wrong-hash": [("/images/linux/hash-1/value", bytes(32))],
        "no-hash": [("/images/rd/hash-1", None)],
        "arm": [("/images/bare/arch", text("arm"))],
        "arm-linux": [("/images/linux/arch", text("arm"))],
        "no-load": [("/images/bare/load", None)],
        "load-low": [("/images/bare/load", u32(0))],
        "entry": [("/images/bare/entry", u32(0x40080001))],
        "no-vm": [("/configurations", {})],
        "no-images": [("/images", None)],
        "ramdisk-only": [("/configurations", None)],
        "name": [("/configurations/a.b", {})],
    }
    for name, steps in changes.items():
        tree = vms()
        for path, value in steps:
            tree = changed(tree, path, value)
        yield name, flatten(tree)
    yield "old-version", flatten(vms(), version=3)
    for nr in 16, 17:
        many = vms()
        for i in range(2, nr):
            many = changed(many, f"/configurations/vm{i}", vms()["configurations"]["bob"])
        yield f"vms-{nr}", flatten(many)


def guests():
    yield "one", bytes([0, 6, 0, 7, 0, 0, 100])
    window = bytes([0xF4]) + struct.pack("<Q", 1 << 32)[:5] + bytes([0xF3]) + struct.pack("<I", 1 << 28)
    vm = bytes([3, 1, 2, 3, 0]) + bytes([1]) + bytes([63]) + bytes([1]) + window
    for mode in range(3):
        yield f"mode{mode}", bytes([1, 6, mode & 1, 9, 0, 0, 30]) + (vm + bytes([mode, 0xFF])) * 2
    yield "all", bytes([4, 0, 3, 9, 0xF3, 0, 0, 0, 0x48, 200, 240]) + (vm + bytes([0, 0xFF])) * 16
    for word in range(8):
        args = bytes([12, word, 40, 40, word, 65, 4, 2])
        yield f"word{word}", bytes([0, 6, 0, 9, 0, 0, 0, 0]) + args + bytes([1, 63, 1]) + window


def calls():
    """The bytes that fuzz_calls.c reads: VM | operation << 2, then arguments."""
    smc64, smc32, left = 0, 14, 28
    reset, off, time, interrupts, others, poison, expire, scrub = range(43, 51)
    version, info, slot_info, retrieve, relinquish, all_, refuse, lend, donate, reclaim, revoke, \
        event, target, map_ = range(14)

    def op(vm, operation, *args):
        return bytes([vm | operation << 2, *args])

    def both(*parts):
        return b"".join(op(vm, what, *args) for vm, what, *args in parts)

    loan = [(0, lend, 0, 1, 1, 0), (1, event), (1, retrieve, 4, 1)]
    yield "own", both((0, retrieve, 0, 3), (0, relinquish, 0, 3, 0), (0, retrieve, 0, 1))
    yield "pool", both((0, retrieve, 3, 1), (1, retrieve, 2, 2), (3, retrieve, 0, 2),
                       (0, relinquish, 3, 1, 0))
    yield "loan", both(*loan, (0, slot_info, 0), (1, relinquish, 4, 1, 0), (0, event),
                       (0, retrieve, 0, 1))
    yield "reclaim-offer", both(loan[0], (0, reclaim, 0, 0), (0, retrieve, 0, 1))
    offers = [(0, lend, 0, 1, 1, 0), (2, lend, 0, 1, 1, 0)]
    yield "offers-last", both(*offers, (2, reclaim, 0, 0), (1, event), (1, event))
    yield "offers-first", both(*offers, (0, reclaim, 0, 0), (1, event), (1, event))
    yield "returned", both((0, lend, 0, 1, 1, 0), (1, event), (1, refuse, 4), (0, lend, 1, 1, 1, 0),
                           (1, retrieve, 4, 1), (1, relinquish, 4, 1, 0), (0, lend, 1, 1, 2, 0),
                           (0, event), (0, event))
    yield "recall", both(*loan, (0, reclaim, 0, 9), (1, event), (0, time, 200), (0, slot_info, 0),
                         (1, relinquish, 4, 1, 0), (0, event))
    yield "revoke", both((0, lend, 0, 2, 1, 1), (1, event), (1, retrieve, 4, 2), (0, reclaim, 0, 9),
                         (0, time, 200), (0, event), (0, revoke, 0), (1, slot_info, 4),
                         (1, relinquish, 4, 2, 0))
    yield "keep", both((0, retrieve, 0, 1), (0, relinquish, 0, 1, 1), (0, lend, 0, 1, 1, 2),
                       (1, retrieve, 4, 1), (1, relinquish, 4, 1, 1), (0, retrieve, 0, 1))
    yield "keep-offer", both(*loan, (1, relinquish, 4, 1, 2), (1, retrieve, 4, 1),
                             (1, relinquish, 4, 1, 2), (1, refuse, 4))
    yield "donate", both((0, donate, 0, 1, 1, 0), (1, event), (1, retrieve, 4, 1), (0, slot_info, 0),
                         (1, relinquish, 4, 1, 1), (1, lend, 4, 1, 0, 2), (1, slot_info, 4))
    yield "donate-off", both((0, donate, 0, 2, 1, 2), (1, event), (1, retrieve, 4, 1), (0, off),
                             (0, event), (0, event), (1, off), (1, event), (1, event))
    terms = [(0, lend, 0, 1, 1, 5), (1, event), (1, retrieve, 4, 1), (0, reclaim, 0, 9),
             (0, time, 200), (0, expire), (0, event), (1, event)]
    yield "revoke-adopted", both(*terms, (1, map_, 0, 200, 1), (1, relinquish, 4, 1, 0), (1, all_),
                                 (0, revoke, 0), (1, event), (1, all_), (1, relinquish, 4, 1, 0),
                                 (1, map_, 0, 200, 0))
    yield "revoke-left", both(*terms, (3, interrupts), (0, left + revoke, 0), (1, reset), (1, scrub),
                              (0, revoke, 0), (0, off), (0, event), (1, event))
    yield "poison", both(*terms, (0, poison, 0), (0, poison, 9), (0, reclaim, 0, 0),
                         (1, relinquish, 4, 1, 0), (0, event), (1, event), (0, poison, 1),
                         (0, retrieve, 1, 2), (0, poison, 2), (0, off), (0, event), (0, event))
    yield "refuse", both((0, lend, 0, 2, 1, 0), (1, event), (3, interrupts),
                         (1, left + retrieve, 4, 2), (1, refuse, 4), (1, refuse, 5), (1, scrub),
                         (0, interrupts), (0, event), (0, event), (0, retrieve, 0, 2))
    for what, name in (reset, "reset"), (off, "off"):
        for vm, whose in (0, "lender"), (1, "borrower"):
            yield f"{name}-{whose}", both(*loan, (vm, what), (vm, event), (vm, event),
                                          (vm, retrieve, 0, 1))
            yield f"{name}-{whose}-offer", both(loan[0], (vm, what), (vm, event), (vm, event))
            yield f"{name}-{whose}-scrubbing", both(
                *loan, (3, interrupts), (1, left + relinquish, 4, 1, 0), (vm, what), (2, event),
                (0, interrupts), (vm, event), (vm, event))
    yield "abandoned", both((1, interrupts), (0, left + retrieve, 0, 3), (0, retrieve, 0, 3),
                            (0, left + relinquish, 0, 3, 0), (0, retrieve, 1, 1))
    yield "between", both((1, others)) + op(0, retrieve, 0, 3) + b"".join(
        bytes([1]) + op(vm, what, *args) for vm, what, *args in (
            (1, retrieve, 2, 1), (2, retrieve, 0, 1), (1, reset), (2, off), (3, retrieve, 0, 2)))
    yield "clean-slate", both(*loan, (1, retrieve, 0, 3), (1, all_), (0, all_), (1, info, 1))
    yield "smc32", both((0, smc32 + version), (0, smc32 + info, 0), (0, smc32 + lend, 0, 1, 1, 0),
                        (1, smc32 + retrieve, 4, 1), (0, smc32 + reclaim, 0, 9),
                        (1, smc32 + relinquish, 4, 1, 0), (0, smc32 + slot_info, 0))
    yield "target", both((3, target, 0, 2), (0, info, 1), (0, event), (3, target, 0, 0),
                         (0, map_, 0, 0, 1))
    yield "pool-empty", both((1, retrieve, 2, 2), (3, retrieve, 0, 2), (0, retrieve, 3, 1),
                             (1, relinquish, 2, 1, 0), (0, event), (0, retrieve, 3, 1))
    yield "registers", both((0, 42, 0xF7, 3, 1, 0, 0xC6, 0, 0, 0, 0, 2, 3, 4, 5, 6, 7),
                            (0, 42, 0xF3, 1, 0xFF, 0, 0x86, 0xFF, 0xFF))


def main():
    where = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "corpus")
    for target, seeds in ("platform", platforms), ("bundle", bundles), ("guest_fdt", guests), \
            ("calls", calls):
        (where / target).mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (where / target / f"seed-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
