# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes that are not used, counted by reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from .errors import translated

NO_READABLE_TIME = "no time that can be read"
UNLIKELY_TIME = "time before 1900 or after 2100"
OUTSIDE = "position outside the world"
VAGUE = "position known to over a kilometre only"
UNREADABLE = "unreadable row"
QUOTED = "inside a quote that an earlier row opens"
OTHER_LAYER = "in another layer of the file"
WAYPOINT = "waypoint or point of a route"
RAW_SIGNAL = "raw signal of a timeline"


class Skipped(dict[str, int]):
    """Fixes that were skipped: reason in words -> count."""

    about = "{fixes} skipped: {why}."
    files: Sequence[str] = ()  # of a folder, that were not read

    def add(self, reason: str, count: int) -> None:
        """Count more fixes for a reason."""
        if count:
            self[reason] = self.get(reason, 0) + int(count)

    @property
    def advice(self) -> str:
        """What to change, where all skipped fixes have times or positions that cannot be used; else
        ''.
        """
        if set(self) == {OUTSIDE}:
            return translated(
                "If the coordinates are not degrees, set the coordinate system of the layer or "
                "file."
            )
        words = translated(
            "Write times as 2024-07-01 08:30:00, with a zone or in that of TIMEZONE, or as "
            "seconds since 1970. If the date is in another field, make one field of both."
        )
        return words if self and not set(self) - {NO_READABLE_TIME, UNLIKELY_TIME} else ""

    @property
    def why(self) -> str:
        """The reasons in plain words, with counts where there are several."""
        plain = {"duplicate": "at the time of another fix of the same track"}
        parts = []
        for reason, count in sorted(self.items(), key=lambda each: -each[1]):
            words = translated(plain.get(reason, reason))
            if len(self) > 1:
                words = f"{count:,} {words}"
            parts.append(words)
        return ", ".join(parts)

    @property
    def total(self) -> int:
        """Fixes skipped for any reason."""
        return sum(self.values())

    def __str__(self) -> str:
        fixes = translated("1 fix") if self.total == 1 else translated("{n:,} fixes", n=self.total)
        words = (
            translated(self.about, fixes=fixes, why=self.why)
            if self
            else translated("No fix was skipped.")
        )
        if self.files:
            names = ", ".join(self.files[:5]) + ", …" * (len(self.files) > 5)
            words += " " + translated(
                "Files not read (another kind, or no time and position): {names}.", names=names
            )
        return words


class LeftOut(Skipped):
    """Good fixes that a kind of unit does not use: reason in words -> count."""

    about = "{fixes} left out: {why}."


class Table(Protocol):
    """What the tables of readers have in common."""

    def __len__(self) -> int:
        """The number of rows."""


T = TypeVar("T", bound=Table)


@dataclass
class Rows:
    """The rows of one file under way: how many it holds, and which of them were skipped.

    Each reader counts what the file holds apart from what it gives, in `held`.
    """

    skipped: Skipped = field(default_factory=Skipped)
    held: int = 0
    told: int = 0  # of these, the skipped ones

    def skip(self, reason: str, count: int) -> None:
        """Count rows of the file that are not given, for a reason."""
        self.held += count
        self.told += count
        self.skipped.add(reason, count)

    def balanced(self, tables: Iterator[T]) -> Iterator[T]:
        """The same tables. In the end the rows that the file holds were given or are skipped."""
        given = 0
        for table in tables:
            given += len(table)
            yield table
        self.skipped.add(UNREADABLE, max(self.held - self.told - given, 0))
