# SPDX-License-Identifier: GPL-2.0-or-later
"""Pairs of positions at one time, and how likely they are within a distance of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from .. import geodesy
from ..errors import check_cancelled
from ..features.featurizer import destination
from ..gaps.fill import Filled, Filler, Questions
from ..geodesy import metres_between, offset_m, on_sphere
from ..tracks import Tracks
from .clock import Positions


@dataclass(frozen=True)
class PairSettings:
    """How pairs are sought, and compared."""

    questions: int = 24  # at most so many parts of a gap are asked, one for half of the distance from end to end
    components: int = 6  # of the mixture of a position in a gap
    observed_m: float = 5.0  # scale of an observed position beside one in a gap
    farthest: float = 6.0  # in scales: components beyond the distance by more than this are not within it
    at_once: int = 20_000  # pairs that are compared
    places_at_once: int = 2_000  # positions whose pairs are sought: each has as many as there are people at its place


SETTINGS = PairSettings()


@dataclass(frozen=True)
class Pairs:
    """n pairs of positions at one time, less likely ones left out. one, other: (n,) tracks, one < other. tick: (n,).
    probability: (n,). observed: (n,) both are. lon, lat: (n,) degrees, halfway between them.
    """

    one: np.ndarray
    other: np.ndarray
    tick: np.ndarray
    probability: np.ndarray
    observed: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


def near_pairs(tracks: Tracks, p: Positions, distance_m: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (n,), (n,) int32 of positions at one time that may be within the distance of each other, by their reach.

    They come some times together, in the order of these.
    """
    from scipy.spatial import cKDTree

    if not len(p.tick):
        return
    apart_m = 4 * (distance_m + p.reach_m.max())  # so far are two times from each other
    place = np.column_stack([on_sphere(p.lon, p.lat), (p.tick - p.tick.min()) * apart_m])
    tree = cKDTree(place, balanced_tree=False, compact_nodes=False)
    order = np.argsort(p.tick, kind="stable").astype(np.int32)
    for some in np.split(order, np.arange(SETTINGS.places_at_once, len(order), SETTINGS.places_at_once)):
        check_cancelled()
        # Of a pair the one that reaches farther finds the other.
        found = tree.query_ball_point(place[some], distance_m + 2 * p.reach_m[some], return_sorted=False)
        size = np.fromiter(map(len, found), np.int64, len(found))
        one = np.repeat(some, size)
        other = np.fromiter(chain.from_iterable(found), np.int32, int(size.sum()))
        distinct = tracks.track[p.before[one]] != tracks.track[p.before[other]]
        distinct &= (p.reach_m[one] > p.reach_m[other]) | ((p.reach_m[one] == p.reach_m[other]) & (one < other))
        one, other = one[distinct], other[distinct]
        metres = metres_between(p.lon[one], p.lat[one], p.lon[other], p.lat[other])
        near = metres <= distance_m + p.reach_m[one] + p.reach_m[other]
        one, other = one[near], other[near]
        swap = tracks.track[p.before[one]] > tracks.track[p.before[other]]
        yield np.where(swap, other, one), np.where(swap, one, other)


def likely_pairs(
    tracks: Tracks, p: Positions, filler: Filler | None, distance_m: float, least: float
) -> Iterator[Pairs]:
    """Pairs of positions that are within the distance with a probability of `least` or more: parts as of `near_pairs`.

    filler: None counts positions in gaps as lying on the line of two fixes.
    """
    found: Iterable[tuple[np.ndarray, np.ndarray]] = near_pairs(tracks, p, distance_m)
    lon, lat, mixtures = p.lon.copy(), p.lat.copy(), None
    if filler is not None:
        found, inferred = list(found), np.zeros(len(p.tick), bool)
        for one, other in found:
            asked = ~(p.observed[one] & p.observed[other])
            inferred[one[asked]] = inferred[other[asked]] = True
        if inferred.any():
            mixtures = _mixtures(filler, p, np.flatnonzero(inferred), lon, lat, distance_m)
    for one, other in found:
        yield _likely(tracks, p, one, other, mixtures, lon, lat, distance_m, least)


