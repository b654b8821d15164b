# SPDX-License-Identifier: BSD-2-Clause
"""TAP as the bare guests speak it: a plan, results, and `# done` as the last line."""

import re
from dataclasses import dataclass, field

DONE = r"^# done$"


@dataclass
class Tap:
    planned: int = None
    passed: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    bailed: str = ""
    done: bool = False

    def complaint(self):
        """Why this is no success, in one line, or ''."""
        if self.failed:
            return "failed: " + "; ".join(self.failed)
        if self.bailed:
            return self.bailed
        if not self.done:
            return "no `# done`: the guest did not get to its end"
        ran = len(self.passed) + len(self.skipped)
        if not self.passed:
            return "no test ran"
        if self.planned != ran:
            return f"{ran} results where the plan says {self.planned}"
        return ""


def parse(texts):
    """Reads the lines of one guest. Results must count up from 1: a lost line is a failure."""
    tap = Tap()
    for text in texts:
        plan = re.match(r"1\.\.(\d+)", text)
        result = re.match(r"(not )?ok (\d+)", text)
        if plan:
            tap.planned = int(plan.group(1))
        elif result:
            expected = len(tap.passed) + len(tap.skipped) + len(tap.failed) + 1
            if result.group(1) or int(result.group(2)) != expected:
                tap.failed.append(text)
            elif "# SKIP" in text:
                tap.skipped.append(text)
            else:
                tap.passed.append(text)
        elif text.startswith("Bail out!"):
            tap.bailed = text
        elif re.match(DONE, text):
            tap.done = True
    return tap
