# SPDX-License-Identifier: GPL-2.0-or-later
"""A region is who walks it: polygons x users -> pooled embeddings -> scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .domain import outside, unit_stats
from .embed import embed
from .errors import InputError, Progress, no_progress, part_of, require
from .profiles import answers, choose_heads
from .tracks import Tracks, group_quantile

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from .runtime import Model

POOLINGS = ("sum", "mean", "share")
MIN_USERS = 10


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
) -> RegionScores:
    """Score regions by the users who have a fix in them.

    polygons: (n_regions,) shapely geometries in lon/lat, None where there is none. tasks: names of region heads; None
    is all. Columns: n_users, n_points, what the heads answer (profiles.answers), suppressed, in_domain. A region with
    fewer than min_users distinct users is suppressed: n_users, n_points and every figure are nan or None.
    """
    heads = choose_heads(model, "region", tasks)
    if min_users < 1:
        raise InputError("The fewest users of a region that is shown must be at least 1.")
    users = tracks.by_user()
    visits = crossing(users, polygons, part_of(progress, 0.0, 0.2))
    n_users = np.diff(visits.indptr)
    shown = n_users >= min_users
    columns: dict[str, np.ndarray] = {
        "n_users": np.where(shown, n_users, np.nan),
        "n_points": np.where(shown, np.asarray(visits.sum(axis=1)).ravel(), np.nan),
    }
    visits, users = _only_visitors(visits[shown], users)
    in_domain = shown.copy()
    reasons = [] if heads else ["The model has no head for a region, so that there are counts alone."]
    if heads:
        embeddings = embed(users, model, part_of(progress, 0.2, 0.95))
        inputs = region_inputs(embeddings, visits, area_km2(np.asarray(polygons, object)[shown]), pooling)
        stats = _region_stats(users, visits)
        for head in heads:
            for name, values in answers(head, model, inputs).items():
                columns[name] = np.full(len(shown), None if values.dtype == object else np.nan, values.dtype)
                columns[name][shown] = values
            wrong, why = outside(stats, head.get("domain", {}), np.ones(len(inputs), bool), "regions")
            if pooling != head.get("pooling", "sum"):
                wrong[:] = True
                why.append(f"{head['name']} was trained with pooling '{head.get('pooling', 'sum')}'")
            in_domain[shown] &= ~wrong
            reasons += [reason for reason in why if reason not in reasons]
    columns.update(suppressed=~shown, in_domain=in_domain)
    progress(1.0)
    return RegionScores(columns, reasons)


def crossing(tracks: Tracks, polygons: Sequence[Any] | np.ndarray, progress: Progress = no_progress) -> csr_matrix:
    """Sparse (n_regions, n_users) counts of the fixes of each user in each region, its edge included.

    polygons: (n_regions,) shapely polygons or multipolygons in lon/lat; None and empty ones hold nothing. Invalid ones
    are mended. Longitudes beyond ±180 go round the world. InputError for other geometries and for polygons
    drawn across the antimeridian the long way round.
    """
    require("scipy", "shapely")
    import shapely
    from scipy.sparse import csr_matrix

    regions = usable_polygons(polygons)
    order = np.argsort(tracks.lon, kind="stable")
    lon, lat, user = tracks.lon[order], tracks.lat[order], tracks.user[order]
    users, counts = [], []
    for number, region in enumerate(regions):
        inside = np.zeros(tracks.n_users, np.int64)
        for turn in _turns(region):
            west, south, east, north = shapely.bounds(region) - np.array([turn, 0, turn, 0])
            near = slice(*np.searchsorted(lon, [west, np.nextafter(east, np.inf)]))
            box = np.flatnonzero((lat[near] >= south) & (lat[near] <= north)) + near.start
            hit = box[shapely.intersects_xy(region, lon[box] + turn, lat[box])]
            inside += np.bincount(user[hit], minlength=tracks.n_users)
        users.append(np.flatnonzero(inside))
        counts.append(inside[users[-1]])
        progress((number + 1) / len(regions))
    start = np.cumsum([0, *map(len, users)])
    empty = np.zeros(0, np.int64)
    entries = np.concatenate([empty, *counts]), np.concatenate([empty, *users]), start
    return csr_matrix(entries, shape=(len(regions), tracks.n_users))


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
    regions[broken] = [_polygons_of(region) for region in shapely.make_valid(regions[broken])]
    shapely.prepare(regions)
    return regions


def _same_ring(regions: np.ndarray) -> np.ndarray:
    """Of each pair of neighbours in get_coordinates(regions), whether they are of one ring."""
    import shapely

    rings = shapely.get_rings(shapely.get_parts(regions))
    _, ring = shapely.get_coordinates(rings, return_index=True)
    return ring[1:] == ring[:-1]


def _polygons_of(region: Any) -> Any:
    """The polygons that mending left; lines and points have no inside."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts([region]))
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


def _turns(region: Any) -> list[float]:
    """What to add to longitudes so that fixes meet a region that is drawn beyond ±180."""
    west, _, east, _ = region.bounds if not region.is_empty else (0.0, 0.0, 0.0, 0.0)
    return [0.0] + [360.0] * (east > 180) + [-360.0] * (west < -180)


def pool_users(embeddings: np.ndarray, visits: csr_matrix, pooling: str = "sum") -> np.ndarray:
    """Pool the embeddings of the users who crossed each region (sum: Zhang et al. 2023, sec. 4.7).

    embeddings: (n_users, d) float32, nan where a user has none (such users are left out). visits: of `crossing`.
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


def region_inputs(embeddings: np.ndarray, visits: csr_matrix, area: np.ndarray, pooling: str = "sum") -> np.ndarray:
    """What a region head is given, in training and inference alike: (n_regions, 2 d + 3) float32.

    The pooled embeddings (sum unless another pooling is asked for), their mean, log(1 + users), log(1 + fixes) and
    log(area). area: (n_regions,) km².
    """
    n_users = np.diff(visits.indptr)
    n_fixes = np.asarray(visits.sum(axis=1)).ravel()
    counts = np.stack([np.log1p(n_users), np.log1p(n_fixes), np.log(np.maximum(area, 1e-6))], axis=1)
    blocks = pool_users(embeddings, visits, pooling), pool_users(embeddings, visits, "mean"), counts
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
