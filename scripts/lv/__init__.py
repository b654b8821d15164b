# SPDX-License-Identifier: BSD-2-Clause
"""What scripts/run, scripts/demo and the on-target tests share."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"


class Failure(Exception):
    """Something a person has to read: one line that says what and where."""
