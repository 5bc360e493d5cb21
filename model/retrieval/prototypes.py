# SPDX-License-Identifier: GPL-2.0-or-later
"""The typical ways of a corpus (prototypes.py): means over people who moved alike, so that none is one's own.

By microaggregation, as statistical offices publish records of persons (Domingo-Ferrer and Mateo-Sanz, IEEE TKDE 14,
2002): fixes are parted into groups by where they lie, how they move and where they go on to, each group halved at the
median of what differs most in it until it has few fixes. Of each group only the mean is kept, in which each person
counts the same, and of those with too few people or too different fixes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from model.data.corpus import Source, parts
from raw_qgis_plugin.core.bundle.contract import PROTOTYPE, PROTOTYPE_LAGS
from raw_qgis_plugin.core.forecasting.neighbours import Likeness, coordinates, starts, ways_from
from raw_qgis_plugin.core.tracks import Tracks

FEWEST_PEOPLE = 3  # behind a way
FEWEST_FIXES = 6
PACES = range(5)  # fixes a second to some four minutes apart
MOST = 12_000_000  # fixes of a source looked at for a pace; of more, a random share
MOST_WAYS = 400_000  # for a pace; of more, some at random
KNOWN = 3  # so many of PROTOTYPE_LAGS are known of each way
FINE, WIDE = 0.5, 2.0  # distances in units of likeness: a person counts once within FINE, a group within WIDE is alike
AHEAD = 4.0  # times a likeness's distance: who is so far apart after the last of KNOWN differs as who begins one apart
BLOCK = 50_000  # groups laid out at once
FARTHEST_M = 60_000.0  # half precision ends soon after


class Starts(NamedTuple):
    """Fixes from which ways begin. at: (n, 5) their coordinates of place and velocity (neighbours.py). velocity:
    (n, 2) m/s. way: (n, len(PROTOTYPE_LAGS), 2) metres, nan where unknown. person: (n,) int.
    """

    at: np.ndarray
    velocity: np.ndarray
    way: np.ndarray
    person: np.ndarray

    def take(self, rows: np.ndarray) -> Starts:
        """Some of them."""
        return Starts(*(column[rows] for column in self))


def typical_ways(sources: list[Source], seed: int = 0) -> np.ndarray:
    """The prototypes (n,) of PROTOTYPE of sources. People count together only within a source: one in two is one.

    Left out are simulated movement, whose places are nowhere, and sources that do not say whose their tracks are.
    """
    once = {s.shards.folder: s for s in sources if not s.exact and s.shards.names_users}
    tables = [np.zeros(0, PROTOTYPE)]
    for pace in PACES:
        likeness, rng = Likeness.of_trips(pace), np.random.default_rng([seed, pace])
        found = [
            _grouped(_starts(s, likeness, rng), pace, rng) for s in once.values() if s.typical_s <= 2 * likeness.lag_s
        ]
        table = np.concatenate([tables[0], *found])
        table = table[rng.permutation(len(table))[:MOST_WAYS]]
        tables.append(np.sort(table, order=("lat_e6", "lon_e6")))
    return np.concatenate(tables)


def _starts(s: Source, likeness: Likeness, rng: np.random.Generator) -> Starts:
    """A source's fixes, those whose ways are known, looked for a shard at a time."""
    found, lag_s, share = [], likeness.lag_s, min(1.0, MOST / max(len(s.t), 1))
    for part in parts(s):
        users, track = np.unique(part.user, return_inverse=True)
        ids, track = users.astype(str).astype(object), track.astype(np.int32)
        tracks = Tracks(ids, ids, np.arange(len(ids), dtype=np.int32), track, part.t, s.lon[part.row], s.lat[part.row])
        row = starts(tracks, likeness)
        row = rng.permutation(row)[: int(np.ceil(share * len(row)))]
        came, known = ways_from(tracks, row, np.full(len(row), -lag_s), likeness.silence_s)
        row, came = row[known], came[known]
        way = np.empty((len(row), len(PROTOTYPE_LAGS), 2), np.float32)
        for k, ahead in enumerate(lag_s * PROTOTYPE_LAGS):
            way[:, k], known = ways_from(tracks, row, np.full(len(row), ahead), likeness.silence_s)
            way[~known, k] = np.nan
        able = np.isfinite(way[:, :KNOWN]).all(axis=(1, 2))
        row, velocity = row[able], (-came[able] / lag_s).astype(np.float32)
        at = coordinates(likeness, tracks.t[row], tracks.lon[row], tracks.lat[row], velocity)[:, :5]
        person = s.shards.person[users][tracks.track[row]]
        once = np.unique(_cells(at / FINE, person), return_index=True)[1]
        found.append(Starts(at.astype(np.float32), velocity, way[able], person).take(once))
    return Starts(*map(np.concatenate, zip(*found, strict=True)))


