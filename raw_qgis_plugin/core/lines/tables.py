# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of lines: a row a line of transport or a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RAIL = ("subway", "tram", "train")
KINDS = (*RAIL, "bus", "ferry", "road", "stop")

# What files call the kinds, in lower case. OpenStreetMap's keys, and words of open data of cities
KIND_OF_WORD = {
    **{kind: kind for kind in KINDS},
    "metro": "subway",
    "underground": "subway",
    "u-bahn": "subway",
    "monorail": "subway",
    "light_rail": "tram",
    "light rail": "tram",
    "streetcar": "tram",
    "tramway": "tram",
    "stadtbahn": "tram",
    "rail": "train",
    "railway": "train",
    "narrow_gauge": "train",
    "funicular": "train",
    "s-bahn": "train",
    "trolleybus": "bus",
    "coach": "bus",
    "ferry route": "ferry",
    "street": "road",
    "station": "stop",
    "halt": "stop",
    "platform": "stop",
    "tram_stop": "stop",
    "bus_stop": "stop",
}


@dataclass(frozen=True)
class Lines:
    """n lines and stops in WGS84, in the order of their files.

    kind: (n,) object, of KINDS. name: (n,) object str, what passengers call the line, '' if nobody
    says. shape: (n,) object, shapely lines, and points of stops. opened, closed: (n,) datetime64[D]
    first and last day, NaT where it is not known.
    """

    kind: np.ndarray
    name: np.ndarray
    shape: np.ndarray
    opened: np.ndarray
    closed: np.ndarray

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, rows: np.ndarray) -> Lines:
        """The lines of some rows (numbers or a mask)."""
        return Lines(*(column[rows] for column in vars(self).values()))


def lines_of(
    kind: Sequence[str] | np.ndarray,
    name: Sequence[str] | np.ndarray,
    shape: Sequence[object] | np.ndarray,
    opened: np.ndarray | None = None,
    closed: np.ndarray | None = None,
) -> Lines:
    """A table of lines of the columns that there are."""
    never = np.full(len(kind), np.datetime64("NaT", "D"))
    shapes = np.empty(len(kind), object)
    shapes[:] = list(shape)
    return Lines(
        kind=np.array([*kind], object),
        name=np.array([*name], object),
        shape=shapes,
        opened=never if opened is None else opened,
        closed=never if closed is None else closed,
    )


def concat(tables: Sequence[Lines]) -> Lines:
    """All lines of several tables."""
    if not tables:
        return lines_of([], [], [])
    columns = zip(*(vars(table).values() for table in tables))
    return Lines(*(np.concatenate(column) for column in columns))
