# SPDX-License-Identifier: BSD-2-Clause
"""Debian 12's python3-libfdt, from which many a call costs a reference to None that it does not own.

When all are gone, at the latest at its end, Python aborts ("none_dealloc"): so some are given beforehand.
"""

import ctypes

import libfdt  # noqa: F401

SPARE_REFERENCES = 1 << 17

for _ in range(SPARE_REFERENCES):
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))
