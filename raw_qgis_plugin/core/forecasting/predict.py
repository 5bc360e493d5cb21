# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts: where tracks will be, with the areas that hold 50 and 80 % of the truths.

The way in is `predict`. Queries get contexts (context.py). The network's mixture, candidate places
and continuations of the layer make the mixture of a query (scoring.py). Its spatial median is the
point and its highest-density set the area (areas.py), at levels that are calibrated and adapted to
the layer (adaptation.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from ..bundle.runtime import Model
from ..disclosure.thresholds import is_few
from ..embedding.applicability import any_of, in_words, outside
from ..errors import Progress, no_progress, part_of
from ..features import featurizer as feat
from ..geodesy import EARTH_RADIUS_M, destination, length
from ..specs import MIN_USERS
from ..tracks import Tracks
from . import areas
from .adaptation import (
    Adjustments,
    BacktestErrors,
    BacktestQueries,
    Calibration,
    backtest_queries,
    calibrated,
    fit,
    localities_of,
    logit,
    shifted,
)
from .context import ContextKind, ContextQueries, recent_cadence_and_speed
from .mixture import Mixture, spatial_median
from .neighbours import Neighbours
from .paths import Components
from .scoring import Described, describe, score

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Queries:
    """Tracks and the times of forecasts."""

    track: Array  # (m,) rows of tracks.track_ids
    t: Array  # (m,) epoch ms
    end: Array  # (m,) the row after the last fix of the track that may be used

    @classmethod
    def at(cls, tracks: Tracks, track: Array, t: Array) -> Queries:
        """Tracks `track` (m,) at the times t (m,), from the fixes before each time."""
        track = np.asarray(track, np.int64)
        t = np.asarray(t, np.int64)
        return cls(track, t, tracks.before(track, t))

    @classmethod
    def ahead(cls, tracks: Tracks, horizons_s: Sequence[float] | Array) -> Queries:
        """Every track of two or more fixes at horizons_s (h,) seconds after its last fix.

        They are in the order of the tracks.
        """
        horizons_ms = np.asarray(horizons_s, np.float64) * 1000
        horizons_ms = np.round(horizons_ms).astype(np.int64)
        track = np.repeat(np.flatnonzero(tracks.has_steps), len(horizons_ms))
        end = tracks.track_offsets[track + 1]
        t = tracks.t[end - 1] + np.resize(horizons_ms, len(track))

        return cls(track, t, end)


@dataclass(frozen=True)
class Prediction:
    """One row a query. Figures are NaN where the track has no fix before t."""

    track: Array  # (m,) rows of tracks.track_ids
    t: Array  # (m,) epoch ms
    horizon_s: Array  # (m,) seconds after the last fix used
    lon: Array  # (m,) degrees
    lat: Array
    radius50_m: Array  # (m,) metres around the point that hold 50 % of truths
    radius80_m: Array  # the same of 80 %
    in_domain: Array  # (m,) bool, False outside the card's domain, such as for few fixes
    reasons: list[str]  # sentences on those that are not
    # (m,) bool: the forecast rests on the past of other users, but of fewer than MIN_USERS. It may
    # show where one of them goes.
    few_users: Array
    # (m, 2) shapely polygons in degrees that hold 50 and 80 % in less room, in several parts where
    # there are several likely places; None where they were not wanted
    areas: Array | None
    path_lon: Array  # (m, k) degrees, where the likely paths of the track are at t
    path_lat: Array
    # (m, k), the same at all queries from one last fix, descending; NaN where there are fewer paths
    path_probability: Array


def predict(
    tracks: Tracks,
    model: Model,
    queries: Queries,
    progress: Progress = no_progress,
    *,
    with_areas: bool = False,
    adapt: bool = True,
    n_paths: int = 0,
) -> Prediction:
    """Forecast the queries from the past of their tracks and of the other tracks of the layer.

    A forecast depends on its query, on the fixes of the layer up to its last fix, and on the other
    queries of its track and locality. It does not depend on ids, on the order of rows, on later
    fixes, or on tracks elsewhere. Of copies under two ids the first by id is continued.

    adapt: use the layer's past, for continuations and to adapt forecasts; otherwise only the
    network predicts. n_paths: at most so many likely paths through the queries from one last fix
    (paths.py).
    """
    has_past = queries.end > tracks.track_offsets[queries.track]
    ahead_s = (queries.t - tracks.t[queries.end - 1]) / 1000.0
    horizon_s = np.where(has_past, ahead_s, np.nan)
    rows = np.flatnonzero(has_past)
    columns = _no_figures(len(horizon_s), n_paths)

    if len(rows):
        contexts = ContextQueries.of(tracks, queries.end[rows], horizon_s[rows])
        neighbours = Neighbours(tracks) if adapt else None
        forecasts = _forecasts(tracks, model, contexts, neighbours, with_areas, n_paths, progress)

        for number, found in forecasts:
            for name, values in found.items():
                columns[name][rows[number]] = values

    progress(1.0)
    polygons = columns.pop("areas")
    stats = _stats(tracks, queries, horizon_s)
    doubts = outside(stats, model.card.get("domain", {}), has_past)

    return Prediction(
        track=queries.track,
        t=queries.t,
        horizon_s=horizon_s,
        in_domain=has_past & ~any_of(doubts, len(has_past)),
        reasons=in_words(doubts, has_past, "forecasts"),
        areas=polygons if with_areas else None,
        **columns,
    )


def _no_figures(m: int, n_paths: int) -> Columns:
    """The columns of Prediction that are forecast, of m queries without an answer."""
    columns: Columns = {}
    for name in ("lon", "lat", "radius50_m", "radius80_m"):
        columns[name] = np.full(m, np.nan)

    columns["few_users"] = np.zeros(m, bool)
    columns["areas"] = np.full((m, len(areas.NOMINAL_LEVELS)), None)

    for name in ("path_lon", "path_lat", "path_probability"):
        columns[name] = np.full((m, n_paths), np.nan)

    return columns


def _stats(tracks: Tracks, queries: Queries, horizon_s: Array) -> Columns:
    """The quantities of queries that the card's domain limits, (m,) each."""
    n_fixes = queries.end - tracks.track_offsets[queries.track]
    last = np.maximum(queries.end - 1, 0)
    cadence_s, speed_ms = recent_cadence_and_speed(tracks, last, n_fixes)

    return {
        "horizon_s": horizon_s,
        "n_fixes": n_fixes,
        "cadence_s": cadence_s,
        "speed_ms": speed_ms,
    }


def _forecasts(
    tracks: Tracks,
    model: Model,
    queries: ContextQueries,
    neighbours: Neighbours | None,
    with_areas: bool,
    n_paths: int,
    progress: Progress,
) -> Iterator[tuple[Array, Columns]]:
    """Numbers of queries and columns of their forecasts, in batches, then those of all paths.

    neighbours: of the layer, None where its past is not used.
    """
    changes = Adjustments.none(len(queries.context))
    share = 0.0  # of the progress, of the backtest

    if neighbours is not None:
        past = backtest_queries(tracks, queries)
        share = len(past.queries.end) / (len(past.queries.end) + len(queries.end))
        errors = _backtest(tracks, model, past, neighbours, part_of(progress, 0.0, share))
        last = (queries.end - 1)[queries.context]
        locality = localities_of(tracks.lon[last], tracks.lat[last])
        changes = fit(errors, locality, tracks.t[last])

    components = Components(len(queries.context)) if n_paths else None
    rest = part_of(progress, share, 1.0)

    for number, d in describe(tracks, model, queries, neighbours, rest):
        mixture = _adapted(*score(model, d), changes.past_share[number, d.kind])
        point = spatial_median(mixture)

        if components is not None:
            components.add(number, d, mixture, point)

        shift = changes.shift[number, d.kind].T
        calibration = calibrated(model.calibration, d.kind, queries.horizon_s[number])
        yield number, _figures(d, mixture, point, calibration, shift, with_areas)

    if components is not None:
        yield np.arange(len(queries.context)), _paths(tracks, queries, components, n_paths)


def _adapted(mixture: Mixture, more_past: Mixture | None, share: Array) -> Mixture:
    """The mixtures, of which those with more past get a share (m,)."""
    if more_past is None or not share.any():
        return mixture

    return mixture.joined(more_past, share)


def _figures(
    d: Described,
    mixture: Mixture,
    point: Array,
    calibration: Calibration,
    shift: Array,
    with_areas: bool,
) -> Columns:
    """Points, radii and areas from mixtures. shift: (2, m) logits by which levels move."""
    moving = areas.for_areas(d.kind, mixture)
    nominal = np.reshape(areas.NOMINAL_LEVELS, (2, 1))
    radius = calibration.factor * areas.radii_m(moving, point, shifted(nominal, shift))

    # Areas nest, and nothing is farther away than half round the earth
    radius = np.maximum.accumulate(radius, axis=0)
    radius = np.minimum(radius, np.pi * EARTH_RADIUS_M)
    lon, lat = feat.destination(d.f, d.last, point)
    columns = {"lon": lon, "lat": lat}
    columns["radius50_m"] = radius[0]
    columns["radius80_m"] = radius[1]
    columns["few_users"] = (d.other_users > 0) & is_few(d.other_users, MIN_USERS)

    if with_areas:
        levels = shifted(calibration.level, shift)
        around = areas.Settings.point_share * radius
        columns["areas"] = areas.polygons(d.f, d.last, moving, levels, point, around)

    return columns


def _paths(tracks: Tracks, queries: ContextQueries, found: Components, count: int) -> Columns:
    """The likely paths of the queries (m,), (m, count) each."""
    xy, probability = found.paths(queries.context, queries.horizon_s, count)
    last = (queries.end - 1)[queries.context, None]
    east = xy[..., 0]
    north = xy[..., 1]
    lon, lat = destination(tracks.lon[last], tracks.lat[last], east, north)

    return {"path_lon": lon, "path_lat": lat, "path_probability": probability}


def _backtest(
    tracks: Tracks, model: Model, past: BacktestQueries, neighbours: Neighbours, progress: Progress
) -> BacktestErrors:
    """The errors of both mixtures of `score`.

    Areas of days are for the cases that move, as in calibration.
    """
    n = len(past.t)
    kind = np.zeros(n, int)
    moved = np.zeros(n, bool)
    level = np.empty((2, n))
    error_m = np.empty((2, n))

    for number, d in describe(tracks, model, past.queries, neighbours, progress):
        truth = feat.displacement(d.f, d.last, past.lon[number], past.lat[number])
        kind[number] = d.kind
        moved[number] = (truth != 0).any(axis=1)

        for i, mixture in enumerate(score(model, d)):
            if mixture is None:  # both are the same
                continue

            error_m[i:, number] = length(spatial_median(mixture) - truth)
            moving = areas.for_areas(d.kind, mixture)
            level[i:, number] = areas.hpd_level(moving, truth)

    nominal = calibrated(model.calibration, kind, past.queries.horizon_s).level
    excess = logit(level)[:, None] - logit(nominal)
    for_areas = moved | (kind == ContextKind.TRIP)

    return BacktestErrors(kind, for_areas, error_m, excess, past.t, past.locality)
