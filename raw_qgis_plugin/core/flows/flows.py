# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows: trips added up from zone to zone, by slices of time and by mode, with few people withheld."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import group_quantile, rank_within, sparse_counts, take_rows
from ..disclosure.noise import noise_keys, noisy_medians
from ..disclosure.publish import CAP, CAPPED, NOISE_KEY, NOISY, SUMS
from ..disclosure.thresholds import withheld
from ..errors import InputError, Progress, no_progress, require, translated
from ..labels import SHORT_MODES
from ..mobility.diary import find_diary
from ..mobility.journeys import find_journeys, tracks_as_journeys
from ..mobility.tables import Journeys
from ..specs import FlowSpec
from ..times import DAY_MS, HOUR_MS, solar_ms
from .zones import Zones, hexagons

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..tracks import Tracks

BY_MODE = tuple(f"trips_{mode}" for mode in (*SHORT_MODES, "unknown"))
MEDIANS = ("minutes", "metres")
FIRST_HOURS = {"hour": range(24), "daypart": (0, 6, 10, 15, 20)}  # of slices


@dataclass(frozen=True)
class Flows:
    """Trips between zones, of `flows`: columns by name, nan for figures of few people.

    matrix: from_zone, to_zone (None in the row of all withheld pairs of a slice), slice (text),
    main_mode, n_users, n_trips, BY_MODE (expected trips: sums of probabilities), minutes and metres
    (medians), rank (1 for most trips of the slice, between two zones), and what `publish_figures`
    needs. ways: (rows, 2, 2) lon and lat of points inside the zones of each row. of_zones: zone,
    n_out, n_in, n_within, n_trips, n_users, balance (in less out), and the like.
    """

    matrix: dict[str, np.ndarray]
    ways: np.ndarray
    of_zones: dict[str, np.ndarray]
    shapes: np.ndarray  # of these zones
    words: str  # how many trips there are, and how many of them are in no table


def find_flows(
    tracks: Tracks,
    model: Model | None,
    zones: Zones | None,
    spec: FlowSpec,
    secret: bytes = b"",
    progress: Progress = no_progress,
) -> Flows:
    """Trips of tracks between zones, None for hexagons. tracks: one each user, or each trip
    (spec.trips 'tracks').
    """
    whole = spec.trips == "tracks"
    trips = (
        tracks_as_journeys(tracks)
        if whole
        else find_journeys(find_diary(tracks, model, progress=progress))
    )
    return flows(trips, zones, spec, secret)


def flows(trips: Journeys, zones: Zones | None, spec: FlowSpec, secret: bytes = b"") -> Flows:
    """Add up trips between zones, None for hexagons. secret: of the profile, for noise.

    Pairs of fewer than min_users persons are left out, of those that one person dominates only
    n_users is shown. The trips of both are added up in one row a slice. Hexagons of few people,
    which would show where they were, are left out.
    """
    require("scipy", "shapely")
    import shapely

    ends, given = np.concatenate([trips.begin, trips.end]).T, zones is not None
    zones, zone = (
        hexagons(ends[0], ends[1], spec.size_m) if zones is None else (zones, zones.find(*ends))
    )
    begin, end = np.split(zone, 2)
    wanted, inside, n = (
        _wanted(trips, spec.modes or ""),
        (begin >= 0) & (end >= 0),
        len(zones.names),
    )
    rows = np.flatnonzero(wanted & trips.complete & inside)
    of_zones = _zones(trips, rows, begin[rows], end[rows], zones, spec.min_users, secret)
    known = given | ~np.isnan(of_zones["n_users"])
    which, words = slices(trips.t_start[rows], trips.begin[rows, 0], spec.slice)
    at, shape = np.stack([which, begin[rows], end[rows]]), (len(words), n + 1, n + 1)
    _, cell, people = _cells(at, shape, trips, rows)
    rest = np.flatnonzero(withheld(spec.min_users, people)[cell])
    # trips of withheld pairs count once more, in no zone
    other = np.where(np.arange(3)[:, None] > 0, n, at[:, rest])
    rows, at = np.append(rows, rows[rest]), np.append(at, other, axis=1)
    (part, a, b), cell, people = _cells(at, shape, trips, rows)
    names, pair = np.array([*zones.names, None], object), b < n
    ways = np.append(zones.centres, [[np.nan, np.nan]], axis=0)[np.column_stack([a, b])]
    figures = _figures(trips, rows, cell, people, spec.min_users)
    shown, rank = pair & ~np.isnan(figures["n_users"]), np.full(len(part), np.nan)
    between = np.flatnonzero(shown & (a != b))
    rank[between] = rank_within(part[between], figures["n_trips"][between]) + 1
    matrix = {
        "from_zone": names[a],
        "to_zone": names[b],
        "slice": words[part],
        **figures,
        "rank": rank,
    }
    if secret:
        some, keys = np.flatnonzero(shown), np.full(len(part), None)
        to = [f"{words[s]} {way}" for s, way in zip(part[some], ways[some].round(5).tolist())]
        keys[some] = noise_keys(
            secret, shapely.linestrings(ways[some]), people[some], trips.user_ids, to
        )
        each = cell, trips.user[rows]
        noisy = {
            name: noisy_medians(secret, keys, name, getattr(trips, name)[rows], *each)
            for name in MEDIANS
        }
        matrix |= {NOISE_KEY: keys, **{NOISY + name: values for name, values in noisy.items()}}
    order = np.lexsort((-figures["n_trips"], part, ~pair))
    order = order[(shown | ~pair)[order]]
    counted = translated(
        "Trips: {n:,}. Not counted: {a:,} that begin or end where nothing is recorded, {b:,} with an end in no zone.",
        n=np.sum(wanted),
        a=np.sum(wanted & ~trips.complete),
        b=np.sum(wanted & trips.complete & ~inside),
    )
    return Flows(
        take_rows(matrix, order),
        ways[order],
        take_rows(of_zones, known),
        zones.shapes[known],
        counted,
    )


