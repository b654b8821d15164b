# SPDX-License-Identifier: BSD-2-Clause
"""A directory of logs: raw.log as it came, one file per source with the tags taken off."""

from pathlib import Path

from lv.console import FIRMWARE


class LogDir:
    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        for old in self.path.glob("*.log"):
            old.unlink()
        self._raw = open(self.path / "raw.log", "wb", buffering=0)
        self._files = {}

    def raw(self, data):
        self._raw.write(data)

    def line(self, line):
        name = line.source if line.source != FIRMWARE else "firmware"
        if name not in self._files:
            self._files[name] = open(self.path / (name + ".log"), "w", buffering=1)
        self._files[name].write(line.text + "\n")

    def close(self):
        for file in [self._raw, *self._files.values()]:
            file.close()
