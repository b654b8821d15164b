# SPDX-License-Identifier: BSD-2-Clause
"""A user's own kernels in the kexec matrix: "a=path/Image b=path/Image,path/lendmem.ko"."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

from lv import ROOT, Failure
from lv.kexec import MKCPIO
from lv.kexec_cells import Kernel, debian

CONTENTS = ROOT / "guest-tests/linux/initramfs/contents"
# Makes the state that the kernels find, and looks at what is left of it in the end.
HOME = "6.12"


def parse(text):
    """(name, image, module or None) of each word."""
    kernels = []
    for word in text.split():
        name, equals, files = word.partition("=")
        image, _, module = files.partition(",")
        if not equals or not image or not re.fullmatch(r"[\w.-]+", name) or name == "plain":
            raise Failure(f"KERNELS: {word}: it has to be NAME=IMAGE or NAME=IMAGE,LENDMEM.KO")
        for file in filter(None, (image, module)):
            if not Path(file).is_file():
                raise Failure(f"KERNELS: {word}: there is no file {file}")
        if name in (HOME, *(kernel[0] for kernel in kernels)):
            raise Failure(f"KERNELS: {word}: there is a {name} already, take another name")
        kernels.append((name, Path(image), Path(module) if module else None))
    return kernels


def prepare(out, name, image, module):
    """A Kernel: its image gzipped, and an initramfs with its driver."""
    out.mkdir(parents=True, exist_ok=True)
    zipped = out / f"{name}.gz"
    data = image.read_bytes()
    if data[:2] == b"\x1f\x8b":
        shutil.copyfile(image, zipped)
    else:
        zipped.write_bytes(gzip.compress(data, 6))
    return Kernel(name, zipped, module and initramfs(out / f"{name}.cpio", module), version=str(image))


def initramfs(archive, module):
    """Ours, with this module and nothing else that is for one kernel."""
    lines = [line for line in CONTENTS.read_text().splitlines()
             if line.startswith("file\t/bin/lendctl") or not any(word in line for word in ("/lend", "/modules-extra/"))]
    contents = archive.with_suffix(".contents")
    contents.write_text("\n".join(lines + [f"file /lib/lendmem.ko 0644 {module.resolve()}"]) + "\n")
    with open(archive, "wb") as file:
        subprocess.run([MKCPIO, contents, "-"], stdout=file, cwd=ROOT, check=True)
    archive.with_suffix(".cpio.gz").write_bytes(gzip.compress(archive.read_bytes(), 6))
    return archive.with_suffix(".cpio.gz")


def routes(text, out):
    """All ordered pairs of them, for kexec_cells.matrix()."""
    kernels = [prepare(out, *kernel) for kernel in parse(text)]
    return [(debian(HOME), (first, following)) for first in kernels for following in kernels]