def slices(t: np.ndarray, lon: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The slice of each departure (n,), and the names of all slices. t: epoch ms. Hours are of mean
    solar time.
    """
    solar = solar_ms(t, lon)
    if kind == "month":
        months, which = np.unique(
            solar.astype("datetime64[ms]").astype("datetime64[M]"), return_inverse=True
        )
        return which, months.astype(str).astype(object)
    if first := FIRST_HOURS.get(kind):
        words = [f"{a:02d}:00-{b - 1:02d}:59" for a, b in zip(first, [*first[1:], 24])]
        return np.searchsorted(first, solar // HOUR_MS % 24, side="right") - 1, np.array(
            words, object
        )
    if kind == "weekend":
        # 1970-01-01 was a Thursday
        return (solar // DAY_MS + 3) % 7 // 5, np.array(["weekday", "weekend"], object)
    return np.zeros(len(t), np.int64), np.array(["all"], object)


def _cells(
    at: np.ndarray, shape: tuple[int, int, int], trips: Journeys, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, csr_matrix]:
    """Cells of an array of a shape. at: (3, len(rows)), where trips lie. Returns where the cells
    that have any lie, the cell of each trip, and sparse (cells, users): how many trips of each cell
    are each person's.
    """
    cells, cell = np.unique(np.ravel_multi_index(tuple(at), shape), return_inverse=True)
    people = sparse_counts(cell, trips.user[rows], (len(cells), len(trips.user_ids)))
    return np.array(np.unravel_index(cells, shape)), cell, people


def _wanted(trips: Journeys, modes: str) -> np.ndarray:
    """(n,) bool: trips whose likeliest mode is one of some, named with commas between them. All for
    an empty text.
    """
    names = [name.strip() for name in modes.split(",") if name.strip()]
    if unknown := [name for name in names if name not in SHORT_MODES]:
        raise InputError(
            "There is no mode '{name}'. There are: {all}.",
            name=unknown[0],
            all=", ".join(SHORT_MODES),
        )
    p = trips.mode_p
    best = np.where(p.max(axis=1) > 1.0 - p.sum(axis=1), p.argmax(axis=1), -1)
    return np.isin(best, [SHORT_MODES.index(name) for name in names]) | (not names)


def _figures(
    trips: Journeys, rows: np.ndarray, cell: np.ndarray, people: csr_matrix, min_users: int
) -> dict[str, np.ndarray]:
    """Figures of cells, nan where few people are behind one. rows: trips. cell: of each. people: of
    `_cells`.
    """
    n, known = people.shape[0], trips.mode_p[rows]
    by_mode = [*known.T, np.maximum(1.0 - known.sum(axis=1), 0.0)]
    each = {"n_trips": np.ones(len(rows)), **dict(zip(BY_MODE, by_mode))}
    sums = {name: np.bincount(cell, values, n) for name, values in each.items()}
    main = np.array([*SHORT_MODES, "unknown"], object)[
        np.argmax([sums[name] for name in BY_MODE], axis=0)
    ]
    medians = {name: group_quantile(getattr(trips, name)[rows], cell, n) for name in MEDIANS}
    own = np.asarray(people[cell, trips.user[rows]]).ravel() if len(rows) else np.zeros(0)
    # nobody counts more than CAP times in what is published
    share = np.minimum(1.0, CAP / np.maximum(own, 1.0))
    capped = {
        CAPPED + name: np.bincount(cell, share * each[name], n) for name in SUMS if name in each
    }
    hidden = withheld(min_users, people)
    main[hidden] = None
    figures = {name: np.where(hidden, np.nan, values) for name, values in (sums | medians).items()}
    few, counts = withheld(min_users, people.sign()), {"n_users": np.diff(people.indptr), **capped}
    figures |= {name: np.where(few, np.nan, values) for name, values in counts.items()}
    return {"main_mode": main, **figures}


def _zones(
    trips: Journeys,
    rows: np.ndarray,
    begin: np.ndarray,
    end: np.ndarray,
    zones: Zones,
    min_users: int,
    secret: bytes,
) -> dict[str, np.ndarray]:
    """Trips out of, into and within each zone, and their persons. nan where few people are behind a
    figure.
    """
    away, people, shape = begin != end, {}, (len(zones.names), len(trips.user_ids))
    for name, zone, some in (
        ("n_out", begin, away),
        ("n_in", end, away),
        ("n_within", begin, ~away),
    ):
        people[name] = sparse_counts(zone[some], trips.user[rows[some]], shape)
    people["n_trips"] = every = sum(people.values())
    people["n_users"] = every.sign()
    sums = {
        name: np.where(withheld(min_users, by), np.nan, by.sum(axis=1).A1)
        for name, by in people.items()
    }
    found = {"zone": zones.names, **sums, "balance": sums["n_in"] - sums["n_out"]}
    if secret:
        few, capped = np.isnan(sums["n_users"]), every.minimum(CAP).sum(axis=1).A1
        keys = noise_keys(secret, zones.shapes, every, trips.user_ids, ["ends of trips"] * len(few))
        found |= {
            CAPPED + "n_trips": np.where(few, np.nan, capped),
            NOISE_KEY: np.where(few, np.array(None), keys),
        }
    return found
