# SPDX-License-Identifier: BSD-2-Clause
"""Ballooning in dynamic mode: the driver grows and shrinks by itself. Leaves the targets at 0."""

from lv import ballooning

MODE = "dynamic"


def scenario(s):
    ballooning.moves(s)
