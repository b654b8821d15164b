# SPDX-License-Identifier: BSD-2-Clause
"""QEMU with the hypervisor in it, and its console in hand."""

import re
import time
from dataclasses import dataclass, field

import pexpect

from lv import BUILD, Failure
from lv.console import FIRMWARE, HYPERVISOR, Demux, plain
from lv.logs import LogDir

UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
FOCUS_KEY = b"\x14"  # Ctrl-T
PANIC = "PANIC:"
REFUSED = "refused: "

# Time-outs are meant for a machine that does nothing else. One that is busy, or slow, gets more of what is
# long; short ones are for what may never come.
PATIENCE = 4
SHORT = 15

# After a line that may be a guest's last: what is waited for comes soon all the same if the line was quoted
# from a log, and else never.
GRACE = 60

# Bytes typed at once: the FIFO of a PL011 holds 16.
TYPE_CHUNK = 16


class Dead(Failure):
    """The hypervisor panicked, refused, or is gone, while something was waited for."""


class Late(Failure):
    """What was waited for did not come in time."""


class Died(Failure):
    """The guest that something was waited for from printed what is fatal to it."""


@dataclass
class Options:
    """How QEMU is started. memory: as QEMU takes it, or bytes."""

    bundle: str = None
    disk: str = None  # boots through U-Boot from this disk; kernel and bundle are on it
    kernel: str = str(BUILD / "lendvisor.img")
    smp: int = 1
    memory: str = "1G"
    cpu: str = "cortex-a57"
    machine: str = "virt,gic-version=3,virtualization=on,its=off"
    icount: bool = False
    qemu_args: list = field(default_factory=list)

    def argv(self):
        memory = self.memory if isinstance(self.memory, str) else f"{self.memory >> 20}M"
        # reserve=off: a host with less memory than the machine runs it all the same.
        argv = ["qemu-system-aarch64", "-M", f"{self.machine},memory-backend=ram", "-object",
                f"memory-backend-ram,id=ram,size={memory},reserve=off",
                "-cpu", self.cpu, "-m", memory, "-smp", str(self.smp), "-nographic", "-nodefaults", "-serial", "mon:stdio"]
        if self.disk:
            argv += ["-bios", UBOOT, "-drive", f"if=none,file={self.disk},format=raw,id=d0",
                     "-device", "virtio-blk-device,drive=d0"]
        else:
            argv += ["-kernel", str(self.kernel)]
            argv += ["-initrd", str(self.bundle)] if self.bundle else []
        argv += ["-icount", "shift=0,sleep=off"] if self.icount else []
        return argv + self.qemu_args


def stretched(timeout):
    """Seconds that a wait of timeout seconds takes at most; also for a program's own limit, in a guest or here."""
    return timeout if timeout < SHORT else timeout * PATIENCE


def deadline(timeout):
    """When a wait of timeout seconds is over."""
    return time.monotonic() + stretched(timeout)


