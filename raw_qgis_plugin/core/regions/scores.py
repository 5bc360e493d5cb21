# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions as the people who visit them: polygons and users to pooled embeddings to scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..applicability import any_of, in_words, outside, unit_stats
from ..arrays import flattened, group_quantile, run_ends, run_starts, sparse_counts
from ..embedding.embed import embed
from ..embedding.profiles import choose_heads, head_columns, most_visited, stay_ms
from ..errors import InputError, Progress, no_progress, part_of
from ..features.featurizer import solar_hour
from ..features.region_activity import FixActivity, fix_activity, region_activity, visit_begins
from ..geodesy import metres_between, near_lon
from ..persons import by_person, may_change
from ..times import DAY_MS, HOUR_MS
from ..tracks import Tracks, solar_day
from .disclosure import FEW, MIN_USERS, Published, check_min_users, differing_people, dominated, publish
from .geometry import area_km2, fixes_inside, usable_polygons
from .noise import SETTINGS as NOISE
from .noise import check_epsilon, noisy_totals

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..embedding.profiles import Embed

POOLINGS = ("sum", "mean", "share")
CROSSINGS = ("fixes", "segments")
FIXES_AT_ONCE = 500_000  # whose activity in regions is counted


@dataclass(frozen=True)
class RegionScores:
    """One row a region, (n_regions,) each, in the order of the output; a withheld figure is nan or None."""

    columns: dict[str, np.ndarray]
    reasons: list[str] = field(default_factory=list)  # why regions are withheld or not in_domain, with counts
    why: np.ndarray = field(default_factory=lambda: np.zeros(0, object))  # of `Published`


def score_regions(
    tracks: Tracks,
    polygons: Sequence[Any] | np.ndarray,
    model: Model,
    tasks: Sequence[str] | None = None,
    pooling: str = "sum",
    min_users: int = MIN_USERS,
    progress: Progress = no_progress,
    by: str = "fixes",
    cached: Embed | None = None,
    epsilon: float = 0.0,
) -> RegionScores:
    """Score regions by the users with a fix inside, or by='segments' also by those who pass between two fixes.

    polygons: (n_regions,) shapely geometries in lon/lat, or None. tasks, cached: as in `profile`. Columns: n_users,
    n_points, those of the heads (`head_columns`), n_visits, dwell_min and home_share (see `stays`), suppressed and
    in_domain. Users are persons (`by_person`). A region with fewer than min_users of them,
    or whose figures could be subtracted from others so that figures of fewer are left, is suppressed: n_users, n_points
    and every figure are nan or None. In other regions figures are withheld that have fewer users behind them: n_points,
    n_visits and head columns if fewer have a fix inside (by segments the rest only pass), or one of them makes up most
    (`publish`); dwell_min and home_share as in `stays`. in_domain is False for a region without head columns. With an
    epsilon there are only n_users and n_visits, with noise (`noisy_totals`), a half of epsilon each, and ids are one
    person by their names alone.
    """
    heads = choose_heads(model, "region", tasks)
    check_min_users(min_users)
    check_epsilon(epsilon)
    if by not in CROSSINGS:
        raise InputError(f"There is no crossing by '{by}'. Choose one of: {', '.join(CROSSINGS)}.")
    users = by_person(tracks, by_fixes=not epsilon)
    inside = fixes_inside(users, polygons, part_of(progress, 0.0, 0.2))
    visits = _crossings(users, polygons, inside, by)
    if epsilon:
        return _with_noise(visits, count_visits(users, inside), min_users, epsilon)
    published = publish_regions(users, polygons, inside, min_users, visits)
    shown, from_fixes = published.shown, published.from_fixes
    columns: dict[str, np.ndarray] = {
        "n_users": np.where(shown, np.diff(visits.indptr), np.nan),
        "n_points": np.where(from_fixes, list(map(len, inside)), np.nan),
    }
    more = stays(users, polygons, inside, visits, min_users)
    for name, values in more.items():
        more[name] = np.where(shown if name == "home_share" else from_fixes, values, np.nan)
    reasons = [*published.reasons]
    if may_change(users):
        words = "if devices change their ids, one person counts several times and fewer may be behind figures"
        reasons.append(f"most ids are seen within a day: {words}")
    which = np.flatnonzero(from_fixes)
    scored = _Crossed(np.asarray(polygons, object)[which], [inside[i] for i in which], visits[which], by)
    answers, doubted, why = _answers(heads, model, users, scored, pooling, part_of(progress, 0.2, 0.95), cached)
    for name, values in answers.items():
        columns[name] = np.full(len(shown), None if values.dtype == object else np.nan, values.dtype)
        columns[name][which] = values
    in_domain = from_fixes.copy()
    in_domain[which] = ~doubted
    columns.update(**more, suppressed=~shown, in_domain=in_domain)
    progress(1.0)
    return RegionScores(columns, [*reasons, *why], published.why)


