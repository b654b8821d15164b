# SPDX-License-Identifier: BSD-2-Clause
"""What the on-target tests share: each boots machines of its own, bounded in time."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from lv import BUILD, its  # noqa: E402
from lv.bundle import compile_its, read_needs  # noqa: E402
from lv.console import HYPERVISOR, plain, unsplit  # noqa: E402
from lv.machine import Machine, Options  # noqa: E402

BARE_ENTRY = 0x40080000

IMAGE = str(BUILD / "lendvisor.img")
# `make DEBUG=1`: the rules of lending.md §4 are checked after every call.
DEBUG_IMAGE = str(BUILD / "debug" / "lendvisor.img")
# `make ERRATA_REPEAT_TLBI=1`: each TLBI and its DSB twice.
REPEAT_TLBI_IMAGE = str(BUILD / "repeat-tlbi" / "lendvisor.img")


class Lab:
    """Builds bundles and boots machines for one test; its logs are under build/logs/<test>/."""

    def __init__(self, name):
        self.work = BUILD / "cases" / name
        self.logs = BUILD / "logs" / name
        self.machines = []

    def bare_vm(self, name, guest, **properties):
        """A VM that runs build/bare/<guest>.bin."""
        image = BUILD / "bare" / (guest + ".bin")
        assert image.is_file(), f"{image} is not built"
        return its.Vm(name, str(image), load=BARE_ENTRY, entry=BARE_ENTRY, **properties)

    def bundle(self, vms, block_size=None, text=None):
        """The path of a bundle of these VMs (or of this FIT source)."""
        self.work.mkdir(parents=True, exist_ok=True)
        source = self.work / "vms.its"
        source.write_text(text or its.write(vms, block_size))
        return compile_its(source, self.work / "vms.itb")

    def start(self, bundle, **options):
        """Starts QEMU with a built bundle, or with none; smp and memory fit the bundle."""
        if bundle:
            needs = read_needs(bundle)
            options.setdefault("smp", needs.cpus)
            options.setdefault("memory", needs.memory)
        return self.start_raw(bundle=bundle and str(bundle), **options)

    def start_raw(self, **options):
        log = self.logs / str(len(self.machines)) if self.machines else self.logs
        self.machines.append(Machine(Options(**options), log))
        return self.machines[-1]

    def boot(self, vms, block_size=None, **options):
        return self.start(self.bundle(vms, block_size), **options)

    def close(self):
        for machine in self.machines:
            machine.close()


def safe(name):
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")


@pytest.fixture
def lab(request):
    """A Lab of the test's own."""
    lab = Lab(f"{request.node.path.stem}/{safe(request.node.name)}")
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def lab_of_module(request):
    """A Lab that the tests of a file share."""
    lab = Lab(request.node.path.stem)
    yield lab
    lab.close()


def ends_orderly(machine, timeout=60):
    """All VMs off, no panic, QEMU's exit status 0."""
    machine.expect(HYPERVISOR, r"^all VMs are off", timeout)
    assert machine.wait_end(30) == 0
    assert machine.dead is None


def texts(machine, source):
    """The lines of a source as plain text."""
    return [plain(line.text) for line in machine.console.by_source[source]]


def whole_texts(machine, source):
    """The same without the pieces that another source's line closed."""
    return [plain(line.text) for line in unsplit(machine.console.by_source[source])]