class Machine:
    """A running QEMU. Everything it prints goes to the logs, and to watch(bytes) when given."""

    def __init__(self, options, log_dir, watch=None):
        self.console = Demux()
        self.logs = LogDir(log_dir)
        self.options = options
        self.dead = None  # the hypervisor's last words: a panic, a refusal
        self.ended = False
        self.status = None  # QEMU's, once it ended
        self._watch = watch
        self._seen = {}  # per source: lines that were matched or passed over
        self._focus = None
        argv = options.argv()
        try:
            self.child = pexpect.spawn(argv[0], argv[1:], timeout=None, echo=False)
        except pexpect.ExceptionPexpect:
            raise Failure("qemu-system-aarch64 is not there: make setup") from None
        self.child.delaybeforesend = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def pump(self, timeout):
        """Takes in what comes within timeout seconds, at least the first of it. False: nothing."""
        if self.ended:
            return False
        try:
            data = self.child.read_nonblocking(65536, timeout)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            self._took(self.console.finish())
            self._end()
            return False
        self.logs.raw(data)
        if self._watch:
            self._watch(data)
        self._took(self.console.feed(data))
        return True

    def _took(self, lines):
        for line in lines:
            self.logs.line(line)
            if line.source not in (HYPERVISOR, FIRMWARE) or self.dead:
                continue
            if PANIC in line.text or line.text.startswith(REFUSED):
                self.dead = line.text

    def _end(self):
        self.child.close()
        self.ended = True
        signal = self.child.signalstatus
        self.status = self.child.exitstatus if signal is None else 128 + signal
        self.logs.close()

    def close(self):
        """Ends QEMU if it still runs."""
        if not self.ended:
            self.child.kill(9)
            while not self.ended:
                self.pump(1)

    def position(self, source):
        """Lines of this source so far: a place to expect from."""
        return len(self.console.by_source[source])

    def expect(self, source, pattern, timeout, partial=False, fatal=None):
        """Waits for a line of source that contains pattern; returns the match.

        Lines up to it are passed over. partial: an incomplete line will do, and is not passed over.
        fatal: a pattern of lines after which nothing is waited for longer than GRACE s.
        Raises Dead when the machine ends or the hypervisor gives up first, Died after a fatal line, Late
        after timeout s.
        """
        wanted = re.compile(pattern)
        died = None
        until = deadline(timeout)
        lines = self.console.by_source[source]
        at = self._seen.get(source, 0)
        while True:
            while at < len(lines):
                text = plain(lines[at].text)
                match = wanted.search(text)
                at += 1
                self._seen[source] = at
                if match:
                    return match
                if fatal and not died and re.search(fatal, text):
                    died, doubted_until = text, time.monotonic() + GRACE
            if partial:
                match = wanted.search(plain(self.console.partial(source)))
                if match:
                    return match
            who = source or "firmware"
            if self.dead:
                raise Dead(f"{HYPERVISOR}: {self.dead} (waiting for {who}: {pattern})")
            if self.ended:
                raise Dead(f"QEMU ended while {who} was to print: {pattern}")
            left = until - time.monotonic()
            if died and (left <= 0 or time.monotonic() > doubted_until):
                raise Died(f"{who}: {died} (waiting for: {pattern})")
            if left <= 0:
                raise Late(f"{who} did not print in {timeout} s: {pattern}")
            self.pump(min(left, 1))

    def skip(self, source):
        """Passes over everything that source has printed so far."""
        while self.pump(0):
            pass
        self._seen[source] = self.position(source)

    def wait_end(self, timeout):
        """Waits for QEMU to exit by itself; returns its status."""
        until = deadline(timeout)
        while not self.ended:
            left = until - time.monotonic()
            if left <= 0:
                raise Late(f"QEMU did not exit in {timeout} s")
            self.pump(min(left, 1))
        return self.status

    def send(self, data):
        """Gives QEMU bytes of input. Raises Dead when it is gone."""
        if not self.ended:
            try:
                self.child.send(data)
                return
            except OSError:  # killed, and its end not read yet
                pass
        raise Dead("QEMU ended while it was typed to")

    def focus(self, name, key):
        """Points the keyboard at a VM (key: its id) or at the monitor (key: 'm')."""
        if self._focus == name:
            return
        self.skip(HYPERVISOR)
        self.send(FOCUS_KEY + str(key).encode())
        self.expect(HYPERVISOR, rf"^focus: {name}\b", 20)
        self._focus = name

    def type(self, source, text):
        """Types text to the focused source, which has to echo, no faster than it does. Raises Late if it does not."""
        data = text.encode()
        printed = self.console.printed
        for start in range(0, len(data), TYPE_CHUNK):
            chunk = data[start:start + TYPE_CHUNK]
            echoed = printed(source) + len(chunk)
            until = deadline(60)
            self.send(chunk)
            while printed(source) < echoed and not self.dead and not self.ended:
                if time.monotonic() > until:
                    raise Late(f"{source} did not echo: {text!r}")
                self.pump(0.1)