@dataclass(frozen=True)
class _Crossed:
    """Regions (n,) and who crosses them. inside: of `fixes_inside`. visits: of `_crossings`, by what it says."""

    polygons: np.ndarray
    inside: Sequence[np.ndarray]
    visits: csr_matrix
    by: str


def _crossings(
    users: Tracks, polygons: Sequence[Any] | np.ndarray, inside: Sequence[np.ndarray], by: str
) -> csr_matrix:
    """Sparse (n_regions, n_users): who crosses which region, with the number of fixes there (1 for who only passes)."""
    visits = count_users(users, inside)
    return visits + ways_across(users, polygons, visits) if by == "segments" else visits


def _answers(
    heads: list[dict[str, Any]], model: Model, users: Tracks, regions: _Crossed, pooling: str, progress: Progress,
    cached: Embed | None,
) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:  # fmt: skip
    """The columns of heads for regions (n,), whether a head is not made for them (n,) bool, and why."""
    n, area = len(regions.inside), area_km2(regions.polygons)
    columns: dict[str, np.ndarray] = {}
    every, doubted, reasons = np.ones(n, bool), np.zeros(n, bool), []
    lengths = list(dict.fromkeys(head.get("hours") for head in heads))
    for k, hours in enumerate(lengths):
        part = part_of(progress, k / len(lengths), (k + 1) / len(lengths))
        unit, crossed = users, regions.visits
        if hours:  # the head was trained on stretches of tracks as users
            unit = users.by_hours(hours)
            crossed = _crossings(unit, regions.polygons, regions.inside, regions.by)
        activity = activity_of_regions(unit, regions.inside)
        crossed, unit = _only_visitors(crossed, unit)
        embeddings = cached(unit, part) if cached else embed(unit, model, part)
        inputs = region_inputs(embeddings, crossed, area, activity, pooling)
        stats = region_stats(unit_stats(unit), crossed)
        for head in (head for head in heads if head.get("hours") == hours):
            columns |= head_columns(head, model, inputs, stats)
            doubts = outside(stats, head.get("domain", {}), every)
            doubted |= any_of(doubts, n)
            why: list[str] = list(in_words(doubts, every, "regions"))
            if pooling != head.get("pooling", "sum"):
                doubted[:] = True
                why.append(f"{head['name']} was trained with pooling '{head.get('pooling', 'sum')}'")
            reasons += [reason for reason in why if reason not in reasons]
    return columns, doubted, reasons


def publish_regions(
    users: Tracks, polygons: Sequence[Any] | np.ndarray, inside: Sequence[np.ndarray], min_users: int,
    visits: csr_matrix | None = None,
) -> Published:  # fmt: skip
    """What may be shown of regions (`publish`). users: of `by_person`. inside: of `fixes_inside`.

    visits: sparse (n_regions, n_users), who is counted; None for those with a fix inside.
    """
    fixes = count_users(users, inside)
    given, counted = (fixes, count_visits(users, inside)), fixes if visits is None else visits
    return publish(users.user, inside, counted, usable_polygons(polygons), min_users, given)


