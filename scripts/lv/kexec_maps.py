# SPDX-License-Identifier: BSD-2-Clause
"""Device trees for a next kernel, as text, and where an image on its way lies."""

import base64
import re
import subprocess

from lv import Failure, kexec
from lv.lendvm import BLOCK, WINDOW

FIRST = "/sys/firmware/fdt"
LOG = "/tmp/kexec.log"
PAGE = 4096  # of the kernels that image_pages() is asked of


def tree(vm, path):
    """The lines of a device tree that a guest has in a file, nodes and properties in order of their names."""
    blob = base64.b64decode("".join(vm.run(f"base64 {path}")))
    done = subprocess.run(["dtc", "-q", "-s", "-I", "dtb", "-O", "dts", "-"], input=blob, capture_output=True, check=True)
    return [line for line in done.stdout.decode().splitlines() if line]


def take_out(lines, node):
    """(lines of that node of the root's, the others)"""
    start = lines.index(f"\t{node} {{")
    end = lines.index("\t};", start) + 1
    return lines[start:end], lines[:start] + lines[end:]


def memory_node(*ranges):
    """What take_out() finds where these (base, size) are listed, by 64-bit numbers."""
    cells = [f"0x{half:02x}" for number in sum(ranges, ()) for half in (number >> 32, number & 0xffffffff)]
    return [f"\tmemory@{ranges[0][0]:x} {{", '\t\tdevice_type = "memory";', f"\t\treg = <{' '.join(cells)}>;", "\t};"]


def load(vm, kernel, options, **more):
    """kexec.load(), and a look at where it is going to be: not in a block. Returns how many segments it has."""
    kexec.load(vm.guest, kernel, options=f"{options} -d >{LOG} 2>&1", **more)
    said = "\n".join(vm.run(f"grep '^segment' {LOG}"))
    places = [int(place, 16) for place in re.findall(r"^segment\[\d+\]\.mem += (0x[0-9a-f]+)", said, re.M)]
    sizes = [int(size, 16) for size in re.findall(r"^segment\[\d+\]\.memsz += (0x[0-9a-f]+)", said, re.M)]
    if not places or any(place + size > WINDOW for place, size in zip(places, sizes, strict=True)):
        raise Failure(f"{vm.name}: kexec {options} puts segments to {[hex(place) for place in places]}")
    return len(places)


def image_pages(vm, slot):
    """How many pages of a block hold a loaded image: it is what a kernel allocates and marks PG_reserved (bit 32 of
    /proc/kpageflags); a block that was onlined has no others of these."""
    size = BLOCK // PAGE * 8
    at = (WINDOW + slot * BLOCK) // PAGE * 8 // size
    return vm.guest.number(f"dd if=/proc/kpageflags bs={size} skip={at} count=1 2>/dev/null | "
                           "od -An -v -tx8 -w8 | grep -c '[13579bdf]........$'; true", 60)
