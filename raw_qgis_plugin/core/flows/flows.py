# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows: trips added up from zone to zone, by slices of time and by mode, with few people withheld.

The trips between two zones in a slice of time are a cell. Cells are found, those of few people are
withheld, figures are computed, and the rows are put in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, Columns, group_quantile, rank_within, sparse_counts, take_rows
from ..disclosure.thresholds import withheld
from ..errors import InputError, Progress, no_progress, require, translated
from ..labels import SHORT_MODES
from ..mobility.diary import find_diary
from ..mobility.journeys import find_journeys, tracks_as_journeys
from ..mobility.tables import Journeys
from ..specs import FlowSpec, TripSpec
from ..times import DAY_MS, HOUR_MS, local_ms
from .zones import Zones, hexagons

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..tracks import Tracks

MODES = (*SHORT_MODES, "unknown")
BY_MODE = tuple(f"trips_{mode}" for mode in MODES)
MEDIANS = ("minutes", "metres")
FIRST_HOURS = {"hour": range(24), "daypart": (0, 6, 10, 15, 20)}  # of slices


@dataclass(frozen=True)
class Flows:
    """Trips between zones, of `flows`: columns by name, nan for figures of few people.

    matrix: from_zone, to_zone (None in the row of all withheld pairs of a slice), slice (text),
    main_mode, n_users, n_trips, BY_MODE (expected trips: sums of probabilities), minutes and metres
    (medians), rank (1 for most trips of the slice, between two zones). ways: (rows, 2, 2) lon and
    lat of points inside the zones of each row. of_zones: zone, n_out, n_in, n_within, n_trips,
    n_users, balance (in less out).
    """

    matrix: Columns
    ways: Array
    of_zones: Columns
    shapes: Array  # of these zones
    words: str  # how many trips there are, and how many of them are in no table


@dataclass(frozen=True)
class ZonedTrips:
    """The m trips that count. begin, end: (m,) zones. part: (m,) slice of the departure.

    slices: names of the slices. words: how many trips there are, and how many do not count.
    """

    trips: Journeys
    zones: Zones
    begin: Array
    end: Array
    part: Array
    slices: Array
    words: str

    @property
    def no_zone(self) -> int:
        """What stands for no zone: the number after the last one."""
        return len(self.zones.names)

    @property
    def n_users(self) -> int:
        """Number of people, those without trips too."""
        return len(self.trips.user_ids)

    @property
    def by_mode(self) -> Array:
        """(m, 5) probability of each of MODES."""
        known = self.trips.mode_p
        unknown = np.maximum(1.0 - known.sum(axis=1), 0.0)
        return np.column_stack([known, unknown])


@dataclass(frozen=True)
class Cells:
    """Trips by pairs of zones and slices of time.

    part, begin, end: (c,) of each cell; `no_zone` for none. trip: (k,) rows of
    the trips, cell: (k,) the cell of each. people: sparse (c, n_users), how many trips of each cell
    are each person's.
    """

    part: Array
    begin: Array
    end: Array
    trip: Array
    cell: Array
    people: csr_matrix


def find_flows(
    tracks: Tracks,
    model: Model | None,
    zones: Zones | None,
    spec: FlowSpec,
    progress: Progress = no_progress,
    clock: str = "",
) -> Flows:
    """Trips of tracks between zones, None for hexagons. tracks: one each user, or each trip
    (spec.trips 'tracks'). clock: the time zone of slices.
    """
    return flows(trips_of(tracks, model, spec, progress), zones, spec, clock)


def trips_of(
    tracks: Tracks, model: Model | None, spec: TripSpec, progress: Progress = no_progress
) -> Journeys:
    """The trips of tracks: from stop to stop, or each track as one."""
    if spec.trips == "tracks":
        return tracks_as_journeys(tracks)
    return find_journeys(find_diary(tracks, model, progress=progress))


