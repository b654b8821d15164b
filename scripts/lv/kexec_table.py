# SPDX-License-Identifier: BSD-2-Clause
"""
A machine for cells of the kexec matrix: alice, who goes through kexecs, and bob, her peer.

It lives as long as every cell leaves it as it found it.
"""

import os
import re
import time

from lv import BUILD, Failure, its, kexec
from lv.bundle import HYPERVISOR_MEMORY, compile_its
from lv.guest import Guest
from lv.kexec_cells import PLAIN
from lv.kexec_states import OWN
from lv.lendtest import PIECE, SMC64_CALL, LendTest
from lv.lendvm import BLOCK, BOOTARGS, HASTE, PATIENCE, UNHAPPY, WINDOW, LendVm, unhappy
from lv.machine import Machine, Options
from lv.monitor import Monitor

MIB = 1 << 20
# Its images lie in the initramfs, in kexec's hands, and in what was loaded.
ALICE_MEMORY = 512 * MIB
BOB_MEMORY = 256 * MIB
BOB_FILLS_MIB = 64
BOB_FLAVOUR = "6.1"
DEBUG_IMAGE = BUILD / "debug" / "lendvisor.img"
BOOT_TIMEOUT = 150
BOOT_MAP = "/boot/boot.dtb"
PIECES = BLOCK // PIECE
SLOT_STATES = ("empty", "standby", "offered", "held", "borrowed", "lent", "revoked")
KERNEL_ARGS = " ".join(filter(None, (BOOTARGS, HASTE, os.environ.get("LV_BOOTARGS"))))
# For the driver of the next life: it gives back what it finds.
CLEAN = " lendmem.clean=1"
# Below the window, whatever the kernel that loads takes for its memory.
IN_BOOT_MEMORY = f"--mem-max={0x40000000 + ALICE_MEMORY - 1:#x}"


def next_kernels(kernels):
    """What /boot has of them, for kexec.ramdisk()."""
    files = {"plain.cpio.gz": PLAIN}
    for kernel in kernels:
        files[f"{kernel.name}.gz"] = kernel.image
        if kernel.initramfs:
            files[f"{kernel.name}.cpio.gz"] = kernel.initramfs
    return files


def write_bundle(work, home, route, cpus):
    """alice boots Debian's kernel `home`, and has those of route with her."""
    linux = BUILD / "linux"
    flavour = linux / home.name
    ramdisk = kexec.ramdisk(work / "alice.cpio", home.initramfs, next_kernels({home, *route}))
    window = (WINDOW, 2 * OWN * BLOCK)
    common = {"owned_memory": OWN * BLOCK, "window": window}
    alice = its.Vm("alice", str(flavour / "Image"), str(ramdisk), bootargs=f"{KERNEL_ARGS} lend.name=alice", cpus=cpus,
                   boot_memory=ALICE_MEMORY, lend_to=["bob"], **common)
    bob = its.Vm("bob", str(linux / BOB_FLAVOUR / "Image"), str(linux / BOB_FLAVOUR / "initramfs.cpio.gz"),
                 bootargs=f"{KERNEL_ARGS} lend.name=bob", boot_memory=BOB_MEMORY, lend_to=["alice"], **common)
    source = work / "vms.its"
    source.write_text(its.write([alice, bob]))
    return compile_its(source, work / "vms.itb")


