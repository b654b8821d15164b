# SPDX-License-Identifier: BSD-2-Clause
"""docs/lendvisor,lendmem.yaml against the device trees that the hypervisor's own code writes."""

import shutil
import subprocess

import pytest
from lv import BUILD, ROOT, its
from lv.bundle import compile_its
from lv.fdt import libfdt

MIB, GIB = 1 << 20, 1 << 30
SCHEMA = ROOT / "docs" / "lendvisor,lendmem.yaml"
NODE = "lendmem@100000000"

# By name: what each shows. A window below 4 GiB is one that a 32-bit guest can have.
VMS = {
    "standby": dict(owned_memory=512 * MIB, lend_to=["dynamic", "low"]),
    "dynamic": dict(window=(4 * GIB, GIB), extra='lendvisor,mode = "dynamic";', lend_to=["alone"]),
    "low": dict(window=(0x80000000, 256 * MIB)),
    "alone": dict(window=(64 * GIB, 128 * MIB)),
    "none": {},
}


def tool(*argv, **options):
    """(status, everything said) of a tool."""
    done = subprocess.run([str(arg) for arg in argv], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, **options)
    return done.returncode, done.stdout.strip()


def run(*argv, **options):
    status, said = tool(*argv, **options)
    assert status == 0, f"{argv[0]} ended with {status}: {said}"
    return said


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A directory with the schema where its $id says, and NAME.dtb of each VM."""
    path = tmp_path_factory.mktemp("binding")
    (path / "schemas" / "firmware").mkdir(parents=True)
    shutil.copy(SCHEMA, path / "schemas" / "firmware")
    kernel = path / "kernel"
    kernel.write_bytes(bytes(64))
    source = path / "vms.its"
    source.write_text(its.write([its.Vm(name, str(kernel), load=0x40000000, entry=0x40000000,
                                        boot_memory=256 * MIB, **more) for name, more in VMS.items()]))
    run(BUILD / "host" / "write_fdts", compile_its(source, path / "vms.itb"), path)
    return path


def complaints(work, dtb):
    """What dt-validate has to say of our node in it, by our schema."""
    status, said = tool("dt-validate", "-s", "schemas", "-l", "lendvisor", dtb.name, cwd=work)
    lines = [line for line in said.splitlines() if "lendmem" in line or "lendvisor" in line]
    assert status == 0 or lines, f"dt-validate ended with {status}: {said}"
    return lines


def test_the_schema_is_one(work):
    assert run("dt-doc-validate", "schemas/firmware/" + SCHEMA.name, cwd=work) == ""


def test_its_example_is_valid(work):
    (work / "example.dts").write_text(run("dt-extract-example", SCHEMA) + "\n")
    run("dtc", "-q", "-o", work / "example.dtb", work / "example.dts")
    assert complaints(work, work / "example.dtb") == []


@pytest.mark.parametrize("name", VMS)
def test_what_the_hypervisor_writes_is_valid(work, name):
    there = b"lendvisor,lendmem\0" in (work / f"{name}.dtb").read_bytes()
    assert there == (name != "none")
    assert complaints(work, work / f"{name}.dtb") == []


WRONG = {
    "another mode": lambda fdt, node: fdt.setprop_str(node, "lendvisor,mode", "eager"),
    "no mode": lambda fdt, node: fdt.delprop(node, "lendvisor,mode"),
    "no block size": lambda fdt, node: fdt.delprop(node, "lendvisor,block-size"),
    "a block size of 32 bits": lambda fdt, node: fdt.setprop_u32(node, "lendvisor,block-size", 1 << 27),
    "a block size of 4 KiB": lambda fdt, node: fdt.setprop_u64(node, "lendvisor,block-size", 4096),
    "two interrupts": lambda fdt, node: fdt.setprop(
        node, "interrupts", bytes(fdt.getprop(node, "interrupts")) * 2),
    "no window": lambda fdt, node: fdt.delprop(node, "reg"),
    "two windows": lambda fdt, node: fdt.setprop(node, "reg", bytes(fdt.getprop(node, "reg")) * 2),
    "an unknown property": lambda fdt, node: fdt.setprop_u32(node, "lendvisor,colour", 1),
    "a peer without a name": lambda fdt, node: fdt.delprop(fdt.first_subnode(node), "label"),
    "another child": lambda fdt, node: fdt.add_subnode(node, "slot@0"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_found(work, fault):
    fdt = libfdt.Fdt((work / "standby.dtb").read_bytes())
    fdt.resize(fdt.totalsize() + 4096)
    WRONG[fault](fdt, fdt.path_offset("/" + NODE))
    dtb = work / "wrong.dtb"
    dtb.write_bytes(fdt.as_bytearray())
    assert complaints(work, dtb), f"{fault}: dt-validate finds nothing wrong"