def flows(trips: Journeys, zones: Zones | None, spec: FlowSpec, clock: str = "") -> Flows:
    """Add up trips between zones, None for hexagons. clock: the time zone of slices.

    Pairs of fewer than min_users persons are left out, of those that one person dominates only
    n_users is shown. The trips of both are added up in one row a slice. Hexagons of few people,
    which would show where they were, are left out.
    """
    zoned = trips_in_zones(trips, zones, spec, clock)
    of_zones = zone_figures(zoned, spec.min_users)
    shown_zones = np.full(len(zoned.zones.names), True)
    if zones is None:
        shown_zones = ~np.isnan(of_zones["n_users"])

    cells = with_withheld_together(zoned, spec.min_users)
    figures = cell_figures(zoned, cells, spec.min_users)
    is_pair = cells.begin < zoned.no_zone
    is_shown = is_pair & ~np.isnan(figures["n_users"])
    matrix = {
        **names_of_cells(zoned, cells),
        **figures,
        "rank": ranks(cells, figures["n_trips"], is_shown),
    }

    order = np.lexsort((-figures["n_trips"], cells.part, ~is_pair))
    order = order[(is_shown | ~is_pair)[order]]
    matrix = take_rows(matrix, order)
    lines = ways(zoned, cells)[order]
    of_zones = take_rows(of_zones, shown_zones)
    shapes = zoned.zones.shapes[shown_zones]
    return Flows(matrix, lines, of_zones, shapes, zoned.words)


def trips_in_zones(
    trips: Journeys, zones: Zones | None, spec: TripSpec, clock: str = ""
) -> ZonedTrips:
    """The trips of the wanted modes that begin and end in a zone and on record. clock: of slices,
    as in `local_ms`.
    """
    require("scipy", "shapely")
    lon, lat = np.concatenate([trips.begin, trips.end]).T
    if zones is None:
        zones, zone = hexagons(lon, lat, spec.size_m)
    else:
        zone = zones.find(lon, lat)
    begin, end = np.split(zone, 2)

    # a trip that does not count is told by the first reason that holds
    wanted = of_modes(trips, spec.modes or "")
    inside = (begin >= 0) & (end >= 0)
    outside = wanted & trips.complete & ~inside
    words = translated(
        "Trips: {n:,}. Not counted: {a:,} that begin or end where nothing is recorded, {b:,} with "
        "an end in no zone.",
        n=np.sum(wanted),
        a=np.sum(wanted & ~trips.complete),
        b=np.sum(outside),
    )
    rows = np.flatnonzero(wanted & trips.complete & inside)
    counted = trips_at(trips, rows)
    part, names = slices(local_ms(counted.t_start, counted.begin[:, 0], clock), spec.slice)
    return ZonedTrips(counted, zones, begin[rows], end[rows], part, names, words)


def trips_at(trips: Journeys, rows: Array) -> Journeys:
    """Some of the trips, of the same people."""
    columns = {}
    for name, values in vars(trips).items():
        columns[name] = values if name == "user_ids" else values[rows]
    return Journeys(**columns)


