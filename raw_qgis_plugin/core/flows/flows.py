# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows: trips added up from zone to zone, by slices of time and by mode, with few people withheld."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from ..arrays import group_quantile, rank_within, sparse_counts
from ..diary.diary import find_diary
from ..errors import InputError, Progress, no_progress, require
from ..regions.disclosure import withheld
from ..regions.noise import noise_keys, noisy_medians
from ..regions.publish import CAP, CAPPED, NOISE_KEY, NOISY
from ..specs import FlowSpec
from ..times import DAY_MS, HOUR_MS, solar_ms
from .trips import SHORT_MODES, Trips, trips_of, trips_of_tracks
from .zones import Zones, hexagons

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..tracks import Tracks

BY_MODE = tuple(f"trips_{mode}" for mode in SHORT_MODES)
MEDIANS = ("minutes", "metres")


@dataclass(frozen=True)
class Flows:
    """Trips between zones, of `flows`.

    pairs: from, to (rows of zones; -1 in the row of withheld pairs of a slice), slice (text), n_trips, n_users, BY_MODE
    and trips_unknown (expected trips: sums of probabilities), minutes and metres (medians), rank (1 for most trips of
    the slice, between two zones), and what `publish_figures` needs.
    of_zones: n_out, n_in, n_within, n_users, balance (in less out), nan where withheld.
    """

    zones: Zones
    pairs: dict[str, np.ndarray]
    of_zones: dict[str, np.ndarray]
    n_trips: int
    n_incomplete: int  # begin or end where nothing is recorded; these and the next are in no table
    n_outside: int  # begin or end in no zone


def find_flows(
    tracks: Tracks, model: Model | None, zones: Zones | None, spec: FlowSpec, secret: bytes = b"",
    progress: Progress = no_progress,
) -> Flows:  # fmt: skip
    """Trips of tracks between zones, None for hexagons. tracks: one each user, or each trip (spec.trips 'tracks')."""
    if spec.trips == "tracks":
        return flows(trips_of_tracks(tracks), zones, spec, secret)
    return flows(trips_of(find_diary(tracks, model, progress=progress)), zones, spec, secret)


