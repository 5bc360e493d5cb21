# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters: pairs of users who were, or may have been, within a distance of each other at the
same time.

Positions are taken at regular times, on the straight line between two fixes. In a gap their error
grows with the distance between its ends and with the time to the nearer end. A pair of positions is
near with the probability that two normal errors leave. Consecutive times of a pair are one
encounter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from ..arrays import expand_ranges, join_rows, run_ends, run_starts, take_rows
from ..errors import Progress, no_progress
from ..geodesy import destination, metres_between, near_lon, offset_m, on_sphere
from ..specs import EncounterSpec
from ..tracks import Tracks


class Settings:
    """How encounters are found."""

    tick_s: float = 30.0  # between the times that are compared, at most,
    min_ticks: int = 2  # and so many or more in the minimum duration of an encounter
    max_missing: int = 1  # times without the pair within an encounter
    # probability of all times of an encounter, one of which has the minimum probability
    lasting: float = 0.4
    # a position between two fixes no farther apart in time counts as observed
    observed_s: float = 61.0
    # standard error of a position in a gap: share of the distance between its ends,
    error_share: float = 0.05
    error_ms: float = 0.02  # and m/s of the time to the nearer end
    positions_at_once: int = 100_000
    # positions whose pairs are sought: each has as many as there are people at its place
    searched_at_once: int = 2_000


@dataclass(frozen=True)
class Encounters:
    """n encounters. one, other: (n,) users, one < other. t_start, t_end: (n,) epoch ms.
    probability: (n,) that both were within the distance at the likeliest time. observed: (n,)
    whether both had fixes then, no more than a minute apart. lon, lat: (n,) degrees, halfway
    between both.
    """

    one: np.ndarray
    other: np.ndarray
    t_start: np.ndarray
    t_end: np.ndarray
    probability: np.ndarray
    observed: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


@dataclass(frozen=True)
class Positions:
    """n positions at regular times. user: (n,). tick: (n,) number of the time. lon, lat: (n,)
    degrees. error_m: (n,) standard error, zero where the position counts as observed.
    """

    user: np.ndarray
    tick: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    error_m: np.ndarray


def find_encounters(
    users: Tracks, spec: EncounterSpec, progress: Progress = no_progress
) -> Encounters:
    """The encounters of users, by user and time. users: one track a user.

    One that hardly lasts the minimum duration may fall between two of the times that are compared.
    """
    min_ticks = max(Settings.min_ticks, int(np.ceil(60.0 * spec.min_minutes / Settings.tick_s)))
    tick_ms = round(60_000.0 * spec.min_minutes / min_ticks)
    none = np.zeros(0)
    found = Encounters(
        *(none.astype(kind) for kind in (int, int, int, int, float, bool, float, float))
    )
    lasting = min(Settings.lasting, spec.min_probability)
    for share, p in positions(users, tick_ms, 60_000.0 * spec.max_gap_min):
        progress(share)
        parts = [_joined(pairs) for pairs in _near_pairs(p, spec.distance_m, lasting)]
        found = _joined(join_rows([found, *parts]))
    progress(1.0)
    long = found.t_end - found.t_start >= min_ticks
    found = take_rows(found, long & (found.probability >= spec.min_probability))
    return replace(found, t_start=found.t_start * tick_ms, t_end=found.t_end * tick_ms)


