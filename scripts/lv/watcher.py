# SPDX-License-Identifier: BSD-2-Clause
"""`lendctl watch` in a guest, and what it has told."""

import json

LOG = "/tmp/watcher.log"
PID = "/tmp/watcher.pid"


class Watcher:
    """It only tells: --no-action."""

    def __init__(self, vm):
        self.vm = vm
        vm.run(f"(setsid lendctl watch --json --no-action </dev/null >{LOG} 2>&1 & echo $! >{PID})")
        # It holds the socket once it shows in the list of them, protocol 15, and a group is joined.
        vm.run("until awk '$2 == 15 && $4 != 0 { n++ } END { exit !n }' /proc/net/netlink; do sleep 0.1; done", 60)

    def stop(self):
        self.vm.run(f"kill $(cat {PID})")

    def told(self, event):
        """All of one kind, as dicts."""
        lines = [json.loads(line) for line in self.vm.run(f"cat {LOG}") if line.startswith("{")]
        return [line for line in lines if line.pop("event") == event]

    def wait(self, event, nr=1):
        """The nr-th of one kind, as soon as it was told."""
        found = []

        def is_there():
            found[:] = self.told(event)
            return len(found) >= nr
        self.vm.until(is_there, lambda: f"{nr} events of {event}: {found}")
        return found[nr - 1]
