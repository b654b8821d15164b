# SPDX-License-Identifier: BSD-2-Clause
"""kexec from a Debian guest: maps for the next kernel, a next image that is no Linux."""

import re

from conftest import BARE_ENTRY, whole_texts
from lv import BUILD, kexec, tap
from lv.kexec_lab import FIRST_LOAN, boot, states, system_ram
from lv.scenario import BOOT_TIMEOUT

STATES = ["empty", "standby", "offered", "held", "borrowed", "lent", "revoked"]


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
