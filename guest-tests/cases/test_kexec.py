# SPDX-License-Identifier: BSD-2-Clause
"""kexec from a Debian guest: maps for the next kernel, a next image that is no Linux."""

import re

from conftest import BARE_ENTRY, whole_texts
from lv import BUILD, kexec, tap, wrong_map
from lv.console import HYPERVISOR
from lv.kexec_lab import FIRST_LOAN, NR_SLOTS, boot, states, system_ram
from lv.kexec_maps import FIRST, image_pages, load, memory_node, take_out, tree
from lv.lendtest import PIECE, LendTest, block_file
from lv.lendvm import BLOCK, WINDOW
from lv.monitor import Monitor
from lv.scenario import BOOT_TIMEOUT

STATES = ["empty", "standby", "offered", "held", "borrowed", "lent", "revoked"]
FLAGS = ["recalled", "expired", "revocable", "keep", "adoptable", "adopted", "busy", "own"]  # bits 0 to 7
PEERS = {0xff: "none", 1: "bob"}
BOOT_MEMORY = [("40000000", "5fffffff")]
TRACE = "/sys/kernel/debug/tracing"
LOAN_AT = WINDOW + FIRST_LOAN * BLOCK
POOL = 4  # the first of the slots that the pool's blocks come to
SEED = 0xa11c


def test_adopt_map(lab):
    """A next kernel without a driver has the adopted blocks as its own memory; one with a driver leaves them
    alone; what is adopted can neither be given up nor recalled, until the marks go."""
    _, alice, bob = boot(lab, "6.1", kexec.flavour_files("6.12"))
    bob.lend(0, "alice", 1, "adoptable")
    bob.lend(1, "alice")
    for slot in (0, 1, FIRST_LOAN, FIRST_LOAN + 1):
        alice.online(slot)
    first = tree(alice, FIRST)
    assert tree(alice, kexec.MAP) == first
    assert alice.run("lendctl adopt") == ["off"]
    assert not any("adopted" in slot.flags for slot in alice.slots()), "looking at the map has marked slots"

    alice.run("lendctl adopt on && lendctl map /tmp/adopt.dtb")
    assert take_out(tree(alice, "/tmp/adopt.dtb"), f"memory@{WINDOW:x}") == (
        memory_node((WINDOW, 2 * BLOCK), (LOAN_AT, BLOCK)), first)
    adopted = [nr for nr, slot in enumerate(alice.slots()) if "adopted" in slot.flags]
    assert adopted == [0, 1, FIRST_LOAN]
    alice.fails("lendctl offline 0", "EPERM")
    alice.fails("lendctl lend 1 bob", "EPERM")
    bob.fails("lendctl reclaim 0", "EPERM")
    assert states(alice)[FIRST_LOAN] == "borrowed"

    load(alice, "6.12", '--dtb=/tmp/adopt.dtb --command-line="console=ttyAMA0 quiet lend.name=alice lend.load=0"',
         boot=False)
    kexec.execute(alice.guest)
    assert system_ram(alice) == [*BOOT_MEMORY, ("100000000", "10fffffff"), ("130000000", "137ffffff")]
    assert alice.guest.meminfo_kib() > 600 * 1024
    alice.run("insmod /lib/lendmem.ko clean=1", 120)
    after = alice.slots()
    assert [after[nr].block for nr in adopted] == ["none"] * 3
    assert [after[nr].state for nr in adopted] == ["held", "held", "borrowed"]
    alice.fails("lendctl map /tmp/x", "ENODATA")
    alice.fails("lendctl adopt off", "EBUSY")
    assert not alice.complaints()


def load_into_a_block(alice, bob):
    """An image whose pages lie in slot 0, onlined for the kernel: that block stays. Slot 1, which was online
    when the image was loaded, is bob's by the time it is executed. The next kernel's driver is in dynamic mode."""
    alice.run(f"echo online_kernel >{block_file(alice, 0)}")
    alice.online(1)
    alice.run("cd /boot && md5sum * >/tmp/sums && mv /tmp/sums . && cd /")
    alice.fails("kexec -i -l /boot/6.12.gz --initrd=/boot/6.12.cpio.gz --reuse-cmdline "
                f"--mem-min={WINDOW:#x}", "Could not find a free area of memory", 60)
    assert image_pages(alice, 0) == 0
    load(alice, "6.12", "--reuse-cmdline --append='lendmem.mode=dynamic memhp_default_state=online_movable'")
    assert image_pages(alice, 0) > 1000
    alice.fails("lendctl lend 0 bob", "EBUSY")
    assert "slot 0: memory32 stays online: page" in " ".join(alice.run("dmesg"))
    alice.lend(1, "bob")
    bob.wait_slot(FIRST_LOAN, "offered")
    bob.online(FIRST_LOAN)
    bob.memcheck_start()


