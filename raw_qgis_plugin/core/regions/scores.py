# SPDX-License-Identifier: GPL-2.0-or-later
"""A region is who walks it: polygons x users -> pooled embeddings -> scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import group_quantile
from ..embedding.embed import embed
from ..embedding.profiles import choose_heads, head_columns, most_visited, stay_ms
from ..errors import InputError, Progress, no_progress, part_of, require
from ..features.featurizer import solar_hour
from ..features.region_activity import REGION_ACTIVITY, FixActivity, fix_activity, region_activity, visit_begins
from ..geodesy import metres_between, near_lon
from ..times import DAY_MS, HOUR_MS
from ..tracks import Tracks, solar_day
from ..typicality import outside, unit_stats
from .disclosure import few_told

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..embedding.profiles import Embed

POOLINGS = ("sum", "mean", "share")
CROSSINGS = ("fixes", "segments")
MIN_USERS = 10
LONGEST_WAY_MS = 15 * 60_000  # between two fixes a straight way is assumed for no longer than this …
LONGEST_WAY_M = 5000.0  # … and no farther
STEPS_AT_ONCE = 1 << 17  # of which lines are made
HOME_M = 150.0


@dataclass(frozen=True)
class RegionScores:
    """One row a region, (n_regions,) each, in the order of the output; a withheld figure is nan or None."""

    columns: dict[str, np.ndarray]
    reasons: list[str] = field(default_factory=list)  # why not in_domain, counted


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
) -> RegionScores:
    """Score regions by the users who have a fix in them, or by='segments' by those whose way leads through them.

    polygons: (n_regions,) shapely geometries in lon/lat, None where there is none. tasks: names of region heads; None
    is all. cached: as for profiles.profile. Columns: n_users, n_points, what the heads answer (profiles.answers),
    n_visits, dwell_min and home_share (see `stays`), suppressed, in_domain. A region with fewer than min_users distinct
    users is suppressed: n_users, n_points and every figure are nan or None. So is of the others what fewer of them are
    behind: n_points, n_visits and what heads answer where fewer have a fix inside (by segments the rest only pass);
    dwell_min and home_share as in `stays`. in_domain is False where heads are not asked. What follows from regions that
    lie in one another (see `differences.few_told`) is told in the reasons and not withheld.
    """
    heads = choose_heads(model, "region", tasks)
    if min_users < 1:
        raise InputError("The fewest users of a region that is shown must be at least 1.")
    users = tracks.by_user()
    inside = fixes_inside(users, polygons, part_of(progress, 0.0, 0.2))
    visits = count_users(users, inside)
    told = np.diff(visits.indptr) >= min_users  # what fixes say; those who only pass add none
    if by == "segments":
        visits = visits + ways_across(users, polygons, visits)
    elif by != "fixes":
        raise InputError(f"There is no crossing by '{by}'. Choose one of: {', '.join(CROSSINGS)}.")
    n_users = np.diff(visits.indptr)
    shown = n_users >= min_users
    columns: dict[str, np.ndarray] = {
        "n_users": np.where(shown, n_users, np.nan),
        "n_points": np.where(told, list(map(len, inside)), np.nan),
    }
    more = stays(users, polygons, inside, visits, min_users)
    more["n_visits"] = np.where(told, more["n_visits"], np.nan)
    in_domain = told.copy()
    reasons = [] if heads else ["The model has no head for a region, so that there are counts alone."]
    if passed := np.count_nonzero(shown & ~told):
        few = f"fewer than {min_users} users have a fix inside, so figures from fixes are withheld"
        reasons.append(f"{passed} of {shown.sum()} regions: {few}")
    area, told_of = area_km2(np.asarray(polygons, object)[told]), [inside[i] for i in np.flatnonzero(told)]
    at = np.flatnonzero(shown)
    counted = [inside[i] for i in at], told[at], visits[at], usable_polygons(polygons)[at]
    reasons += few_told(users.user, *counted, min_users)
    lengths = list(dict.fromkeys(head.get("hours") for head in heads))
    for n, hours in enumerate(lengths):
        part = part_of(progress, 0.2 + 0.75 * n / len(lengths), 0.2 + 0.75 * (n + 1) / len(lengths))
        who, came = users, visits
        if hours:  # whoever taught the head counted stretches of tracks as users
            who = users.by_hours(hours)
            came = count_users(who, inside)
            came = came + ways_across(who, polygons, came) if by == "segments" else came
        use = activity_of_regions(who, told_of)
        came, who = _only_visitors(came[told], who)
        embeddings = cached(who, part) if cached else embed(who, model, part)
        inputs, stats = region_inputs(embeddings, came, area, use, pooling), _region_stats(who, came)
        for head in (head for head in heads if head.get("hours") == hours):
            for name, values in head_columns(head, model, inputs, stats).items():
                columns[name] = np.full(len(told), None if values.dtype == object else np.nan, values.dtype)
                columns[name][told] = values
            wrong, why = outside(stats, head.get("domain", {}), np.ones(len(inputs), bool), "regions")
            if pooling != head.get("pooling", "sum"):
                wrong[:] = True
                why.append(f"{head['name']} was trained with pooling '{head.get('pooling', 'sum')}'")
            in_domain[told] &= ~wrong
            reasons += [reason for reason in why if reason not in reasons]
    columns.update(**more, suppressed=~shown, in_domain=in_domain)
    progress(1.0)
    return RegionScores(columns, reasons)


def fixes_inside(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, progress: Progress = no_progress
) -> list[np.ndarray]:
    """Of each region the rows of the fixes in it, its edge included, ascending.

    polygons: (n_regions,) shapely polygons or multipolygons in lon/lat; None and empty ones hold nothing. Invalid ones
    are mended. Longitudes beyond ±180 go round the world. InputError for other geometries and for polygons
    drawn across the antimeridian the long way round.
    """
    require("scipy", "shapely")
    import shapely

    regions = usable_polygons(polygons)
    order = np.argsort(tracks.lon, kind="stable")
    lon, lat = tracks.lon[order], tracks.lat[order]
    result = []
    for number, region in enumerate(regions):
        hits = []
        for turn in _turns(region):
            west, south, east, north = shapely.bounds(region) - np.array([turn, 0, turn, 0])
            near = slice(*np.searchsorted(lon, [west, np.nextafter(east, np.inf)]))
            box = np.flatnonzero((lat[near] >= south) & (lat[near] <= north)) + near.start
            hits.append(order[box[shapely.intersects_xy(region, lon[box] + turn, lat[box])]])
        result.append(np.unique(np.concatenate(hits)))
        progress((number + 1) / len(regions))
    return result


def count_users(tracks: Tracks, inside: Sequence[np.ndarray]) -> csr_matrix:
    """Sparse (n_regions, n_users) counts of the rows of each user in each region. inside: of `fixes_inside`."""
    from scipy.sparse import csr_matrix

    users, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for rows in inside:
        user, count = np.unique(tracks.user[rows], return_counts=True)
        users.append(user.astype(np.int64))
        counts.append(count.astype(np.int64))
    start = np.cumsum([0, *map(len, users[1:])])
    return csr_matrix((np.concatenate(counts), np.concatenate(users), start), shape=(len(inside), tracks.n_users))


def ways_across(tracks: Tracks, polygons: Sequence[Any] | np.ndarray, visits: csr_matrix) -> csr_matrix:
    """Sparse (n_regions, n_users): 1 where no fix of a user is in a region (visits: of `count_users`) but the straight
    way between two of them leads through it, round the world too. Ways of more than 15 minutes or 5 km are not known
    to be straight.
    """
    import shapely
    from scipy.sparse import coo_matrix, csr_matrix

    regions = usable_polygons(polygons)
    round_ = [shapely.transform(regions, lambda xy, turn=turn: xy + [turn, 0.0]) for turn in (360.0, -360.0)]
    shapely.prepare(round_)
    found = [np.zeros((2, 0), np.int64)]
    steps = np.flatnonzero((tracks.track[1:] == tracks.track[:-1]) & (np.diff(tracks.t) <= LONGEST_WAY_MS))
    for step in np.split(steps, np.arange(STEPS_AT_ONCE, len(steps), STEPS_AT_ONCE)):
        metres = metres_between(tracks.lon[step], tracks.lat[step], tracks.lon[step + 1], tracks.lat[step + 1])
        step = step[(metres > 0) & (metres <= LONGEST_WAY_M)]
        ends = np.stack([np.stack([tracks.lon[i], tracks.lat[i]], axis=-1) for i in (step, step + 1)], axis=1)
        ends[:, 1, 0] = near_lon(ends[:, 1, 0], ends[:, 0, 0])
        for drawn in (regions, *round_):  # some are drawn beyond ±180
            bounds = shapely.total_bounds(drawn)
            near = ((ends.max(axis=1) >= bounds[:2]) & (ends.min(axis=1) <= bounds[2:])).all(axis=1)
            region, way = shapely.STRtree(shapely.linestrings(ends[near])).query(drawn, predicate="intersects")
            found.append(np.unique(np.stack([region, tracks.user[step[near][way]]]), axis=1))
    pairs = np.unique(np.concatenate(found, axis=1), axis=1)
    crossed = coo_matrix((np.ones(pairs.shape[1], np.int64), (pairs[0], pairs[1])), shape=visits.shape).tocsr()
    new = csr_matrix(crossed - crossed.multiply(visits > 0))
    new.eliminate_zeros()
    return new


def stays(
    tracks: Tracks,
    polygons: Sequence[Any] | np.ndarray,
    inside: Sequence[np.ndarray],
    visits: csr_matrix,
    min_users: int = 1,
) -> dict[str, np.ndarray]:
    """What analysts expect beside any score, (n_regions,) float64 each.

    n_visits: runs of a user's consecutive fixes in the region, which a silence of three hours ends. dwell_min: their
    median length, first to last fix, of visits that are more than passing a fix. home_share: of the region's users
    whose home is known, how many have it here (home: the most visited 150 m cell between 22:00 and 7:00 of users who
    are seen on two nights and more). nan where there is none to speak of, or it would tell about few: those visits
    must be by min_users people; as many must have a known home, and those at home and those not must each be as many or
    nobody at all.
    """
    n_visits, dwell = np.zeros(len(inside)), np.full(len(inside), np.nan)
    for region, rows in enumerate(inside):
        if not len(rows):
            continue
        t = tracks.t[rows]
        first = np.flatnonzero(visit_begins(tracks, rows))
        last = np.append(first[1:], len(rows)) - 1
        n_visits[region] = len(first)
        minutes = (t[last] - t[first]) / 60_000
        stayed = minutes > 0
        if len(np.unique(tracks.user[rows[first[stayed]]])) >= min_users:
            dwell[region] = np.median(minutes[stayed])
    lon, lat = homes(tracks)
    known = ~np.isnan(lon)
    came = np.asarray((visits > 0)[:, known].sum(axis=1), np.float64).ravel()
    at_home = np.zeros(len(inside))
    if known.any():
        everybody = np.flatnonzero(known)
        found = _points_inside(polygons, lon[known], lat[known])
        for region, rows in enumerate(found):
            at_home[region] = len(np.intersect1d(everybody[rows], visits[region].indices))
    here, elsewhere = ((people == 0) | (people >= min_users) for people in (at_home, came - at_home))
    told = (came >= min_users) & here & elsewhere
    share = np.divide(at_home, came, out=np.full(len(inside), np.nan), where=told)
    return {"n_visits": n_visits, "dwell_min": dwell, "home_share": share}


def homes(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """(n_users,) lon and lat of where users spend their nights, to 150 m; nan where they are seen on fewer than two.

    A stay counts for the part of it that is night: the fix before one leaves in the morning holds for the day too.
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
        out[:, often] = most_visited(some, HOME_M, _nights_ms(begin + stay_ms(some)) - _nights_ms(begin))
    return out[0], out[1]


