# SPDX-License-Identifier: BSD-2-Clause
"""The real hypervisor panics: a CPU of its own is sent where nothing is, through QEMU's gdb stub."""

import re
import socket

from conftest import texts
from lv.console import HYPERVISOR


def packet(payload):
    return b"$" + payload + b"#%02x" % (sum(payload) % 256)


class GdbStub:
    """Just enough of the remote protocol to move a program counter."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))

    def ask(self, payload, answer):
        """Sends a packet and waits for one that begins so, past what the stub says unasked."""
        self.socket.sendall(packet(payload))
        received = b""
        while not re.search(rb"\$" + answer, received):
            received += self.socket.recv(4096)
        self.socket.sendall(b"+")

    def go(self):
        self.socket.sendall(packet(b"c"))


def test_panic_is_seen(lab, tmp_path):
    """
    CPU 1's vCPU is off, so it waits at EL2. It is made to go on at address 0, which is not mapped,
    and wakes when its VM ends; bob keeps the machine on.
    """
    path = tmp_path / "gdb"
    machine = lab.boot([lab.bare_vm("alice", "console", cpus=2), lab.bare_vm("bob", "console")],
                       qemu_args=["-gdb", f"unix:{path},server=on,wait=off"])
    machine.expect("alice", r"^polled> $", 60, partial=True)
    stub = GdbStub(path)
    # Without asking for the description first, QEMU writes no single register.
    stub.ask(b"qXfer:features:read:target.xml:0,ff", b"[lm]<")
    stub.ask(b"Hg02", b"OK#")
    stub.ask(b"P20=" + 16 * b"0", b"OK#")
    stub.go()
    machine.focus("alice", 0)
    machine.send(b"hello\n")
    machine.expect("alice", r"^interrupt> $", 60, partial=True)
    machine.send(b"hello\n")
    machine.wait_end(60)
    lines = texts(machine, HYPERVISOR)
    panics = [line for line in lines if line.startswith("PANIC: CPU 1: exception 4 at EL2")]
    assert len(panics) == 2 and lines[-1] == panics[0]  # before the report, and after it
    # A panic waits for nobody: its first lines may run into what another CPU was printing.
    assert len([line for line in lines if re.match(r" *x\d+ +[0-9a-f]{16} ", line)]) >= 4
    assert any("ledger: " in line for line in lines)
    assert machine.dead.startswith("PANIC: CPU 1")