def leaves_a_pool_block_and_an_offer(alice, bob):
    """For the next kernel to find. Returns how many pieces of the block are stamped."""
    bob.lend(0, "alice")
    alice.wait_slot(FIRST_LOAN, "offered")
    alice.online(POOL)
    return LendTest(alice).stamp_and_hold(WINDOW + POOL * BLOCK, BLOCK, SEED)


def arrives_with_marks(alice, bob, first):
    """What was read from the image's pages is right; the driver leaves the marked slot alone until the mark goes."""
    assert alice.run("cd /boot && md5sum -c sums && cd /") == ["6.12.cpio.gz: OK", "6.12.gz: OK"]
    bob.memcheck_stop()
    assert alice.slots()[0][:3] == ("held", "none", "absent")
    assert states(alice)[1] == "lent"
    assert system_ram(alice) == BOOT_MEMORY
    alice.run("lendctl adopt off")
    assert tree(alice, kexec.MAP) == first
    alice.wait_state(0, "online", 60)


def dynamic_finds(alice, monitor, nr):
    """A held block of the pool's is in use again at once, with what was in it where nobody has written since; an
    offered one waits until it is wanted."""
    alice.wait_state(POOL, "online", 60)
    assert monitor.pool_held("alice")[0] == 1
    assert LendTest(alice).stamped(WINDOW + POOL * BLOCK, BLOCK, SEED) > nr // 2
    assert alice.slots()[FIRST_LOAN][:3] == ("offered", "none", "absent")
    alice.config(FIRST_LOAN, True)
    slot = alice.slots()[FIRST_LOAN]
    assert (slot.state, slot.linux) == ("borrowed", "online")


def touches_nothing(alice, monitor):
    """A kernel without a driver, an own block, one of the pool's and a borrowed one held. Absent slots abort reads,
    too; that the hypervisor counts is seen by a read of one. A driver that comes late is told to begin anew."""
    before = monitor.account("alice")
    load(alice, "6.12", '--command-line="console=ttyAMA0 quiet lend.name=alice lend.load=0"', boot=False)
    kexec.execute(alice.guest)
    assert system_ram(alice) == BOOT_MEMORY
    assert monitor.account("alice") == before
    alice.run(f"devmem {WINDOW + 2 * BLOCK:#x} 32 2>&1; true")
    assert monitor.account("alice")["aborts"] == before["aborts"] + 1
    alice.run("insmod /lib/lendmem.ko clean=1", 120)
    assert states(alice) == ["standby", "lent"] + ["standby"] * 4 + ["empty"] * (NR_SLOTS - FIRST_LOAN)
    assert len(monitor.loans()) == 1


def revoked_after_adoption(alice, bob):
    """The loan allows it, and the map is out of date. All of the block is in our hands, so that it harms nobody."""
    test = LendTest(alice)
    bob.lend(0, "alice", 1, "adoptable", "revocable")
    alice.wait_slot(FIRST_LOAN, "offered")
    alice.online(FIRST_LOAN)
    assert test.stamp_and_hold(LOAN_AT, BLOCK, 1) * PIECE == BLOCK
    alice.run("lendctl adopt on && lendctl map /tmp/adopt.dtb")
    assert take_out(tree(alice, "/tmp/adopt.dtb"), f"memory@{LOAN_AT:x}")[0] == memory_node((LOAN_AT, BLOCK))
    bob.run("lendctl reclaim 0 --deadline 1")
    bob.until(lambda: "expired" in bob.slots()[0].flags, "the recall to expire")
    slot = alice.slots()[FIRST_LOAN]
    assert (slot.state, slot.linux) == ("borrowed", "online")
    bob.revoke(0)
    bob.wait_slot(0, "standby")
    alice.fails("lendctl map /tmp/x", "ESTALE")
    assert not alice.complaints()


