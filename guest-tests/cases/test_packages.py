# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages of `make deb`: the driver's source builds on its own, by dkms, for each kernel."""

import os
import subprocess

import pytest
from linux import FLAVOURS, LINUX, abi
from lv import BUILD, ROOT
from lv.machine import stretched

PACKAGES = BUILD / "packages"
BUILDER = ROOT / "guest-tests" / "linux" / "packages" / "build"
ENV = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def run(*argv, **env):
    """What a tool said; it has to end with 0."""
    done = subprocess.run([str(arg) for arg in argv], text=True, env={**ENV, **env}, timeout=stretched(300),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{argv[0]} ended with {done.returncode}: {done.stdout}"
    return done.stdout.strip()


def package(name):
    [path] = PACKAGES.glob(f"{name}_*.deb")
    return path


@pytest.fixture(scope="module")
def dkms(tmp_path_factory):
    """The unpacked source package, registered with a dkms tree of its own: arguments for dkms."""
    root = tmp_path_factory.mktemp("dkms")
    run("dpkg-deb", "-x", package("lendmem-dkms"), root)
    (root / "tree").mkdir()
    version = run("dpkg-deb", "-f", package("lendmem-dkms"), "Version")
    where = ["-m", "lendmem", "-v", version, "--sourcetree", root / "usr" / "src", "--dkmstree",
             root / "tree"]
    run("dkms", "add", *where)
    return where


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_source_builds_on_its_own(dkms, flavour):
    """Outside of this tree, with dkms.conf's own make line; it is the module that the tests load."""
    release = abi(flavour)
    run("dkms", "build", *dkms, "-k", release, "-a", "aarch64", "--kernelsourcedir",
        (LINUX / flavour / "headers").resolve(), ARCH="arm64", CROSS_COMPILE="aarch64-linux-gnu-")
    [module] = dkms[-1].glob(f"lendmem/*/{release}/aarch64/module/lendmem.ko")
    assert run("modinfo", "-F", "vermagic", module).split()[0] == release
    ours = LINUX / flavour / "lendmem.ko"
    for field in ("alias", "depends", "license", "parm", "vermagic"):
        assert run("modinfo", "-F", field, module) == run("modinfo", "-F", field, ours), field


def test_lintian_has_nothing_to_say():
    assert run("lintian", "--allow-root", "--fail-on", "error,warning",
               *sorted(PACKAGES.glob("*.deb"))) == ""


def test_the_tools_package_holds_the_tools_that_were_tested(tmp_path):
    run("dpkg-deb", "-x", package("lendmem-tools"), tmp_path)
    for tested in (LINUX / "lendctl", BUILDER.parents[1] / "tools" / "kdump-load"):
        installed = tmp_path / "usr" / "sbin" / tested.name
        assert installed.read_bytes() == tested.read_bytes()
        assert os.access(installed, os.X_OK)
    unload = (tmp_path / "lib" / "modprobe.d" / "lendmem.conf").read_text()
    assert "\nremove lendmem /usr/sbin/lendctl unload\n" in unload


def test_the_same_input_makes_the_same_packages(tmp_path):
    run(BUILDER, LINUX / "lendctl", tmp_path / "again")
    for path in PACKAGES.glob("*.deb"):
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name