def _with_noise(visits: csr_matrix, times: csr_matrix, min_users: int, epsilon: float) -> RegionScores:
    """The two counts with noise, and nothing else: other figures would tell what the noise hides."""
    n_users = noisy_totals(visits, NOISE.regions, 1, epsilon / 2)
    n_visits = noisy_totals(times, NOISE.regions, NOISE.visits, epsilon / 2)
    shown, nothing = n_users >= min_users, np.full(len(n_users), np.nan)
    columns = {
        "n_users": np.where(shown, n_users, np.nan), "n_points": nothing,
        "n_visits": np.where(shown, np.maximum(n_visits, 0), np.nan), "dwell_min": nothing, "home_share": nothing,
        "suppressed": ~shown, "in_domain": np.ones(len(shown), bool),
    }  # fmt: skip
    bounds = f"{NOISE.regions} regions and {NOISE.visits} visits in each"
    words = f"n_users and n_visits have noise of epsilon {epsilon:g} together; a person counts in at most {bounds}"
    return RegionScores(columns, [words], np.array([None if each else FEW for each in shown], object))


def count_visits(tracks: Tracks, inside: Sequence[np.ndarray]) -> csr_matrix:
    """Sparse (n_regions, n_users) visits (see `stays`) of each user to each region. inside: of `fixes_inside`."""
    region, first, _ = _visits(tracks, inside)
    return sparse_counts(region, tracks.user[first], (len(inside), tracks.n_users))


def count_users(tracks: Tracks, inside: Sequence[np.ndarray]) -> csr_matrix:
    """Sparse (n_regions, n_users) counts of the rows of each user in each region. inside: of `fixes_inside`."""
    region, rows = flattened(inside)
    return sparse_counts(region, tracks.user[rows], (len(inside), tracks.n_users))


