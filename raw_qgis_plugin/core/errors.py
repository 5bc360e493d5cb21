# SPDX-License-Identifier: GPL-2.0-or-later
"""The errors that people read, and the call by which long work reports progress."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

Progress = Callable[[float], None]
"""Called with a share of the work done, 0 to 1. It raises `Cancelled` to stop the work."""

# What to install for an import, where the two names differ.
PACKAGE_OF_MODULE = {"sklearn": "scikit-learn", "osgeo": "gdal"}


class RawError(Exception):
    """One or two readable sentences: what is wrong, where, and what to do."""


class InputError(RawError):
    """The user's data or parameters cannot be used."""


class BundleError(RawError):
    """A model bundle was refused."""


class MissingLibrary(RawError):
    """A Python package is missing; the message says how to install it."""


class Cancelled(RawError):
    """The user stopped the work."""

    def __init__(self, message: str = "Cancelled.") -> None:
        super().__init__(message)


def no_progress(share: float) -> None:
    """Report nothing."""


def part_of(progress: Progress, start: float, stop: float) -> Progress:
    """A progress for one part of the work: its 0 to 1 is the whole's `start` to `stop`."""
    return lambda share: progress(start + (stop - start) * share)


def require(*names: str) -> None:
    """Raise MissingLibrary naming every one of the importable modules `names` that is not installed."""
    tops = [name.split(".")[0] for name in names if not _installed(name)]
    missing = [PACKAGE_OF_MODULE.get(top, top) for top in dict.fromkeys(tops)]
    if missing:
        packages = ", ".join(missing)
        raise MissingLibrary(
            f"Missing Python package{'s' * (len(missing) > 1)}: {packages}. Install with the Python that runs this "
            f"(in QGIS, its own): python -m pip install {' '.join(missing)}"
        )


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # a parent package is missing, or the module was put there by hand
        return False
