# SPDX-License-Identifier: BSD-2-Clause
"""
Runs guest-tests/linux/scenarios/*.py, each with Debian's kernels in all places: rotations of three.

A scenario is a module with a docstring and `scenario(s)`, s being a lv.scenario.Scenario. It runs on a
machine that others use, too, and leaves it as it found it; or, with OWN_MACHINE = True, on one of its own,
of `vms(kernels)` if it has that. MODE = "dynamic" asks for VMs whose driver is in that mode.
LV_KERNELS="6.1 6.12 6.12-16k" runs with just these, in this order; LV_ROTATION=0..2 with that rotation.
"""

import importlib.util
import os
from collections import namedtuple
from pathlib import Path

import pytest
from conftest import Lab
from lv import ROOT
from lv.bundle import HYPERVISOR_MEMORY
from lv.lendvm import BLOCK
from lv.scenario import CPU, POOL_BLOCKS, Scenario, standard_vms

KERNELS = ("6.1", "6.12", "6.12-16k")
ROTATIONS = [KERNELS[n:] + KERNELS[:n] for n in range(len(KERNELS))]
if os.environ.get("LV_ROTATION"):
    ROTATIONS = [ROTATIONS[int(os.environ["LV_ROTATION"])]]
if os.environ.get("LV_KERNELS"):
    ROTATIONS = [tuple(os.environ["LV_KERNELS"].split())]

Play = namedtuple("Play", "kernels module")


def load(path):
    spec = importlib.util.spec_from_file_location(f"scenario_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def name_of(module):
    return Path(module.__file__).stem


def mode_of(module):
    return getattr(module, "MODE", "standby")


def plays():
    """In an order in which machines are shared as long as they can be."""
    modules = [load(path) for path in sorted((ROOT / "guest-tests/linux/scenarios").glob("*.py"))]
    modules.sort(key=lambda module: (hasattr(module, "OWN_MACHINE"), mode_of(module)))
    return [Play(kernels, module) for kernels in ROTATIONS for module in modules]


def play_id(play):
    return f"{name_of(play.module)}-{'+'.join(play.kernels)}"


def memory_for(vms, bundle):
    """Bytes: what the VMs have, and some POOL_BLOCKS, fewer than are promised."""
    needed = sum(vm.boot_memory + (vm.owned_memory or 0) for vm in vms)
    needed += HYPERVISOR_MEMORY + bundle.stat().st_size + POOL_BLOCKS * BLOCK
    return -(-needed // BLOCK) * BLOCK


def boot(lab, vms, kernels, say):
    bundle = lab.bundle(vms)
    machine = lab.start(bundle, cpu=CPU, memory=memory_for(vms, bundle))
    s = Scenario(machine, vms, kernels, say)
    s.wait_shells()
    return s


class Theatre:
    """The machine that scenarios share, as long as it is of the right kind and none failed on it."""

    def __init__(self):
        self.kind = self.lab = self.s = None

    def close(self):
        if self.lab:
            self.lab.close()
        self.kind = self.lab = self.s = None

    def stage(self, play, say):
        own = getattr(play.module, "OWN_MACHINE", False)
        kind = play_id(play) if own else f"{mode_of(play.module)}-{'+'.join(play.kernels)}"
        if self.kind != kind:
            self.close()
            self.lab = Lab(f"test_scenarios/{kind}")
            make = getattr(play.module, "vms", lambda k: standard_vms(k, mode_of(play.module)))
            vms = make(play.kernels) if own else standard_vms(play.kernels, mode_of(play.module))
            self.s = boot(self.lab, vms, play.kernels, say)
            self.kind = kind
        self.s.say = say
        return self.s, own


@pytest.fixture(scope="module")
def theatre():
    theatre = Theatre()
    yield theatre
    theatre.close()


@pytest.mark.parametrize("play", plays(), ids=play_id)
def test_scenario(theatre, play, capsys):
    def say(line):
        with capsys.disabled():
            print(line, flush=True)

    say(f"\n{play_id(play)}: {play.module.__doc__.strip().splitlines()[0]}")
    s = None
    try:
        s, own = theatre.stage(play, say)
        s.begin()
        play.module.scenario(s)
        if own:
            theatre.close()
        else:
            s.end()
    except BaseException:
        if s:
            s.last_words()
        theatre.close()
        raise
