# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of a publication."""

from __future__ import annotations

from dataclasses import dataclass

from ..specs import MIN_USERS, Spec, option


@dataclass(frozen=True)
class PublishSpec(Spec):
    """Figures as they may leave the desk."""

    kind: str = option(
        "regions",
        "What to publish",
        "regions: who was in each. flows: who went from zone to zone. zones: who began or ended a "
        "trip in each.",
        choices=("regions", "flows", "zones"),
    )
    rho: float = option(
        1.0,
        "Price (ρ)",
        "How well a person's presence can be guessed, from all rows and figures together. Half the "
        "price is 1.4 times the noise.",
        minimum=0.01,
        maximum=10,
    )
    rows: int = option(
        40,
        "Rows that a person counts in, at most",
        "Of people in more rows so many count, chosen at random. A quarter of the rows is half the "
        "noise, but figures are of fewer people.",
        minimum=1,
        maximum=1000,
    )
    min_users: int = option(
        MIN_USERS,
        "Minimum users per row",
        "A row is shown if its number of users, with noise, is so large.",
        minimum=1,
    )
    max_rho: float = option(
        3.0,
        "Highest price of all publications together",
        "The ledger in the profile adds up what publications of the same people have cost.",
        minimum=0.01,
        maximum=1000,
    )
    labels: bool = option(
        False,
        "Labels of the visitors of regions",
        "Residents, workers, commuters and modes of transport. They take a part of the price, and "
        "as long as a travel diary.",
    )
