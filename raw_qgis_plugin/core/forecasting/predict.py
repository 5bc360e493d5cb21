# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts: where a track will be, in one pass for any horizon, with the radius of its 50 and 80 % areas.

Forecasts of trips and of fleets also lean toward where the layer's tracks went on from there before
(neighbours.py). How far a forecast goes from its baseline, how much it leans, and how wide its areas are, is asked
of the tracks' own past (core/forecasting/adaptation.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..bundle.contract import CALIBRATION_COLUMNS
from ..bundle.runtime import Model, batches, featurize_padded
from ..errors import InputError, Progress, no_progress
from ..features import featurizer as feat
from ..geodesy import near_lon
from ..tracks import Tracks
from ..typicality import outside
from .adaptation import (
    BASELINES,
    SUPPORTS,
    THRESHOLDS,
    TRIPS,
    UNTRIED,
    Marks,
    PastQuestions,
    expected_error,
    groups,
    in_steps,
    learn,
    past_questions,
    shrink,
    toward,
)
from .candidates import Candidates, candidates
from .context import ATTENDED, Asked, by_band, context_rows, kinds_of_days, recent_cadence_and_speed
from .mixture import HEAVIEST, LEVELS, Mixture, depth, discs, half_and_half, mixture, moving, radii, spatial_median
from .neighbours import ALIKE, DAYS, LEAST_ALIKE, NEIGHBOUR, NEIGHBOURS, WEIGHED_S, Retrieval, in_frame, leads_to
from .prototypes import TypicalWays

BLOCK = 16_384  # contexts laid out at once
POINT_SHARE = 0.1  # of the radii: so far around a forecast's point its areas reach in any case


