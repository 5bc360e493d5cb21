# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of every operation. See options.py for what is made of them."""

from __future__ import annotations

from dataclasses import dataclass

from .options import Spec, option


@dataclass(frozen=True)
class EncounterSpec(Spec):
    """Who was near whom at the same time."""

    distance_m: float = option(
        50.0, "Distance", "Two users within this distance are near each other.", unit="m", minimum=1
    )
    min_minutes: float = option(
        1.0, "Minimum duration (minutes)", "Shorter encounters are left out: the two only pass.", minimum=0.1
    )
    max_gap_min: float = option(
        60.0, "Longest gap", "In longer gaps between two fixes of a user there are no encounters.",
        unit="min", minimum=0, advanced=True,
    )  # fmt: skip
    min_probability: float = option(
        0.5, "Minimum probability", "Less likely encounters are left out.", minimum=0.01, maximum=1, advanced=True
    )
