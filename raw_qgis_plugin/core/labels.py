# SPDX-License-Identifier: GPL-2.0-or-later
"""The registry of labels: all that is said of users and regions without a head of the model.

A label has a card as a head has. TASKS, legends, cards, the dock and the reference take labels and
heads alike from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InputError, translated

MODES = ("walk", "bike", "motor vehicle", "rail")
SHORT_MODES = ("walk", "bike", "motor", "rail")  # MODES in the names of fields
YES, NO = "yes", "no"
CardData = dict[str, Any]  # what card.json says of a model, or of one of its heads
UNKNOWN = "unknown"  # what has no answer; its reason stands in `why`


@dataclass(frozen=True)
class Label:
    """A label that needs no head.

    card: what legends, cards and expressions need to know, as of a head. columns: others than its
    own that belong to it.
    """

    card: CardData
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the label and of its column."""
        return self.card["name"]

    @property
    def every_column(self) -> tuple[str, ...]:
        """Its own column and those that belong to it."""
        return self.name, *self.columns


OF_USERS = (
    Label(
        {"name": "commuter", "kind": "binary", "classes": [NO, YES], "title": "Commuter"},
        ("commuter_p", "work_days", "weekdays_seen"),
    ),
    Label(
        {
            "name": "main_mode",
            "kind": "classes",
            "classes": list(MODES),
            "title": "Main mode of transport",
        }
    ),
    Label(
        {"name": "rail_user", "kind": "binary", "classes": [NO, YES], "title": "Rail user"},
        ("rail_p",),
    ),
    Label(
        {
            "name": "trips_a_day",
            "kind": "number",
            "title": "Trips a day",
            "unit_of_measure": "per day",
        },
        ("trips_a_day_low", "trips_a_day_high"),
    ),
    Label(
        {
            "name": "rail_trips",
            "kind": "number",
            "title": "Trips by rail",
            "unit_of_measure": "a week",
        },
        ("rail_trips_low", "rail_trips_high"),
    ),
    *(
        Label({"name": f"share_{mode}", "kind": "number", "title": f"Share of trips: {mode}"})
        for mode in SHORT_MODES
    ),
)
OF_REGIONS = tuple(
    Label({"name": name, "kind": "number", "title": title}, (f"{name}_low", f"{name}_high"))
    for name, title in (
        ("residents", "Residents"),
        ("workers", "Workers"),
        ("share_commuters", "Share of commuters"),
        *((f"share_{mode}", f"Share of trips: {mode}") for mode in SHORT_MODES),
    )
)
BY_UNIT = {"user": OF_USERS, "region": OF_REGIONS}


def cards_of(unit: str, heads: Sequence[CardData]) -> list[CardData]:
    """The cards of all labels of a unit, and of heads after them."""
    return [*(label.card for label in BY_UNIT.get(unit, ())), *heads]


def choose_labels(
    unit: str, heads: Sequence[CardData], tasks: Sequence[str] | None
) -> tuple[Label, ...]:
    """The labels of a unit that are among the names, or all without names.

    A name that a head has too is the head's, which somebody taught.
    """
    labels = BY_UNIT.get(unit, ())
    if not tasks:
        return labels

    wanted = {*tasks} - {head["name"] for head in heads}
    return tuple(label for label in labels if label.name in wanted)


def choose_heads(
    unit: str, heads: Sequence[CardData], tasks: Sequence[str] | None
) -> list[CardData]:
    """The heads that are among the names, or all without names.

    heads: of the unit. Raises InputError for a name that is neither a head nor a label.
    """
    if not tasks:
        return [*heads]

    by_name = {head["name"]: head for head in heads}
    known = [*(label.name for label in BY_UNIT.get(unit, ())), *by_name]
    for task in tasks:
        if task not in known:
            raise InputError(
                "There is no label '{name}' for a {unit}. There are: {known}.",
                name=task,
                unit=translated(unit),
                known=", ".join(known) or "–",
            )

    return [by_name[task] for task in dict.fromkeys(tasks) if task in by_name]


def columns_of(labels: Sequence[Label], columns: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """The columns without those of other labels of the unit."""
    every = {name for label in BY_UNIT[unit] for name in label.every_column}
    chosen = {name for label in labels for name in label.every_column}
    left_out = every - chosen
    return {name: values for name, values in columns.items() if name not in left_out}