@dataclass(frozen=True)
class Forecasts:
    """One row a forecast. track: (m,) int, row of tracks.track_ids. t: (m,) epoch ms. horizon_s: (m,) seconds from the
    last fix used. lon, lat: (m,) degrees, NaN where the track has no fix before t. radius50_m, radius80_m: (m,) metres
    around it that hold 50 and 80 % of truths. in_domain: (m,) bool. reasons: why some are not. areas: (m, 2)
    shapely polygons in degrees that do the same in less room, several where it may be at several places, if asked for.
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
    areas: np.ndarray | None = None


def forecast(
    tracks: Tracks, model: Model, horizons_s: np.ndarray, progress: Progress = no_progress, *, with_areas: bool = False,
    ask_past: bool = True,
) -> Forecasts:  # fmt: skip
    """Forecast every track of two or more fixes at `horizons_s` (h,) seconds after its last fix, track by track.

    ask_past: retrieve ways, shrink forecasts and fit areas by what the past of the tracks asked teaches, for each as
    much of it as was known at its last fix.
    """
    horizons = np.asarray(horizons_s, np.float64)
    if not len(horizons) or (horizons <= 0).any():
        raise InputError("Horizons must be positive numbers of seconds.")
    track = np.flatnonzero(np.diff(tracks.track_offsets) >= 2)
    last = tracks.t[tracks.track_offsets[1:][track] - 1]
    t = last[:, None] + np.round(horizons * 1000).astype(np.int64)[None, :]
    track = np.repeat(track, len(horizons))
    return forecast_at(tracks, model, track, t.ravel(), progress, with_areas=with_areas, ask_past=ask_past)


def forecast_at(
    tracks: Tracks, model: Model, track: np.ndarray, t: np.ndarray, progress: Progress = no_progress,
    *, with_areas: bool = False, ask_past: bool = True,
) -> Forecasts:  # fmt: skip
    """Forecast the tracks `track` (m,) at the times `t` (m,) epoch ms, from the fixes before each time alone.

    ask_past: as in `forecast`, whose answers are these where all tracks are asked after their last fixes.
    """
    track, t = np.asarray(track, np.int64), np.asarray(t, np.int64)
    end = tracks.time_index.before(track, t)
    return forecast_from(tracks, model, track, end, t, progress, with_areas=with_areas, ask_past=ask_past)


def forecast_from(
    tracks: Tracks, model: Model, track: np.ndarray, end: np.ndarray, t: np.ndarray, progress: Progress = no_progress,
    *, with_areas: bool = False, ask_past: bool = True,
) -> Forecasts:  # fmt: skip
    """Forecast the tracks `track` (m,) at the times `t` (m,) epoch ms, from their fixes before the rows `end` (m,)."""
    known = end > tracks.track_offsets[track]
    horizon = np.full(len(t), np.nan)
    horizon[known] = (t[known] - tracks.t[end[known] - 1]) / 1000.0
    result = np.full((4, len(t)), np.nan)
    areas = np.full((len(t), len(LEVELS)), None) if with_areas else None
    usable = np.flatnonzero(known)
    contexts, context = np.unique(end[usable], return_inverse=True)
    if len(contexts):
        asked = Asked(tracks.track_offsets[tracks.track[contexts - 1]], contexts, context, horizon[usable])
        found, polygons = _answer(tracks, model, asked, ask_past, progress, with_areas)
        result[:, usable] = found
        if areas is not None:
            areas[usable] = polygons
    stats = {"horizon_s": horizon, "n_fixes": end - tracks.track_offsets[track]}
    stats["cadence_s"], stats["speed_ms"] = recent_cadence_and_speed(tracks, np.maximum(end - 1, 0), stats["n_fixes"])
    wrong, reasons = outside(stats, model.card.get("domain", {}), known, "forecasts")
    lon, lat, radius50, radius80 = result
    return Forecasts(track, t, horizon, lon, lat, radius50, radius80, known & ~wrong, reasons, areas)


def _answer(
    tracks: Tracks, model: Model, asked: Asked, ask_past: bool, progress: Progress, with_areas: bool
) -> tuple[np.ndarray, np.ndarray]:
    """lon, lat, radius50_m, radius80_m (4, m), and the areas (m, 2), None where unasked."""
    m = len(asked.horizon)
    lessons, step, ahead, retrieval = [], np.zeros(m, int), 0.0, None
    if ask_past:
        typical = None if model.prototypes is None else TypicalWays(model.prototypes)
        past, retrieval = past_questions(tracks, *asked), Retrieval(tracks, typical)
        ahead = len(past.end) / (len(past.end) + len(asked.end))
        marks = _marks(tracks, model, past, retrieval, lambda done: progress(ahead * done))
        edges, step = in_steps(tracks.t[asked.end - 1][asked.context])
        lessons = [learn(marks, past.t <= edge) for edge in edges]
    result, areas = np.empty((4, m)), np.full((m, len(LEVELS)), None)
    for at, said in answers(tracks, model, asked, retrieval, lambda done: progress(ahead + (1 - ahead) * done)):
        point, table = said.point.copy(), _calibrated(model.card["calibration"], said.kind, asked.horizon[at])
        group = groups(said.kind, asked.horizon[at], said.weighed)
        for i in np.unique(step[at]) if lessons else ():
            now, lesson = np.flatnonzero(step[at] == i), lessons[i]
            point[now] = lesson.point(
                group[now], said.mix.take(now), point[now], said.bases[now], said.went[now], said.support[now]
            )
            table[:, now] = lesson.areas(group[now], table[:, now])
        mix = moving(said.mix)
        result[:2, at] = feat.destination(said.f, said.last, point)
        result[2:, at] = np.maximum.accumulate(radii(mix, point).T * table[:2])
        if with_areas:
            areas[at] = _areas(said.f, said.last, mix, table[2:], point, POINT_SHARE * result[2:, at])
    progress(1.0)
    return result, areas


def _marks(tracks: Tracks, model: Model, past: PastQuestions, retrieval: Retrieval, progress: Progress) -> Marks:
    """How the model answers questions about the tracks' past."""
    n = len(past.context)
    error = np.zeros((n, BASELINES, len(THRESHOLDS), len(SUPPORTS)))
    over, deep = np.zeros((n, len(LEVELS))), np.zeros(n)
    kind, moved, weighed = np.full(n, "", "<U12"), np.zeros(n, bool), np.zeros(n, bool)
    asked = Asked(past.begin, past.end, past.context, past.horizon_s)
    for at, said in answers(tracks, model, asked, retrieval, progress):
        truth = feat.displacement(said.f, said.last, past.lon[at], past.lat[at])
        mix, kind[at], weighed[at] = moving(said.mix), said.kind, said.weighed
        for row in range(BASELINES):
            ways = shrink(said.mix, said.point, said.bases[:, row], np.tile(THRESHOLDS, (len(at), 1)))
            ways = toward(ways, said.went, said.support, np.array([SUPPORTS]))
            error[at, row] = np.linalg.norm(ways - truth[:, None, None], axis=-1)
        usual = np.where(said.weighed, np.inf, UNTRIED)[:, None]
        here = toward(said.point[:, None], said.went, said.support, usual)[:, 0, 0]
        over[at] = np.linalg.norm(here - truth, axis=-1)[:, None] / np.maximum(radii(mix, here), 1e-9)
        deep[at], moved[at] = depth(mix, truth), np.hypot(*truth.T) > 0
    table = _calibrated(model.card["calibration"], kind, past.horizon_s)
    return Marks(groups(kind, past.horizon_s, weighed), error, over, deep, table, moved)


