# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts of the algorithms' messages, and how text parameters are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.labels import CardData
from ..environment import packages
from ..layers.words import count_fixes, count_tracks, count_users, tr

if TYPE_CHECKING:
    from ..core.tracks import Tracks


def describe(tracks: Tracks) -> str:
    """The number of fixes, users and tracks, and the first and last time."""
    import numpy as np

    if not len(tracks):
        return tr("No fix could be read.")
    first, last = np.datetime_as_string(
        np.array([tracks.t.min(), tracks.t.max()], "datetime64[ms]"), unit="m"
    )
    return tr(
        "Read {fixes} of {users} in {tracks}, from {first} to {last} UTC.",
        fixes=count_fixes(len(tracks)),
        users=count_users(tracks.n_users),
        tracks=count_tracks(tracks.n_tracks),
        first=first.replace("T", " "),
        last=last.replace("T", " "),
    )


def describe_head(head: CardData, asked: bool = True) -> str:
    """What a head answers, and how far it can be trusted."""
    from ..layers.legends import verdict_of

    words = [
        f"{head.get('title') or head['name']}.",
        verdict_of(head),
        "" if asked else tr("Not asked."),
    ]
    return tr("Task {name}: ").format(name=head["name"]) + " ".join(filter(None, words))


def one_user() -> str:
    """The warning where nothing named the users."""
    return tr(
        "No field names the users, so all fixes are one user's. Choose it as USER_FIELD, or give "
        "the word none."
    )


def names_of(value: Any) -> list[str] | None:
    """A list of names given as text with commas, or as a list; None where it is empty."""
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    return [str(part).strip() for part in parts if str(part).strip()] or None


def broken_package(error: ImportError) -> str:
    """The message for a package that is installed but does not load: which one, why, and what to
    do.
    """
    return tr(
        "The Python package {name} is installed but does not work: {error}. Plugins → RAW → "
        "Packages shows which packages are broken, and installs them again.",
        name=(error.name or "").split(".")[0],
        error=error,
    )


def how_to_install(*groups: str) -> str:
    """The message for missing packages: all that RAW lacks, also where a part of RAW could do with
    less.
    """
    missing = [name for group in groups or ("runtime",) for name in packages.lacking(group)]
    return tr(
        "RAW needs Python packages that QGIS's Python lacks: {names}. Plugins → RAW → Packages "
        "installs them. On a machine without a screen: python -m pip install --user {names_}, "
        "with QGIS's own Python.",
        names=", ".join(missing),
        names_=" ".join(missing),
    )


def group_title(group: str) -> str:
    """The title of a group."""
    titles = {
        "data": tr("Data"),
        "people": tr("People"),
        "regions": tr("Regions"),
        "forecasts": tr("Forecasts"),
    }
    return titles.get(group) or tr("Models")


def time_left(seconds: float) -> str:
    """A duration as rounded text."""
    if seconds < 60:
        return tr("about {n} s").format(n=max(5, 5 * round(seconds / 5)))
    if seconds < 90 * 60:
        return tr("about {n} min").format(n=max(1, round(seconds / 60)))
    return tr("about {n:.1f} h").format(n=seconds / 3600)
