# SPDX-License-Identifier: BSD-2-Clause
"""The demo, as `make demo` runs it, loaded by QEMU and by U-Boot; and what it says when it fails."""

import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from lv import BUILD, ROOT

# Ten times what it takes, or more.
TIMEOUT = 800


@contextmanager
def started(boot, log):
    """A demo, and its end after TIMEOUT at the latest; QEMU goes with its terminal."""
    demo = subprocess.Popen([ROOT / "scripts" / "demo", "--log", str(BUILD / "logs" / "test_demo" / log)],
                            env={**os.environ, "BOOT": boot, "V": ""}, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, start_new_session=True)

    def kill():
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)

    late = threading.Timer(TIMEOUT, kill)
    late.start()
    try:
        yield demo
    finally:
        late.cancel()
        kill()
        demo.wait()


@pytest.mark.parametrize("boot", ["direct", "uboot"])
def test_demo(boot):
    with started(boot, boot) as demo:
        output, _ = demo.communicate()
    print(output)
    assert demo.returncode == 0
    assert "all 6 steps ok" in output


def test_a_demo_that_fails_says_where():
    said = []
    with started("direct", "killed") as demo:
        for line in demo.stdout:
            said.append(line)
            if "step 2:" in line:
                children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
                assert len(children) == 1
                os.kill(int(children[0]), signal.SIGKILL)
        assert demo.wait(TIMEOUT) == 1
    assert "step 2 of 6 FAILED" in "".join(said)
