# SPDX-License-Identifier: GPL-2.0-or-later
"""Prototypes of a corpus: means of continuations of many people who moved alike, so that none is one person's own.

By microaggregation, as statistical offices publish records of persons (Domingo-Ferrer and Mateo-Sanz, IEEE TKDE 14,
2002): fixes are parted into groups by where they lie, how they move and where they continue to. Each group is halved at
the median of what differs most in it until it has few fixes. Only the mean of each group is kept, in which each person
counts the same; groups of too few people or of too different fixes are dropped.

A mean of ten people who share a door still shows the door. So fixes that stand still make no prototype, and none begins
or ends near a usual place of a person behind it (supporters.py). Starts lie on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.data.corpus import Source
from model.retrieval.supporters import Supporters, cells, still_fixes, tracks_of
from raw_qgis_plugin.core.arrays import join_rows, take_rows
from raw_qgis_plugin.core.bundle.contract import PROTOTYPE, PROTOTYPE_LAGS
from raw_qgis_plugin.core.forecasting.neighbours import Kernel, coordinates, displacements, starts
from raw_qgis_plugin.core.geodesy import metres_per_degree


@dataclass(frozen=True)
class PrototypeSettings:
    """How prototypes are made. Distances are in units of the kernel."""

    least_people: int = 10  # persons behind a prototype
    least_fixes: int = 15
    grid_m: float = 50.0  # starts are rounded to it
    moving_ms: float = 0.5  # slower fixes stand still
    paces: tuple[int, ...] = (0, 1, 2, 3, 4)  # fixes a second to some four minutes apart
    most_fixes: int = 12_000_000  # of a source looked at for a pace; of more, a random share
    most: int = 400_000  # prototypes of a pace; of more, some at random
    known_lags: int = 3  # so many of PROTOTYPE_LAGS are known of each continuation
    same_fix: float = 0.5  # a person counts once within this distance
    alike: float = 2.0  # a group lies within this distance
    ahead: float = 4.0  # continuations that end so many times near_m apart differ as much as starts that lie one apart
    groups_at_once: int = 50_000
    farthest_m: float = 60_000.0  # half precision ends soon after


SETTINGS = PrototypeSettings()


def rules() -> dict[str, int]:
    """By which rules prototypes are made, for a card."""
    return {"fewest_people": SETTINGS.least_people, "fewest_fixes": SETTINGS.least_fixes}


@dataclass(frozen=True)
class Starts:
    """Fixes at which continuations start. at: (n, 5) their coordinates of place and velocity (neighbours.py). velocity:
    (n, 2) m/s. offset: (n, len(PROTOTYPE_LAGS), 2) metres, nan where unknown. user, person: (n,) int.
    """

    at: np.ndarray
    velocity: np.ndarray
    offset: np.ndarray
    user: np.ndarray
    person: np.ndarray


def make_prototypes(sources: list[Source], seed: int = 0) -> np.ndarray:
    """The records (n,) of PROTOTYPE of sources. People count together only within a source: one person in two sources
    is one.

    Left out are simulated movement, which has no real place, and sources without users.
    """
    once = {s.shards.folder: s for s in sources if not s.exact and s.shards.names_users}
    supporters = {folder: Supporters(s) for folder, s in once.items()}
    tables = [np.zeros(0, PROTOTYPE)]
    for pace in SETTINGS.paces:
        kernel, rng = Kernel.of_trips(pace), np.random.default_rng([seed, pace])
        found = [
            _grouped(_starts(s, supporters[folder], kernel, rng), supporters[folder], pace, rng)
            for folder, s in once.items()
            if s.typical_s <= 2 * kernel.lag_s
        ]
        table = np.concatenate([tables[0], *found])
        table = table[rng.permutation(len(table))[: SETTINGS.most]]
        tables.append(np.sort(table, order=("lat_e6", "lon_e6")))
    return np.concatenate(tables)


def _starts(s: Source, supporters: Supporters, kernel: Kernel, rng: np.random.Generator) -> Starts:
    """The fixes of a source that move and whose continuations are known, a shard at a time. None begins near a usual
    place of its user, and what comes after one is reached is unknown.
    """
    found, lag_s, share = [], kernel.lag_s, min(1.0, SETTINGS.most_fixes / max(len(s.t), 1))
    for users, tracks in tracks_of(s):
        row = starts(tracks, kernel)
        row = row[~still_fixes(tracks)[row]]
        row = rng.permutation(row)[: int(np.ceil(share * len(row)))]
        back, known = displacements(tracks, row, np.full(len(row), -lag_s), kernel.longest_gap_s)
        row, back = row[known], back[known]
        path = np.zeros((len(row), 1 + len(PROTOTYPE_LAGS), 2), np.float32)
        for k, ahead_s in enumerate(lag_s * PROTOTYPE_LAGS, start=1):
            path[:, k], known = displacements(tracks, row, np.full(len(row), ahead_s), kernel.longest_gap_s)
            path[~known, k] = np.nan
        velocity = (-back / lag_s).astype(np.float32)
        able = _known(path) & _moves(velocity, path[:, 1:], lag_s)
        row, velocity, path = row[able], velocity[able], path[able]
        user = users[tracks.track[row]]
        path = supporters.until_place(user, tracks.lon[row], tracks.lat[row], path)
        at = coordinates(kernel, tracks.t[row], tracks.lon[row], tracks.lat[row], velocity)
        person = supporters.person[user]
        once = np.unique(cells(at / SETTINGS.same_fix, person), return_index=True)[1]
        once = once[_known(path[once])]
        found.append(take_rows(Starts(at.astype(np.float32), velocity, path[:, 1:], user, person), once))
    return join_rows(found)


def _known(path: np.ndarray) -> np.ndarray:
    """(n,) bool: whether paths (n, 1 + lags, 2) are known long enough."""
    return np.isfinite(path[:, : 1 + SETTINGS.known_lags]).all(axis=(1, 2))


def _moves(velocity: np.ndarray, offset: np.ndarray, lag_s: float) -> np.ndarray:
    """(n,) bool: whether movement of a velocity (n, 2) with offsets (n, lags, 2) goes on and does not come back."""
    farthest, lags = offset[:, SETTINGS.known_lags - 1], PROTOTYPE_LAGS[SETTINGS.known_lags - 1]
    speeds = np.hypot(*velocity.T), np.hypot(*farthest.T) / (lags * lag_s)
    return np.minimum(*speeds) >= SETTINGS.moving_ms


def _grouped(s: Starts, supporters: Supporters, pace: int, rng: np.random.Generator) -> np.ndarray:
    """The records (n,) of PROTOTYPE of groups of starts."""
    cell = np.unique(cells(s.at / SETTINGS.alike), return_inverse=True)[1]
    everyone = int(s.person.max(initial=0)) + 1
    n_people = np.bincount(np.unique(cell * everyone + s.person) // everyone)
    s = take_rows(s, np.flatnonzero(n_people[cell] >= SETTINGS.least_people))
    far = s.offset[:, SETTINGS.known_lags - 1] / (SETTINGS.ahead * Kernel.of_trips(pace).near_m)
    group = _halved(np.column_stack([s.at, far]), rng)
    split = np.array_split(group, -(-len(group) // SETTINGS.groups_at_once) or 1)
    return np.concatenate([_means(s, supporters, part, pace) for part in split])


def _means(s: Starts, supporters: Supporters, group: np.ndarray, pace: int) -> np.ndarray:
    """The means of PROTOTYPE of those groups of starts, (groups, size) rows, that have enough people, are alike, move,
    and are near no usual place of their people.
    """
    kernel, known_lags = Kernel.of_trips(pace), SETTINGS.known_lags
    reach_m = SETTINGS.ahead * kernel.near_m
    same = s.person[group][:, :, None] == s.person[group][:, None, :]
    weight = 1.0 / same.sum(axis=2)  # (groups, size): each person counts the same
    people = np.round(weight.sum(axis=1)).astype(int)
    weight /= people[:, None]
    at, velocity, offset = (_mean(column[group], weight) for column in (s.at, s.velocity, s.offset))
    spread = np.sqrt(_mean(np.square(s.at[group] - at[:, None]), weight).sum(axis=-1))
    apart = np.sqrt(
        _mean(np.square(s.offset[group] - offset[:, None]), weight).sum(axis=-1)
    )  # nan where one is unknown
    known = apart < reach_m * np.maximum(PROTOTYPE_LAGS / PROTOTYPE_LAGS[known_lags - 1], 1)
    known &= np.abs(offset).max(axis=2) < SETTINGS.farthest_m
    good = (people >= SETTINGS.least_people) & (spread < SETTINGS.alike) & known[:, :known_lags].all(axis=1)
    good = np.flatnonzero(good & _moves(velocity, offset, kernel.lag_s))
    lon, lat = _on_grid(*at[good, :3].T)
    path = np.insert(np.where(known[good, :, None], offset[good], np.nan), 0, 0.0, axis=1)
    for member in group[good].T:
        path = supporters.until_place(s.user[member], lon, lat, path)
    kept = _known(path)
    table = np.zeros(kept.sum(), PROTOTYPE)
    table["pace"] = pace
    table["lon_e6"], table["lat_e6"] = (np.round(1e6 * axis[kept]) for axis in (lon, lat))
    table["velocity_ms"], table["offset_m"] = velocity[good][kept], path[kept, 1:]
    return table


def _on_grid(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude (n,) of the points of a grid that are nearest to points in space, of any scale."""
    lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    step = SETTINGS.grid_m / metres_per_degree(np.zeros(1))[1]
    lat = step * np.round(lat / step)
    step = SETTINGS.grid_m / metres_per_degree(lat)[0]
    return np.clip(step * np.round(lon / step), -180, 180), np.clip(lat, -90, 90)


def _mean(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted means (g, …) of x (g, size, …), in double precision. weight: (g, size), of sum one."""
    return np.einsum("gs,gs...->g...", weight, x, dtype=np.float64)


def _halved(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows of x (n, d) in groups of alike rows, (groups, size): halved at the median of the column that varies most, as
    long as `least_fixes` are left in each. A few rows, drawn at random, are in none, so that all groups are equally
    large.
    """
    least = SETTINGS.least_fixes
    halvings = max(int(np.log2(max(len(x) / least, 1))), 0)
    size = len(x) >> halvings
    if size < least:
        return np.zeros((0, least), np.int64)
    group = rng.permutation(len(x))[None, : size << halvings]
    for _ in range(halvings):
        column = x[group].var(axis=1, dtype=np.float64).argmax(axis=1)
        by = np.argsort(x[group, column[:, None]], axis=1, kind="stable")
        group = np.take_along_axis(group, by, 1).reshape(2 * len(group), -1)
    return group
