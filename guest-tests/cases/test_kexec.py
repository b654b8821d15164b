# SPDX-License-Identifier: BSD-2-Clause
"""kexec from a Debian guest: maps for the next kernel, a next image that is no Linux, crash dumps."""

import re

import pytest
from conftest import BARE_ENTRY, whole_texts
from lv import BUILD, kexec, tap
from lv.guest import Guest
from lv.lendvm import BLOCK, LendVm
from lv.scenario import BOOT_TIMEOUT, CPU, MIB, linux_vm

NR_SLOTS = 12
STATES = ["empty", "standby", "offered", "held", "borrowed", "lent", "revoked"]
FIRST_LOAN = 6  # after four own slots and two of the pool's


def boot(lab, kernel, files, bootargs=""):
    """alice, who can kexec to what is in files, and bob, who may lend to her and borrow from her."""
    vms = [linux_vm(name, flavour, args, cpus=cpus, boot_memory=memory * MIB, owned_memory=4 * BLOCK,
                    window=(1 << 32, NR_SLOTS * BLOCK), lend_to=[peer], extra="lendvisor,pool-slots = <2>;")
           for name, peer, flavour, args, cpus, memory in (("alice", "bob", kernel, bootargs, 2, 512),
                                                           ("bob", "alice", "6.12", "", 1, 256))]
    vms[0].ramdisk = str(kexec.ramdisk(lab.work / "alice.cpio",
                                       BUILD / "linux" / kernel / "initramfs.cpio.gz", files))
    machine = lab.boot(vms, cpu=CPU)
    alice, bob = (LendVm(Guest(machine, vm.name, nr)) for nr, vm in enumerate(vms))
    for vm in (alice, bob):
        vm.guest.wait_shell(BOOT_TIMEOUT)
    return machine, alice, bob


def states(vm):
    return [slot.state for slot in vm.slots()]


def system_ram(vm):
    """Ranges that this kernel has from its device tree."""
    return re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM$", "\n".join(vm.run("cat /proc/iomem")), re.M)


def test_adopt_map(lab):
    """A next kernel without a driver has the adopted blocks as its own memory; one with a driver leaves them
    alone; what is adopted can neither be given up nor recalled, until the marks go."""
    _, alice, bob = boot(lab, "6.1", kexec.flavour_files("6.12"))
    bob.lend(0, "alice", 1, "adoptable")
    bob.lend(1, "alice")
    for slot in (0, 1, FIRST_LOAN, FIRST_LOAN + 1):
        alice.online(slot)
    files = "$(echo /sys/bus/platform/drivers/lendmem/*.lendmem)"
    alice.run(f"wc -c {files}/map; test $(cat {files}/adopt) = 0")
    assert not any("adopted" in slot.flags for slot in alice.slots()), "looking at the map has marked slots"

    alice.run("lendctl adopt on && lendctl map /tmp/adopt.dtb")
    adopted = [nr for nr, slot in enumerate(alice.slots()) if "adopted" in slot.flags]
    assert adopted == [0, 1, FIRST_LOAN]
    alice.fails("lendctl offline 0", "EPERM")
    alice.fails("lendctl lend 1 bob", "EPERM")
    bob.fails("lendctl reclaim 0", "EPERM")
    assert states(alice)[FIRST_LOAN] == "borrowed"

    kexec.load(alice.guest, "6.12", options='--dtb=/tmp/adopt.dtb --command-line="console=ttyAMA0 quiet '
                                            'lend.name=alice lend.load=0"', boot=False)
    kexec.execute(alice.guest)
    assert system_ram(alice) == [("40000000", "5fffffff"), ("100000000", "10fffffff"),
                                 ("130000000", "137ffffff")]
    assert alice.guest.meminfo_kib() > 600 * 1024
    alice.run("insmod /lib/lendmem.ko clean=1", 120)
    after = alice.slots()
    assert [after[nr].block for nr in adopted] == ["none"] * 3
    assert [after[nr].state for nr in adopted] == ["held", "held", "borrowed"]
    alice.fails("lendctl map /tmp/x", "ENODATA")
    alice.fails("lendctl adopt off", "EBUSY")
    assert not alice.complaints()


def test_adopt_marks_meet_a_driver(lab):
    """Adopted, but booted with the boot map: the driver leaves the slots alone until the marks are taken back."""
    _, alice, bob = boot(lab, "6.12", kexec.flavour_files("6.12"))
    alice.online(0)
    alice.run("lendctl adopt on")
    kexec.load(alice.guest, "6.12", boot=False)
    kexec.execute(alice.guest)
    assert alice.slots()[0][:3] == ("held", "none", "absent")
    assert system_ram(alice) == [("40000000", "5fffffff")]
    alice.run("lendctl adopt off && lendctl map /tmp/boot.dtb")
    alice.online(0)
    alice.lend(0, "bob")
    bob.wait_slot(FIRST_LOAN, "offered")
    assert not alice.complaints()


