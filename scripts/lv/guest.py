# SPDX-License-Identifier: BSD-2-Clause
"""A shell in a VM, driven over the tagged console.

Each command is framed by two markers that a shell prints but that do not stand in what is typed, so
that echo, kernel messages and the lines of other VMs cannot be taken for its output.
"""

import re
import time

from lv import Failure
from lv.console import plain, unsplit
from lv.machine import Died, Late, deadline

PROMPT = r"[#$] ?$"
# Not the line that it ends with: of a death that a test waited for, that is still to come.
PANIC = r"(?<!end )Kernel panic - not syncing"


class CommandFailed(Failure):
    """A command in a guest ended with another status than 0."""


class Guest:
    def __init__(self, machine, name, vm_id):
        self.machine = machine
        self.name = name
        self.vm_id = vm_id
        self._nr = 0
        self._died = None  # why, when a command waited in vain for a kernel that panicked

    def _frame(self, command):
        self._nr += 1
        return f'echo @@{self._nr}"<";{command}; echo @@{self._nr}">$?."\n'

    def _expect(self, pattern, timeout, partial=False):
        """For what comes from this life or not at all."""
        try:
            return self.machine.expect(self.name, pattern, timeout, partial, PANIC)
        except Died as died:
            self._died = died
            raise

    def start(self, command):
        """Types a command; finish() collects it. Returns what finish() needs."""
        if self._died:
            raise self._died
        self.machine.focus(self.name, self.vm_id)
        since = self.machine.position(self.name)
        self.machine.type(self.name, self._frame(command))
        return command, self._nr, since

    def finish(self, started, timeout=30, check=True):
        """(status, output lines) of a started command. check: a status that is not 0 raises."""
        command, nr, since = started
        end = self._expect(rf"@@{nr}>(\d+)\.", timeout)
        status = int(end.group(1))
        output = []
        for line in unsplit(self.machine.console.by_source[self.name][since:]):
            text = plain(line.text)
            if re.search(rf"@@{nr}<$", text):
                output = []
            elif re.search(rf"@@{nr}>\d+\.", text):
                break
            else:
                output.append(text)
        if check and status:
            said = "; ".join(output[-3:]) or "nothing"
            raise CommandFailed(f"{self.name}: `{command}` ended with {status}, saying: {said}")
        return status, output

    def run(self, command, timeout=30, check=True):
        return self.finish(self.start(command), timeout, check)

    def lines(self, command, timeout=30):
        return self.run(command, timeout)[1]

    def number(self, command, timeout=30):
        """The one number that a command prints; asked again when a kernel message tore it."""
        for _ in range(3):
            output = self.lines(command, timeout)
            for text in output:
                if re.fullmatch(r"\s*\d+\s*", text):
                    return int(text)
        raise Failure(f"{self.name}: `{command}` printed no number but: {output}")

    def wait_shell(self, timeout):
        """Until the shell answers. Types nothing before the guest has printed its prompt."""
        if self._nr:
            self.machine.expect(self.name, PROMPT, timeout, partial=True)
        else:  # the first life: nobody has had a reason to kill it
            self._expect(PROMPT, timeout, partial=True)
        self._died = None
        until = deadline(timeout)
        while True:
            try:
                self.run("true", timeout=10)
                return
            except Late:
                if time.monotonic() > until:
                    raise

    def wait_next_life(self, timeout):
        """Until the shell of the next kernel answers, after a reset or a kexec: the last one's prompt may
        be on the console still, and its first line stand behind that."""
        self.machine.expect(self.name, r"^(\w+# )?ready$", timeout)
        self.wait_shell(timeout)

    def meminfo_kib(self, key="MemTotal"):
        return self.number(f"sed -n 's/^{key}: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo")

    def poweroff(self):
        """Types it and does not wait: the hypervisor says when the VM is off."""
        self.last_words("poweroff -f")

    def reboot(self):
        """Types it and passes over what this life still prints: wait_shell() waits for the next."""
        self.last_words("reboot -f")
        self.machine.expect(self.name, r"reboot: Restarting", 60)

    def last_words(self, command):
        """Types a command from which the shell does not come back, and does not wait."""
        self.machine.focus(self.name, self.vm_id)
        self.machine.type(self.name, command + "\n")