def _visits(tracks: Tracks, inside: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(k,) the region of each visit (see `stays`), and the rows of its first and last fix."""
    region, rows = flattened(inside)
    first = np.flatnonzero(visit_begins(tracks, rows) | run_starts(region))
    last = run_ends(first, len(rows))
    return region[first], rows[first], rows[last]


def ways_across(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, visits: csr_matrix, max_ms: int = 15 * 60_000,
    max_m: float = 5000.0, steps_at_once: int = 1 << 17,
) -> csr_matrix:  # fmt: skip
    """Sparse (n_regions, n_users): 1 if no fix of a user is in a region but the straight way between two fixes is.

    visits: of `count_users`. Ways of more than max_ms or max_m are not known to be straight. Ways and regions may cross
    the antimeridian.
    """
    import shapely
    from scipy.sparse import csr_matrix

    regions = usable_polygons(polygons)
    if not len(regions):
        return visits  # shapely knows no bounds of nothing
    turned = [shapely.transform(regions, lambda xy, turn=turn: xy + [turn, 0.0]) for turn in (360.0, -360.0)]
    shapely.prepare(turned)
    found = [np.zeros((2, 0), np.int64)]
    steps = tracks.steps()
    steps = steps[np.diff(tracks.t)[steps] <= max_ms]
    for step in np.split(steps, np.arange(steps_at_once, len(steps), steps_at_once)):
        metres = metres_between(tracks.lon[step], tracks.lat[step], tracks.lon[step + 1], tracks.lat[step + 1])
        step = step[(metres > 0) & (metres <= max_m)]
        ends = np.stack([np.stack([tracks.lon[i], tracks.lat[i]], axis=-1) for i in (step, step + 1)], axis=1)
        ends[:, 1, 0] = near_lon(ends[:, 1, 0], ends[:, 0, 0])
        for drawn in (regions, *turned):  # some are drawn beyond ±180
            bounds = shapely.total_bounds(drawn)
            near = ((ends.max(axis=1) >= bounds[:2]) & (ends.min(axis=1) <= bounds[2:])).all(axis=1)
            region, way = shapely.STRtree(shapely.linestrings(ends[near])).query(drawn, predicate="intersects")
            found.append(np.unique(np.stack([region, tracks.user[step[near][way]]]), axis=1))
    pairs = np.unique(np.concatenate(found, axis=1), axis=1)
    crossed = sparse_counts(pairs[0], pairs[1], visits.shape)
    new = csr_matrix(crossed - crossed.multiply(visits > 0))
    new.eliminate_zeros()
    return new


def stays(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, inside: Sequence[np.ndarray], visits: csr_matrix,
    min_users: int = 1,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Figures about visits, (n_regions,) float64 each.

    n_visits: runs of a user's consecutive fixes in the region; a silence of three hours ends a visit. dwell_min: median
    minutes from the first to the last fix of visits with several times. home_share: share of the users with a known
    home (see `homes`) whose home is in the region. nan without such visits or users, if fewer than min_users are behind
    them, and if most of such visits are one person's; those at home and those not must each be min_users or nobody, and
    so must those by whom regions that overlap differ.
    """
    n_visits, dwell = visit_times(tracks, inside, min_users)
    lon, lat = homes(tracks)
    visitors = (visits > 0).multiply(~np.isnan(lon)).astype(np.int64)
    at_home = visitors.multiply(_residents(polygons, lon, lat)).tocsr()
    n_settled, n_home = (np.asarray(people.sum(axis=1), np.float64).ravel() for people in (visitors, at_home))
    here, elsewhere = ((n == 0) | (n >= min_users) for n in (n_home, n_settled - n_home))
    enough = (n_settled >= min_users) & here & elsewhere
    for people in (at_home, (visitors - at_home).tocsr()):
        enough &= ~differing_people(tracks.user, inside, people, enough, min_users)
    share = np.divide(n_home, n_settled, out=np.full(len(inside), np.nan), where=enough)
    return {"n_visits": n_visits, "dwell_min": dwell, "home_share": share}


def visit_times(tracks: Tracks, inside: Sequence[np.ndarray], min_users: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The figures n_visits and dwell_min of `stays`."""
    from scipy.ndimage import median

    n = len(inside)
    region, first, last = _visits(tracks, inside)
    n_visits = np.bincount(region, minlength=n).astype(np.float64)
    minutes = (tracks.t[last] - tracks.t[first]) / 60_000
    region, user, minutes = (column[minutes > 0] for column in (region, tracks.user[first], minutes))
    dwell = np.asarray(median(minutes, region, np.arange(n)), np.float64) if len(minutes) else np.full(n, np.nan)
    long_visits = sparse_counts(region, user, (n, tracks.n_users))
    dwell[(np.diff(long_visits.indptr) < min_users) | dominated(long_visits, min_users)] = np.nan
    return n_visits, dwell


def _residents(polygons: Sequence[Any] | np.ndarray, lon: np.ndarray, lat: np.ndarray) -> csr_matrix:
    """Sparse (n_regions, n_users) bool: whose home, at lon and lat (n_users,), nan if unknown, is in which region."""
    import shapely

    regions, known = usable_polygons(polygons), np.flatnonzero(~np.isnan(lon))
    found = [np.zeros((2, 0), np.int64)]
    for turn in (0.0, 360.0, -360.0):  # a region may be drawn beyond ±180
        homes_there = shapely.STRtree(shapely.points(lon[known] + turn, lat[known]))
        found.append(homes_there.query(regions, predicate="intersects"))
    region, home = np.concatenate(found, axis=1)
    return sparse_counts(region, known[home], (len(regions), len(lon))) > 0


def homes(tracks: Tracks, size_m: float = 150.0) -> tuple[np.ndarray, np.ndarray]:
    """(n_users,) lon and lat of the cell of size_m where users spend their nights; nan with fewer than two nights.

    Only the part of a stay between 22:00 and 7:00 counts: the last fix before leaving stands for the day too.
    """
    hours = solar_hour(tracks.t, tracks.lon) % 24
    night = (hours >= 22) | (hours < 7)
    out = np.full((2, tracks.n_users), np.nan)
    evening = solar_day(tracks) - (hours < 7)
    pairs = np.unique(np.stack([tracks.user[night].astype(np.int64), evening[night].astype(np.int64)]), axis=1)
    often = np.bincount(pairs[0], minlength=tracks.n_users) >= 2
    if often.any():
        some = tracks.take(often[tracks.user])
        begin = some.t + some.lon / 15 * HOUR_MS
        out[:, often] = most_visited(some, size_m, _nights_ms(begin + stay_ms(some)) - _nights_ms(begin))
    return out[0], out[1]


def _nights_ms(solar: np.ndarray) -> np.ndarray:
    """Night, 22:00 to 7:00, from 1970 to a time of mean solar time; both in ms."""
    day, clock = np.divmod(solar, DAY_MS)
    return day * 9 * HOUR_MS + np.minimum(clock, 7 * HOUR_MS) + np.maximum(clock - 22 * HOUR_MS, 0)


def pool_users(embeddings: np.ndarray, visits: csr_matrix, pooling: str = "sum") -> np.ndarray:
    """Pool the embeddings of the users who crossed each region (sum: Zhang et al. 2023, sec. 4.7).

    embeddings: (n_users, d) float32; users with nan are left out. visits: of `count_users`. pooling: 'sum'; 'mean' of
    the users; 'share', the mean of the users weighted by their share of the region's fixes.
    Returns (n_regions, d) float32; a region that nobody crossed is all zeros.
    """
    if pooling not in POOLINGS:
        raise InputError(f"There is no pooling '{pooling}'. Choose one of: {', '.join(POOLINGS)}.")
    known = ~np.isnan(embeddings).any(axis=1)
    weights = visits.astype(np.float64)[:, known]
    if pooling != "share":
        weights.data[:] = 1.0
    total = weights @ embeddings[known].astype(np.float64)
    if pooling != "sum":
        total /= np.maximum(np.asarray(weights.sum(axis=1)), 1.0)
    return total.astype(np.float32)


def activity_of_regions(users: Tracks, inside: Sequence[np.ndarray], fixes: FixActivity | None = None) -> np.ndarray:
    """(n_regions, len(REGION_ACTIVITY)) float32. inside: of `fixes_inside`. fixes: of `fix_activity`, if known."""
    fixes = fixes or fix_activity(users)
    part = np.cumsum([0, *map(len, inside)])[:-1] // FIXES_AT_ONCE
    ends = np.append(np.flatnonzero(np.diff(part)) + 1, len(inside))
    parts = [inside[begin:end] for begin, end in zip([0, *ends], ends)]
    return np.concatenate([region_activity(users, fixes, some) for some in parts])


def region_inputs(
    embeddings: np.ndarray, visits: csr_matrix, area: np.ndarray, activity: np.ndarray, pooling: str = "sum"
) -> np.ndarray:
    """The input of region heads, in training and inference: (n_regions, 2 d + 3 + len(REGION_ACTIVITY)) float32.

    The pooled embeddings, their mean, log(1 + users), log(1 + fixes), log(area), and activity, of
    `activity_of_regions`. area: (n_regions,) km².
    """
    n_users = np.diff(visits.indptr)
    n_fixes = np.asarray(visits.sum(axis=1)).ravel()
    counts = np.stack([np.log1p(n_users), np.log1p(n_fixes), np.log(np.maximum(area, 1e-6))], axis=1)
    blocks = pool_users(embeddings, visits, pooling), pool_users(embeddings, visits, "mean"), counts, activity
    return np.concatenate(blocks, axis=1).astype(np.float32)


def _only_visitors(visits: csr_matrix, users: Tracks) -> tuple[csr_matrix, Tracks]:
    """Without the users who crossed none of the regions: they need no embedding."""
    came = np.asarray(visits.sum(axis=0)).ravel() > 0
    return (visits, users) if came.all() else (visits[:, came].tocsr(), users.take(came[users.user]))


def region_stats(stats: Mapping[str, np.ndarray], visits: csr_matrix) -> dict[str, np.ndarray]:
    """Medians over the users of each region of their `unit_stats`, (n_users,) each, and the number of users."""
    n_users = np.diff(visits.indptr)
    region = np.repeat(np.arange(len(n_users)), n_users)
    medians = {name: group_quantile(values[visits.indices], region, len(n_users)) for name, values in stats.items()}
    return {**medians, "n_users": n_users.astype(np.float64)}
