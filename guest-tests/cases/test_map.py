# SPDX-License-Identifier: BSD-2-Clause
"""LEND_MAP on the target: the FDT for a next kernel, and what it marks."""

import pytest
from conftest import ends_orderly
from test_bare import BLOCK, MIB, WINDOW, succeeded


@pytest.mark.parametrize("block, absent, cpus, own", [
    (BLOCK, "zero", 1, 4),
    (2 * MIB, "abort", 2, 4),
    (2 * MIB, "zero", 4, 70),  # more slots than are looked at in one piece
])
def test_map(lab, block, absent, cpus, own):
    """alice has maps written, with own and borrowed blocks; bob lends her one that may be adopted."""
    window = (WINDOW, max(8 * block, 2 * BLOCK))
    common = {"boot_memory": BLOCK, "absent": absent, "window": window}
    alice = lab.bare_vm("alice", "map", cpus=cpus, owned_memory=own * block, lend_to=["bob"],
                        extra="lendvisor,pool-slots = <1>;", **common)
    bob = lab.bare_vm("bob", "map_lender", owned_memory=2 * block, lend_to=["alice"], **common)
    machine = lab.boot([alice, bob], block_size=block)
    ends_orderly(machine, 300)
    succeeded(machine, "alice", cpus)
    succeeded(machine, "bob", 1)