def _nights_ms(solar: np.ndarray) -> np.ndarray:
    """Night, 22:00 to 7:00, from 1970 to a time of mean solar time; both in ms."""
    day, clock = np.divmod(solar, DAY_MS)
    return day * 9 * HOUR_MS + np.minimum(clock, 7 * HOUR_MS) + np.maximum(clock - 22 * HOUR_MS, 0)


def _points_inside(polygons: Sequence[Any] | np.ndarray, lon: np.ndarray, lat: np.ndarray) -> list[np.ndarray]:
    """Of each region the numbers of the points in it."""
    n = len(lon)
    ids = np.arange(n)
    points = Tracks(ids, ids, ids.astype(np.int32), ids.astype(np.int32), np.zeros(n, np.int64), lon, lat)
    return fixes_inside(points, polygons)


def usable_polygons(polygons: Sequence[Any] | np.ndarray) -> np.ndarray:
    """(n,) prepared, valid polygons; empty ones for None. InputError that names the row of what can't be used."""
    import shapely

    regions = np.array(polygons, dtype=object).reshape(-1)  # a copy: the caller's are not to be prepared
    regions[shapely.is_missing(regions)] = shapely.Polygon()
    kind = shapely.get_type_id(regions)
    wrong = np.flatnonzero((kind != 3) & (kind != 6) & ~shapely.is_empty(regions))
    if len(wrong):
        raise InputError(f"Region {wrong[0] + 1} is a {regions[wrong[0]].geom_type}. Regions must be polygons.")
    points, of = shapely.get_coordinates(regions, return_index=True)
    step = np.abs(np.diff(points[:, 0]))
    # A polygon closes within itself, so a leap over half the world inside one region is the date line,
    # save along a pole, where maps of Antarctica go all the way round.
    leap = (step > 180) & (of[1:] == of[:-1]) & (np.abs(points[1:, 1]) < 89)
    leap &= _same_ring(regions)
    if leap.any():
        row = of[1:][leap][0] + 1
        raise InputError(
            f"Region {row} is drawn across the antimeridian the long way round the world. Cut it at 180°, or write "
            "its longitudes beyond 180 (such as 170 to 190)."
        )
    broken = ~shapely.is_valid(regions)
    regions[broken] = [_mended(region) for region in regions[broken]]
    shapely.prepare(regions)
    return regions


