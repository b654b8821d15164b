# SPDX-License-Identifier: BSD-2-Clause
"""VM bundles: built from a FIT source, and asked what machine they need."""

import re
import subprocess
from collections import namedtuple
from pathlib import Path

from lv import Failure
from lv.fdt import libfdt

MIB = 1 << 20
DEFAULT_BLOCK = 128 * MIB
HYPERVISOR_MEMORY = 64 * MIB
MEMORY_STEP = 256 * MIB

# memory: bytes. vms: names, in the order of their ids.
Needs = namedtuple("Needs", "cpus memory vms")


def compile_its(its, itb):
    """mkimage -f, with its complaints made readable. Paths in the source are relative to it."""
    its, itb = Path(its), Path(itb)
    if not its.is_file():
        raise Failure(f"{its}: no such file")
    for name in re.findall(r'/incbin/\s*\(\s*"([^"]+)"', its.read_text()):
        if not (its.parent / name).is_file():
            raise Failure(f"{its}: the image {its.parent / name} is not there (built yet?)")
    itb.parent.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(["mkimage", "-f", str(its), str(itb)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        raise Failure("mkimage is not there: make setup, or apt-get install u-boot-tools") from None
    if done.returncode:
        raise Failure(f"{its}: mkimage refuses it:\n{done.stdout.strip()}")
    return itb


def _cells(fdt, node, name, default):
    """A u32 or u64 property as a number; what is malformed is left to the hypervisor to refuse."""
    prop = fdt.getprop(node, name, [libfdt.NOTFOUND])
    return default if isinstance(prop, int) else int.from_bytes(bytes(prop), "big")


def _children(fdt, node):
    child = fdt.first_subnode(node, [libfdt.NOTFOUND])
    while child >= 0:
        yield child
        child = fdt.next_subnode(child, [libfdt.NOTFOUND])


def read_needs(itb):
    """CPUs, memory and VM names of a built bundle."""
    data = Path(itb).read_bytes()
    try:
        fdt = libfdt.FdtRo(data)
        vms = list(_children(fdt, fdt.path_offset("/configurations")))
    except libfdt.FdtException as e:
        raise Failure(f"{itb}: not a FIT image with /configurations ({e})") from None
    block = DEFAULT_BLOCK
    global_node = fdt.path_offset("/lendvisor", [libfdt.NOTFOUND])
    if global_node >= 0:
        block = _cells(fdt, global_node, "block-size", block)
    cpus, memory = 0, HYPERVISOR_MEMORY + len(data) + 2 * max(block, DEFAULT_BLOCK)
    for vm in vms:
        cpus += _cells(fdt, vm, "lendvisor,cpus", 1)
        memory += _cells(fdt, vm, "lendvisor,boot-memory", 0)
        memory += _cells(fdt, vm, "lendvisor,owned-memory", 0)
        memory += _cells(fdt, vm, "lendvisor,pool-slots", 0) * block
    memory = -(-memory // MEMORY_STEP) * MEMORY_STEP
    return Needs(max(cpus, 1), memory, [fdt.get_name(vm) for vm in vms])