@dataclass(frozen=True)
class Answers:
    """What the model says of questions, metres in the frames of the fixes `last` of f. point: (m, 2). bases:
    (m, BASELINES, 2), the baseline that the model corrects first. kind: (m,) kinds of contexts. went: (m, 2), where the
    layer's past leads, and how much speaks for it, support (m,). weighed: (m,) bool, the model has weighed it itself.
    """

    f: feat.Features
    last: np.ndarray
    mix: Mixture
    point: np.ndarray
    bases: np.ndarray
    kind: np.ndarray
    went: np.ndarray
    support: np.ndarray
    weighed: np.ndarray


def answers(
    tracks: Tracks, model: Model, asked: Asked, retrieval: Retrieval | None, progress: Progress
) -> Iterator[tuple[np.ndarray, Answers]]:
    """Ask in batches: rows of the questions, some of them more than once, and what the model says of them."""
    if not len(asked.end):
        return
    (begin, end, context, horizon), by_days = by_band(tracks, asked)
    farthest = np.zeros(len(end))
    np.maximum.at(farthest, context, horizon)
    by_context = np.argsort(context, kind="stable")
    first = np.searchsorted(context[by_context], np.arange(len(end) + 1))
    done = 0
    for block in np.split(np.arange(len(end)), np.arange(BLOCK, len(end), BLOCK)):
        rows, valid, days = context_rows(tracks, begin[block], end[block], farthest[block], by_days[block])
        for kind in (False, True):
            some = np.flatnonzero(days == kind)
            for batch in batches(valid[some].sum(axis=1), questions=np.diff(first)[block[some]]):
                progress(done / len(end))
                chosen = some[batch]
                questions = [by_context[first[c] : first[c + 1]] for c in block[chosen]]
                most = max(len(q) for q in questions)
                at = np.array([np.pad(q, (0, most - len(q)), mode="edge") for q in questions])  # repeats cost little
                yield (
                    at.ravel(),
                    _answers_batch(model, tracks, rows[chosen], valid[chosen], horizon[at], kind, retrieval),
                )
                done += len(chosen)


def _answers_batch(
    model: Model,
    tracks: Tracks,
    rows: np.ndarray,
    valid: np.ndarray,
    horizon: np.ndarray,
    days: bool,
    retrieval: Retrieval | None,
) -> Answers:
    longest = int(valid.sum(axis=1).max())
    rows, valid = rows[:, -longest:], valid[:, -longest:]
    f, x, clock = featurize_padded(tracks, rows, valid)
    last = np.repeat(np.cumsum(valid.sum(axis=1)) - 1, horizon.shape[1])
    q = feat.ask(f, last, horizon.ravel())
    query = q.x.reshape(*horizon.shape, -1)
    onward, stay = q.base, np.zeros_like(q.base)
    if not days:
        answer = _both_ways(model, x, clock, valid, query).reshape(len(last), -1).astype(np.float64)
        point = q.base + answer[:, :2] * q.scale[:, None]
        mix, bases = mixture(answer, q.base, q.scale), np.stack([onward, stay], axis=1)
        weighed: np.ndarray = np.zeros(len(last), bool)
        if retrieval is not None:
            ways = retrieval.ways(rows, valid, horizon).reshape(len(last), NEIGHBOURS, -1)
            weighed = ways[..., ALIKE].max(axis=1) > LEAST_ALIKE
        if weighed.any():
            near, own = in_frame(ways[weighed], f.heading[last[weighed]]), point[weighed]
            point[weighed] = model.weigh_ways(q.x[weighed], own, expected_error(mix.take(weighed), own), near)
        return Answers(f, last, mix, point, bases, np.full(len(last), TRIPS), point, np.zeros(len(last)), weighed)
    found = candidates(f, last, horizon.ravel(), q)
    laid_out = found.x.reshape(*horizon.shape, *found.x.shape[1:])
    x, clock, attended = (a[:, -ATTENDED:] for a in (x, clock, valid))
    states, *outputs = model.backbone(
        x, clock, attended, query, outputs=("states", "parameters", "options"), candidates=laid_out
    )
    parameters, options = (a.reshape(len(last), *a.shape[2:]).astype(np.float64) for a in outputs)
    mix = mixture(parameters, q.base, q.scale, (options, found.xy, found.known))
    kind = np.repeat(kinds_of_days(tracks, rows, valid), horizon.shape[1])
    roams = np.char.startswith(kind, "roaming")  # of who stays at places the others' say less than one's own
    roams &= retrieval is not None
    weighed = roams & (horizon.ravel() <= WEIGHED_S) & model.weighs_neighbours
    near = np.zeros((0, DAYS.count, len(NEIGHBOUR)))
    if retrieval is not None and roams.any():
        some = roams[:: horizon.shape[1]]
        near = retrieval.neighbours(rows[some], valid[some], horizon[some]).reshape(-1, *near.shape[1:])
        near = in_frame(near, f.heading[last[roams]])
    if weighed.any():
        state = np.repeat(states[:, -1], horizon.shape[1], axis=0)[weighed]
        asked = feat.Query(q.x[weighed], q.base[weighed], q.scale[weighed])
        own = Candidates(found.xy[weighed], found.x[weighed])
        mix = mix.replaced(weighed, _weighed(model, state, asked, own, near[weighed[roams]]))
    point = spatial_median(mix)
    mix = mix.heaviest(HEAVIEST)
    went, support = point.copy(), np.zeros(len(last))
    if len(near):
        likest = near[:, :NEIGHBOURS]
        both = half_and_half(mix.take(roams), leads_to(likest), likest[..., ALIKE])
        went[roams], support[roams] = spatial_median(both), likest[..., ALIKE].sum(axis=1)
    return Answers(f, last, mix, point, np.stack([stay, onward], axis=1), kind, went, support, weighed)