def _same_ring(regions: np.ndarray) -> np.ndarray:
    """Of each pair of neighbours in get_coordinates(regions), whether they are of one ring."""
    import shapely

    rings = shapely.get_rings(shapely.get_parts(regions))
    _, ring = shapely.get_coordinates(rings, return_index=True)
    return ring[1:] == ring[:-1]


def _mended(region: Any) -> Any:
    """What maps fill: the inside of each part, where it crosses itself every other field, and all parts together.

    As a whole make_valid would take the overlap of two parts for a hole; its method that doesn't wants shapely 2.1.
    """
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shapely.get_parts([region]))))
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])  # lines and points have no inside


def _turns(region: Any) -> list[float]:
    """What to add to longitudes so that fixes meet a region that is drawn beyond ±180."""
    west, _, east, _ = region.bounds if not region.is_empty else (0.0, 0.0, 0.0, 0.0)
    return [0.0] + [360.0] * (east > 180) + [-360.0] * (west < -180)


def pool_users(embeddings: np.ndarray, visits: csr_matrix, pooling: str = "sum") -> np.ndarray:
    """Pool the embeddings of the users who crossed each region (sum: Zhang et al. 2023, sec. 4.7).

    embeddings: (n_users, d) float32, nan where a user has none (such users are left out). visits: of `count_users`.
    pooling: 'sum'; 'mean' of the users; 'share', the mean of the users by their share of the region's fixes.
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


def activity_of_regions(users: Tracks, inside: Sequence[np.ndarray], of: FixActivity | None = None) -> np.ndarray:
    """(n_regions, len(REGION_ACTIVITY)) float32. inside: of `fixes_inside`, of users' tracks. of: of `fix_activity`."""
    if not len(inside):
        return np.zeros((0, len(REGION_ACTIVITY)), np.float32)
    of = of or fix_activity(users)
    return np.stack([region_activity(users, of, rows) for rows in inside])


