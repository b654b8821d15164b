# SPDX-License-Identifier: BSD-2-Clause
"""A driver that was built for another kernel's headers does not load: it could misread every event. Loaded all
the same, it lets no block go online as soon as it is told of an event that its headers do not have."""

import errno
import re
import subprocess

from linux import FLAVOURS, LINUX, abi, boot_to_shells, debian
from lv import ROOT
from lv.lendtest import FILE
from lv.lendvm import BLOCK, DEVICE, MEMORY, WINDOW

INITRAMFS = ROOT / "guest-tests" / "linux" / "initramfs"
OTHER_GOING_ONLINE = {"6.1": 3, "6.12": 8, "6.12-16k": 8}  # what MEM_GOING_ONLINE is where it is not as here
KERNEL_REFUSES = r"disagrees about version of symbol|version magic|section size must match"


def neighbour(release):
    """What neighbour.ko is built for: linux.mk."""
    return re.sub(r"\d(?=\+|-arm64)", "x", release, count=1)


def ramdisk_with(work, flavour, modules):
    """The flavour's initramfs with {name: bytes} in /lib as well."""
    contents = (INITRAMFS / "contents").read_text()
    for name, data in modules.items():
        (work / f"{flavour}-{name}").write_bytes(data)
        contents += f"file /lib/{name} 0644 {work}/{flavour}-{name}\n"
    (work / f"{flavour}.contents").write_text(contents)
    archive = work / f"{flavour}.cpio"
    with open(archive, "wb") as out:
        subprocess.run([INITRAMFS / "mkcpio", work / f"{flavour}.contents", flavour], cwd=ROOT,
                       stdout=out, check=True, timeout=60)
    return str(archive)


def vm(work, nr, flavour):
    """A VM with the drivers of the other kernels, and with one for a kernel that differs in name only."""
    modules = {f"of-{other}.ko": (LINUX / other / "lendmem.ko").read_bytes()
               for other in FLAVOURS if other != flavour}
    modules["neighbour.ko"] = (LINUX / flavour / "neighbour.ko").read_bytes()
    result = debian(f"vm{nr}", "lend.load=0", flavour=flavour, owned_memory=128 << 20)
    result.ramdisk = ramdisk_with(work, flavour, modules)
    return result


def refused(guest, module):
    """What the kernel log says of a module that does not load."""
    since = guest.number("dmesg | wc -l")
    status, _ = guest.run(f"insmod /lib/{module}", check=False)
    assert status != 0, f"{guest.name}: {module} loads"
    assert guest.lines("cat /proc/modules") == []
    return "\n".join(guest.lines(f"dmesg | tail -n +{since + 1} | head -n 20"))


def deaf(guest, flavour):
    """A notification with the number that kernels of the other kind have for it: from then on nothing goes online."""
    block = f"{MEMORY}/memory{WINDOW // BLOCK}/state"
    aborts = guest.number(f"cat {DEVICE}/counters/aborts")
    guest.run("insmod /lib/lendtest.ko")
    last = f"{WINDOW + BLOCK - 1:#x}"
    guest.run(f"echo 'notify {OTHER_GOING_ONLINE[flavour]:#x} {WINDOW:#x}-{last}' >{FILE}")
    assert guest.lines(f"cat {FILE}")[-1] == f"notified -{errno.EPROTO}"
    status, said = guest.run(f"echo online_movable >{block}", check=False)
    assert status and "Protocol error" in " ".join(said), said
    assert guest.lines(f"cat {block}")[-1] == "offline"
    assert guest.number(f"cat {DEVICE}/counters/aborts") == aborts
    return guest.lines("dmesg | grep 'no more blocks'")


def test_only_the_driver_built_for_a_kernel_loads_into_it(lab):
    lab.work.mkdir(parents=True, exist_ok=True)
    vms = [vm(lab.work, nr, flavour) for nr, flavour in enumerate(FLAVOURS)]
    _, guests = boot_to_shells(lab, vms, cpu="neoverse-n1")
    for guest, flavour in zip(guests, FLAVOURS):
        release = abi(flavour)
        for other in FLAVOURS:
            if other != flavour:
                said = refused(guest, f"of-{other}.ko")
                print(f"{flavour}, driver of {other}: {said}")
                assert re.search(KERNEL_REFUSES, said) or f"built for Linux {abi(other)}," in said
        # The kernel lets this one pass: with symbol versions the release in vermagic does not count.
        said = refused(guest, "neighbour.ko")
        print(f"{flavour}, driver of {neighbour(release)}: {said}")
        assert f"lendmem: built for Linux {neighbour(release)}, not for {release}" in said
        guest.run("insmod /lib/lendmem.ko")
        assert len(guest.lines(f"ls -d {DEVICE}")) == 1
        said = deaf(guest, flavour)
        print(f"{flavour}: {said}")
        assert len(said) == 1 and "slot 0: a notification that the module was not built for" in said[0]