def flows(trips: Trips, zones: Zones | None, spec: FlowSpec, secret: bytes = b"") -> Flows:
    """Add up trips between zones, None for hexagons. secret: of the profile, for noise.

    Pairs of fewer than min_users persons are left out, of those that one person dominates only n_users is shown. The
    trips of both are added up in one row a slice; where that is of few people, its figures are nan.
    """
    require("scipy", "shapely")
    import shapely

    ends = np.concatenate([trips.begin, trips.end]).T
    zones, zone = hexagons(ends[0], ends[1], spec.size_m) if zones is None else (zones, zones.find(*ends))
    begin, end = np.split(zone, 2)
    wanted, inside, n_zones = _wanted(trips, spec.modes or ""), (begin >= 0) & (end >= 0), len(zones.names)
    rows = np.flatnonzero(wanted & trips.complete & inside)
    of_zones = _zones(begin[rows], end[rows], trips.user[rows], n_zones, spec.min_users)
    which, words = slices(trips.t_start[rows], trips.begin[rows, 0], spec.slice)
    cells, cell = np.unique((which * n_zones + begin[rows]) * n_zones + end[rows], return_inverse=True)
    rest = np.flatnonzero(withheld(spec.min_users, persons(cell, trips.user[rows], len(cells)))[cell])
    parts, group = np.unique(which[rest], return_inverse=True)  # each slice's trips of withheld pairs are one more row
    rows, cell, none = np.append(rows, rows[rest]), np.append(cell, len(cells) + group), np.full(len(parts), -1)
    people = persons(cell, trips.user[rows], len(cells) + len(parts))
    table = _sums(trips, rows, cell, people)
    hidden, pair = withheld(spec.min_users, people), np.arange(len(people.indptr) - 1) < len(cells)
    for name, values in table.items():  # of a pair that one person dominates, what is published stays
        values[hidden & ~(pair & (name.startswith(CAPPED) | (name == "n_users")))] = np.nan
    table["slice"] = np.append(cells // n_zones**2, parts)
    table |= {"from": np.append(cells // n_zones % n_zones, none), "to": np.append(cells % n_zones, none)}
    order = np.lexsort((-table["n_trips"], table["slice"], ~pair))
    order = order[~(pair & withheld(spec.min_users, people.sign()))[order]]
    pairs = {name: values[order] for name, values in table.items()}
    between, shown = (pairs["from"] != pairs["to"]) & pair[order], order[pair[order]]
    pairs["rank"] = np.full(len(order), np.nan)
    pairs["rank"][between] = rank_within(pairs["slice"][between], pairs["n_trips"][between]) + 1
    if secret:
        way = zones.centres[np.stack([table["from"], table["to"]], axis=1)[shown]]  # (k, 2, 2)
        part = [crc32(f"{words[s]}{there}".encode()) for s, there in zip(pairs["slice"], way.round(5).tolist())]
        keys = noise_keys(secret, shapely.linestrings(way), people[shown], trips.user_ids, np.array(part, np.int64))
        pairs[NOISE_KEY] = np.append(keys, np.full(len(parts), None))
        at = np.full(len(pair), -1)
        at[shown] = np.arange(len(shown))
        some = np.flatnonzero(at[cell] >= 0)
        for name in MEDIANS:
            values, who = getattr(trips, name)[rows[some]], trips.user[rows[some]]
            medians = noisy_medians(secret, keys, name, values, at[cell[some]], who)
            pairs[NOISY + name] = np.append(medians, np.full(len(parts), np.nan))
    pairs["slice"] = words[pairs["slice"]]
    incomplete, outside = wanted & ~trips.complete, wanted & trips.complete & ~inside
    return Flows(zones, pairs, of_zones, len(trips.user), int(incomplete.sum()), int(outside.sum()))


def slices(t: np.ndarray, lon: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The slice of each departure (n,), and the names of all slices. t: epoch ms. Hours are of mean solar time."""
    solar = solar_ms(t, lon)
    hour, months = solar // HOUR_MS % 24, solar.astype("datetime64[ms]").astype("datetime64[M]")
    if kind == "month":
        names, which = np.unique(months.astype(str), return_inverse=True)
        return which, names.astype(object)
    which, words = {
        "all": (np.zeros(len(t), np.int64), ["all"]),
        "hour": (hour, [f"{hour:02d}:00" for hour in range(24)]),
        "daypart": (np.searchsorted([6, 10, 15, 20], hour, side="right"),
                    ["00:00-05:59", "06:00-09:59", "10:00-14:59", "15:00-19:59", "20:00-23:59"]),
        "weekend": ((solar // DAY_MS + 3) % 7 // 5, ["weekday", "weekend"]),  # 1970-01-01 was a Thursday
    }[kind]  # fmt: skip
    return which, np.array(words, object)


def persons(cell: np.ndarray, user: np.ndarray, n_cells: int) -> csr_matrix:
    """Sparse (n_cells, n_users): how many trips of each cell are each person's."""
    return sparse_counts(cell, user, (n_cells, int(user.max(initial=0)) + 1)).astype(float)


def _wanted(trips: Trips, modes: str) -> np.ndarray:
    """(n,) bool: trips whose likeliest mode is one of some, named with commas between them. All for an empty text."""
    names = [name.strip() for name in modes.split(",") if name.strip()]
    if unknown := [name for name in names if name not in SHORT_MODES]:
        raise InputError("There is no mode '{name}'. There are: {all}.", name=unknown[0], all=", ".join(SHORT_MODES))
    if not names:
        return np.ones(len(trips.user), bool)
    p = trips.mode_p
    best = np.where(p.max(axis=1) > 1.0 - p.sum(axis=1), p.argmax(axis=1), -1)
    return np.isin(best, [SHORT_MODES.index(name) for name in names])


def _sums(trips: Trips, rows: np.ndarray, cell: np.ndarray, people: csr_matrix) -> dict[str, np.ndarray]:
    """Figures of cells of trips. rows: trips. cell: (len(rows),) of each. people: of `persons`."""
    n, by_mode = people.shape[0], trips.mode_p[rows]
    own = np.asarray(people[cell, trips.user[rows]]).ravel() if len(rows) else np.zeros(0)
    share = np.minimum(1.0, CAP / np.maximum(own, 1.0))  # nobody counts more than CAP times in what is published
    sums = {"n_trips": np.ones(len(rows)), **dict(zip(BY_MODE, by_mode.T))}
    figures = {
        "n_users": np.diff(people.indptr),
        **{name: np.bincount(cell, values, n) for name, values in sums.items()},
        "trips_unknown": np.bincount(cell, np.maximum(1.0 - by_mode.sum(axis=1), 0.0), n),
        **{name: group_quantile(getattr(trips, name)[rows], cell, n) for name in MEDIANS},
        **{f"{CAPPED}{name}": np.bincount(cell, share * values, n) for name, values in sums.items()},
    }
    return {name: values.astype(float) for name, values in figures.items()}


def _zones(begin: np.ndarray, end: np.ndarray, user: np.ndarray, n: int, min_users: int) -> dict[str, np.ndarray]:
    """Trips out of, into and within each zone, and their persons. nan where few people are behind a figure."""
    away, both = begin != end, np.append(begin, end)
    cells = {"n_out": (begin[away], user[away]), "n_in": (end[away], user[away]),
             "n_within": (begin[~away], user[~away]), "n_users": (both, np.append(user, user))}  # fmt: skip
    figures = {}
    for name, (cell, who) in cells.items():
        by = persons(cell, who, n)
        by, sums = (by.sign(), np.diff(by.indptr)) if name == "n_users" else (by, np.bincount(cell, minlength=n))
        figures[name] = np.where(withheld(min_users, by), np.nan, sums)
    return {**figures, "balance": figures["n_in"] - figures["n_out"]}


def table_of(found: Flows) -> dict[str, np.ndarray]:
    """The pairs with the names of their zones in place of rows, None in the row of withheld pairs, and main_mode."""
    pairs = dict(found.pairs)
    names = np.append(found.zones.names, np.array([None], object))
    ends = {f"{end}_zone": names[pairs.pop(end)] for end in ("from", "to")}
    by_mode = np.column_stack([np.nan_to_num(pairs[name]) for name in (*BY_MODE, "trips_unknown")])
    main = np.array([*SHORT_MODES, "unknown"], object)[by_mode.argmax(axis=1)]
    main[np.isnan(pairs["n_trips"])] = None
    return {**ends, "slice": pairs.pop("slice"), "main_mode": main, **pairs}


def shown_zones(found: Flows, made: bool) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Shapes of zones, and their columns. made: hexagons, which show where people were: those of few are left out."""
    kept = ~np.isnan(found.of_zones["n_users"]) if made else np.ones(len(found.zones.names), bool)
    columns = {"zone": found.zones.names, **found.of_zones}
    return found.zones.shapes[kept], {name: values[kept] for name, values in columns.items()}