def test_next_image_is_no_linux(lab):
    """It finds boot memory by its device tree, and each slot as Linux left it; its clean start gives all back."""
    image = lab.work / "next.Image"
    lab.work.mkdir(parents=True, exist_ok=True)
    image.write_bytes(kexec.with_image_header((BUILD / "bare/next.bin").read_bytes(), BARE_ENTRY))
    machine, alice, bob = boot(lab, "6.1", {"next.Image": image})
    bob.lend(0, "alice")
    alice.online(FIRST_LOAN)
    bob.lend(1, "alice")
    alice.online(0)
    alice.lend(1, "bob")
    bob.online(FIRST_LOAN)
    bob.fill(FIRST_LOAN, 0x77, 400)
    alice.wait_slot(FIRST_LOAN + 1, "offered")
    before = states(alice)
    assert set(before) == {"held", "lent", "standby", "offered", "borrowed", "empty"}
    alice.run("kexec -i -l /boot/next.Image")
    alice.guest.last_words("kexec -e")
    machine.expect("alice", r"^# done", BOOT_TIMEOUT)
    lines = whole_texts(machine, "alice")
    lines = lines[max(nr for nr, line in enumerate(lines) if line.endswith("kexec -e")):]
    said = [int(match.group(1)) for match in (re.match(r"# slot \d+ state (\d+)", line) for line in lines) if match]
    assert [STATES[state] for state in said] == before
    assert tap.parse(lines).complaint() == ""
    bob.wait_slot(0, "standby")
    # It went off, as bare guests do: what it had lent is the borrower's now.
    bob.wait_slot(FIRST_LOAN, "held")
    assert not bob.complaints()


def test_a_wrong_map(lab):
    """The negative: a lent block in /memory. The next kernel dies of it, and does no harm to the borrower."""
    machine, alice, bob = boot(lab, "6.1", kexec.flavour_files("6.1"))
    alice.guest.last_words("wrong-map 0 bob /boot/6.1.gz /boot/6.1.cpio.gz")
    bob.wait_slot(FIRST_LOAN, "offered")
    bob.online(FIRST_LOAN)
    bob.memcheck_start()
    machine.focus("alice", 0)
    machine.type("alice", "\n")
    machine.expect("alice", r"Kernel panic|Internal error|synchronous external abort", BOOT_TIMEOUT)
    bob.memcheck_stop()
    assert not bob.complaints()


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_crash_dump(lab, kernel):
    """A panic while holding, borrowing, having lent, and recalled, one block gone since the crash kernel was
    loaded: the dump is read to its end, twice, a revoke between; afterwards all is settled by a reset."""
    machine, alice, bob = boot(lab, kernel, kexec.flavour_files(kernel), "crashkernel=192M")
    bob.lend(0, "alice", 1, "revocable")
    bob.lend(1, "alice")
    for slot in (0, 1, FIRST_LOAN, FIRST_LOAN + 1):
        alice.online(slot)
    alice.run(f"kdump-load /boot/{kernel}.gz /boot/{kernel}.cpio.gz "
              '--command-line="console=ttyAMA0 quiet lend.name=alice"', 120)
    assert system_ram(alice) == [("40000000", "5fffffff")], "the doctored list is still there"
    alice.offline(1)
    alice.lend(1, "bob")
    alice.guest.last_words("echo c >/proc/sysrq-trigger")
    # Its driver cannot answer any more, or had no time to.
    bob.run("lendctl reclaim 0 --deadline 1")
    alice.guest.wait_next_life(BOOT_TIMEOUT)
    assert "nothing is added or given back" in " ".join(alice.run("dmesg | grep lendmem"))
    read = "dd if=/proc/vmcore of=/dev/null bs=1M 2>&1"
    mib = int(re.search(r"(\d+)\+\d records in", " ".join(alice.run(read, 300))).group(1))
    # Boot memory without the reservation, and the four blocks that were online.
    assert mib >= 512 - 192 + 4 * 128
    # The panic may have come later than the driver's answer.
    if states(bob)[0] == "lent":
        bob.revoke(0)
    assert states(bob)[0] == "standby"
    alice.run(read, 300)
    assert not alice.complaints()
    alice.guest.reboot()
    alice.guest.wait_shell(BOOT_TIMEOUT)
    assert states(alice)[:4] == ["standby", "lent", "standby", "standby"]
    assert "borrowed" not in states(alice)
    assert states(bob)[:2] == ["standby", "standby"]
    assert not bob.complaints()
