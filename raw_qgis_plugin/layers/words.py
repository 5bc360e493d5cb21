# SPDX-License-Identifier: GPL-2.0-or-later
"""Words in the language of QGIS, and the names of layers."""

from __future__ import annotations

from ..core.errors import translated as tr
from ..core.times import UTC, find_zone

ZONE = "raw/timezone"  # property of a layer: the time zone that belongs to it
# property of an output: the names of the layers or the file that it was made of
MADE_OF = "raw/made_of"
# property of an output: the path of the model that made it, '' for the shipped one
MADE_BY = "raw/made_by"
MADE = "raw/made"  # property of an output: the local date and time when it was loaded


def clock_words(zone: str) -> str:
    """The clock of hours that are shown: a time zone's, or solar where none was chosen."""
    return tr("solar time") if find_zone(zone) is UTC else zone


def count_users(n: int) -> str:
    """'1 user' or '12 users'."""
    return tr("1 user") if n == 1 else tr("{n:,} users", n=n)


def count_people(n: int) -> str:
    """'1 person' or '12 people'."""
    return tr("1 person") if n == 1 else tr("{n:,} people", n=n)


def count_fixes(n: int) -> str:
    """'1 fix' or '12 fixes'."""
    return tr("1 fix") if n == 1 else tr("{n:,} fixes", n=n)


def count_tracks(n: int) -> str:
    """'1 track' or '12 tracks'."""
    return tr("1 track") if n == 1 else tr("{n:,} tracks", n=n)
