# SPDX-License-Identifier: BSD-2-Clause
"""A person's terminal, joined to a running machine."""

import os
import select
import sys
import termios
import time
import tty

from lv.machine import Late


class RawTerminal:
    """Keys go through as they are (Ctrl-C, Ctrl-T) while this is entered; nothing without a tty."""

    def __enter__(self):
        self._saved = termios.tcgetattr(0) if os.isatty(0) else None
        if self._saved:
            tty.setraw(0)
        return self

    def __exit__(self, *exc):
        if self._saved:
            termios.tcsetattr(0, termios.TCSADRAIN, self._saved)


def show(data):
    """What the machine prints, on stdout as it is."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def converse(machine, timeout=None):
    """Passes stdin to the machine until it ends. Late after timeout seconds."""
    until = time.monotonic() + timeout if timeout else None
    sources = [machine.child.fileno(), 0]
    while not machine.ended:
        left = max(until - time.monotonic(), 0) if until else None
        ready, _, _ = select.select(sources, [], [], left)
        if not ready:
            raise Late(f"not done after {timeout:g} s")
        if 0 in ready:
            keys = os.read(0, 1024)
            if keys:
                machine.send(keys)
            else:
                sources.remove(0)
        if machine.child.fileno() in ready:
            machine.pump(0)