def _likely(
    tracks: Tracks, p: Positions, one: np.ndarray, other: np.ndarray, mixtures: Mixtures | None, lon: np.ndarray,
    lat: np.ndarray, distance_m: float, least: float,
) -> Pairs:  # fmt: skip
    """`likely_pairs` of some pairs. mixtures, lon, lat: of `_mixtures`; None: positions in gaps are as p has them."""
    metres = metres_between(p.lon[one], p.lat[one], p.lon[other], p.lat[other])
    probability = (metres <= distance_m).astype(float)
    observed = p.observed[one] & p.observed[other]
    asked = np.flatnonzero(~observed)
    if mixtures is not None and len(asked):
        for part in np.array_split(asked, -(-len(asked) // SETTINGS.at_once) or 1):
            check_cancelled()
            probability[part] = within(mixtures, one[part], other[part], distance_m)
    kept = probability >= least
    one, other, probability, observed = (a[kept] for a in (one, other, probability, observed))
    half = offset_m(lon[other], lat[other], lon[one], lat[one]) / 2
    return Pairs(
        tracks.track[p.before[one]], tracks.track[p.before[other]], p.tick[one], probability, observed,
        *geodesy.destination(lon[one], lat[one], half[:, 0], half[:, 1]),
    )  # fmt: skip


@dataclass(frozen=True)
class Mixtures:
    """Mixtures of some positions in degrees. row: (n,) of each position among them. lon, lat, scale, weight: (k, C)."""

    row: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    scale: np.ndarray
    weight: np.ndarray


def _mixtures(
    filler: Filler, p: Positions, asked: np.ndarray, lon: np.ndarray, lat: np.ndarray, distance_m: float
) -> Mixtures:
    """The mixtures of the positions `asked`; lon and lat get the medians of those in gaps."""
    row = np.full(len(p.tick), -1)
    row[asked] = np.arange(len(asked))
    shape = len(asked), SETTINGS.components
    at_point = (np.repeat(axis[asked, None], shape[1], axis=1) for axis in (lon, lat))
    weight = np.zeros(shape)
    weight[:, 0] = 1.0
    m = Mixtures(row, next(at_point), next(at_point), np.full(shape, SETTINGS.observed_m), weight)
    gaps = asked[~p.observed[asked]]
    questions, of = _questions(filler.tracks, p.before[gaps], p.t[gaps], distance_m)
    gaps = gaps[np.argsort(of, kind="stable")]
    of.sort()
    for f in filler.fill(questions):
        check_cancelled()
        first, last = np.searchsorted(of, [f.number[0], f.number[-1] + 1])
        at, number = gaps[first:last], of[first:last] - f.number[0]
        lon[at], lat[at] = f.lon[number], f.lat[number]
        for into, values in zip((m.lon, m.lat, m.scale, m.weight), _in_degrees(f), strict=True):
            into[row[at]] = values[number]
    return m


def _questions(tracks: Tracks, before: np.ndarray, t: np.ndarray, distance_m: float) -> tuple[Questions, np.ndarray]:
    """Questions about times (n,) in gaps that begin at the rows `before` (n,), few where the ends are near each other,
    and which of them (n,) is the nearest to each time.
    """
    lon, lat, most = tracks.lon, tracks.lat, SETTINGS.questions

    def parts(row: np.ndarray) -> np.ndarray:
        apart_m = metres_between(lon[row], lat[row], lon[row + 1], lat[row + 1])
        return np.clip(2 * np.ceil(apart_m / distance_m), 2, most).astype(np.int64)

    n, begin = parts(before), tracks.t[before]
    number = np.clip(np.rint(n * (t - begin) / (tracks.t[before + 1] - begin)), 1, n - 1).astype(np.int64)
    asked, of = np.unique(before * most + number, return_inverse=True)
    row, number = asked // most, asked % most
    return Questions(row, tracks.t[row] + number * (tracks.t[row + 1] - tracks.t[row]) // parts(row), 0), of


def _in_degrees(f: Filled) -> tuple[np.ndarray, ...]:
    """lon, lat, scale in metres and weight (n, C) of the heaviest components of mixtures."""
    m = f.mixture.condensed(SETTINGS.components)
    rows = np.repeat(np.arange(len(m.weight)), SETTINGS.components)
    lon, lat = destination(f.ends, rows, m.centre.reshape(-1, 2))
    return lon.reshape(m.weight.shape), lat.reshape(m.weight.shape), m.scale, m.weight


def within(m: Mixtures, one: np.ndarray, other: np.ndarray, distance_m: float) -> np.ndarray:
    """The probability (n,) that two positions are within the distance of each other, as if independent.

    The difference of two components counts as normal, with the squares of both scales for its variance.
    """
    from scipy.special import chndtr

    a, b = m.row[one], m.row[other]
    off = offset_m(m.lon[b][:, None], m.lat[b][:, None], m.lon[a][:, :, None], m.lat[a][:, :, None])
    variance = np.square(m.scale[a])[:, :, None] + np.square(m.scale[b])[:, None]
    square = np.square(off).sum(axis=-1)
    near = np.sqrt(square) <= distance_m + SETTINGS.farthest * np.sqrt(variance)
    share = np.zeros(square.shape)
    share[near] = chndtr(distance_m**2 / variance[near], 2, square[near] / variance[near])
    return (m.weight[a][:, :, None] * m.weight[b][:, None] * share).sum(axis=(1, 2))