def region_inputs(
    embeddings: np.ndarray, visits: csr_matrix, area: np.ndarray, use: np.ndarray, pooling: str = "sum"
) -> np.ndarray:
    """The input of region heads, in training and inference: (n_regions, 2 d + 3 + len(REGION_ACTIVITY)) float32.

    The pooled embeddings (sum unless another pooling is asked for), their mean, log(1 + users), log(1 + fixes),
    log(area), and use: (n_regions, len(REGION_ACTIVITY)) of `activity_of_regions`. area: (n_regions,) km².
    """
    n_users = np.diff(visits.indptr)
    n_fixes = np.asarray(visits.sum(axis=1)).ravel()
    counts = np.stack([np.log1p(n_users), np.log1p(n_fixes), np.log(np.maximum(area, 1e-6))], axis=1)
    blocks = pool_users(embeddings, visits, pooling), pool_users(embeddings, visits, "mean"), counts, use
    return np.concatenate(blocks, axis=1).astype(np.float32)


def area_km2(polygons: Sequence[Any] | np.ndarray) -> np.ndarray:
    """(n,) km² on the WGS84 ellipsoid of polygons in lon/lat."""
    require("pyproj", "shapely")
    import shapely
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    regions = shapely.normalize(usable_polygons(polygons))  # holes wind the other way, which subtracts them
    return np.array([abs(geod.geometry_area_perimeter(region)[0]) / 1e6 for region in regions], np.float64)


def _only_visitors(visits: csr_matrix, users: Tracks) -> tuple[csr_matrix, Tracks]:
    """Without the users who crossed none of the regions: they need no embedding."""
    came = np.asarray(visits.sum(axis=0)).ravel() > 0
    return visits[:, came].tocsr(), users.take(came[users.user])


def _region_stats(users: Tracks, visits: csr_matrix) -> dict[str, np.ndarray]:
    """Of each region the median over its users of what a domain limits, and how many they are."""
    region = np.repeat(np.arange(visits.shape[0]), np.diff(visits.indptr))
    stats = {
        name: group_quantile(values[visits.indices], region, visits.shape[0])
        for name, values in unit_stats(users).items()
    }
    return {**stats, "n_users": np.diff(visits.indptr).astype(np.float64)}
