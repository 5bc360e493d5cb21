# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts: where tracks will be, with the areas that hold 50 and 80 % of the truths. The way in
is `predict`.

The prediction of a query is a mixture (scoring.py). Its spatial median is the point and its
highest-density set the area, whose level a backtest of the layer (adaptation.py) corrects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..bundle.contract import CALIBRATION_COLUMNS
from ..bundle.runtime import Model
from ..disclosure.thresholds import is_few
from ..embedding.applicability import any_of, in_words, outside
from ..errors import Progress, no_progress, part_of
from ..features import featurizer as feat
from ..geodesy import EARTH_RADIUS_M, destination
from ..specs import MIN_USERS
from ..tracks import Tracks
from . import areas
from .adaptation import (
    BacktestErrors,
    BacktestQueries,
    backtest_queries,
    fit,
    localities_of,
    logit,
    shifted,
)
from .context import ContextKind, ContextQueries, recent_cadence_and_speed
from .mixture import Mixture, spatial_median
from .neighbours import Neighbours
from .paths import Components
from .scoring import describe, score


@dataclass(frozen=True)
class Queries:
    """Tracks and the times of forecasts. track: (m,) rows of tracks.track_ids. t: (m,) epoch ms.
    end: (m,) the row after the last fix of the track that may be used.
    """

    track: np.ndarray
    t: np.ndarray
    end: np.ndarray

    @classmethod
    def at(cls, tracks: Tracks, track: np.ndarray, t: np.ndarray) -> Queries:
        """Tracks `track` (m,) at the times t (m,), from the fixes before each time."""
        track, t = np.asarray(track, np.int64), np.asarray(t, np.int64)
        return cls(track, t, tracks.before(track, t))

    @classmethod
    def ahead(cls, tracks: Tracks, horizons_s: Sequence[float] | np.ndarray) -> Queries:
        """Every track of two or more fixes at horizons_s (h,) seconds after its last fix, track by
        track.
        """
        horizons_s = np.asarray(horizons_s, np.float64)
        track = np.flatnonzero(tracks.has_steps)
        end = np.repeat(tracks.track_offsets[1:][track], len(horizons_s))
        ahead_ms = np.tile(np.round(horizons_s * 1000).astype(np.int64), len(track))
        return cls(np.repeat(track, len(horizons_s)), tracks.t[end - 1] + ahead_ms, end)


@dataclass(frozen=True)
class Prediction:
    """One row a query. track: (m,) rows of tracks.track_ids. t: (m,) epoch ms. horizon_s: (m,)
    seconds after the last fix used. lon, lat: (m,) degrees. radius50_m, radius80_m: (m,) metres
    around the point that hold 50 and 80 % of truths. All of these figures are NaN where the track
    has no fix before t. in_domain: (m,) bool, False there and outside the card's domain, such as
    for tracks of few fixes. reasons: sentences on those that are not. few_users: (m,) bool, the
    prediction rests on the past of other users, but of fewer than MIN_USERS: it may show where one
    of them goes. areas: (m, 2) shapely polygons in degrees that hold 50 and 80 % in less room, in
    several parts where there are several likely places; None where they were not wanted. path_lon,
    path_lat: (m, k) degrees, where the likely paths of the track are at t, the most likely path
    first. path_probability: (m, k), the same at all queries from one last fix. Where there are
    fewer paths these are NaN.
    """

    track: np.ndarray
    t: np.ndarray
    horizon_s: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    radius50_m: np.ndarray
    radius80_m: np.ndarray
    in_domain: np.ndarray
    reasons: list[str]
    few_users: np.ndarray
    areas: np.ndarray | None
    path_lon: np.ndarray
    path_lat: np.ndarray
    path_probability: np.ndarray


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
    track, t, end = queries.track, queries.t, queries.end
    known = end > tracks.track_offsets[track]
    horizon_s = np.where(known, (t - tracks.t[end - 1]) / 1000.0, np.nan)
    stats = {"horizon_s": horizon_s, "n_fixes": end - tracks.track_offsets[track]}
    stats["cadence_s"], stats["speed_ms"] = recent_cadence_and_speed(
        tracks, np.maximum(end - 1, 0), stats["n_fixes"]
    )
    doubts = outside(stats, model.card.get("domain", {}), known)
    figures, paths = np.full((4, len(t)), np.nan), np.full((3, len(t), n_paths), np.nan)
    few_users = np.zeros(len(t), bool)
    polygons = np.full((len(t), len(areas.NOMINAL_LEVELS)), None) if with_areas else None
    in_domain = known & ~any_of(doubts, len(t))
    reasons: list[str] = [*in_words(doubts, known, "forecasts")]
    lon, lat, radius50_m, radius80_m = figures
    p = Prediction(
        track,
        t,
        horizon_s,
        lon,
        lat,
        radius50_m,
        radius80_m,
        in_domain,
        reasons,
        few_users,
        polygons,
        path_lon=paths[0],
        path_lat=paths[1],
        path_probability=paths[2],
    )
    usable = np.flatnonzero(known)
    contexts, context = np.unique(end[usable], return_inverse=True)
    if not len(contexts):
        return p
    last = end[usable] - 1
    wanted = ContextQueries(
        tracks.track_offsets[tracks.track[contexts - 1]], contexts, context, horizon_s[usable]
    )
    neighbours, share = None, 0.0  # of the progress, of the backtest
    shifts, past_shares = (
        np.zeros((len(usable), len(ContextKind), 2)),
        np.zeros((len(usable), len(ContextKind))),
    )
    if adapt:
        neighbours, past = Neighbours(tracks), backtest_queries(tracks, wanted)
        share = len(past.queries.end) / (len(past.queries.end) + len(contexts))
        errors = _backtest(tracks, model, past, neighbours, part_of(progress, 0.0, share))
        shifts, past_shares = fit(
            errors, localities_of(tracks.lon[last], tracks.lat[last]), tracks.t[last]
        )
    components = Components(len(usable)) if n_paths else None
    for number, d in describe(tracks, model, wanted, neighbours, part_of(progress, share, 1.0)):
        into = usable[number]
        (mixture, past_mixture), past_share = score(model, d), past_shares[number, d.kind]
        if past_share.any():
            mixture = mixture.joined(past_mixture, past_share)
        point, shift = spatial_median(mixture), shifts[number, d.kind].T
        if components is not None:
            components.add(number, d, mixture, point)
        mixture = for_areas(d.kind, mixture)
        calibration = calibrated(model.calibration, d.kind, horizon_s[into])
        radius = calibration[:2] * areas.radii_m(
            mixture, point, shifted(np.reshape(areas.NOMINAL_LEVELS, (2, 1)), shift)
        )
        # nothing is farther away
        radius = np.minimum([radius[0], np.maximum(*radius)], np.pi * EARTH_RADIUS_M)
        figures[:2, into], figures[2:, into] = feat.destination(d.f, d.last, point), radius
        few_users[into] = (d.other_users > 0) & is_few(d.other_users, MIN_USERS)
        if polygons is not None:
            around, levels = areas.Settings.point_share * radius, shifted(calibration[2:], shift)
            polygons[into] = areas.polygons(d.f, d.last, mixture, levels, point, around)
    if components is not None:
        xy, paths[2, usable] = components.paths(context, horizon_s[usable], n_paths)
        paths[:2, usable] = destination(
            tracks.lon[last, None], tracks.lat[last, None], xy[..., 0], xy[..., 1]
        )
    progress(1.0)
    return p


