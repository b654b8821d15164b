# SPDX-License-Identifier: BSD-2-Clause
"""The demo, as `make demo` runs it, loaded by QEMU and by U-Boot."""

import os
import subprocess

import pytest
from lv import ROOT


@pytest.mark.parametrize("boot", ["direct", "uboot"])
def test_demo(boot):
    done = subprocess.run([ROOT / "scripts" / "demo"], env={**os.environ, "BOOT": boot, "V": ""},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=400)
    print(done.stdout)
    assert done.returncode == 0
