# SPDX-License-Identifier: BSD-2-Clause
"""The cells of the kexec matrix: from which kernel, in which state, to which kernel, by which map."""

from collections import namedtuple
from dataclasses import dataclass

from lv import BUILD
from lv.kexec_states import STATES, State

PLAIN = BUILD / "linux" / "initramfs-plain.cpio.gz"

# image: uncompressed or gzipped. initramfs: with the driver, None where there is none for this kernel.
# tested: lendtest.ko is in that initramfs. version: for a person.
Kernel = namedtuple("Kernel", "name image initramfs tested version", defaults=(None, False, ""))

NOT_ASKED_FOR = "not in the part that was asked for"

# How the next kernel finds its memory, and whether it has the driver.
Way = namedtuple("Way", "name adopt driver")
WAYS = (
    Way("driver", adopt=False, driver=True),
    Way("none", adopt=False, driver=False),
    Way("adopt", adopt=True, driver=False),
    Way("adopt+driver", adopt=True, driver=True),
)

DEBIAN_PAIRS = (("6.1", "6.1"), ("6.1", "6.12"), ("6.12", "6.1"), ("6.12", "6.12"), ("6.12", "6.12-16k"))

# The part that `make check` runs: on two machines, one with one vCPU of alice's and one with two.
QUICK = ("6.1>6.12/borrowed/none", "6.1>6.12/lent/driver", "6.1>6.12/revoked/driver", "6.1>6.12/own/adopt",
         "6.12>6.12-16k/own/driver", "6.12>6.12-16k/unread/none", "6.12>6.12-16k/recall/none")


@dataclass(frozen=True)
class Cell:
    """home: the kernel where the state is made, and where it ends. route: those between; the last is what it is about."""

    home: Kernel
    route: tuple
    state: State
    way: Way
    cpus: int

    @property
    def pair(self):
        first = self.home if len(self.route) == 1 else self.route[0]
        return f"{first.name}>{self.route[-1].name}"

    @property
    def name(self):
        return f"{self.pair}/{self.state.name}/{self.way.name}"

    @property
    def clean(self):
        """The driver that comes last gives back what it finds: where lendtest has shown before that it was as it was."""
        return self.way.name == "driver" and bool(self.state.given_back) and self.route[-1].tested

    @property
    def group(self):
        """Cells that a machine can be shared for."""
        return self.home, self.route, self.cpus


def debian(flavour):
    built = BUILD / "linux" / flavour
    version = built / "version"
    return Kernel(flavour, built / "Image.gz", built / "initramfs.cpio.gz", True,
                  f"Debian's {version.read_text().strip()}" if version.exists() else "")


def no_sense(state, way, kernel):
    """Why there is no such cell, or None."""
    if way.driver and not kernel.initramfs:
        return "no driver was given for that kernel"
    if way.adopt and state.not_adoptable:
        return state.not_adoptable
    if way.name == "adopt+driver" and state.name != "own":
        return "one cell per pair: what the driver has to leave alone is the same"
    return None


def matrix(routes):
    """routes: (home, route). Returns cells, and (name, reason) of what is left out."""
    cells, left_out = [], []
    for nr, (home, route) in enumerate(routes):
        for row, state in enumerate(STATES):
            for column, way in enumerate(WAYS):
                cell = Cell(home, route, state, way, 1 + (nr + row + column) % 2)
                reason = no_sense(state, way, route[-1])
                if reason:
                    left_out.append((cell, reason))
                else:
                    cells.append(cell)
    return cells, left_out


def debian_routes():
    return [(debian(first), (debian(following),)) for first, following in DEBIAN_PAIRS]