def _backtest(
    tracks: Tracks, model: Model, past: BacktestQueries, neighbours: Neighbours, progress: Progress
) -> BacktestErrors:
    """The errors of both mixtures of `score`. Areas of days are for the cases that move, as in
    calibration.
    """
    n = len(past.t)
    kind, moved, level, error_m = (
        np.zeros(n, int),
        np.zeros(n, bool),
        np.empty((2, n)),
        np.empty((2, n)),
    )
    for number, d in describe(tracks, model, past.queries, neighbours, progress):
        truth = feat.displacement(d.f, d.last, past.lon[number], past.lat[number])
        kind[number], moved[number] = d.kind, (truth != 0).any(axis=1)
        mixture, past_mixture = score(model, d)
        for i, tried in enumerate(
            [mixture] if past_mixture is mixture else [mixture, past_mixture]
        ):
            level[i:, number] = areas.hpd_level(for_areas(d.kind, tried), truth)
            error_m[i:, number] = np.hypot(*(spatial_median(tried) - truth).T)
    nominal = logit(calibrated(model.calibration, kind, past.queries.horizon_s)[2:])
    counted = moved | (kind == ContextKind.TRIP)
    return BacktestErrors(
        kind, counted, error_m, logit(level)[:, None] - nominal, past.t, past.locality
    )


def for_areas(kind: np.ndarray, m: Mixture) -> Mixture:
    """The mixtures from which areas are made: condensed, and of days those that move. kind: (m,),
    all trips or none.
    """
    if (kind == ContextKind.TRIP).all():
        return m.condensed(areas.Settings.trip_components)
    return m.condensed(areas.Settings.day_components).moving()


def calibrated(calibration: dict, kind: np.ndarray, horizon_s: np.ndarray) -> np.ndarray:
    """The model's calibration on units not trained on, for kinds (m,) and horizons (m,):
    CALIBRATION_COLUMNS (4, m), what the two radii are multiplied by, and the levels that the two
    areas take.
    """
    result = np.repeat(
        [[1.0], [1.0], *([level] for level in areas.NOMINAL_LEVELS)], len(horizon_s), axis=1
    )
    at = np.log(np.maximum(horizon_s, 0.1))
    for k in np.unique(kind):
        table, rows = calibration.get(ContextKind(k).card_name, {}), kind == k
        if table.get("horizon_s"):
            known = np.log(table["horizon_s"])
            result[:, rows] = [
                np.interp(at[rows], known, table[name]) for name in CALIBRATION_COLUMNS
            ]
    return result
