# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters: pairs of users who were, or may have been, near each other at the same time.

Positions are taken at regular times, on the straight line between two fixes. In a gap their error
grows with the distance between its ends and with the time to the nearer end. A pair of positions is
near with the probability that two normal errors leave. Consecutive times of a pair are one
encounter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np

from ..arrays import Array, expand_ranges, join_rows, run_ends, run_starts, take_rows
from ..errors import Progress, no_progress
from ..geodesy import destination, length, near_lon, offset_m, on_sphere, way_between
from ..specs import EncounterSpec
from ..tracks import Tracks


@dataclass(frozen=True)
class Settings:
    """How encounters are found."""

    # Times that are compared are at most tick_s apart, and an encounter of the minimum duration has
    # min_ticks of them or more.
    tick_s: float = 30.0
    min_ticks: int = 2
    max_missing: int = 1  # times without the pair within an encounter, as GPS has faults
    # probability of all times of an encounter, one of which has the minimum probability
    lasting: float = 0.4
    observed_s: float = 61.0  # s, a position between fixes no farther apart in time is observed
    # The standard error of a position in a gap is a share of the distance between its ends, and
    # grows by error_ms m/s with the time to the nearer end.
    error_share: float = 0.05
    error_ms: float = 0.02
    positions_at_once: int = 100_000  # memory grows with these
    searched_at_once: int = 2_000  # positions, whose pairs are all people at their places


SETTINGS = Settings()


@dataclass(frozen=True)
class Encounters:
    """Encounters, (n,) each.

    one, other: users, one < other. t_start, t_end: epoch ms. probability: that both were within the
    distance at the likeliest time. observed: whether both had fixes then, no more than a minute
    apart. lon, lat: degrees, halfway between both.
    """

    one: Array
    other: Array
    t_start: Array
    t_end: Array
    probability: Array
    observed: Array
    lon: Array
    lat: Array


@dataclass(frozen=True)
class Positions:
    """Positions at regular times, (n,) each.

    user. tick: number of the time. lon, lat: degrees. error_m: standard error, zero where the
    position counts as observed.
    """

    user: Array
    tick: Array
    lon: Array
    lat: Array
    error_m: Array


def find_encounters(
    users: Tracks,
    spec: EncounterSpec,
    progress: Progress = no_progress,
    settings: Settings = SETTINGS,
) -> Encounters:
    """The encounters of users, by user and time. users: one track a user.

    One that hardly lasts the minimum duration may fall between two of the times that are compared.
    """
    ticks = int(np.ceil(60.0 * spec.min_minutes / settings.tick_s))
    min_ticks = max(settings.min_ticks, ticks)
    tick_ms = round(60_000.0 * spec.min_minutes / min_ticks)

    kinds = (int, int, int, int, float, bool, float, float)
    found = Encounters(*(np.zeros(0, kind) for kind in kinds))
    lasting = min(settings.lasting, spec.min_probability)

    for share, at in positions(users, tick_ms, 60_000.0 * spec.max_gap_min, settings):
        progress(share)
        pairs = near_pairs(at, spec.distance_m, lasting, settings)
        parts = [_joined(some, settings) for some in pairs]
        found = _joined(join_rows([found, *parts]), settings)

    progress(1.0)
    long = found.t_end - found.t_start >= min_ticks
    likely = found.probability >= spec.min_probability
    found = take_rows(found, long & likely)

    return replace(found, t_start=found.t_start * tick_ms, t_end=found.t_end * tick_ms)


@dataclass(frozen=True)
class Spans:
    """Steps between two fixes, (k,) each: row of the first fix, and the ticks in it.

    first: the first tick. beyond: the one after the last.
    """

    row: Array
    first: Array
    beyond: Array


def positions(
    users: Tracks, tick_ms: int, max_gap_ms: float, settings: Settings = SETTINGS
) -> Iterator[tuple[float, Positions]]:
    """Positions of users at every multiple of tick_ms, some times together, and the share done.

    A time before a user's first fix, after the last, or in a gap longer than max_gap_ms has none.
    """
    spans = _spans(users, tick_ms, max_gap_ms)
    if not len(spans.row):
        return

    edges = _edges(spans, settings)
    shares = np.arange(len(edges)) / (len(edges) - 1)

    for share, (low, high) in zip(shares, pairwise(edges)):
        overlaps = (spans.first < high) & (spans.beyond > low)
        inside = take_rows(spans, overlaps)

        begin = np.maximum(inside.first, low)
        count = np.minimum(inside.beyond, high) - begin

        row = np.repeat(inside.row, count)
        tick = expand_ranges(begin, count)
        yield float(share), _between(users, row, tick, tick_ms, settings)


