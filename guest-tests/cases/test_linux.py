# SPDX-License-Identifier: BSD-2-Clause
"""A stock Debian kernel as guest: its timer, CPUs off and on, reset, off. test_kernels.py has the others."""

from conftest import ends_orderly
from linux import BOOT_TIMEOUT, boot_to_shells, complaints, debian
from lv.console import HYPERVISOR


def timer_ticks(guest):
    """Interrupts of the timer so far, per CPU."""
    return [int(n) for n in guest.lines("grep arch_timer /proc/interrupts")[-1].split()[1:3]]


def test_the_timer_ticks_on_each_cpu(lab):
    _, [alice] = boot_to_shells(lab, [debian("alice", cpus=2)])
    before = timer_ticks(alice)
    alice.run("for c in 0 1; do taskset -c $c sleep 0.5; done")
    after = timer_ticks(alice)
    assert all(now > then for then, now in zip(before, after)), (before, after)


def test_cpus_go_off_and_come_back(lab):
    _, [alice] = boot_to_shells(lab, [debian("alice", cpus=4)])
    online = "/sys/devices/system/cpu/cpu$c/online"
    for _ in range(3):
        alice.run(f"for c in 1 2 3; do echo 0 > {online} || break; done")
        assert alice.number("nproc") == 1
        alice.run(f"for c in 1 2 3; do echo 1 > {online} || break; done")
        assert alice.number("nproc") == 4
    assert complaints(alice) == []


def test_off_while_cpu_0_is_off(lab):
    """SYSTEM_OFF stops the whole VM from any of its CPUs."""
    machine, [alice] = boot_to_shells(lab, [debian("alice", cpus=2)])
    alice.run("echo 0 > /sys/devices/system/cpu/cpu0/online")
    assert alice.lines("cat /sys/devices/system/cpu/online") == ["1"]
    alice.poweroff()
    ends_orderly(machine)


def test_a_reset_starts_again_from_the_bundle(lab):
    """A reset VM boots afresh, with all it had; its neighbour does not notice."""
    machine, [alice, bob] = boot_to_shells(lab, [debian("alice", cpus=2), debian("bob")])
    boot_id = "cat /proc/sys/kernel/random/boot_id"
    memory = alice.meminfo_kib()
    lives = [alice.lines(boot_id)]
    neighbour = bob.lines(boot_id)
    for _ in range(2):
        alice.reboot()
        alice.wait_shell(BOOT_TIMEOUT)
        assert alice.lines(boot_id) not in lives
        lives.append(alice.lines(boot_id))
        assert alice.number("nproc") == 2
        # Another kaslr-seed, another place for the kernel: some pages more or less.
        assert abs(alice.meminfo_kib() - memory) < 1024
    alice.poweroff()
    machine.expect(HYPERVISOR, r"alice\b.*\boff\b", 60)
    assert bob.lines(boot_id) == neighbour
    bob.poweroff()
    ends_orderly(machine)
