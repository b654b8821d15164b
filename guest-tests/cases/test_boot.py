# SPDX-License-Identifier: BSD-2-Clause
"""The hypervisor comes up wherever it is loaded, on every CPU model, in machines small and large."""

import struct

import pytest
from conftest import BUILD, ends_orderly, whole_texts
from lv import tap
from lv.uboot import make_disk

MIB = 1 << 20
GUEST = "boot"


def runs(machine, *names):
    """Every named VM reports success, and the machine powers off."""
    ends_orderly(machine)
    for name in names:
        assert tap.parse(whole_texts(machine, name)).complaint() == ""


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a57", "cortex-a72", "neoverse-n1", "max"])
def test_cpu_model(lab, cpu):
    runs(lab.boot([lab.bare_vm("alice", GUEST, cpus=2)], cpu=cpu), "alice")


@pytest.mark.parametrize("memory", ["256M", "512M", "1000M", "3G", "8G", "64G"])
def test_memory_size(lab, memory):
    runs(lab.boot([lab.bare_vm("alice", GUEST, cpus=2)], memory=memory), "alice")


@pytest.mark.parametrize("offset", [0x200000, 0x1e00000, 0x7000000])
def test_load_address(lab, offset):
    """The header's text_offset moves where the loader puts the image."""
    image = bytearray((BUILD / "lendvisor.img").read_bytes())
    struct.pack_into("<Q", image, 8, offset)
    bundle = lab.bundle([lab.bare_vm("alice", GUEST, cpus=2)])
    kernel = lab.work / "lendvisor.img"
    kernel.write_bytes(image)
    runs(lab.start(bundle, kernel=str(kernel)), "alice")


@pytest.mark.parametrize("smp", [3, 8])
def test_more_cpus_than_the_vms_have(lab, smp):
    runs(lab.boot([lab.bare_vm("alice", GUEST, cpus=2)], smp=smp), "alice")


def test_many_vms(lab):
    names = [f"vm{i}" for i in range(8)]
    runs(lab.boot([lab.bare_vm(name, GUEST) for name in names]), *names)


def test_through_uboot(lab):
    bundle = lab.bundle([lab.bare_vm("alice", GUEST, cpus=2)])
    disk = make_disk(BUILD / "lendvisor.img", bundle, lab.work)
    machine = lab.start(bundle, disk=str(disk))
    machine.expect("", r"Starting kernel", 60)
    runs(machine, "alice")
