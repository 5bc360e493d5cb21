# SPDX-License-Identifier: GPL-2.0-or-later
"""Libraries that must be loaded on the main thread."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module


def load_libraries(*more: str) -> None:
    """Load scipy.spatial, onnxruntime and `more`, if installed. Call it on the main thread before other threads work.

    These libraries use pybind11, which stores the Python state of the thread that loads the first of them. A worker's
    state is freed with its task, and a later task in the same thread would crash QGIS: 'Fatal Python error:
    _PyThreadState_Attach: non-NULL old thread state'.
    """
    for name in ("scipy.spatial", "onnxruntime", *more):
        with suppress(Exception):  # missing or broken packages are reported where they are used
            import_module(name)