def _weighed(model: Model, states: np.ndarray, q: feat.Query, found: Candidates, neighbours: np.ndarray) -> Mixture:
    """The mixture of questions q, asked of states (m, D), with the likest fixes of the past among its places."""
    parameters, options, leads = (
        a.astype(np.float64) for a in model.neighbours(states, q.x, q.scale, found.x, found.xy, neighbours)
    )
    places = np.concatenate([found.xy, leads], axis=1)
    known = np.concatenate([found.known, neighbours[..., ALIKE] > LEAST_ALIKE], axis=1)
    return mixture(parameters, q.base, q.scale, (options, places, known))


def _both_ways(model: Model, x: np.ndarray, clock: np.ndarray, valid: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Forecast parameters (B, Q, P) of trips. The point lies halfway between that of the track and that of its mirror
    image turned back, so that left and right are alike.
    """
    (parameters,) = model.backbone(x, clock, valid, query, outputs=("parameters",))
    x, query = x.copy(), query.copy()
    x[..., feat.LATERAL_FEATURES] *= -1
    query[..., feat.LATERAL_QUERY] *= -1
    (mirrored,) = model.backbone(x, clock, valid, query, outputs=("parameters",))
    point = 0.5 * (parameters[..., :2] + mirrored[..., :2] * np.array([1, -1], np.float32))
    return np.concatenate([point, parameters[..., 2:]], axis=-1)


def _areas(
    f: feat.Features, row: np.ndarray, mix: Mixture, share: np.ndarray, point: np.ndarray, around_m: np.ndarray
) -> np.ndarray:
    """Polygons (m, 2) in degrees that hold the shares (2, m) of the mixtures asked of the fixes `row` (m,), and what is
    around_m (2, m) around the points (m, 2): a forecast that went back to the baseline belongs to its areas too.
    """
    import shapely

    result = np.full((len(row), len(LEVELS)), None)
    for column, level in enumerate(share):
        centres = shapely.points(mix.centre)
        own = shapely.buffer(shapely.points(point), around_m[column], quad_segs=12)[:, None]
        parts = np.concatenate([shapely.buffer(centres, discs(mix, level), quad_segs=12), own], axis=1)
        union = shapely.union_all(parts, axis=1)
        xy, of = shapely.get_coordinates(union, return_index=True)
        lon, lat = feat.destination(f, row[of], xy)
        lon = near_lon(lon, f.lon[row[of]])  # one ring across the antimeridian
        result[:, column] = shapely.set_coordinates(union, np.column_stack([lon, lat]))
    return result


def _calibrated(calibration: dict, kinds: np.ndarray, horizon_s: np.ndarray) -> np.ndarray:
    """How areas of kinds of contexts are made to hold their share on units not trained on, by horizon: (4, m), what the
    two radii are multiplied by, and the shares of the mixture that the two areas take.
    """
    result = np.repeat([[1.0], [1.0], [LEVELS[0]], [LEVELS[1]]], len(horizon_s), axis=1)
    at = np.log(np.maximum(horizon_s, 0.1))
    for kind in np.unique(kinds):
        known, some = calibration.get(kind, {}), kinds == kind
        if known.get("horizon_s"):
            result[:, some] = [
                np.interp(at[some], np.log(known["horizon_s"]), known[name]) for name in CALIBRATION_COLUMNS
            ]
    return result
