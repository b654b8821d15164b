# SPDX-License-Identifier: BSD-2-Clause
"""A disk that Debian's U-Boot starts lendvisor from."""

import subprocess
from pathlib import Path

from lv import ROOT, Failure


def make_disk(hypervisor, bundle, work):
    """scripts/uboot-disk, with its complaint as a Failure. Returns the disk image's path."""
    disk = Path(work) / "disk.img"
    done = subprocess.run([str(ROOT / "scripts" / "uboot-disk"), str(hypervisor), str(bundle),
                           str(disk)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure(f"no disk for U-Boot: {done.stdout.strip()}")
    return disk