def _grouped(s: Starts, pace: int, rng: np.random.Generator) -> np.ndarray:
    """The ways (n,) of PROTOTYPE of groups of starts."""
    likeness = Likeness.of_trips(pace)
    cell = np.unique(_cells(s.at / WIDE), return_inverse=True)[1]
    everyone = int(s.person.max(initial=0)) + 1
    crossed = np.bincount(np.unique(cell * everyone + s.person) // everyone)  # by how many people
    s = s.take(np.flatnonzero(crossed[cell] >= FEWEST_PEOPLE))
    group = _halved(np.column_stack([s.at, s.way[:, KNOWN - 1] / (AHEAD * likeness.near_m)]), rng)
    parts = np.array_split(group, -(-len(group) // BLOCK) or 1)
    return np.concatenate([_means(s, part, pace) for part in parts])


def _means(s: Starts, group: np.ndarray, pace: int) -> np.ndarray:
    """The means of PROTOTYPE of those groups of starts, (groups, size) rows, that have enough people and are alike."""
    reach = AHEAD * Likeness.of_trips(pace).near_m
    same = s.person[group][:, :, None] == s.person[group][:, None, :]
    weight = 1.0 / same.sum(axis=2)  # (groups, size): each person counts the same
    people = np.round(weight.sum(axis=1)).astype(int)
    weight /= people[:, None]
    at, velocity, way = (_mean(column[group], weight) for column in (s.at, s.velocity, s.way))
    spread = np.sqrt(_mean(np.square(s.at[group] - at[:, None]), weight).sum(axis=-1))
    apart = np.sqrt(_mean(np.square(s.way[group] - way[:, None]), weight).sum(axis=-1))  # nan where unknown of anybody
    known = (apart < reach * np.maximum(PROTOTYPE_LAGS / PROTOTYPE_LAGS[KNOWN - 1], 1)) & (
        np.abs(way).max(axis=2) < FARTHEST_M
    )
    good = (people >= FEWEST_PEOPLE) & (spread < WIDE) & known[:, :KNOWN].all(axis=1)
    table = np.zeros(good.sum(), PROTOTYPE)
    x, y, z = at[good, :3].T
    table["pace"] = pace
    table["lon_e6"] = np.round(1e6 * np.degrees(np.arctan2(y, x)))
    table["lat_e6"] = np.round(1e6 * np.degrees(np.arctan2(z, np.hypot(x, y))))
    table["velocity_ms"] = velocity[good]
    table["offset_m"] = np.where(known[good, :, None], way[good], np.nan)
    return table


def _mean(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted means (g, …) of x (g, size, …), in double precision. weight: (g, size), of sum one."""
    return np.einsum("gs,gs...->g...", weight, x, dtype=np.float64)


def _cells(at: np.ndarray, *more: np.ndarray) -> np.ndarray:
    """Hashes (n,) uint64 of the unit cells that the coordinates (n, d) lie in, and of more columns."""
    hashed = np.zeros(len(at), np.uint64)
    for column in (*np.floor(at).astype(np.int64).T, *more):
        hashed = (hashed ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        hashed ^= hashed >> np.uint64(29)
    return hashed


def _halved(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows of x (n, d) in groups of alike ones, (groups, size): halved at the median of the column that varies most,
    as long as FEWEST_FIXES are left in each. A few rows, drawn at random, are in none, so that all are equally large.
    """
    halvings = max(int(np.log2(max(len(x) / FEWEST_FIXES, 1))), 0)
    size = len(x) >> halvings
    if size < FEWEST_FIXES:
        return np.zeros((0, FEWEST_FIXES), np.int64)
    group = rng.permutation(len(x))[None, : size << halvings]
    for _ in range(halvings):
        column = x[group].var(axis=1, dtype=np.float64).argmax(axis=1)
        by = np.argsort(x[group, column[:, None]], axis=1, kind="stable")
        group = np.take_along_axis(group, by, 1).reshape(2 * len(group), -1)
    return group
