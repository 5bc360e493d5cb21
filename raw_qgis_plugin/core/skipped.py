# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes that are not used, counted by reason."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import translated

NO_READABLE_TIME = "no time that can be read"
UNLIKELY_TIME = "time before 1900 or after 2100"
OUTSIDE = "position outside the world"
VAGUE = "position known to over a kilometre only"


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
                "If the coordinates are not degrees, set the coordinate system of the layer or file."
            )
        words = translated(
            "Write times as 2024-07-01 08:30:00, with a zone or in that of TIMEZONE, or as seconds since 1970. If the "
            "date is in another field, make one field of both."
        )
        return words if self and not set(self) - {NO_READABLE_TIME, UNLIKELY_TIME} else ""

    @property
    def why(self) -> str:
        """The reasons in plain words, with counts where there are several."""
        plain = {"duplicate": "at the time of another fix of the same track"}
        found = [(translated(plain.get(reason, reason)), count) for reason, count in self.items()]
        found.sort(key=lambda each: -each[1])
        return ", ".join(
            f"{count:,} {words}" if len(found) > 1 else words for words, count in found
        )

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