def lender_goes(machine, alice, bob, monitor):
    """What was adopted is the pool's then, and stays whatever the target is, until the mark goes."""
    bob.lend(0, "alice", 1, "adoptable")
    alice.wait_slot(FIRST_LOAN, "offered")
    alice.online(FIRST_LOAN)
    alice.run(f"lendctl adopt on && echo 1 >{TRACE}/events/lendmem/lendmem_target/enable")
    assert not bob.complaints()
    bob.guest.poweroff()
    machine.expect(HYPERVISOR, r"^bob: off", 60)
    alice.wait_slot(FIRST_LOAN, "held")
    monitor.target("alice", 0)
    alice.until(lambda: alice.guest.number(f"grep -c 'lendmem_target:' {TRACE}/trace; true"), "the target to be heard")
    # Once more, behind what the driver does about it.
    alice.run("lendctl adopt on")
    slot = alice.slots()[FIRST_LOAN]
    assert (slot.state, slot.linux, slot.flags) == ("held", "online", "adopted")
    alice.run("lendctl adopt off")
    alice.wait_slot(FIRST_LOAN, "empty")
    alice.until(lambda: monitor.pool_held("alice") == (0, 0), "the pool to have it back")


def test_maps_from_life_to_life(lab):
    """alice's lives, by kexec with the driver, by kexec without one, by reset: her first map is that of all."""
    machine, alice, bob = boot(lab, "6.12", kexec.flavour_files("6.12"), absent="abort")
    monitor = Monitor(machine)
    first = tree(alice, FIRST)
    load_into_a_block(alice, bob)
    nr = leaves_a_pool_block_and_an_offer(alice, bob)
    alice.run("lendctl adopt on")
    kexec.execute(alice.guest)
    dynamic_finds(alice, monitor, nr)
    arrives_with_marks(alice, bob, first)
    touches_nothing(alice, monitor)
    revoked_after_adoption(alice, bob)

    alice.guest.reboot()
    alice.guest.wait_next_life(BOOT_TIMEOUT)
    assert system_ram(alice) == BOOT_MEMORY
    assert tree(alice, FIRST) == tree(alice, kexec.MAP) == first
    lender_goes(machine, alice, bob, monitor)
    assert not alice.complaints()


def test_next_image_is_no_linux(lab):
    """It finds boot memory by its device tree, vCPU 1 off, and each slot as Linux left it; its clean start gives all
    back."""
    image = lab.work / "next.Image"
    lab.work.mkdir(parents=True, exist_ok=True)
    image.write_bytes(kexec.with_image_header((BUILD / "bare/next.bin").read_bytes(), BARE_ENTRY))
    machine, alice, bob = boot(lab, "6.1", {"next.Image": image})
    bob.lend(0, "alice", 1, "revocable")
    alice.online(FIRST_LOAN)
    bob.lend(1, "alice", 1, "adoptable")
    alice.online(0)
    alice.lend(1, "bob")
    bob.online(FIRST_LOAN)
    bob.fill(FIRST_LOAN, 0x77, 400)
    alice.wait_slot(FIRST_LOAN + 1, "offered")
    before = [(slot.state, slot.peer, set(slot.flags.split())) for slot in alice.slots()]
    assert {state for state, *_ in before} == {"held", "lent", "standby", "offered", "borrowed", "empty"}
    alice.run("kexec -i -l /boot/next.Image")
    alice.guest.last_words("kexec -e")
    machine.expect("alice", r"^# done", BOOT_TIMEOUT)
    lines = whole_texts(machine, "alice")
    lines = lines[max(nr for nr, line in enumerate(lines) if line.endswith("kexec -e")):]
    found = (re.match(r"# slot \d+ state (\d+) peer (\d+) flags (0x[0-9a-f]+)$", line) for line in lines)
    said = [(int(match.group(1)), int(match.group(2)), int(match.group(3), 16)) for match in found if match]
    assert [(STATES[state], PEERS[peer], {name for bit, name in enumerate(FLAGS) if flags >> bit & 1})
            for state, peer, flags in said] == before
    assert tap.parse(lines).complaint() == ""
    bob.wait_slot(0, "standby")
    # It went off, as bare guests do: what it had lent is the borrower's now.
    bob.wait_slot(FIRST_LOAN, "held")
    assert not bob.complaints()


def test_a_wrong_map(lab):
    """The negative: a lent block in /memory. The next kernel dies of it, and does no harm to the borrower."""
    assert wrong_map.play(*boot(lab, "6.1", kexec.flavour_files("6.1")))
