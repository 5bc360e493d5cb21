# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures as they may leave the desk: sums with fresh noise, of people who each count in few rows.

All figures of all rows together have one price. Everything behind the noise is computed from noisy
sums alone, so it costs nothing: which rows are shown, shares, ranks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from ..arrays import Array, Columns, rank_within
from .accounting import epsilon_of, least_shown, within
from .contributions import Bounded, Contributions, Figure, bound_rows, bounded_sums
from .gaussian import discrete_gaussian
from .spec import PublishSpec

PEOPLE = Figure(("n_users",), 1, 1, 0.8)  # of every publication: it decides which rows are shown
CAP = 5  # of one person's visits or trips in a row, so many count
BEYOND = 0.01  # share of the price for the number of people who are in more rows than count
# A figure is shown from so many standard deviations of its noise on: 95 % of the shown ones are off
# by at most 10 % then, and shares by at most 0.1
PRECISE = 20.0
MAX_DEVIATION_UNITS = 2000.0  # keeps the whole numbers of the exact noise small


@dataclass(frozen=True)
class Table:
    """What could be published: n rows, and what people add to them.

    names: (n,) text by field, which tell the rows apart. shapes: (n,) shapely in degrees, or None.
    known: whether the rows would be the same whoever is in the data, as regions are that the
    analyst brings, and pairs of zones that somebody went between are not.
    """

    names: Mapping[str, Array]
    shapes: Array
    contributions: Contributions
    figures: tuple[Figure, ...]
    known: bool


@dataclass(frozen=True)
class Publication:
    """What leaves the desk, and what its reader has to know.

    columns: (n,) text or float64 each, nan for what is not shown. beyond: how many people are in
    more rows than count, with noise. within_95: the noise of n_users is no larger in 95 % of cases.
    least: of n_users, in a row that is shown.
    """

    columns: Columns
    shapes: Array
    rho: float
    beyond: int
    within_95: int
    least: int


@dataclass(frozen=True)
class Noisy:
    """Sums with noise. values: (figures, n) float64. deviation: the standard deviation of each."""

    figure: Figure
    values: Array
    deviation: float


def publish(table: Table, spec: PublishSpec) -> Publication:
    """Draw a publication of a table. Nobody may see a draw that the ledger does not keep."""
    bounded = bound_rows(table.contributions, spec.rows)
    noisy = [add_noise(bounded, figure, rho, table) for figure, rho in prices(table, spec)]
    people = next(each for each in noisy if each.figure is PEOPLE)

    least = max(spec.min_users, least_shown(people.deviation, spec.rows, table.known))
    shown = people.values[0] >= least
    rows = np.arange(len(shown))
    if not table.known:
        rows = in_order_of_names(table, np.flatnonzero(shown))

    columns = {name: values[rows].astype(str) for name, values in table.names.items()}
    for name, values in shown_figures(noisy).items():
        columns[name] = np.where(shown, values, np.nan)[rows]
    within_95 = within(people.deviation)
    columns["suppressed"] = ~shown[rows]
    columns["rho"] = np.full(len(rows), spec.rho)
    columns["epsilon"] = np.full(len(rows), round(epsilon_of(spec.rho), 2))
    columns["within_95"] = np.full(len(rows), float(within_95))
    if "slice" in columns:
        columns["rank"] = ranks(columns)
    beyond = noisy_beyond(bounded, spec)
    shapes = table.shapes[rows]
    return Publication(columns, shapes, spec.rho, beyond, within_95, least)


def prices(table: Table, spec: PublishSpec) -> list[tuple[Figure, float]]:
    """The price of each figure in one row, so that spec.rows rows of all figures cost spec.rho."""
    whole = sum(figure.share for figure in table.figures)
    in_a_row = spec.rho * (1 - BEYOND) / spec.rows
    return [(figure, in_a_row * figure.share / whole) for figure in table.figures]


def add_noise(bounded: Bounded, figure: Figure, rho: float, table: Table) -> Noisy:
    """Sums of bounded contributions in each row, with fresh noise. rho: the price of one row."""
    variance = figure.bound**2 / (2 * rho)
    units = 1
    if not figure.whole:
        units = int(np.clip(MAX_DEVIATION_UNITS / sqrt(variance), 1, 100))
    sums = bounded_sums(bounded.kept, figure, units, len(table.shapes))

    # rounded up, so that the price is never more
    in_units = ceil(variance * units**2)
    noise = discrete_gaussian(in_units, sums.size)
    values = (sums + noise.reshape(sums.shape)) / units
    return Noisy(figure, values, sqrt(in_units) / units)


def noisy_beyond(bounded: Bounded, spec: PublishSpec) -> int:
    """How many people were in more rows than count, with noise: each of them changes it by one."""
    variance = ceil(0.5 / (spec.rho * BEYOND))
    [noise] = discrete_gaussian(variance, 1)
    return max(0, bounded.beyond + int(noise))


def shown_figures(noisy: list[Noisy]) -> Columns:
    """(n,) each figure, as a whole number or a share; nan where its noise is too large for it."""
    found = {}
    for each in noisy:
        enough = each.values >= PRECISE * each.deviation
        figures = dict(zip(each.figure.names, each.values))
        if each.figure is PEOPLE:
            found["n_users"] = np.floor(each.values[0] + 0.5)
        elif each.figure.of_first:
            whole = np.where(enough[0], each.values[0], np.nan)
            for name in each.figure.names[1:]:
                share = np.clip(figures[name] / whole, 0.0, 1.0)
                found[name] = np.round(share, 2)
        else:
            for name, precise in zip(figures, enough):
                rounded = np.floor(figures[name] + 0.5)
                found[name] = np.where(precise, rounded, np.nan)
    return found


def in_order_of_names(table: Table, rows: Array) -> Array:
    """Rows in the order of their names: another order could tell of what is not published."""
    names = [values[rows].astype(str) for values in table.names.values()]
    return rows[np.lexsort(names[::-1])]


def ranks(columns: Mapping[str, Array]) -> Array:
    """(n,) 1 for most people between two zones in a slice of time; nan within a zone."""
    is_between = columns["from_zone"] != columns["to_zone"]
    between = np.flatnonzero(is_between)
    people = columns["n_users"][between]
    _, part = np.unique(columns["slice"][between], return_inverse=True)
    rank = np.full(len(is_between), np.nan)
    rank[between] = rank_within(part, people) + 1.0
    return rank
