# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors with messages for users, and progress reports of long work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec

Progress = Callable[[float], None]
"""A function of the finished share of the work, 0 to 1. It raises `Cancelled` to stop the work."""

translate: Callable[[str], str] = str  # from English; translation.py sets it
speaks = ""  # the .ts file that it translates by, such as …/i18n/raw_pt.ts; '' for English

# Modules of the packages whose names differ from theirs; of two packages with one module, the last
# is named in errors
MODULE_OF = {
    "onnxruntime-gpu": "onnxruntime",
    "onnxruntime": "onnxruntime",
    "scikit-learn": "sklearn",
    "gdal": "osgeo",
}


class RawError(Exception):
    """An error with one or two sentences: what is wrong, where, and what to do, in the language of
    the plugin.

    words, values: of `translated`; words are a literal, which resources/i18n/update.py collects.
    """

    def __init__(self, words: str, /, **values: object) -> None:
        super().__init__(translated(words, **values).strip())


class InputError(RawError):
    """The user's data or parameters cannot be used."""


class BundleError(RawError):
    """A model bundle was refused."""


class MissingLibrary(RawError):
    """A Python package is missing; the message says how to install it."""


class Cancelled(RawError):
    """The user stopped the work."""

    def __init__(self, words: str = "Cancelled.", /, **values: object) -> None:
        super().__init__(words, **values)


_is_cancelled: ContextVar[Callable[[], bool]] = ContextVar("is_cancelled", default=bool)


@contextmanager
def cancellable(is_cancelled: Callable[[], bool]) -> Iterator[None]:
    """Within it, in this thread, work that waits for another process ends with Cancelled once
    `is_cancelled()`.
    """
    token = _is_cancelled.set(is_cancelled)
    try:
        yield
    finally:
        _is_cancelled.reset(token)


def check_cancelled() -> None:
    """Raise Cancelled if the user has stopped the work, see `cancellable`."""
    if _is_cancelled.get()():
        raise Cancelled


def translated(words: str, /, **values: object) -> str:
    """A text for users in the language of the plugin, in English without it. values: for its
    braces, else as is.
    """
    return translate(words).format(**values) if values else translate(words)


def no_progress(share: float) -> None:
    """Report nothing."""


def part_of(progress: Progress, start: float, stop: float) -> Progress:
    """A progress for the part of the work from the share `start` to the share `stop`."""
    return lambda share: progress(start + (stop - start) * share)


def require(*names: str) -> None:
    """Raise MissingLibrary with all of the modules `names` that are not installed."""
    known = {module: package for package, module in MODULE_OF.items()}
    tops = (name.split(".")[0] for name in names if not is_installed(name))
    missing = list(dict.fromkeys(known.get(top, top) for top in tops))
    if missing:
        raise MissingLibrary(
            "Missing Python packages: {packages}. In QGIS install from Plugins → RAW → Packages; "
            "elsewhere with the Python that runs this: python -m pip install {names}",
            packages=", ".join(missing),
            names=" ".join(missing),
        )


def is_installed(module: str) -> bool:
    """Whether a module can be found. It is not imported, though the packages around it are."""
    try:
        return find_spec(module) is not None
    except (
        ImportError,
        ValueError,
    ):  # a parent package is missing, or the module was put there by hand
        return False