def slices(local: Array, kind: str) -> tuple[Array, Array]:
    """The slice of each departure (n,), and the names of all slices. local: (n,) ms since 1970 by
    the clock that is shown.
    """
    if kind == "month":
        months = local.astype("datetime64[ms]").astype("datetime64[M]")
        known, which = np.unique(months, return_inverse=True)
        return which, known.astype(str).astype(object)

    if kind in FIRST_HOURS:
        first = FIRST_HOURS[kind]
        hour = local // HOUR_MS % 24
        words = [f"{a:02d}:00-{b - 1:02d}:59" for a, b in pairwise((*first, 24))]
        which = np.searchsorted(first, hour, side="right") - 1
        return which, np.array(words, object)

    if kind == "weekend":
        weekday = (local // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
        return weekday // 5, np.array(["weekday", "weekend"], object)

    return np.zeros(len(local), np.int64), np.array(["all"], object)


def of_modes(trips: Journeys, modes: str) -> Array:
    """(n,) bool: trips whose likeliest mode is one of some, named with commas between them. All for
    an empty text.
    """
    names = [name.strip() for name in modes.split(",") if name.strip()]
    if not names:
        return np.ones(len(trips.user), bool)

    for name in names:
        if name not in SHORT_MODES:
            words = "There is no mode '{name}'. There are: {all}."
            raise InputError(words, name=name, all=", ".join(SHORT_MODES))

    p = trips.mode_p
    unknown = 1.0 - p.sum(axis=1)
    likeliest = np.where(p.max(axis=1) > unknown, p.argmax(axis=1), -1)
    wanted = [SHORT_MODES.index(name) for name in names]
    return np.isin(likeliest, wanted)


def find_cells(zoned: ZonedTrips, trip: Array, part: Array, begin: Array, end: Array) -> Cells:
    """The cells of trips. trip: (k,) rows of the trips. part, begin, end: (k,) their places."""
    n = zoned.no_zone + 1
    shape = (len(zoned.slices), n, n)

    # each combination of a slice and two zones has a number
    number = np.ravel_multi_index((part, begin, end), shape)
    numbers, cell = np.unique(number, return_inverse=True)

    user = zoned.trips.user[trip]
    people = sparse_counts(cell, user, (len(numbers), zoned.n_users))
    parts, begins, ends = np.unravel_index(numbers, shape)
    return Cells(parts, begins, ends, trip, cell, people)


def cells_of_trips(zoned: ZonedTrips) -> Cells:
    """The cells of all trips."""
    trip = np.arange(len(zoned.part))
    return find_cells(zoned, trip, zoned.part, zoned.begin, zoned.end)


def with_withheld_together(zoned: ZonedTrips, min_users: int) -> Cells:
    """All cells, and in one more of each slice, without zones, the trips of those of few people."""
    each = cells_of_trips(zoned)
    few = withheld(min_users, each.people)
    again = each.trip[few[each.cell]]

    # these trips count twice: where they were, and in no zone
    no_zone = np.full(len(again), zoned.no_zone)
    trip = np.append(each.trip, again)
    part = np.append(zoned.part, zoned.part[again])
    begin = np.append(zoned.begin, no_zone)
    end = np.append(zoned.end, no_zone)
    return find_cells(zoned, trip, part, begin, end)


def names_of_cells(zoned: ZonedTrips, cells: Cells) -> Columns:
    """(c,) the zones and the slice of each cell; None for no zone."""
    zones = np.array([*zoned.zones.names, None], object)
    return {
        "from_zone": zones[cells.begin],
        "to_zone": zones[cells.end],
        "slice": zoned.slices[cells.part],
    }


def cell_figures(zoned: ZonedTrips, cells: Cells, min_users: int) -> Columns:
    """Figures of cells, (c,) each, nan or None where few people are behind one."""
    n = len(cells.part)

    # what trips add up to
    figures: Columns = {"n_trips": np.bincount(cells.cell, minlength=n)}
    for name, p in zip(BY_MODE, zoned.by_mode[cells.trip].T):
        figures[name] = np.bincount(cells.cell, p, n)

    most = np.argmax([figures[name] for name in BY_MODE], axis=0)

    for name in MEDIANS:
        values = getattr(zoned.trips, name)[cells.trip]
        figures[name] = group_quantile(values, cells.cell, n)

    hidden = withheld(min_users, cells.people)
    for name, values in figures.items():
        figures[name] = np.where(hidden, np.nan, values)

    main_mode = np.array(MODES, object)[most]
    main_mode[hidden] = None

    # one person counts once, however many trips
    few = withheld(min_users, cells.people.sign())
    n_users = np.where(few, np.nan, np.diff(cells.people.indptr))
    return {"main_mode": main_mode, **figures, "n_users": n_users}


def ranks(cells: Cells, amount: Array, is_shown: Array) -> Array:
    """(c,) 1 for most of a slice between two zones; nan within a zone, and if not shown."""
    is_between = cells.begin != cells.end
    between = np.flatnonzero(is_shown & is_between)

    rank = np.full(len(amount), np.nan)
    rank[between] = rank_within(cells.part[between], amount[between]) + 1
    return rank


def ways(zoned: ZonedTrips, cells: Cells) -> Array:
    """(c, 2, 2) lon and lat of a point inside the two zones of cells; nan for no zone."""
    nowhere = [[np.nan, np.nan]]
    centres = np.append(zoned.zones.centres, nowhere, axis=0)

    begin = centres[cells.begin]
    end = centres[cells.end]
    return np.stack([begin, end], axis=1)


def zone_figures(zoned: ZonedTrips, min_users: int) -> Columns:
    """Trips out of, into and within each zone, and their persons. nan where few people are behind a
    figure.
    """
    figures = {"zone": zoned.zones.names}
    for name, people in people_of_zones(zoned).items():
        total = np.asarray(people.sum(axis=1)).ravel()

        few = withheld(min_users, people)
        figures[name] = np.where(few, np.nan, total)
    figures["balance"] = figures["n_in"] - figures["n_out"]
    return figures


def people_of_zones(zoned: ZonedTrips) -> dict[str, csr_matrix]:
    """Sparse (zones, n_users): how many of each person's trips go out, in and within, and all."""

    def counts(zone: Array, some: Array) -> csr_matrix:
        shape = (zoned.no_zone, zoned.n_users)
        return sparse_counts(zone[some], zoned.trips.user[some], shape)

    within = zoned.begin == zoned.end
    people = {
        "n_out": counts(zoned.begin, ~within),
        "n_in": counts(zoned.end, ~within),
        "n_within": counts(zoned.begin, within),
    }
    every = people["n_out"] + people["n_in"] + people["n_within"]
    return {**people, "n_trips": every, "n_users": every.sign()}