def positions(users: Tracks, tick_ms: int, max_gap_ms: float) -> Iterator[tuple[float, Positions]]:
    """Positions of users at every multiple of tick_ms, some times together, and the share that is
    done.

    A time before a user's first fix, after the last, or in a gap longer than max_gap_ms has none.
    """
    step = np.flatnonzero((np.diff(users.track) == 0) & (np.diff(users.t) <= max_gap_ms))
    first = -(-users.t[step] // tick_ms)  # the first tick at or after each fix
    # a step that no other follows has the time of its end too
    until = users.t[step + 1] + ~np.isin(step + 1, step)
    beyond = np.maximum(-(-until // tick_ms), first)
    if not len(step):
        return
    by_time = np.argsort(first, kind="stable")
    part = (np.cumsum((beyond - first)[by_time]) - 1) // Settings.positions_at_once
    edges = np.append(np.unique(first[by_time[run_starts(part)]]), beyond.max())
    for number, (low, high) in enumerate(zip(edges[:-1], edges[1:])):
        inside = np.flatnonzero((first < high) & (beyond > low))
        begin = np.maximum(first[inside], low)
        count = np.minimum(beyond[inside], high) - begin
        before, tick = np.repeat(step[inside], count), expand_ranges(begin, count)
        lon, lat, took = users.lon[before], users.lat[before], users.t[before + 1] - users.t[before]
        share = (tick * tick_ms - users.t[before]) / took
        way = near_lon(users.lon[before + 1], lon) - lon, users.lat[before + 1] - lat
        apart_m = metres_between(lon, lat, users.lon[before + 1], users.lat[before + 1])
        error_m = Settings.error_share * apart_m * 2 * np.sqrt(share * (1 - share))
        error_m += Settings.error_ms * np.minimum(share, 1 - share) * took / 1000.0
        error_m[(took <= 1000 * Settings.observed_s) | (share == 0) | (share == 1)] = 0.0
        at = Positions(
            users.track[before], tick, lon + share * way[0], lat + share * way[1], error_m
        )
        yield number / (len(edges) - 1), at


def _near_pairs(p: Positions, distance_m: float, min_probability: float) -> Iterator[Encounters]:
    """Pairs of positions at one time that are near with min_probability or more, as encounters of
    one tick.
    """
    from scipy.spatial import cKDTree

    if not len(p.tick):
        return
    # Beyond distance + reach * error the probability is smaller than min_probability.
    reach = np.sqrt(-2 * np.log(min_probability))
    apart_m = 4 * (distance_m + reach * p.error_m.max())  # so far are two times from each other
    place = np.column_stack([on_sphere(p.lon, p.lat), (p.tick - p.tick.min()) * apart_m])
    tree = cKDTree(place, balanced_tree=False, compact_nodes=False)
    order = np.argsort(p.tick, kind="stable").astype(np.int32)
    for some in np.split(
        order, np.arange(Settings.searched_at_once, len(order), Settings.searched_at_once)
    ):
        # Of a pair the position with the larger error finds the other.
        radius = distance_m + np.sqrt(2) * reach * p.error_m[some]
        found = tree.query_ball_point(place[some], radius, return_sorted=False)
        size = np.fromiter(map(len, found), np.int64, len(found))
        one = np.repeat(some, size)
        other = np.fromiter(chain.from_iterable(found), np.int32, int(size.sum()))
        kept = p.user[one] != p.user[other]
        kept &= (p.error_m[one] > p.error_m[other]) | (
            (p.error_m[one] == p.error_m[other]) & (one < other)
        )
        one, other = one[kept], other[kept]
        one, other = np.where(p.user[one] > p.user[other], [other, one], [one, other])
        error_m = np.hypot(p.error_m[one], p.error_m[other])
        away_m = metres_between(p.lon[one], p.lat[one], p.lon[other], p.lat[other])
        probability = probability_within(away_m, error_m, distance_m)
        likely = probability >= min_probability
        one, other, probability, error_m = (
            one[likely],
            other[likely],
            probability[likely],
            error_m[likely],
        )
        half = offset_m(p.lon[other], p.lat[other], p.lon[one], p.lat[one]) / 2
        lon, lat = destination(p.lon[one], p.lat[one], half[:, 0], half[:, 1])
        yield Encounters(
            p.user[one],
            p.user[other],
            p.tick[one],
            p.tick[one],
            probability,
            error_m == 0,
            lon,
            lat,
        )


def probability_within(away_m: np.ndarray, error_m: np.ndarray, distance_m: float) -> np.ndarray:
    """The probability (n,) that two positions away_m (n,) apart are within the distance, if the
    error of their difference is normal with the standard deviation error_m (n,) on each axis.
    """
    from scipy.special import chndtr

    result = (away_m <= distance_m).astype(float)
    some = np.flatnonzero(np.abs(away_m - distance_m) < 6 * error_m)  # elsewhere it is 0 or 1
    variance = np.square(error_m[some])
    result[some] = chndtr(distance_m**2 / variance, 2, np.square(away_m[some]) / variance)
    return result


def _joined(e: Encounters) -> Encounters:
    """Encounters of the same pair, joined where few times are between them. t_start, t_end: numbers
    of times.
    """
    e = take_rows(e, np.lexsort((e.t_start, e.other, e.one)))
    starts = run_starts(e.one, e.other)
    starts[1:] |= e.t_start[1:] - e.t_end[:-1] > 1 + Settings.max_missing
    first = np.flatnonzero(starts)
    last = run_ends(first, len(starts))
    run = np.cumsum(starts) - 1
    best = np.lexsort((-e.probability, run))[first]  # the likeliest time, the first of several
    return replace(take_rows(e, best), t_start=e.t_start[first], t_end=e.t_end[last])
