# SPDX-License-Identifier: GPL-2.0-or-later
"""Libraries that have to be loaded on the main thread."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

BEFORE_WORK = ("scipy.spatial", "onnxruntime")


def load_libraries(*more: str) -> None:
    """On the main thread, before work in another one: load BEFORE_WORK and `more`, as far as they are there.

    pybind11, which they are made with, remembers the Python state of the thread that loads the first of them. That of a
    worker is gone with its task, and a later task in the same thread ends QGIS: 'Fatal Python error:
    _PyThreadState_Attach: non-NULL old thread state'.
    """
    for name in (*BEFORE_WORK, *more):
        with suppress(Exception):  # what is missing or broken is told where it is needed
            import_module(name)