def _spans(users: Tracks, tick_ms: int, max_gap_ms: float) -> Spans:
    same = np.diff(users.track) == 0
    soon = np.diff(users.t) <= max_gap_ms
    row = np.flatnonzero(same & soon)

    first = -(-users.t[row] // tick_ms)  # the first tick at or after each fix
    is_last = ~np.isin(row + 1, row)  # such a step has the time of its end too
    until = users.t[row + 1] + is_last

    beyond = -(-until // tick_ms)

    return Spans(row, first, np.maximum(beyond, first))


def _edges(spans: Spans, settings: Settings) -> Array:
    """Ticks between which there are about positions_at_once positions."""
    by_time = np.argsort(spans.first, kind="stable")
    count = (spans.beyond - spans.first)[by_time]

    part = (np.cumsum(count) - 1) // settings.positions_at_once
    begins = spans.first[by_time[run_starts(part)]]
    return np.append(np.unique(begins), spans.beyond.max())


def _between(users: Tracks, row: Array, tick: Array, tick_ms: int, settings: Settings) -> Positions:
    """Positions at ticks (n,) on the way from the fixes `row` (n,) to the next ones."""
    lon = users.lon[row]
    lat = users.lat[row]

    t = users.t[row]
    took = users.t[row + 1] - t
    share = (tick * tick_ms - t) / took

    east = near_lon(users.lon[row + 1], lon) - lon
    north = users.lat[row + 1] - lat
    lon = lon + share * east
    lat = lat + share * north

    middle = 2 * np.sqrt(share * (1 - share))
    nearer_s = np.minimum(share, 1 - share) * took / 1000.0
    error_m = settings.error_share * users.metres_to_next(row) * middle
    error_m += settings.error_ms * nearer_s

    at_fix = (share == 0) | (share == 1)
    observed = at_fix | (took <= 1000 * settings.observed_s)
    error_m[observed] = 0.0

    return Positions(users.track[row], tick, lon, lat, error_m)


def near_pairs(
    p: Positions, distance_m: float, min_probability: float, settings: Settings = SETTINGS
) -> Iterator[Encounters]:
    """Pairs of positions at one time that are near with min_probability or more.

    They are encounters of one tick.
    """
    from scipy.spatial import cKDTree

    n = len(p.tick)
    if not n:
        return

    # Beyond distance + reach * error the probability is smaller than min_probability.
    reach = np.sqrt(-2 * np.log(min_probability))
    widest_m = distance_m + reach * p.error_m.max()
    time = (p.tick - p.tick.min()) * 4 * widest_m  # so far are two times from each other

    place = np.column_stack([on_sphere(p.lon, p.lat), time])
    tree = cKDTree(place, balanced_tree=False, compact_nodes=False)
    order = np.argsort(p.tick, kind="stable").astype(np.int32)

    for begin in range(0, n, settings.searched_at_once):
        some = order[begin : begin + settings.searched_at_once]
        # Of a pair the position with the larger error finds the other.
        radius = distance_m + np.sqrt(2) * reach * p.error_m[some]

        found = tree.query_ball_point(place[some], radius, return_sorted=False)
        one, other = _pairs(p, some, found)
        yield _encounters(p, one, other, distance_m, min_probability)


def _pairs(p: Positions, some: Array, found: Array) -> tuple[Array, Array]:
    """Rows (m,) of pairs of positions of two users, each pair once, the lower user first.

    found: for each position of `some` the positions near it.
    """
    size = np.array([len(rows) for rows in found])
    one = np.repeat(some, size)

    other = np.fromiter(chain.from_iterable(found), np.int32, len(one))
    error = p.error_m[one]

    other_error = p.error_m[other]
    once = error > other_error
    once |= (error == other_error) & (one < other)

    apart = p.user[one] != p.user[other]
    kept = once & apart

    one = one[kept]
    other = other[kept]
    swapped = p.user[one] > p.user[other]

    first = np.where(swapped, other, one)

    return first, np.where(swapped, one, other)


def _encounters(
    p: Positions,
    one: Array,
    other: Array,
    distance_m: float,
    min_probability: float,
) -> Encounters:
    """The pairs of rows that are near with min_probability or more."""
    error_m = np.hypot(p.error_m[one], p.error_m[other])
    away_m = length(way_between(p, one, other))
    probability = probability_within(away_m, error_m, distance_m)
    likely = probability >= min_probability

    a = take_rows(p, one[likely])
    b = take_rows(p, other[likely])

    east, north = offset_m(b.lon, b.lat, a.lon, a.lat).T / 2
    lon, lat = destination(a.lon, a.lat, east, north)
    observed = error_m[likely] == 0

    return Encounters(a.user, b.user, a.tick, a.tick, probability[likely], observed, lon, lat)


def probability_within(away_m: Array, error_m: Array, distance_m: float) -> Array:
    """The probability (n,) that two positions away_m (n,) apart are within the distance.

    The error of their difference is normal with the standard deviation error_m (n,) on each axis.
    """
    from scipy.special import chndtr

    result = (away_m <= distance_m).astype(float)
    close = np.abs(away_m - distance_m) < 6 * error_m  # elsewhere it is 0 or 1
    some = np.flatnonzero(close)

    variance = np.square(error_m[some])
    away = np.square(away_m[some]) / variance
    result[some] = chndtr(distance_m**2 / variance, 2, away)

    return result


def _joined(e: Encounters, settings: Settings) -> Encounters:
    """Encounters of the same pair, joined where few times are between them.

    t_start, t_end: numbers of times.
    """
    e = take_rows(e, np.lexsort((e.t_start, e.other, e.one)))
    starts = run_starts(e.one, e.other)
    missing = e.t_start[1:] - e.t_end[:-1] - 1
    starts[1:] |= missing > settings.max_missing

    first = np.flatnonzero(starts)
    last = run_ends(first, len(starts))

    run = np.cumsum(starts) - 1
    best = np.lexsort((-e.probability, run))[first]  # the likeliest time, the first of several
    likeliest = take_rows(e, best)

    return replace(likeliest, t_start=e.t_start[first], t_end=e.t_end[last])
