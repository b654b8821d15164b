# SPDX-License-Identifier: BSD-2-Clause
"""The tagged console, taken apart.

One physical UART carries every VM: a line starts with `[name] `, the hypervisor's own with
`[lendvisor] `, what firmware prints with no tag at all (source ""). A line that is not complete yet
(a prompt) is visible too; when another source prints meanwhile, the hypervisor closes it with a
newline and shows it again, whole, when it continues. So a closed piece is followed, after lines of
others, by a line of the same source that begins with it: unsplit() drops such pieces.
"""

import re
import time
from collections import defaultdict, namedtuple

HYPERVISOR = "lendvisor"
FIRMWARE = ""

REDRAW = b"\r\x1b[K"  # the hypervisor writes an incomplete line anew, from its tag on
TAG = re.compile(rb"^\[([A-Za-z0-9_-]{1,31})\](?: |$)")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# nr: its place in the whole console. at: seconds since the console was opened.
Line = namedtuple("Line", "nr source text at")


def split_tag(raw):
    """(source, text) of one physical line, without its line end."""
    raw = raw.rstrip(b"\r\n").split(REDRAW)[-1]
    tag = TAG.match(raw)
    source = tag.group(1).decode() if tag else FIRMWARE
    text = raw[tag.end():] if tag else raw
    while b"\b \b" in text:
        text = re.sub(rb"[^\b]?\x08 \x08", b"", text, count=1)
    return source, text.decode("utf-8", "replace")


def plain(text):
    """Text without terminal escapes and control characters, and without what a CR overwrote."""
    return ESCAPES.sub("", text).replace("\r", "")


def unsplit(lines):
    """The lines of one source without the pieces that were closed by another source's line."""
    whole = []
    for line in lines:
        before = whole[-1] if whole else None
        if before and before.text and line.nr > before.nr + 1 and line.text.startswith(before.text):
            whole.pop()
        whole.append(line)
    return whole


class Demux:
    """Feed it bytes; it keeps the lines, in order and per source."""

    def __init__(self):
        self.lines = []
        self.by_source = defaultdict(list)
        self._chars = defaultdict(int)
        self._rest = b""
        self._start = time.monotonic()

    def feed(self, data):
        """Takes what was read, returns the lines that became complete."""
        pieces = (self._rest + data).split(b"\n")
        self._rest = pieces.pop()
        now = time.monotonic() - self._start
        new = []
        for raw in pieces:
            source, text = split_tag(raw)
            new.append(Line(len(self.lines) + len(new), source, text, now))
            self.by_source[source].append(new[-1])
            self._chars[source] += len(text) + 1
        self.lines += new
        return new

    def finish(self):
        """At the end of the console: an incomplete line counts as a line."""
        return self.feed(b"\n") if self._rest else []

    def partial(self, source):
        """The incomplete line if it is this source's, else ''."""
        if not self._rest:
            return ""
        owner, text = split_tag(self._rest)
        return text if owner == source else ""

    def printed(self, source):
        """Characters that source has printed so far, its incomplete line included."""
        return self._chars[source] + len(self.partial(source))