def memory_for(bundle):
    """Bytes: what the VMs have, and some for the pool. Counted here, since Debian 12's libfdt for Python, asked often
    enough in one process, loses count of None and ends it."""
    needed = HYPERVISOR_MEMORY + bundle.stat().st_size + ALICE_MEMORY + BOB_MEMORY + (2 * OWN + 2) * BLOCK
    return -(-needed // BLOCK) * BLOCK


class Table:
    """t.alice, t.bob, t.monitor; t.test: lendtest in alice, None where her kernel has none."""

    def __init__(self, home, route, cpus, work, log, watch):
        self.home, self.cpus = home, cpus
        self.clean = False  # CLEAN stands in this life's command line
        self.seeded = False  # this life has a seed for KASLR for sure
        bundle = write_bundle(work, home, route, cpus)
        self.machine = Machine(Options(bundle=str(bundle), smp=cpus + 1, memory=memory_for(bundle), cpu="neoverse-n1",
                                       kernel=str(DEBUG_IMAGE)), log, watch)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self):
        self.monitor = Monitor(self.machine)
        self.alice, self.bob = [LendVm(Guest(self.machine, name, nr)) for nr, name in enumerate(("alice", "bob"))]
        for vm in (self.alice, self.bob):
            vm.guest.wait_shell(BOOT_TIMEOUT)
        kexec.check_cpus(self.alice.guest, self.cpus)
        self.alice.run(f"cat {kexec.MAP} >{BOOT_MAP}")
        self.bob_begins()
        self.arrive(self.home, True, False)
        self.at_rest = self.picture()

    def close(self):
        self.machine.close()

    # What the hypervisor says.

    def picture(self):
        """All that a kexec may not change: blocks by state, owner and holder; loans; counters of alice."""
        return self.monitor.account("alice")

    def wait_picture(self, wanted, keys, timeout=120):
        """Until the picture is as wanted in these respects."""
        found = {}

        def same():
            found.update(self.picture())
            return all(found[key] == wanted[key] for key in keys)
        self.alice.until(same, lambda: f"the hypervisor to say {wanted}: it says {found}", timeout)

    # Contents.

    def stamp(self, slot):
        """Patterns in most of a block of alice's, as long as it is hers."""
        nr = self._pieces("stamp", slot)
        if nr < PIECES // 2:
            raise Failure(f"alice: only {nr} of {PIECES} pieces of slot {slot} could be had")
        self.stamps[slot] = nr

    def check_stamps(self):
        """Returns how many bytes were right, for a person."""
        for slot, nr in self.stamps.items():
            found = self._pieces("stamped", slot)
            if found < nr:
                raise Failure(f"alice: of slot {slot}'s contents {nr} pieces of 2 MiB were written, {found} are right")
        return f"{2 * sum(self.stamps.values())} MiB"

    def _pieces(self, command, slot):
        start = WINDOW + slot * BLOCK
        return int(self.test.do(f"{command} {start:#x}-{start + BLOCK - 1:#x} {slot + 1:#x}").split()[1])

    def bob_fills(self, where, mib, least):
        """A pattern in that range of bob's, held and verified from now on."""
        log = f"/tmp/hold{len(self._holders)}"
        self.bob.run(f"memfill fill {mib}M {0xb0b + len(self._holders):#x} --in {where} --least {least} --hold "
                     f">{log} 2>&1", 120)
        pid = self.bob.guest.number(f"sed -n 's/.*holding, pid //p' {log}")
        self._holders.append((log, pid))

    def bob_begins(self):
        """At his boot, the first or after a reset."""
        self._holders = []  # (log file, pid) of his memfills
        self.bob_fills("0x40000000-0x1ffffffff", BOB_FILLS_MIB, 0)

    def bob_holds(self, slot):
        start = WINDOW + slot * BLOCK
        self.bob_fills(f"{start:#x}-{start + BLOCK - 1:#x}", 192, 60)

    def bob_lets_go(self):
        for log, pid in self._holders[1:]:
            self.bob.run(f"kill {pid}; while kill -0 {pid} 2>/dev/null; do sleep 0.1; done; rm {log}", 60)
        del self._holders[1:]

    def check_bob(self):
        for log, pid in self._holders:
            said = self.bob.run(f"n=$(grep -c pattern {log}); kill -USR1 {pid} && "
                                f"until [ $(grep -c pattern {log}) -gt $n ]; do sleep 0.1; done; tail -n 1 {log}", 60)
            if "pattern ok" not in " ".join(said):
                raise Failure(f"bob: of his memory memfill says: {said}")
        said = self.bob.run(f"dmesg | grep -iE '{UNHAPPY}'; true")
        if said:
            raise Failure(f"bob: the kernel says: {said}")

    # alice's kernel.

    def arrive(self, kernel, driver, adopted):
        """alice has a new kernel: what it must be and have. adopted: slots that it has as plain memory."""
        self.driver = driver
        self.test = LendTest(self.alice) if driver and kernel.tested else None
        log = self.alice.run("dmesg", PATIENCE)
        if said := unhappy(log):
            raise Failure(f"alice: the kernel says: {said}")
        if self.seeded and kernel.tested and not any("KASLR enabled" in line for line in log):
            raise Failure("alice: kexec had a seed for KASLR, and the kernel does without")
        self.check_iomem(adopted)

    def check_iomem(self, adopted):
        """Plain System RAM is boot memory, and what was adopted."""
        plain = set()
        for line in self.alice.run("cat /proc/iomem"):
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) : System RAM$", line)
            if found:
                start, end = (int(number, 16) for number in found.groups())
                plain |= {(at - WINDOW) // BLOCK for at in range(start, end, BLOCK) if at >= WINDOW}
        if plain != set(adopted or ()):
            raise Failure(f"alice: slots {sorted(plain)} are her plain memory, and should be {sorted(adopted or ())}")

    def slot_states(self, slots):
        """By SLOT_INFO itself, with or without a driver."""
        info = {slot: self.test.do(f"call {SMC64_CALL + 2:#x} {slot} 0 0") for slot in slots}
        return {slot: SLOT_STATES[int(text.split()[1], 16) & 0xff] for slot, text in info.items()}

    def wait_slots(self, wanted, timeout=60):
        found = {}

        def same():
            found.update(self.slot_states(wanted))
            return found == wanted
        if self.test:
            self.alice.until(same, lambda: f"slots to be {wanted}: they are {found}", timeout)

    def cmdline(self, clean=False):
        """kexec's option: the command line stays as it is, but for CLEAN, which is for one life."""
        if clean == self.clean:
            return "--reuse-cmdline"
        self.clean = clean
        return f"""--command-line="$(sed 's/{CLEAN}//' /proc/cmdline){CLEAN if clean else ''}\""""

    def kexec(self, kernel, driver, options="", clean=False):
        """The next kernel's shell answers when it returns. Seconds that it took to load, and from -e to the shell.

        With KASLR where there are two vCPUs; one has mostly none, since its kernels do not live long enough."""
        begun = time.monotonic()
        self.seeded = self.cpus > 1
        if self.seeded:
            kexec.wait_for_seed(self.alice.guest)
        kexec.load(self.alice.guest, kernel.name, f"{kernel.name}.cpio.gz" if driver else "plain.cpio.gz",
                   f"{self.cmdline(clean)} {options}".rstrip())
        loaded = time.monotonic()
        kexec.execute(self.alice.guest, BOOT_TIMEOUT)
        return loaded - begun, time.monotonic() - loaded
