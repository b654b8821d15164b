# SPDX-License-Identifier: BSD-2-Clause
"""The demo, as `make demo` runs it, loaded by QEMU and by U-Boot; and what it says when it fails."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from lv import BUILD, ROOT

TIMEOUT = 400


def start(boot, log):
    return subprocess.Popen([ROOT / "scripts" / "demo", "--log", str(BUILD / "logs" / "test_demo" / log)],
                            env={**os.environ, "BOOT": boot, "V": ""}, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


@pytest.mark.parametrize("boot", ["direct", "uboot"])
def test_demo(boot):
    demo = start(boot, boot)
    output, _ = demo.communicate(timeout=TIMEOUT)
    print(output)
    assert demo.returncode == 0
    assert "all 6 steps ok" in output


def test_a_demo_that_fails_says_where():
    demo = start("direct", "killed")
    said = []
    for line in demo.stdout:
        said.append(line)
        if "step 2:" in line:
            children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
            assert len(children) == 1
            os.kill(int(children[0]), signal.SIGKILL)
    assert demo.wait(TIMEOUT) == 1
    assert "step 2 of 6 FAILED" in "".join(said)
